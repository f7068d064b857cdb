"""`python -m workers.inference CLIP [--json]`: look at a clip and print what was found."""

import argparse
import json
import sys
from pathlib import Path

from rich.console import Console
from rich.table import Table

from apps.alerts.clip_format import ClipRefused
from workers.inference.analysis import analyse_clip
from workers.inference.limits import ClipLimits
from workers.inference.model_entries import ModelRefused
from workers.inference.results import ClipAnalysis


def main(arguments: list[str] | None = None) -> int:
    """Exit code 0 when the clip was analysed, 1 when it was refused, 2 for wrong arguments."""
    parser = argparse.ArgumentParser(prog="python -m workers.inference", description=__doc__)
    parser.add_argument("clip", type=Path)
    parser.add_argument("--json", action="store_true", help="print the record instead of tables")
    parser.add_argument("--poster", type=Path, help="write the blurred still to this file")
    options = parser.parse_args(arguments)
    try:
        analysis = analyse_clip(options.clip, limits=ClipLimits())
    except (ClipRefused, ModelRefused, OSError) as refusal:
        print(refusal, file=sys.stderr)
        return 1
    if options.poster:
        options.poster.write_bytes(analysis.poster_jpeg)
    if options.json:
        print(json.dumps(analysis.to_json()))
    else:
        _print_tables(analysis)
    return 0


def _print_tables(analysis: ClipAnalysis) -> None:
    console = Console()
    console.print(_clip_table(analysis))
    console.print(_tracks_table(analysis))
    console.print(_signals_table(analysis))
    console.print(_timings_table(analysis))


def _clip_table(analysis: ClipAnalysis) -> Table:
    table = Table("clip", "", title="Clip", show_header=False)
    size = f"{analysis.width}×{analysis.height}, {analysis.fps:g} frames/s"
    table.add_row("picture", f"{size}, {analysis.duration_seconds:g} s")
    table.add_row("looked at", f"{analysis.sampled_fps:g} frames/s, decoded by {analysis.decoder}")
    table.add_row("light", f"{analysis.lighting.state} (luma {analysis.lighting.luma_mean:.0f})")
    crowd = analysis.crowding
    table.add_row(
        "people", f"{crowd.state} (mean {crowd.people_mean:.1f}, most {crowd.people_max})"
    )
    span = analysis.marked_span
    table.add_row("watch", f"{span.start_seconds:.1f}–{span.end_seconds:.1f} s")
    for model in analysis.models:
        table.add_row("model", f"{model.id} {model.version} {model.sha256[:12]} {model.provider}")
    return table


def _tracks_table(analysis: ClipAnalysis) -> Table:
    table = Table("track", "from s", "to s", "samples", "mean score", title="People")
    for track in analysis.tracks:
        score = sum(sample.score for sample in track.samples) / len(track.samples)
        span = track.span
        table.add_row(
            str(track.id),
            f"{span.start_seconds:.1f}",
            f"{span.end_seconds:.1f}",
            str(len(track.samples)),
            f"{score:.2f}",
        )
    return table


def _signals_table(analysis: ClipAnalysis) -> Table:
    table = Table(
        "track", "signal", "value", "confidence", "from s", "to s", "validity", title="Signals"
    )
    for signal in analysis.signals:
        table.add_row(
            "–" if signal.track is None else str(signal.track),
            signal.name,
            _number(signal.value),
            _number(signal.confidence),
            f"{signal.span.start_seconds:.1f}",
            f"{signal.span.end_seconds:.1f}",
            signal.validity.value,
        )
    return table


def _timings_table(analysis: ClipAnalysis) -> Table:
    table = Table("stage", "ms", title="Time")
    for stage, milliseconds in analysis.timings_ms.items():
        table.add_row(stage, f"{milliseconds:.0f}")
    return table


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"


if __name__ == "__main__":
    raise SystemExit(main())
