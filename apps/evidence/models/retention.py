"""How long things are kept, and what the nightly run did about it."""

import uuid

from django.db import models

from apps.accounts.models import Tenant
from apps.evidence.retention_rules import FLOOR_DAYS, LONGEST_DAYS, RECORDS, Category
from apps.triage import states

_CATEGORIES = [(category.value, category.value.replace("_", " ")) for category in Category]


class RetentionRules(models.Model):
    """One version of a tenant's periods. Only one is active; the others stay as they were."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    number = models.PositiveIntegerField()
    state = models.CharField(
        max_length=20,
        choices=[(s.value, s.value) for s in states.RetentionState],
        default=states.RetentionState.DRAFT,
    )
    reason = models.TextField()
    drafted_by = models.UUIDField(help_text="Opaque id of the person.")
    drafted_at = models.DateTimeField()
    activated_by = models.UUIDField(null=True, blank=True, help_text="Opaque id of the person.")
    activated_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "retention rules"
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["tenant", "number"], name="retention_version_once"),
            models.UniqueConstraint(
                fields=["tenant"], condition=models.Q(state="active"), name="one_active_retention"
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=states.RETENTION.states),
                name="retention_state_is_known",
            ),
            models.CheckConstraint(
                condition=~models.Q(state="active")
                | models.Q(activated_by__isnull=False, activated_at__isnull=False),
                name="active_retention_says_by_whom",
            ),
        ]

    def __str__(self) -> str:
        return f"retention version {self.number}"


class RetentionPeriod(models.Model):
    """How long one category is kept under one version. Written once, with its version."""

    id = models.BigAutoField(primary_key=True)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    rules = models.ForeignKey(RetentionRules, on_delete=models.PROTECT, related_name="periods")
    category = models.CharField(max_length=30, choices=_CATEGORIES)
    days = models.PositiveIntegerField()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["rules", "category"], name="retention_period_once"),
            models.CheckConstraint(
                condition=models.Q(category__in=[category.value for category in Category]),
                name="retention_category_is_known",
            ),
            models.CheckConstraint(
                condition=models.Q(days__gte=1, days__lte=LONGEST_DAYS),
                name="retention_period_is_bounded",
            ),
            models.CheckConstraint(
                condition=~models.Q(category__in=sorted(RECORDS)) | models.Q(days__gte=FLOOR_DAYS),
                name="records_are_kept_half_a_year",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.category}: {self.days} days"


class RetentionRun(models.Model):
    """One night's deletion of one tenant: begun, gone on with after a break, ended, and chained."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    rules_number = models.PositiveIntegerField(help_text="Version of the periods; 0: the defaults.")
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    examined = models.PositiveIntegerField(default=0)
    deleted = models.PositiveIntegerField(default=0)
    deleted_bytes = models.BigIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)
    missing = models.PositiveIntegerField(default=0)
    orphans = models.PositiveIntegerField(null=True, blank=True)
    kept = models.JSONField(default=dict, help_text="How many were kept, by reason.")
    digest = models.CharField(
        max_length=64, blank=True, help_text="SHA-256 of the report, as it is in the audit chain."
    )
    note = models.TextField(blank=True, help_text="What could not be looked at, in words.")

    class Meta:
        ordering = ["-started_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["tenant"],
                condition=models.Q(ended_at__isnull=True),
                name="one_open_retention_run",
            )
        ]

    def __str__(self) -> str:
        return f"retention of {self.started_at:%Y-%m-%d %H:%M}"


class RetentionFinding(models.Model):
    """What a run met that somebody should know: not deletable, already gone, in the bucket without a row."""

    id = models.BigAutoField(primary_key=True)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    run = models.ForeignKey(RetentionRun, on_delete=models.PROTECT, related_name="findings")
    kind = models.CharField(max_length=20, help_text="failed, missing or orphan.")
    bucket = models.CharField(max_length=80)
    key = models.CharField(max_length=300)
    item_id = models.UUIDField(null=True, blank=True)
    words = models.TextField()
    found_at = models.DateTimeField()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(kind__in=["failed", "missing", "orphan"]),
                name="retention_finding_is_known",
            ),
            models.UniqueConstraint(
                fields=["run", "kind", "bucket", "key"], name="retention_finding_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"


class Tombstone(models.Model):
    """What was deleted, under which rule, by which run. Opaque ids, written once."""

    id = models.BigAutoField(primary_key=True)
    tenant_id = models.UUIDField()
    thing = models.CharField(max_length=20, help_text="evidence_item or recording.")
    thing_id = models.UUIDField()
    alert_id = models.UUIDField(null=True, blank=True)
    category = models.CharField(max_length=30, choices=_CATEGORIES)
    bucket = models.CharField(max_length=80)
    key = models.CharField(max_length=300)
    size_bytes = models.BigIntegerField()
    sha256 = models.CharField(max_length=64)
    sha512 = models.CharField(max_length=128, blank=True)
    acquired_at = models.DateTimeField()
    due_at = models.DateTimeField()
    deleted_at = models.DateTimeField()
    rules_number = models.PositiveIntegerField()
    run_id = models.UUIDField(null=True, blank=True)
    versions = models.PositiveIntegerField(help_text="How many versions the store had of it.")

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["thing", "thing_id"], name="one_tombstone_each")
        ]

    def __str__(self) -> str:
        return f"tombstone of {self.thing_id}"
