"""What an erasure reaches: what goes at once, what later and why, and who has to be told."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils.translation import gettext, gettext_noop

from apps.alerts.models import Alert
from apps.cases.models import Case, CaseFile, Exhibit, Incident
from apps.evidence.models import EvidenceItem, EvidenceKind, Hold, HoldKind
from apps.subject_requests.models import ErasureItem, FindingKind, SubjectRequest
from apps.subject_requests.queries.objects import PersonsObjects, objects_of
from apps.subject_requests.queries.requests import included
from apps.subject_requests.queries.search import reasons_of
from apps.triage.states import CaseFileState, CaseState, HoldState

FOOTAGE = "footage"
EXHIBIT = "exhibit"
REPORT_PDF = "report_pdf"
IN_STORE = (FOOTAGE, EXHIBIT, REPORT_PDF)
_ORDERS = (HoldKind.LEGAL, HoldKind.INCIDENT)
_ENDED_FILES = (CaseFileState.WITHDRAWN, CaseFileState.EXPIRED)
WORDS = {
    FindingKind.ALERT: gettext_noop("Notes, comments and complaints about an alert"),
    FOOTAGE: gettext_noop("Footage, stills and documents of an alert"),
    EXHIBIT: gettext_noop("Sealed exhibit"),
    REPORT_PDF: gettext_noop("PDF of a report or statement"),
    FindingKind.WATCHLIST_ENTRY: gettext_noop(
        "Watchlist entry: name, words, pictures, vectors, sightings"
    ),
    FindingKind.CASE_PERSON: gettext_noop("Person of a case"),
    FindingKind.CASE_FILE: gettext_noop("Case file: withdrawn and deleted"),
    FindingKind.MENTION: gettext_noop("The name in a text"),
    FindingKind.AUDIT_REASON: gettext_noop("A reason in the audit trail (its commitment stays)"),
}


@dataclass(frozen=True, kw_only=True)
class Planned:
    """One thing to erase. `due_at` is None where no clock ends what stands against it."""

    kind: str
    object_id: str
    label: str
    obstacle: str = ErasureItem.Obstacle.NONE
    due_at: datetime | None = None

    @property
    def words(self) -> str:
        return gettext(WORDS[self.kind])

    @property
    def obstacle_words(self) -> str:
        return str(ErasureItem.Obstacle(self.obstacle).label)


@dataclass(frozen=True, kw_only=True)
class Plan:
    """An erasure before it happens."""

    now: tuple[Planned, ...]
    later: tuple[Planned, ...]
    told: tuple[CaseFile, ...]

    @property
    def items(self) -> tuple[Planned, ...]:
        return (*self.now, *self.later)


def plan_for(request: SubjectRequest, *, now: datetime) -> Plan:
    """What the included findings lead to. Inside the tenant's scope."""
    objects = objects_of(request)
    items = [*_rows(request, objects), *_in_store(objects, request.person_id, now=now)]
    files = CaseFile.objects.filter(id__in=objects.case_file_ids)
    return Plan(
        now=tuple(item for item in items if not item.obstacle),
        later=tuple(item for item in items if item.obstacle),
        told=tuple(files.filter(released_at__isnull=False)),
    )


def obstacle_for(
    kind: str, object_id: str, *, person_id: UUID, now: datetime
) -> tuple[str, datetime | None]:
    """What stands against erasing something of a person in the store now, and until when. ("", None) when nothing does.

    The person's own requests do not: the erasure answers them. Somebody else's do, until they are answered.
    """
    if kind == FOOTAGE:
        alert_id, item = UUID(object_id), None
    else:
        item = EvidenceItem.objects.get(id=object_id)
        alert_id = item.alert_id
    if _covers(Hold.objects.filter(kind__in=_ORDERS), alert_id, item):
        return ErasureItem.Obstacle.LEGAL_HOLD, None
    if item and item.retain_until and item.retain_until > now:
        return ErasureItem.Obstacle.LOCKED, item.retain_until
    if _open_case(alert_id):
        return ErasureItem.Obstacle.OPEN_CASE, None
    others = Hold.objects.exclude(for_request__request__person_id=person_id)
    if _covers(others.filter(kind=HoldKind.REQUEST), alert_id, item):
        return ErasureItem.Obstacle.OTHER_REQUEST, None
    return ErasureItem.Obstacle.NONE, None


