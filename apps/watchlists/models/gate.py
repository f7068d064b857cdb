"""The legal gate: without a complete, valid and standing version of it no face is compared and no entry is made."""

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import Tenant


class LawfulBasis(models.TextChoices):
    """GDPR Art. 6(1), as the tenant states it."""

    CONSENT = "art_6_1_a", _("Art. 6(1)(a) consent")
    LEGAL_OBLIGATION = "art_6_1_c", _("Art. 6(1)(c) legal obligation")
    PUBLIC_TASK = "art_6_1_e", _("Art. 6(1)(e) public task")
    LEGITIMATE_INTERESTS = "art_6_1_f", _("Art. 6(1)(f) legitimate interests")


class SpecialCategoryCondition(models.TextChoices):
    """GDPR Art. 9(2), without which biometric data may not identify anybody."""

    EXPLICIT_CONSENT = "art_9_2_a", _("Art. 9(2)(a) explicit consent")
    LEGAL_CLAIMS = "art_9_2_f", _("Art. 9(2)(f) legal claims")
    SUBSTANTIAL_PUBLIC_INTEREST = "art_9_2_g", _("Art. 9(2)(g) substantial public interest in law")


class LegalGate(models.Model):
    """One version of a tenant's gate. Written once; a step filled in or a withdrawal is the next version."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    version = models.PositiveIntegerField()
    lawful_basis = models.CharField(max_length=20, choices=LawfulBasis, blank=True)
    special_category_condition = models.CharField(
        max_length=20, choices=SpecialCategoryCondition, blank=True
    )
    basis_text = models.TextField(
        blank=True, help_text="The law and the interest relied on, in words."
    )
    dpia_version = models.CharField(max_length=40, blank=True)
    dpia_on = models.DateField(null=True, blank=True, help_text="Date of the assessment.")
    signatory = models.CharField(
        max_length=120,
        blank=True,
        help_text="Function of who signed, such as data protection officer.",
    )
    signed_on = models.DateField(null=True, blank=True)
    signed_digest = models.CharField(
        max_length=64, blank=True, help_text="SHA-256 of the basis and the DPIA that were signed."
    )
    valid_until = models.DateField(null=True, blank=True)
    is_withdrawn = models.BooleanField(default=False)
    note = models.TextField(blank=True, help_text="Why this version was made.")
    recorded_by = models.UUIDField(null=True, blank=True, help_text="Opaque id of the person.")
    recorded_at = models.DateTimeField()

    class Meta:
        ordering = ["-version"]
        constraints = [
            models.UniqueConstraint(fields=["tenant", "version"], name="gate_version_once"),
            models.CheckConstraint(
                condition=models.Q(is_withdrawn=False) | ~models.Q(note=""),
                name="gate_is_withdrawn_for_a_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"legal gate {self.version}"
