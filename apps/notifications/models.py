"""What people were told, what they want to hear of, and how far the chain was read for it."""

import uuid

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext

from apps.accounts.models import Tenant, User
from apps.notifications.rules import BY_EMAIL, KIND_WORDS, OFTEN, Kind
from apps.sites.models import validate_timezone
from apps.triage.states import MailState


def kinds_on_screen() -> list[str]:
    """What a person hears of in the browser until they choose."""
    return [kind.value for kind in Kind if kind not in OFTEN]


def kinds_by_email() -> list[str]:
    """What a person hears of by e-mail until they choose."""
    return [kind.value for kind in Kind if kind in BY_EMAIL]


class Notification(models.Model):
    """One event, told to one person. It holds a reference and an address inside this product, nothing else.

    `words` are one of the sentences of `RULES`, in English; `said` is what a reader sees.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="notifications")
    event_id = models.UUIDField(help_text="The event of the audit chain it tells of.")
    kind = models.CharField(max_length=20, choices=[(k.value, w) for k, w in KIND_WORDS.items()])
    words = models.CharField(max_length=120)
    reference = models.CharField(max_length=40, blank=True)
    path = models.CharField(max_length=200)
    occurred_at = models.DateTimeField()
    made_at = models.DateTimeField()
    on_screen = models.BooleanField()
    read_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-occurred_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["user", "event_id"], name="notification_once_a_person"),
            models.CheckConstraint(
                condition=models.Q(kind__in=[kind.value for kind in Kind]),
                name="notification_kind_is_known",
            ),
        ]
        indexes = [
            models.Index(
                fields=["user", "-occurred_at", "-id"],
                condition=models.Q(on_screen=True),
                name="notification_of_user",
            ),
            models.Index(
                fields=["user"],
                condition=models.Q(on_screen=True, read_at__isnull=True),
                name="notification_unread",
            ),
            models.Index(fields=["tenant", "made_at"], name="notification_by_age"),
        ]

    def __str__(self) -> str:
        return f"{self.words} {self.reference}".strip()

    @property
    def said(self) -> str:
        """The sentence in the reader's language, with the reference."""
        return f"{gettext(self.words)} {self.reference}".strip()


class NotificationMail(models.Model):
    """A notification that also goes out by e-mail, and how that went."""

    notification = models.OneToOneField(
        Notification, primary_key=True, on_delete=models.CASCADE, related_name="mail"
    )
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(
        max_length=8,
        choices=[(state.value, state.value) for state in MailState],
        default=MailState.WAITING,
    )
    tries = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField()
    tried_at = models.DateTimeField(null=True, blank=True)
    problem = models.CharField(max_length=120, blank=True)

    class Meta:
        ordering = ["-next_try_at"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=list(MailState)), name="notification_mail_is_known"
            )
        ]
        indexes = [
            models.Index(
                fields=["next_try_at"],
                condition=models.Q(state=MailState.WAITING),
                name="notification_mail_due",
            )
        ]

    def __str__(self) -> str:
        return f"e-mail of {self.notification_id}"


class NotificationChoice(models.Model):
    """What one person wants to hear of, where, in which language, and when not by e-mail."""

    user = models.OneToOneField(
        User, primary_key=True, on_delete=models.PROTECT, related_name="notification_choice"
    )
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    on_screen = ArrayField(models.CharField(max_length=20), default=kinds_on_screen, blank=True)
    by_email = ArrayField(models.CharField(max_length=20), default=kinds_by_email, blank=True)
    quiet_from = models.TimeField(null=True, blank=True)
    quiet_until = models.TimeField(null=True, blank=True)
    timezone = models.CharField(max_length=64, default="UTC", validators=[validate_timezone])
    language = models.CharField(
        max_length=8, default=settings.LANGUAGE_CODE, help_text="Of the e-mails: en, es."
    )
    chosen_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(quiet_from=None, quiet_until=None)
                | models.Q(quiet_from__isnull=False, quiet_until__isnull=False),
                name="quiet_hours_begin_and_end",
            )
        ]

    def __str__(self) -> str:
        return f"choice of {self.user_id}"


class NotificationCursor(models.Model):
    """The next place of a tenant's chain to be read."""

    tenant = models.OneToOneField(
        Tenant, primary_key=True, on_delete=models.PROTECT, related_name="+"
    )
    next_index = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.tenant_id} from {self.next_index}"
