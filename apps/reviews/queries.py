"""Reading human tasks, attempts and what a person has played; and what the decision bar offers."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, Subquery
from django.utils import timezone
from django.utils.translation import gettext

from apps.accounts.models import User
from apps.accounts.permissions import Permission
from apps.accounts.queries import name_of, training_standing
from apps.alerts.models import Alert, Clip, Disposition
from apps.alerts.queries import clip_of
from apps.reviews import words
from apps.reviews.models import Confirmation, DecisionAttempt, HumanTask, Playback
from apps.reviews.words import Code
from apps.sites.queries import allows
from apps.triage.states import AttemptState, TaskState, Verdict

WATCHED_SHARE = 0.9
KEYS = {
    Verdict.THEFT_CONFIRMED: "C",
    Verdict.FALSE_ALARM: "R",
    Verdict.BENIGN_EXPLAINED: "B",
    Verdict.INCONCLUSIVE: "I",
}


def open_task_of(alert: Alert | UUID) -> HumanTask | None:
    alert_id = alert.id if isinstance(alert, Alert) else alert
    tasks = HumanTask.objects.select_related("assignee")
    return tasks.filter(alert_id=alert_id, state=TaskState.OPEN).first()


def attempt_of(user: User, attempt_id: UUID) -> DecisionAttempt | None:
    """A person's own attempt; nobody follows somebody else's."""
    attempts = DecisionAttempt.objects.select_related("alert", "alert__site", "task")
    return attempts.filter(id=attempt_id, user=user).first()


def follow_sentence(attempt: DecisionAttempt) -> str:
    """What to tell the person who follows an attempt."""
    if attempt.state == AttemptState.SUBMITTED:
        return gettext(words.RECORDED_WAITING)
    if attempt.state == AttemptState.PREPARED:
        return gettext("Waiting for your confirmation until %(time)s UTC.") % {
            "time": f"{attempt.expires_at:%H:%M:%S}"
        }
    return outcome_words(attempt)


def outcome_words(attempt: DecisionAttempt) -> str:
    """What became of a settled attempt, in the reader's language; kept with it in English."""
    if attempt.outcome_code == Code.APPLIED:
        return words.applied(Verdict(attempt.payload["verdict"]))
    if attempt.outcome_code == Code.ALREADY_DECIDED:
        return decided_sentence(attempt.alert_id)
    return gettext(attempt.outcome_text) if attempt.outcome_text else ""


def standing_disposition(alert: Alert | UUID) -> Disposition | None:
    """The verdict that counts: the last one that no correction has superseded."""
    alert_id = alert.id if isinstance(alert, Alert) else alert
    return Disposition.objects.filter(alert_id=alert_id, superseded_by__isnull=True).first()


def decided_sentence(alert: Alert | UUID) -> str:
    """ "Already decided by … at …"; without a disposition the plain sentence."""
    disposition = standing_disposition(alert)
    if disposition is None:
        return gettext(words.SENTENCES[Code.ALREADY_DECIDED])
    return _decided_sentence(disposition)


def _decided_sentence(disposition: Disposition) -> str:
    return words.already_decided(
        by=name_of(disposition.decided_by),
        at=disposition.decided_at,
        verdict=Verdict(disposition.verdict),
    )


@dataclass(frozen=True, kw_only=True)
class Standing:
    """How an alert stands before one person, read once for everything a screen says about it.

    An alert that waits has an open task, any other a disposition or neither. `played` are the spans of the clip in
    milliseconds that this person played, ordered by their start; `waiting_attempt` is their own, not applied yet.
    """

    task: HumanTask | None
    confirmed_by: frozenset[UUID]
    disposition: Disposition | None
    waiting_attempt: UUID | None
    played: tuple[tuple[int, int], ...]


