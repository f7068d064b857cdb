"""Watchlists: the legal gate, entries with their basis and end, face vectors, and the leads a match gives.

What names or shows a person lies in rows of its own (`EntryName`, `EntryImage`, `FaceEmbedding`, `Sighting`), so that it
can be destroyed while the entry's opaque row, the confirmations and the audit chain stay.
"""

from apps.watchlists.models.discards import DiscardedObject
from apps.watchlists.models.entries import (
    EntryCategory,
    EntryConfirmation,
    EntryName,
    EntryObjection,
    EntryRenewal,
    EntryRun,
    EntrySite,
    WatchlistEntry,
)
from apps.watchlists.models.faces import VECTOR_LENGTH, EntryImage, FaceEmbedding
from apps.watchlists.models.gate import LegalGate
from apps.watchlists.models.sightings import LeadJudgement, Sighting, SightingLead

__all__ = [
    "VECTOR_LENGTH",
    "DiscardedObject",
    "EntryCategory",
    "EntryConfirmation",
    "EntryImage",
    "EntryName",
    "EntryObjection",
    "EntryRenewal",
    "EntryRun",
    "EntrySite",
    "FaceEmbedding",
    "LeadJudgement",
    "LegalGate",
    "Sighting",
    "SightingLead",
    "WatchlistEntry",
]
