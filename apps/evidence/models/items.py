"""Evidence: acquired, hashed files and everything that ever happened to them."""

import uuid

from django.db import models

from apps.accounts.models import Tenant
from apps.alerts.models import Alert
from apps.triage import states


class EvidenceKind(models.TextChoices):
    MASTER = "master"
    WORKING = "working"
    STILL = "still"
    DOSSIER = "dossier"
    REPORT = "report"


class CheckOutcome(models.TextChoices):
    """What reading a file again found; `unchecked` until that was done once."""

    UNCHECKED = "unchecked"
    INTACT = "intact"
    ALTERED = "altered"
    MISSING = "missing"


class EvidenceItem(models.Model):
    """A file whose bytes never change again; where it is, and its digests.

    The row outlives the bytes: deleted by retention it keeps its digests, and its tombstone says under which rule.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    alert = models.ForeignKey(Alert, on_delete=models.PROTECT, related_name="evidence_items")
    derived_from = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="derivatives",
        help_text="The master this file was made from.",
    )
    kind = models.CharField(max_length=20, choices=EvidenceKind)
    bucket = models.CharField(max_length=80)
    key = models.CharField(max_length=300)
    version_id = models.CharField(max_length=120, blank=True)
    media_type = models.CharField(max_length=80)
    size_bytes = models.BigIntegerField()
    sha256 = models.CharField(max_length=64)
    sha512 = models.CharField(
        max_length=128, blank=True, help_text="Empty while it is not known: acquired before it was."
    )
    original_name = models.CharField(max_length=200, blank=True)
    acquired_at = models.DateTimeField()
    retain_until = models.DateTimeField(
        null=True, blank=True, help_text="Object Lock (COMPLIANCE) ends; empty when not locked."
    )
    hold_in_store = models.BooleanField(
        default=False, help_text="The store itself refuses deletion: its legal hold is on."
    )
    state = models.CharField(
        max_length=20,
        choices=[(s.value, s.value) for s in states.EvidenceState],
        default=states.EvidenceState.KEPT,
    )
    deleted_at = models.DateTimeField(null=True, blank=True)
    check_outcome = models.CharField(
        max_length=20, choices=CheckOutcome, default=CheckOutcome.UNCHECKED
    )
    checked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["acquired_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["bucket", "key", "version_id"], name="evidence_item_once_per_object"
            ),
            models.CheckConstraint(
                condition=models.Q(kind__in=EvidenceKind.values), name="evidence_kind_is_known"
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=states.EVIDENCE.states),
                name="evidence_state_is_known",
            ),
            models.CheckConstraint(
                condition=models.Q(state="deleted", deleted_at__isnull=False)
                | (~models.Q(state="deleted") & models.Q(deleted_at__isnull=True)),
                name="deleted_evidence_says_when",
            ),
            models.CheckConstraint(
                condition=models.Q(check_outcome__in=CheckOutcome.values),
                name="evidence_check_is_known",
            ),
        ]
        indexes = [
            models.Index(
                fields=["tenant", "acquired_at"],
                condition=~models.Q(state="deleted"),
                name="evidence_by_age",
            ),
            models.Index(
                models.F("checked_at").asc(nulls_first=True),
                condition=models.Q(state="kept"),
                name="evidence_check_rotation",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.sha256[:12]}"

    @property
    def reference(self) -> str:
        return f"E-{self.id.hex[:8].upper()}"

    @property
    def is_locked_copy(self) -> bool:
        """Whether it lies in the locked bucket, sealed as an exhibit."""
        return self.retain_until is not None

    @property
    def is_there(self) -> bool:
        """Whether its bytes are kept, as far as the register knows."""
        return self.state == states.EvidenceState.KEPT


class CustodyEvent(models.Model):
    """One step in a file's chain of custody. Opaque ids, written once."""

    id = models.BigAutoField(primary_key=True)
    tenant_id = models.UUIDField()
    evidence_item_id = models.UUIDField(db_index=True)
    action = models.CharField(max_length=40, help_text="acquired, sealed, viewed, exported, …")
    actor_id = models.UUIDField(null=True, blank=True)
    actor_role = models.CharField(max_length=20, blank=True)
    sha256 = models.CharField(max_length=64)
    details = models.JSONField(default=dict)
    happened_at = models.DateTimeField()

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.action} {self.happened_at:%Y-%m-%d %H:%M}"
