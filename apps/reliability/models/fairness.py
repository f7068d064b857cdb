"""Aggregate fairness: the separate offline audit sample, and the alarms it raised.

The sample is drawn and labelled by people outside the running system. Its rows name no alert and no person: a group
exists here only to compare rates, never at run time.
"""

import uuid

from django.db import models

from apps.accounts.models import Tenant


class FairnessSample(models.Model):
    """One imported audit sample."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=120)
    drawn_from = models.DateField()
    drawn_to = models.DateField()
    method = models.TextField(help_text="How it was drawn and who labelled the groups.")
    sha256 = models.CharField(max_length=64)
    row_count = models.PositiveIntegerField()
    is_simulated = models.BooleanField(default=False)
    imported_by = models.UUIDField(null=True, blank=True)
    imported_at = models.DateTimeField()
    report = models.JSONField(
        default=dict, help_text="Rates by group with intervals, and the verdict."
    )

    class Meta:
        ordering = ["-imported_at"]
        constraints = [
            models.UniqueConstraint(fields=["tenant", "sha256"], name="fairness_sample_once")
        ]

    def __str__(self) -> str:
        return self.name


class FairnessRow(models.Model):
    """One judged alert of a sample: its group under one attribute, and what happened to it."""

    id = models.BigAutoField(primary_key=True)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    sample = models.ForeignKey(FairnessSample, on_delete=models.CASCADE, related_name="rows")
    day = models.DateField()
    attribute = models.CharField(max_length=60)
    group = models.CharField(max_length=60)
    detector = models.CharField(max_length=190, blank=True)
    was_false = models.BooleanField()
    was_escalated = models.BooleanField()
    was_overridden = models.BooleanField()

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.attribute} {self.group}"


class FairnessAlarm(models.Model):
    """The sequential test crossed its bound for one attribute: open until a person closes it with a reason."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    attribute = models.CharField(max_length=60)
    detector = models.CharField(
        max_length=190, blank=True, help_text="id@version; empty: every detector"
    )
    measure = models.CharField(max_length=40)
    details = models.JSONField(default=dict)
    raised_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.UUIDField(null=True, blank=True)
    closing_reason = models.TextField(blank=True)

    class Meta:
        ordering = ["-raised_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "attribute", "detector", "measure"],
                condition=models.Q(closed_at__isnull=True),
                name="one_open_fairness_alarm",
            )
        ]

    def __str__(self) -> str:
        return f"{self.attribute} {self.measure}"
