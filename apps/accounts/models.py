"""Who works here: tenants and their people. Identity tables, read before a tenant is known, so not under row security."""

import uuid
from typing import ClassVar

from django.contrib.auth.models import AbstractUser
from django.contrib.auth.models import UserManager as DjangoUserManager
from django.core.validators import MinValueValidator, RegexValidator
from django.db import models

from apps.accounts.permissions import ROLE_PERMISSIONS, Permission, Role


class Tenant(models.Model):
    """A retailer. Every other row belongs to exactly one."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    slug = models.SlugField(unique=True)
    name = models.CharField(max_length=120)
    currency = models.CharField(
        max_length=3,
        default="EUR",
        validators=[RegexValidator(r"^[A-Z]{3}$", "Three capitals, such as EUR.")],
    )
    is_drill = models.BooleanField(
        default=False,
        help_text="A rehearsal tenant: labelled on every screen, left out of statistics.",
    )
    review_sla_seconds = models.PositiveIntegerField(
        default=900, validators=[MinValueValidator(30)], help_text="When a waiting alert is due."
    )
    clip_wait_seconds = models.PositiveIntegerField(
        default=600,
        help_text="How long an announced clip is waited for before a person sees the alert without it.",
    )
    exhibit_retention_days = models.FloatField(
        default=365.0,
        validators=[MinValueValidator(0.0001)],
        help_text="Object Lock on a sealed exhibit.",
    )
    blind_audit_share = models.FloatField(
        default=0.02,
        help_text="Share of archived alerts that go to a person without the machine's verdict.",
    )
    shows_subject_face = models.BooleanField(
        default=False,
        help_text="The face of the person an alert is about stays visible in the footage, where that person is known.",
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(blind_audit_share__gte=0, blind_audit_share__lte=1),
                name="tenant_blind_audit_share_is_a_share",
            )
        ]

    def __str__(self) -> str:
        return self.name


class UserManager(DjangoUserManager["User"]):
    """`create_user` needs a tenant and a role; there is no user without them."""


class User(AbstractUser):
    """A person of one tenant with one role. Signs in by e-mail address."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="users")
    role = models.CharField(
        max_length=20, choices=[(r.value, r.value.replace("_", " ")) for r in Role]
    )
    email = models.EmailField("e-mail address", unique=True)

    objects: ClassVar[UserManager] = UserManager()

    REQUIRED_FIELDS = ["email", "tenant", "role"]

    class Meta:
        ordering = ["username"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(role__in=[r.value for r in Role]), name="user_role_is_known"
            )
        ]

    def __str__(self) -> str:
        return self.display_name

    @property
    def display_name(self) -> str:
        return self.get_full_name() or self.username

    def may(self, permission: Permission) -> bool:
        """Whether the role allows `permission` at all; where it applies is the site's question."""
        return self.is_active and permission in ROLE_PERMISSIONS[Role(self.role)]


class TrainingRecord(models.Model):
    """That somebody was trained for a release of the product (Art. 4, Art. 26). Written once."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    person = models.ForeignKey(User, on_delete=models.PROTECT, related_name="training_records")
    release = models.CharField(max_length=40)
    trainer = models.CharField(max_length=120, help_text="Who held the training.")
    covered = models.TextField(max_length=2_000, help_text="What the training covered.")
    trained_on = models.DateField()
    valid_until = models.DateField()
    recorded_by = models.ForeignKey(
        User, null=True, on_delete=models.PROTECT, related_name="+", help_text="Empty: by a drill."
    )
    recorded_at = models.DateTimeField()

    class Meta:
        ordering = ["-recorded_at"]
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(recorded_by=models.F("person")),
                name="nobody_records_their_own_training",
            ),
            models.CheckConstraint(
                condition=models.Q(valid_until__gte=models.F("trained_on")),
                name="training_ends_after_it_began",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.release} until {self.valid_until}"


class TrainingRevocation(models.Model):
    """That a training record counts no longer, and why. Written once."""

    record = models.OneToOneField(
        TrainingRecord, primary_key=True, on_delete=models.PROTECT, related_name="revocation"
    )
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    reason = models.TextField(max_length=1_000)
    revoked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    revoked_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.record_id} revoked"
