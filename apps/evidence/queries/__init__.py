"""Reading evidence: items and their custody, holds, retention."""

from apps.evidence.queries.items import (
    custody_of,
    custody_of_each,
    items_visible_to,
    latest_dossier,
    master_of,
    shows_faces,
)

__all__ = [
    "custody_of",
    "custody_of_each",
    "items_visible_to",
    "latest_dossier",
    "master_of",
    "shows_faces",
]
