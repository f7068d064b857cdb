"""Where a decided alert goes, and which alerts a person judges before the machine's proposal is shown.

Archived alerts would never be labelled, and a calibrator fitted on the rest would learn from biased
labels. So a share of them goes to people who cannot tell them from verified ones. A share of the
raised alerts is judged in the same way: it shows how far people follow what they are shown. Each
draw is a keyed hash of the alert's id: whoever lacks the key cannot predict it, whoever has it can
repeat it. So is the rank at which a drawn alert stands in the queue, which would give it away else.
"""

import hashlib
import hmac
import math
from dataclasses import dataclass

from apps.triage.decision import Decision, Outcome
from apps.triage.states import AlertState

SHORTEST_KEY = 16
_PURPOSE = b"second-look audit draw 1\x00"
_FIRST_PURPOSE = b"second-look judged first draw 1\x00"
_RANK_PURPOSE = b"second-look rank draw 1\x00"


@dataclass(frozen=True, kw_only=True)
class Routing:
    """The state a decided alert moves to next.

    `sampled_blind` alerts are shown like verified ones, their assessment hidden until judged, at
    `rank` of the queue (0 first, below 1; None where the queue's own order holds).
    `sampling_probability` is the probability with which this alert was to be labelled (1 unless
    archived); it is stored with the label, whose weight is its inverse.
    """

    state: AlertState
    sampled_blind: bool = False
    sampling_probability: float = 1.0
    rank: float | None = None


def route(
    *, decision: Decision, alert_id: str, audit_key: bytes, judged_first_share: float = 0.0
) -> Routing:
    """Return where the alert goes. An alert drawn for audit is archived first, then sent on.

    `judged_first_share` (0..1) is that of the raised alerts.
    """
    if decision.outcome is Outcome.MODEL_REVIEW:
        return Routing(state=AlertState.MODEL_REVIEW)
    archived = decision.outcome is Outcome.ARCHIVE
    if archived:
        share = decision.audit_share
        drawn = drawn_for_audit(alert_id=alert_id, audit_key=audit_key, share=share)
    else:
        share = 1.0
        drawn = drawn_to_judge_first(
            alert_id=alert_id, audit_key=audit_key, share=judged_first_share
        )
    return Routing(
        state=AlertState.ARCHIVED if archived else AlertState.AWAITING_REVIEW,
        sampled_blind=drawn,
        sampling_probability=share,
        rank=_number(_RANK_PURPOSE, alert_id, audit_key) / 2**64 if drawn else None,
    )


def drawn_for_audit(*, alert_id: str, audit_key: bytes, share: float) -> bool:
    """Return whether an archived alert is drawn: the same answer for the same id, key and share.

    HMAC-SHA-256 of the id, read as a number in 0..1, is below `share`. Raising the share keeps
    every alert drawn at a lower one.
    """
    if not math.isfinite(share) or not 0 < share <= 1:
        raise ValueError(f"the audit share {share} is outside 0..1, or 0")
    return _number(_PURPOSE, alert_id, audit_key) < share * 2**64


def drawn_to_judge_first(*, alert_id: str, audit_key: bytes, share: float) -> bool:
    """Return whether a raised alert is judged before its proposal is shown; a draw of its own."""
    if not math.isfinite(share) or not 0 <= share <= 1:
        raise ValueError(f"the share judged first {share} is outside 0..1")
    return _number(_FIRST_PURPOSE, alert_id, audit_key) < share * 2**64


def _number(purpose: bytes, alert_id: str, audit_key: bytes) -> int:
    """The first 64 bits of the keyed hash of the id, for one purpose."""
    if len(audit_key) < SHORTEST_KEY:
        raise ValueError(f"the audit key has at least {SHORTEST_KEY} bytes")
    if not alert_id:
        raise ValueError("an alert has an id")
    digest = hmac.new(audit_key, purpose + alert_id.encode("utf-8"), hashlib.sha256).digest()
    return int.from_bytes(digest[:8])
