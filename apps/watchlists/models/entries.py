"""Watchlist entries: who proposed and who approved, on what ground, where and until when."""

import uuid

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import Tenant
from apps.alerts.models import Alert, Disposition
from apps.people.models import Person
from apps.people.queries import name_of
from apps.sites.models import Site
from apps.triage import states
from apps.watchlists.models.gate import LegalGate

LONGEST_TERM_DAYS = 365


class EntryCategory(models.TextChoices):
    """What was done, never what somebody is."""

    REPEATED_THEFT = "repeated_theft", _("repeated confirmed theft")
    HIGH_VALUE_THEFT = "high_value_theft", _("confirmed theft of high value")
    THEFT_WITH_VIOLENCE = "theft_with_violence", _("confirmed theft with violence or threat")
    CONCERTED_THEFT = "concerted_theft", _("confirmed theft together with others")


def _days(default: int, help_text: str) -> "models.PositiveIntegerField[int, int]":
    return models.PositiveIntegerField(
        default=default,
        validators=[MinValueValidator(1), MaxValueValidator(LONGEST_TERM_DAYS)],
        help_text=help_text,
    )


class WatchlistEntry(models.Model):
    """One person a site may look out for. Opaque: name, pictures and vectors are rows of their own."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    alert = models.ForeignKey(Alert, on_delete=models.PROTECT, related_name="watchlist_entries")
    disposition = models.ForeignKey(
        Disposition, on_delete=models.PROTECT, related_name="+", help_text="What it rests on."
    )
    incident_id = models.UUIDField(null=True, blank=True, help_text="Checked by who proposes.")
    gate = models.ForeignKey(LegalGate, on_delete=models.PROTECT, related_name="+")
    category = models.CharField(max_length=30, choices=EntryCategory)
    seriousness = models.TextField(blank=True, help_text="Emptied by erasure.")
    necessity = models.TextField(blank=True, help_text="Emptied by erasure.")
    declared_adult = models.BooleanField(default=False)
    declared_not_vulnerable = models.BooleanField(default=False)
    declared_not_staff = models.BooleanField(default=False)
    valid_days = _days(90, "Days from approval until it ends.")
    review_days = _days(30, "Days from approval until somebody must look again.")
    sites = models.ManyToManyField(Site, through="EntrySite", related_name="+")

    state = models.CharField(
        max_length=20,
        choices=[(s.value, s.value.replace("_", " ")) for s in states.EntryState],
        default=states.EntryState.PROPOSED,
    )
    version = models.PositiveIntegerField(
        default=1, help_text="Counts changes; an approval is bound to it."
    )
    findings = models.JSONField(default=list, help_text="The checks and their answers.")
    checked_at = models.DateTimeField(null=True, blank=True)
    check_note = models.TextField(blank=True, help_text="Why a check could not be made, in words.")
    proposed_by = models.UUIDField(help_text="Opaque id of the person.")
    proposed_at = models.DateTimeField()
    approved_by = models.UUIDField(null=True, blank=True)
    approved_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    review_due_at = models.DateTimeField(null=True, blank=True)
    reminded_at = models.DateTimeField(null=True, blank=True)
    suspended_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_code = models.CharField(max_length=40, blank=True, help_text="Why it is as it is.")
    erased_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "watchlist entries"
        ordering = ["-proposed_at"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(approved_by__isnull=True)
                | ~models.Q(approved_by=models.F("proposed_by")),
                name="entry_is_approved_by_somebody_else",
            ),
            models.CheckConstraint(
                condition=~models.Q(state__in=["active", "suspended"])
                | models.Q(
                    approved_by__isnull=False,
                    expires_at__isnull=False,
                    review_due_at__isnull=False,
                    erased_at__isnull=True,
                ),
                name="entry_in_force_is_approved_and_ends",
            ),
            models.CheckConstraint(
                condition=models.Q(
                    valid_days__gte=1,
                    valid_days__lte=LONGEST_TERM_DAYS,
                    review_days__gte=1,
                    review_days__lte=models.F("valid_days"),
                ),
                name="entry_term_is_a_year_at_most",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=states.ENTRY.states), name="entry_state_is_known"
            ),
            models.UniqueConstraint(
                fields=["alert"],
                condition=models.Q(
                    state__in=["proposed", "checking", "awaiting_approval", "active", "suspended"]
                ),
                name="one_open_entry_per_alert",
            ),
        ]
        indexes = [
            models.Index(fields=["tenant", "state", "expires_at"], name="entry_by_expiry"),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def reference(self) -> str:
        """Short name for people; the id stays the key."""
        return f"W-{self.id.hex[:8].upper()}"


class EntrySite(models.Model):
    """A site the entry applies to: elsewhere it is never compared."""

    id = models.BigAutoField(primary_key=True)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    entry = models.ForeignKey(WatchlistEntry, on_delete=models.PROTECT, related_name="site_links")
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["entry", "site"], name="entry_site_once"),
        ]

    def __str__(self) -> str:
        return f"{self.entry_id} at {self.site_id}"


class EntryName(models.Model):
    """What people call the person, sealed under the person's own key; erasure deletes the row and destroys the key."""

    entry = models.OneToOneField(
        WatchlistEntry, on_delete=models.PROTECT, primary_key=True, related_name="name_row"
    )
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")

    def __str__(self) -> str:
        return f"name of {self.entry_id}"

    @property
    def display_name(self) -> str:
        return name_of(self.person)