def _rows(request: SubjectRequest, objects: PersonsObjects) -> Iterator[Planned]:
    for alert in objects.alerts:
        yield Planned(kind=FindingKind.ALERT, object_id=str(alert.id), label=alert.reference)
    for entry in objects.entries:
        if entry.erased_at is None:
            yield Planned(
                kind=FindingKind.WATCHLIST_ENTRY, object_id=str(entry.id), label=entry.reference
            )
    files = CaseFile.objects.filter(id__in=objects.case_file_ids).exclude(state__in=_ENDED_FILES)
    for file in files:
        yield Planned(kind=FindingKind.CASE_FILE, object_id=str(file.id), label=file.reference)
    for finding in included(request, FindingKind.MENTION, FindingKind.CASE_PERSON):
        yield Planned(kind=finding.kind, object_id=finding.object_id, label=finding.label)
    yield from _reasons(request, objects)


def _reasons(request: SubjectRequest, objects: PersonsObjects) -> Iterator[Planned]:
    """Reasons that were included, and those about the request, the person and what is erased."""
    found = {one.object_id: one.label for one in included(request, FindingKind.AUDIT_REASON)}
    own = SubjectRequest.objects.filter(person_id=request.person_id).values_list("id", flat=True)
    about = [request.person_id, *own, *(alert.id for alert in objects.alerts)]
    about += [row.id for row in objects.entries]
    for id_ in reasons_of(map(str, about)):
        found.setdefault(str(id_), "a reason given")
    for event_id, label in sorted(found.items()):
        yield Planned(kind=FindingKind.AUDIT_REASON, object_id=event_id, label=label)


def _in_store(objects: PersonsObjects, person_id: UUID, *, now: datetime) -> Iterator[Planned]:
    for alert in Alert.objects.filter(id__in=objects.clip_alert_ids):
        yield _planned(FOOTAGE, str(alert.id), alert.reference, person_id=person_id, now=now)
        sealed = Exhibit.objects.filter(item__alert=alert).select_related("item", "case")
        for exhibit in sealed.exclude(item__state="deleted"):
            label = f"{exhibit.case.reference} exhibit {exhibit.number}"
            yield _planned(EXHIBIT, str(exhibit.item_id), label, person_id=person_id, now=now)
    for report in objects.reports:
        if report.item and report.item.kind == EvidenceKind.REPORT and report.item.is_there:
            yield _planned(
                REPORT_PDF, str(report.item_id), report.reference, person_id=person_id, now=now
            )


def _planned(kind: str, object_id: str, label: str, *, person_id: UUID, now: datetime) -> Planned:
    obstacle, due_at = obstacle_for(kind, object_id, person_id=person_id, now=now)
    return Planned(kind=kind, object_id=object_id, label=label, obstacle=obstacle, due_at=due_at)


def _covers(holds: QuerySet[Hold], alert_id: UUID, item: EvidenceItem | None) -> bool:
    """Whether one of the holds stands over the item, its alert or its case; without an item, over any of the alert's."""
    cases = Incident.objects.filter(alert_id=alert_id).values("case_id")
    items = [item.id] if item else EvidenceItem.objects.filter(alert_id=alert_id).values("id")
    over = Q(alert_id=alert_id) | Q(item_id__in=items) | Q(case_id__in=cases)
    return holds.filter(over, state=HoldState.IN_FORCE).exists()


def _open_case(alert_id: UUID) -> bool:
    cases = Case.objects.filter(incidents__alert_id=alert_id)
    return cases.exclude(state=CaseState.CLOSED).exists()
