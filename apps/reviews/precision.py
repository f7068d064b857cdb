"""How often the machine was right lately where it interrupted somebody: by site, cheap, at most a minute old."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.core.cache import cache
from django.db import connection
from django.utils.formats import date_format
from django.utils.translation import gettext
from redis.exceptions import RedisError

from apps.triage.fairness_rates import wilson

WINDOW: Final = 100
FEWEST: Final = 20
KEPT_SECONDS: Final = 60
Z95: Final = 1.959964
# From the partial index of escalated, decided alerts: at most WINDOW rows a site, whatever the table holds.
_LATEST: Final = """
    SELECT wanted.id, count(*), count(*) FILTER (WHERE verdict.verdict = 'theft_confirmed'), min(alert.resolved_at)
    FROM unnest(%(sites)s::uuid[]) AS wanted (id)
    CROSS JOIN LATERAL (
        SELECT id, resolved_at FROM alerts_alert
        WHERE site_id = wanted.id AND strategy = 'escalate' AND state = 'resolved'
        ORDER BY resolved_at DESC LIMIT %(window)s
    ) AS alert
    CROSS JOIN LATERAL (
        SELECT verdict FROM alerts_disposition
        WHERE alert_id = alert.id AND NOT EXISTS (
            SELECT FROM alerts_disposition later WHERE later.supersedes_id = alerts_disposition.id
        ) LIMIT 1
    ) AS verdict
    GROUP BY wanted.id
"""


@dataclass(frozen=True, kw_only=True)
class Precision:
    """Of the last escalated alerts of a site that people decided, how many were confirmed; corrections counted."""

    decided: int
    confirmed: int
    since: datetime | None

    @property
    def is_known(self) -> bool:
        return self.decided >= FEWEST

    @property
    def interval(self) -> tuple[int, int]:
        """The 95% interval of Wilson, in alerts of 100."""
        low, high = wilson(events=self.confirmed, count=self.decided, z=Z95)
        return round(100 * low), round(100 * high)

    @property
    def words(self) -> str:
        """The share with interval and window, or that too few were decided to say."""
        if not self.is_known:
            return gettext("Precision of escalated alerts: not known yet (%(count)s decided)") % {
                "count": self.decided
            }
        low, high = self.interval
        return gettext(
            "Of the last %(decided)s escalated alerts decided, %(confirmed)s were confirmed "
            "(%(low)s–%(high)s of 100), since %(day)s"
        ) % {
            "decided": self.decided,
            "confirmed": self.confirmed,
            "low": low,
            "high": high,
            "day": date_format(self.since, "j M Y") if self.since else "",
        }


NOTHING: Final = Precision(decided=0, confirmed=0, since=None)


def live_precision(site_ids: Iterable[UUID]) -> dict[UUID, Precision]:
    """The precision of each site, at most a minute old: one query for those not in the cache, none when all are."""
    wanted = list(site_ids)
    known = _kept(wanted)
    missing = [site_id for site_id in wanted if site_id not in known]
    if missing:
        found = _latest(missing)
        _keep(found)
        known |= found
    return known


def _latest(site_ids: list[UUID]) -> dict[UUID, Precision]:
    with connection.cursor() as cursor:
        cursor.execute(_LATEST, {"sites": site_ids, "window": WINDOW})
        rows = {
            site_id: Precision(decided=decided, confirmed=confirmed, since=since)
            for site_id, decided, confirmed, since in cursor.fetchall()
        }
    return {site_id: rows.get(site_id, NOTHING) for site_id in site_ids}


def _kept(site_ids: list[UUID]) -> dict[UUID, Precision]:
    try:
        found = cache.get_many([_key(site_id) for site_id in site_ids])
    except RedisError:  # a page is not refused because a figure was not kept
        return {}
    return {
        site_id: Precision(**found[_key(site_id)]) for site_id in site_ids if _key(site_id) in found
    }


def _keep(found: dict[UUID, Precision]) -> None:
    try:
        cache.set_many({_key(one): vars(kept) for one, kept in found.items()}, KEPT_SECONDS)
    except RedisError:
        return


def _key(site_id: UUID) -> str:
    return f"precision:{site_id}"
