"""What a match gives: a lead for two people, their judgements, and a sighting when both say the same person."""

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import Tenant
from apps.alerts.models import Alert
from apps.sites.models import Camera, Site
from apps.triage import states
from apps.watchlists.models.entries import WatchlistEntry


class SightingLead(models.Model):
    """An investigative lead: a face of an alert's clip lies within the threshold of an entry's vector."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    entry = models.ForeignKey(WatchlistEntry, on_delete=models.PROTECT, related_name="leads")
    alert = models.ForeignKey(Alert, on_delete=models.PROTECT, related_name="sighting_leads")
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="+")
    camera = models.ForeignKey(Camera, on_delete=models.PROTECT, related_name="+")
    seconds = models.FloatField(help_text="Moment of the clip, from its start.")
    seen_at = models.DateTimeField(help_text="On the true clock: the camera's offset is taken off.")
    crop_key = models.CharField(max_length=300, blank=True, help_text="Empty after removal.")
    score = models.FloatField(help_text="L2 distance of the vectors: smaller is more alike.")
    threshold = models.FloatField()
    quality = models.FloatField(help_text="Of the face in the clip, 0 to 1.")
    error_rate = models.FloatField(
        help_text="Share of pairs of different people that are this much alike or more."
    )
    error_rate_source = models.CharField(max_length=300, help_text="What it was measured on.")
    model_id = models.CharField(max_length=80)
    model_sha256 = models.CharField(max_length=64)
    entries_compared = models.PositiveIntegerField(
        help_text="How many entries it was compared with."
    )
    state = models.CharField(
        max_length=20,
        choices=[(s.value, s.value.replace("_", " ")) for s in states.LeadState],
        default=states.LeadState.OPEN,
    )
    closed_code = models.CharField(max_length=40, blank=True)
    raised_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-raised_at"]
        constraints = [
            models.UniqueConstraint(fields=["entry", "alert"], name="one_lead_per_entry_and_alert"),
            models.CheckConstraint(
                condition=models.Q(score__gte=0, score__lte=models.F("threshold")),
                name="lead_is_within_its_threshold",
            ),
            models.CheckConstraint(
                condition=models.Q(
                    quality__gte=0, quality__lte=1, error_rate__gte=0, error_rate__lte=1
                ),
                name="lead_rates_are_shares",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=states.LEAD.states), name="lead_state_is_known"
            ),
        ]
        indexes = [models.Index(fields=["tenant", "state", "raised_at"], name="lead_inbox")]

    def __str__(self) -> str:
        return self.reference

    @property
    def reference(self) -> str:
        return f"L-{self.id.hex[:8].upper()}"


class Answer(models.TextChoices):
    SAME = "same", _("the same person")
    DIFFERENT = "different", _("a different person")
    UNSURE = "unsure", _("cannot tell")


class LeadJudgement(models.Model):
    """One person's answer, given without knowing the other's. Written once."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    lead = models.ForeignKey(SightingLead, on_delete=models.PROTECT, related_name="judgements")
    place = models.PositiveSmallIntegerField(help_text="1 or 2: there is no third.")
    user_id = models.UUIDField(help_text="Opaque id of the person.")
    answer = models.CharField(max_length=10, choices=Answer)
    reason = models.TextField()
    judged_at = models.DateTimeField()

    class Meta:
        ordering = ["place"]
        constraints = [
            models.UniqueConstraint(fields=["lead", "user_id"], name="one_judgement_per_person"),
            models.UniqueConstraint(fields=["lead", "place"], name="two_judgements_per_lead"),
            models.CheckConstraint(
                condition=models.Q(place__in=[1, 2]), name="judgement_is_first_or_second"
            ),
            models.CheckConstraint(
                condition=models.Q(answer__in=Answer.values), name="judgement_answer_is_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.answer} on {self.lead_id}"


class Sighting(models.Model):
    """Two different people said the same person. A trigger refuses one without their two judgements."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    entry = models.ForeignKey(WatchlistEntry, on_delete=models.PROTECT, related_name="sightings")
    lead = models.OneToOneField(SightingLead, on_delete=models.PROTECT, related_name="sighting")
    alert = models.ForeignKey(Alert, on_delete=models.PROTECT, related_name="+")
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="+")
    camera = models.ForeignKey(Camera, on_delete=models.PROTECT, related_name="+")
    seen_at = models.DateTimeField()
    first_by = models.UUIDField()
    second_by = models.UUIDField()
    confirmed_at = models.DateTimeField()

    class Meta:
        ordering = ["seen_at"]
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(first_by=models.F("second_by")),
                name="sighting_is_confirmed_by_two_people",
            )
        ]
        indexes = [models.Index(fields=["entry", "seen_at"], name="sighting_history")]

    def __str__(self) -> str:
        return f"sighting {self.seen_at:%Y-%m-%d %H:%M}"
