"""What a row says of the segment its alert was assessed in: the kind of zone, and how often alerts like it were false."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext, ngettext

from apps.triage.phrasing import of_100_range, rounded_100


@dataclass(frozen=True, kw_only=True)
class SegmentWords:
    """`zone` is "" for a camera without zones; `rate` is "" while the rate is not known."""

    zone: str
    rate: str
    title: str


def segment_words(reliability: Mapping[str, Any] | None) -> SegmentWords:
    """The words of the `reliability` of an assessment record; None where there is no record yet."""
    found = reliability or {}
    kind = str((found.get("segment") or {}).get("zone_kind") or "").replace("_", " ")
    zone = gettext(kind) if kind else ""
    rate, low, high = (found.get(name) for name in ("false_positive_rate", "low", "high"))
    if rate is None or low is None or high is None:
        return SegmentWords(zone=zone, rate="", title="")
    count = int(found.get("label_count") or 0)
    words = {"rate": rounded_100(rate), "range": of_100_range(low, high), "count": count}
    return SegmentWords(
        zone=zone,
        rate=gettext("%(rate)s of 100 (%(range)s)") % words,
        title=ngettext(
            "%(rate)s of 100 alerts in these conditions were false, 90%% interval %(range)s, %(count)s label",
            "%(rate)s of 100 alerts in these conditions were false, 90%% interval %(range)s, %(count)s labels",
            count,
        )
        % words,
    )
