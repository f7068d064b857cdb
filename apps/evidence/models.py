"""Evidence: acquired, hashed files and everything that ever happened to them."""

import uuid

from django.db import models

from apps.accounts.models import Tenant
from apps.alerts.models import Alert


class EvidenceKind(models.TextChoices):
    MASTER = "master"
    WORKING = "working"
    STILL = "still"
    DOSSIER = "dossier"
    REPORT = "report"


class EvidenceItem(models.Model):
    """A file whose bytes never change again; where it is, and its digest."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    alert = models.ForeignKey(Alert, on_delete=models.PROTECT, related_name="evidence_items")
    kind = models.CharField(max_length=20, choices=EvidenceKind)
    bucket = models.CharField(max_length=80)
    key = models.CharField(max_length=300)
    version_id = models.CharField(max_length=120, blank=True)
    media_type = models.CharField(max_length=80)
    size_bytes = models.BigIntegerField()
    sha256 = models.CharField(max_length=64)
    original_name = models.CharField(max_length=200, blank=True)
    acquired_at = models.DateTimeField()
    retain_until = models.DateTimeField(
        null=True, blank=True, help_text="Object Lock (COMPLIANCE) ends; empty when not locked."
    )

    class Meta:
        ordering = ["acquired_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["bucket", "key", "version_id"], name="evidence_item_once_per_object"
            ),
            models.CheckConstraint(
                condition=models.Q(kind__in=EvidenceKind.values), name="evidence_kind_is_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.sha256[:12]}"


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