class EntryRenewal(models.Model):
    """Asking for a longer or a restored term: a new statement of necessity and another person's approval."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    entry = models.ForeignKey(WatchlistEntry, on_delete=models.PROTECT, related_name="renewals")
    necessity = models.TextField(blank=True, help_text="Emptied by erasure.")
    valid_days = _days(90, "Days from approval until it ends.")
    review_days = _days(30, "Days from approval until somebody must look again.")
    proposed_by = models.UUIDField()
    proposed_at = models.DateTimeField()
    approved_by = models.UUIDField(null=True, blank=True)
    settled_at = models.DateTimeField(null=True, blank=True, help_text="Approved or refused.")

    class Meta:
        ordering = ["-proposed_at"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(approved_by__isnull=True)
                | ~models.Q(approved_by=models.F("proposed_by")),
                name="renewal_is_approved_by_somebody_else",
            ),
            models.CheckConstraint(
                condition=models.Q(
                    valid_days__gte=1,
                    valid_days__lte=LONGEST_TERM_DAYS,
                    review_days__gte=1,
                    review_days__lte=models.F("valid_days"),
                ),
                name="renewal_term_is_a_year_at_most",
            ),
            models.UniqueConstraint(
                fields=["entry"],
                condition=models.Q(settled_at__isnull=True),
                name="one_open_renewal_per_entry",
            ),
        ]

    def __str__(self) -> str:
        return f"renewal of {self.entry_id}"


class ConfirmedAct(models.TextChoices):
    APPROVE = "approve"
    REFUSE = "refuse"
    RENEW = "renew"


class EntryConfirmation(models.Model):
    """One person's recorded act on exactly one version of an entry. Written once."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    entry = models.ForeignKey(
        WatchlistEntry, on_delete=models.PROTECT, related_name="confirmations"
    )
    renewal = models.ForeignKey(
        EntryRenewal, on_delete=models.PROTECT, null=True, blank=True, related_name="confirmations"
    )
    act = models.CharField(max_length=20, choices=ConfirmedAct)
    user_id = models.UUIDField(help_text="Opaque id of the person.")
    role = models.CharField(max_length=20)
    session = models.CharField(max_length=64, blank=True)
    channel = models.CharField(max_length=20)
    proposed_by = models.UUIDField(help_text="Who proposed what is confirmed.")
    payload_digest = models.CharField(max_length=64)
    object_version = models.PositiveIntegerField()
    confirmed_at = models.DateTimeField()

    class Meta:
        ordering = ["confirmed_at"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(act="refuse") | ~models.Q(user_id=models.F("proposed_by")),
                name="entry_confirmation_is_somebody_elses",
            ),
            models.UniqueConstraint(
                fields=["entry", "object_version"], name="one_confirmation_per_entry_version"
            ),
            models.CheckConstraint(
                condition=models.Q(act__in=ConfirmedAct.values), name="entry_act_is_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.act} {self.confirmed_at:%Y-%m-%d %H:%M}"


class EntryObjection(models.Model):
    """The person, or somebody for them, objects or wants to be erased. Until decided the entry is not used."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    entry = models.ForeignKey(WatchlistEntry, on_delete=models.PROTECT, related_name="objections")
    received_at = models.DateTimeField()
    recorded_by = models.UUIDField()
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.UUIDField(null=True, blank=True)
    is_upheld = models.BooleanField(null=True, blank=True)

    class Meta:
        ordering = ["-received_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["entry"],
                condition=models.Q(decided_at__isnull=True),
                name="one_open_objection_per_entry",
            ),
            models.CheckConstraint(
                condition=models.Q(
                    decided_at__isnull=True, decided_by__isnull=True, is_upheld__isnull=True
                )
                | models.Q(
                    decided_at__isnull=False, decided_by__isnull=False, is_upheld__isnull=False
                ),
                name="objection_is_decided_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return f"objection {self.received_at:%Y-%m-%d}"


class EntryRun(models.Model):
    """The promise to start the entry's workflow, written with the entry in one transaction."""

    entry = models.OneToOneField(
        WatchlistEntry, on_delete=models.CASCADE, primary_key=True, related_name="run"
    )
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(
        max_length=20,
        choices=[(s.value, s.value) for s in states.OutboxState],
        default=states.OutboxState.WAITING,
    )
    next_try_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True, blank=True)
    checked_at = models.DateTimeField(null=True, blank=True)
    run_id = models.CharField(max_length=64, blank=True)
    run_number = models.PositiveIntegerField(default=1)
    last_error = models.CharField(max_length=200, blank=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["next_try_at"],
                condition=models.Q(state=states.OutboxState.WAITING),
                name="entry_run_waiting",
            )
        ]

    def __str__(self) -> str:
        return f"run of {self.entry_id}"
