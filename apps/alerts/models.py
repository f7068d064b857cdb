"""Alerts and what is known about them. Facts about an alert are rows beside it; only its state moves."""

import uuid
from enum import StrEnum

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from apps.accounts.models import Tenant
from apps.sites.models import Camera, Site
from apps.triage import states


def _choices(members: type[StrEnum]) -> list[tuple[str, str]]:
    return [(member.value, member.value.replace("_", " ")) for member in members]


class AiActClass(models.TextChoices):
    """How the tenant classifies a detector under the AI Act; the rationale stands beside it."""

    HIGH_RISK = "high_risk"
    LIMITED = "limited"
    MINIMAL = "minimal"
    UNDECIDED = "undecided"


class DetectorSource(models.Model):
    """One sender of alerts and its signing secrets. An identity row: read before the tenant is known."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="detector_sources")
    name = models.CharField(max_length=120)
    secret_sealed = models.BinaryField(help_text="Current signing secret, encrypted.")
    previous_secret_sealed = models.BinaryField(
        null=True, help_text="Still accepted until `previous_valid_until`."
    )
    previous_valid_until = models.DateTimeField(null=True, blank=True)
    is_active = models.BooleanField(default=True)
    rescore_url = models.CharField(
        max_length=300,
        blank=True,
        help_text="Address inside the store's network that scores changed frames again; empty: none.",
    )
    rescore_secret_sealed = models.BinaryField(null=True, help_text="Signs what we ask, encrypted.")
    rescore_timeout_seconds = models.FloatField(
        default=5.0, validators=[MinValueValidator(0.1), MaxValueValidator(60.0)]
    )
    rescore_beyond_network = models.BooleanField(
        default=False,
        help_text="Frames may be sent, by https, to an address outside the store's network.",
    )
    ai_act_class = models.CharField(max_length=20, choices=AiActClass, default=AiActClass.UNDECIDED)
    ai_act_rationale = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["tenant", "name"], name="source_name_once_per_tenant")
        ]

    def __str__(self) -> str:
        return self.name


class Alert(models.Model):
    """Something a person may have to look at. Accepted once, never lost."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="alerts")
    camera = models.ForeignKey(Camera, on_delete=models.PROTECT, related_name="alerts")
    source = models.ForeignKey(
        DetectorSource, on_delete=models.PROTECT, null=True, blank=True, related_name="alerts"
    )
    idempotency_key = models.CharField(
        max_length=200, help_text="webhook-id, or a key made by the form or command."
    )
    body_sha256 = models.CharField(max_length=64)
    channel = models.CharField(max_length=20, help_text="api, screen or system: how it came in.")
    detector_id = models.CharField(max_length=120)
    detector_version = models.CharField(max_length=60)
    label = models.CharField(max_length=80)
    score = models.FloatField(
        null=True,
        blank=True,
        validators=[MinValueValidator(0.0), MaxValueValidator(1.0)],
        help_text="The detector's own score, 0 to 1; empty when raised by a person.",
    )
    signals = models.JSONField(default=list, help_text="Named signals as the detector stated them.")
    saliency_grid = models.JSONField(null=True, blank=True)
    note = models.TextField(blank=True, help_text="Free text of the person who raised it.")
    camera_at = models.DateTimeField(help_text="The camera's own clock.")
    received_at = models.DateTimeField(help_text="Our clock.")
    clock_skew_flagged = models.BooleanField(default=False)
    raised_by = models.UUIDField(
        null=True, blank=True, help_text="Person who raised it by form; opaque."
    )
    is_drill = models.BooleanField(default=False)

    state = models.CharField(
        max_length=20, choices=_choices(states.AlertState), default=states.AlertState.RECEIVED
    )
    version = models.PositiveIntegerField(
        default=1, help_text="Counts state changes; decisions are bound to it."
    )
    stage = models.CharField(
        max_length=40, blank=True, help_text="What the workflow is doing, in words."
    )
    strategy = models.CharField(max_length=20, choices=_choices(states.Strategy), blank=True)
    priority = models.FloatField(
        default=0.0, help_text="Expected loss avoided per operator minute."
    )
    reliability = models.CharField(max_length=10, default="unknown")
    sampled_blind = models.BooleanField(default=False)
    sampling_probability = models.FloatField(default=1.0)
    due_at = models.DateTimeField(null=True, blank=True)
    failed_step = models.CharField(max_length=60, blank=True)
    failed_reason = models.TextField(blank=True)
    failed_at = models.DateTimeField(null=True, blank=True)
    resolved_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-received_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "source", "idempotency_key"],
                name="alert_once_per_key",
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                condition=models.Q(score__isnull=True) | models.Q(score__gte=0, score__lte=1),
                name="alert_score_is_a_share",
            ),
            models.CheckConstraint(
                condition=models.Q(sampling_probability__gt=0, sampling_probability__lte=1),
                name="alert_sampling_probability_is_a_share",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=states.ALERT.states), name="alert_state_is_known"
            ),
        ]
        indexes = [
            models.Index(fields=["tenant", "state", "-priority"], name="alert_queue"),
            models.Index(
                fields=["tenant", "-priority", "due_at", "id"],
                condition=models.Q(
                    state__in=(states.AlertState.AWAITING_REVIEW, states.AlertState.MODEL_REVIEW)
                ),
                name="alert_waiting_by_worth",
            ),
            models.Index(fields=["tenant", "site", "-received_at"], name="alert_by_site"),
            models.Index(fields=["camera", "-received_at"], name="alert_by_camera"),
            models.Index(fields=["tenant", "-received_at", "id"], name="alert_by_time"),
            models.Index(fields=["tenant", "label"], name="alert_by_label"),
            models.Index(
                fields=["camera", "camera_at"],
                condition=models.Q(state=states.AlertState.AWAITING_REVIEW),
                name="alert_waiting_by_time",
            ),
            models.Index(
                fields=["site", "-resolved_at"],
                condition=models.Q(
                    strategy=states.Strategy.ESCALATE, state=states.AlertState.RESOLVED
                ),
                name="alert_escalated_decided",
            ),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def reference(self) -> str:
        """Short name for people; the id stays the key."""
        return f"A-{self.id.hex[:8].upper()}"

    @property
    def is_waiting(self) -> bool:
        return self.state in (states.AlertState.AWAITING_REVIEW, states.AlertState.MODEL_REVIEW)

    @property
    def hides_proposal(self) -> bool:
        """Whether a person still has to judge it before score, proposal and reasons are shown."""
        return self.sampled_blind and self.is_waiting


class Clip(models.Model):
    """The footage of an alert: where it is and what was found in it."""

    alert = models.OneToOneField(
        Alert, on_delete=models.CASCADE, primary_key=True, related_name="clip"
    )
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=20, choices=_choices(states.ClipState))
    delivery = models.CharField(
        max_length=20, help_text="multipart, upload (presigned) or follows."
    )
    original_name = models.CharField(max_length=200, blank=True)
    size_bytes = models.BigIntegerField(null=True, blank=True)
    sha256 = models.CharField(max_length=64, blank=True, help_text="Of the bytes as delivered.")
    container = models.CharField(max_length=40, blank=True)
    media_type = models.CharField(max_length=80, blank=True)
    spool_name = models.CharField(
        max_length=200, blank=True, help_text="File in the clip spool until S3 has it."
    )
    master_key = models.CharField(
        max_length=300, blank=True, help_text="S3 key of the original bytes."
    )
    playable_key = models.CharField(
        max_length=300, blank=True, help_text="S3 key the player uses; may be the master."
    )
    analysis_key = models.CharField(max_length=300, blank=True)
    poster_key = models.CharField(max_length=300, blank=True)
    blurred_key = models.CharField(
        max_length=300,
        blank=True,
        help_text="S3 key of the copy with faces blurred: what is shown.",
    )
    blur_note = models.TextField(blank=True, help_text="Why there is no blurred copy, in words.")
    saliency_key = models.CharField(max_length=300, blank=True)
    saliency_note = models.TextField(blank=True, help_text="Why there is no saliency, in words.")
    before_key = models.CharField(
        max_length=300, blank=True, help_text="S3 key of the seconds before the clip."
    )
    before_seconds = models.FloatField(null=True, blank=True)
    before_note = models.TextField(blank=True, help_text="Why there are none, in words.")
    duration_ms = models.PositiveIntegerField(null=True, blank=True)
    marked_from_ms = models.PositiveIntegerField(null=True, blank=True)
    marked_to_ms = models.PositiveIntegerField(null=True, blank=True)
    refused_code = models.CharField(max_length=40, blank=True)
    refused_reason = models.TextField(blank=True)
    pending_reason = models.TextField(
        blank=True, help_text="Why the clip is not stored yet, in words."
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=states.CLIP.states), name="clip_state_is_known"
            )
        ]

    def __str__(self) -> str:
        return f"clip of {self.alert_id}"

    @property
    def is_viewable(self) -> bool:
        return self.state == states.ClipState.STORED and bool(self.playable_key)


