"""What the detector found, as tables for a terminal."""

from collections.abc import Iterable

from rich.console import Console
from rich.table import Table

from apps.triage.saliency import JointMap, PictureMap, Region, Saliency
from workers.inference.results import ClipAnalysis, MeasuredSignal, Span, Unit, Validity

_NOT_KNOWN = "–"
_WORTH = {
    Validity.MEASURED: "measured",
    Validity.NO_EVIDENTIAL_WEIGHT: "no weight",
    Validity.NOT_MEASURABLE: "not measurable",
}


def print_analysis(console: Console, analysis: ClipAnalysis) -> None:
    """The clip, its people, the score of each window, the signals, and where the time went."""
    for table in (
        _clip(analysis),
        _people(analysis),
        _score(analysis),
        _signals(analysis.signals),
        _times(analysis),
    ):
        console.print(table)


def print_saliency(console: Console, saliency: Saliency | str) -> None:
    """Shares of named regions by joints and by the picture, and whether each map can be trusted."""
    if isinstance(saliency, str):
        console.print(f"What moved the score: {saliency}")
        return
    span = Span(saliency.start_seconds, saliency.end_seconds)
    table = _table(f"What moved the score, {_seconds(span)} s", "region", "by joints", "by picture")
    by_joints, by_picture = _shares(saliency.joints), _shares(saliency.picture)
    for region in Region:
        table.add_row(
            region.value.replace("_", " "),
            _number(by_joints.get(region)),
            _number(by_picture.get(region)),
        )
    table.add_row(
        "map",
        _trust(saliency.joints, saliency.joints_absent),
        _trust(saliency.picture, saliency.picture_absent),
    )
    table.caption = f"{saliency.detector}, {saliency.seconds:.1f} s"
    console.print(table)


def _shares(one: JointMap | PictureMap | None) -> dict[Region, float | None]:
    return {} if one is None else {share.region: share.share for share in one.regions}


def _trust(one: JointMap | PictureMap | None, absent: str) -> str:
    if one is None:
        return absent
    if one.faithfulness.reliable:
        return "reliable"
    why = ", ".join(reason.value.replace("_", " ") for reason in one.faithfulness.why_not)
    return f"not reliable: {why}"


def _clip(analysis: ClipAnalysis) -> Table:
    table = Table(title="Clip", show_header=False)
    size = f"{analysis.width}×{analysis.height}, {analysis.fps:g} frames/s"
    whole = "" if analysis.complete else ", breaks off"
    table.add_row("picture", f"{size}, {analysis.duration_seconds:g} s{whole}")
    table.add_row(
        "looked at", f"{analysis.sampled_fps:.3g} frames/s, decoded by {analysis.decoder}"
    )
    table.add_row("light", f"{analysis.lighting.state} (luma {analysis.lighting.luma_mean:.0f})")
    crowd = analysis.crowding
    table.add_row(
        "people", f"{crowd.state} (mean {crowd.people_mean:.1f}, most {crowd.people_max})"
    )
    table.add_row("watch", f"{_seconds(analysis.marked_span)} s")
    for zone in analysis.zones:
        table.add_row("zone", f"{zone.kind} · {zone.name}")
    for model in analysis.models:
        table.add_row("model", f"{model.id} {model.version} {model.sha256[:12]} {model.provider}")
    return table


def _people(analysis: ClipAnalysis) -> Table:
    table = _table("People", "person", "seconds", "samples", "with a pose", "mean score")
    for track in analysis.tracks:
        samples = track.samples
        table.add_row(
            str(track.id),
            _seconds(track.span),
            str(len(samples)),
            str(sum(sample.keypoints is not None for sample in samples)),
            f"{sum(sample.score for sample in samples) / len(samples):.2f}",
        )
    return table


def _score(analysis: ClipAnalysis) -> Table | str:
    behaviour = analysis.behaviour
    if behaviour is None:
        return "Score: none, the behaviour model was not asked."
    if behaviour.score is None:
        return f"Score: none. {behaviour.why}"
    table = _table(
        f"Score {behaviour.score:.2f} (version {behaviour.version})", "person", "seconds", "score"
    )
    ranked = sorted(behaviour.windows, key=lambda window: -window.score)
    for window in ranked[:_MOST_WINDOWS]:
        table.add_row(str(window.track), _seconds(window.span), f"{window.score:.2f}")
    if len(ranked) > _MOST_WINDOWS:
        table.caption = f"the highest {_MOST_WINDOWS} of {len(ranked)} windows"
    return table


def _signals(signals: Iterable[MeasuredSignal]) -> Table:
    table = _table("Signals", "person", "signal", "value", "confidence", "seconds", "validity")
    for signal in signals:
        table.add_row(
            _NOT_KNOWN if signal.track is None else str(signal.track),
            signal.name,
            _number(signal.value) + (" s" if signal.unit is Unit.SECONDS and signal.value else ""),
            _number(signal.confidence),
            _seconds(signal.span),
            _WORTH[signal.validity],
        )
    return table


def _times(analysis: ClipAnalysis) -> Table:
    table = _table("Time", "stage", "ms")
    for stage, milliseconds in analysis.timings_ms.items():
        table.add_row(stage, f"{milliseconds:.0f}")
    return table


_MOST_WINDOWS = 12


def _table(title: str, *columns: str) -> Table:
    return Table(*columns, title=title, title_justify="left")


def _seconds(span: Span) -> str:
    return f"{span.start_seconds:.1f}–{span.end_seconds:.1f}"


def _number(value: float | None) -> str:
    return _NOT_KNOWN if value is None else f"{value:.2f}"
