"""People as data subjects: an opaque id, a key of their own, and the name that is sealed under it."""

import uuid

from django.db import models

from apps.accounts.models import Tenant


class Person(models.Model):
    """Somebody the records speak of. What names them is sealed under their key; erasing destroys the key.

    The row stays as a tombstone, so that ids in the audit chain lead somewhere that says when it was erased.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    key_sealed = models.BinaryField(
        null=True, help_text="256 bits, sealed under the installation's key; empty once destroyed."
    )
    name_sealed = models.BinaryField(null=True, help_text="Under the person's key.")
    created_by = models.UUIDField(null=True, blank=True, help_text="Opaque id of the person.")
    created_at = models.DateTimeField()
    erased_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "people"
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(erased_at__isnull=True, key_sealed__isnull=False)
                | models.Q(
                    erased_at__isnull=False, key_sealed__isnull=True, name_sealed__isnull=True
                ),
                name="person_has_a_key_until_erased",
            )
        ]
        indexes = [models.Index(fields=["tenant", "-created_at"], name="person_newest")]

    def __str__(self) -> str:
        return self.reference

    @property
    def reference(self) -> str:
        """Short name of the row; it tells nothing about the person."""
        return f"P-{self.id.hex[:8].upper()}"

    @property
    def is_erased(self) -> bool:
        return self.erased_at is not None
