"""`manage.py detect CLIP`: the whole detector on any file, in front of a person."""

import json
from argparse import ArgumentParser
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from rich.console import Console

from apps.alerts.clip_format import ClipRefused
from apps.triage.saliency import Saliency
from workers.inference.analysis import analyse_clip
from workers.inference.clip_explanation import Subject, UnableToExplain, explain_own
from workers.inference.limits import ClipLimits
from workers.inference.model_entries import ModelRefused, use_registry
from workers.inference.overlay import write_overlay
from workers.inference.registry import process_models
from workers.inference.results import ClipAnalysis, SceneZone
from workers.management.detector_tables import print_analysis, print_saliency


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
            "--saliency",
            action="store_true",
            help="also say which joints and which parts of the picture moved the score (slow)",
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
            saliency = _saliency(clip, analysis, limits=limits) if options["saliency"] else None
            if options["overlay"]:
                write_overlay(clip, options["overlay"], analysis=analysis, limits=limits)
        except (ClipRefused, ModelRefused, OSError) as refusal:
            raise CommandError(str(refusal)) from refusal
        self._print(analysis, saliency, as_json=options["json"])

    def _print(
        self, analysis: ClipAnalysis, saliency: Saliency | str | None, *, as_json: bool
    ) -> None:
        if as_json:
            told = asdict(saliency) if isinstance(saliency, Saliency) else saliency
            added = {} if told is None else {"saliency": told}
            self.stdout.write(json.dumps(analysis.to_json() | added))
            return
        console = Console(file=self.stdout)  # type: ignore[arg-type]
        print_analysis(console, analysis)
        if saliency is not None:
            print_saliency(console, saliency)


def _saliency(clip: Path, analysis: ClipAnalysis, *, limits: ClipLimits) -> Saliency | str:
    """What moved the score, or the sentence that says why nothing can be said."""
    try:
        return explain_own(clip, Subject.of(analysis), models=process_models(), limits=limits)
    except UnableToExplain as reason:
        return str(reason)


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