def standing_before(user: User, alert: Alert) -> Standing:
    """Read it: two queries."""
    task = _task_and_acts(user, alert) if alert.is_waiting else None
    disposition = None if task else _disposition_and_act(user, alert)
    return Standing(
        task=task,
        confirmed_by=frozenset(task.confirmed_by) if task else frozenset(),  # type: ignore[attr-defined]
        disposition=disposition,
        waiting_attempt=getattr(task or disposition, "own_attempt", None),
        played=tuple(_spans(user, alert)),
    )


def _task_and_acts(user: User, alert: Alert) -> HumanTask | None:
    """The open task with `confirmed_by`, ids of people, and `own_attempt`, the id of one that waits to be applied."""
    confirmed = Confirmation.objects.filter(task=OuterRef("pk")).order_by().values("user_id")
    tasks = HumanTask.objects.filter(alert=alert, state=TaskState.OPEN).select_related("assignee")
    return tasks.annotate(
        confirmed_by=ArraySubquery(confirmed), own_attempt=_own_attempt(user)
    ).first()


def _disposition_and_act(user: User, alert: Alert) -> Disposition | None:
    standing = Disposition.objects.filter(alert=alert, superseded_by__isnull=True)
    return standing.annotate(own_attempt=_own_attempt(user)).first()


def _own_attempt(user: User) -> Subquery:
    """The person's attempt about the row's alert that waits to be applied."""
    waiting = DecisionAttempt.objects.filter(user=user, state=AttemptState.SUBMITTED)
    return Subquery(waiting.filter(alert=OuterRef("alert")).values("pk")[:1])


# --- playback


def watched_ms(user: User, alert: Alert) -> int:
    """Milliseconds of the clip this person's player really played, each counted once."""
    return _covered(_spans(user, alert))


def marked_span(clip: Clip) -> tuple[int, int] | None:
    """The part to watch, in milliseconds: the marked one, else the whole clip; None when its length is not known."""
    if clip.marked_from_ms is not None and clip.marked_to_ms is not None:
        return clip.marked_from_ms, clip.marked_to_ms
    return (0, clip.duration_ms) if clip.duration_ms else None


def marked_span_watched(user: User, alert: Alert) -> bool:
    """Whether this person has played at least nine tenths of the part to watch."""
    return _watched_enough(alert, _spans(user, alert))


def _watched_enough(alert: Alert, played: Iterable[tuple[int, int]]) -> bool:
    clip = clip_of(alert)
    marked = marked_span(clip) if clip else None
    if marked is None:
        return False
    start, end = marked
    inside = [(max(a, start), min(b, end)) for a, b in played]
    return _covered((a, b) for a, b in inside if a < b) >= WATCHED_SHARE * (end - start)


def _spans(user: User, alert: Alert) -> list[tuple[int, int]]:
    return list(
        Playback.objects.filter(alert=alert, user=user)
        .order_by("from_ms")
        .values_list("from_ms", "to_ms")
    )


def _covered(spans: Iterable[tuple[int, int]]) -> int:
    """The length of the union of spans that are ordered by their start."""
    total, reached = 0, 0
    for start, end in spans:
        start = max(start, reached)
        if end > start:
            total += end - start
            reached = end
    return total


# --- what may be decided


def objection(
    *, user: User, alert: Alert, verdict: Verdict, transfer_seen: bool | None
) -> Code | None:
    """Why this person may not decide this now, or None. The same rule on every channel, at every step."""
    if not allows(user, Permission.DECIDE, alert.site_id):
        return Code.FORBIDDEN
    if (blocked := _blocked(user, alert)) is not None:
        return blocked
    if verdict not in _NEEDS_PLAYBACK:
        return None
    return _theft_objection(alert, _spans(user, alert), transfer_seen)


_NEEDS_PLAYBACK = (Verdict.THEFT_CONFIRMED,)


def _blocked(user: User, alert: Alert) -> Code | None:
    task = open_task_of(alert)
    if task is None or not alert.is_waiting:
        return Code.ALREADY_DECIDED if standing_disposition(alert) else Code.NOT_WAITING
    if Confirmation.objects.filter(task=task, user=user).exists():
        return Code.SAME_PERSON
    return _untrained(user)


