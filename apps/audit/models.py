"""Tables of the audit chain. They are written by ``record`` and by the sequencer, never by save().

Rows hold opaque ids and no foreign keys: what they speak of may be erased, the row stays.
"""

import uuid

from django.contrib.postgres.indexes import BrinIndex
from django.db import models

SHA256_HEX = 64


class Entry(models.Model):
    """The fields of an event, before and after it has a place in the chain."""

    tenant_id = models.UUIDField()
    occurred_at = models.DateTimeField()
    actor = models.CharField(max_length=64)
    role = models.CharField(max_length=64)
    channel = models.CharField(max_length=16)
    session = models.CharField(max_length=128)
    event = models.CharField(max_length=64)
    subject_kind = models.CharField(max_length=64)
    subject_id = models.CharField(max_length=128)
    before_digest = models.CharField(max_length=SHA256_HEX)
    after_digest = models.CharField(max_length=SHA256_HEX)
    reason_commitment = models.CharField(max_length=SHA256_HEX)
    details = models.TextField()

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.event} {self.subject_kind} {self.subject_id}"


class InboxEntry(Entry):
    """An event on its way into the chain: inserted by the business transaction."""

    id = models.BigAutoField(primary_key=True)
    event_id = models.UUIDField()

    class Meta:
        db_table = "audit_inbox"
        verbose_name = "event waiting to be chained"
        verbose_name_plural = "events waiting to be chained"
        indexes = [
            models.Index(
                fields=["tenant_id", "subject_kind", "subject_id"], name="audit_inbox_subject"
            )
        ]


class Leaf(Entry):
    """An event at its place in the tenant's chain, with the hash that place is computed from."""

    event_id = models.UUIDField(primary_key=True)
    index = models.BigIntegerField()
    leaf_hash = models.BinaryField(max_length=32)

    class Meta:
        db_table = "audit_leaf"
        verbose_name = "audit event"
        verbose_name_plural = "audit events"
        constraints = [
            models.UniqueConstraint(fields=["tenant_id", "index"], name="audit_leaf_place"),
            models.CheckConstraint(condition=models.Q(index__gte=0), name="audit_leaf_index"),
        ]
        indexes = [
            models.Index(
                fields=["tenant_id", "subject_kind", "subject_id", "index"],
                name="audit_leaf_subject",
            ),
            models.Index(fields=["tenant_id", "event", "index"], name="audit_leaf_event"),
            models.Index(fields=["tenant_id", "actor", "index"], name="audit_leaf_actor"),
            BrinIndex(fields=["occurred_at"], name="audit_leaf_time"),
        ]


class Reason(models.Model):
    """What a person wrote, beside the salt that ties it to its leaf; the part that can be erased."""

    event_id = models.UUIDField(primary_key=True)
    tenant_id = models.UUIDField()
    salt = models.BinaryField(max_length=32)
    text = models.TextField()

    class Meta:
        db_table = "audit_reason"

    def __str__(self) -> str:
        return f"reason of {self.event_id}"


class Tree(models.Model):
    """Where a tenant's chain stands: its size and the peaks that appending needs."""

    tenant_id = models.UUIDField(primary_key=True)
    size = models.BigIntegerField()
    peaks = models.BinaryField()
    pending_since = models.DateTimeField(null=True)
    checkpoint_size = models.BigIntegerField()
    checkpoint_digest = models.CharField(max_length=SHA256_HEX)

    class Meta:
        db_table = "audit_tree"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(checkpoint_size__gte=0, size__gte=models.F("checkpoint_size")),
                name="audit_tree_sizes",
            )
        ]

    def __str__(self) -> str:
        return f"chain of {self.tenant_id}: {self.size} entries"


class Checkpoint(models.Model):
    """A signed statement of a chain's size and root; ``note`` is what was signed, word for word."""

    tenant_id = models.UUIDField()
    tree_size = models.BigIntegerField()
    first_index = models.BigIntegerField()
    root_hash = models.BinaryField(max_length=32)
    previous_digest = models.CharField(max_length=SHA256_HEX)
    key_id = models.CharField(max_length=8)
    signed_at = models.DateTimeField()
    object_key = models.CharField(max_length=200)
    note = models.TextField()

    class Meta:
        db_table = "audit_checkpoint"
        constraints = [
            models.UniqueConstraint(
                fields=["tenant_id", "tree_size"], name="audit_checkpoint_place"
            )
        ]

    def __str__(self) -> str:
        return f"checkpoint of {self.tenant_id} at {self.tree_size}"


