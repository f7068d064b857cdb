"""Retrain the behaviour model, and say what it is worth. Activating it is a person's act."""

import json
from argparse import ArgumentParser
from hashlib import sha256
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from workers.inference.training.export import onnx_bytes
from workers.inference.training.fitting import TooFewLabels
from workers.inference.training.poses import PoseClip, PosesRefused, read_poses
from workers.inference.training.protocol import RECIPES, run_protocol
from workers.inference.training.report import facts_of, markdown, registry_entry, report_of
from workers.management.confirmed_poses import NoSuchTenant, confirmed_poses


class Command(BaseCommand):
    help = "Fit the behaviour model on a pose data set or a tenant's confirmed alerts; never activates it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        data = parser.add_mutually_exclusive_group(required=True)
        data.add_argument(
            "--poses", type=Path, help="an .npz in the format of docs/models/behaviour.md"
        )
        data.add_argument("--tenant", help="slug of the tenant whose judged alerts to learn from")
        parser.add_argument(
            "--out", type=Path, required=True, help="folder for the model and its report"
        )
        parser.add_argument("--json", action="store_true", help="print the report as JSON")
        parser.add_argument(
            "--no-nested",
            action="store_true",
            help="leave out the nested figure (a third of the time)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            clips, data = _clips(options)
            outcome = run_protocol(clips, recipes=RECIPES, nested=not options["no_nested"])
        except (PosesRefused, TooFewLabels, NoSuchTenant) as refusal:
            raise CommandError(str(refusal)) from refusal
        today = timezone.localdate()
        report = report_of(clips, outcome, data=data)
        facts = facts_of(report, outcome)
        content = onnx_bytes(outcome.network, facts=facts)
        digest = sha256(content).hexdigest()
        card = markdown(report, facts=facts, sha256=digest, on=today)
        entry = registry_entry(
            version=digest[:12],
            sha256=digest,
            features=outcome.network.first.shape[0],
            report=report,
            on=today,
        )
        folder: Path = options["out"]
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "model.onnx").write_bytes(content)
        (folder / "registry.toml").write_text(entry, encoding="utf-8")
        (folder / "card.md").write_text(card, encoding="utf-8")
        as_json = json.dumps(report.to_json(), indent=2, sort_keys=True)
        (folder / "report.json").write_text(as_json + "\n", encoding="utf-8")
        self.stdout.write(as_json if options["json"] else card)


def _clips(options: dict[str, Any]) -> tuple[tuple[PoseClip, ...], str]:
    if options["poses"]:
        return read_poses(options["poses"]), options["poses"].name
    return confirmed_poses(options["tenant"]), f"confirmed alerts of {options['tenant']}"
