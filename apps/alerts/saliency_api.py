"""What moved an alert's score, over the API: shares of regions, maps, and how far they are to be trusted."""

from uuid import UUID

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.authentication import SessionAuthentication
from rest_framework.exceptions import APIException, NotFound, PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.models import User
from apps.accounts.permissions import Permission
from apps.alerts import schema
from apps.alerts.models import Alert
from apps.alerts.queries import alerts_visible_to
from apps.alerts.saliency import (
    SaliencyState,
    UnableToReadSaliency,
    read_saliency,
    saliency_standing,
)
from apps.triage.decoding import encode
from apps.triage.saliency import Region, WhyNot

REGIONS = [(region.value, region.value) for region in Region]
WHY_NOTS = [(why.value, why.value) for why in WhyNot]


class RegionShareField(serializers.Serializer[object]):
    region = serializers.ChoiceField(choices=REGIONS)
    share = serializers.FloatField(allow_null=True, help_text="0 to 1; null where not known.")
    why = serializers.CharField(allow_blank=True, help_text="Why it is not known.")


class CurvePairField(serializers.Serializer[object]):
    deletion = serializers.FloatField(help_text="Area under the deletion curve; low is better.")
    insertion = serializers.FloatField(help_text="Area under the insertion curve; high is better.")


class FaithfulnessField(serializers.Serializer[object]):
    own = CurvePairField()
    centre = CurvePairField()
    random = CurvePairField(many=True)
    alike = serializers.FloatField(
        allow_null=True,
        help_text="Rank correlation with maps of chance weights; null: out of reach.",
    )
    copies = serializers.IntegerField()
    why_not = serializers.ListField(
        child=serializers.ChoiceField(choices=WHY_NOTS), help_text="Empty exactly when reliable."
    )


class PictureMapField(serializers.Serializer[object]):
    method = serializers.CharField()
    seed = serializers.IntegerField()
    evaluations = serializers.IntegerField()
    times = serializers.ListField(child=serializers.FloatField())
    grid = serializers.ListField(
        child=serializers.ListField(child=serializers.FloatField()),
        help_text="Rows from the top of the picture; points of the score, seen less hidden.",
    )
    regions = RegionShareField(many=True)
    faithfulness = FaithfulnessField()


class JointMapField(serializers.Serializer[object]):
    method = serializers.CharField()
    track = serializers.IntegerField()
    times = serializers.ListField(child=serializers.FloatField())
    contributions = serializers.ListField(
        child=serializers.ListField(child=serializers.FloatField()),
        help_text="A row of 17 joints (COCO order) a moment.",
    )
    base = serializers.FloatField()
    rest = serializers.FloatField()
    answer = serializers.FloatField(help_text="base + all contributions + rest.")
    scale = serializers.CharField()
    regions = RegionShareField(many=True)
    faithfulness = FaithfulnessField()


class SaliencyRecord(serializers.Serializer[object]):
    version = serializers.IntegerField()
    detector = serializers.CharField()
    of_the_alert = serializers.BooleanField(
        help_text="False: our own reading, because the alert's detector cannot be asked."
    )
    score = serializers.FloatField()
    start_seconds = serializers.FloatField()
    end_seconds = serializers.FloatField()
    picture = PictureMapField(allow_null=True)
    picture_absent = serializers.CharField(allow_blank=True)
    joints = JointMapField(allow_null=True)
    joints_absent = serializers.CharField(allow_blank=True)
    models = serializers.ListField(
        child=serializers.ListField(child=serializers.CharField()), help_text="Id and SHA-256."
    )
    seconds = serializers.FloatField(help_text="What it cost to work out.")


class SaliencyUnreadable(APIException):
    status_code = 503
    default_code = "saliency_unreadable"


class AlertSaliencyView(APIView):
    """What moved an alert's score."""

    authentication_classes = [SessionAuthentication]

    @extend_schema(
        operation_id="alerts_saliency",
        summary="What moved an alert's score: maps, shares of regions, faithfulness",
        responses={200: SaliencyRecord, **schema.problems(401, 403, 404, 503)},
    )
    def get(self, request: Request, alert_id: UUID) -> Response:
        alert = self._alert(request, alert_id)
        standing = saliency_standing(alert, now=timezone.now())
        if standing.state is SaliencyState.WITHHELD:
            raise PermissionDenied(standing.why)
        if standing.state is not SaliencyState.READY:
            raise NotFound(standing.why)
        try:
            return Response(encode(read_saliency(alert)))
        except UnableToReadSaliency as error:
            raise SaliencyUnreadable(str(error)) from error

    @staticmethod
    def _alert(request: Request, alert_id: UUID) -> Alert:
        user = request.user
        if not isinstance(user, User) or not user.may(Permission.VIEW_ALERTS):
            raise PermissionDenied
        visible = alerts_visible_to(user).select_related("clip")
        alert = visible.filter(id=alert_id).first()
        if alert is None:
            raise NotFound
        return alert
