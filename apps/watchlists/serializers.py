"""Shapes of the watchlist API. No name, picture or vector passes through it."""

from typing import Any

from rest_framework import serializers

from apps.watchlists.models import EntryCategory, SightingLead, WatchlistEntry
from apps.watchlists.models.entries import LONGEST_TERM_DAYS
from apps.watchlists.models.sightings import Answer
from apps.watchlists.operations.proposing import LONGEST_WORDS
from apps.watchlists.queries.entries import entry_digest
from apps.watchlists.queries.words import alike_words


class WatchlistRefusal(serializers.Serializer[Any]):
    """Why nothing was done."""

    detail = serializers.CharField()


class GateStandingSerializer(serializers.Serializer[Any]):
    """Whether watchlists are on; `missing` says in sentences what keeps them off."""

    is_on = serializers.BooleanField()
    missing = serializers.ListField(child=serializers.CharField())
    version = serializers.IntegerField()
    valid_until = serializers.DateField(allow_null=True)


class EntrySummary(serializers.ModelSerializer[WatchlistEntry]):
    """One entry of the list."""

    reference = serializers.CharField(read_only=True)
    category = serializers.CharField(read_only=True)
    state = serializers.CharField(read_only=True)
    sites = serializers.SerializerMethodField()

    class Meta:
        model = WatchlistEntry
        fields = [
            "id",
            "reference",
            "category",
            "state",
            "version",
            "alert",
            "sites",
            "proposed_at",
            "approved_at",
            "expires_at",
            "review_due_at",
            "ended_at",
            "ended_code",
        ]
        read_only_fields = fields

    def get_sites(self, entry: WatchlistEntry) -> list[str]:
        """The ids of the sites it applies to."""
        return [str(site.id) for site in entry.sites.all()]


class FindingSerializer(serializers.Serializer[Any]):
    """One check: what was measured and what is needed, where it is a measure."""

    code = serializers.CharField()
    passed = serializers.BooleanField()
    measured = serializers.FloatField(allow_null=True, required=False)
    needed = serializers.FloatField(allow_null=True, required=False)


class EntryDetail(EntrySummary):
    """An entry with its ground; `digest` is what a decision about it must repeat."""

    legal_basis = serializers.CharField(source="gate.lawful_basis", read_only=True)
    findings = FindingSerializer(many=True, read_only=True)
    digest = serializers.SerializerMethodField()

    class Meta(EntrySummary.Meta):
        fields = [
            *EntrySummary.Meta.fields,
            "legal_basis",
            "seriousness",
            "necessity",
            "valid_days",
            "review_days",
            "findings",
            "proposed_by",
            "approved_by",
            "erased_at",
            "digest",
        ]
        read_only_fields = fields

    def get_digest(self, entry: WatchlistEntry) -> str:
        """SHA-256 of exactly what an approval is about."""
        return entry_digest(entry)


class ProposalSerializer(serializers.Serializer[Any]):
    """A proposal; the face is pointed at in the alert's clip."""

    alert = serializers.UUIDField()
    category = serializers.ChoiceField(choices=EntryCategory.choices)
    seriousness = serializers.CharField(max_length=LONGEST_WORDS)
    necessity = serializers.CharField(max_length=LONGEST_WORDS)
    sites = serializers.ListField(child=serializers.UUIDField(), min_length=1)
    valid_days = serializers.IntegerField(min_value=1, max_value=LONGEST_TERM_DAYS)
    review_days = serializers.IntegerField(min_value=1, max_value=LONGEST_TERM_DAYS)
    at_seconds = serializers.FloatField(min_value=0)
    at_x = serializers.FloatField(min_value=0, max_value=1)
    at_y = serializers.FloatField(min_value=0, max_value=1)
    declared_adult = serializers.BooleanField()
    declared_not_vulnerable = serializers.BooleanField()
    declared_not_staff = serializers.BooleanField()


class EntryDecisionSerializer(serializers.Serializer[Any]):
    """Approve or refuse exactly the entry that was read: its version and digest."""

    entry_decision = serializers.ChoiceField(choices=["approve", "refuse"])
    version = serializers.IntegerField(min_value=1)
    digest = serializers.RegexField(r"^[0-9a-f]{64}$")
    reason = serializers.CharField(max_length=LONGEST_WORDS, allow_blank=True, default="")


class LeadSummary(serializers.ModelSerializer[SightingLead]):
    """An investigative lead: a likeness with its figures, never an identification."""

    reference = serializers.CharField(read_only=True)
    state = serializers.CharField(read_only=True)
    entry_reference = serializers.CharField(source="entry.reference", read_only=True)
    alike = serializers.SerializerMethodField()

    class Meta:
        model = SightingLead
        fields = [
            "id",
            "reference",
            "state",
            "entry_reference",
            "alert",
            "site",
            "camera",
            "seen_at",
            "score",
            "threshold",
            "quality",
            "error_rate",
            "error_rate_source",
            "alike",
            "model_id",
            "model_sha256",
            "entries_compared",
            "raised_at",
            "closed_code",
        ]
        read_only_fields = fields

    def get_alike(self, lead: SightingLead) -> str:
        """The error rate as people."""
        return alike_words(lead.error_rate)


class JudgementSerializer(serializers.Serializer[Any]):
    """One person's answer to: is it the same person?"""

    same_person = serializers.ChoiceField(choices=Answer.choices)
    reason = serializers.CharField(max_length=1000)


class SightingSerializer(serializers.Serializer[Any]):
    """A confirmed sighting: where and when."""

    id = serializers.UUIDField()
    site = serializers.UUIDField(source="site_id")
    camera = serializers.UUIDField(source="camera_id")
    seen_at = serializers.DateTimeField()
    confirmed_at = serializers.DateTimeField()
