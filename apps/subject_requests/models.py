"""What a person may ask of their data: access, explanation, objection, rectification, erasure; and what was done.

Words of and about the person are sealed under the person's own key, so that erasing it leaves opaque rows.
"""

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import Tenant
from apps.evidence.models import Hold
from apps.people.models import Person
from apps.triage import states


class RequestKind(models.TextChoices):
    ACCESS = "access", _("Access to their data (GDPR Art. 15)")
    EXPLANATION = "explanation", _("Explanation of a decision (AI Act Art. 86, GDPR Art. 22)")
    RECTIFICATION = "rectification", _("Correction (GDPR Art. 16)")
    ERASURE = "erasure", _("Erasure (GDPR Art. 17)")
    OBJECTION = "objection", _("Objection (GDPR Art. 21)")


class ReceivedBy(models.TextChoices):
    LETTER = "letter", _("letter")
    EMAIL = "email", _("e-mail")
    IN_PERSON = "in_person", _("in person")
    PHONE = "phone", _("telephone")
    REPRESENTATIVE = "representative", _("a representative, with authority shown")
    OWN_DECISION = "own_decision", _("nobody asked: our own decision")


class IdentityCheck(models.TextChoices):
    NOT_YET = "", _("not checked yet")
    DOCUMENT = "document", _("an identity document was seen, no copy kept")
    REPLY = "reply", _("a reply from the address on record")
    DETAILS = "details", _("details only the person could know (receipt, time, clothing)")
    FACE = "face", _("compared with the footage, in person")
    NOT_NEEDED = "not_needed", _("not needed: nothing is disclosed")


class RefusalGround(models.TextChoices):
    NOT_IDENTIFIED = "not_identified", _("the person cannot be identified (GDPR Art. 11(2), 12(2))")
    UNFOUNDED = "unfounded", _("manifestly unfounded or excessive (GDPR Art. 12(5))")
    RIGHTS_OF_OTHERS = "rights_of_others", _("rights of others (GDPR Art. 15(4))")
    LEGAL_CLAIMS = "legal_claims", _("needed for legal claims (GDPR Art. 17(3)(e))")
    LEGAL_OBLIGATION = "legal_obligation", _("a legal obligation (GDPR Art. 17(3)(b))")
    NOTHING_HELD = "nothing_held", _("nothing is held about the person")


class SubjectRequest(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="requests")
    kind = models.CharField(max_length=20, choices=RequestKind)
    state = models.CharField(
        max_length=20,
        choices=[(s.value, s.value) for s in states.RequestState],
        default=states.RequestState.RECEIVED,
    )
    version = models.PositiveIntegerField(default=1)
    received_at = models.DateTimeField()
    received_how = models.CharField(max_length=20, choices=ReceivedBy)
    received_by = models.UUIDField(help_text="Opaque id of who wrote it down.")
    contact_sealed = models.BinaryField(null=True, help_text="Where the answer goes.")
    words_sealed = models.BinaryField(null=True, help_text="What the person asked for.")
    identity_check = models.CharField(max_length=20, choices=IdentityCheck, blank=True)
    identity_by = models.UUIDField(null=True, blank=True)
    due_at = models.DateTimeField(help_text="One month from receipt (GDPR Art. 12(3)).")
    extended_at = models.DateTimeField(null=True, blank=True)
    reminded_at = models.DateTimeField(null=True, blank=True)
    prepared_by = models.UUIDField(null=True, blank=True)
    prepared_at = models.DateTimeField(null=True, blank=True)
    approved_by = models.UUIDField(null=True, blank=True)
    approved_at = models.DateTimeField(null=True, blank=True)
    refusal_ground = models.CharField(max_length=30, choices=RefusalGround, blank=True)
    outcome_sealed = models.BinaryField(null=True, help_text="What was answered, in words.")
    ended_by = models.UUIDField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["due_at"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=states.SUBJECT_REQUEST.states),
                name="subject_request_state_is_known",
            ),
            models.CheckConstraint(
                condition=models.Q(approved_by__isnull=True)
                | ~models.Q(approved_by=models.F("prepared_by")),
                name="disclosure_is_approved_by_somebody_else",
            ),
            models.CheckConstraint(
                condition=~models.Q(state__in=["approved", "disclosed"])
                | models.Q(
                    approved_by__isnull=False,
                    approved_at__isnull=False,
                    prepared_by__isnull=False,
                ),
                name="disclosure_was_prepared_and_approved",
            ),
            models.CheckConstraint(
                condition=~models.Q(state="refused") | ~models.Q(refusal_ground=""),
                name="refusal_has_a_legal_ground",
            ),
            models.CheckConstraint(
                condition=models.Q(state="received")
                | models.Q(state="refused")
                | ~models.Q(identity_check=""),
                name="identity_is_checked_before_searching",
            ),
        ]
        indexes = [models.Index(fields=["tenant", "state", "due_at"], name="request_by_due")]

    def __str__(self) -> str:
        return self.reference

    @property
    def reference(self) -> str:
        return f"S-{self.id.hex[:8].upper()}"

    @property
    def is_open(self) -> bool:
        return self.state not in states.SUBJECT_REQUEST.terminal


class FindingKind(models.TextChoices):
    ALERT = "alert", _("alert")
    CLIP = "clip", _("footage")
    CASE = "case", _("case")
    CASE_PERSON = "case_person", _("person of a case")
    CASE_FILE = "case_file", _("case file")
    REPORT = "report", _("report or statement")
    WATCHLIST_ENTRY = "watchlist_entry", _("watchlist entry")
    SIGHTING = "sighting", _("sighting")
    AUDIT_REASON = "audit_reason", _("reason in the audit trail")
    MENTION = "mention", _("name in a text")


