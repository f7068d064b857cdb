"""A match is a lead; two people judge it apart; only their agreement makes a sighting. Nothing is done to anybody."""

import math
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext, gettext_noop

from apps.accounts.models import User
from apps.accounts.permissions import Permission
from apps.accounts.queries import training_standing
from apps.alerts.models import Alert
from apps.audit.events import Actor, Event, Subject
from apps.audit.operations import record
from apps.sites.queries import allows
from apps.triage.states import EntryState, LeadState
from apps.watchlists.models import LeadJudgement, Sighting, SightingLead, WatchlistEntry
from apps.watchlists.models.sightings import Answer
from apps.watchlists.operations.ending import close_lead, discard
from apps.watchlists.queries.gate import faces_are_on

SHORTEST_REASON: Final = 10
LONGEST_REASON: Final = 1000


class UnableToJudge(Exception):
    """No answer was recorded; the message says why."""


def record_compared(
    *,
    alert_id: UUID,
    faces: int,
    entries_compared: int,
    matches: int,
    model_sha256: str,
    threshold: float,
    now: datetime,
) -> None:
    """Write down that an alert's faces were compared, in numbers. Runs inside the tenant's scope."""
    alert = Alert.objects.get(id=alert_id)
    with transaction.atomic():
        record(
            actor=Actor.system(alert.tenant_id),
            event=Event.FACES_COMPARED,
            subject=Subject("alert", alert.id),
            details={
                "faces": faces,
                "entries": entries_compared,
                "matches": matches,
                "model": model_sha256,
                "threshold": round(threshold, 6),
            },
        )


def raise_lead(
    *,
    entry_id: UUID,
    alert_id: UUID,
    seconds: float,
    crop_key: str,
    score: float,
    threshold: float,
    quality: float,
    error_rate: float,
    error_rate_source: str,
    model_id: str,
    model_sha256: str,
    entries_compared: int,
    now: datetime,
) -> SightingLead | None:
    """Raise a lead for two people. One an entry and alert: raised again, the first stays.

    `score` is the L2 distance; `error_rate` the share of pairs of different people at most this far apart,
    measured on `error_rate_source`. None when the gate is shut or the entry is not in force at the
    alert's site; the crop is then discarded. Runs inside the tenant's scope.
    """
    if not all(map(math.isfinite, (seconds, score, threshold, quality, error_rate))):
        raise ValueError("a lead's figures are finite numbers")
    alert = Alert.objects.select_related("camera").get(id=alert_id)
    with transaction.atomic():
        entry = WatchlistEntry.objects.select_for_update().get(id=entry_id)
        if not _applies(entry, alert, now=now):
            discard(tenant_id=alert.tenant_id, key=crop_key, now=now)
            return None
        lead, created = SightingLead.objects.get_or_create(
            entry=entry,
            alert=alert,
            defaults={
                "tenant_id": alert.tenant_id,
                "site_id": alert.site_id,
                "camera": alert.camera,
                "seconds": seconds,
                "seen_at": _true_time(alert, seconds),
                "crop_key": crop_key,
                "score": score,
                "threshold": threshold,
                "quality": quality,
                "error_rate": error_rate,
                "error_rate_source": error_rate_source,
                "model_id": model_id,
                "model_sha256": model_sha256,
                "entries_compared": entries_compared,
                "raised_at": now,
            },
        )
        if created:
            _record_raised(lead)
        elif (
            lead.state == LeadState.CLOSED
        ):  # matched again after it was settled: its picture was given up
            discard(tenant_id=alert.tenant_id, key=crop_key, now=now)
    return lead


def judge_lead(
    *, actor: Actor, user: User, lead: SightingLead, answer: Answer, reason: str, now: datetime
) -> SightingLead:
    """Record one person's answer; the second one settles the lead.

    Raises UnableToJudge without permission at the lead's site or a reason, for a second answer of the
    same person, when two have answered, and when the gate is shut or the entry no longer in force.
    """
    if not allows(user, Permission.CONFIRM_SIGHTING, lead.site_id):
        raise UnableToJudge(gettext("You may not judge leads at this site."))
    training = training_standing(user, now)
    if not training.is_covered:
        raise UnableToJudge(training.sentence)
    if not SHORTEST_REASON <= len(reason.strip()) <= LONGEST_REASON or "\x00" in reason:
        raise UnableToJudge(
            gettext(
                "Say what you compared, in %(shortest_reason)s to %(longest_reason)s characters."
            )
            % {"shortest_reason": SHORTEST_REASON, "longest_reason": LONGEST_REASON}
        )
    try:
        with transaction.atomic():
            return _judge(actor, user, lead, answer, reason.strip(), now=now)
    except IntegrityError as error:
        raise UnableToJudge(
            gettext(_CONFLICTS.get(_constraint_of(error), gettext_noop("Somebody was faster.")))
        ) from error


