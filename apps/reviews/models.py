"""People in front of alerts: human tasks, review items, decision attempts, confirmations, playback, interventions."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models.functions import Length
from django.db.models.lookups import GreaterThanOrEqual
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import Tenant
from apps.alerts.models import Alert, Disposition
from apps.reviews.note_models import AlertNote as AlertNote
from apps.sites.models import Site
from apps.triage import states


class TaskKind(models.TextChoices):
    REVIEW = "review"
    MODEL_REVIEW = "model_review"
    BLIND_AUDIT = "blind_audit"


class HumanTask(models.Model):
    """One thing a person has to decide. Timers remind, reassign and escalate it; they never decide it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    alert = models.ForeignKey(Alert, on_delete=models.PROTECT, related_name="tasks")
    kind = models.CharField(max_length=20, choices=TaskKind, default=TaskKind.REVIEW)
    state = models.CharField(
        max_length=20, choices=[(s.value, s.value) for s in states.TaskState], default="open"
    )
    required_confirmations = models.PositiveSmallIntegerField(
        default=1, help_text="2 for biometric matches."
    )
    opened_at = models.DateTimeField()
    due_at = models.DateTimeField()
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="human_tasks",
    )
    reminded_at = models.DateTimeField(null=True, blank=True)
    reassigned_at = models.DateTimeField(null=True, blank=True)
    escalated_at = models.DateTimeField(
        null=True, blank=True, help_text="Since when a lead is asked."
    )
    second_look_by = models.UUIDField(
        null=True, blank=True, help_text="Opaque id of who asked somebody else to look."
    )
    second_look_at = models.DateTimeField(null=True, blank=True)
    second_look_reason = models.TextField(blank=True, help_text="What the other should look at.")
    done_at = models.DateTimeField(null=True, blank=True)
    disposition = models.OneToOneField(
        Disposition, on_delete=models.PROTECT, null=True, blank=True, related_name="task"
    )
    settled_by = models.ForeignKey(
        "Confirmation",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="settled_tasks",
        help_text="The confirmation of another alert of the item that named this one.",
    )

    class Meta:
        ordering = ["due_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["alert"], condition=models.Q(state="open"), name="one_open_task_per_alert"
            ),
            models.CheckConstraint(
                condition=models.Q(state="done", disposition__isnull=False)
                | (~models.Q(state="done") & models.Q(disposition__isnull=True)),
                name="task_is_done_with_a_disposition_only",
            ),
            models.CheckConstraint(
                condition=models.Q(required_confirmations__in=[1, 2]),
                name="task_wants_one_or_two_people",
            ),
        ]
        indexes = [
            models.Index(
                fields=["tenant", "-opened_at"],
                condition=models.Q(state=states.TaskState.OPEN),
                name="open_task_by_time",
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} of {self.alert_id}"


class ReviewItem(models.Model):
    """Alerts of one happening on one or several cameras: one row in the queue, one look."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="+")
    lead = models.ForeignKey(
        Alert, on_delete=models.PROTECT, related_name="+", help_text="Stands for the item."
    )
    state = models.CharField(
        max_length=20,
        choices=[(s.value, s.value) for s in states.ItemState],
        default=states.ItemState.OPEN,
    )
    opened_at = models.DateTimeField()
    settings_version = models.CharField(
        max_length=40, help_text="Version of the rule that grouped its alerts."
    )

    class Meta:
        ordering = ["opened_at"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=states.ITEM.states), name="item_state_is_known"
            ),
            models.UniqueConstraint(
                fields=["lead"],
                condition=~models.Q(state=states.ItemState.DISSOLVED),
                name="an_alert_leads_one_item",
            ),
        ]

    def __str__(self) -> str:
        return f"item {self.id.hex[:8]} {self.state}"


class ItemMember(models.Model):
    """An alert's place in an item. Split off it stays here, with who did it and why, and counts on its own."""

    alert = models.OneToOneField(
        Alert, on_delete=models.PROTECT, primary_key=True, related_name="membership"
    )
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    item = models.ForeignKey(ReviewItem, on_delete=models.PROTECT, related_name="members")
    starts_at = models.DateTimeField(
        help_text="On the true clock: the camera's offset is taken off."
    )
    ends_at = models.DateTimeField()
    joined_at = models.DateTimeField()
    split_at = models.DateTimeField(null=True, blank=True)
    split_by = models.UUIDField(null=True, blank=True, help_text="Opaque id of the person.")
    split_reason = models.TextField(blank=True)

    class Meta:
        ordering = ["starts_at"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(ends_at__gte=models.F("starts_at")),
                name="member_span_does_not_end_before_it_starts",
            ),
            models.CheckConstraint(
                condition=models.Q(split_at__isnull=True, split_by__isnull=True, split_reason="")
                | (
                    models.Q(split_at__isnull=False, split_by__isnull=False)
                    & ~models.Q(split_reason="")
                ),
                name="member_is_split_by_somebody_for_a_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.alert_id} in {self.item_id}"


class DecisionAttempt(models.Model):
    """One person's try to decide exactly one payload; the one-time token is kept as a hash."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    task = models.ForeignKey(HumanTask, on_delete=models.PROTECT, related_name="attempts")
    alert = models.ForeignKey(Alert, on_delete=models.PROTECT, related_name="attempts")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    role = models.CharField(max_length=20, help_text="Role used, as of preparing.")
    session_hash = models.CharField(max_length=64)
    channel = models.CharField(max_length=20)
    action = models.CharField(max_length=40, default="alert.dispose")
    payload = models.JSONField(help_text="verdict, reasons, comment, transfer_seen.")
    payload_digest = models.CharField(max_length=64)
    object_version = models.PositiveIntegerField(
        help_text="The alert's version this decision is about."
    )
    token_hash = models.CharField(max_length=64, unique=True)
    state = models.CharField(
        max_length=20, choices=[(s.value, s.value) for s in states.AttemptState], default="prepared"
    )
    prepared_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    submitted_at = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(
        null=True, blank=True, help_text="Last time the Update was sent."
    )
    settled_at = models.DateTimeField(null=True, blank=True)
    outcome_code = models.CharField(max_length=40, blank=True)
    outcome_text = models.TextField(blank=True)

    class Meta:
        ordering = ["-prepared_at"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(expires_at__gt=models.F("prepared_at")),
                name="attempt_expires_after_it_was_prepared",
            )
        ]
        indexes = [models.Index(fields=["state", "expires_at"], name="attempt_unsettled")]

    def __str__(self) -> str:
        return f"attempt {self.id.hex[:8]} {self.state}"


class Confirmation(models.Model):
    """One person's authorised, recorded act. Written once, in the transaction that consumed the attempt's token."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    task = models.ForeignKey(HumanTask, on_delete=models.PROTECT, related_name="confirmations")
    attempt = models.OneToOneField(
        DecisionAttempt, on_delete=models.PROTECT, related_name="confirmation"
    )
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    role = models.CharField(max_length=20)
    payload_digest = models.CharField(max_length=64)
    viewed_ms = models.PositiveIntegerField(
        default=0, help_text="Milliseconds of the clip this person had played."
    )
    confirmed_at = models.DateTimeField()

    class Meta:
        ordering = ["confirmed_at"]
        constraints = [
            models.UniqueConstraint(fields=["task", "user"], name="four_eyes_are_two_people")
        ]

    def __str__(self) -> str:
        return f"confirmation {self.id.hex[:8]}"


class Playback(models.Model):
    """A span of the clip that a person's player really played."""

    id = models.BigAutoField(primary_key=True)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    alert = models.ForeignKey(Alert, on_delete=models.CASCADE, related_name="playbacks")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    session = models.CharField(max_length=64)
    from_ms = models.PositiveIntegerField()
    to_ms = models.PositiveIntegerField()
    played_at = models.DateTimeField()

    class Meta:
        ordering = ["played_at"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(to_ms__gt=models.F("from_ms")), name="playback_span_has_length"
            )
        ]
        indexes = [models.Index(fields=["alert", "user"], name="playback_by_person")]

    def __str__(self) -> str:
        return f"{self.from_ms}–{self.to_ms} ms"


LEAST_REVEAL_REASON = 10


class Reveal(models.Model):
    """A person's permission to see one clip with faces, for a while and for a stated reason."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    alert = models.ForeignKey(Alert, on_delete=models.PROTECT, related_name="reveals")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    role = models.CharField(max_length=20)
    reason = models.TextField()
    revealed_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    covered_at = models.DateTimeField(
        null=True, blank=True, help_text="When the person covered the faces again before the time."
    )

    class Meta:
        ordering = ["-revealed_at"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(expires_at__gt=models.F("revealed_at")),
                name="reveal_ends_after_it_began",
            ),
            models.CheckConstraint(
                condition=GreaterThanOrEqual(Length("reason"), LEAST_REVEAL_REASON),
                name="reveal_has_a_reason",
            ),
        ]
        indexes = [models.Index(fields=["alert", "user", "-expires_at"], name="reveal_by_person")]

    def __str__(self) -> str:
        return f"reveal {self.id.hex[:8]}"


class InterventionKind(models.TextChoices):
    NONE = "none", _("Nothing")
    OBSERVE = "observe", _("Observe")
    APPROACH = "approach", _("Approach the person")
    POLICE = "police", _("Call the police")


class InterventionOutcome(models.TextChoices):
    RECOVERED = "recovered", _("Goods recovered")
    RECEIPT_SHOWN = "receipt_shown", _("Receipt shown")
    NOTHING_FOUND = "nothing_found", _("Nothing found")
    LEFT = "left", _("Left with the goods")
    NOT_KNOWN = "not_known", _("Not known yet")


class Intervention(models.Model):
    """An authorised act on the floor, with its own confirmation.

    Outcome, complaint and settlement are those that stand; who recorded them, and what was corrected, are its entries.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    alert = models.ForeignKey(Alert, on_delete=models.PROTECT, related_name="interventions")
    confirmation = models.ForeignKey(
        Confirmation, on_delete=models.PROTECT, related_name="interventions"
    )
    kind = models.CharField(max_length=20, choices=InterventionKind)
    outcome = models.CharField(
        max_length=20, choices=InterventionOutcome, default=InterventionOutcome.NOT_KNOWN
    )
    authorised_by = models.UUIDField()
    authorised_at = models.DateTimeField()
    outcome_at = models.DateTimeField(null=True, blank=True)
    complaint_at = models.DateTimeField(
        null=True, blank=True, help_text="When a complaint was recorded; its words are an entry."
    )
    settled_at = models.DateTimeField(null=True, blank=True)
    settled_cost = models.DecimalField(
        max_digits=12,
        decimal_places=2,
        null=True,
        blank=True,
        help_text="What the complaint cost in the end, in `currency`.",
    )
    currency = models.CharField(max_length=3, blank=True, help_text="Of the settled cost.")

    class Meta:
        ordering = ["authorised_at"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(kind__in=InterventionKind.values),
                name="intervention_kind_is_known",
            ),
            models.CheckConstraint(
                condition=models.Q(outcome__in=InterventionOutcome.values),
                name="intervention_outcome_is_known",
            ),
            models.CheckConstraint(
                condition=models.Q(settled_at__isnull=True, settled_cost__isnull=True, currency="")
                | models.Q(
                    complaint_at__isnull=False, settled_at__isnull=False, settled_cost__gte=0
                )
                & ~models.Q(currency=""),
                name="only_a_complaint_is_settled_at_a_cost",
            ),
        ]
        indexes = [
            models.Index(fields=["tenant", "-authorised_at", "id"], name="intervention_by_time")
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.authorised_at:%Y-%m-%d %H:%M}"

    @property
    def reference(self) -> str:
        """Short name for people; the id stays the key."""
        return f"I-{self.id.hex[:8].upper()}"


