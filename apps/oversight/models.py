"""Oversight of the system itself: models in use, cards, risks, notices, incidents, exports of records."""

import uuid

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import Tenant, User
from apps.sites.models import Site
from apps.triage.states import RecordsExportState, SystemIncidentState


class PublishedModel(models.Model):
    """A model as a worker process that runs it has declared it: the same for every tenant.

    A worker verifies each file against its registry before it publishes, so a row says what was really loaded.
    """

    model_id = models.CharField(max_length=120)
    version = models.CharField(max_length=60)
    job = models.CharField(max_length=40)
    sha256 = models.CharField(max_length=64)
    licence = models.CharField(max_length=200)
    source = models.TextField()
    ai_act_class = models.TextField()
    measured = models.JSONField(default=list)
    published_at = models.DateTimeField()

    class Meta:
        ordering = ["model_id", "-published_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["model_id", "version", "sha256"], name="model_is_published_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.model_id} {self.version}"


class Versioned(models.Model):
    """A numbered wording of a tenant: written once, never changed."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    version = models.PositiveIntegerField()
    content = models.JSONField(encoder=DjangoJSONEncoder)
    digest = models.CharField(max_length=64)
    created_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField()

    class Meta:
        abstract = True


class SystemCardVersion(Versioned):
    """What the system card said that does not change by itself: purpose, limits, thresholds, models, versions."""

    class Meta:
        ordering = ["-version"]
        constraints = [
            models.UniqueConstraint(fields=["tenant", "version"], name="system_card_version_once")
        ]

    def __str__(self) -> str:
        return f"system card {self.version}"


class RiskRegisterVersion(Versioned):
    """All entries of the register as one person left them. Without a row the register is the shipped one."""

    reason = models.CharField(max_length=500)

    class Meta:
        ordering = ["-version"]
        constraints = [
            models.UniqueConstraint(fields=["tenant", "version"], name="risk_register_version_once")
        ]

    def __str__(self) -> str:
        return f"risk register {self.version}"


class Notice(Versioned):
    """What a site tells people about its cameras, in one language, from its date on."""

    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="notices")
    language = models.CharField(max_length=2)
    text = models.TextField()

    class Meta:
        ordering = ["-created_at", "language"]
        constraints = [
            models.UniqueConstraint(
                fields=["site", "language", "version"], name="notice_version_once"
            )
        ]

    def __str__(self) -> str:
        return f"notice {self.version} of {self.site} ({self.language})"


class Seriousness(models.TextChoices):
    """The terms of Art. 73: guidance for the clock, not a legal judgement."""

    NOT_SERIOUS = "not_serious", _("Not serious: recorded, no report to an authority is timed")
    SERIOUS = "serious", _("Serious: report within 15 days")
    DEATH = "death", _("A person may have died: report within 10 days")
    WIDESPREAD = "widespread", _("Widespread, or critical infrastructure: report within 2 days")


class SystemIncident(models.Model):
    """Something the system did, or may have done, to people. Its evidence is on hold from the report on."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(
        max_length=12,
        choices=[(one.value, one.value.replace("_", " ")) for one in SystemIncidentState],
        default=SystemIncidentState.OPEN,
    )
    seriousness = models.CharField(max_length=12, choices=Seriousness)
    what = models.TextField()
    alert_ids = models.JSONField(default=list, encoder=DjangoJSONEncoder)
    camera_ids = models.JSONField(default=list, encoder=DjangoJSONEncoder)
    hold_ids = models.JSONField(default=list, encoder=DjangoJSONEncoder)
    frozen = models.JSONField(
        default=dict, encoder=DjangoJSONEncoder, help_text="Versions and digests on that day."
    )
    aware_at = models.DateTimeField(
        help_text="When the organisation became aware: clocks run from it."
    )
    due_at = models.DateTimeField(null=True, blank=True)
    reported_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    reported_at = models.DateTimeField()
    notified_at = models.DateTimeField(null=True, blank=True)
    notified_whom = models.CharField(max_length=300, blank=True)
    findings = models.TextField(blank=True)
    closed_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-reported_at"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(seriousness=Seriousness.NOT_SERIOUS)
                | models.Q(due_at__isnull=False),
                name="serious_incident_has_a_deadline",
            ),
            models.CheckConstraint(
                condition=~models.Q(state=SystemIncidentState.CLOSED)
                | (models.Q(closed_at__isnull=False) & ~models.Q(findings="")),
                name="closed_incident_has_findings",
            ),
        ]

    def __str__(self) -> str:
        return f"system incident {self.reference}"

    @property
    def reference(self) -> str:
        return f"SI-{str(self.id)[:8].upper()}"


class ClockReminder(models.Model):
    """That people were reminded of a clock before it ran out, or when it had: once each. Written once.

    `subject` is an incident's id, or the day on which reviews of risks are due.
    """

    class When(models.TextChoices):
        SOON = "clock_soon", _("before it ran out")
        OVER = "clock_over", _("when it had run out")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=20)
    subject = models.CharField(max_length=60)
    due_at = models.DateTimeField()
    stage = models.CharField(max_length=12, choices=When)
    reminded_at = models.DateTimeField()

    class Meta:
        ordering = ["-reminded_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "kind", "subject", "due_at", "stage"], name="clock_reminded_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject} {self.stage}"


class ExportKind(models.TextChoices):
    RECORDS = "records", _("Records of a period")
    TECHDOC = "techdoc", _("Technical file")


class RecordsExport(models.Model):
    """An archive of records of a period, or the technical file, written in the background."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=10, choices=ExportKind)
    state = models.CharField(
        max_length=10,
        choices=[(one.value, one.value) for one in RecordsExportState],
        default=RecordsExportState.REQUESTED,
    )
    from_at = models.DateTimeField(null=True, blank=True)
    to_at = models.DateTimeField(null=True, blank=True)
    requested_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    requested_at = models.DateTimeField()
    parts_done = models.PositiveIntegerField(default=0)
    parts_total = models.PositiveIntegerField(default=0)
    counts = models.JSONField(default=dict)
    key = models.CharField(max_length=300, blank=True)
    size_bytes = models.BigIntegerField(null=True, blank=True)
    sha256 = models.CharField(max_length=64, blank=True)
    failed_reason = models.CharField(max_length=300, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-requested_at"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(kind=ExportKind.TECHDOC)
                | models.Q(from_at__lt=models.F("to_at")),
                name="export_of_records_has_a_period",
            ),
            models.CheckConstraint(
                condition=~models.Q(state=RecordsExportState.READY)
                | (~models.Q(key="") & ~models.Q(sha256="")),
                name="ready_export_names_its_file",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} of {self.requested_at:%Y-%m-%d}"
