"""Everything that is written about people in front of alerts. Each function is one business act with its audit event."""

from apps.reviews.operations.applying import AttemptOutcome, apply_attempt
from apps.reviews.operations.attempts import (
    Prepared,
    UnableToDecide,
    prepare_attempt,
    submit_attempt,
)
from apps.reviews.operations.delivery import expire_attempts, resend_submitted
from apps.reviews.operations.human_tasks import (
    UnableToTakeTask,
    assign_task,
    claim_task,
    escalate_task,
    open_task,
    reassign_task,
    release_task,
    remind_task,
)
from apps.reviews.operations.interventions import (
    UnableToIntervene,
    note_intervention_view,
    record_complaint,
    record_intervention,
    record_outcome,
    settle_complaint,
)
from apps.reviews.operations.items import (
    UnableToRegroup,
    join_item,
    rejoin_alert,
    split_alert,
)
from apps.reviews.operations.playback import UnableToRecordPlayback, record_playback
from apps.reviews.operations.revealing import UnableToReveal, cover_faces, reveal_faces
from apps.reviews.operations.second_looks import ask_for_second_look
from apps.reviews.operations.settling import refuse_attempt

__all__ = [
    "AttemptOutcome",
    "Prepared",
    "UnableToDecide",
    "UnableToIntervene",
    "UnableToRecordPlayback",
    "UnableToRegroup",
    "UnableToReveal",
    "UnableToTakeTask",
    "apply_attempt",
    "ask_for_second_look",
    "assign_task",
    "claim_task",
    "cover_faces",
    "escalate_task",
    "expire_attempts",
    "join_item",
    "note_intervention_view",
    "open_task",
    "prepare_attempt",
    "reassign_task",
    "record_complaint",
    "record_intervention",
    "record_outcome",
    "record_playback",
    "refuse_attempt",
    "rejoin_alert",
    "release_task",
    "remind_task",
    "resend_submitted",
    "reveal_faces",
    "settle_complaint",
    "split_alert",
    "submit_attempt",
]
