"""A past for backtests: alerts as facts, some labelled, written as the product keeps them."""

from datetime import UTC, datetime, timedelta

import numpy as np

from apps.accounts.models import Tenant
from apps.reliability.models import AlertFact, FactOrigin

FIRST_DAY = datetime(2026, 9, 1, tzinfo=UTC)


def make_facts(
    tenant: Tenant,
    *,
    count: int = 200,
    seed: int = 0,
    origin: FactOrigin = FactOrigin.IMPORTED,
    **fields: object,
) -> list[AlertFact]:
    """Complete sequences in green segments, one every ten minutes, at probabilities 0..1, one in two labelled."""
    rng = np.random.default_rng(seed)
    probability = rng.random(count)
    theft = rng.random(count) < probability
    labelled = rng.random(count) < 0.5
    rows = [
        AlertFact(
            tenant=tenant,
            origin=origin,
            happened_at=FIRST_DAY + timedelta(minutes=10 * at),
            detector_id="acme",
            detector_version="1",
            label="item_to_bag",
            score=float(probability[at]),
            sequence="complete",
            reliability="green",
            fairness="passed",
            daypart=("morning", "evening")[at % 2],
            lighting="bright",
            probability=float(probability[at]),
            low=float(probability[at]) * 0.9,
            high=min(1.0, float(probability[at]) * 1.1),
            is_calibrated=True,
            verdict=("theft_confirmed" if theft[at] else "false_alarm") if labelled[at] else "",
            labelled_at=FIRST_DAY + timedelta(days=30) if labelled[at] else None,
            **fields,
        )
        for at in range(count)
    ]
    return AlertFact.objects.bulk_create(rows, batch_size=5_000)
