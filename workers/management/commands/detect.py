"""`manage.py detect CLIP`: the whole detector on any file, in front of a person."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from rich.console import Console

from apps.alerts.clip_format import ClipRefused
from workers.inference.analysis import analyse_clip
from workers.inference.limits import ClipLimits
from workers.inference.model_entries import ModelRefused, use_registry
from workers.inference.overlay import write_overlay
from workers.inference.results import ClipAnalysis, SceneZone
from workers.management.detector_tables import print_analysis


class Command(BaseCommand):
    help = (
        "Look at a clip or recording with the reference detector and print people, signals, score and "
        "timings. Nothing is stored."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("clip", type=Path, metavar="CLIP")
        parser.add_argument("--json", action="store_true", help="print the record, not tables")
        parser.add_argument(
            "--overlay",
            type=Path,
            metavar="OUT.mp4",
            help="write the clip with boxes, skeletons, zones, scores and signals; faces are NOT blurred",
        )
        parser.add_argument(
            "--zones",
            type=Path,
            metavar="ZONES.json",
            help='places on the picture: [{"kind": "exit", "name": "Door", "polygon": [[0, 0], …]}]',
        )
        parser.add_argument(
            "--in-full",
            action="store_true",
            help="look at 5 frames of every second however long the recording is (else 1,500 frames in all)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        use_registry(settings.MODELS_FILE)
        clip: Path = options["clip"]
        limits = ClipLimits.for_recordings(in_full=options["in_full"])
        zones = _zones(options["zones"])
        try:
            analysis = analyse_clip(clip, limits=limits, zones=zones)
            if options["overlay"]:
                write_overlay(clip, options["overlay"], analysis=analysis, limits=limits)
        except (ClipRefused, ModelRefused, OSError) as refusal:
            raise CommandError(str(refusal)) from refusal
        self._print(analysis, as_json=options["json"])

    def _print(self, analysis: ClipAnalysis, *, as_json: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps(analysis.to_json()))
        else:
            print_analysis(Console(file=self.stdout), analysis)  # type: ignore[arg-type]


def _zones(file: Path | None) -> tuple[SceneZone, ...]:
    """The zones of a file. Raises CommandError with what is wrong with it."""
    if file is None:
        return ()
    try:
        return tuple(
            SceneZone(
                kind=zone["kind"],
                name=zone["name"],
                polygon=tuple((float(x), float(y)) for x, y in zone["polygon"]),
            )
            for zone in json.loads(file.read_text(encoding="utf-8"))
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CommandError(f"{file} is not a list of zones: {error}") from error
