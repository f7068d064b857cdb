"""Pictures that must go: written in the transaction that gave them up, done when the store has deleted them."""

from django.db import models

from apps.accounts.models import Tenant


class DiscardedObject(models.Model):
    """The promise to delete one object. The row itself goes when the store has answered."""

    id = models.BigAutoField(primary_key=True)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    key = models.CharField(max_length=300)
    discarded_at = models.DateTimeField()
    tries = models.PositiveIntegerField(default=0)
    last_error = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["key"], name="an_object_is_discarded_once"),
        ]

    def __str__(self) -> str:
        return f"discard {self.id}"
