"""Whose cases a person sees, what lies in one, and who confirmed it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, IntegerField, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from apps.accounts.models import User
from apps.alerts.models import Alert, Disposition
from apps.cases.models import Case, CaseLink, Exhibit, Incident
from apps.evidence.models import EvidenceItem, EvidenceKind
from apps.reviews.models import Confirmation
from apps.sites.queries import at_sites_of
from apps.triage.states import EvidenceState, Verdict


def cases_visible_to(user: User) -> QuerySet[Case]:
    """The cases of the person's sites, newest first, with `exhibit_count`."""
    cases = Case.objects.filter(at_sites_of(user))
    own = Exhibit.objects.filter(item__alert__incident__case=OuterRef("pk")).order_by()
    counted = own.values("item__alert__incident__case").annotate(n=Count("pk")).values("n")
    count = Coalesce(Subquery(counted, output_field=IntegerField()), Value(0))
    return cases.select_related("site").annotate(exhibit_count=count).order_by("-opened_at", "-id")


def exhibits_of(case: Case) -> QuerySet[Exhibit]:
    """The exhibits of the alerts whose incidents are in the case now: its own first, then those of merged cases."""
    found = Exhibit.objects.filter(item__alert__incident__case=case)
    return found.select_related("item", "case").order_by("case__opened_at", "case_id", "number")


def confirmers_of(case: Case) -> set[UUID]:
    """Everybody who confirmed any incident of the case, or whose confirmation opened it."""
    incidents = case.incidents.all()
    decided = incidents.values_list("disposition__decided_by", flat=True)
    alerts = incidents.values("alert_id")
    confirmed = Confirmation.objects.filter(task__alert_id__in=alerts)
    return {case.opened_by, *decided, *confirmed.values_list("user_id", flat=True)}


@dataclass(frozen=True, kw_only=True)
class Instead:
    """The verdict that stands where a confirmation was taken back."""

    verdict: str
    decided_by: UUID
    decided_at: datetime


def taken_back(case: Case) -> dict[UUID, Disposition]:
    """The incidents whose confirmation was superseded by another verdict, with the verdict that stands, by incident."""
    standing = Disposition.objects.filter(superseded_by__isnull=True).exclude(
        verdict=Verdict.THEFT_CONFIRMED
    )
    found = standing.filter(alert__incident__case=case).select_related("alert__incident")
    return {one.alert.incident.id: one for one in found}


@dataclass(frozen=True, kw_only=True)
class Rest:
    """An incident of a case, the newest dossier of its alert, and what was decided instead where it was taken back."""

    incident: Incident
    dossier_id: UUID | None
    instead: Instead | None

    @property
    def alert(self) -> Alert:
        return self.incident.alert


def rests_of(case: Case) -> list[Rest]:
    """What a case rests on, in the order in which it happened: one query."""
    standing = Disposition.objects.filter(
        alert=OuterRef("alert"), superseded_by__isnull=True
    ).exclude(verdict=Verdict.THEFT_CONFIRMED)
    dossiers = EvidenceItem.objects.filter(
        alert=OuterRef("alert"), kind=EvidenceKind.DOSSIER, state=EvidenceState.KEPT
    )
    found = case.incidents.select_related("alert__camera", "alert__site").annotate(
        dossier_id=Subquery(dossiers.order_by("-acquired_at").values("pk")[:1]),
        **{
            f"instead_{name}": Subquery(standing.values(name)[:1])
            for name in ("verdict", "decided_by", "decided_at")
        },
    )
    return [Rest(incident=one, dossier_id=one.dossier_id, instead=_instead(one)) for one in found]


def _instead(one: Any) -> Instead | None:
    if one.instead_verdict is None:
        return None
    return Instead(
        verdict=one.instead_verdict,
        decided_by=one.instead_decided_by,
        decided_at=one.instead_decided_at,
    )


def stands_on_nothing(case: Case) -> bool:
    """Whether every confirmation the case rests on was taken back."""
    return len(taken_back(case)) == case.incidents.count() > 0


def links_of(case: Case) -> list[tuple[CaseLink, Case]]:
    """The standing links with other cases, each with the other one."""
    standing = CaseLink.objects.filter(Q(case=case) | Q(other=case), ended_at=None)
    links = standing.select_related("case__site", "other__site")
    return [(link, link.other if link.case_id == case.id else link.case) for link in links]
