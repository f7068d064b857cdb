"""Exports of a case."""

import uuid

from django.db import models

from apps.accounts.models import Tenant
from apps.cases.models.cases import Case
from apps.triage import states


class CaseFile(models.Model):
    """An export of a case for one recipient and purpose: asked for, written, released by an administrator, gone."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="files")
    recipient = models.CharField(max_length=200)
    purpose = models.CharField(max_length=500)
    with_originals = models.BooleanField(
        help_text="Native footage; otherwise copies with faces blurred."
    )
    has_password = models.BooleanField(default=False)
    password_sealed = models.BinaryField(
        null=True, help_text="Encrypted; wiped when it was shown to whoever released the file."
    )
    state = models.CharField(
        max_length=20,
        choices=[(s.value, s.value) for s in states.CaseFileState],
        default=states.CaseFileState.REQUESTED,
    )
    version = models.PositiveIntegerField(default=1)
    requested_by = models.UUIDField(help_text="Opaque id of the person.")
    requested_at = models.DateTimeField()
    progress = models.FloatField(default=0.0, help_text="Share of the payload written, 0 to 1.")
    size_bytes = models.BigIntegerField(null=True, blank=True)
    sha256 = models.CharField(max_length=64, blank=True)
    key = models.CharField(max_length=300, blank=True)
    note = models.TextField(blank=True, help_text="Why it could not be written, in words.")
    written_at = models.DateTimeField(null=True, blank=True)
    released_by = models.UUIDField(null=True, blank=True)
    released_at = models.DateTimeField(null=True, blank=True)
    link_hash = models.CharField(
        max_length=64, blank=True, help_text="SHA-256 of the secret in the recipient's link."
    )
    expires_at = models.DateTimeField(help_text="After that the file is deleted.")
    ended_at = models.DateTimeField(null=True, blank=True)
    removed_at = models.DateTimeField(null=True, blank=True, help_text="When its bytes were gone.")
    tell_at = models.DateTimeField(
        null=True, blank=True, help_text="When its workflow has to be told of a change; null: told."
    )
    run_id = models.CharField(max_length=64, blank=True)
    checked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-requested_at"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=states.CASE_FILE.states),
                name="case_file_state_is_known",
            ),
            models.CheckConstraint(
                condition=models.Q(released_at__isnull=True, released_by__isnull=True)
                | models.Q(released_at__isnull=False, released_by__isnull=False),
                name="case_file_is_released_by_somebody",
            ),
            models.CheckConstraint(
                condition=~models.Q(state="released") | models.Q(released_at__isnull=False),
                name="released_case_file_says_when",
            ),
        ]
        indexes = [
            models.Index(
                fields=["tell_at"], condition=models.Q(tell_at__isnull=False), name="case_file_told"
            )
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def reference(self) -> str:
        return f"F-{self.id.hex[:8].upper()}"

    @property
    def archive_name(self) -> str:
        """The name of the archive and of the one folder in it."""
        return f"{self.case.reference}-{self.reference}"
