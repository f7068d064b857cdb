"""Fits that are in use, stored the way a refresh stores them, learned from a small made-up past."""

from datetime import datetime
from typing import Any

import numpy as np

from apps.accounts.models import Tenant
from apps.reliability.models import AlertFact, FactOrigin
from apps.sites.models import Camera
from tests.world import NOW

DAY = 86_400.0


def make_past(
    camera: Camera,
    *,
    count: int = 600,
    seed: int = 0,
    false_share: float = 0.3,
    labelled: float = 0.8,
    until: datetime = NOW,
    **fields: Any,
) -> list[AlertFact]:
    """Imported alerts of one camera over 60 days: the higher the score, the more often theft."""
    rng = np.random.default_rng(seed)
    score = rng.random(count)
    theft = rng.random(count) < np.clip((1 - false_share) * 2 * score, 0, 1)
    known = rng.random(count) < labelled
    at = np.sort(until.timestamp() - DAY - rng.random(count) * 60 * DAY)
    reach = np.clip(0.6 * score + 0.4 * rng.random(count), 0, 1)
    rows = [
        AlertFact(
            **(
                {
                    "tenant_id": camera.tenant_id,
                    "origin": FactOrigin.IMPORTED,
                    "happened_at": datetime.fromtimestamp(at[row], tz=until.tzinfo),
                    "site_id": camera.site_id,
                    "camera_id": camera.id,
                    "detector_id": "test-detector",
                    "detector_version": "1.0",
                    "label": "item_to_bag",
                    "score": float(score[row]),
                    "signals": {"reach": float(reach[row])},
                    "zone_kind": "aisle",
                    "lighting": ("day", "dark")[row % 2],
                    "daypart": ("morning", "evening")[row % 2],
                    "weekday": ("mon", "sat")[row % 2],
                    "crowding": "sparse",
                    "sequence": "complete",
                    "verdict": _verdict(theft[row]) if known[row] else "",
                    "labelled_at": datetime.fromtimestamp(at[row] + 600, tz=until.tzinfo)
                    if known[row]
                    else None,
                }
                | fields
            )
        )
        for row in range(count)
    ]
    return AlertFact.objects.bulk_create(rows, batch_size=2_000)


def _verdict(theft: bool) -> str:
    return "theft_confirmed" if theft else "false_alarm"


def rehearsal(tenant: Tenant) -> Tenant:
    tenant.is_drill = True
    tenant.save()
    return tenant
