"""Shapes of the cases API."""

from rest_framework import serializers

from apps.cases.models import Case, Exhibit


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
