"""What operations see of a run in the Temporal UI: five search attributes and a few words. No personal data."""

from datetime import datetime
from typing import Final

from temporalio.common import SearchAttributeKey, SearchAttributePair, TypedSearchAttributes

from workflows.messages import TriageStart

TENANT: Final = SearchAttributeKey.for_keyword("SecondLookTenant")
SITE: Final = SearchAttributeKey.for_keyword("SecondLookSite")
STAGE: Final = SearchAttributeKey.for_keyword("SecondLookStage")
STRATEGY: Final = SearchAttributeKey.for_keyword("SecondLookStrategy")
DUE_AT: Final = SearchAttributeKey.for_datetime("SecondLookDueAt")


def at_start(start: TriageStart) -> TypedSearchAttributes:
    return TypedSearchAttributes(
        [
            SearchAttributePair(TENANT, start.tenant_id),
            SearchAttributePair(SITE, start.site_id),
            SearchAttributePair(STAGE, "received"),
        ]
    )


def of_tenant(tenant_id: str) -> TypedSearchAttributes:
    """Watchlist entries and case files show their tenant and nothing else."""
    return TypedSearchAttributes([SearchAttributePair(TENANT, tenant_id)])


def summary(start: TriageStart) -> str:
    return f"Alert {start.reference}"


def details(start: TriageStart) -> str:
    clip = "with a clip" if start.clip_expected else "without a clip"
    return (
        f"Triage of alert **{start.reference}** ({clip}).\n\n"
        f"- alert `{start.alert_id}`\n- site `{start.site_id}`\n- tenant `{start.tenant_id}`\n\n"
        "A person decides in Second Look. An Update or signal sent from here decides nothing; terminating the run "
        "loses nothing: it is started again."
    )


def moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"