class Finding(models.Model):
    """One thing the search found. A person says whether it is about the subject, and why."""

    class State(models.TextChoices):
        OPEN = "open", _("to be judged")
        INCLUDED = "included", _("included")
        EXCLUDED = "excluded", _("excluded")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    request = models.ForeignKey(SubjectRequest, on_delete=models.PROTECT, related_name="findings")
    kind = models.CharField(max_length=20, choices=FindingKind)
    object_id = models.CharField(
        max_length=128, help_text="Opaque id; of a mention table.column.id"
    )
    label = models.CharField(
        max_length=120, help_text="Reference and code, never words about the person."
    )
    happened_at = models.DateTimeField(null=True, blank=True)
    found_how = models.CharField(max_length=40)
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    reason_sealed = models.BinaryField(null=True)
    judged_by = models.UUIDField(null=True, blank=True)
    judged_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["happened_at", "kind", "object_id"]
        constraints = [
            models.UniqueConstraint(
                fields=["request", "kind", "object_id"], name="finding_once_per_request"
            ),
            models.CheckConstraint(
                condition=models.Q(state="open")
                | models.Q(judged_by__isnull=False, judged_at__isnull=False),
                name="finding_is_judged_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.label}"


class DisclosurePackage(models.Model):
    """What the person receives, as one archive: written, released by a link, deleted at its end."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    request = models.ForeignKey(SubjectRequest, on_delete=models.PROTECT, related_name="packages")
    asked_at = models.DateTimeField()
    key = models.CharField(max_length=300, blank=True)
    size_bytes = models.BigIntegerField(null=True, blank=True)
    sha256 = models.CharField(max_length=64, blank=True)
    written_at = models.DateTimeField(null=True, blank=True)
    note = models.TextField(blank=True, help_text="Why it could not be written, in words.")
    link_hash = models.CharField(max_length=64, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True, help_text="When it was to go.")
    removed_at = models.DateTimeField(null=True, blank=True, help_text="When its bytes were gone.")

    class Meta:
        ordering = ["-asked_at"]

    def __str__(self) -> str:
        return f"package of {self.request_id}"


class Erasure(models.Model):
    """Asked for by one person, carried out by another; its items say what went when."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    request = models.OneToOneField(SubjectRequest, on_delete=models.PROTECT, related_name="erasure")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="erasures")
    asked_by = models.UUIDField()
    asked_at = models.DateTimeField()
    executed_by = models.UUIDField(null=True, blank=True)
    executed_at = models.DateTimeField(null=True, blank=True)
    event_id = models.UUIDField(null=True, blank=True, help_text="Its entry in the audit chain.")
    counts = models.JSONField(default=dict, help_text="What went at once: how many by kind.")
    completed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-asked_at"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(executed_by__isnull=True)
                | ~models.Q(executed_by=models.F("asked_by")),
                name="erasure_is_carried_out_by_somebody_else",
            ),
            models.CheckConstraint(
                condition=models.Q(executed_by__isnull=True, executed_at__isnull=True)
                | models.Q(executed_by__isnull=False, executed_at__isnull=False),
                name="erasure_says_who_and_when",
            ),
        ]

    def __str__(self) -> str:
        return f"erasure {self.id.hex[:8]}"


class ErasureItem(models.Model):
    """One thing to erase: now, or when what stands against it has ended."""

    class Obstacle(models.TextChoices):
        NONE = "", _("nothing: goes at once")
        LEGAL_HOLD = "legal_hold", _("legal hold: goes when it is released")
        LOCKED = "locked", _("sealed exhibit: goes when its lock ends")
        OPEN_CASE = "open_case", _("open case: goes when the case is closed")
        OTHER_REQUEST = "other_request", _("request of somebody else: goes when it is answered")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    erasure = models.ForeignKey(Erasure, on_delete=models.PROTECT, related_name="items")
    kind = models.CharField(max_length=20)
    object_id = models.CharField(max_length=128)
    obstacle = models.CharField(max_length=20, choices=Obstacle, blank=True)
    due_at = models.DateTimeField(null=True, blank=True, help_text="When the lock ends.")
    done_at = models.DateTimeField(null=True, blank=True)
    tries = models.PositiveIntegerField(default=0)
    last_error = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["kind", "object_id"]
        constraints = [
            models.UniqueConstraint(
                fields=["erasure", "kind", "object_id"], name="erasure_item_once"
            )
        ]
        indexes = [
            models.Index(
                fields=["due_at"], condition=models.Q(done_at__isnull=True), name="erasure_to_do"
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.erasure_id}"


class RecipientNotice(models.Model):
    """A recipient of the data has to be told of the erasure (GDPR Art. 19), and when that was done."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    erasure = models.ForeignKey(Erasure, on_delete=models.PROTECT, related_name="notices")
    case_file_id = models.UUIDField()
    told_by = models.UUIDField(null=True, blank=True)
    told_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["case_file_id"]
        constraints = [
            models.UniqueConstraint(fields=["erasure", "case_file_id"], name="recipient_told_once")
        ]

    def __str__(self) -> str:
        return f"notice about {self.case_file_id}"


class RequestHold(models.Model):
    """A hold that stands because of a request: placed by its search, released by its end. Written once."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    request = models.ForeignKey(SubjectRequest, on_delete=models.PROTECT, related_name="holds")
    hold = models.OneToOneField(Hold, on_delete=models.PROTECT, related_name="for_request")

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"hold for {self.request_id}"
