"""The activity that explains a clip: once, or noted in words; a refusal is an answer and not an error."""

import io
import json
from hashlib import sha256
from typing import Any

import pytest

from apps.alerts.models import Alert, Clip
from apps.storage.store import media_store
from tests.workers.inference.conftest import BUNDLED
from tests.world import World, make_waiting_alert
from workers.activities.explaining import NOT_ANALYSED, explain_clip
from workflows.messages import AlertRef

pytestmark = pytest.mark.django_db

NOBODY = {
    "tracks": [],
    "width": 640,
    "height": 480,
    "marked_span": {"start_seconds": 0.0, "end_seconds": 6.0},
    "behaviour": {
        "version": "1",
        "score": None,
        "why": "Nobody was followed in this clip.",
        "windows": [],
    },
}


def analysed(world: World, analysis: dict[str, Any] | None) -> Alert:
    """An alert with its real footage in the store, and an analysis if one is given."""
    alert = make_waiting_alert(world.camera)
    content = BUNDLED.read_bytes()
    folder = f"tenants/{world.tenant.id}/alerts/{alert.id}"
    keys = {"master_key": f"{folder}/master", "analysis_key": ""}
    media_store().put_stream(
        key=keys["master_key"], stream=io.BytesIO(content), length=len(content)
    )
    if analysis is not None:
        keys["analysis_key"] = f"{folder}/analysis.json"
        stored = json.dumps(analysis).encode()
        media_store().put_stream(
            key=keys["analysis_key"], stream=io.BytesIO(stored), length=len(stored)
        )
    Clip.objects.filter(alert=alert).update(sha256=sha256(content).hexdigest(), **keys)
    return Alert.objects.get(id=alert.id)


def explained(alert: Alert) -> Clip:
    explain_clip(AlertRef(tenant_id=str(alert.tenant_id), alert_id=str(alert.id)))
    return Clip.objects.get(alert=alert)


def test_a_clip_in_which_nobody_was_scored_says_so(s3: dict[str, str], world: World) -> None:
    clip = explained(analysed(world, NOBODY))
    assert clip.saliency_key == ""
    assert clip.saliency_note == ("There is no score to explain: Nobody was followed in this clip.")


def test_a_clip_that_was_not_analysed_says_so(s3: dict[str, str], world: World) -> None:
    assert explained(analysed(world, None)).saliency_note == NOT_ANALYSED


def test_a_clip_that_was_explained_is_left_alone(s3: dict[str, str], world: World) -> None:
    alert = analysed(world, NOBODY)
    Clip.objects.filter(alert=alert).update(saliency_key="k")
    clip = explained(alert)
    assert (clip.saliency_key, clip.saliency_note) == ("k", "")
