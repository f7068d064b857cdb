"""What a person receives: their data, the explanation, blurred footage, and who saw it. Nobody else's data."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext

from apps.accounts.models import Tenant
from apps.alerts.models import Alert, Clip
from apps.cases.case_file.bag import Part, made
from apps.cases.dossier.plain_words import explain_to_person
from apps.cases.models import CaseFile
from apps.evidence.models import EvidenceItem
from apps.people.queries import name_of
from apps.storage.store import media_store
from apps.storage.streams import Readable
from apps.subject_requests.models import Finding, FindingKind, SubjectRequest
from apps.subject_requests.queries.access_log import access_log_of, as_json
from apps.subject_requests.queries.objects import PersonsObjects, objects_of
from apps.watchlists.models import Sighting, WatchlistEntry

_SUFFIXES: Final = {"video/mp4": ".mp4", "video/webm": ".webm"}
BLURRED: Final = "All faces in the footage are blurred, yours too: it cannot be told with certainty whose face is whose."


class NotRedacted(Exception):
    """Included footage has no finished copy with faces blurred; the message names it."""


@dataclass(frozen=True, kw_only=True)
class PackageContents:
    parts: tuple[Part, ...]
    info: dict[str, str]


def require_redacted(request: SubjectRequest) -> None:
    """Raise NotRedacted when footage that was included has no finished blurred copy."""
    _clips(objects_of(request))


@translation.override("en")
def contents_of(*, request: SubjectRequest, now: datetime) -> PackageContents:
    """The parts of the package as things stand, in English. Inside the tenant's scope. Raises NotRedacted."""
    objects = objects_of(request)
    clips = _clips(objects)
    explained = [explain_to_person(alert) for alert in objects.alerts]
    looks = access_log_of(request.person)
    tenant = Tenant.objects.get(id=request.tenant_id)
    data = _data(request, objects, clips, now=now)
    page = {
        "tenant": tenant.name,
        "reference": request.reference,
        "made_at": now,
        "data": data,
        "explained": explained,
        "looks": looks,
        "clips": [part.path for part in clips],
        "blurred": BLURRED,
    }
    parts = (
        *clips,
        made("data/person.json", _json(data)),
        made("data/explanation.txt", "\n\n".join(one.as_text() for one in explained).encode()),
        made("data/access-log.json", as_json(looks)),
        made("index.html", render_to_string("subject_requests/package.html", page).encode()),
    )
    info = {
        "Source-Organization": tenant.name,
        "External-Identifier": request.reference,
        "Bagging-Date": now.date().isoformat(),
    }
    return PackageContents(parts=parts, info=info)


def _clips(objects: PersonsObjects) -> tuple[Part, ...]:
    found = []
    for alert in Alert.objects.filter(id__in=objects.clip_alert_ids).order_by("camera_at"):
        clip = Clip.objects.filter(alert=alert).exclude(blurred_key="").first()
        item = clip and EvidenceItem.objects.filter(alert=alert, key=clip.blurred_key).first()
        if not item:
            raise NotRedacted(
                gettext(
                    "The footage of %(alert)s has no finished copy with faces blurred. "
                    "Wait for it, or exclude the footage and say why."
                )
                % {"alert": alert.reference}
            )
        path = f"data/clips/{alert.reference}{_SUFFIXES.get(item.media_type, '.bin')}"
        found.append(
            Part(path=path, size=item.size_bytes, opened=_opener(item.key), sha256=item.sha256)
        )
    return tuple(found)


def _opener(key: str):  # type: ignore[no-untyped-def]
    @contextmanager
    def opened() -> Iterator[Readable]:
        with media_store().get_stream(key=key) as stream:
            yield stream

    return opened


def _data(
    request: SubjectRequest, objects: PersonsObjects, clips: tuple[Part, ...], *, now: datetime
) -> dict[str, object]:
    texts = request.findings.filter(
        state=Finding.State.INCLUDED, kind__in=[FindingKind.MENTION, FindingKind.AUDIT_REASON]
    )
    return {
        "request": request.reference,
        "kind": request.get_kind_display(),
        "received_at": request.received_at.isoformat(),
        "made_at": now.isoformat(),
        "name": name_of(request.person),
        "alerts": [_alert(alert) for alert in objects.alerts],
        "footage": [part.path for part in clips],
        "cases": [
            {
                "reference": case.reference,
                "site": case.site.name,
                "state": case.state,
                "opened_at": case.opened_at.isoformat(),
            }
            for case in objects.cases
        ],
        "reports": [
            {
                "reference": report.reference,
                "kind": report.get_kind_display(),
                "state": report.state,
                "created_at": report.created_at.isoformat(),
            }
            for report in objects.reports
        ],
        "watchlist": [_entry(entry) for entry in objects.entries],
        "recipients": _recipients(objects),
        "texts_that_mention_you": sorted(texts.values_list("label", flat=True)),
    }


def _alert(alert: Alert) -> dict[str, object]:
    return {
        "reference": alert.reference,
        "at": alert.camera_at.isoformat(),
        "site": alert.site.name,
        "camera": alert.camera.name,
        "act": alert.label.replace("_", " "),
        "state": alert.state,
        "decisions": [
            {"verdict": one.verdict, "at": one.decided_at.isoformat()}
            for one in alert.dispositions.order_by("decided_at")
        ],
    }


def _entry(entry: WatchlistEntry) -> dict[str, object]:
    return {
        "reference": entry.reference,
        "category": entry.get_category_display(),
        "state": entry.state,
        "sites": [site.name for site in entry.sites.all()],
        "seriousness": entry.seriousness,
        "necessity": entry.necessity,
        "proposed_at": entry.proposed_at.isoformat(),
        "expires_at": entry.expires_at.isoformat() if entry.expires_at else None,
        "sightings": [
            {"at": one.seen_at.isoformat(), "site": one.site.name}
            for one in Sighting.objects.filter(entry=entry).select_related("site")
        ],
    }


def _recipients(objects: PersonsObjects) -> list[dict[str, object]]:
    """Who received the data outside the house (GDPR Art. 15(1)(c))."""
    files = CaseFile.objects.filter(id__in=objects.case_file_ids, released_at__isnull=False)
    return [
        {
            "case_file": file.reference,
            "recipient": file.recipient,
            "released_at": file.released_at.isoformat() if file.released_at else None,
        }
        for file in files
    ]


def _json(value: object) -> bytes:
    return json.dumps(value, indent=2, ensure_ascii=False).encode()
