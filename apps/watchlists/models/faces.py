"""Enrolment pictures and face vectors. Both exist for an entry only and are deleted with its force."""

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _
from pgvector.django import VectorField

from apps.accounts.models import Tenant
from apps.watchlists.models.entries import WatchlistEntry

VECTOR_LENGTH = 128


class ImageSource(models.TextChoices):
    CLIP = "clip", _("a moment of the alert's clip")
    UPLOAD = "upload", _("an uploaded picture")


class EntryImage(models.Model):
    """A picture the entry is enrolled with. `key` is empty until a clip's moment has been cut, and after removal."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    entry = models.ForeignKey(WatchlistEntry, on_delete=models.PROTECT, related_name="images")
    source = models.CharField(max_length=10, choices=ImageSource)
    at_seconds = models.FloatField(
        null=True, blank=True, help_text="Moment of the clip, from its start."
    )
    at_x = models.FloatField(
        null=True, blank=True, help_text="Where the face is, 0 to 1 of the width."
    )
    at_y = models.FloatField(null=True, blank=True, help_text="0 to 1 of the height.")
    key = models.CharField(max_length=300, blank=True)
    sha256 = models.CharField(max_length=64, blank=True)
    width = models.PositiveIntegerField(null=True, blank=True)
    height = models.PositiveIntegerField(null=True, blank=True)
    quality = models.FloatField(null=True, blank=True, help_text="0 to 1; empty: not known yet.")
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["created_at"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(source="upload", at_seconds__isnull=True)
                | models.Q(source="clip", at_seconds__gte=0),
                name="entry_image_comes_from_somewhere",
            ),
            models.CheckConstraint(
                condition=models.Q(quality__isnull=True) | models.Q(quality__gte=0, quality__lte=1),
                name="entry_image_quality_is_a_share",
            ),
        ]

    def __str__(self) -> str:
        return f"image of {self.entry_id}"


class FaceEmbedding(models.Model):
    """The vector of an entry in force. A trigger refuses one of an entry that is not; ending deletes it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    entry = models.ForeignKey(WatchlistEntry, on_delete=models.PROTECT, related_name="embeddings")
    image = models.ForeignKey(EntryImage, on_delete=models.PROTECT, related_name="embeddings")
    vector = VectorField(dimensions=VECTOR_LENGTH)
    model_id = models.CharField(max_length=80)
    model_sha256 = models.CharField(max_length=64)
    quality = models.FloatField()
    is_active = models.BooleanField(default=True, help_text="Compared only while this is true.")
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["image", "model_sha256"], name="one_vector_per_image_and_model"
            ),
            models.CheckConstraint(
                condition=models.Q(quality__gte=0, quality__lte=1),
                name="embedding_quality_is_a_share",
            ),
        ]

    def __str__(self) -> str:
        return f"vector of {self.entry_id}"
