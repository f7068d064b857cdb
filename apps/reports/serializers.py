"""Shapes of the reports API."""

from typing import Any

from rest_framework import serializers

from apps.reports.models import Report, ReportKind, ReportVersion
from apps.reports.operations.drafts import LONGEST_FIELD, LONGEST_SENTENCE, MOST_OWN
from apps.reports.queries.document import mark_of
from apps.reports.queries.naming import Naming
from apps.reports.queries.reports import Standing
from apps.triage.states import ReportState

REPORT_STATES = [(state.value, state.value) for state in ReportState]


class ReportSummary(serializers.ModelSerializer[Report]):
    """One row of the list."""

    reference = serializers.CharField(read_only=True)

    class Meta:
        model = Report
        fields = [
            *("id", "reference", "case", "kind", "author_id", "state"),
            *("supersedes", "created_at", "ended_at", "ended_reason", "item"),
        ]
        read_only_fields = fields


class ReportRequest(serializers.Serializer[Any]):
    """Which kind of statement, and whose."""

    kind = serializers.ChoiceField(choices=ReportKind.choices)
    author = serializers.UUIDField(help_text="Id of the person whose statement it is.")


class SourceShape(serializers.Serializer[Any]):
    kind = serializers.CharField()
    id = serializers.CharField()
    field = serializers.CharField()
    value = serializers.CharField()
    digest = serializers.CharField(help_text="SHA-256 of the value with its place, at drafting.")


class SentenceShape(serializers.Serializer[Any]):
    key = serializers.CharField()
    section = serializers.CharField()
    text = serializers.CharField()
    origin = serializers.ChoiceField(choices=["record", "operator"])
    mark = serializers.CharField(
        allow_blank=True, help_text="What is the author's about it; empty: the record's own words."
    )
    is_included = serializers.BooleanField()
    is_disclosure = serializers.BooleanField(help_text="Can be neither left out nor reworded.")
    is_supported = serializers.BooleanField(
        help_text="False: a source was removed or has changed since."
    )
    sources = SourceShape(many=True)


class ReportDetail(serializers.Serializer[Any]):
    """A report with its newest wording, and how that stands against the record as it is now."""

    report = ReportSummary()
    wording = serializers.IntegerField()
    digest = serializers.CharField()
    as_of = serializers.DateTimeField()
    fields = serializers.DictField(child=serializers.CharField(allow_blank=True))  # type: ignore[assignment]
    missing_fields = serializers.ListField(child=serializers.CharField())
    is_current = serializers.BooleanField()
    rests_on_a_corrected_decision = serializers.BooleanField()
    sentences = SentenceShape(many=True)


class WordingShape(serializers.ModelSerializer[ReportVersion]):
    class Meta:
        model = ReportVersion
        fields = ["number", "origin", "digest", "made_by", "made_at"]
        read_only_fields = fields


class EditRequest(serializers.Serializer[Any]):
    """What changes in the next wording; `base` is the number of the one that was read."""

    base = serializers.IntegerField(min_value=1)
    texts = serializers.DictField(
        child=serializers.CharField(max_length=LONGEST_SENTENCE, allow_blank=True), default=dict
    )
    left_out = serializers.ListField(child=serializers.CharField(max_length=200), default=list)
    fields = serializers.DictField(  # type: ignore[assignment]
        child=serializers.CharField(max_length=LONGEST_FIELD, allow_blank=True), default=dict
    )
    added = serializers.ListField(
        child=serializers.CharField(max_length=LONGEST_SENTENCE),
        default=list,
        max_length=MOST_OWN,
    )


class SignRequest(serializers.Serializer[Any]):
    """Exactly which wording is signed."""

    digest = serializers.CharField(max_length=64)


class WithdrawRequest(serializers.Serializer[Any]):
    reason = serializers.CharField(max_length=500)


class ReportRefusal(serializers.Serializer[Any]):
    """Why nothing was done, in words."""

    code = serializers.CharField()
    detail = serializers.CharField()


def detail_of(report: Report, standing: Standing) -> dict[str, object]:
    """The shape of `ReportDetail`, with names put in."""
    naming = Naming(report.case, author_id=report.author_id)
    lost = {one.sentence.key for one in standing.fallen}
    content = standing.content
    return {
        "report": ReportSummary(report).data,
        "wording": standing.version.number,
        "digest": standing.version.digest,
        "as_of": content.as_of.at,
        "fields": {name: naming.named(value) for name, value in content.fields.items()},
        "missing_fields": [one.name for one in standing.missing],
        "is_current": standing.is_current,
        "rests_on_a_corrected_decision": bool(standing.corrected),
        "sentences": [
            {
                "key": one.key,
                "section": one.section,
                "text": naming.named(one.text),
                "origin": one.origin.value,
                "mark": mark_of(one),
                "is_included": one.is_included,
                "is_disclosure": one.is_disclosure,
                "is_supported": one.key not in lost,
                "sources": [
                    {
                        "kind": source.kind,
                        "id": source.id,
                        "field": source.field,
                        "value": naming.named(source.shown),
                        "digest": source.digest,
                    }
                    for source in one.sources
                ],
            }
            for one in content.sentences
        ],
    }
