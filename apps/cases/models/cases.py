"""Incidents, cases and their exhibits: what a confirmed theft becomes."""

import uuid

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector
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
    assignee = models.UUIDField(null=True, blank=True, help_text="Opaque id of who works on it.")
    offence = models.CharField(max_length=40, blank=True, help_text="Key in offences.toml.")
    offence_version = models.PositiveIntegerField(default=0)
    offence_fields = models.JSONField(default=dict, blank=True)
    merged_into = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="merged_from"
    )
    merged_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-opened_at"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=states.CASE.states), name="case_state_is_known"
            ),
            models.CheckConstraint(
                condition=models.Q(merged_into__isnull=True, merged_at__isnull=True)
                | models.Q(merged_into__isnull=False, merged_at__isnull=False, state="closed"),
                name="merged_case_is_closed",
            ),
        ]
        indexes = [
            models.Index(fields=["tenant", "-opened_at", "-id"], name="case_newest"),
            models.Index(fields=["tenant", "state", "-opened_at", "-id"], name="case_of_state"),
            models.Index(fields=["site", "-opened_at", "-id"], name="case_of_site"),
            models.Index(fields=["assignee", "-opened_at", "-id"], name="case_of_assignee"),
            GinIndex(SearchVector("title", config="simple"), name="case_words"),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def reference(self) -> str:
        return f"C-{self.id.hex[:8].upper()}"


class Incident(models.Model):
    """A confirmed happening. At most one an alert. Only its case ever changes: by a merge or a split."""

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
    """An evidence item numbered in a case, sealed under Object Lock. It keeps case and number for good.

    After a merge or a split it belongs to the case its alert's incident is in, and is called by its old number there.
    """

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

    def label_in(self, case_id: uuid.UUID) -> str:
        """Its number; in another case than the one it was numbered in, with that case's reference: C-1A2B3C4D/1."""
        return (
            str(self.number) if case_id == self.case_id else f"{self.case.reference}/{self.number}"
        )
