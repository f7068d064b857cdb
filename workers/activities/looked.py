"""A clip that was just looked at, for the steps that add to its analysis before the alert is routed."""

from dataclasses import dataclass
from pathlib import Path

from apps.alerts.models import Clip
from workers.activities.derived import DerivedFiles
from workers.inference.limits import ClipLimits
from workers.inference.results import ClipAnalysis


@dataclass(frozen=True, kw_only=True)
class Looked:
    """The clip's row, its original at `path` (until the activity ends), what was seen, and where files go.

    What a section stores through `files` becomes an item of the alert together with the analysis.
    """

    clip: Clip
    path: Path
    limits: ClipLimits
    analysis: ClipAnalysis
    files: DerivedFiles
