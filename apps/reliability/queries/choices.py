"""Reading what triage depends on beside the alert: cost model, triage policy and sequence policies of a tenant."""

import json
from dataclasses import replace
from functools import lru_cache
from typing import Final, TypeVar
from uuid import UUID

from django.conf import settings

from apps.accounts.models import Tenant
from apps.reliability.models import CostModelVersion, SequencePolicyVersion, TriagePolicyVersion
from apps.triage.cost_model import CostModel, default_cost_model
from apps.triage.decision import DEFAULT_TRIAGE_POLICY, TriagePolicy
from apps.triage.decoding import decode
from apps.triage.sequence import SHIPPED_POLICIES, SequencePolicy

T = TypeVar("T")
LEAST_AUDIT_SHARE: Final = 0.001


def active_cost_model(tenant_id: UUID, *, currency: str = "") -> tuple[int, CostModel]:
    """The cost model for new assessments and its version; 0 while the shipped defaults stand, all marked assumptions.

    `currency` is the tenant's, for a caller that knows it already. Raises
    `apps.triage.decoding.UnableToDecode` for a stored model this version of the code cannot read.
    """
    stored = CostModelVersion.objects.filter(tenant_id=tenant_id, is_active=True).first()
    if stored is not None:
        return stored.version, _read(CostModel, json.dumps(stored.parameters))
    currency = currency or Tenant.objects.only("currency").get(id=tenant_id).currency
    return 0, replace(default_cost_model(), currency=currency)


def active_triage_policy(tenant_id: UUID) -> tuple[int, TriagePolicy]:
    """The triage policy for new assessments and its version; 0 while the shipped one stands.

    Raises `apps.triage.decoding.UnableToDecode` for a policy this version of the code cannot read.
    """
    stored = TriagePolicyVersion.objects.filter(tenant_id=tenant_id, is_active=True).first()
    if stored is None:
        return 0, DEFAULT_TRIAGE_POLICY
    return stored.version, _read(TriagePolicy, json.dumps(stored.parameters))


def standing_triage_policy(tenant_id: UUID) -> tuple[int, TriagePolicy]:
    """What `active_triage_policy` says, with the audit share that alerts really get.

    While the shipped policy stands, that is the tenant's own setting; an activated version says it itself.
    """
    version, policy = active_triage_policy(tenant_id)
    if version:
        return version, policy
    share = Tenant.objects.only("blind_audit_share").get(id=tenant_id).blind_audit_share
    return 0, with_audit_share(policy, share)


def with_audit_share(policy: TriagePolicy, share: float) -> TriagePolicy:
    """`policy` with another blind audit share, said in its version, and the installation's share judged first.

    Labels must stay unbiased: the audit share is never 0.
    """
    share = max(share, LEAST_AUDIT_SHARE)
    return replace(
        policy,
        version=f"{policy.version}/audit-{share:g}",
        judged_first_share=settings.JUDGED_FIRST_OF_100 / 100,
        audit_share=share,
        raised_audit_share=max(share, policy.raised_audit_share),
    )


def active_sequence_policies(tenant_id: UUID) -> dict[tuple[str, str], SequencePolicy]:
    """Sequence policies for new assessments by (detector id, label); detector "" is every other detector.

    A shipped policy stands until its detector and label have one of the tenant's. Raises
    `apps.triage.decoding.UnableToDecode` for a policy this version of the code cannot read.
    """
    found = dict(SHIPPED_POLICIES)
    for stored in SequencePolicyVersion.objects.filter(tenant_id=tenant_id, is_active=True):
        key = (stored.detector_id, stored.label)
        found[key] = _read(SequencePolicy, json.dumps(stored.parameters))
    return found


@lru_cache(maxsize=256)
def _read(kind: type[T], parameters: str) -> T:
    """A version never changes once it is stored, so each process reads it once."""
    return decode(kind, json.loads(parameters))
