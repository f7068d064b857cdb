"""Review items: joined when an alert is routed, split and joined again by people, ended by a decision."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext

from apps.accounts.live import publish_live
from apps.accounts.models import User
from apps.alerts.models import Alert
from apps.audit.events import Actor, Event, Subject
from apps.audit.operations import record
from apps.reviews.item_queries import may_regroup
from apps.reviews.models import ItemMember, ReviewItem
from apps.sites.models import CameraLink
from apps.triage.grouping import Candidate, Cluster, GroupingSettings, place
from apps.triage.states import ITEM, AlertState, ItemState

SETTINGS = GroupingSettings()
LONGEST_REASON = 500
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class UnableToRegroup(Exception):
    """The alert cannot be split off or joined again; `sentence` says why."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


def join_item(
    *, alert: Alert, now: datetime, settings: GroupingSettings = SETTINGS
) -> ReviewItem | None:
    """Put an alert that has just come before people with what is the same happening; None: it stands alone.

    Runs inside the transaction that routed it, after its task was opened, and holds the site's lock until that ends. One
    query where nothing is near. Blind audits and model reviews are never grouped: the one has to be judged alone to be an
    unbiased label, the other is a question about the detector and not about a person.
    """
    if alert.state != AlertState.AWAITING_REVIEW or alert.sampled_blind:
        return None
    found = _neighbours(alert, settings)
    new = next((one for one, _ in found if one.id == str(alert.id)), None)
    if new is None or len(found) == 1:
        return None
    clusters, items = _clusters(found, without=new)
    united = place(new=new, clusters=clusters, adjacent=_adjacent(found), settings=settings)
    united = _still_waiting(united)
    if not united:
        return None
    return _unite(alert, new, united, items, now=now, version=settings.version)


def split_alert(*, actor: Actor, user: User, alert: Alert, reason: str, now: datetime) -> None:
    """Take an alert out of its item: it is a row of its own again, and is not grouped anew. Raises UnableToRegroup."""
    _require_may(user, alert, reason)
    with transaction.atomic():
        _lock_site(alert)
        member = _waiting_member(alert)
        if member is None or member.split_at is not None:
            raise UnableToRegroup(gettext("This alert does not wait in an item with others."))
        if not _members(member.item).exclude(alert=alert).exists():
            raise UnableToRegroup(gettext("This alert is alone in its item already."))
        _split(actor, member, reason=reason, now=now)
        _choose_lead(actor, member.item)


def rejoin_alert(*, actor: Actor, user: User, alert: Alert, reason: str, now: datetime) -> None:
    """Undo a split while both sides still wait. Raises UnableToRegroup."""
    _require_may(user, alert, reason)
    with transaction.atomic():
        _lock_site(alert)
        member = _waiting_member(alert)
        if member is None or member.split_at is None:
            raise UnableToRegroup(gettext("This alert was not split off, or no longer waits."))
        item = member.item
        if item.state != ItemState.OPEN or not _members(item).exists():
            raise UnableToRegroup(gettext("What it was split from has been decided meanwhile."))
        member.split_at, member.split_by, member.split_reason = None, None, ""
        member.save(update_fields=["split_at", "split_by", "split_reason"])
        _record(actor, Event.ITEM_JOINED, item, alert.id, reason=reason, again="yes")
        _choose_lead(actor, item)
        _tell(alert)


def settle_item(
    *, actor: Actor, alert: Alert, covered: Iterable[UUID], verdict_words: str, now: datetime
) -> None:
    """End the item of an alert that was just decided: it leads, what the decision did not cover stands alone.

    Called in the transaction of the decision, with the alerts locked.
    """
    place_of = ItemMember.objects.select_related("item").filter(alert=alert, split_at__isnull=True)
    member = place_of.first()
    if member is None or member.item.state != ItemState.OPEN:
        return
    item, together = member.item, {alert.id, *covered}
    _lead(actor, item, alert.id)
    for other in _members(item).exclude(alert_id__in=together).select_related("alert"):
        _split(actor, other, reason=f"Not part of the decision ({verdict_words}).", now=now)
    ITEM.require(item.state, ItemState.DECIDED)
    ReviewItem.objects.filter(id=item.id, state=ItemState.OPEN).update(state=ItemState.DECIDED)
    _record(actor, Event.ITEM_DECIDED, item, alert.id)


