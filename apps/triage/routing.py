"""Where a decided alert goes, and the blind random audit of archived ones.

Archived alerts would never be labelled, and a calibrator fitted on the rest would learn from biased
labels. So a share of them goes to people who cannot tell them from verified ones. The draw is a
keyed hash of the alert's id: whoever lacks the key cannot predict it, whoever has it can repeat it.
"""

import hashlib
import hmac
import math
from dataclasses import dataclass

from apps.triage.decision import Decision, Outcome
from apps.triage.states import AlertState

SHORTEST_KEY = 16
_PURPOSE = b"second-look audit draw 1\x00"


@dataclass(frozen=True, kw_only=True)
class Routing:
    """The state a decided alert moves to next.

    `sampled_blind` alerts were archived and are shown like verified ones, their assessment hidden
    until judged. `sampling_probability` is the probability with which this alert was to be labelled
    (1 unless archived); it is stored with the label, whose weight is its inverse.
    """

    state: AlertState
    sampled_blind: bool = False
    sampling_probability: float = 1.0


def route(*, decision: Decision, alert_id: str, audit_key: bytes) -> Routing:
    """Return where the alert goes. An alert drawn for audit is archived first, then sent on."""
    if decision.outcome is Outcome.MODEL_REVIEW:
        return Routing(state=AlertState.MODEL_REVIEW)
    if decision.outcome is not Outcome.ARCHIVE:
        return Routing(state=AlertState.AWAITING_REVIEW)
    share = decision.audit_share
    drawn = drawn_for_audit(alert_id=alert_id, audit_key=audit_key, share=share)
    return Routing(state=AlertState.ARCHIVED, sampled_blind=drawn, sampling_probability=share)


def drawn_for_audit(*, alert_id: str, audit_key: bytes, share: float) -> bool:
    """Return whether an archived alert is drawn: the same answer for the same id, key and share.

    HMAC-SHA-256 of the id, read as a number in 0..1, is below `share`. Raising the share keeps
    every alert drawn at a lower one.
    """
    if len(audit_key) < SHORTEST_KEY:
        raise ValueError(f"the audit key has at least {SHORTEST_KEY} bytes")
    if not math.isfinite(share) or not 0 < share <= 1:
        raise ValueError(f"the audit share {share} is outside 0..1, or 0")
    if not alert_id:
        raise ValueError("an alert has an id")
    digest = hmac.new(audit_key, _PURPOSE + alert_id.encode("utf-8"), hashlib.sha256).digest()
    return int.from_bytes(digest[:8]) < share * 2**64
