"""What a person keeps of the desk: saved views of the queue."""

import uuid

from django.conf import settings
from django.db import models

from apps.accounts.models import Tenant


class SavedView(models.Model):
    """A person's own choice of filters, under a name."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="saved_views"
    )
    name = models.CharField(max_length=60)
    query = models.CharField(max_length=400, blank=True, help_text="The queue's query string.")
    saved_at = models.DateTimeField()

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["user", "name"], name="saved_view_once_per_name")
        ]

    def __str__(self) -> str:
        return self.name
