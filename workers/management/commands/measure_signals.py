"""`manage.py measure_signals`: what each behaviour signal is worth on labelled poses, beside chance."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from workers.inference.training.poses import PosesRefused, read_poses
from workers.inference.training.signal_validity import UnableToMeasure, by_signal, measured
from workers.inference.validity import TABLE, written_table


class Command(BaseCommand):
    help = (
        "Measures every posture and gesture signal on a pose data set against chance and prints the figures. "
        "With --write they become the table that the product reads: a change of the source, to be reviewed."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("data", type=Path, help="an .npz of poses, see docs/signals.md")
        parser.add_argument("--split", default="Test", help="the part that is labelled")
        parser.add_argument("--name", help="what the data are called in the table")
        parser.add_argument("--every", type=int, default=3, help="look at every n-th frame")
        parser.add_argument("--write", action="store_true", help="write the table")

    def handle(self, *args: Any, **options: Any) -> None:
        path, split = options["data"], options["split"]
        name = options["name"] or f"{path.stem} {split}"
        if not name.isprintable() or any(mark in name for mark in '"\\') or len(name) > 40:
            raise CommandError("A name has at most 40 plain characters, without quotes.")
        day = timezone.now().date().isoformat()
        try:
            clips = [clip for clip in read_poses(path) if clip.split == split]
            rows = measured(clips, data=name, at=day, every=options["every"])
        except (PosesRefused, UnableToMeasure) as refused:
            raise CommandError(str(refused)) from refused
        self.stdout.write("\n".join(by_signal(rows)))
        if options["write"]:
            TABLE.write_text(written_table(rows, data=name, at=day))
            self.stdout.write(f"Written: {TABLE}")
