"""The stored side of triage: versioned cost models and policies."""

import uuid

from django.db import models

from apps.accounts.models import Tenant


class CostModelVersion(models.Model):
    """A tenant's cost model, one row a version; the active one is used for new assessments."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="cost_models")
    version = models.PositiveIntegerField()
    parameters = models.JSONField(help_text="The fields of apps.triage.economics.CostModel.")
    is_active = models.BooleanField(default=False)
    created_by = models.UUIDField(null=True, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["-version"]
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
