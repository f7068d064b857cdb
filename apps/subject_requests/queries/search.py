"""Everything that may be about a person: by reference, time and place, rows that name them, their name in texts.

A search casts wide and concludes nothing: a person judges each finding.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_noop

from apps.alerts.models import Alert, Clip
from apps.audit.models import InboxEntry, Leaf, Reason
from apps.cases.models import Case, CaseFile, Incident
from apps.people.models import Person
from apps.people.queries import name_of
from apps.reports.models import Report
from apps.reports.queries.reports import reports_naming
from apps.subject_requests.models import FindingKind
from apps.subject_requests.queries.mentions import linked_rows, mentions_of
from apps.watchlists.models import Sighting, WatchlistEntry

LONGEST_WINDOW_DAYS = 31
_SHORTEST_NAME = 3
FOUND_HOW = {
    "reference": gettext_noop("its reference"),
    "time_and_place": gettext_noop("time and place"),
    "person_on_record": gettext_noop("the person on record"),
    "named_in_report": gettext_noop("a report that names the person"),
    "of_the_alert": gettext_noop("its alert"),
    "of_the_entry": gettext_noop("its watchlist entry"),
    "of_the_case": gettext_noop("its case"),
    "sighting": gettext_noop("a confirmed sighting"),
    "name_in_text": gettext_noop("the name in a text"),
    "about_a_finding": gettext_noop("what it is about"),
}


@dataclass(frozen=True, kw_only=True)
class Criteria:
    """What the person can say of themselves: references they were given, a receipt's time and place, their name."""

    references: tuple[str, ...] = ()
    site_id: UUID | None = None
    camera_id: UUID | None = None
    since: datetime | None = None
    until: datetime | None = None

    @property
    def has_place(self) -> bool:
        return bool(self.site_id and self.since and self.until)


@dataclass(frozen=True, kw_only=True)
class Found:
    """A thing that may be about the person; `how` says what led to it."""

    kind: FindingKind
    object_id: str
    label: str
    happened_at: datetime | None
    how: str


@dataclass(kw_only=True)
class _Net:
    """What was caught so far, each thing once, under what led to it first."""

    found: dict[tuple[str, str], Found] = field(default_factory=dict)
    alerts: dict[UUID, Alert] = field(default_factory=dict)
    cases: dict[UUID, Case] = field(default_factory=dict)
    entries: dict[UUID, WatchlistEntry] = field(default_factory=dict)

    def add(
        self, kind: FindingKind, object_id: object, label: str, at: datetime | None, how: str
    ) -> None:
        key = (kind.value, str(object_id))
        if key not in self.found:
            self.found[key] = Found(
                kind=kind, object_id=str(object_id), label=label, happened_at=at, how=how
            )

    def add_alerts(self, alerts: Iterable[Alert], how: str) -> None:
        for alert in alerts:
            self.alerts[alert.id] = alert
            self.add(FindingKind.ALERT, alert.id, alert.reference, alert.camera_at, how)

    def add_cases(self, cases: Iterable[Case], how: str) -> None:
        for case in cases:
            self.cases[case.id] = case
            self.add(FindingKind.CASE, case.id, case.reference, case.opened_at, how)

    def add_entries(self, entries: Iterable[WatchlistEntry], how: str) -> None:
        for entry in entries:
            self.entries[entry.id] = entry
            self.add(FindingKind.WATCHLIST_ENTRY, entry.id, entry.reference, entry.proposed_at, how)


def search(*, person: Person, criteria: Criteria) -> list[Found]:
    """What the criteria lead to, and what that leads to. Inside the tenant's scope."""
    net = _Net()
    _by_reference(net, criteria.references)
    if criteria.has_place:
        net.add_alerts(_at_the_place(criteria), "time_and_place")
    _by_rows_of(net, person)
    _spread(net, person)
    _by_name(net, person)
    _reasons_about(net)
    return list(net.found.values())


def _by_reference(net: _Net, references: Iterable[str]) -> None:
    for text in references:
        letter, _, digits = text.strip().upper().partition("-")
        if len(digits) != 8 or not all(c in "0123456789ABCDEF" for c in digits):
            continue
        prefix = digits.lower()
        if letter == "A":
            net.add_alerts(_beginning(Alert.objects.all(), prefix), "reference")
        elif letter == "C":
            net.add_cases(_beginning(Case.objects.all(), prefix), "reference")
        elif letter == "W":
            net.add_entries(_beginning(WatchlistEntry.objects.all(), prefix), "reference")
        elif letter == "F":
            files = _beginning(CaseFile.objects.select_related("case"), prefix)
            net.add_cases((file.case for file in files), "reference")


def _beginning(rows: QuerySet, prefix: str) -> QuerySet:  # type: ignore[type-arg]
    first, last = UUID(prefix + "0" * 24), UUID(prefix + "f" * 24)
    return rows.filter(id__gte=first, id__lte=last)


