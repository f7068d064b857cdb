"""Where things lie in the two buckets. Keys carry ids only, never a name or a number plate.

Everything of a tenant is under ``tenants/<tenant>/``, so that a tenant can be listed, counted and
removed by prefix; everything of an alert is under the alert.
"""

import re
from typing import Final
from uuid import UUID

TENANTS: Final = "tenants/"

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,99}")


def alert_master(*, tenant_id: UUID, alert_id: UUID) -> str:
    """Return the key of the clip as it came, byte for byte."""
    return f"{_alert(tenant_id, alert_id)}/master"


def alert_upload(*, tenant_id: UUID, alert_id: UUID) -> str:
    """Return the key a detector's presigned upload goes to, before it is hashed and accepted."""
    return f"{_alert(tenant_id, alert_id)}/upload"


def alert_working(*, tenant_id: UUID, alert_id: UUID, name: str) -> str:
    """Return the key of a derived file (``poster.jpg``, ``tracks.json``) beside the master."""
    return f"{_alert(tenant_id, alert_id)}/working/{_plain(name)}"


def alert_dossier(*, tenant_id: UUID, alert_id: UUID, version: int) -> str:
    """Return the key of one rendering of the alert's dossier."""
    return f"{_alert(tenant_id, alert_id)}/dossier/{version:04d}.pdf"


def alert_folder(*, tenant_id: UUID, alert_id: UUID) -> str:
    """Return the prefix of everything of an alert in the media bucket."""
    return f"{_alert(tenant_id, alert_id)}/"


def evidence_master(*, tenant_id: UUID, item_id: UUID) -> str:
    """Return the key of an evidence item's sealed bytes (evidence bucket)."""
    return f"{TENANTS}{tenant_id}/evidence/{item_id}/master"


def case_file(*, tenant_id: UUID, case_id: UUID, file_id: UUID) -> str:
    """Return the key of an export of a case."""
    return f"{TENANTS}{tenant_id}/cases/{case_id}/files/{file_id}.zip"


def case_report(*, tenant_id: UUID, case_id: UUID, report_id: UUID, sha256: str) -> str:
    """Return the key of the PDF of a signed report; it names the bytes, so that two makers do not overwrite."""
    return f"{TENANTS}{tenant_id}/cases/{case_id}/reports/{report_id}-{sha256[:16]}.pdf"


def subject_package(*, tenant_id: UUID, request_id: UUID, package_id: UUID) -> str:
    """Return the key of what a person receives of their data."""
    return f"{TENANTS}{tenant_id}/subject-requests/{request_id}/{package_id}.zip"


def records_export(*, tenant_id: UUID, export_id: UUID) -> str:
    """Return the key of an archive of records, or of the technical file."""
    return f"{TENANTS}{tenant_id}/exports/{export_id}.zip"


def watchlist_image(*, tenant_id: UUID, entry_id: UUID, image_id: UUID) -> str:
    """Return the key of an enrolment image."""
    return f"{_entry(tenant_id, entry_id)}/images/{image_id}.jpg"


def sighting_crop(*, tenant_id: UUID, entry_id: UUID, alert_id: UUID) -> str:
    """Return the key of the picture of a lead: one for an entry and an alert."""
    return f"{_entry(tenant_id, entry_id)}/leads/{alert_id}.jpg"


def recording(*, tenant_id: UUID, recording_id: UUID) -> str:
    """Return the key of a stretch of a camera's recording (media bucket)."""
    return f"{TENANTS}{tenant_id}/recordings/{recording_id}"


def place_picture(*, tenant_id: UUID, site_id: UUID, picture_id: UUID) -> str:
    """Return the key of a site's plan, or of a picture of one of its cameras (media bucket)."""
    return f"{TENANTS}{tenant_id}/places/{site_id}/{picture_id}.jpg"


def audit_checkpoint(*, tenant_id: UUID | str, tree_size: int) -> str:
    """Return the key of a signed checkpoint; keys sort by the size of the tree."""
    return f"{audit_checkpoints(tenant_id=tenant_id)}{tree_size:020d}.json"


def audit_checkpoints(*, tenant_id: UUID | str) -> str:
    """Return the prefix of a tenant's checkpoints."""
    return f"{TENANTS}{UUID(str(tenant_id))}/audit/checkpoints/"


def _alert(tenant_id: UUID, alert_id: UUID) -> str:
    return f"{TENANTS}{tenant_id}/alerts/{alert_id}"


def _entry(tenant_id: UUID, entry_id: UUID) -> str:
    return f"{TENANTS}{tenant_id}/watchlist/{entry_id}"


def _plain(name: str) -> str:
    if not _NAME.fullmatch(name) or ".." in name:
        raise ValueError(f"{name!r} is not a plain lower-case file name")
    return name
