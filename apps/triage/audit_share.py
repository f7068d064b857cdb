"""How often an archived alert is drawn for a blind audit: more where a label would teach more.

Every archived alert keeps at least the policy's share, so that inverse sampling probabilities stay
bounded (Horvitz and Thompson 1952 need every probability above 0). Above it the share rises with
doubt: how far the upper end of the alert's probability reaches towards the point at which it would
have been verified. The share is stored as the label's sampling probability.
"""

from dataclasses import dataclass

import numpy as np

from apps.triage.cost_model import CostModel
from apps.triage.economics import STRATEGY_OPTIONS, Floats, Option, option_terms

_ARCHIVE = STRATEGY_OPTIONS.index(Option.ARCHIVE)
_VERIFY = STRATEGY_OPTIONS.index(Option.VERIFY)


@dataclass(frozen=True, kw_only=True)
class AuditSettings:
    """`floor` for an alert archived beyond doubt, `most` for one whose probability may well lie
    where it would have been verified. 0 < floor ≤ most ≤ 1.
    """

    floor: float = 0.05
    most: float = 0.30

    def __post_init__(self) -> None:
        if not 0 < self.floor <= self.most <= 1:
            raise ValueError("0 < floor ≤ most ≤ 1 is needed")


DEFAULT_AUDIT_SETTINGS = AuditSettings()


def verify_from(*, minute_shadow_price: Floats, model: CostModel) -> Floats:
    """Return the P(theft) [alerts] from which verifying is cheaper than archiving.

    Where the two lines meet: P* = (W·(1−t) + m·c) / (V·s·r + W·(1−t)); above 1 when verifying never
    pays.
    """
    terms = option_terms(model)
    wrong = terms.wrong_share[_VERIFY] * model.wrong_intervention.mean
    saved = (terms.lost_share[_ARCHIVE] - terms.lost_share[_VERIFY]) * model.item_value.mean
    minutes = terms.minutes[_VERIFY] * (model.minute_price + minute_shadow_price)
    if saved + wrong <= 0:
        return np.full(minute_shadow_price.shape, np.inf)
    point: Floats = (wrong + minutes) / (saved + wrong)
    return point


def audit_shares(
    *,
    probability: Floats,
    high: Floats,
    minute_shadow_price: Floats,
    model: CostModel,
    settings: AuditSettings = DEFAULT_AUDIT_SETTINGS,
) -> Floats:
    """Return the share [alerts], floor to most, with which each alert is audited if archived.

    `probability` and `high` are its mean and 95th percentile.
    """
    point = np.minimum(verify_from(minute_shadow_price=minute_shadow_price, model=model), 1.0)
    distance = np.maximum(point - probability, 1e-9)
    doubt = np.clip((high - probability) / distance, 0.0, 1.0)
    shares: Floats = settings.floor + (settings.most - settings.floor) * doubt
    return shares
