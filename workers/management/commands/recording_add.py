"""`manage.py recording_add`: keep a stretch of a camera's recording, so that clips can be cut out of it."""

from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from apps.accounts.models import Tenant
from apps.accounts.tenancy import tenant_scope
from apps.alerts.clip_format import ClipRefused
from apps.audit.events import Actor
from apps.sites.models import Camera
from apps.sites.operations import RecordedFile, register_recording
from apps.storage.errors import StorageUnavailable
from workers.inference.limits import ClipLimits
from workers.inference.probe import probe_clip


class Command(BaseCommand):
    help = "Keep a camera's recording: clips and the seconds before them are cut out of it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="a video file")
        parser.add_argument("--camera", required=True, help="the camera's name in addresses")
        parser.add_argument("--tenant", required=True, help="the tenant's slug")
        parser.add_argument(
            "--starts-at", required=True, help="the camera's clock at the first picture, ISO 8601"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        path, starts_at = options["file"], _time(options["starts_at"])
        tenant = Tenant.objects.filter(slug=options["tenant"]).first()
        if tenant is None:
            raise CommandError(f"No tenant is called {options['tenant']!r}.")
        try:
            seconds = probe_clip(path, limits=ClipLimits.for_recordings()).duration_seconds
            with path.open("rb") as stream, tenant_scope(tenant.id):
                camera = _camera(options["camera"])
                file = RecordedFile(
                    stream=stream,
                    size_bytes=path.stat().st_size,
                    media_type="application/octet-stream",
                    starts_at=starts_at,
                    seconds=seconds,
                )
                row = register_recording(
                    actor=Actor.system(tenant.id), camera=camera, file=file, now=timezone.now()
                )
        except ClipRefused as refusal:
            raise CommandError(refusal.sentence) from refusal
        except StorageUnavailable as error:
            raise CommandError(
                "The object store does not answer; nothing was kept. Try again."
            ) from error
        except OSError as error:
            raise CommandError(f"{path} could not be read.") from error
        self.stdout.write(
            f"{row.id} {row.starts_at.isoformat()} {row.ends_at.isoformat()} sha256:{row.sha256}"
        )


def _time(words: str) -> datetime:
    try:
        found = datetime.fromisoformat(words)
    except ValueError as error:
        raise CommandError(f"{words!r} is not an ISO 8601 time.") from error
    if found.tzinfo is None:
        raise CommandError("The start needs an offset from UTC, such as +01:00 or Z.")
    return found


def _camera(name: str) -> Camera:
    found = Camera.objects.filter(slug=name).first()
    if found is None:
        raise CommandError(f"No camera is called {name!r}.")
    return found
