"""Changing what triage depends on. A version that decided something is never edited; activating an earlier one undoes."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import F, Max
from django.utils.translation import gettext

from apps.accounts.models import Tenant, User
from apps.accounts.permissions import Permission
from apps.audit.events import Actor, Event, Subject
from apps.audit.operations import record
from apps.reliability.models import CostModelVersion, SequencePolicyVersion, TriageBasis
from apps.reliability.queries.versions import (
    MODELS,
    AnyChoice,
    AnyVersion,
    VersionKind,
    active_instead_of,
    kind_of,
    same_line,
    value_of,
)
from apps.triage.cost_model import CostModel
from apps.triage.decoding import UnableToDecode, encode
from apps.triage.sequence import SequencePolicy

SHORTEST_REASON = 10
_CHANGED = {
    VersionKind.COST_MODEL: Event.COST_MODEL_CHANGED,
    VersionKind.TRIAGE_POLICY: Event.POLICY_CHANGED,
    VersionKind.SEQUENCE_POLICY: Event.POLICY_CHANGED,
}


class UnableToDraft(Exception):
    """The draft was not stored; the message says why."""


class UnableToActivate(Exception):
    """What is active stays active; the message says why."""


def draft_version(
    *,
    actor: Actor,
    user: User,
    value: AnyChoice,
    detector_id: str = "",
    note: str,
    now: datetime,
) -> AnyVersion:
    """Store `value` as the tenant's next version, not active. Its own `version` is replaced by ours.

    Runs inside the tenant's scope. `detector_id` is for a sequence policy of one detector. Raises
    UnableToDraft without permission, without a note in words, and for a cost model in another
    currency than the tenant's.
    """
    if not user.may(Permission.MANAGE_POLICY):
        raise UnableToDraft(gettext("Your role does not allow drafting what triage rests on."))
    if len(note.strip()) < SHORTEST_REASON:
        raise UnableToDraft(
            gettext("Say in at least %(least)s characters what this draft is for.")
            % {"least": SHORTEST_REASON}
        )
    with transaction.atomic():
        tenant = Tenant.objects.select_for_update().get(id=user.tenant_id)
        if isinstance(value, CostModel) and value.currency != tenant.currency:
            raise UnableToDraft(
                gettext("The currency of this tenant is %(wanted)s, not %(given)s.")
                % {"wanted": tenant.currency, "given": value.currency}
            )
        return _store(actor, tenant.id, value, detector_id=detector_id, note=note.strip(), now=now)


def activate_version(
    *,
    actor: Actor,
    user: User,
    version: AnyVersion,
    instead_of: UUID | None,
    reason: str,
    now: datetime,
) -> AnyVersion:
    """Judge new alerts by `version` from now on; the one before stays stored and can be activated again.

    `instead_of` is the version that was active when the person looked, None for the shipped one.
    Raises UnableToActivate without permission or a reason in words, when somebody else activated a
    version meanwhile, when `version` is active already, and when this code cannot read it.
    """
    if not user.may(Permission.ACTIVATE_POLICY) or version.tenant_id != user.tenant_id:
        raise UnableToActivate(gettext("Only an administrator activates what triage rests on."))
    if len(reason.strip()) < SHORTEST_REASON:
        raise UnableToActivate(
            gettext("Say in at least %(least)s characters why it is activated.")
            % {"least": SHORTEST_REASON}
        )
    with transaction.atomic():
        Tenant.objects.select_for_update().get(id=version.tenant_id)
        active = active_instead_of(version)
        if (active.id if active else None) != instead_of:
            raise UnableToActivate(_overtaken(active))
        _activate(actor, version, active, reason=reason.strip(), now=now)
    return version


def create_cost_model_version(
    *, actor: Actor, tenant_id: UUID, model: CostModel, reason: str, now: datetime
) -> CostModelVersion:
    """Store `model` as the tenant's next version and use it from now on: for setting up a tenant.

    Runs inside the tenant's scope. Assessments made before keep the model they were made with.
    """
    with transaction.atomic():
        Tenant.objects.select_for_update().get(id=tenant_id)
        stored = _store(actor, tenant_id, model, detector_id="", note=reason, now=now)
        assert isinstance(stored, CostModelVersion)
        _activate(actor, stored, active_instead_of(stored), reason=reason, now=now)
    return stored


def raise_basis_revision(*, tenant_id: UUID) -> None:
    """Tell every process that what new assessments rest on has changed; in the transaction of the change."""
    _, made = TriageBasis.objects.get_or_create(tenant_id=tenant_id)
    if not made:
        TriageBasis.objects.filter(tenant_id=tenant_id).update(revision=F("revision") + 1)


def _store(
    actor: Actor, tenant_id: UUID, value: AnyChoice, *, detector_id: str, note: str, now: datetime
) -> AnyVersion:
    kind = kind_of(value)
    line: dict[str, object] = {"tenant_id": tenant_id}
    if isinstance(value, SequencePolicy):
        line |= {"detector_id": detector_id, "label": value.label}
    known = MODELS[kind]._default_manager.filter(**line)
    number = (known.aggregate(last=Max("version"))["last"] or 0) + 1
    parameters = encode(replace(value, version=_name(value, detector_id, number)))
    stored = MODELS[kind]._default_manager.create(
        **line,
        version=number,
        parameters=parameters,
        note=note,
        created_by=_person(actor),
        created_at=now,
    )
    record(
        actor=actor,
        event=Event.POLICY_DRAFTED,
        subject=Subject(kind.subject, stored.id),
        after={"version": number, "parameters": parameters},
        reason=note,
        details={"version": number},
    )
    return stored


def _activate(
    actor: Actor, version: AnyVersion, active: AnyVersion | None, *, reason: str, now: datetime
) -> None:
    kind = kind_of(version)
    try:
        value_of(version)
    except UnableToDecode as fault:
        raise UnableToActivate(
            gettext("This version cannot be read any more: %(fault)s.") % {"fault": fault}
        ) from fault
    line = same_line(version)
    line.filter(is_active=True).exclude(id=version.id).update(is_active=False)
    changed = line.filter(id=version.id, is_active=False).update(
        is_active=True, activated_by=_person(actor), activated_at=now
    )
    if changed != 1:
        raise UnableToActivate(gettext("This version is active already."))
    raise_basis_revision(tenant_id=version.tenant_id)
    before = active.version if active else 0
    record(
        actor=actor,
        event=_CHANGED[kind],
        subject=Subject(kind.subject, version.id),
        before={"version": before},
        after={"version": version.version, "parameters": version.parameters},
        reason=reason,
        details={"version": version.version, "before": before},
    )
    version.refresh_from_db()


def _name(value: AnyChoice, detector_id: str, number: int) -> str:
    if isinstance(value, SequencePolicy):
        of = f"@{detector_id}" if detector_id else ""
        return f"sequence-{value.label}{of}-{number}"
    return f"cost-{number}" if isinstance(value, CostModel) else f"triage-v{number}"


def _person(actor: Actor) -> UUID | None:
    return actor.user_id if isinstance(actor.user_id, UUID) else None


def _overtaken(active: AnyVersion | None) -> str:
    if active is None:
        return "The version you compared with is not active any more. Look at the change again."
    of = f" of {active.label}" if isinstance(active, SequencePolicyVersion) else ""
    return (
        f"Somebody else activated version {active.version}{of} meanwhile. Look at the change again."
    )
