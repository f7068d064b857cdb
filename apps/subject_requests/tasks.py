"""What requests set in motion: packages written and removed, erasures carried on, months that end. Each may run twice."""

import logging
from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

from celery import shared_task
from django.db.models import Q
from django.utils import timezone

from apps.accounts.models import Tenant
from apps.accounts.tenancy import tenant_scope
from apps.audit.events import Actor, Event
from apps.storage.errors import StorageError
from apps.subject_requests.models import DisclosurePackage, Erasure, SubjectRequest
from apps.subject_requests.operations.carrying_out import carry_out
from apps.subject_requests.operations.disclosing import remove_package, write_package
from apps.subject_requests.operations.moving import told
from apps.subject_requests.queries.requests import OPEN

REMIND_BEFORE = timedelta(days=7)

_log = logging.getLogger(__name__)


@shared_task(name="apps.subject_requests.tasks.write_packages")
def write_packages() -> int:
    """Write every package that was prepared; return how many were looked at."""
    waiting = Q(written_at=None, ended_at=None, note="")
    return _each_package(waiting, write_package)


@shared_task(name="apps.subject_requests.tasks.remove_packages")
def remove_packages() -> int:
    """Delete packages that are over."""
    over = Q(ended_at__isnull=False) | Q(expires_at__lte=timezone.now())
    return _each_package(Q(removed_at=None) & over, remove_package)


@shared_task(name="apps.subject_requests.tasks.continue_erasures")
def continue_erasures() -> int:
    """Erase from the store what nothing stands against any more; return how many things went."""
    gone = 0
    for tenant_id in _tenants():
        with tenant_scope(tenant_id):
            open_ones = Erasure.objects.filter(executed_at__isnull=False, completed_at=None)
            ids = list(open_ones.values_list("id", flat=True))
        for erasure_id in ids:
            gone += carry_out(tenant_id=tenant_id, erasure_id=erasure_id, now=timezone.now())
    return gone


@shared_task(name="apps.subject_requests.tasks.remind_due")
def remind_due() -> int:
    """Say once, as an error and in the chain, that a request has to be answered within a week."""
    now = timezone.now()
    reminded = 0
    for tenant_id in _tenants():
        with tenant_scope(tenant_id):
            near = SubjectRequest.objects.filter(
                state__in=OPEN, reminded_at=None, due_at__lte=now + REMIND_BEFORE
            )
            for request in near:
                if SubjectRequest.objects.filter(id=request.id, reminded_at=None).update(
                    reminded_at=now
                ):
                    told(Actor.system(tenant_id), request, Event.SUBJECT_REQUEST_DUE)
                    reminded += 1
    if reminded:
        _log.error("subject requests: %s are due within a week or overdue", reminded)
    return reminded


def _each_package(which: Q, act) -> int:  # type: ignore[no-untyped-def]
    seen = 0
    for tenant_id in _tenants():
        with tenant_scope(tenant_id):
            ids = list(DisclosurePackage.objects.filter(which).values_list("id", flat=True))
        for package_id in ids:
            seen += 1
            try:
                act(tenant_id=tenant_id, package_id=package_id, now=timezone.now())
            except StorageError as error:
                _log.warning("subject request package: %s", type(error).__name__)
    return seen


def _tenants() -> Iterator[UUID]:
    yield from Tenant.objects.values_list("id", flat=True)
