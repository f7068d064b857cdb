"""Bring in past labelled alerts: all of a file or nothing, and the same file again changes nothing."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction

from apps.accounts.models import Tenant
from apps.audit.events import Actor, Event, Subject
from apps.audit.operations import record
from apps.reliability.history_file import PastAlert
from apps.reliability.models import AlertFact, FactOrigin
from apps.reliability.queries.basis import zone_kind_of
from apps.sites.models import Camera, Site, Zone
from apps.triage.dayparts import daypart_of, weekday_of

AT_ONCE: Final = 2_000
FAULTS_SHOWN: Final = 20
SIMULATED_PREFIX: Final = "simulated-"
_CHANGING: Final = ("verdict", "labelled_at", "sampling_probability")

Read = PastAlert | tuple[int, str]


class UnableToImport(Exception):
    """Nothing was imported; `faults` name the first lines, `count` how many there are."""

    def __init__(self, faults: list[str], count: int) -> None:
        self.faults, self.count = faults, count
        super().__init__("; ".join(faults))


class _DryRun(Exception):
    """Everything could be read: undo it."""


@dataclass(frozen=True, kw_only=True)
class Imported:
    """How many alerts the file has; how many are new, and how many got another verdict."""

    rows: int
    added: int
    changed: int
    labelled: int


@dataclass(frozen=True, kw_only=True)
class _Place:
    site_id: UUID
    camera_id: UUID | None
    zone_kind: str
    timezone: ZoneInfo


def import_history(
    *, actor: Actor, tenant: Tenant, alerts: Iterable[Read], now: datetime, dry_run: bool = False
) -> Imported:
    """Store past alerts as facts. An alert known already only gets the verdict the file states.

    Runs inside the tenant's scope; memory does not grow with the file. Daypart and weekday are
    worked out from the site's clock, the zone kind from the camera's zones, where not stated.
    Raises UnableToImport for any line that cannot be taken, and then stores nothing.
    """
    work = _Import(tenant, now)
    try:
        with transaction.atomic():
            for batch in _batches(alerts):
                work.take(batch)
            if work.fault_count:
                raise UnableToImport(work.faults, work.fault_count)
            if dry_run:
                raise _DryRun
            if work.added or work.changed:
                _chain(actor, tenant, work.result)
    except _DryRun:
        pass
    return work.result


class _Import:
    """One run over a file: counts, faults, and the places by name."""

    def __init__(self, tenant: Tenant, now: datetime) -> None:
        self.tenant, self.now = tenant, now
        self.rows = self.added = self.changed = self.labelled = self.fault_count = 0
        self.faults: list[str] = []
        self._sites, self._cameras = _places(tenant.id)

    @property
    def result(self) -> Imported:
        return Imported(
            rows=self.rows, added=self.added, changed=self.changed, labelled=self.labelled
        )

    def take(self, batch: list[Read]) -> None:
        read = [one for one in batch if isinstance(one, PastAlert)]
        for one in batch:
            if not isinstance(one, PastAlert):
                self._fault(*one)
        facts = [fact for one in read if (fact := self._fact(one)) is not None]
        if self.fault_count:
            return  # only the other faults are still looked for
        self._store(facts)

    def _fact(self, one: PastAlert) -> AlertFact | None:
        self.rows += 1
        try:
            place = self._place(one)
            self._require_sound(one)
        except (LookupError, ValueError) as fault:
            self._fault(one.line, str(fault.args[0]))
            return None
        self.labelled += bool(one.verdict)
        return AlertFact(
            tenant_id=self.tenant.id,
            origin=FactOrigin.IMPORTED,
            is_drill=self.tenant.is_drill,
            **_stated(one),
            **_conditions(one, place),
        )

    def _require_sound(self, one: PastAlert) -> None:
        if one.happened_at > self.now or (one.labelled_at and one.labelled_at > self.now):
            raise ValueError("lies in the future")
        if one.external_id.startswith(SIMULATED_PREFIX) and not self.tenant.is_drill:
            raise ValueError("simulated alerts belong into a drill tenant only")

    def _place(self, one: PastAlert) -> _Place | None:
        if one.camera:
            if (camera := self._cameras.get(one.camera)) is None:
                raise LookupError(f"no camera is called {one.camera!r}")
            if one.site and self._sites.get(one.site, camera).site_id != camera.site_id:
                raise LookupError(f"camera {one.camera!r} is not at site {one.site!r}")
            return camera
        if one.site and one.site not in self._sites:
            raise LookupError(f"no site is called {one.site!r}")
        return self._sites.get(one.site)

    def _store(self, facts: list[AlertFact]) -> None:
        known = self._known(facts)
        new: dict[tuple[str, str], AlertFact] = {}
        changed: dict[UUID, AlertFact] = {}
        for fact in facts:
            key = (fact.detector_id, fact.external_id)
            before = known.get(key) or new.get(key)
            if before is None:
                new[key] = fact
            elif any(getattr(before, name) != getattr(fact, name) for name in _CHANGING):
                for name in _CHANGING:
                    setattr(before, name, getattr(fact, name))
                if key in known:
                    changed[before.id] = before
        AlertFact.objects.bulk_create(new.values())
        AlertFact.objects.bulk_update(changed.values(), _CHANGING)
        self.added += len(new)
        self.changed += len(changed)

    def _known(self, facts: list[AlertFact]) -> Mapping[tuple[str, str], AlertFact]:
        ids = {fact.external_id for fact in facts}
        found = AlertFact.objects.filter(tenant_id=self.tenant.id, external_id__in=ids)
        return {(one.detector_id, one.external_id): one for one in found}

    def _fault(self, line: int, message: str) -> None:
        self.fault_count += 1
        if len(self.faults) < FAULTS_SHOWN:
            self.faults.append(f"Line {line}: {message}.")


def _stated(one: PastAlert) -> dict[str, Any]:
    names = (
        *("external_id", "happened_at", "detector_id", "detector_version", "label", "score"),
        *("signals", "lighting", "crowding", "sequence"),
        *_CHANGING,
    )
    return {name: getattr(one, name) for name in names}


def _conditions(one: PastAlert, place: _Place | None) -> dict[str, Any]:
    if place is None:
        stated = ("zone_kind", "daypart", "weekday")
        return {name: getattr(one, name) for name in stated}
    local = one.happened_at.astimezone(place.timezone)
    return {
        "site_id": place.site_id,
        "camera_id": place.camera_id,
        "zone_kind": one.zone_kind or place.zone_kind,
        "daypart": one.daypart or daypart_of(local),
        "weekday": one.weekday or weekday_of(local),
    }


def _places(tenant_id: UUID) -> tuple[dict[str, _Place], dict[str, _Place]]:
    """Sites and cameras of the tenant by the name in addresses and by id."""
    zones: dict[UUID, list[str]] = {}
    rows = Zone.objects.filter(tenant_id=tenant_id).values_list("camera_id", "kind")
    for camera_id, kind in rows:
        zones.setdefault(camera_id, []).append(kind)
    clocks: dict[UUID, ZoneInfo] = {}
    sites: dict[str, _Place] = {}
    cameras: dict[str, _Place] = {}
    for site in Site.objects.filter(tenant_id=tenant_id):
        clocks[site.id] = ZoneInfo(site.timezone)
        place = _Place(site_id=site.id, camera_id=None, zone_kind="", timezone=clocks[site.id])
        sites |= {site.slug: place, str(site.id): place}
    for camera in Camera.objects.filter(tenant_id=tenant_id):
        place = _Place(
            site_id=camera.site_id,
            camera_id=camera.id,
            zone_kind=zone_kind_of(zones.get(camera.id, [])),
            timezone=clocks[camera.site_id],
        )
        cameras |= {camera.slug: place, str(camera.id): place}
    return sites, cameras


def _batches(alerts: Iterable[Read]) -> Iterator[list[Read]]:
    left = iter(alerts)
    while batch := list(islice(left, AT_ONCE)):
        yield batch


def _chain(actor: Actor, tenant: Tenant, imported: Imported) -> None:
    record(
        actor=actor,
        event=Event.HISTORY_IMPORTED,
        subject=Subject("tenant", tenant.id),
        details={
            "rows": imported.rows,
            "added": imported.added,
            "changed": imported.changed,
            "labelled": imported.labelled,
        },
    )
