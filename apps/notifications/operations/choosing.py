"""What a person does with notifications: reads them, and chooses what to hear of."""

from collections.abc import Iterable
from datetime import datetime, time
from functools import partial
from zoneinfo import available_timezones

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext

from apps.accounts.live import publish_live
from apps.accounts.models import User
from apps.audit.events import Actor, Event, Subject
from apps.audit.operations import record
from apps.notifications.models import Notification, NotificationChoice, NotificationMail
from apps.notifications.operations.gathering import LIVE_TOPIC
from apps.notifications.queries import forget_count, unread_of
from apps.notifications.rules import Kind
from apps.triage.states import MailState


class UnableToChoose(Exception):
    """The choice cannot be kept; the message says why."""


def mark_read(*, actor: Actor, user: User, now: datetime, only: Notification | None = None) -> int:
    """Mark one, or everything the person was told, as read; return how many were unread."""
    with transaction.atomic():
        unread = unread_of(user)
        if only is not None:
            unread = unread.filter(id=only.id)
        count = unread.update(read_at=now)
        if count:
            record(
                actor=actor,
                event=Event.NOTIFICATIONS_READ,
                subject=Subject("user", user.id),
                details={"count": count, "notification": str(only.id) if only else "all"},
            )
            transaction.on_commit(partial(forget_count, user.pk))
            publish_live(tenant_id=user.tenant_id, topic=LIVE_TOPIC, subject_id=user.id)
    return count


def choose(
    *,
    actor: Actor,
    user: User,
    on_screen: Iterable[Kind],
    by_email: Iterable[Kind],
    quiet_from: time | None,
    quiet_until: time | None,
    timezone: str,
    language: str,
    now: datetime,
) -> NotificationChoice:
    """Keep what the person wants to hear of. E-mails that wait for the end of quiet hours are looked at anew.

    Raises UnableToChoose for half a quiet time, an unknown time zone or an unknown language.
    """
    chosen = {
        "on_screen": sorted(set(on_screen)),
        "by_email": sorted(set(by_email)),
        "quiet_from": quiet_from,
        "quiet_until": quiet_until,
        "timezone": timezone,
        "language": language,
    }
    _require(quiet_from, quiet_until, timezone, language)
    with transaction.atomic():
        choice, _ = NotificationChoice.objects.update_or_create(
            user=user, defaults={"tenant_id": user.tenant_id, "chosen_at": now, **chosen}
        )
        NotificationMail.objects.filter(
            notification__user=user, state=MailState.WAITING, tries=0
        ).update(next_try_at=now)
        record(
            actor=actor,
            event=Event.NOTIFICATIONS_CHOSEN,
            subject=Subject("user", user.id),
            after={name: str(value) for name, value in chosen.items()},
        )
    return choice


def _require(quiet_from: time | None, quiet_until: time | None, zone: str, language: str) -> None:
    if (quiet_from is None) != (quiet_until is None):
        raise UnableToChoose(gettext("Quiet hours need a beginning and an end, or neither."))
    if quiet_from is not None and quiet_from == quiet_until:
        raise UnableToChoose(
            gettext("Quiet hours that end when they begin are none. Leave both empty.")
        )
    if zone not in available_timezones():
        raise UnableToChoose(
            gettext("%(zone)s is not a time zone such as Europe/Madrid.") % {"zone": zone}
        )
    if language not in dict(settings.LANGUAGES):
        raise UnableToChoose(gettext("There are no e-mails in this language."))