# --- joining


def _neighbours(alert: Alert, settings: GroupingSettings) -> list[tuple[Candidate, UUID | None]]:
    """The alert itself and every waiting one that is linked to it, with all others of their items."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT * FROM reviews_neighbours("
            "%s, %s, make_interval(secs => %s), make_interval(secs => %s))",
            [alert.id, alert.site_id, settings.gap_seconds, settings.longest_seconds],
        )
        rows = cursor.fetchall()
    return [
        (
            Candidate(
                id=str(alert_id),
                site=str(alert.site_id),
                camera=str(camera_id),
                starts=(starts - _EPOCH).total_seconds(),
                ends=(max(starts, ends) - _EPOCH).total_seconds(),
                priority=priority,
            ),
            item_id,
        )
        for alert_id, camera_id, starts, ends, priority, item_id in rows
    ]


def _clusters(
    found: list[tuple[Candidate, UUID | None]], *, without: Candidate
) -> tuple[list[Cluster], dict[str, UUID]]:
    """What is there already, and the item of each alert that has one."""
    together: dict[object, list[Candidate]] = defaultdict(list)
    for one, item_id in found:
        if one.id != without.id:
            together[item_id or one.id].append(one)
    items = {one.id: item_id for one, item_id in found if item_id is not None}
    return [Cluster(members=tuple(members)) for members in together.values()], items


def _adjacent(found: list[tuple[Candidate, UUID | None]]) -> set[frozenset[str]]:
    cameras = {UUID(one.camera) for one, _ in found}
    if len(cameras) == 1:
        return set()
    links = CameraLink.objects.filter(first_id__in=cameras, second_id__in=cameras)
    return {frozenset(map(str, pair)) for pair in links.values_list("first_id", "second_id")}


def _still_waiting(united: tuple[Cluster, ...]) -> tuple[Cluster, ...]:
    """Lock the alerts, smallest id first like a decision does, and leave out what was decided meanwhile."""
    if not united:
        return ()
    ids = [member.id for cluster in united for member in cluster.members]
    waiting = {
        str(id_)
        for id_ in Alert.objects.select_for_update(of=("self",))
        .filter(id__in=ids, state=AlertState.AWAITING_REVIEW)
        .order_by("id")
        .values_list("id", flat=True)
    }
    return tuple(c for c in united if all(member.id in waiting for member in c.members))


def _unite(
    alert: Alert,
    new: Candidate,
    united: tuple[Cluster, ...],
    items: dict[str, UUID],
    *,
    now: datetime,
    version: str,
) -> ReviewItem:
    actor, whole = Actor.system(alert.tenant_id), Cluster(members=(new,))
    for cluster in united:
        whole = whole.and_also(cluster)
    known = [items[c.members[0].id] for c in united if c.members[0].id in items]
    item = ReviewItem.objects.filter(id=known[0]).first() if known else None
    if item is None:
        item = ReviewItem.objects.create(
            tenant_id=alert.tenant_id,
            site_id=alert.site_id,
            lead_id=whole.lead.id,
            opened_at=now,
            settings_version=version,
        )
    _dissolve(known[1:], into=item)
    for one in whole.members:
        if items.get(one.id) != item.id:
            _join(actor, item, one, now=now, moved=one.id in items)
    _lead(actor, item, UUID(whole.lead.id))
    publish_live(
        tenant_id=alert.tenant_id, topic="alert", subject_id=item.lead_id, site_id=alert.site_id
    )
    return item


def _dissolve(others: list[UUID], *, into: ReviewItem) -> None:
    if others:
        ReviewItem.objects.filter(id__in=others, state=ItemState.OPEN).update(
            state=ItemState.DISSOLVED
        )
        # Who was split off one of them may join what it has become.
        ItemMember.objects.filter(item_id__in=others, split_at__isnull=False).update(item=into)


def _join(actor: Actor, item: ReviewItem, one: Candidate, *, now: datetime, moved: bool) -> None:
    alert_id = UUID(one.id)
    if moved:
        ItemMember.objects.filter(alert_id=alert_id).update(item=item)
    else:
        ItemMember.objects.create(
            alert_id=alert_id,
            tenant_id=item.tenant_id,
            item=item,
            starts_at=_EPOCH + timedelta(seconds=one.starts),
            ends_at=_EPOCH + timedelta(seconds=one.ends),
            joined_at=now,
        )
    _record(actor, Event.ITEM_JOINED, item, alert_id, rule=item.settings_version)


# --- splitting, leading, ending


def _require_may(user: User, alert: Alert, reason: str) -> None:
    if not may_regroup(user, alert):
        raise UnableToRegroup(gettext("You may not decide alerts at this site."))
    if not 0 < len(reason.strip()) <= LONGEST_REASON or "\x00" in reason:
        raise UnableToRegroup(
            gettext("Give a reason, in at most %(longest_reason)s characters.")
            % {"longest_reason": LONGEST_REASON}
        )


def _lock_site(alert: Alert) -> None:
    """The lock that joining takes: an item changes by one act at a time."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended('review item/' || %s, 0))",
            [str(alert.site_id)],
        )


