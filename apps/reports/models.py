"""Reports for the police and witness statements: drafted from the record, edited and signed by a person."""

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import Tenant
from apps.cases.models import Case
from apps.evidence.models import EvidenceItem
from apps.triage import states
from apps.triage.canonical import canonical_digest


class ReportKind(models.TextChoices):
    POLICE_REPORT = "police_report", _("Police report")
    UK_VIDEO = "uk_video", _("Retailer video statement (UK)")
    UK_MG11 = "uk_mg11", _("Witness statement, MG11 (England and Wales)")
    US_902_13 = "us_902_13", _("Certificate under FRE 902(13) (US)")
    US_902_14 = "us_902_14", _("Certificate under FRE 902(14) (US)")


class Report(models.Model):
    """One report or statement of a case, and the person whose it is. Its wordings are rows beside it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="reports")
    kind = models.CharField(max_length=20, choices=ReportKind)
    author_id = models.UUIDField(help_text="Opaque id of the person whose statement it is.")
    state = models.CharField(
        max_length=20,
        choices=[(s.value, s.value) for s in states.ReportState],
        default=states.ReportState.DRAFT,
    )
    version = models.PositiveIntegerField(default=1, help_text="Counts changes of any kind.")
    supersedes = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="newer"
    )
    created_by = models.UUIDField(help_text="Opaque id of the person who had it drafted.")
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(
        null=True, blank=True, help_text="When it was superseded or withdrawn."
    )
    ended_by = models.UUIDField(null=True, blank=True)
    ended_reason = models.TextField(blank=True)
    item = models.OneToOneField(
        EvidenceItem,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="report",
        help_text="The sealed PDF, once it was made.",
    )
    item_note = models.TextField(blank=True, help_text="Why there is no PDF yet, in words.")

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=states.REPORT.states), name="report_state_is_known"
            ),
            models.CheckConstraint(
                condition=models.Q(kind__in=ReportKind.values), name="report_kind_is_known"
            ),
            models.CheckConstraint(
                condition=~models.Q(state__in=["superseded", "withdrawn"])
                | models.Q(ended_at__isnull=False, ended_by__isnull=False),
                name="report_is_ended_by_somebody",
            ),
            models.CheckConstraint(
                condition=~models.Q(state="withdrawn") | ~models.Q(ended_reason=""),
                name="report_is_withdrawn_for_a_reason",
            ),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def reference(self) -> str:
        return f"R-{self.id.hex[:8].upper()}"

    @property
    def is_open(self) -> bool:
        """Whether its wording may still change."""
        return self.state in (states.ReportState.DRAFT, states.ReportState.EDITED)


class ReportOrigin(models.TextChoices):
    DRAFTED = "drafted"
    EDITED = "edited"
    REDRAFTED = "redrafted"


class ReportVersion(models.Model):
    """One wording. Written once; people are tokens in it, so that a name can be erased and the wording stays."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    report = models.ForeignKey(Report, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    origin = models.CharField(max_length=10, choices=ReportOrigin)
    content = models.JSONField(help_text="Sentences with their sources, and the form's fields.")
    digest = models.CharField(max_length=64, help_text="SHA-256 of the canonical content.")
    made_by = models.UUIDField()
    made_at = models.DateTimeField()

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["report", "number"], name="report_version_once"),
            models.CheckConstraint(
                condition=models.Q(origin__in=ReportOrigin.values), name="report_origin_is_known"
            ),
        ]

    def __str__(self) -> str:
        return f"version {self.number} of {self.report_id}"

    @property
    def lost_a_name(self) -> bool:
        """Whether an erasure took a name out of it: the digest is then of what was written, not of what is left."""
        return canonical_digest(self.content) != self.digest


class ReportSignature(models.Model):
    """The person's signature under exactly one wording. Written once."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    report = models.OneToOneField(Report, on_delete=models.PROTECT, related_name="signature")
    version = models.OneToOneField(
        ReportVersion, on_delete=models.PROTECT, related_name="signature"
    )
    user_id = models.UUIDField(help_text="Opaque id of the person: always the report's author.")
    role = models.CharField(max_length=20)
    session = models.CharField(max_length=64, blank=True)
    channel = models.CharField(max_length=20)
    digest = models.CharField(
        max_length=64, help_text="Of the wording, as the person confirmed it."
    )
    signed_at = models.DateTimeField()

    class Meta:
        ordering = ["signed_at"]

    def __str__(self) -> str:
        return f"signature under {self.report_id}"
