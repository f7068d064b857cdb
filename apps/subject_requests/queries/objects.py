"""The objects that a person's included findings stand for, as the audit chain names them."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from apps.alerts.models import Alert
from apps.audit.events import Subject
from apps.cases.models import Case
from apps.evidence.models import EvidenceItem
from apps.people.models import Person
from apps.reports.models import Report
from apps.subject_requests.models import Finding, FindingKind, SubjectRequest
from apps.subject_requests.queries.requests import included
from apps.watchlists.models import WatchlistEntry


@dataclass(frozen=True, kw_only=True)
class PersonsObjects:
    """Rows that are about one person, each by its kind."""

    alerts: tuple[Alert, ...]
    clip_alert_ids: frozenset[UUID]
    cases: tuple[Case, ...]
    entries: tuple[WatchlistEntry, ...]
    reports: tuple[Report, ...]
    case_file_ids: frozenset[UUID]


def objects_of(request: SubjectRequest) -> PersonsObjects:
    """What was included by a person. Inside the tenant's scope."""
    ids: dict[str, list[UUID]] = {}
    for finding in included(request):
        if finding.kind not in (FindingKind.MENTION, FindingKind.CASE_PERSON):
            ids.setdefault(finding.kind, []).append(UUID(finding.object_id))
    alerts = Alert.objects.filter(id__in=ids.get(FindingKind.ALERT, []))
    entries = WatchlistEntry.objects.filter(id__in=ids.get(FindingKind.WATCHLIST_ENTRY, []))
    cases = Case.objects.filter(id__in=ids.get(FindingKind.CASE, []))
    reports = Report.objects.filter(id__in=ids.get(FindingKind.REPORT, []))
    return PersonsObjects(
        alerts=tuple(alerts.select_related("site", "camera", "clip").order_by("camera_at")),
        clip_alert_ids=frozenset(ids.get(FindingKind.CLIP, [])),
        cases=tuple(cases.select_related("site")),
        entries=tuple(entries.prefetch_related("sites")),
        reports=tuple(reports.select_related("item", "case")),
        case_file_ids=frozenset(ids.get(FindingKind.CASE_FILE, [])),
    )


def subjects_about(person: Person) -> list[Subject]:
    """The person, their requests, and every object that was included in one of them."""
    subjects = {("person", str(person.id))}
    requests = SubjectRequest.objects.filter(person=person)
    subjects |= {("subject_request", str(one.id)) for one in requests}
    findings = Finding.objects.filter(request__in=requests, state=Finding.State.INCLUDED)
    alert_ids = []
    for kind, object_id in findings.values_list("kind", "object_id"):
        if kind in (FindingKind.ALERT, FindingKind.CLIP):
            alert_ids.append(UUID(object_id))
            subjects.add(("alert", object_id))
        elif kind in _CHAINED:
            subjects.add((str(kind), object_id))
    subjects |= _of_alerts(alert_ids)
    return [Subject(kind, id_) for kind, id_ in sorted(subjects)]


def _of_alerts(alert_ids: Iterable[UUID]) -> set[tuple[str, str]]:
    ids = list(alert_ids)
    items = EvidenceItem.objects.filter(alert_id__in=ids).values_list("id", flat=True)
    alerts = Alert.objects.filter(id__in=ids)
    found = {("evidence_item", str(id_)) for id_ in items}
    found |= {
        ("disposition", str(id_))
        for id_ in alerts.values_list("dispositions__id", flat=True)
        if id_
    }
    found |= {("attempt", str(id_)) for id_ in alerts.values_list("attempts__id", flat=True) if id_}
    found |= {
        ("sighting_lead", str(id_))
        for id_ in alerts.values_list("sighting_leads__id", flat=True)
        if id_
    }
    return found


_CHAINED = (
    FindingKind.CASE,
    FindingKind.CASE_FILE,
    FindingKind.REPORT,
    FindingKind.WATCHLIST_ENTRY,
    FindingKind.SIGHTING,
)
