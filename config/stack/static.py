"""Whether the collected styles, scripts and fonts are still those of the sources."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from config.env import REPOSITORY
from config.stack.home import Home

_STAMP = "collected.sha256"


@dataclass(frozen=True)
class Pages:
    """The collected static files of one home and the fingerprint of what they should be made of.

    Collecting compresses several thousand files, a matter of ten seconds: not at every start.
    """

    home: Home
    fingerprint: str

    @classmethod
    def of(cls, home: Home) -> "Pages":
        """The sources: our own static files by content, the packages' by their pinned versions."""
        digest = hashlib.sha256(str(home.path).encode())
        for path in [REPOSITORY / "requirements" / "base.txt", *sorted(_sources())]:
            digest.update(path.relative_to(REPOSITORY).as_posix().encode())
            digest.update(hashlib.sha256(path.read_bytes()).digest())
        return cls(home, digest.hexdigest())

    def collected(self) -> bool:
        stamp = self.home.path / _STAMP
        manifest = self.home.path / "static" / "staticfiles.json"
        return manifest.exists() and stamp.exists() and stamp.read_text() == self.fingerprint

    def remember(self) -> None:
        (self.home.folder() / _STAMP).write_text(self.fingerprint)


def _sources() -> list[Path]:
    folders = REPOSITORY.glob("apps/*/static")
    return [path for folder in folders for path in folder.rglob("*") if path.is_file()]
