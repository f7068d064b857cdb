"""What people choose: cost models, triage policies and sequence policies, one row a version, never edited."""

import uuid

from django.core.validators import MinValueValidator
from django.db import models

from apps.accounts.models import Tenant


class Version(models.Model):
    """One version of a choice. A draft was never active; activating an earlier one again undoes a change."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    version = models.PositiveIntegerField()
    parameters = models.JSONField(help_text="The fields of the value in apps.triage, as stored.")
    is_active = models.BooleanField(default=False)
    note = models.TextField(blank=True, help_text="Why this version was made.")
    created_by = models.UUIDField(null=True, blank=True)
    created_at = models.DateTimeField()
    activated_by = models.UUIDField(null=True, blank=True, help_text="Who activated it last.")
    activated_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        abstract = True
        ordering = ["-version"]


class CostModelVersion(Version):
    """A tenant's cost model: the fields of `apps.triage.cost_model.CostModel`."""

    class Meta(Version.Meta):
        constraints = [
            models.UniqueConstraint(fields=["tenant", "version"], name="cost_model_version_once"),
            models.UniqueConstraint(
                fields=["tenant"],
                condition=models.Q(is_active=True),
                name="one_active_cost_model_per_tenant",
            ),
        ]

    def __str__(self) -> str:
        return f"cost model {self.version}"


class TriagePolicyVersion(Version):
    """A tenant's triage policy: the fields of `apps.triage.decision.TriagePolicy`."""

    class Meta(Version.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "version"], name="triage_policy_version_once"
            ),
            models.UniqueConstraint(
                fields=["tenant"],
                condition=models.Q(is_active=True),
                name="one_active_triage_policy_per_tenant",
            ),
        ]

    def __str__(self) -> str:
        return f"triage policy {self.version}"


class SequencePolicyVersion(Version):
    """The sequence of one label: the fields of `apps.triage.sequence.SequencePolicy`.

    `detector_id` "" is the policy of every detector that has none of its own.
    """

    detector_id = models.CharField(max_length=120, blank=True)
    label = models.CharField(max_length=80)

    class Meta(Version.Meta):
        ordering = ["label", "detector_id", "-version"]
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "detector_id", "label", "version"],
                name="sequence_policy_version_once",
            ),
            models.UniqueConstraint(
                fields=["tenant", "detector_id", "label"],
                condition=models.Q(is_active=True),
                name="one_active_sequence_policy_per_label",
            ),
        ]

    def __str__(self) -> str:
        return f"sequence policy {self.label} {self.version}"


class TriageBasis(models.Model):
    """One row a tenant: what new assessments rest on.

    `revision` rises with every change of a version or fit, so a process may keep what it has read.
    """

    tenant = models.OneToOneField(
        Tenant, on_delete=models.CASCADE, primary_key=True, related_name="triage_basis"
    )
    revision = models.PositiveBigIntegerField(default=1)
    minute_shadow_price = models.FloatField(
        default=0.0,
        validators=[MinValueValidator(0.0)],
        help_text="What a minute is worth beyond its price while others wait, in the tenant's currency.",
    )
    priced_at = models.DateTimeField(null=True, blank=True)
    pricing = models.JSONField(
        default=dict, help_text="Backlog and roster minutes behind the price."
    )
    signal_means = models.JSONField(
        default=dict, help_text="The fields of `apps.triage.signal_means.SignalMeans`, as stored."
    )

    class Meta:
        verbose_name_plural = "triage bases"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(minute_shadow_price__gte=0), name="shadow_price_not_negative"
            )
        ]

    def __str__(self) -> str:
        return f"revision {self.revision}"