def _waiting_member(alert: Alert) -> ItemMember | None:
    """The alert's place, with all waiting alerts of its item locked in the order a decision locks them."""
    found = ItemMember.objects.filter(alert=alert).first()
    if found is None:
        return None
    in_item = Alert.objects.select_for_update(of=("self",)).filter(membership__item=found.item_id)
    waiting = {a.id for a in in_item.order_by("id") if a.state == AlertState.AWAITING_REVIEW}
    if alert.id not in waiting:
        return None
    return ItemMember.objects.select_related("item").get(alert=alert)


def _members(item: ReviewItem) -> QuerySet[ItemMember]:
    return ItemMember.objects.filter(item=item, split_at__isnull=True)


def _split(actor: Actor, member: ItemMember, *, reason: str, now: datetime) -> None:
    """`reason` goes to the member's row in words and into the chain as a commitment."""
    split_by = actor.user_id
    ItemMember.objects.filter(alert_id=member.alert_id, split_at__isnull=True).update(
        split_at=now, split_by=split_by, split_reason=reason.strip()
    )
    _record(actor, Event.ITEM_SPLIT, member.item, member.alert_id, reason=reason)
    _tell(member.alert)


def _choose_lead(actor: Actor, item: ReviewItem) -> None:
    """The alert worth most a minute leads; of equals the earliest."""
    first = _members(item).order_by("-alert__priority", "starts_at", "ends_at", "alert_id").first()
    if first is not None:
        _lead(actor, item, first.alert_id)


def _lead(actor: Actor, item: ReviewItem, alert_id: UUID) -> None:
    if item.lead_id == alert_id:
        return
    before = item.lead_id
    ReviewItem.objects.filter(id=item.id).update(lead_id=alert_id)
    item.lead_id = alert_id
    _record(actor, Event.ITEM_LEAD_CHANGED, item, alert_id, before=str(before))


def _record(
    actor: Actor,
    event: Event,
    item: ReviewItem,
    alert_id: UUID,
    *,
    reason: str = "",
    **details: str,
) -> None:
    record(
        actor=actor,
        event=event,
        subject=Subject("alert", alert_id),
        reason=reason,
        details={"item": str(item.id)} | details,
    )


def _tell(alert: Alert) -> None:
    publish_live(
        tenant_id=alert.tenant_id, topic="alert", subject_id=alert.id, site_id=alert.site_id
    )
