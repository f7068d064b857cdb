"""Behaviour signals of each person, with what they are worth said beside them; docs/signals.md lists them.

What was measured against chance carries its figures (`validity`), and weighs only when it beat chance. What a
pose, or a camera without zones, cannot show says "not measurable" and carries no number.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from apps.triage.wording import gettext_noop
from workers.inference import signals_places
from workers.inference.results import MeasuredSignal, SceneZone, Span, Track, Unit
from workers.inference.signals_series import POSTURE_RULES, readings_of, series_of
from workers.inference.signals_stating import not_measurable, not_seen, peak_signal, stated

__all__ = ["NOT_FROM_POSE", "POSTURE_RULES", "readings_of", "signals_of"]

NOT_FROM_POSE: Mapping[str, str] = MappingProxyType(
    {
        "hand_to_bag": gettext_noop(
            "A pose has no bag in it: whether a hand goes to a bag cannot be told from joints."
        ),
        "item_transfer": gettext_noop(
            "A pose has no item in it: whether an item changes place cannot be told from joints."
        ),
    }
)


def signals_of(
    tracks: Sequence[Track],
    *,
    width: int,
    height: int,
    duration_seconds: float,
    zones: Sequence[SceneZone] = (),
) -> tuple[MeasuredSignal, ...]:
    """All signals of a clip: those of each person, then what cannot be told of anybody.

    `zones` are those drawn on the camera; `width` and `height` are the picture's, in pixels.
    """
    whole = Span(0.0, duration_seconds)
    found = [
        signal
        for track in tracks
        for signal in _of_track(track, width=width, height=height, zones=zones)
    ]
    found.extend(signals_places.of_the_scene(zones, whole=whole))
    found.extend(
        not_measurable(name, span=whole, track=None, why=why) for name, why in NOT_FROM_POSE.items()
    )
    return tuple(found)


def _of_track(
    track: Track, *, width: int, height: int, zones: Sequence[SceneZone]
) -> list[MeasuredSignal]:
    found = [
        peak_signal(track, name, series) if len(series) else not_seen(track, name)
        for name, series in series_of(track, width=width, height=height).items()
    ]
    return [*found, _in_view(track), *signals_places.of_track(track, zones)]


def _in_view(track: Track) -> MeasuredSignal:
    """The seconds for which the person was in view."""
    span = track.span
    seconds = span.end_seconds - span.start_seconds
    return stated(track, "dwell_in_view", value=seconds, span=span, unit=Unit.SECONDS)
