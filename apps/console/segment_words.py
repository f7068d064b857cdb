"""What a row says of the segment its alert was assessed in: the kind of zone, and how often alerts like it were false."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

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
    zone = str((found.get("segment") or {}).get("zone_kind") or "").replace("_", " ")
    rate, low, high = (found.get(name) for name in ("false_positive_rate", "low", "high"))
    if rate is None or low is None or high is None:
        return SegmentWords(zone=zone, rate="", title="")
    count = int(found.get("label_count") or 0)
    return SegmentWords(
        zone=zone,
        rate=f"{rounded_100(rate)} of 100 ({of_100_range(low, high)})",
        title=(
            f"{rounded_100(rate)} of 100 alerts in these conditions were false, "
            f"90% interval {of_100_range(low, high)}, {count} label{'' if count == 1 else 's'}"
        ),
    )
