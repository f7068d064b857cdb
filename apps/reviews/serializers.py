"""Shapes of the decision endpoints. What may be decided is the operation's question."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.reviews.footage_queries import Blur, Version
from apps.reviews.models import LEAST_REVEAL_REASON, ReviewItem
from apps.reviews.payload import LONGEST_COMMENT, REASONS, DecisionPayload, UnreadablePayload
from apps.reviews.queries import follow_sentence
from apps.triage.states import Verdict


class DuplicateSerializer(serializers.Serializer[Any]):
    """Another alert of the review item, in the version the decision settles."""

    alert = serializers.UUIDField()
    version = serializers.IntegerField(min_value=1)


class DecisionPayloadSerializer(serializers.Serializer[DecisionPayload]):
    """Exactly what is decided."""

    verdict = serializers.ChoiceField(choices=[v.value for v in Verdict])
    reasons = serializers.ListField(
        child=serializers.ChoiceField(choices=sorted({c for r in REASONS.values() for c in r})),
        required=False,
        default=list,
        max_length=8,
    )
    comment = serializers.CharField(
        required=False,
        default="",
        allow_blank=True,
        max_length=LONGEST_COMMENT,
        trim_whitespace=False,
    )
    transfer_seen = serializers.BooleanField(required=False, default=None, allow_null=True)
    duplicates = DuplicateSerializer(
        many=True,
        required=False,
        default=list,
        help_text="The other alerts of the item. Preparing fills them in; submit them as prepared.",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        try:
            attrs["payload"] = DecisionPayload.from_json(attrs)
        except UnreadablePayload as error:
            raise serializers.ValidationError(str(error)) from error
        return attrs


class SubmitSerializer(serializers.Serializer[Any]):
    """The token that was shown once, and again exactly what is decided."""

    token = serializers.CharField(max_length=200)
    payload = DecisionPayloadSerializer()


class AttemptSerializer(serializers.Serializer[Any]):
    """An attempt as its owner follows it."""

    id = serializers.UUIDField()
    alert = serializers.UUIDField(source="alert_id")
    state = serializers.CharField()
    payload = serializers.JSONField()
    payload_digest = serializers.CharField()
    prepared_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()
    outcome = serializers.CharField(source="outcome_code")
    sentence = serializers.SerializerMethodField()

    def get_sentence(self, attempt: Any) -> str:
        return follow_sentence(attempt)


class PreparedSerializer(serializers.Serializer[Any]):
    attempt = AttemptSerializer()
    token = serializers.CharField()


class RegroupSerializer(serializers.Serializer[Any]):
    """Why an alert is taken out of its item, or put back."""

    reason = serializers.CharField(max_length=500)


class ItemMemberSerializer(serializers.Serializer[Any]):
    alert = serializers.UUIDField(source="alert_id")
    camera = serializers.CharField(source="alert.camera.slug")
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()
    split_at = serializers.DateTimeField(allow_null=True)


class ItemSerializer(serializers.Serializer[Any]):
    """A review item: alerts of adjacent cameras within seconds, one look."""

    id = serializers.UUIDField()
    state = serializers.CharField()
    lead = serializers.UUIDField(source="lead_id")
    opened_at = serializers.DateTimeField()
    settings_version = serializers.CharField()
    members = serializers.SerializerMethodField()

    @extend_schema_field(ItemMemberSerializer(many=True))
    def get_members(self, item: ReviewItem) -> list[Any]:
        members = item.members.select_related("alert__camera").order_by("starts_at")
        return list(ItemMemberSerializer(members, many=True).data)


class RefusalSerializer(serializers.Serializer[Any]):
    """Why a decision was refused: a code and a sentence."""

    code = serializers.CharField()
    detail = serializers.CharField()


class RevealReasonSerializer(serializers.Serializer[Any]):
    """Why the faces are needed."""

    reason = serializers.CharField(min_length=LEAST_REVEAL_REASON, max_length=500)


class FootageSerializer(serializers.Serializer[Any]):
    """Which version of the clip this person is shown. The address of the clip's page hands it out."""

    version = serializers.ChoiceField(choices=[v.value for v in Version], allow_null=True)
    blur = serializers.ChoiceField(choices=[b.value for b in Blur])
    blur_note = serializers.CharField(allow_blank=True)
    may_reveal = serializers.BooleanField()
    revealed_until = serializers.DateTimeField(
        source="revealed.expires_at", default=None, allow_null=True
    )
