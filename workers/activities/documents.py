"""Documents, on a queue of their own: rendering a PDF must not hold up a decision."""

from uuid import UUID

from django.utils import timezone

from apps.accounts.tenancy import tenant_scope
from apps.alerts.outbox import note_finished
from apps.cases.dossier.operations import render_dossier as render
from workers.activities.casework import dossier_is_current
from workflows.activities import RENDER_DOSSIER
from workflows.messages import AlertRef


@RENDER_DOSSIER.implemented_by
def render_dossier(message: AlertRef) -> None:
    """The last of what a decision sets in motion: once it is done, nothing has to carry the alert."""
    if not dossier_is_current(message):
        render(
            tenant_id=UUID(message.tenant_id),
            alert_id=UUID(message.alert_id),
            now=timezone.now(),
        )
    with tenant_scope(message.tenant_id):
        note_finished(alert_id=UUID(message.alert_id), now=timezone.now())