def _at_the_place(criteria: Criteria) -> QuerySet[Alert]:
    found = Alert.objects.filter(camera_at__gte=criteria.since, camera_at__lte=criteria.until)
    found = found.filter(site=criteria.site_id)
    return found.filter(camera_id=criteria.camera_id) if criteria.camera_id else found


def _by_rows_of(net: _Net, person: Person) -> None:
    """Rows of any app that point at the person: people of cases, names of watchlist entries."""
    for row in linked_rows(person):
        entry = getattr(row, "entry", None)
        case = getattr(row, "case", None)
        if isinstance(entry, WatchlistEntry):
            net.add_entries([entry], "person_on_record")
        elif isinstance(case, Case):
            net.add_cases([case], "person_on_record")
            net.add(
                FindingKind.CASE_PERSON,
                f"{row._meta.db_table}.{row.pk}",
                f"person of {case.reference}",
                None,
                "person_on_record",
            )
    for report in reports_naming(person.id):
        _add_report(net, report, "named_in_report")


def _spread(net: _Net, person: Person) -> None:
    """From alerts to entries, from entries to sightings and their alerts, from alerts to cases, and their papers."""
    entries = WatchlistEntry.objects.filter(alert_id__in=net.alerts)
    net.add_entries(entries, "of_the_alert")
    sightings = Sighting.objects.filter(entry_id__in=net.entries).select_related("alert")
    for sighting in sightings:
        label = f"sighting {sighting.alert.reference}"
        net.add(FindingKind.SIGHTING, sighting.id, label, sighting.seen_at, "of_the_entry")
        net.add_alerts([sighting.alert], "sighting")
    behind = [entry.alert_id for entry in net.entries.values()]
    net.add_alerts(Alert.objects.filter(id__in=behind), "of_the_entry")
    incidents = Incident.objects.filter(Q(case_id__in=net.cases) | Q(alert_id__in=net.alerts))
    for incident in incidents.select_related("alert", "case"):
        net.add_alerts([incident.alert], "of_the_case")
        net.add_cases([incident.case], "of_the_alert")
    for clip in Clip.objects.filter(alert_id__in=net.alerts).exclude(master_key=""):
        alert = net.alerts[clip.alert_id]
        label = f"footage of {alert.reference}"
        net.add(FindingKind.CLIP, alert.id, label, alert.camera_at, "of_the_alert")
    for file in CaseFile.objects.filter(case_id__in=net.cases):
        net.add(FindingKind.CASE_FILE, file.id, file.reference, file.requested_at, "of_the_case")
    for report in Report.objects.filter(case_id__in=net.cases):
        _add_report(net, report, "of_the_case")


def _add_report(net: _Net, report: Report, how: str) -> None:
    net.add(FindingKind.REPORT, report.id, report.reference, report.created_at, how)


def texts_naming(person: Person) -> Iterator[Found]:
    """Every text, and every reason in the audit trail, that holds the person's name now. Inside the tenant's scope."""
    name = "" if person.is_erased or not person.name_sealed else name_of(person)
    if len(name) < _SHORTEST_NAME:
        return
    for mention in mentions_of(name, tenant_id=person.tenant_id):
        yield _named(FindingKind.MENTION, mention.object_id, mention.label)
    named = Reason.objects.filter(tenant_id=person.tenant_id, text__icontains=name)
    for event_id in named.values_list("event_id", flat=True):
        yield _named(FindingKind.AUDIT_REASON, str(event_id), "a reason with the name")


def _named(kind: FindingKind, object_id: str, label: str) -> Found:
    return Found(kind=kind, object_id=object_id, label=label, happened_at=None, how="name_in_text")


def _by_name(net: _Net, person: Person) -> None:
    for one in texts_naming(person):
        net.add(one.kind, one.object_id, one.label, one.happened_at, one.how)


def _reasons_about(net: _Net) -> None:
    """Reasons people gave for acts on what was found."""
    ids = [one.object_id for one in net.found.values() if one.kind in _SUBJECTS]
    for event_id in reasons_of(ids):
        net.add(FindingKind.AUDIT_REASON, event_id, "a reason given", None, "about_a_finding")


_SUBJECTS = frozenset(
    [
        FindingKind.ALERT,
        FindingKind.WATCHLIST_ENTRY,
        FindingKind.SIGHTING,
    ]
)


def reasons_of(object_ids: Iterable[str]) -> Iterator[UUID]:
    """The ids of events about these objects that carry a reason whose text is still there."""
    ids = list(object_ids)
    about = Q(subject_id__in=ids) & ~Q(reason_commitment="")
    chained = Leaf.objects.filter(about).values_list("event_id", flat=True)
    waiting = InboxEntry.objects.filter(about).values_list("event_id", flat=True)
    with_text = Reason.objects.filter(event_id__in={*chained, *waiting})
    yield from with_text.values_list("event_id", flat=True)
