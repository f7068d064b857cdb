"""Reading what triage depends on beside the alert: the tenant's cost model."""

import json
from dataclasses import replace
from functools import lru_cache
from uuid import UUID

from apps.accounts.models import Tenant
from apps.reliability.models import CostModelVersion
from apps.triage.cost_model import CostModel, default_cost_model
from apps.triage.decoding import decode


def active_cost_model(tenant_id: UUID, *, currency: str = "") -> tuple[int, CostModel]:
    """The cost model for new assessments and its version; 0 while the shipped defaults stand, all marked assumptions.

    `currency` is the tenant's, for a caller that knows it already. Raises
    `apps.triage.decoding.UnableToDecode` for a stored model this version of the code cannot read.
    """
    stored = CostModelVersion.objects.filter(tenant_id=tenant_id, is_active=True).first()
    if stored is not None:
        return stored.version, _read(stored.pk, json.dumps(stored.parameters))
    currency = currency or Tenant.objects.only("currency").get(id=tenant_id).currency
    return 0, replace(default_cost_model(), currency=currency)


@lru_cache(maxsize=64)
def _read(version_id: UUID, parameters: str) -> CostModel:
    """A version never changes once it is stored, so each process reads it once."""
    return decode(CostModel, json.loads(parameters))
