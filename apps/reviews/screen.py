"""What the decision part of a screen shows: the bar, the panel, the confirm step, an attempt's fate."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext, gettext_noop, ngettext

from apps.accounts.models import User
from apps.alerts.models import Alert, Disposition
from apps.reviews.item_queries import item_of, others_of
from apps.reviews.judged_first import judged_first_words
from apps.reviews.models import DecisionAttempt
from apps.reviews.overrides import override_words
from apps.reviews.pace import WatchedShare, watched_by
from apps.reviews.payload import DecisionPayload
from apps.reviews.queries import Choice, Standing, decision_bar, outcome_words
from apps.reviews.words import RECORDED_WAITING, Code
from apps.triage.states import AlertState, AttemptState, Verdict

BUTTON_WORDS = {
    Verdict.THEFT_CONFIRMED: gettext_noop("Confirm theft"),
    Verdict.FALSE_ALARM: gettext_noop("False alarm"),
    Verdict.BENIGN_EXPLAINED: gettext_noop("Explained, benign"),
    Verdict.INCONCLUSIVE: gettext_noop("Inconclusive"),
}
NOT_WAITING_WORDS: dict[str, str] = {
    AlertState.RECEIVED: gettext_noop(
        "The alert is being analysed. It can be decided as soon as it waits for a person."
    ),
    AlertState.ANALYSING: gettext_noop(
        "The alert is being analysed. It can be decided as soon as it waits for a person."
    ),
    AlertState.ARCHIVED: gettext_noop("Triage archived this alert; nobody is asked to decide it."),
}
CONSEQUENCES = {
    Verdict.THEFT_CONFIRMED: gettext_noop(
        "An incident and a case are opened and the footage is sealed as an exhibit."
    ),
    Verdict.FALSE_ALARM: gettext_noop(
        "The alert is closed and counts as false where these conditions are judged."
    ),
    Verdict.BENIGN_EXPLAINED: gettext_noop(
        "The alert is closed and counts as false where these conditions are judged."
    ),
    Verdict.INCONCLUSIVE: gettext_noop(
        "The alert is closed without counting for or against the detector."
    ),
}


@dataclass(frozen=True, kw_only=True)
class Button:
    """One disposition on the bar; `why_not` is "" when it can be chosen."""

    verdict: Verdict
    key: str
    words: str
    why_not: str


@dataclass(frozen=True, kw_only=True)
class DecisionScreen:
    """The sticky bar under an alert for one person."""

    buttons: tuple[Button, ...]
    blocked: str
    hint: str
    watched_words: str
    waiting_attempt: UUID | None
    disposition: Disposition | None
    override: str = ""
    watched: tuple[WatchedShare, ...] = ()
    judged_first: str = ""


def decision_screen(
    user: User, alert: Alert, *, standing: Standing | None = None
) -> DecisionScreen:
    """Read the bar: what can be decided now, and in words why not the rest."""
    bar = decision_bar(user, alert, standing=standing)
    buttons = tuple(_button(choice) for choice in bar.choices)
    decided = bar.standing.disposition
    return DecisionScreen(
        buttons=buttons,
        blocked=_blocked(alert, bar.blocked) if bar.blocked else "",
        hint=_hint(
            buttons, second=bar.needs_second_person, confirmed=len(bar.standing.confirmed_by)
        ),
        watched_words=watched_words(bar.watched_ms, bar.marked_ms),
        waiting_attempt=bar.standing.waiting_attempt,
        disposition=decided,
        override=override_words(alert.strategy, decided.verdict) if decided else "",
        watched=tuple(watched_by(alert)) if decided else (),
        judged_first=judged_first_words(alert) if decided and alert.sampled_blind else "",
    )


def watched_words(watched_ms: int, marked: tuple[int, int] | None) -> str:
    """How much the person has played, against the part that has to be watched."""
    played = f"{watched_ms / 1000:.1f}"
    if marked is None:
        return gettext("Played %(seconds)s s") % {"seconds": played}
    span = f"{(marked[1] - marked[0]) / 1000:.1f}"
    return gettext("Played %(seconds)s s; %(span)s s are marked") % {
        "seconds": played,
        "span": span,
    }


@dataclass(frozen=True, kw_only=True)
class Fate:
    """What became of an attempt; `decided` says that it settled the alert, not only a first of two confirmations."""

    icon: str
    kind: str
    words: str
    is_settled: bool
    at: datetime | None
    decided: bool = False


def fate_of(attempt: DecisionAttempt) -> Fate:
    """The attempt in words: waiting, applied, refused or expired."""
    if attempt.state == AttemptState.APPLIED:
        icon, kind = "circle-check", "confirmed"
    elif attempt.state in (AttemptState.REFUSED, AttemptState.EXPIRED):
        icon, kind = "ban", "refused"
    else:
        words = (
            gettext(RECORDED_WAITING)
            if attempt.submitted_at
            else gettext("Prepared, not confirmed yet.")
        )
        return Fate(icon="hourglass", kind="verify", words=words, is_settled=False, at=None)
    return Fate(
        icon=icon,
        kind=kind,
        words=outcome_words(attempt),
        is_settled=True,
        at=attempt.settled_at,
        decided=attempt.outcome_code == Code.APPLIED,
    )


@dataclass(frozen=True, kw_only=True)
class Statement:
    """Exactly what will be recorded, as the confirm step shows it."""

    verdict: Verdict
    words: str
    consequence: str
    payload: DecisionPayload


def statement_of(payload: DecisionPayload) -> Statement:
    return Statement(
        verdict=payload.verdict,
        words=gettext(BUTTON_WORDS[payload.verdict]),
        consequence=gettext(CONSEQUENCES[payload.verdict]),
        payload=payload,
    )


@dataclass(frozen=True, kw_only=True)
class Also:
    """What a prepared decision does with the other alerts of its item."""

    settled: tuple[Alert, ...]
    left: tuple[Alert, ...]


def also_of(attempt: DecisionAttempt) -> Also | None:
    """The other alerts that the decision settles, and those that stay in the queue; None when there are none."""
    item = item_of(attempt.alert)
    others = others_of(item, attempt.alert) if item else []
    if not others:
        return None
    payload = DecisionPayload.from_json(attempt.payload)
    named = {one.alert_id for one in payload.duplicates}
    return Also(
        settled=tuple(other for other in others if other.id in named),
        left=tuple(other for other in others if other.id not in named),
    )


def _blocked(alert: Alert, otherwise: str) -> str:
    words = NOT_WAITING_WORDS.get(alert.state, "")
    return gettext(words) if words else otherwise


def _button(choice: Choice) -> Button:
    return Button(
        verdict=choice.verdict,
        key=choice.key.lower(),
        words=gettext(BUTTON_WORDS[choice.verdict]),
        why_not=choice.why_not,
    )


def _hint(buttons: tuple[Button, ...], *, second: bool, confirmed: int) -> str:
    """The one line beside the buttons: what stands between the person and a decision."""
    if second:
        return ngettext(
            "Two different people have to confirm this; %(count)s has so far.",
            "Two different people have to confirm this; %(count)s have so far.",
            confirmed,
        ) % {"count": confirmed}
    return next((button.why_not for button in buttons if button.why_not), "")
