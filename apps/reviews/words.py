"""What became of a decision, in sentences: what happened, what is safe, what to do."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from django.utils.translation import gettext, gettext_noop

from apps.triage.states import Verdict


class Code(StrEnum):
    """Every outcome a decision can have. The first two are recorded confirmations."""

    APPLIED = "applied"
    FIRST_OF_TWO = "first_of_two"
    ALREADY_DECIDED = "already_decided"
    NOT_WAITING = "not_waiting"
    FORBIDDEN = "forbidden"
    NOT_TRAINED = "not_trained"
    SAME_PERSON = "same_person"
    NO_VIEWABLE_CLIP = "no_viewable_clip"
    NOT_PLAYED = "not_played"
    TRANSFER_NOT_SEEN = "transfer_not_seen"
    STALE = "stale"
    EXPIRED = "expired"
    REPLAYED = "replayed"
    WRONG_TOKEN = "wrong_token"  # noqa: S105 - the name of an outcome
    OTHER_USER = "other_user"
    OTHER_SESSION = "other_session"
    PAYLOAD_CHANGED = "payload_changed"
    SESSION_ENDED = "session_ended"
    NOT_SUBMITTED = "not_submitted"
    UNKNOWN = "unknown"
    MALFORMED = "malformed"


SENTENCES: Mapping[Code, str] = MappingProxyType(
    {
        Code.FIRST_OF_TWO: gettext_noop(
            "Recorded. A second person has to confirm the same before it takes effect."
        ),
        Code.ALREADY_DECIDED: gettext_noop(
            "This alert is already decided. Your decision was not applied."
        ),
        Code.NOT_WAITING: gettext_noop(
            "This alert is not waiting for a decision. Nothing was changed."
        ),
        Code.FORBIDDEN: gettext_noop(
            "You may not decide alerts at this site. Nothing was changed."
        ),
        Code.NOT_TRAINED: gettext_noop(
            "Your training is not recorded. Ask compliance or an administrator to record it."
        ),
        Code.SAME_PERSON: gettext_noop(
            "You have confirmed this already; a different person has to be the second one."
        ),
        Code.NO_VIEWABLE_CLIP: gettext_noop(
            "There is no clip to watch, so theft cannot be confirmed. Choose another disposition."
        ),
        Code.NOT_PLAYED: gettext_noop(
            "Play the marked part of the clip first. Nothing was changed."
        ),
        Code.TRANSFER_NOT_SEEN: gettext_noop(
            "Theft is confirmed only when the item was seen changing place."
        ),
        Code.STALE: gettext_noop(
            "The alert changed while you were deciding. Look again, then decide."
        ),
        Code.EXPIRED: gettext_noop(
            "The two minutes to confirm are over. Nothing was changed; decide again."
        ),
        Code.REPLAYED: gettext_noop("This confirmation was used before. It counts once."),
        Code.WRONG_TOKEN: gettext_noop(
            "This confirmation is not valid. Nothing was changed; decide again."
        ),
        Code.OTHER_USER: gettext_noop(
            "This confirmation belongs to somebody else. Nothing was changed."
        ),
        Code.OTHER_SESSION: gettext_noop(
            "This confirmation was prepared in another session. Decide again here."
        ),
        Code.PAYLOAD_CHANGED: gettext_noop(
            "What was sent is not what you were shown. Nothing was changed; decide again."
        ),
        Code.SESSION_ENDED: gettext_noop(
            "Your session has ended. Sign in and decide again; nothing was changed."
        ),
        Code.NOT_SUBMITTED: gettext_noop("This decision was never confirmed. Nothing was changed."),
        Code.UNKNOWN: gettext_noop("This decision is not known here. Nothing was changed."),
        Code.MALFORMED: gettext_noop(
            "This decision could not be read. Nothing was changed; decide again."
        ),
    }
)

VERDICT_WORDS: Mapping[Verdict, str] = MappingProxyType(
    {
        Verdict.THEFT_CONFIRMED: gettext_noop("theft confirmed"),
        Verdict.FALSE_ALARM: gettext_noop("false alarm"),
        Verdict.INCONCLUSIVE: gettext_noop("inconclusive"),
        Verdict.BENIGN_EXPLAINED: gettext_noop("explained, benign"),
    }
)

RECORDED_WAITING = gettext_noop(
    "Recorded, waiting to be applied. You can leave this page; nothing is lost."
)


def applied(verdict: Verdict) -> str:
    return gettext("Recorded: %(verdict)s.") % {"verdict": gettext(VERDICT_WORDS[verdict])}


def already_decided(*, by: str, at: datetime, verdict: Verdict) -> str:
    sentence = gettext(
        "Already decided by %(name)s at %(time)s UTC: %(verdict)s. Your decision was not applied."
    )
    verdict_words = gettext(VERDICT_WORDS[verdict])
    return sentence % {"name": by, "time": f"{at:%H:%M:%S}", "verdict": verdict_words}
