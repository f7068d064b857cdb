"""A person asks for a dossier: recorded with who asked, rendered by a worker once that is committed."""

import logging

from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError

from apps.alerts.models import Alert
from apps.audit.events import Actor
from apps.cases.dossier.operations import ask_for_dossier

_log = logging.getLogger(__name__)


def request_dossier(*, actor: Actor, alert: Alert) -> None:
    """Record the wish and hand it to the queue. Runs inside the tenant's scope.

    A queue that does not answer is logged as an error; the wish stays in the audit chain and can be repeated.
    """
    with transaction.atomic():
        ask_for_dossier(actor=actor, alert=alert)
        transaction.on_commit(lambda: _hand_over(alert), robust=True)


def _hand_over(alert: Alert) -> None:
    try:
        current_app.send_task(
            "apps.cases.tasks.render_requested", args=[str(alert.tenant_id), str(alert.id)]
        )
    except OperationalError as error:
        _log.error("dossier of alert %s was asked for and not queued: %s", alert.id, error)
