"""Acts on the floor: each rests on a confirmation, has an outcome, and may have a complaint. Facts are added once."""

from datetime import datetime, timedelta

from apps.accounts.models import User
from apps.accounts.permissions import Permission
from apps.alerts.models import Alert
from apps.audit.events import Actor, Event, Subject
from apps.audit.operations import record
from apps.reviews.models import Confirmation, Intervention, InterventionKind, InterventionOutcome
from apps.reviews.queries import standing_disposition
from apps.sites.queries import allows
from apps.triage.states import Verdict

# A person who has left the store hours ago is not approached on an old confirmation.
CONFIRMATION_LASTS = timedelta(minutes=30)
_TOWARDS_A_PERSON = (InterventionKind.APPROACH, InterventionKind.POLICE)


class UnableToIntervene(Exception):
    """The act was not authorised or cannot be recorded; `sentence` says why."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


def record_intervention(
    *, actor: Actor, user: User, alert: Alert, kind: InterventionKind, now: datetime
) -> Intervention:
    """Record that a person authorised an act on the floor. Raises UnableToIntervene.

    Approaching somebody and calling the police need a standing, fresh confirmation of theft.
    """
    if not allows(user, Permission.DECIDE, alert.site_id):
        raise UnableToIntervene("You may not authorise interventions at this site.")
    confirmation = _confirmation_of(alert)
    if confirmation is None:
        raise UnableToIntervene("Nobody has decided this alert yet.")
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
    now: datetime,
) -> None:
    """Record how an intervention ended, once. Raises UnableToIntervene."""
    _require_may(user, intervention)
    unknown = Intervention.objects.filter(id=intervention.id, outcome_at__isnull=True)
    if unknown.update(outcome=outcome, outcome_at=now) != 1:
        raise UnableToIntervene("The outcome is recorded already; it is not changed.")
    details: dict[str, object] = {"outcome": outcome.value}
    _record(actor, intervention, Event.INTERVENTION_OUTCOME_RECORDED, details)


def record_complaint(*, actor: Actor, user: User, intervention: Intervention, text: str) -> None:
    """Record what the person who was approached complained about, once. Raises UnableToIntervene."""
    _require_may(user, intervention)
    if not text.strip():
        raise UnableToIntervene("Write what the complaint is about.")
    if Intervention.objects.filter(id=intervention.id, complaint="").update(complaint=text) != 1:
        raise UnableToIntervene("A complaint is recorded already; it is not changed.")
    _record(actor, intervention, Event.INTERVENTION_COMPLAINT_RECORDED, {}, reason=text)


def _confirmation_of(alert: Alert) -> Confirmation | None:
    """The confirmation that completed the standing verdict."""
    disposition = standing_disposition(alert)
    if disposition is None:
        return None
    return Confirmation.objects.filter(task__disposition=disposition).last()


def _require_fresh_theft(alert: Alert, confirmation: Confirmation, *, now: datetime) -> None:
    disposition = standing_disposition(alert)
    if disposition is None or disposition.verdict != Verdict.THEFT_CONFIRMED:
        raise UnableToIntervene("Only a confirmed theft allows approaching somebody.")
    if now - confirmation.confirmed_at > CONFIRMATION_LASTS:
        minutes = CONFIRMATION_LASTS // timedelta(minutes=1)
        raise UnableToIntervene(f"The confirmation is older than {minutes} minutes.")


def _require_may(user: User, intervention: Intervention) -> None:
    if not allows(user, Permission.DECIDE, intervention.alert.site_id):
        raise UnableToIntervene("You may not record interventions at this site.")


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
