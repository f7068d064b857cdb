"""What was learned from labels, one row a fit: a fit that decided something is never edited."""

import uuid

from django.db import models

from apps.accounts.models import Tenant


class Fit(models.Model):
    """Parameters learned from labels known by `labels_until`; nothing later was seen."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    version = models.PositiveIntegerField()
    parameters = models.JSONField(help_text="The fitted value of apps.triage, as stored.")
    report = models.JSONField(default=dict, help_text="How good it was, on what.")
    label_count = models.PositiveIntegerField(default=0)
    labels_until = models.DateTimeField()
    is_active = models.BooleanField(default=False)
    is_simulated = models.BooleanField(
        default=False, help_text="Rests on simulated history, in whole or in part."
    )
    created_at = models.DateTimeField()

    class Meta:
        abstract = True
        ordering = ["-version"]


class ProbabilityModelVersion(Fit):
    """P(theft) for one detector version: a calibrator and what signals and segments add to it."""

    detector_id = models.CharField(max_length=120)
    detector_version = models.CharField(max_length=60)

    class Meta(Fit.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "detector_id", "detector_version", "version"],
                name="probability_model_version_once",
            ),
            models.UniqueConstraint(
                fields=["tenant", "detector_id", "detector_version"],
                condition=models.Q(is_active=True),
                name="one_active_probability_model",
            ),
        ]

    def __str__(self) -> str:
        return f"probability {self.detector_id} {self.detector_version} {self.version}"


class SurrogateVersion(Fit):
    """The tree that imitates one detector version, with its fidelity on held-out time in `report`."""

    detector_id = models.CharField(max_length=120)
    detector_version = models.CharField(max_length=60)
    fidelity = models.FloatField()

    class Meta(Fit.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "detector_id", "detector_version", "version"],
                name="surrogate_version_once",
            ),
            models.UniqueConstraint(
                fields=["tenant", "detector_id", "detector_version"],
                condition=models.Q(is_active=True),
                name="one_active_surrogate",
            ),
        ]

    def __str__(self) -> str:
        return f"surrogate {self.detector_id} {self.detector_version} {self.version}"


class ReliabilityRefresh(Fit):
    """One run over all segments; `parameters` holds the pooled rates that new alerts are looked up in."""

    class Meta(Fit.Meta):
        verbose_name_plural = "reliability refreshes"
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "version"], name="reliability_refresh_version_once"
            ),
            models.UniqueConstraint(
                fields=["tenant"],
                condition=models.Q(is_active=True),
                name="one_active_reliability_refresh",
            ),
        ]

    def __str__(self) -> str:
        return f"reliability {self.version}"


class SegmentFinding(models.Model):
    """One segment of a refresh. An empty dimension means any."""

    id = models.BigAutoField(primary_key=True)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    refresh = models.ForeignKey(
        ReliabilityRefresh, on_delete=models.CASCADE, related_name="segments"
    )
    site_id = models.UUIDField(null=True, blank=True)
    camera_id = models.UUIDField(null=True, blank=True)
    zone_kind = models.CharField(max_length=20, blank=True)
    lighting = models.CharField(max_length=20, blank=True)
    daypart = models.CharField(max_length=20, blank=True)
    weekday = models.CharField(max_length=10, blank=True)
    crowding = models.CharField(max_length=20, blank=True)
    detector_version = models.CharField(max_length=190, blank=True, help_text="id@version")
    state = models.CharField(max_length=10)
    false_positive_rate = models.FloatField(null=True, blank=True)
    low = models.FloatField(null=True, blank=True)
    high = models.FloatField(null=True, blank=True)
    alert_count = models.PositiveIntegerField(default=0)
    label_count = models.PositiveIntegerField(default=0)
    labels_needed = models.PositiveIntegerField(null=True, blank=True)
    probability_above_limit = models.FloatField(null=True, blank=True)
    q_value = models.FloatField(
        null=True, blank=True, help_text="False-discovery rate at which it is found."
    )
    is_found = models.BooleanField(default=False, help_text="Found by the search for bad segments.")
    drift = models.CharField(
        max_length=20, blank=True, help_text="steady, rising, falling or unknown"
    )
    weekly = models.JSONField(default=list, help_text="The last weeks: labels, false, rate.")

    class Meta:
        ordering = ["-is_found", "-false_positive_rate", "id"]
        indexes = [models.Index(fields=["refresh", "state"], name="segment_by_state")]

    def __str__(self) -> str:
        return f"segment {self.pk} {self.state}"
