"""Acts on the floor: each rests on a confirmation, has an outcome, and may have a complaint that is settled at a cost.

Each of these is recorded once, with a reason; a correction is an entry that supersedes another. The intervention's own
columns say what stands.
"""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext

from apps.accounts.live import publish_live
from apps.accounts.models import User
from apps.accounts.permissions import Permission
from apps.alerts.models import Alert
from apps.audit.events import Actor, Event, Subject
from apps.audit.operations import record
from apps.reviews.intervention_queries import standing_entry
from apps.reviews.models import (
    Confirmation,
    EntryStep,
    Intervention,
    InterventionEntry,
    InterventionKind,
    InterventionOutcome,
)
from apps.reviews.queries import standing_disposition
from apps.sites.queries import allows
from apps.triage.states import Verdict

# A person who has left the store hours ago is not approached on an old confirmation.
CONFIRMATION_LASTS: Final = timedelta(minutes=30)
SHORTEST_REASON: Final = 5
LONGEST_REASON: Final = 2_000
LARGEST_COST: Final = Decimal(10_000_000)
_TOWARDS_A_PERSON = (InterventionKind.APPROACH, InterventionKind.POLICE)
_EVENTS = {
    EntryStep.OUTCOME: Event.INTERVENTION_OUTCOME_RECORDED,
    EntryStep.COMPLAINT: Event.INTERVENTION_COMPLAINT_RECORDED,
    EntryStep.SETTLEMENT: Event.INTERVENTION_COMPLAINT_SETTLED,
}


class UnableToIntervene(Exception):
    """The act was not authorised or cannot be recorded; `sentence` says why."""

    def __init__(self, sentence: str, *, forbidden: bool = False) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.forbidden = forbidden


def record_intervention(
    *, actor: Actor, user: User, alert: Alert, kind: InterventionKind, now: datetime
) -> Intervention:
    """Record that a person authorised an act on the floor. Raises UnableToIntervene.

    Approaching somebody and calling the police need a standing, fresh confirmation of theft.
    """
    if not allows(user, Permission.DECIDE, alert.site_id):
        raise UnableToIntervene(
            gettext("You may not authorise interventions at this site."), forbidden=True
        )
    confirmation = _confirmation_of(alert)
    if confirmation is None:
        raise UnableToIntervene(gettext("Nobody has decided this alert yet."))
    if kind in _TOWARDS_A_PERSON:
        _require_fresh_theft(alert, confirmation, now=now)
    intervention = Intervention.objects.create(
        tenant_id=alert.tenant_id,
        alert=alert,
        confirmation=confirmation,
        kind=kind,
        authorised_by=user.id,
        authorised_at=now,
    )
    _record(actor, intervention, Event.INTERVENTION_RECORDED, {"kind": kind.value})
    return intervention


def record_outcome(
    *,
    actor: Actor,
    user: User,
    intervention: Intervention,
    outcome: InterventionOutcome,
    reason: str,
    now: datetime,
    instead_of: UUID | None = None,
) -> InterventionEntry:
    """Record how an intervention ended; `instead_of` names the entry this corrects. Raises UnableToIntervene."""
    if outcome is InterventionOutcome.NOT_KNOWN and instead_of is None:
        raise UnableToIntervene(
            gettext("Say how it ended; while nobody knows, it stays not known yet.")
        )
    entry = InterventionEntry(step=EntryStep.OUTCOME, outcome=outcome, reason=reason.strip())
    stands: dict[str, object] = {"outcome": outcome, "outcome_at": now}
    return _enter(actor, user, intervention, entry, stands, instead_of=instead_of, now=now)


def record_complaint(
    *,
    actor: Actor,
    user: User,
    intervention: Intervention,
    reason: str,
    now: datetime,
    instead_of: UUID | None = None,
) -> InterventionEntry:
    """Record what the person complained about, in their words or yours. Raises UnableToIntervene."""
    entry = InterventionEntry(step=EntryStep.COMPLAINT, reason=reason.strip())
    stands: dict[str, object] = {} if instead_of else {"complaint_at": now}
    return _enter(actor, user, intervention, entry, stands, instead_of=instead_of, now=now)


def settle_complaint(
    *,
    actor: Actor,
    user: User,
    intervention: Intervention,
    cost: Decimal,
    reason: str,
    now: datetime,
    instead_of: UUID | None = None,
) -> InterventionEntry:
    """Record how a complaint was settled and what that cost in the tenant's currency. Raises UnableToIntervene.

    The cost is everything: voucher, refund, damages, lawyers. 0 is a complaint that cost nothing.
    """
    if not Decimal(0) <= cost <= LARGEST_COST or cost != cost.quantize(Decimal("0.01")):
        raise UnableToIntervene(
            gettext("A cost lies between 0 and %(largest_cost)s, with two decimals at most.")
            % {"largest_cost": f"{LARGEST_COST:,}"}
        )
    currency = user.tenant.currency
    entry = InterventionEntry(
        step=EntryStep.SETTLEMENT, cost=cost, currency=currency, reason=reason.strip()
    )
    stands: dict[str, object] = {"settled_at": now, "settled_cost": cost, "currency": currency}
    return _enter(actor, user, intervention, entry, stands, instead_of=instead_of, now=now)


