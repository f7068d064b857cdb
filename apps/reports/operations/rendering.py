"""The PDF of a report: a draft to look at, and the sealed one that is kept as evidence of the case."""

import hashlib
import io
import logging
from datetime import datetime
from pathlib import Path
from typing import Final
from uuid import UUID

from django.utils.translation import gettext

from apps.accounts.tenancy import tenant_scope
from apps.audit.events import Actor, Event, Subject
from apps.audit.operations import record
from apps.evidence.documents.certificates import UnableToSign
from apps.evidence.documents.pades import sign_pdf
from apps.evidence.documents.typesetting import compile_pdf
from apps.evidence.models import EvidenceItem, EvidenceKind
from apps.evidence.operations import acquire_item
from apps.reports.drafting.sentences import Content
from apps.reports.models import Report, ReportVersion
from apps.reports.queries.document import document_of
from apps.reports.queries.reports import content_of, newest
from apps.storage.errors import StorageError
from apps.storage.keys import case_report
from apps.storage.objects import StoredObject
from apps.storage.store import media_store

TEMPLATE: Final = Path(__file__).resolve().parent.parent / "statement.typ"
_log = logging.getLogger(__name__)


class UnableToRender(Exception):
    """There is no PDF now; the message says why. The report and its signature stand."""


def draft_pdf(report: Report, version: ReportVersion, *, now: datetime) -> bytes:
    """A wording as pages, marked as a draft unless it is the signed one. Inside the tenant's scope."""
    still = _still(report, content_of(version))
    return compile_pdf(template=TEMPLATE, record=document_of(report, version, now=now, still=still))


def render_signed(*, tenant_id: UUID, report_id: UUID, now: datetime) -> EvidenceItem:
    """Make, seal and keep the PDF of a signed report once; asked again, return the same item.

    Opens its own scopes: setting, sealing and storing happen outside any transaction. Raises UnableToRender when the
    store does not answer, the organisation's key cannot be used, or the report has no signature.
    """
    with tenant_scope(tenant_id):
        report = _report(report_id)
        if report.item is not None:
            return report.item
        if not hasattr(report, "signature"):
            raise UnableToRender(gettext("Only a signed report becomes a document."))
        version = newest(report)
        pages = draft_pdf(report, version, now=now)
    try:
        pdf = sign_pdf(pages, reason=f"Seal of report {report.reference}", now=now)
        stored = _store(report, pdf)
    except (StorageError, UnableToSign) as error:
        why = (
            "The key that seals documents cannot be used."
            if isinstance(error, UnableToSign)
            else "The store for files did not answer."
        )
        with tenant_scope(tenant_id):
            Report.objects.filter(id=report_id).update(item_note=f"{why} It is tried every minute.")
        raise UnableToRender(
            gettext("There is no PDF yet. %(why)s It is tried every minute.") % {"why": why}
        ) from error
    with tenant_scope(tenant_id):
        return _keep(report, stored, now=now)


def render_waiting(*, tenant_id: UUID, now: datetime) -> int:
    """Make the PDFs of signed reports that have none; return how many were made. One that fails is logged by id."""
    with tenant_scope(tenant_id):
        waiting = Report.objects.filter(signature__isnull=False, item__isnull=True)
        ids = list(waiting.order_by("created_at").values_list("id", flat=True)[:50])
    made = 0
    for report_id in ids:
        try:
            render_signed(tenant_id=tenant_id, report_id=report_id, now=now)
            made += 1
        except UnableToRender as error:
            _log.warning("report %s has no PDF yet: %s", report_id, error)
    return made


def record_viewed(*, actor: Actor, report: Report, version: ReportVersion) -> None:
    """Somebody was given the pages of a wording."""
    record(
        actor=actor,
        event=Event.REPORT_VIEWED,
        subject=Subject("report", report.id),
        details={
            "case": str(report.case_id),
            "wording": version.number,
            "digest": version.digest,
        },
    )


def _report(report_id: UUID) -> Report:
    found = Report.objects.select_related("case__site", "item", "signature__version")
    return found.get(id=report_id)


def _store(report: Report, pdf: bytes) -> StoredObject:
    sha256 = hashlib.sha256(pdf).hexdigest()
    return media_store().put_stream(
        key=case_report(
            tenant_id=report.tenant_id,
            case_id=report.case_id,
            report_id=report.id,
            sha256=sha256,
        ),
        stream=io.BytesIO(pdf),
        length=len(pdf),
        content_type="application/pdf",
        metadata={"sha256": sha256},
    )


def _keep(report: Report, stored: StoredObject, *, now: datetime) -> EvidenceItem:
    """Register the PDF, under the alert of the case's first incident."""
    actor = Actor.system(report.tenant_id)
    locked = Report.objects.select_for_update(of=("self",)).select_related("item").get(id=report.id)
    if locked.item is not None:
        return locked.item
    first = report.case.incidents.select_related("alert").order_by("occurred_at", "id")[0]
    item = acquire_item(
        actor=actor,
        alert=first.alert,
        kind=EvidenceKind.REPORT,
        bucket=media_store().bucket,
        stored=stored,
        media_type="application/pdf",
        original_name=f"{report.reference}-{report.kind}.pdf",
        now=now,
    )
    Report.objects.filter(id=report.id).update(item=item, item_note="")
    record(
        actor=actor,
        event=Event.REPORT_RENDERED,
        subject=Subject("report", report.id),
        after={"sha256": item.sha256},
        details={"case": str(report.case_id), "item": str(item.id), "sha256": item.sha256},
    )
    return item


def _still(report: Report, content: Content) -> bytes | None:
    """The newest still the wording speaks of; None when it speaks of none."""
    ids = [s.id for one in content.included for s in one.sources if s.kind == "still"]
    item = EvidenceItem.objects.filter(id__in=ids).order_by("-acquired_at").first()
    if item is None:
        return None
    with media_store().get_stream(key=item.key) as stream:
        return stream.read()
