"""The risk register through the API: read as it stands, changed a version at a time."""

from typing import Any

from django.http import Http404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.actors import actor_of
from apps.accounts.models import User
from apps.accounts.permissions import Permission
from apps.oversight.api_access import RefusalInWords, asking, refused
from apps.oversight.models import RiskRegisterVersion
from apps.oversight.operations.register import UnableToChange, put_risk, remove_risk
from apps.oversight.queries.register import register_of
from apps.oversight.register import LONGEST_TEXT, Risk, UnableToRead

MOST_VERSIONS = 100


class _Words(serializers.Serializer[Risk]):
    """What an entry says."""

    hazard = serializers.CharField(max_length=LONGEST_TEXT)
    cause = serializers.CharField(max_length=LONGEST_TEXT)
    affected = serializers.CharField(max_length=200)
    control = serializers.CharField(max_length=LONGEST_TEXT)
    test = serializers.CharField(max_length=300, allow_blank=True, required=False, default="")
    residual = serializers.CharField(max_length=LONGEST_TEXT)
    owner = serializers.CharField(max_length=120)
    review_on = serializers.DateField()


class RiskData(_Words):
    """One entry. `test` fails when the control is gone, "" for an organisational control."""

    id = serializers.RegexField(r"^[A-Z0-9][A-Z0-9-]{0,20}$")


class RiskStated(_Words):
    """`instead_of` is the register's version that was read; it is refused when there is a newer one."""

    instead_of = serializers.IntegerField(min_value=0)
    reason = serializers.CharField(max_length=500)


class RemovalStated(serializers.Serializer[object]):
    instead_of = serializers.IntegerField(min_value=0)
    reason = serializers.CharField(max_length=500)


class RegisterVersionData(serializers.ModelSerializer[RiskRegisterVersion]):
    class Meta:
        model = RiskRegisterVersion
        fields = ["version", "digest", "reason", "created_by", "created_at"]
        read_only_fields = fields


class RegisterData(serializers.Serializer[object]):
    """The register in force (version 0: as shipped), with the versions there were, the newest first."""

    version = serializers.IntegerField()
    name = serializers.CharField()
    digest = serializers.CharField()
    risks = RiskData(many=True)
    due = serializers.ListField(child=serializers.CharField(), help_text="Entries to review now.")
    versions = RegisterVersionData(many=True)


class RegisterView(APIView):
    @extend_schema(operation_id="risk_register", responses={200: RegisterData})
    def get(self, request: Request) -> Response:
        """Every risk with its control, what remains, and when somebody looks at it again."""
        user = asking(request, Permission.VIEW_OVERSIGHT)
        return Response(_register_json(user))


class RiskView(APIView):
    @extend_schema(
        operation_id="put_risk",
        request=RiskStated,
        responses={200: RegisterData, 409: RefusalInWords},
    )
    def put(self, request: Request, risk_id: str) -> Response:
        """Add the entry, or write it anew. The register gets a new version; the old ones stay."""
        user = asking(request, Permission.MANAGE_OVERSIGHT)
        asked = RiskStated(data=request.data)
        asked.is_valid(raise_exception=True)
        stated = dict(asked.validated_data)
        reason, instead_of = stated.pop("reason"), stated.pop("instead_of")
        RiskData(data={**stated, "id": risk_id}).is_valid(raise_exception=True)
        try:
            put_risk(
                actor=actor_of(request._request),
                user=user,
                risk=Risk(id=risk_id, **stated),
                reason=reason,
                instead_of=instead_of,
                now=timezone.now(),
            )
        except (UnableToChange, UnableToRead) as refusal:
            return refused(refusal)
        return Response(_register_json(user))


class RiskRemovalView(APIView):
    @extend_schema(
        operation_id="remove_risk",
        request=RemovalStated,
        responses={200: RegisterData, 409: RefusalInWords},
    )
    def post(self, request: Request, risk_id: str) -> Response:
        """Leave an entry out of the next version; the earlier ones keep it."""
        user = asking(request, Permission.MANAGE_OVERSIGHT)
        if risk_id not in {one.id for one in register_of(user.tenant_id).risks}:
            raise Http404
        asked = RemovalStated(data=request.data)
        asked.is_valid(raise_exception=True)
        try:
            remove_risk(
                actor=actor_of(request._request),
                user=user,
                risk_id=risk_id,
                now=timezone.now(),
                **asked.validated_data,
            )
        except UnableToChange as refusal:
            return refused(refusal)
        return Response(_register_json(user))


def _register_json(user: User) -> dict[str, Any]:
    register = register_of(user.tenant_id)
    versions = RiskRegisterVersion.objects.filter(tenant_id=user.tenant_id)[:MOST_VERSIONS]
    return {
        "version": register.version,
        "name": register.name,
        "digest": register.digest,
        "risks": [one.as_json() for one in register.risks],
        "due": [one.id for one in register.due(timezone.now().date())],
        "versions": RegisterVersionData(versions, many=True).data,
    }
