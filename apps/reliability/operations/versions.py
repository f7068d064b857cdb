"""Changing what triage depends on. A version that decided something is never edited."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Max

from apps.accounts.models import Tenant
from apps.audit.events import Actor, Event, Subject
from apps.audit.operations import record
from apps.reliability.models import CostModelVersion
from apps.reliability.queries import active_cost_model
from apps.triage.cost_model import CostModel
from apps.triage.decoding import encode


def create_cost_model_version(
    *, actor: Actor, tenant_id: UUID, model: CostModel, reason: str, now: datetime
) -> CostModelVersion:
    """Store `model` as the tenant's next version and use it from now on. Its `version` is replaced by ours.

    Runs inside the tenant's scope. Assessments made before keep the model they were made with.
    """
    with transaction.atomic():
        Tenant.objects.select_for_update().get(id=tenant_id)
        before, _ = active_cost_model(tenant_id)
        versions = CostModelVersion.objects.filter(tenant_id=tenant_id)
        version = (versions.aggregate(last=Max("version"))["last"] or 0) + 1
        versions.filter(is_active=True).update(is_active=False)
        parameters = encode(replace(model, version=f"cost-{version}"))
        stored = CostModelVersion.objects.create(
            tenant_id=tenant_id,
            version=version,
            parameters=parameters,
            is_active=True,
            created_by=actor.user_id if isinstance(actor.user_id, UUID) else None,
            created_at=now,
        )
        record(
            actor=actor,
            event=Event.COST_MODEL_CHANGED,
            subject=Subject("cost_model", stored.id),
            before={"version": before},
            after={"version": version, "parameters": parameters},
            reason=reason,
            details={"version": version, "before": before},
        )
    return stored
