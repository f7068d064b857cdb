"""What an alert's detector and our own analysis observed, as triage reads it: signals and segment."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Final
from zoneinfo import ZoneInfo

from apps.alerts.operations.analysis import AlertFacts
from apps.triage.alert_row import alert_row
from apps.triage.dayparts import daypart_of, weekday_of
from apps.triage.segments import Segment
from apps.triage.sequence import SequenceState
from apps.triage.signal_means import SignalMeans
from apps.triage.signals import MOST_SIGNALS, Origin, Signal, read_signals
from apps.triage.tables import AlertTable

# A record stays small however many people a picture shows: what can be told of nobody, then the people seen best.
MOST_OWN_IN_RECORD: Final = 48
_READ_FIELDS: Final = ("name", "value", "confidence", "start_seconds", "end_seconds", "track")
_FIGURES: Final = ("statistic", "figure", "null", "samples")


def detector_of(facts: AlertFacts) -> str:
    """The detector version in one word, as everything fitted is kept by."""
    return f"{facts.detector_id}@{facts.detector_version}"


def signals_of(facts: AlertFacts, analysis: Mapping[str, Any]) -> tuple[Signal, ...]:
    """The detector's statements first, then what we measured ourselves: of each person the clearest."""
    stated = read_signals(list(facts.signals), origin=Origin.DETECTOR, source=detector_of(facts))
    clearest = clearest_signals(analysis.get("signals", ()))[:MOST_OWN_IN_RECORD]
    own = read_signals(
        [_readable(one) for one in clearest], origin=Origin.OWN_INFERENCE, source="second-look"
    )
    return (*stated, *own)[:MOST_SIGNALS]


def against_usual(
    signals: Iterable[Signal], *, segment: Segment, means: SignalMeans
) -> tuple[Signal, ...]:
    """Each signal with what it usually measures in the segment, of earlier alerts only."""
    return tuple(
        replace(one, segment_mean=means.usual(signal=one.name, segment=segment)) for one in signals
    )


def clearest_signals(signals: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """One signal a name and person, person by person, the one seen best first.

    Acts of different people never make one sequence, so each keeps its own. What is said of nobody in
    particular (not measurable in this clip) comes first, so that no crowd can push it out.
    """
    best: dict[tuple[int | None, str], Mapping[str, Any]] = {}
    for one in signals:
        key = (one.get("track"), one["name"])
        known = best.get(key)
        if known is None or _confidence(one) > _confidence(known):
            best[key] = one
    people: dict[int | None, list[Mapping[str, Any]]] = {}
    for (track, _), one in best.items():
        people.setdefault(track, []).append(one)
    of_nobody = people.pop(None, [])
    ranked = [of_nobody, *sorted(people.values(), key=lambda seen: -max(map(_confidence, seen)))]
    return [one for seen in ranked for one in seen]


def segment_of(facts: AlertFacts, analysis: Mapping[str, Any], *, zone_kind: str) -> Segment:
    """Where and under which conditions the alert was raised; daypart and weekday of the store."""
    local = facts.camera_at.astimezone(ZoneInfo(facts.site_timezone))
    return Segment(
        site=str(facts.site_id),
        camera=str(facts.camera_id),
        detector_version=detector_of(facts),
        zone_kind=zone_kind,
        lighting=analysis.get("lighting", {}).get("state", ""),
        crowding=analysis.get("crowding", {}).get("state", ""),
        daypart=daypart_of(local),
        weekday=weekday_of(local),
    )


def table_of(
    facts: AlertFacts, *, signals: Iterable[Signal], segment: Segment, sequence: SequenceState
) -> AlertTable:
    """The alert as a table of one row, the way `labelled_table` shows past ones."""
    return alert_row(
        at=facts.received_at.timestamp(),
        label=facts.label,
        detector=detector_of(facts),
        score=facts.score,
        signals=signals,
        segment=segment,
        sequence=sequence,
    )


def _readable(signal: Mapping[str, Any]) -> dict[str, Any]:
    validity = signal["validity"]
    entry = {name: signal[name] for name in _READ_FIELDS if signal.get(name) is not None}
    figures = {name: validity[name] for name in _FIGURES if validity.get(name) is not None}
    told = {"state": validity["state"], "note": validity.get("why", "")[:200]}
    return entry | {"validity": told | figures}


def _confidence(signal: Mapping[str, Any]) -> float:
    given = signal.get("confidence")
    return -1.0 if given is None else float(given)