def _blocked_as(user: User, alert: Alert, standing: Standing) -> Code | None:
    """The same of what was read already."""
    if standing.task is None or not alert.is_waiting:
        return Code.ALREADY_DECIDED if standing.disposition else Code.NOT_WAITING
    return Code.SAME_PERSON if user.id in standing.confirmed_by else _untrained(user)


def _untrained(user: User) -> Code | None:
    return None if training_standing(user, timezone.now()).is_covered else Code.NOT_TRAINED


def _theft_objection(
    alert: Alert, played: Iterable[tuple[int, int]], transfer_seen: bool | None
) -> Code | None:
    clip = clip_of(alert)
    if clip is None or not clip.is_viewable:
        return Code.NO_VIEWABLE_CLIP
    if not _watched_enough(alert, played):
        return Code.NOT_PLAYED
    return None if transfer_seen is True else Code.TRANSFER_NOT_SEEN


@dataclass(frozen=True, kw_only=True)
class Choice:
    """One disposition on the bar; a choice that is not enabled says why."""

    verdict: Verdict
    key: str
    words: str
    enabled: bool
    why_not: str = ""


@dataclass(frozen=True, kw_only=True)
class DecisionBar:
    """What a person sees under an alert. `blocked` says why nothing can be decided here ("" when something can)."""

    choices: tuple[Choice, ...]
    blocked: str
    standing: Standing
    watched_ms: int
    marked_ms: tuple[int, int] | None

    @property
    def needs_second_person(self) -> bool:
        task = self.standing.task
        return task is not None and task.required_confirmations > 1


def decision_bar(user: User, alert: Alert, *, standing: Standing | None = None) -> DecisionBar:
    """What this person may decide about the alert now, and why not the rest; `standing` where it was read already."""
    standing = standing or standing_before(user, alert)
    clip = clip_of(alert)
    blocked = _blocked_sentence(user, alert, standing)
    theft = blocked or _theft_sentence(user, alert, standing)
    return DecisionBar(
        choices=tuple(
            _choice(verdict, why_not=theft if verdict in _NEEDS_PLAYBACK else blocked)
            for verdict in KEYS
        ),
        blocked=blocked,
        standing=standing,
        watched_ms=_covered(standing.played),
        marked_ms=marked_span(clip) if clip else None,
    )


def _choice(verdict: Verdict, *, why_not: str) -> Choice:
    return Choice(
        verdict=verdict,
        key=KEYS[verdict],
        words=gettext(words.VERDICT_WORDS[verdict]),
        enabled=not why_not,
        why_not=why_not,
    )


def _blocked_sentence(user: User, alert: Alert, standing: Standing) -> str:
    if not allows(user, Permission.DECIDE, alert.site_id):
        return gettext(words.SENTENCES[Code.FORBIDDEN])
    code = _blocked_as(user, alert, standing)
    if code is Code.ALREADY_DECIDED and standing.disposition:
        return _decided_sentence(standing.disposition)
    return sentence_of(code, alert, user) if code else ""


def _theft_sentence(user: User, alert: Alert, standing: Standing) -> str:
    code = _theft_objection(alert, standing.played, transfer_seen=True)
    return sentence_of(code, alert, user) if code else ""


def sentence_of(code: Code, alert: Alert, user: User) -> str:
    """The sentence of a refusal about this alert: with the seconds, the decider, the training."""
    if code is Code.ALREADY_DECIDED:
        return decided_sentence(alert)
    if code is Code.NOT_TRAINED:
        return training_standing(user, timezone.now()).sentence
    clip = clip_of(alert)
    marked = marked_span(clip) if clip else None
    if code is Code.NOT_PLAYED and marked:
        seconds = max(1, round((marked[1] - marked[0]) / 1000))
        return gettext("Play the marked %(seconds)s s first.") % {"seconds": seconds}
    return gettext(words.SENTENCES[code])
