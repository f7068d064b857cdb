"""What came before an alert: at its camera, and, for those who may see it, around the people its cases name."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from django.db.models import Count, Max, OuterRef, Q, QuerySet, Subquery

from apps.accounts.models import User
from apps.accounts.permissions import Permission
from apps.alerts.models import Alert, Disposition
from apps.cases.models import Case, CasePerson, PersonRole
from apps.cases.queries.cases import cases_visible_to
from apps.reviews.item_queries import is_behind_another
from apps.sites.queries import allows
from apps.triage.vocabulary import label_words
from apps.watchlists.models import WatchlistEntry
from apps.watchlists.queries.entries import entries_visible_to

DAYS: Final = 30
MOST_ROWS: Final = 8


@dataclass(frozen=True, kw_only=True)
class PriorAlert:
    """An earlier alert of the camera; `stands` is its verdict, or its state while nobody has decided."""

    alert: Alert
    observed: str
    stands: str


@dataclass(frozen=True, kw_only=True)
class CameraBefore:
    """The alerts of a camera in the DAYS before one of its alerts: the newest, and how many stand how."""

    rows: tuple[PriorAlert, ...]
    total: int
    verdicts: tuple[tuple[str, int], ...]
    undecided: int


@dataclass(frozen=True, kw_only=True)
class PersonBefore:
    """The other cases in which somebody is the subject, each with `happenings` and `last_at`."""

    person_id: UUID
    named_in: str
    cases: tuple[Case, ...]


@dataclass(frozen=True, kw_only=True)
class PeopleBefore:
    """What records hold, and this person may see, of the people an alert's cases and entries are about."""

    people: tuple[PersonBefore, ...]
    entries: tuple[WatchlistEntry, ...]


def camera_before(alert: Alert) -> CameraBefore:
    """Alerts of the same camera in the DAYS before, without those that share the alert's item: two queries."""
    standing = Disposition.objects.filter(alert=OuterRef("pk"), superseded_by__isnull=True)
    earlier = _earlier_at_camera(alert).annotate(verdict=Subquery(standing.values("verdict")[:1]))
    rows = [_row(one) for one in earlier.order_by("-received_at", "id")[:MOST_ROWS]]
    counted = earlier.order_by().values_list("verdict").annotate(n=Count("pk")).order_by("-n")
    counts = list(counted)
    verdicts = tuple((verdict, n) for verdict, n in counts if verdict)
    return CameraBefore(
        rows=tuple(rows),
        total=sum(n for _, n in counts),
        verdicts=verdicts,
        undecided=sum(n for verdict, n in counts if not verdict),
    )


def names_somebody(user: User, alert: Alert) -> bool:
    """Whether there is anything `people_before` could show this person."""
    return _subjects(user, alert).exists() or _entries(user, alert, linked=()).exists()


def people_before(user: User, alert: Alert) -> PeopleBefore:
    """The standing cases and the watchlist entries of the people the alert's own cases are about.

    Only people a person connected with it: a case, an entry made from it, a sighting two people confirmed. A lead that
    waits for its two answers is not shown.
    """
    subjects = list(_subjects(user, alert).select_related("case"))
    linked = [one.entry_id for one in subjects if one.entry_id]
    others = _other_cases(user, alert, {one.person_id for one in subjects})
    named = {one.person_id: one.case.reference for one in subjects}
    people = [
        PersonBefore(person_id=who, named_in=case, cases=tuple(others[who]))
        for who, case in named.items()
    ]
    return PeopleBefore(
        people=tuple(people), entries=tuple(_entries(user, alert, linked=linked).distinct())
    )


def _earlier_at_camera(alert: Alert) -> QuerySet[Alert]:
    since = alert.received_at - timedelta(days=DAYS)
    earlier = Alert.objects.filter(
        camera_id=alert.camera_id, received_at__gte=since, received_at__lt=alert.received_at
    )
    place = getattr(alert, "membership", None)
    if place is not None and place.split_at is None:
        earlier = earlier.exclude(
            membership__item_id=place.item_id, membership__split_at__isnull=True
        )
    return earlier.exclude(is_behind_another())


def _row(alert: Any) -> PriorAlert:
    return PriorAlert(
        alert=alert, observed=label_words(alert.label), stands=alert.verdict or alert.state
    )


def _own_cases(user: User, alert: Alert) -> QuerySet[Case]:
    """The cases the alert is a happening of, or is linked with."""
    if not allows(user, Permission.VIEW_CASES, alert.site_id):
        return Case.objects.none()
    linked = Q(alert_links__alert=alert, alert_links__ended_at__isnull=True)
    return cases_visible_to(user).filter(Q(incidents__alert=alert) | linked).order_by()


def _subjects(user: User, alert: Alert) -> QuerySet[CasePerson]:
    return CasePerson.objects.filter(
        case_id__in=_own_cases(user, alert).values("pk"),
        role=PersonRole.SUBJECT,
        ended_at__isnull=True,
        person__erased_at__isnull=True,
    )


def _other_cases(user: User, alert: Alert, people: Iterable[UUID]) -> dict[UUID, list[Case]]:
    """By person, the other cases that still rest on a confirmed happening, the latest first."""
    stands = Q(incidents__disposition__superseded_by__isnull=True)
    cases = (
        cases_visible_to(user)
        .filter(stands, merged_into__isnull=True)
        .exclude(pk__in=_own_cases(user, alert).values("pk"))
        .annotate(
            happenings=Count("incidents", filter=stands, distinct=True),
            last_at=Max("incidents__occurred_at", filter=stands),
        )
    )
    rows = CasePerson.objects.filter(
        person_id__in=list(people), role=PersonRole.SUBJECT, ended_at__isnull=True
    ).values_list("person_id", "case_id")
    of_case: dict[UUID, set[UUID]] = defaultdict(set)
    for person, case in rows:
        of_case[case].add(person)
    found: dict[UUID, list[Case]] = defaultdict(list)
    for one in cases.filter(pk__in=list(of_case)).order_by("-last_at", "-id"):
        for person in of_case[one.pk]:
            found[person].append(one)
    return found


def _entries(user: User, alert: Alert, *, linked: Iterable[UUID]) -> QuerySet[WatchlistEntry]:
    about = Q(alert=alert) | Q(sightings__alert=alert) | Q(pk__in=list(linked))
    return entries_visible_to(user).filter(about)
