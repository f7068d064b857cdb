"""Holds: why something must not be deleted, who said so, and who took it back."""

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import Tenant
from apps.alerts.models import Alert
from apps.evidence.models.items import EvidenceItem
from apps.triage import states


class HoldKind(models.TextChoices):
    """A legal hold goes before everything; a pending request or correction waits for its answer."""

    LEGAL = "legal", _("Legal hold")
    INCIDENT = "incident", _("Incident of the system")
    REQUEST = "request", _("Pending request of a person")
    CORRECTION = "correction", _("Pending correction")


_ONE_THING = (
    models.Q(item__isnull=False, alert__isnull=True, case_id__isnull=True)
    | models.Q(item__isnull=True, alert__isnull=False, case_id__isnull=True)
    | models.Q(item__isnull=True, alert__isnull=True, case_id__isnull=False)
)


class Hold(models.Model):
    """A person's order to keep an item, everything of an alert, or everything of a case. Several stand side by side.

    No timer ends it: released it needs a person and a reason, and the row stays.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=20, choices=HoldKind, default=HoldKind.LEGAL)
    item = models.ForeignKey(
        EvidenceItem, on_delete=models.PROTECT, null=True, blank=True, related_name="holds"
    )
    alert = models.ForeignKey(
        Alert, on_delete=models.PROTECT, null=True, blank=True, related_name="holds"
    )
    case_id = models.UUIDField(null=True, blank=True, db_index=True)
    alert_ids = ArrayField(
        models.UUIDField(),
        default=list,
        blank=True,
        help_text="The alerts of the case when it was held: a merge or a split does not free them.",
    )
    state = models.CharField(
        max_length=20,
        choices=[(s.value, s.value.replace("_", " ")) for s in states.HoldState],
        default=states.HoldState.IN_FORCE,
    )
    reason = models.TextField()
    placed_by = models.UUIDField(help_text="Opaque id of the person.")
    placed_role = models.CharField(max_length=20)
    placed_at = models.DateTimeField()
    released_by = models.UUIDField(null=True, blank=True, help_text="Opaque id of the person.")
    release_reason = models.TextField(blank=True)
    released_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-placed_at"]
        constraints = [
            models.CheckConstraint(condition=_ONE_THING, name="hold_is_on_one_thing"),
            models.CheckConstraint(
                condition=models.Q(state__in=states.HOLD.states), name="hold_state_is_known"
            ),
            models.CheckConstraint(
                condition=models.Q(kind__in=HoldKind.values), name="hold_kind_is_known"
            ),
            models.CheckConstraint(condition=~models.Q(reason=""), name="hold_has_a_reason"),
            models.CheckConstraint(
                condition=models.Q(
                    state="in_force",
                    released_by__isnull=True,
                    released_at__isnull=True,
                    release_reason="",
                )
                | (
                    models.Q(state="released", released_by__isnull=False, released_at__isnull=False)
                    & ~models.Q(release_reason="")
                ),
                name="hold_is_released_by_somebody_for_a_reason",
            ),
        ]
        indexes = [
            models.Index(
                fields=["tenant", "placed_at"],
                condition=models.Q(state="in_force"),
                name="hold_in_force",
            )
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def reference(self) -> str:
        return f"H-{self.id.hex[:8].upper()}"

    @property
    def is_in_force(self) -> bool:
        return self.state == states.HoldState.IN_FORCE
