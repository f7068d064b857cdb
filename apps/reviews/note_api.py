"""Notes on an alert through the API: the same operation, refusals and events as on the screen."""

from typing import Any
from uuid import UUID

from django.http import Http404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.actors import actor_of
from apps.accounts.models import User
from apps.alerts.models import Alert
from apps.alerts.queries import alerts_visible_to
from apps.reviews.models import AlertNote
from apps.reviews.note_queries import notes_of, wording_of
from apps.reviews.operations.notes import LONGEST, UnableToNote, write_note
from apps.reviews.serializers import RefusalSerializer


class AlertNoteSerializer(serializers.ModelSerializer[AlertNote]):
    """The standing wording of a note; `supersedes` is the wording before it."""

    class Meta:
        model = AlertNote
        fields = ["id", "text", "written_by", "written_at", "supersedes"]
        read_only_fields = fields


class AlertNoteWritingSerializer(serializers.Serializer[Any]):
    """`instead_of` names the wording of one's own note that these words replace."""

    text = serializers.CharField(max_length=LONGEST)
    instead_of = serializers.UUIDField(required=False, allow_null=True, default=None)


class AlertNotesView(APIView):
    @extend_schema(
        operation_id="alert_notes", responses={200: AlertNoteSerializer(many=True)}, request=None
    )
    def get(self, request: Request, alert_id: UUID) -> Response:
        """The notes of an alert, each in its newest wording, in the order in which they were first written."""
        notes = [note.newest for note in notes_of(_alert(request, alert_id))]
        return Response(AlertNoteSerializer(notes, many=True).data)

    @extend_schema(
        operation_id="alert_note_write",
        request=AlertNoteWritingSerializer,
        responses={201: AlertNoteSerializer, 409: RefusalSerializer},
    )
    def post(self, request: Request, alert_id: UUID) -> Response:
        """Write a note, or a new wording of one's own. Nothing is decided."""
        user, alert = request.user, _alert(request, alert_id)
        assert isinstance(user, User)
        sent = AlertNoteWritingSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        wanted = sent.validated_data["instead_of"]
        instead_of = wording_of(alert, wanted) if wanted else None
        if wanted and instead_of is None:
            raise Http404
        try:
            note = write_note(
                actor=actor_of(request._request),
                user=user,
                alert=alert,
                text=sent.validated_data["text"],
                instead_of=instead_of,
                now=timezone.now(),
            )
        except UnableToNote as refusal:
            if refusal.forbidden:
                raise PermissionDenied(refusal.sentence) from refusal
            body = {"code": "not_kept", "detail": refusal.sentence}
            return Response(body, status=status.HTTP_409_CONFLICT)
        return Response(AlertNoteSerializer(note).data, status=status.HTTP_201_CREATED)


def _alert(request: Request, alert_id: UUID) -> Alert:
    user = request.user
    assert isinstance(user, User)
    alert = alerts_visible_to(user).select_related("site").filter(id=alert_id).first()
    if alert is None:
        raise Http404
    return alert