class Assessment(models.Model):
    """What triage concluded. Written once; a new look is a new row."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    alert = models.ForeignKey(Alert, on_delete=models.PROTECT, related_name="assessments")
    record = models.JSONField(help_text="The canonical record: everything needed to recompute it.")
    digest = models.CharField(max_length=64)
    outcome = models.CharField(
        max_length=20, help_text="escalate, verify, archive or model_review."
    )
    reason_codes = models.JSONField(default=list)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(fields=["alert", "digest"], name="assessment_once_per_digest")
        ]

    def __str__(self) -> str:
        return f"{self.outcome} {self.digest[:12]}"


class Disposition(models.Model):
    """The person's verdict. Written once; a correction is a new row that supersedes this one."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    alert = models.ForeignKey(Alert, on_delete=models.PROTECT, related_name="dispositions")
    verdict = models.CharField(max_length=20, choices=_choices(states.Verdict))
    reasons = models.JSONField(default=list, help_text="Chosen reason chips.")
    comment = models.TextField(blank=True)
    transfer_seen = models.BooleanField(
        null=True, help_text="Answer to: was the item seen changing place?"
    )
    decided_by = models.UUIDField(
        help_text="Opaque id of the person whose confirmation completed it."
    )
    decided_at = models.DateTimeField()
    sampling_probability = models.FloatField(default=1.0)
    supersedes = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="superseded_by"
    )

    class Meta:
        ordering = ["decided_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["alert"],
                condition=models.Q(supersedes__isnull=True),
                name="one_first_disposition_per_alert",
            ),
            models.CheckConstraint(
                condition=~models.Q(verdict=states.Verdict.THEFT_CONFIRMED)
                | models.Q(transfer_seen=True),
                name="theft_needs_the_transfer_seen",
            ),
            models.CheckConstraint(
                condition=models.Q(verdict__in=[v.value for v in states.Verdict]),
                name="verdict_is_known",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_verdict_display()} {self.decided_at:%Y-%m-%d %H:%M}"


