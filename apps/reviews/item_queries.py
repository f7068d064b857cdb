"""Reading review items: what stands behind a row, what is behind another row, what a decision would cover."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Count, Exists, F, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from apps.accounts.models import User
from apps.accounts.permissions import Permission
from apps.alerts.models import Alert
from apps.reviews.models import ItemMember, ReviewItem
from apps.reviews.payload import DecisionPayload, Duplicate
from apps.reviews.queries import objection
from apps.sites.queries import allows
from apps.triage.states import AlertState, ItemState

# For a statement that writes facts in SQL: whether the row `alert` of alerts_alert is a duplicate.
IS_DUPLICATE_SQL = """EXISTS (
    SELECT 1 FROM reviews_itemmember member JOIN reviews_reviewitem item ON item.id = member.item_id
    WHERE member.alert_id = alert.id AND member.split_at IS NULL AND item.lead_id <> alert.id
)"""


def duplicates() -> QuerySet[ItemMember]:
    """Alerts that stand in an item behind another one: they cost no look and count in no figure."""
    return ItemMember.objects.filter(split_at__isnull=True).exclude(alert_id=F("item__lead_id"))


def duplicate_alert_ids(*, tenant_id: UUID) -> QuerySet[ItemMember, UUID]:
    """The ids of a tenant's duplicates, for a subquery."""
    return duplicates().filter(tenant_id=tenant_id).values_list("alert_id", flat=True)


def is_behind_another() -> Exists:
    """Of an Alert query: whether the row of another alert in the same state stands for it.

    An alert whose lead has gone elsewhere is shown: nothing is hidden behind what is not there.
    """
    return Exists(
        duplicates().filter(
            alert_id=OuterRef("pk"),
            item__lead__state=OuterRef("state"),
            item__lead__membership__item_id=F("item_id"),
            item__lead__membership__split_at__isnull=True,
        )
    )


def behind_count() -> Coalesce:
    """Of an Alert query: how many other alerts its row stands for."""
    return Coalesce(_behind(Count("alert_id")), 0)


def other_cameras_count() -> Coalesce:
    """Of an Alert query: on how many other cameras the alerts behind its row were raised."""
    other = Count("alert__camera_id", distinct=True)
    return Coalesce(_behind(other, of_other_cameras=True), 0)


def _behind(figure: Count, *, of_other_cameras: bool = False) -> Subquery:
    behind = duplicates().filter(item__lead_id=OuterRef("pk")).order_by()
    if of_other_cameras:
        behind = behind.exclude(alert__camera_id=OuterRef("camera_id"))
    counted = behind.values("item__lead_id").annotate(figure=figure).values("figure")
    return Subquery(counted, output_field=IntegerField())


def leads_of(alerts: QuerySet[Alert]) -> QuerySet[ItemMember, UUID]:
    """The alerts in front of those given, so that a filter that fits a duplicate finds its row."""
    return duplicates().filter(alert__in=alerts).values_list("item__lead_id", flat=True)


def item_of(alert: Alert) -> ReviewItem | None:
    """The item the alert stands in; None when it is on its own, or was split off."""
    place = ItemMember.objects.filter(alert=alert, split_at__isnull=True).select_related("item")
    found = place.first()
    return found.item if found else None


def others_of(item: ReviewItem, alert: Alert) -> list[Alert]:
    """The other alerts of an item, in time order."""
    others = Alert.objects.filter(membership__item=item, membership__split_at__isnull=True)
    found = others.exclude(id=alert.id).select_related("site", "camera", "clip")
    return list(found.order_by("membership__starts_at", "id"))


def covered_by(*, user: User, alert: Alert, payload: DecisionPayload) -> tuple[Duplicate, ...]:
    """The other alerts of the item that this person's decision settles as well, each in its version.

    Whatever would be refused about one of them on its own page leaves it out: theft is confirmed of no clip
    whose marked span this person has not played.
    """
    item = item_of(alert)
    if item is None:
        return ()
    return tuple(
        Duplicate(alert_id=other.id, version=other.version)
        for other in others_of(item, alert)
        if objection(
            user=user, alert=other, verdict=payload.verdict, transfer_seen=payload.transfer_seen
        )
        is None
    )


@dataclass(frozen=True, kw_only=True)
class ItemCard:
    """The other alerts of an item as the alert page lists them."""

    item: ReviewItem | None
    others: tuple[Alert, ...]
    lead_id: UUID | None
    may_split: bool
    split: ItemMember | None
    may_rejoin: bool

    @property
    def may_act(self) -> bool:
        return self.may_split or self.may_rejoin


def item_card(*, user: User, alert: Alert) -> ItemCard | None:
    """What the page says about the item; None for an alert that stands alone and always has."""
    place: ItemMember | None = getattr(alert, "membership", None)
    if place is None:
        return None
    others = () if place.split_at else tuple(others_of(place.item, alert))
    if not others and place.split_at is None:
        return None
    may_act = alert.is_waiting and may_regroup(user, alert)
    return ItemCard(
        item=place.item,
        others=others,
        lead_id=place.item.lead_id,
        may_split=may_act and bool(others),
        split=place if place.split_at else None,
        may_rejoin=may_act and place.split_at is not None and _still_open(place),
    )


def may_regroup(user: User, alert: Alert) -> bool:
    """Whoever decides alerts of the site, or gives out its tasks, also says what belongs together."""
    return allows(user, Permission.DECIDE, alert.site_id) or allows(
        user, Permission.ASSIGN_TASKS, alert.site_id
    )


def _still_open(place: ItemMember) -> bool:
    item = place.item
    return item.state == ItemState.OPEN and item.lead.state == AlertState.AWAITING_REVIEW


def happening_of(alert: Alert) -> ReviewItem | None:
    """The decided item whose theft this alert belongs to, locked, so that one happening becomes one case."""
    place = ItemMember.objects.filter(alert=alert, split_at__isnull=True).first()
    if place is None:
        return None
    return ReviewItem.objects.select_for_update().get(id=place.item_id)


def decided_untold(*, before: datetime) -> QuerySet[Alert]:
    """Alerts that another alert's decision settled and whose own run has not carried that out yet."""
    return Alert.objects.filter(
        state=AlertState.RESOLVED,
        resolved_at__lt=before,
        failed_step="",
        outbox__finished_at__isnull=True,
        membership__in=duplicates(),
    )
