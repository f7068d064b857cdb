"""`manage.py models`: what is registered, what does which job, and whether the files are the registered ones."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from rich.console import Console
from rich.table import Table

from workers.inference.device import Device, this_device
from workers.inference.model_entries import (
    Measured,
    ModelEntry,
    ModelRefused,
    Registry,
    read_registry,
)
from workers.inference.registry import load_model


class Command(BaseCommand):
    help = "List the registered models; check each file's digest, input and outputs. Exit code 1 when one is refused."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            registry = read_registry(user_file=settings.MODELS_FILE)
        except ModelRefused as refusal:
            raise CommandError(str(refusal)) from refusal
        device = this_device()
        refused = {
            entry.id: why
            for entry in registry.entries.values()
            if (why := _refusal(entry, device=device))
        }
        Console(file=self.stdout).print(_listed(registry, refused))  # type: ignore[arg-type]
        if refused:
            raise CommandError("\n".join(refused.values()))


def _refusal(entry: ModelEntry, *, device: Device) -> str:
    try:
        load_model(entry, device=device)
    except ModelRefused as refusal:
        return str(refusal)
    return ""


def _listed(registry: Registry, refused: dict[str, str]) -> Table:
    table = Table(title="Models", title_justify="left", show_lines=True)
    for column in ("model", "job", "file"):
        table.add_column(column, no_wrap=True)
    table.add_column("measured here")
    for entry in registry.entries.values():
        chosen = registry.chosen[entry.job] == entry.id
        table.add_row(
            f"{entry.id}\n{entry.version}, {entry.licence.split(' ')[0]}",
            f"{entry.job.value}\n{'does it' if chosen else 'not chosen'}",
            f"{entry.sha256[:12]}\n{'REFUSED' if entry.id in refused else 'as registered'}",
            "\n".join(map(_in_words, entry.measured)) or "nothing yet",
        )
    return table


def _in_words(figure: Measured) -> str:
    interval = "" if figure.low is None else f" [{figure.low:g}, {figure.high:g}]"
    return f"{figure.what}: {figure.value:g}{interval} ({figure.data}, {figure.at})"
