"""Where an event happened: the site that limits who hears of it, and the page that shows it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.urls import reverse

from apps.alerts.models import Alert
from apps.audit.events import Subject
from apps.cases.models import Case, CaseFile, Incident
from apps.evidence.models import EvidenceItem
from apps.oversight.models import SystemIncident
from apps.sites.models import Stop
from apps.subject_requests.models import SubjectRequest
from apps.watchlists.models import SightingLead, WatchlistEntry


@dataclass(frozen=True, kw_only=True)
class Where:
    """`site_id` None: the matter is the whole tenant's. `holder_id`: who works on it, None when nobody does."""

    path: str
    reference: str = ""
    site_id: UUID | None = None
    holder_id: UUID | None = None


def where_is(subject: Subject) -> Where | None:
    """The page of an event's subject; None when it is gone or has no page."""
    find = _FINDERS.get(subject.kind)
    return find(str(subject.id)) if find else None


def _alert(id_: str) -> Where | None:
    row = Alert.objects.filter(id=id_).only("id", "site_id").first()
    if row is None:
        return None
    return Where(path=reverse("alert", args=[id_]), reference=row.reference, site_id=row.site_id)


def _case(id_: str) -> Where | None:
    row = Case.objects.filter(id=id_).only("id", "site_id", "assignee").first()
    return _of_case(row) if row else None


def _incident(id_: str) -> Where | None:
    row = Incident.objects.filter(id=id_).select_related("case").first()
    return _of_case(row.case) if row else None


def _of_case(case: Case) -> Where:
    return Where(
        path=reverse("case", args=[case.id]),
        reference=case.reference,
        site_id=case.site_id,
        holder_id=case.assignee,
    )


def _case_file(id_: str) -> Where | None:
    row = CaseFile.objects.filter(id=id_).select_related("case").first()
    if row is None:
        return None
    return Where(
        path=reverse("case-file", args=[row.case_id, row.id]),
        reference=row.reference,
        site_id=row.case.site_id,
    )


def _lead(id_: str) -> Where | None:
    row = SightingLead.objects.filter(id=id_).only("id", "site_id").first()
    if row is None:
        return None
    return Where(
        path=reverse("watchlist-lead", args=[id_]), reference=row.reference, site_id=row.site_id
    )


def _stop(id_: str) -> Where | None:
    row = Stop.objects.filter(id=id_).only("id", "site_id").first()
    return Where(path=reverse("stop"), site_id=row.site_id) if row else None


def _of_tenant(model: Any, route: str) -> Callable[[str], Where | None]:
    def find(id_: str) -> Where | None:
        row = model.objects.filter(id=id_).first()
        if row is None:
            return None
        return Where(path=reverse(route, args=[row.pk]), reference=row.reference)

    return find


def _page(route: str) -> Callable[[str], Where | None]:
    return lambda _: Where(path=reverse(route))


_FINDERS: Final[dict[str, Callable[[str], Where | None]]] = {
    "alert": _alert,
    "case": _case,
    "case_file": _case_file,
    "incident": _incident,
    "sighting_lead": _lead,
    "stop": _stop,
    "watchlist_entry": _of_tenant(WatchlistEntry, "watchlist-entry"),
    "subject_request": _of_tenant(SubjectRequest, "subject-request"),
    "system_incident": _of_tenant(SystemIncident, "system-incident"),
    "evidence_item": _of_tenant(EvidenceItem, "evidence-about"),
    "fairness_alarm": _page("reliability-fairness"),
    "audit_check": _page("audit"),
    "risk_register": _page("risks"),
}
