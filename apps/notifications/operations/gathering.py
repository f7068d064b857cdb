"""From the audit chain to the people who should hear of it.

The chain is read, not the acts: telling can neither slow an act down nor lose it, and what was told can be traced to the
event it tells of. A crash between two runs repeats nothing, because a person hears of an event once.
"""

import json
from collections.abc import Iterable
from datetime import datetime
from functools import partial
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import Max

from apps.accounts.live import publish_live
from apps.audit.events import Event, Subject
from apps.audit.models import Leaf
from apps.notifications.audience import Audience
from apps.notifications.models import Notification, NotificationCursor, NotificationMail
from apps.notifications.places import where_is
from apps.notifications.queries import forget_count
from apps.notifications.rules import RULES

MOST_AT_ONCE: Final = 500
LIVE_TOPIC: Final = "notification"


def gather(*, tenant_id: UUID, now: datetime) -> int:
    """Tell people of what was chained since the last time; return how many notifications were made.

    Inside the tenant's scope. Reads at most MOST_AT_ONCE events that somebody is told of. A tenant that is seen for the
    first time begins with what comes next. Does nothing while another process is at it.
    """
    chain = Leaf.objects.filter(tenant_id=tenant_id)
    last = chain.aggregate(last=Max("index"))["last"]
    end = 0 if last is None else last + 1
    NotificationCursor.objects.get_or_create(tenant_id=tenant_id, defaults={"next_index": end})
    cursor = NotificationCursor.objects.select_for_update(skip_locked=True)
    mine = cursor.filter(tenant_id=tenant_id).first()
    if mine is None or mine.next_index >= end:
        return 0
    new = chain.filter(index__gte=mine.next_index, index__lt=end)
    leaves = list(new.filter(event__in=list(RULES)).order_by("index")[:MOST_AT_ONCE])
    if len(leaves) == MOST_AT_ONCE:
        end = leaves[-1].index + 1
    told = _tell(tenant_id, leaves, now)
    NotificationCursor.objects.filter(tenant_id=tenant_id).update(next_index=end)
    return told


def forget(*, tenant_id: UUID, before: datetime) -> int:
    """Delete what was told before then, e-mails included; return how many. Inside the tenant's scope, service role."""
    old = Notification.objects.filter(tenant_id=tenant_id, made_at__lt=before)
    return old.delete()[1].get(Notification._meta.label, 0)


def _tell(tenant_id: UUID, leaves: list[Leaf], now: datetime) -> int:
    if not leaves:
        return 0
    audience = Audience(tenant_id)
    made = [pair for leaf in leaves for pair in _of(leaf, audience, now)]
    Notification.objects.bulk_create([row for row, _ in made])
    NotificationMail.objects.bulk_create(
        NotificationMail(notification=row, tenant_id=tenant_id, next_try_at=now)
        for row, by_email in made
        if by_email
    )
    for user_id in {row.user_id for row, _ in made if row.on_screen}:
        transaction.on_commit(partial(forget_count, user_id))
        publish_live(tenant_id=tenant_id, topic=LIVE_TOPIC, subject_id=user_id)
    return len(made)


def _of(leaf: Leaf, audience: Audience, now: datetime) -> Iterable[tuple[Notification, bool]]:
    """A notification for each person who hears of the event, and whether it goes out by e-mail."""
    rule, details = RULES[Event(leaf.event)], json.loads(leaf.details)
    if any(details.get(name) != value for name, value in rule.when.items()):
        return
    where = where_is(Subject(leaf.subject_kind, leaf.subject_id))
    if where is None:
        return
    for person in audience.who_hear(rule, where, details, without=leaf.actor):
        on_screen, by_email = audience.wants(person, rule)
        if on_screen or by_email:
            told = Notification(
                tenant_id=leaf.tenant_id,
                user=person,
                event_id=leaf.event_id,
                kind=rule.kind,
                words=rule.words,
                reference=where.reference,
                path=where.path,
                occurred_at=leaf.occurred_at,
                made_at=now,
                on_screen=on_screen,
            )
            yield told, by_email
