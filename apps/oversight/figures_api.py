"""What oversight counts and keeps, to be read: overrides, system card, clocks, and how soon work ended after a STOP."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.permissions import Permission
from apps.oversight.api_access import asking
from apps.oversight.queries.card import figures_json, latest_card, statement_digest, statement_of
from apps.oversight.queries.clocks import ClockKind, ClockLine, Stage, clock_lines
from apps.oversight.queries.halting import Halting, StopFigures, haltings_of, stop_figures
from apps.oversight.queries.overrides import OverrideLine, Share, override_lines
from apps.oversight.queries.stops import stops_seen_by
from apps.reviews.precision import FEWEST

MOST_STOPS = 100


class ShareData(serializers.Serializer[Share]):
    """Verdicts against the proposal among those where both took a side; the interval (95%, Wilson) is null below 20."""

    against = serializers.IntegerField()
    sides = serializers.IntegerField()
    low = serializers.SerializerMethodField()
    high = serializers.SerializerMethodField()

    def get_low(self, share: Share) -> float | None:
        return share.interval[0] if share.sides >= FEWEST else None

    def get_high(self, share: Share) -> float | None:
        return share.interval[1] if share.sides >= FEWEST else None


class OverrideData(serializers.Serializer[OverrideLine]):
    """A site's month: verdicts with the proposal in sight, those before it was shown, and those without two sides."""

    site = serializers.CharField()
    month = serializers.DateTimeField()
    shown = ShareData()
    judged_first = ShareData(source="blind")
    neither = serializers.IntegerField()
    hardly_ever = serializers.BooleanField()


class ClockData(serializers.Serializer[ClockLine]):
    """Something that runs out within 30 days, or has."""

    clock = serializers.ChoiceField(source="clock.kind", choices=[one.value for one in ClockKind])
    subject = serializers.CharField(source="clock.subject")
    words = serializers.CharField(source="clock.words")
    due_at = serializers.DateTimeField(source="clock.due_at")
    stage = serializers.ChoiceField(choices=[one.value for one in Stage])
    reminded_at = serializers.DateTimeField(source="clock.reminded_at", allow_null=True)


class HaltingData(serializers.Serializer[Halting]):
    """A STOP, and how soon work ended: `seconds` is null while something is still analysed; `begun` should be 0."""

    stop = serializers.UUIDField(source="stop.id")
    scope = serializers.CharField(source="stop.scope")
    state = serializers.CharField(source="stop.state")
    stopped_at = serializers.DateTimeField(source="stop.stopped_at")
    lifted_at = serializers.DateTimeField(source="stop.lifted_at", allow_null=True)
    seconds = serializers.FloatField(allow_null=True)
    left = serializers.IntegerField()
    in_work = serializers.IntegerField()
    begun = serializers.IntegerField()


class StopFiguresData(serializers.Serializer[StopFigures]):
    """The STOPs of the last 365 days."""

    pressed = serializers.IntegerField()
    in_force = serializers.IntegerField()
    median_seconds = serializers.FloatField(allow_null=True)
    longest_seconds = serializers.FloatField(allow_null=True)
    begun = serializers.IntegerField()


class StopHistoryData(serializers.Serializer[object]):
    figures = StopFiguresData()
    stops = HaltingData(many=True)


class SystemCardData(serializers.Serializer[object]):
    """What the system is for and where it fails; `version` is null while the statement of now is not kept yet."""

    version = serializers.IntegerField(allow_null=True)
    digest = serializers.CharField()
    statement = serializers.JSONField()
    figures = serializers.JSONField()


class OverridesView(APIView):
    @extend_schema(operation_id="overrides", responses={200: OverrideData(many=True)})
    def get(self, request: Request) -> Response:
        """How often people went against the machine where you work: the last 12 months, by site, newest first."""
        user = asking(request, Permission.VIEW_OVERSIGHT)
        lines = override_lines(user, now=timezone.now())
        return Response([OverrideData(line).data for line in lines])


class ClocksView(APIView):
    @extend_schema(operation_id="oversight_clocks", responses={200: ClockData(many=True)})
    def get(self, request: Request) -> Response:
        """What runs out within 30 days, or has, the nearest first."""
        user = asking(request, Permission.VIEW_OVERSIGHT)
        lines = clock_lines(user, now=timezone.now())
        return Response([ClockData(line).data for line in lines])


class StopHistoryView(APIView):
    @extend_schema(operation_id="stop_history", responses={200: StopHistoryData})
    def get(self, request: Request) -> Response:
        """The last STOPs where you work and how soon work ended after each, with the figures of a year."""
        user = asking(request, Permission.VIEW_OVERSIGHT)
        stops, now = stops_seen_by(user), timezone.now()
        newest = stops.order_by("-stopped_at")[:MOST_STOPS]
        found = {
            "figures": stop_figures(stops, now=now),
            "stops": haltings_of(newest, now=now),
        }
        return Response(StopHistoryData(found).data)


class SystemCardView(APIView):
    @extend_schema(operation_id="system_card", responses={200: SystemCardData})
    def get(self, request: Request) -> Response:
        """The system card as it stands, with the figures of now."""
        user = asking(request, Permission.VIEW_OVERSIGHT)
        statement, kept = statement_of(user.tenant_id), latest_card(user.tenant_id)
        digest = statement_digest(statement)
        body: dict[str, Any] = {
            "version": kept.version if kept and kept.digest == digest else None,
            "digest": digest,
            "statement": statement,
            "figures": figures_json(user.tenant_id),
        }
        return Response(body)