class Viewing(models.Model):
    """That a person opened an alert in one session: so that it becomes one event, however often the page is refreshed."""

    id = models.BigAutoField(primary_key=True)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    alert = models.ForeignKey(Alert, on_delete=models.CASCADE, related_name="+")
    person = models.UUIDField(help_text="Opaque id of the person.")
    session = models.CharField(max_length=128, help_text="Opaque reference of the session.")
    viewed_at = models.DateTimeField()

    class Meta:
        ordering = ["-viewed_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["alert", "person", "session"], name="viewed_once_a_session"
            )
        ]
        indexes = [models.Index(fields=["viewed_at"], name="viewing_by_time")]

    def __str__(self) -> str:
        return f"{self.alert_id} by {self.person}"


class OutboxEntry(models.Model):
    """The promise to start a workflow, written with the alert in one transaction."""

    alert = models.OneToOneField(
        Alert, on_delete=models.CASCADE, primary_key=True, related_name="outbox"
    )
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(
        max_length=20, choices=_choices(states.OutboxState), default=states.OutboxState.WAITING
    )
    tries = models.PositiveIntegerField(default=0)
    next_try_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True, blank=True)
    run_id = models.CharField(max_length=64, blank=True)
    run_number = models.PositiveIntegerField(
        default=1, help_text="Rises when a vanished run is started again."
    )
    finished_at = models.DateTimeField(
        null=True, blank=True, help_text="When everything a decision set in motion was done."
    )
    checked_at = models.DateTimeField(
        null=True, blank=True, help_text="When Temporal was last asked whether the run is there."
    )
    last_error = models.TextField(blank=True)
    created_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "outbox entries"
        indexes = [
            models.Index(
                fields=["next_try_at"],
                condition=models.Q(state=states.OutboxState.WAITING),
                name="outbox_waiting",
            )
        ]

    def __str__(self) -> str:
        return f"outbox of {self.alert_id}"
