"""Drafts tried on the past."""

import uuid
from datetime import datetime, timedelta

from django.db import models

from apps.accounts.models import Tenant
from apps.reliability.models.versions import CostModelVersion, TriagePolicyVersion


class Backtest(models.Model):
    """A past period decided again under a draft, beside the versions that were active. Written once it is done."""

    class State(models.TextChoices):
        WAITING = "waiting"
        RUNNING = "running"
        DONE = "done"
        FAILED = "failed"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    period_from = models.DateTimeField()
    period_to = models.DateTimeField()
    cost_model = models.ForeignKey(
        CostModelVersion, on_delete=models.PROTECT, null=True, blank=True, related_name="backtests"
    )
    triage_policy = models.ForeignKey(
        TriagePolicyVersion,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="backtests",
    )
    compared_with = models.JSONField(default=dict, help_text="Versions active when it ran.")
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    progress = models.FloatField(default=0.0)
    alert_count = models.PositiveIntegerField(default=0)
    is_simulated = models.BooleanField(default=False)
    result = models.JSONField(default=dict)
    error = models.TextField(blank=True)
    created_by = models.UUIDField(null=True, blank=True)
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(period_to__gt=models.F("period_from")),
                name="backtest_period_runs_forward",
            )
        ]

    def __str__(self) -> str:
        return f"backtest {self.period_from:%Y-%m-%d}–{self.last_day:%Y-%m-%d}"

    @property
    def last_day(self) -> datetime:
        """The last moment of the period: `period_to` itself is no longer in it."""
        return self.period_to - timedelta(microseconds=1)
