"""STOP through the API: the same operations as on the screen, with the same refusals."""

from uuid import UUID

from django.http import Http404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.actors import actor_of
from apps.accounts.models import User
from apps.accounts.permissions import Permission
from apps.oversight.api_access import asking, require_fresh_sign_in
from apps.oversight.queries.stops import held_under, may_lift, stop_lines, target_of
from apps.oversight.serializers import ResumeStated, StopRow, StopStated, line_json, stop_json
from apps.sites.models import Camera, Site, Stop
from apps.sites.queries import sites_visible_to
from apps.sites.stopping import UnableToResume, UnableToStop, resume_machine, stop_machine


class StopsView(APIView):
    @extend_schema(operation_id="stops_in_force", responses={200: StopRow(many=True)})
    def get(self, request: Request) -> Response:
        """What is stopped where you work, the oldest first."""
        user = asking(request, Permission.VIEW_OVERSIGHT)
        return Response([line_json(line) for line in stop_lines(user)])

    @extend_schema(operation_id="stop_machine", request=StopStated, responses={201: StopRow})
    def post(self, request: Request) -> Response:
        """Stop the machine for a camera, a site, or (naming neither) everything. Alerts are still accepted and kept."""
        user = asking(request, Permission.STOP_MACHINE)
        asked = StopStated(data=request.data)
        asked.is_valid(raise_exception=True)
        site, camera = _target(user, asked)
        try:
            stop = stop_machine(
                actor=actor_of(request._request),
                user=user,
                site=site,
                camera=camera,
                reason=asked.validated_data["reason"],
                now=timezone.now(),
            )
        except UnableToStop as refusal:
            raise PermissionDenied(str(refusal)) from None
        body = stop_json(stop, held=held_under(stop))
        return Response(body, status=status.HTTP_201_CREATED)


class ResumeView(APIView):
    @extend_schema(operation_id="resume_machine", request=ResumeStated, responses={204: None})
    def post(self, request: Request, stop_id: UUID) -> Response:
        """Lift a STOP. Needs a sign-in of the last five minutes."""
        user = asking(request, Permission.RESUME_MACHINE)
        stop = Stop.objects.filter(id=stop_id, tenant_id=user.tenant_id).first()
        if stop is None or (stop.site and stop.site not in sites_visible_to(user)):
            raise Http404
        if not may_lift(user, stop):
            raise PermissionDenied("You may let the machine go on only where you work.")
        asked = ResumeStated(data=request.data)
        asked.is_valid(raise_exception=True)
        require_fresh_sign_in(request)
        reason = asked.validated_data["reason"]
        try:
            resume_machine(
                actor=actor_of(request._request),
                user=user,
                stop=stop,
                reason=reason,
                now=timezone.now(),
            )
        except UnableToResume as refusal:
            return Response({"detail": str(refusal)}, status=status.HTTP_409_CONFLICT)
        return Response(status=status.HTTP_204_NO_CONTENT)


def _target(user: User, asked: StopStated) -> tuple[Site | None, Camera | None]:
    stated = asked.validated_data
    kind = next((one for one in ("camera", "site") if one in stated), "")
    try:
        return target_of(user, f"{kind}:{stated[kind]}" if kind else "tenant")
    except LookupError:
        raise Http404 from None
