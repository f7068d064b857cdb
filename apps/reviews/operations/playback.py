"""What a person's player really played, kept so that a confirmation can rest on it."""

from datetime import datetime

from django.utils.translation import gettext

from apps.accounts.models import User
from apps.accounts.permissions import Permission
from apps.alerts.models import Alert
from apps.alerts.queries import clip_of
from apps.audit.events import Actor, Event, Subject
from apps.audit.operations import record
from apps.reviews.footage_queries import was_shown_something
from apps.reviews.models import Playback
from apps.sites.queries import allows

LONGEST_SPAN_MS = 60_000
_SLACK_MS = 1_000


class UnableToRecordPlayback(Exception):
    """The span cannot have been played; `sentence` says why."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


def record_playback(
    *,
    actor: Actor,
    user: User,
    alert: Alert,
    session: str,
    from_ms: int,
    to_ms: int,
    now: datetime,
) -> Playback:
    """Record a span that was played without a jump, in milliseconds of the clip.

    Plays of the blurred copy and of the revealed original count alike: they show the same moments.
    The first one of a person enters the audit chain; the sum is part of every confirmation. Raises
    UnableToRecordPlayback for what no player could have played.
    """
    if not allows(user, Permission.VIEW_CLIPS, alert.site_id):
        raise UnableToRecordPlayback(gettext("You may not watch clips of this site."))
    clip = clip_of(alert)
    if clip is None or not clip.is_viewable:
        raise UnableToRecordPlayback(gettext("This alert has no clip to play."))
    if not was_shown_something(user=user, alert=alert):
        raise UnableToRecordPlayback(
            gettext("The clip could not be played yet: its faces are not blurred.")
        )
    _require_possible(from_ms, to_ms, duration_ms=clip.duration_ms)
    first = not Playback.objects.filter(alert=alert, user=user).exists()
    played = Playback.objects.create(
        tenant_id=alert.tenant_id,
        alert=alert,
        user=user,
        session=session,
        from_ms=from_ms,
        to_ms=to_ms,
        played_at=now,
    )
    if first:
        record(actor=actor, event=Event.CLIP_PLAYED, subject=Subject("alert", alert.id))
    return played


def _require_possible(from_ms: int, to_ms: int, *, duration_ms: int | None) -> None:
    if not 0 <= from_ms < to_ms:
        raise UnableToRecordPlayback(gettext("A span runs forward from the clip's start."))
    if to_ms - from_ms > LONGEST_SPAN_MS:
        raise UnableToRecordPlayback(gettext("A player reports at least once a minute."))
    if duration_ms is not None and to_ms > duration_ms + _SLACK_MS:
        raise UnableToRecordPlayback(gettext("The span ends after the clip does."))
