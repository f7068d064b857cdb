"""Shapes of the cases API."""

from typing import Any

from rest_framework import serializers

from apps.cases.models import Case, CaseRelation, Exhibit, PersonRole
from apps.triage.states import CaseState


class CaseSummary(serializers.ModelSerializer[Case]):
    """One row of the list."""

    reference = serializers.CharField(read_only=True)
    site = serializers.CharField(source="site.name", read_only=True)
    exhibit_count = serializers.IntegerField(read_only=True)

    class Meta:
        model = Case
        fields = [
            "id",
            "reference",
            "title",
            "state",
            "site",
            "is_drill",
            "opened_at",
            "exhibit_count",
        ]
        read_only_fields = fields


class ExhibitFacts(serializers.ModelSerializer[Exhibit]):
    """A sealed file: its digest and how long nobody can delete it. Not the file itself."""

    sha256 = serializers.CharField(source="item.sha256", read_only=True)
    media_type = serializers.CharField(source="item.media_type", read_only=True)
    size_bytes = serializers.IntegerField(source="item.size_bytes", read_only=True)
    locked_until = serializers.DateTimeField(source="item.retain_until", read_only=True)

    class Meta:
        model = Exhibit
        fields = [
            "number",
            "title",
            "sealed_at",
            "sha256",
            "media_type",
            "size_bytes",
            "locked_until",
        ]
        read_only_fields = fields


class CaseDetail(CaseSummary):
    """A case with its alerts and exhibits."""

    alerts = serializers.SerializerMethodField()
    exhibits = ExhibitFacts(many=True, read_only=True)

    class Meta(CaseSummary.Meta):
        fields = [*CaseSummary.Meta.fields, "alerts", "exhibits"]
        read_only_fields = fields

    def get_alerts(self, case: Case) -> list[str]:
        """The ids of the alerts whose confirmations the case rests on."""
        return [str(incident.alert_id) for incident in case.incidents.all()]


class _Plain(serializers.Serializer[Any]):
    """Checks shape only; what is allowed is the operation's to say."""


class Assigning(_Plain):
    assignee = serializers.UUIDField(allow_null=True, required=False, default=None)


class NoteWriting(_Plain):
    text = serializers.CharField(max_length=5_000)
    incident = serializers.UUIDField(required=False, allow_null=True, default=None)
    person = serializers.UUIDField(required=False, allow_null=True, default=None)


class NoteEditing(_Plain):
    note = serializers.UUIDField()
    base = serializers.IntegerField(min_value=1)
    text = serializers.CharField(max_length=5_000)


class _Planned(_Plain):
    """When a task is due and whose it is; what is left out: it has no end, it is nobody's."""

    due_at = serializers.DateTimeField(required=False, allow_null=True, default=None)
    due_on = serializers.DateField(
        required=False,
        allow_null=True,
        default=None,
        help_text="Instead of due_at: the end of that day at the site.",
    )
    assignee = serializers.UUIDField(required=False, allow_null=True, default=None)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs["due_at"] and attrs["due_on"]:
            raise serializers.ValidationError("Say due_at or due_on, not both.")
        return attrs


class TaskAdding(_Planned):
    title = serializers.CharField(max_length=200)


class TaskPlanning(_Planned):
    task = serializers.UUIDField()


class TaskDoing(_Plain):
    task = serializers.UUIDField()
    done = serializers.BooleanField()


class OffenceSetting(_Plain):
    offence = serializers.CharField(max_length=40)
    particulars = serializers.DictField(
        child=serializers.CharField(max_length=300, allow_blank=True), required=False, default=dict
    )


class PersonAdding(_Plain):
    role = serializers.ChoiceField(choices=PersonRole.choices)
    name = serializers.CharField(max_length=200, required=False, allow_blank=True, default="")
    observed = serializers.CharField(max_length=1_000, required=False, allow_blank=True, default="")
    entry = serializers.UUIDField(required=False, allow_null=True, default=None)
    reason = serializers.CharField(max_length=500, required=False, allow_blank=True, default="")


class AlertLinking(_Plain):
    alert = serializers.CharField(max_length=40, help_text="Reference (A-1A2B3C4D) or id.")
    reason = serializers.CharField(max_length=500)


class CaseLinking(_Plain):
    other = serializers.CharField(max_length=40, help_text="Reference (C-1A2B3C4D) or id.")
    relation = serializers.ChoiceField(choices=CaseRelation.choices)
    reason = serializers.CharField(max_length=500)


class Ending(_Plain):
    kind = serializers.ChoiceField(choices=["alert", "case", "person"])
    connection = serializers.UUIDField()
    reason = serializers.CharField(max_length=500)


class Merging(_Plain):
    into = serializers.CharField(max_length=40, help_text="Reference (C-1A2B3C4D) or id.")
    reason = serializers.CharField(max_length=500)


class Splitting(_Plain):
    incidents = serializers.ListField(child=serializers.UUIDField(), allow_empty=False)
    reason = serializers.CharField(max_length=500)


class Undoing(_Plain):
    reason = serializers.CharField(max_length=500)


class Moving(_Plain):
    to = serializers.ChoiceField(choices=[state.value for state in CaseState])
    version = serializers.IntegerField(min_value=1)
    reason = serializers.CharField(max_length=500, required=False, allow_blank=True, default="")


class Answer(_Plain):
    """What became of it, in words; `code` only of a refusal."""

    detail = serializers.CharField()
    code = serializers.CharField(required=False)
