"""What is held, by whom and why."""

from uuid import UUID

from django.db.models import Q, QuerySet

from apps.accounts.models import User
from apps.alerts.models import Alert
from apps.evidence.models import EvidenceItem, Hold, HoldKind
from apps.sites.queries import sites_visible_to
from apps.triage.states import EvidenceState, HoldState


def holds_in_force(tenant_id: UUID) -> QuerySet[Hold]:
    return Hold.objects.filter(tenant_id=tenant_id, state=HoldState.IN_FORCE)


def holds_visible_to(user: User) -> QuerySet[Hold]:
    """The holds on what lies at the person's sites, newest first."""
    sites = sites_visible_to(user)
    cases = Alert.objects.filter(site__in=sites, incident__isnull=False)
    return (
        Hold.objects.filter(tenant_id=user.tenant_id)
        .filter(
            Q(item__alert__site__in=sites)
            | Q(alert__site__in=sites)
            | Q(case_id__in=cases.values("incident__case_id"))
        )
        .select_related("item__alert__site", "alert__site")
        .distinct()
    )


def items_of(hold: Hold) -> QuerySet[EvidenceItem]:
    """The files a hold covers today; one that comes later is covered as well."""
    there = EvidenceItem.objects.exclude(state=EvidenceState.DELETED)
    if hold.item_id is not None:
        return there.filter(id=hold.item_id)
    if hold.alert_id is not None:
        return there.filter(alert_id=hold.alert_id)
    assert hold.case_id is not None
    now_or_then = Q(alert__incident__case_id=hold.case_id) | Q(alert_id__in=hold.alert_ids)
    return there.filter(now_or_then)


def held_items(items: QuerySet[EvidenceItem]) -> QuerySet[EvidenceItem]:
    """Those of the items that any hold in force covers."""
    holds = Hold.objects.filter(state=HoldState.IN_FORCE)
    return items.filter(
        Q(id__in=holds.filter(item__isnull=False).values("item_id"))
        | Q(alert_id__in=held_alerts().values("id"))
    )


def held_alerts() -> QuerySet[Alert]:
    """Alerts of which everything is held: by themselves, or through their case."""
    holds = Hold.objects.filter(state=HoldState.IN_FORCE)
    of_cases = holds.filter(case_id__isnull=False)
    then = [one for ids in of_cases.values_list("alert_ids", flat=True) for one in ids]
    return Alert.objects.filter(
        Q(id__in=holds.filter(alert__isnull=False).values("alert_id"))
        | Q(incident__case_id__in=of_cases.values("case_id"))
        | Q(id__in=then)
    )


def holds_over(item: EvidenceItem) -> list[Hold]:
    """Every hold, released ones too, that covers an item: its own, its alert's, its case's; newest first."""
    cases = Alert.objects.filter(id=item.alert_id).values("incident__case_id")
    over = Q(item_id=item.id) | Q(alert_id=item.alert_id) | Q(case_id__in=cases)
    over |= Q(alert_ids__contains=[item.alert_id])
    return list(Hold.objects.filter(over, tenant_id=item.tenant_id))


def alerts_of_case(case_id: UUID) -> list[UUID]:
    """The alerts that belong to a case now; none for a case that is not known here."""
    alerts = Alert.objects.filter(incident__case_id=case_id).order_by("id")
    return list(alerts.values_list("id", flat=True))


def subject_of(hold: Hold) -> tuple[str, UUID]:
    """The thing held, as the audit chain names it: kind and id."""
    if hold.item_id is not None:
        return "evidence_item", hold.item_id
    if hold.alert_id is not None:
        return "alert", hold.alert_id
    assert hold.case_id is not None
    return "case", hold.case_id


def words_of(hold: Hold) -> str:
    """A hold as a ground for keeping something, in words."""
    return f"{HoldKind(hold.kind).label} {hold.reference}: {hold.reason}"
