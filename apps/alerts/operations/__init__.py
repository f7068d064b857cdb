"""Everything that is written about alerts. Each function is one business act with its audit event."""

from apps.alerts.operations.analysis import (
    AlertFacts,
    ClipFacts,
    UnableToRoute,
    begin_analysis,
    note_step,
    record_assessment,
    route,
)
from apps.alerts.operations.clips import (
    OwnScore,
    UnableToTakeClip,
    clip_missing,
    clip_pending,
    note_upload_finished,
    record_analysis,
    record_clip_arrival,
    refuse_clip,
    store_clip,
)
from apps.alerts.operations.receiving import (
    CameraSwitchedOff,
    ConflictingDelivery,
    Received,
    UnableToReceive,
    UnknownCamera,
    receive_alert,
    record_refused_delivery,
)
from apps.alerts.operations.sources import create_source, rotate_secret, switch_off_source
from apps.alerts.operations.viewing import forget_viewings, note_view

__all__ = [
    "AlertFacts",
    "CameraSwitchedOff",
    "ClipFacts",
    "ConflictingDelivery",
    "OwnScore",
    "Received",
    "UnableToReceive",
    "UnableToRoute",
    "UnableToTakeClip",
    "UnknownCamera",
    "begin_analysis",
    "clip_missing",
    "clip_pending",
    "create_source",
    "forget_viewings",
    "note_step",
    "note_upload_finished",
    "note_view",
    "receive_alert",
    "record_analysis",
    "record_assessment",
    "record_clip_arrival",
    "record_refused_delivery",
    "refuse_clip",
    "rotate_secret",
    "route",
    "store_clip",
    "switch_off_source",
]
