"""What becomes of an alert's clip when retention has deleted files of it."""

from datetime import datetime
from uuid import UUID

from apps.accounts.live import publish_live
from apps.alerts.models import Clip
from apps.triage.states import CLIP, ClipState

_GONE = "It was deleted on {day} (UTC): its period was over."
_NOTES = {
    "blurred_key": "blur_note",
    "before_key": "before_note",
    "saliency_key": "saliency_note",
}
_WITHOUT_NOTE = ("poster_key", "analysis_key")


def forget_file(*, alert_id: UUID, key: str, now: datetime) -> None:
    """Let the clip no longer point to a deleted file; without its footage it is `deleted`. Inside the scope.

    The audit event is that of the deletion. Repeated, nothing changes.
    """
    clip = Clip.objects.select_for_update().filter(alert_id=alert_id).first()
    if clip is None:
        return
    for field in (*_NOTES, *_WITHOUT_NOTE):
        if getattr(clip, field) == key:
            setattr(clip, field, "")
            if field in _NOTES:
                setattr(clip, _NOTES[field], _GONE.format(day=f"{now:%Y-%m-%d}"))
    if key in (clip.master_key, clip.playable_key) and CLIP.allows(clip.state, ClipState.DELETED):
        clip.state = ClipState.DELETED
    clip.save()
    publish_live(tenant_id=clip.tenant_id, topic="alert", subject_id=alert_id)
