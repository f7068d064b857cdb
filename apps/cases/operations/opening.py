"""What a confirmed theft becomes: incident, case, sealed exhibits."""

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext

from apps.accounts.models import Tenant
from apps.accounts.tenancy import tenant_scope
from apps.alerts.models import Alert, Disposition
from apps.audit.events import Actor, Event, Subject
from apps.audit.operations import record
from apps.cases.models import Case, Exhibit, Incident
from apps.cases.queries import exhibits_of
from apps.evidence.models import EvidenceItem
from apps.evidence.operations import copy_sealed, record_sealed
from apps.evidence.queries import master_of
from apps.reviews.item_queries import happening_of
from apps.reviews.models import ItemMember
from apps.triage.states import Verdict


class UnableToOpenCase(Exception):
    """The alert has no standing confirmation of theft."""


def open_case(*, alert_id: UUID, now: datetime) -> Case:
    """Open the incident and the case of a confirmed theft; asked again, return the same case.

    Alerts of one review item are one happening: the second incident joins the case of the first. Runs inside the
    tenant's scope. Raises UnableToOpenCase without a confirmation of theft.
    """
    with transaction.atomic():
        alert = Alert.objects.select_for_update().select_related("site", "camera").get(id=alert_id)
        known = Incident.objects.select_related("case").filter(alert=alert).first()
        if known:
            return known.case
        disposition = _confirmed_theft(alert)
        case = _case_of_item(alert)
        is_new = case is None
        if case is None:
            case = _new_case(alert=alert, disposition=disposition, now=now)
        _open(alert=alert, disposition=disposition, case=case, is_new=is_new, now=now)
        return case


def _case_of_item(alert: Alert) -> Case | None:
    """The case another alert of the same item has opened. The item is locked: its alerts' runs come at once."""
    item = happening_of(alert)
    if item is None:
        return None
    places = ItemMember.objects.filter(item=item, split_at__isnull=True)
    incidents = Incident.objects.filter(alert__membership__in=places).select_related("case")
    first = incidents.order_by("opened_at").first()
    return first.case if first else None


def _confirmed_theft(alert: Alert) -> Disposition:
    standing = alert.dispositions.filter(superseded_by__isnull=True).first()
    if standing is None or standing.verdict != Verdict.THEFT_CONFIRMED:
        raise UnableToOpenCase(
            gettext("%(alert_reference)s has no standing confirmation of theft")
            % {"alert_reference": alert.reference}
        )
    return standing


def _new_case(*, alert: Alert, disposition: Disposition, now: datetime) -> Case:
    return Case.objects.create(
        tenant_id=alert.tenant_id,
        site=alert.site,
        title=f"{alert.label.replace('_', ' ').capitalize()}, {alert.camera.name}",
        is_drill=alert.is_drill,
        opened_by=disposition.decided_by,
        opened_at=now,
    )


def _open(
    *, alert: Alert, disposition: Disposition, case: Case, is_new: bool, now: datetime
) -> None:
    incident = Incident.objects.create(
        tenant_id=alert.tenant_id,
        site=alert.site,
        alert=alert,
        disposition=disposition,
        case=case,
        occurred_at=alert.camera_at,
        opened_at=now,
    )
    actor, links = Actor.system(alert.tenant_id), {"alert": str(alert.id), "case": str(case.id)}
    subject = Subject("incident", incident.id)
    record(actor=actor, event=Event.INCIDENT_OPENED, subject=subject, after=links, details=links)
    subject = Subject("case", case.id)
    event = Event.CASE_OPENED if is_new else Event.CASE_INCIDENT_LINKED
    record(actor=actor, event=event, subject=subject, after=links, details=links)


def seal_exhibits(*, tenant_id: UUID, case_id: UUID, now: datetime) -> int:
    """Lock the footage of the case's incidents and number it; return how many exhibits there are.

    Opens its own scopes, because copying happens outside any transaction. Repeating it adds nothing.
    Raises DigestMismatch, StorageUnavailable.
    """
    with tenant_scope(tenant_id):
        days = Tenant.objects.get(id=tenant_id).exhibit_retention_days
        case = Case.objects.get(id=case_id)
        masters = [master_of(incident.alert_id) for incident in case.incidents.all()]
    for master in filter(None, masters):
        _seal(case=case, master=master, retain_until=now + timedelta(days=days), now=now)
    with tenant_scope(tenant_id):
        return exhibits_of(case).count()


def _seal(*, case: Case, master: EvidenceItem, retain_until: datetime, now: datetime) -> None:
    with tenant_scope(case.tenant_id):
        sealed_already = Exhibit.objects.filter(
            item__sha256=master.sha256, item__alert=master.alert_id
        )
        if sealed_already.exists():
            return
    stored = copy_sealed(item=master, retain_until=retain_until)
    actor = Actor.system(case.tenant_id)
    with tenant_scope(case.tenant_id):
        Case.objects.select_for_update().get(id=case.id)
        item = record_sealed(
            actor=actor, item=master, sealed=stored, retain_until=retain_until, now=now
        )
        last = case.exhibits.aggregate(last=Max("number"))["last"] or 0
        Exhibit.objects.get_or_create(
            item=item,
            defaults={
                "tenant_id": case.tenant_id,
                "case": case,
                "number": last + 1,
                "title": "Footage as delivered",
                "sealed_at": now,
            },
        )