class CheckpointCopy(models.Model):
    """The proof that a checkpoint reached the locked bucket."""

    checkpoint_id = models.BigIntegerField(unique=True)
    tenant_id = models.UUIDField()
    version_id = models.CharField(max_length=200)
    retain_until = models.DateTimeField()
    stored_at = models.DateTimeField()

    class Meta:
        db_table = "audit_checkpoint_copy"

    def __str__(self) -> str:
        return f"stored copy of checkpoint {self.checkpoint_id}"


class CheckpointStamp(models.Model):
    """What a time-stamping authority (RFC 3161) said of a checkpoint: these bytes existed at that time."""

    checkpoint_id = models.BigIntegerField(unique=True)
    tenant_id = models.UUIDField()
    authority = models.CharField(max_length=200, help_text="The address that was asked.")
    token = models.BinaryField(help_text="TimeStampToken, DER, over the SHA-256 of the note.")
    stamped_at = models.DateTimeField(help_text="The time the authority states.")
    stored_at = models.DateTimeField()

    class Meta:
        db_table = "audit_checkpoint_stamp"
        indexes = [models.Index(fields=["tenant_id", "checkpoint_id"], name="audit_stamp_chain")]

    def __str__(self) -> str:
        return f"time stamp of checkpoint {self.checkpoint_id}"


class CheckpointCosignature(models.Model):
    """A witness's signature line on a checkpoint: it continues what the witness had seen."""

    checkpoint_id = models.BigIntegerField()
    tenant_id = models.UUIDField()
    witness = models.CharField(max_length=100, help_text="The name in its key.")
    line = models.TextField()
    stored_at = models.DateTimeField()

    class Meta:
        db_table = "audit_checkpoint_cosignature"
        constraints = [
            models.UniqueConstraint(
                fields=["checkpoint_id", "witness"], name="audit_cosigned_once_by_each"
            )
        ]

    def __str__(self) -> str:
        return f"{self.witness} on checkpoint {self.checkpoint_id}"


class Heartbeat(models.Model):
    """The sequencer's sign of life: one row, no tenant's data."""

    id = models.SmallIntegerField(primary_key=True)
    beat_at = models.DateTimeField()
    waiting = models.BigIntegerField()
    oldest_at = models.DateTimeField(null=True)
    unstored_checkpoints = models.BigIntegerField()
    stamps_note = models.TextField(
        db_default="", default="", help_text="Why the last time stamp failed; empty when it came."
    )
    witness_note = models.TextField(
        db_default="", default="", help_text="Why the witness did not sign; empty when it did."
    )

    class Meta:
        db_table = "audit_heartbeat"
        constraints = [
            models.CheckConstraint(condition=models.Q(id=1), name="audit_heartbeat_single")
        ]

    def __str__(self) -> str:
        return f"sequencer alive at {self.beat_at}"


class ChainCheck(models.Model):
    """One verification of a tenant's whole chain, asked for by a person or by the night, and what it found."""

    class State(models.TextChoices):
        WAITING = "waiting"
        RUNNING = "running"
        HOLDS = "holds"
        BROKEN = "broken"
        FAILED = "failed"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant_id = models.UUIDField()
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    asked_by = models.UUIDField(null=True, help_text="Opaque id; empty for the nightly check.")
    asked_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    entries = models.BigIntegerField(null=True)
    checkpoints = models.IntegerField(null=True)
    lost_reasons = models.IntegerField(null=True)
    problems = models.JSONField(default=list, help_text="[{index, sentence}], the first ones.")
    note = models.TextField(blank=True, help_text="Why it could not be carried out, in words.")

    class Meta:
        db_table = "audit_check"
        ordering = ["-asked_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["tenant_id"],
                condition=models.Q(state__in=["waiting", "running"]),
                name="one_check_at_a_time_per_chain",
            )
        ]

    def __str__(self) -> str:
        return f"check of {self.tenant_id}: {self.state}"

    @property
    def is_under_way(self) -> bool:
        return self.state in (self.State.WAITING, self.State.RUNNING)
