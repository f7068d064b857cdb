"""Shapes of the subject requests API. What is sealed for a person passes through the detail of one request alone."""

from typing import Any

from rest_framework import serializers

from apps.people.queries import name_of
from apps.subject_requests.models import (
    Finding,
    IdentityCheck,
    ReceivedBy,
    RefusalGround,
    RequestKind,
    SubjectRequest,
)
from apps.subject_requests.operations.moving import LONGEST_WORDS


class RequestRefusal(serializers.Serializer[Any]):
    """Why nothing was done."""

    detail = serializers.CharField()


class RequestSummary(serializers.ModelSerializer[SubjectRequest]):
    """One request of the list: opaque."""

    reference = serializers.CharField(read_only=True)

    class Meta:
        model = SubjectRequest
        fields = [
            "id",
            "reference",
            "person",
            "kind",
            "state",
            "version",
            "received_at",
            "due_at",
            "extended_at",
            "ended_at",
        ]


class SubjectFindingSerializer(serializers.ModelSerializer[Finding]):
    class Meta:
        model = Finding
        fields = ["id", "kind", "label", "happened_at", "found_how", "state", "judged_at"]


class RequestDetail(RequestSummary):
    """One request with the person's name and its findings."""

    name = serializers.SerializerMethodField()
    findings = SubjectFindingSerializer(many=True, read_only=True)

    class Meta(RequestSummary.Meta):
        fields = [*RequestSummary.Meta.fields, "identity_check", "name", "findings"]

    def get_name(self, request: SubjectRequest) -> str:
        return name_of(request.person)


class ReceivedSerializer(serializers.Serializer[Any]):
    """A request is written down: a name, or a person on record."""

    kind = serializers.ChoiceField(choices=RequestKind.choices)
    how = serializers.ChoiceField(choices=ReceivedBy.choices)
    received_at = serializers.DateTimeField()
    name = serializers.CharField(max_length=200, required=False, default="")
    person = serializers.UUIDField(required=False, default=None)
    contact = serializers.CharField(max_length=300, required=False, default="")
    wording = serializers.CharField(max_length=LONGEST_WORDS, required=False, default="")


class IdentitySerializer(serializers.Serializer[Any]):
    check = serializers.ChoiceField(choices=[c for c in IdentityCheck.choices if c[0]])


class SearchSerializer(serializers.Serializer[Any]):
    """References, or site, from and until together."""

    references = serializers.ListField(
        child=serializers.CharField(max_length=20), required=False, default=list, max_length=20
    )
    site = serializers.UUIDField(required=False, default=None)
    camera = serializers.UUIDField(required=False, default=None)
    since = serializers.DateTimeField(required=False, default=None)
    until = serializers.DateTimeField(required=False, default=None)


class JudgementOnFindings(serializers.Serializer[Any]):
    findings = serializers.ListField(child=serializers.UUIDField(), max_length=2000)
    about = serializers.BooleanField()
    reason = serializers.CharField(max_length=LONGEST_WORDS)


class RequestReasonSerializer(serializers.Serializer[Any]):
    reason = serializers.CharField(max_length=LONGEST_WORDS)


class RefuseRequestSerializer(serializers.Serializer[Any]):
    ground = serializers.ChoiceField(choices=RefusalGround.choices)
    wording = serializers.CharField(max_length=LONGEST_WORDS)


class RequestAnswerSerializer(serializers.Serializer[Any]):
    wording = serializers.CharField(max_length=LONGEST_WORDS)
    corrected_name = serializers.CharField(max_length=200, required=False, default="")


class PackageApprovalSerializer(serializers.Serializer[Any]):
    """The digest of the package that was looked at."""

    sha256 = serializers.RegexField(r"^[0-9a-f]{64}$")


class NothingSerializer(serializers.Serializer[Any]):
    """No fields."""


class LookSerializer(serializers.Serializer[Any]):
    """One look at a person's data, by role."""

    at = serializers.DateTimeField()
    role = serializers.CharField()
    event = serializers.CharField()
    what = serializers.CharField()
    reference = serializers.CharField()
    index = serializers.IntegerField(allow_null=True)
