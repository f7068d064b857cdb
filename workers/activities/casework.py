"""What follows from a decision: the case, its sealed exhibits, the dossier."""

from uuid import UUID

from django.utils import timezone

from apps.accounts.tenancy import tenant_scope
from apps.alerts.models import Alert
from apps.cases import operations as cases
from apps.evidence.queries import latest_dossier
from apps.reviews.queries import standing_disposition
from workflows.activities import OPEN_CASE, SEAL_EXHIBITS
from workflows.messages import AlertRef, CaseOpened, SealExhibits


@OPEN_CASE.implemented_by
def open_case(message: AlertRef) -> CaseOpened:
    with tenant_scope(message.tenant_id):
        case = cases.open_case(alert_id=UUID(message.alert_id), now=timezone.now())
    return CaseOpened(case_id=str(case.id))


@SEAL_EXHIBITS.implemented_by
def seal_exhibits(message: SealExhibits) -> None:
    cases.seal_exhibits(
        tenant_id=UUID(message.tenant_id), case_id=UUID(message.case_id), now=timezone.now()
    )


def dossier_is_current(message: AlertRef) -> bool:
    """Whether a dossier was rendered after the standing decision: then a repeated activity has nothing to do."""
    with tenant_scope(message.tenant_id):
        alert = Alert.objects.get(id=message.alert_id)
        dossier, disposition = latest_dossier(alert), standing_disposition(alert)
    if dossier is None or disposition is None:
        return False
    return dossier.acquired_at > disposition.decided_at