_CONFLICTS = {
    "one_judgement_per_person": gettext_noop(
        "You have judged this lead already; another person is asked."
    ),
    "two_judgements_per_lead": gettext_noop("Two people have judged this lead already."),
}


def _judge(
    actor: Actor, user: User, lead: SightingLead, answer: Answer, reason: str, *, now: datetime
) -> SightingLead:
    entry = WatchlistEntry.objects.select_for_update().get(id=lead.entry_id)
    lead = SightingLead.objects.select_for_update().get(id=lead.id)
    if lead.state not in (LeadState.OPEN, LeadState.JUDGED_ONCE):
        raise UnableToJudge(gettext("Two people have judged this lead already, or it was closed."))
    if entry.state != EntryState.ACTIVE or not faces_are_on(lead.tenant_id, now=now):
        raise UnableToJudge(
            gettext("This entry is not in force any more; nothing is compared with it.")
        )
    before = list(lead.judgements.all())
    if any(one.user_id == user.id for one in before):
        raise UnableToJudge(gettext(_CONFLICTS["one_judgement_per_person"]))
    mine = LeadJudgement.objects.create(
        tenant_id=lead.tenant_id,
        lead=lead,
        place=len(before) + 1,
        user_id=user.id,
        answer=answer,
        reason=reason,
        judged_at=now,
    )
    record(
        actor=actor,
        event=Event.LEAD_JUDGED,
        subject=Subject("sighting_lead", lead.id),
        details={
            "entry": str(lead.entry_id),
            "place": mine.place,
            "answer": mine.answer,
            "score": round(lead.score, 6),
        },
    )
    if mine.place == 1:
        SightingLead.objects.filter(id=lead.id).update(state=LeadState.JUDGED_ONCE)
    else:
        _settle(actor, lead, before[0], mine, now=now)
    lead.refresh_from_db()
    return lead


def _settle(
    actor: Actor, lead: SightingLead, first: LeadJudgement, second: LeadJudgement, *, now: datetime
) -> None:
    if not first.answer == second.answer == Answer.SAME:
        unsure = Answer.UNSURE in (first.answer, second.answer)
        agreed = first.answer == second.answer
        code = "cannot_tell" if unsure else "different_person" if agreed else "no_agreement"
        close_lead(actor=actor, lead=lead, code=code, now=now)
        return
    SightingLead.objects.filter(id=lead.id).update(state=LeadState.CONFIRMED, settled_at=now)
    sighting = Sighting.objects.create(
        tenant_id=lead.tenant_id,
        entry_id=lead.entry_id,
        lead=lead,
        alert_id=lead.alert_id,
        site_id=lead.site_id,
        camera_id=lead.camera_id,
        seen_at=lead.seen_at,
        first_by=first.user_id,
        second_by=second.user_id,
        confirmed_at=now,
    )
    record(
        actor=actor,
        event=Event.SIGHTING_CONFIRMED,
        subject=Subject("sighting", sighting.id),
        details={
            "entry": str(lead.entry_id),
            "lead": str(lead.id),
            "first": str(first.user_id),
            "second": str(second.user_id),
        },
    )


def _applies(entry: WatchlistEntry, alert: Alert, *, now: datetime) -> bool:
    return (
        entry.state == EntryState.ACTIVE
        and entry.tenant_id == alert.tenant_id
        and entry.site_links.filter(site_id=alert.site_id).exists()
        and faces_are_on(entry.tenant_id, now=now)
    )


def _true_time(alert: Alert, seconds: float) -> datetime:
    """The clip's moment by the true clock; the marked span starts at the alert's time."""
    clip = getattr(alert, "clip", None)
    started = (clip.marked_from_ms or 0) / 1000 if clip else 0.0
    offset = alert.camera.clock_offset_seconds
    return alert.camera_at + timedelta(seconds=seconds - started - offset)


def _record_raised(lead: SightingLead) -> None:
    record(
        actor=Actor.system(lead.tenant_id),
        event=Event.LEAD_RAISED,
        subject=Subject("sighting_lead", lead.id),
        details={
            "entry": str(lead.entry_id),
            "alert": str(lead.alert_id),
            "score": round(lead.score, 6),
            "threshold": round(lead.threshold, 6),
            "error_rate": lead.error_rate,
            "model": lead.model_sha256,
        },
    )


def _constraint_of(error: IntegrityError) -> str:
    diagnostics = getattr(error.__cause__, "diag", None)
    return getattr(diagnostics, "constraint_name", None) or ""
