"""What people write and have to do in a case: notes with their versions, and tasks."""

import uuid

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector
from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import Tenant
from apps.cases.models.cases import Case, Incident
from apps.cases.models.links import CasePerson


class Note(models.Model):
    """A note of a case, pinned to the case itself, to one of its happenings, or to somebody in it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="notes")
    incident = models.ForeignKey(
        Incident, on_delete=models.PROTECT, null=True, blank=True, related_name="notes"
    )
    person = models.ForeignKey(
        CasePerson, on_delete=models.PROTECT, null=True, blank=True, related_name="notes"
    )
    written_by = models.UUIDField()
    written_at = models.DateTimeField()

    class Meta:
        ordering = ["written_at"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(incident__isnull=True) | models.Q(person__isnull=True),
                name="note_has_one_pin",
            )
        ]

    def __str__(self) -> str:
        return f"note {self.id.hex[:8]}"


class NoteVersion(models.Model):
    """One wording of a note; the highest number is the one in force. About a person: sealed under their key."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    note = models.ForeignKey(Note, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    text = models.TextField(blank=True)
    text_sealed = models.BinaryField(null=True, help_text="Emptied by erasure.")
    written_by = models.UUIDField()
    written_at = models.DateTimeField()

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["note", "number"], name="note_version_once"),
            models.CheckConstraint(condition=models.Q(number__gte=1), name="note_versions_from_1"),
        ]
        indexes = [GinIndex(SearchVector("text", config="simple"), name="note_words")]

    def __str__(self) -> str:
        return f"version {self.number}"


class TaskKind(models.TextChoices):
    WORK = "work", _("to do")
    EXHIBIT = "exhibit", _("to obtain")


class CaseTask(models.Model):
    """Something to be done in a case; `template` says which offence's checklist it came from."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="tasks")
    kind = models.CharField(max_length=10, choices=TaskKind, default=TaskKind.WORK)
    title = models.CharField(max_length=200)
    template = models.CharField(max_length=60, blank=True, help_text="offence@version")
    due_at = models.DateTimeField(null=True, blank=True)
    assignee = models.UUIDField(null=True, blank=True)
    made_by = models.UUIDField()
    made_at = models.DateTimeField()
    done_by = models.UUIDField(null=True, blank=True)
    done_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["made_at", "id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(done_at__isnull=True, done_by__isnull=True)
                | models.Q(done_at__isnull=False, done_by__isnull=False),
                name="case_task_is_done_by_somebody",
            )
        ]
        indexes = [
            models.Index(
                fields=["assignee", "due_at"],
                condition=models.Q(done_at__isnull=True),
                name="case_task_open_of",
            )
        ]

    def __str__(self) -> str:
        return self.title