class EntryStep(models.TextChoices):
    OUTCOME = "outcome", _("Outcome")
    COMPLAINT = "complaint", _("Complaint received")
    SETTLEMENT = "settlement", _("Complaint settled")


class InterventionEntry(models.Model):
    """What somebody recorded of an intervention, and why. A correction is a new entry that supersedes this one."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    intervention = models.ForeignKey(Intervention, on_delete=models.PROTECT, related_name="entries")
    step = models.CharField(max_length=20, choices=EntryStep)
    outcome = models.CharField(max_length=20, choices=InterventionOutcome, blank=True)
    cost = models.DecimalField(max_digits=12, decimal_places=2, null=True, blank=True)
    currency = models.CharField(max_length=3, blank=True)
    reason = models.TextField(
        blank=True, help_text="What was seen or said. Emptied when a person's texts are erased."
    )
    recorded_by = models.UUIDField(
        null=True,
        blank=True,
        help_text="Opaque id; empty for what was recorded before there were entries: the audit chain says who.",
    )
    recorded_at = models.DateTimeField()
    supersedes = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="superseded_by"
    )

    class Meta:
        ordering = ["recorded_at"]
        verbose_name_plural = "intervention entries"
        constraints = [
            models.UniqueConstraint(
                fields=["intervention", "step"],
                condition=models.Q(supersedes__isnull=True),
                name="one_first_entry_a_step",
            ),
            models.CheckConstraint(
                condition=models.Q(
                    step=EntryStep.OUTCOME,
                    outcome__in=InterventionOutcome.values,
                    cost__isnull=True,
                )
                | models.Q(step=EntryStep.COMPLAINT, outcome="", cost__isnull=True)
                | models.Q(step=EntryStep.SETTLEMENT, outcome="", cost__gte=0)
                & ~models.Q(currency=""),
                name="entry_says_what_its_step_is_about",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_step_display()} {self.recorded_at:%Y-%m-%d %H:%M}"


class BlindJudgement(models.Model):
    """What a person said before the machine's proposal was shown, and what that was. Written once, with the verdict."""

    alert = models.OneToOneField(
        Alert, on_delete=models.PROTECT, primary_key=True, related_name="blind_judgement"
    )
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    disposition = models.OneToOneField(Disposition, on_delete=models.PROTECT, related_name="+")
    proposed = models.CharField(max_length=20, help_text="The machine: escalate, verify, archive.")
    verdict = models.CharField(max_length=20, help_text="The person's, of this first look.")
    agrees = models.BooleanField(
        null=True, help_text="Empty where the person could not tell: neither for nor against."
    )
    judged_by = models.UUIDField()
    judged_at = models.DateTimeField()

    class Meta:
        ordering = ["judged_at"]
        indexes = [models.Index(fields=["tenant", "-judged_at"], name="blind_judgement_by_time")]

    def __str__(self) -> str:
        return f"{self.proposed} / {self.verdict}"
