"""Objects in the buckets that no row knows."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice
from uuid import UUID

from apps.accounts.tenancy import tenant_scope
from apps.alerts.models import Clip
from apps.evidence.models import EvidenceItem
from apps.sites.models import PlacePicture, Recording
from apps.storage.keys import TENANTS, alert_upload
from apps.storage.store import evidence_store, media_store
from apps.triage.states import EvidenceState

SETTLED = timedelta(hours=24)
"""Younger objects may still be on their way into the register."""

_BATCH = 500
_CLIP_KEYS = (
    *("master_key", "playable_key", "analysis_key", "poster_key"),
    *("blurred_key", "saliency_key", "before_key"),
)


def orphans(tenant_id: UUID, *, now: datetime) -> Iterator[tuple[str, str]]:
    """Yield bucket and key of each object of the tenant's alerts, recordings, places and exhibits without a living row.

    Opens its own scopes. Raises StorageUnavailable.
    """
    media, sealed = media_store(), evidence_store()
    parts = ((media, "alerts/"), (media, "recordings/"), (media, "places/"), (sealed, "evidence/"))
    for store, part in parts:
        listed = store.objects(prefix=f"{TENANTS}{tenant_id}/{part}")
        old = (key for key, written_at in listed if written_at <= now - SETTLED)
        while batch := list(islice(old, _BATCH)):
            known = _known(tenant_id, batch)
            yield from ((store.bucket, key) for key in batch if key not in known)


def _known(tenant_id: UUID, keys: list[str]) -> set[str]:
    with tenant_scope(tenant_id):
        alive = EvidenceItem.objects.exclude(state=EvidenceState.DELETED)
        known = set(alive.filter(key__in=keys).values_list("key", flat=True))
        known |= set(Recording.objects.filter(key__in=keys).values_list("key", flat=True))
        known |= set(PlacePicture.objects.filter(key__in=keys).values_list("key", flat=True))
        for field in _CLIP_KEYS:
            clips = Clip.objects.filter(**{f"{field}__in": keys}).exclude(state="deleted")
            known |= set(clips.values_list(field, flat=True))
        waiting = Clip.objects.filter(state="pending").values_list("alert_id", flat=True)
        if any(key.endswith("/upload") for key in keys):
            known |= {alert_upload(tenant_id=tenant_id, alert_id=one) for one in waiting}
    return known
