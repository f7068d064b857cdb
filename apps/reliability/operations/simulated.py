"""Simulated history for a rehearsal: labelled as such in every row, and never elsewhere."""

import hashlib
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from django.db import transaction

from apps.accounts.models import Tenant
from apps.audit.events import Actor, Event, Subject
from apps.audit.operations import record
from apps.reliability.models import AlertFact
from apps.sites.models import Camera
from apps.triage.canonical import canonical_bytes
from apps.triage.decoding import encode
from apps.triage.economics import STRATEGY_OPTIONS
from apps.triage.fairness import FairnessState
from apps.triage.simulation.closed_loop import LoopResult
from apps.triage.simulation.history import SimulatedHistory
from apps.triage.simulation.records import records_of

ROWS_AT_ONCE: Final = 1000


class UnableToStoreSimulation(Exception):
    """Simulated rows may not be written there. The sentence is for the person who asked."""


@dataclass(frozen=True)
class StoredSimulation:
    """How many rows a simulated history has, and how many of them are new."""

    rows: int
    added: int


def store_simulated_history(
    *, actor: Actor, tenant: Tenant, history: SimulatedHistory, result: LoopResult
) -> StoredSimulation:
    """Write a simulated history as facts of a rehearsal tenant, mapped onto its cameras.

    Facts say "simulated" and "drill". The same seed and configuration again adds nothing. Raises
    `UnableToStoreSimulation` as `require_rehearsal` does. Call it inside the tenant's scope.
    """
    require_rehearsal(tenant)
    prefix = external_prefix(history)
    with transaction.atomic():
        mine = AlertFact.objects.filter(tenant_id=tenant.id, external_id__startswith=prefix)
        before = mine.count()
        for rows in _batches(_facts(tenant, history, result, prefix)):
            AlertFact.objects.bulk_create(rows, ignore_conflicts=True)
        stored = StoredSimulation(rows=len(history), added=mine.count() - before)
        if stored.added:
            record(
                actor=actor,
                event=Event.HISTORY_IMPORTED,
                subject=Subject("tenant", tenant.id),
                details={"simulated": True, "seed": history.seed, "rows": stored.added},
            )
    return stored


def require_rehearsal(tenant: Tenant) -> None:
    """Raise `UnableToStoreSimulation` for a tenant that is no rehearsal, or that has no camera.

    Call it inside the tenant's scope.
    """
    if not tenant.is_drill:
        raise UnableToStoreSimulation(
            f"{tenant.slug} is not a rehearsal: simulated alerts belong into a drill tenant only."
        )
    if not Camera.objects.filter(tenant_id=tenant.id, is_active=True).exists():
        raise UnableToStoreSimulation(f"{tenant.slug} has no camera to put simulated alerts on.")


def external_prefix(history: SimulatedHistory) -> str:
    """What the ids of a simulated history begin with: its seed and its configuration.

    The first day is left out, so that the same network is the same on another day.
    """
    fixed = replace(history.settings, starts_at=0.0)
    digest = hashlib.sha256(canonical_bytes(encode(fixed))).hexdigest()
    return f"simulated-{history.seed}-{digest[:8]}-"


def _facts(
    tenant: Tenant, history: SimulatedHistory, result: LoopResult, prefix: str
) -> Iterator[AlertFact]:
    cameras = _cameras_for(tenant, history)
    for row, told in enumerate(records_of(history=history, labels=result.labels)):
        site_id, camera_id = cameras[str(told["camera"])]
        labelled_at = told["labelled_at"]
        yield AlertFact(
            tenant_id=tenant.id,
            origin="simulated",
            external_id=f"{prefix}{row}",
            is_drill=True,
            happened_at=datetime.fromtimestamp(float(history.table.at[row]), UTC),
            site_id=site_id,
            camera_id=camera_id,
            labelled_at=datetime.fromisoformat(str(labelled_at)) if labelled_at else None,
            **{name: told[name] for name in _SAME},
            **_as_decided(result, row),
        )


_SAME: Final = (
    "detector_id",
    "detector_version",
    "label",
    "score",
    "signals",
    "zone_kind",
    "lighting",
    "daypart",
    "weekday",
    "crowding",
    "sequence",
    "verdict",
    "sampling_probability",
)


def _as_decided(result: LoopResult, row: int) -> dict[str, object]:
    return {
        "probability": float(result.estimate[row]),
        "low": float(result.low[row]),
        "high": float(result.high[row]),
        "is_calibrated": bool(result.calibrated[row]),
        "reliability": str(result.reliability[row]),
        "fairness": FairnessState.PASSED.value,
        "outcome": STRATEGY_OPTIONS[int(result.choice[row])].value,
    }


def _cameras_for(tenant: Tenant, history: SimulatedHistory) -> dict[str, tuple[UUID, UUID]]:
    """Simulated camera → (site, camera) of the tenant, in order of their names, over and over."""
    by_site: dict[UUID, list[UUID]] = defaultdict(list)
    known = Camera.objects.filter(tenant_id=tenant.id, is_active=True)
    for site_id, camera_id in known.order_by("site__slug", "slug").values_list("site_id", "id"):
        by_site[site_id].append(camera_id)
    sites = list(by_site)
    mapped: dict[str, tuple[UUID, UUID]] = {}
    seen: dict[UUID, int] = defaultdict(int)
    names = history.network.camera_names.tolist()
    for name, number in zip(names, history.network.site.tolist(), strict=True):
        site = sites[number % len(sites)]
        cameras = by_site[site]
        mapped[name] = (site, cameras[seen[site] % len(cameras)])
        seen[site] += 1
    return mapped


def _batches(facts: Iterator[AlertFact]) -> Iterator[list[AlertFact]]:
    batch: list[AlertFact] = []
    for fact in facts:
        batch.append(fact)
        if len(batch) == ROWS_AT_ONCE:
            yield batch
            batch = []
    if batch:
        yield batch
