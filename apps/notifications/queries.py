"""What a person was told, and what they want to hear of."""

import logging
from typing import Final

from django.conf import settings
from django.core.cache import cache
from django.db.models import QuerySet
from django.utils import timezone
from redis.exceptions import RedisError

from apps.accounts.models import User
from apps.notifications.models import Notification, NotificationChoice
from apps.sites.queries import sites_visible_to

_log = logging.getLogger(__name__)
_KEPT_SECONDS: Final = 300
MOST_COUNTED: Final = 99


def notifications_of(user: User) -> QuerySet[Notification]:
    """What the person was told on screen, newest first."""
    return Notification.objects.filter(user=user, on_screen=True)


def unread_of(user: User) -> QuerySet[Notification]:
    return notifications_of(user).filter(read_at__isnull=True)


def choice_of(user: User) -> NotificationChoice:
    """The person's choice; until they chose, the defaults in the time zone of a site where they work (not saved)."""
    chosen = NotificationChoice.objects.filter(user=user).first()
    if chosen is not None:
        return chosen
    site = sites_visible_to(user).first()
    return NotificationChoice(
        user=user,
        tenant_id=user.tenant_id,
        timezone=site.timezone if site else settings.TIME_ZONE,
        chosen_at=timezone.now(),
    )


def kept_count(user: User) -> int | None:
    """How many are unread as last counted, at most MOST_COUNTED + 1; None when nobody counted lately. No query."""
    try:
        count = cache.get(_key(user.pk))
    except (RedisError, OSError) as error:
        _log.warning("the count of notifications is not kept: %s", type(error).__name__)
        return None
    return None if count is None else int(count)


def count_unread(user: User) -> int:
    """Count anew, at most MOST_COUNTED + 1, and keep it for the pages that follow."""
    count = unread_of(user)[: MOST_COUNTED + 1].count()
    try:
        cache.set(_key(user.pk), count, _KEPT_SECONDS)
    except (RedisError, OSError) as error:
        _log.warning("the count of notifications is not kept: %s", type(error).__name__)
    return count


def forget_count(user_id: object) -> None:
    """Have it counted again."""
    try:
        cache.delete(_key(user_id))
    except (RedisError, OSError) as error:
        _log.warning("the count of notifications is kept too long: %s", type(error).__name__)


def _key(user_id: object) -> str:
    return f"notifications-unread:{user_id}"
