"""Notes on an alert, in every wording they had."""

import uuid

from django.db import models

from apps.accounts.models import Tenant
from apps.alerts.models import Alert


class AlertNote(models.Model):
    """One wording of a note. Rewriting adds a wording that supersedes this one; none is ever changed."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    alert = models.ForeignKey(Alert, on_delete=models.PROTECT, related_name="notes")
    text = models.TextField(
        blank=True, help_text="What was seen. Emptied when a person's texts are erased."
    )
    written_by = models.UUIDField(help_text="Opaque id of the person.")
    written_at = models.DateTimeField()
    supersedes = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="superseded_by"
    )

    class Meta:
        ordering = ["written_at", "id"]
        indexes = [models.Index(fields=["alert", "written_at"], name="note_of_alert")]

    def __str__(self) -> str:
        return f"note of {self.alert_id}"