def note_intervention_view(*, actor: Actor, intervention: Intervention) -> None:
    """Looking at an intervention is an access to what a complaint tells of a person."""
    record(
        actor=actor,
        event=Event.INTERVENTION_VIEWED,
        subject=Subject("alert", intervention.alert_id),
        details={"intervention": str(intervention.id)},
    )


def _enter(
    actor: Actor,
    user: User,
    intervention: Intervention,
    entry: InterventionEntry,
    stands: dict[str, object],
    *,
    instead_of: UUID | None,
    now: datetime,
) -> InterventionEntry:
    """Add the entry and let the intervention say what stands now, in one transaction."""
    _require_reason(entry.reason)
    with transaction.atomic():
        locked = Intervention.objects.select_for_update(of=("self",)).get(id=intervention.id)
        if not allows(user, Permission.RECORD_INTERVENTIONS, locked.alert.site_id):
            raise UnableToIntervene(
                gettext("You may not record interventions at this site."), forbidden=True
            )
        entry.supersedes = _corrected(locked, EntryStep(entry.step), instead_of)
        entry.tenant_id, entry.intervention = locked.tenant_id, locked
        entry.recorded_by, entry.recorded_at = user.id, now
        entry.save(force_insert=True)
        if stands:
            Intervention.objects.filter(id=locked.id).update(**stands)
        _tell_the_chain(actor, entry)
    intervention.refresh_from_db()
    return entry


def _corrected(
    intervention: Intervention, step: EntryStep, instead_of: UUID | None
) -> InterventionEntry | None:
    """The entry a correction supersedes; None for a first one. Raises UnableToIntervene for what does not fit."""
    standing = standing_entry(intervention, step)
    if instead_of is None and standing is not None:
        raise UnableToIntervene(
            gettext(
                "%(step_label)s is recorded already. Correct it, and what was recorded stays readable."
            )
            % {"step_label": step.label}
        )
    if instead_of is not None and (standing is None or standing.id != instead_of):
        raise UnableToIntervene(
            gettext("This was corrected meanwhile. Look again, then correct it.")
        )
    if step is EntryStep.SETTLEMENT and intervention.complaint_at is None:
        raise UnableToIntervene(gettext("Nobody has recorded a complaint; record it first."))
    return standing


def _require_reason(reason: str) -> None:
    if not SHORTEST_REASON <= len(reason) <= LONGEST_REASON or "\x00" in reason:
        raise UnableToIntervene(
            gettext(
                "Say in %(shortest_reason)s to %(longest_reason)s characters what was seen or said."
            )
            % {"shortest_reason": SHORTEST_REASON, "longest_reason": LONGEST_REASON}
        )


def _tell_the_chain(actor: Actor, entry: InterventionEntry) -> None:
    step, before = EntryStep(entry.step), entry.supersedes
    details: dict[str, object] = {"entry": str(entry.id), "step": step.value}
    if entry.outcome:
        details["outcome"] = entry.outcome
    if entry.cost is not None:
        details |= {"cost": str(entry.cost), "currency": entry.currency}
    if before is not None:
        details["superseded"] = str(before.id)
    event = Event.INTERVENTION_CORRECTED if before else _EVENTS[step]
    _record(actor, entry.intervention, event, details, reason=entry.reason)


def _confirmation_of(alert: Alert) -> Confirmation | None:
    """The confirmation that completed the standing verdict."""
    disposition = standing_disposition(alert)
    if disposition is None:
        return None
    return Confirmation.objects.filter(task__disposition=disposition).last()


def _require_fresh_theft(alert: Alert, confirmation: Confirmation, *, now: datetime) -> None:
    disposition = standing_disposition(alert)
    if disposition is None or disposition.verdict != Verdict.THEFT_CONFIRMED:
        raise UnableToIntervene(gettext("Only a confirmed theft allows approaching somebody."))
    if now - confirmation.confirmed_at > CONFIRMATION_LASTS:
        minutes = CONFIRMATION_LASTS // timedelta(minutes=1)
        raise UnableToIntervene(
            gettext("The confirmation is older than %(minutes)s minutes.") % {"minutes": minutes}
        )


def _record(
    actor: Actor,
    intervention: Intervention,
    event: Event,
    details: dict[str, object],
    *,
    reason: str = "",
) -> None:
    record(
        actor=actor,
        event=event,
        subject=Subject("alert", intervention.alert_id),
        reason=reason,
        details={"intervention": str(intervention.id)} | details,
    )
    publish_live(
        tenant_id=intervention.tenant_id,
        topic="alert",
        subject_id=intervention.alert_id,
        site_id=intervention.alert.site_id,
    )
