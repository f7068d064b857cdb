"""The shapes of the oversight API, in and out."""

from typing import Any

from rest_framework import serializers

from apps.oversight.queries.stops import StopLine
from apps.sites.models import Stop
from apps.sites.stopping import LONGEST_REASON


class StopStated(serializers.Serializer[object]):
    site = serializers.UUIDField(required=False, help_text="All cameras of this site.")
    camera = serializers.UUIDField(required=False, help_text="This camera only.")
    reason = serializers.CharField(max_length=LONGEST_REASON)


class ResumeStated(serializers.Serializer[object]):
    reason = serializers.CharField(max_length=LONGEST_REASON)


class StopRow(serializers.Serializer[object]):
    """A STOP in force. `held`: accepted alerts that wait for it to be lifted."""

    id = serializers.UUIDField()
    scope = serializers.ChoiceField(choices=["camera", "site", "tenant"])
    site = serializers.UUIDField(allow_null=True)
    camera = serializers.UUIDField(allow_null=True)
    state = serializers.CharField()
    reason = serializers.CharField()
    stopped_by = serializers.UUIDField()
    stopped_at = serializers.DateTimeField()
    held = serializers.IntegerField()


def stop_json(stop: Stop, *, held: int) -> dict[str, Any]:
    return {
        "id": stop.id,
        "scope": stop.scope,
        "site": stop.site_id,
        "camera": stop.camera_id,
        "state": stop.state,
        "reason": stop.reason,
        "stopped_by": stop.stopped_by_id,
        "stopped_at": stop.stopped_at,
        "held": held,
    }


def line_json(line: StopLine) -> dict[str, Any]:
    return stop_json(line.stop, held=line.held)
