"""Incidents, cases and their exhibits: what a confirmed theft becomes."""

import uuid

from django.core.validators import MinValueValidator
from django.db import models

from apps.accounts.models import Tenant
from apps.alerts.models import Alert, Disposition
from apps.evidence.models import EvidenceItem
from apps.sites.models import Site
from apps.triage import states


class Case(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="cases")
    title = models.CharField(max_length=200)
    state = models.CharField(
        max_length=30,
        choices=[(s.value, s.value.replace("_", " ")) for s in states.CaseState],
        default="open",
    )
    version = models.PositiveIntegerField(default=1)
    is_drill = models.BooleanField(default=False)
    opened_by = models.UUIDField(help_text="Opaque id of the person whose confirmation opened it.")
    opened_at = models.DateTimeField()

    class Meta:
        ordering = ["-opened_at"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=states.CASE.states), name="case_state_is_known"
            )
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def reference(self) -> str:
        return f"C-{self.id.hex[:8].upper()}"


class Incident(models.Model):
    """A confirmed happening. At most one an alert."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="incidents")
    alert = models.OneToOneField(Alert, on_delete=models.PROTECT, related_name="incident")
    disposition = models.OneToOneField(
        Disposition, on_delete=models.PROTECT, related_name="incident"
    )
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="incidents")
    occurred_at = models.DateTimeField()
    opened_at = models.DateTimeField()

    class Meta:
        ordering = ["occurred_at"]

    def __str__(self) -> str:
        return f"incident {self.id.hex[:8]}"


class Exhibit(models.Model):
    """An evidence item numbered in a case, sealed under Object Lock."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="exhibits")
    item = models.OneToOneField(EvidenceItem, on_delete=models.PROTECT, related_name="exhibit")
    number = models.PositiveIntegerField(validators=[MinValueValidator(1)])
    title = models.CharField(max_length=200)
    sealed_at = models.DateTimeField()

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["case", "number"], name="exhibit_number_once_per_case")
        ]

    def __str__(self) -> str:
        return f"exhibit {self.number}"
