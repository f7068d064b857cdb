"""What is learned from: one row an alert, with the verdict people gave it."""

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import Tenant


class FactOrigin(models.TextChoices):
    ALERT = "alert", _("an alert of this system")
    IMPORTED = "imported", _("imported history")
    SIMULATED = "simulated", _("simulated")


class AlertFact(models.Model):
    """An alert as a row of `apps.triage.tables`, and what triage and people made of it. No personal data, no free text.

    Written from assessments and dispositions by `apps.reliability.operations`, by `manage.py import_history`, and for a
    rehearsal tenant by `manage.py simulate`. Drills are kept apart by the tenant's or the alert's own mark.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    origin = models.CharField(max_length=10, choices=FactOrigin)
    alert_id = models.UUIDField(null=True, blank=True, unique=True)
    external_id = models.CharField(
        max_length=200, blank=True, help_text="The sender's own id of an imported alert."
    )
    is_drill = models.BooleanField(default=False)
    is_duplicate = models.BooleanField(
        default=False, help_text="Another alert of its review item was looked at instead."
    )
    happened_at = models.DateTimeField()
    site_id = models.UUIDField(null=True, blank=True)
    camera_id = models.UUIDField(null=True, blank=True)
    detector_id = models.CharField(max_length=120)
    detector_version = models.CharField(max_length=60)
    label = models.CharField(max_length=80)
    score = models.FloatField(null=True, blank=True)
    signals = models.JSONField(
        default=dict, help_text="Name → value, only of signals with evidential weight."
    )
    zone_kind = models.CharField(max_length=20, blank=True)
    lighting = models.CharField(max_length=20, blank=True)
    daypart = models.CharField(max_length=20, blank=True)
    weekday = models.CharField(max_length=10, blank=True)
    crowding = models.CharField(max_length=20, blank=True)

    sequence = models.CharField(max_length=12, default="unknown")
    reliability = models.CharField(max_length=10, default="unknown")
    fairness = models.CharField(max_length=20, default="not_assessable")
    has_viewable_clip = models.BooleanField(default=True)
    probability = models.FloatField(null=True, blank=True)
    low = models.FloatField(null=True, blank=True)
    high = models.FloatField(null=True, blank=True)
    is_calibrated = models.BooleanField(default=False)
    minute_shadow_price = models.FloatField(default=0.0)
    outcome = models.CharField(max_length=20, blank=True, help_text="What triage proposed then.")

    assessment_id = models.UUIDField(null=True, blank=True, help_text="What it was gathered from.")
    disposition_id = models.UUIDField(null=True, blank=True, help_text="The verdict that stood.")

    verdict = models.CharField(max_length=20, blank=True)
    labelled_at = models.DateTimeField(null=True, blank=True)
    sampling_probability = models.FloatField(
        default=1.0, help_text="With which the alert came to a person at all."
    )

    class Meta:
        ordering = ["-happened_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "detector_id", "external_id"],
                condition=~models.Q(external_id=""),
                name="imported_alert_once",
            ),
            models.CheckConstraint(
                condition=models.Q(origin="alert", alert_id__isnull=False)
                | (~models.Q(origin="alert") & models.Q(alert_id__isnull=True)),
                name="fact_of_an_alert_names_it",
            ),
            models.CheckConstraint(
                condition=models.Q(sampling_probability__gt=0, sampling_probability__lte=1),
                name="fact_sampling_probability_is_a_share",
            ),
        ]
        indexes = [
            models.Index(fields=["tenant", "happened_at"], name="fact_by_time"),
            models.Index(fields=["tenant", "detector_id", "detector_version"], name="fact_by_det"),
        ]

    def __str__(self) -> str:
        return f"{self.origin} {self.happened_at:%Y-%m-%d %H:%M}"
