"""`python -m tests.workers.inference.write_golden`: write down what the bundled clip shows now.

Run it by hand after a wanted change, and look at the difference before committing it.
"""

import json
from typing import Any

from tests.workers.inference.conftest import BUNDLED, GOLDEN
from workers.inference.analysis import analyse_clip
from workers.inference.limits import ClipLimits

_LONG_TRACK = 10
_EVERY = 5


def golden_of(record: dict[str, Any]) -> dict[str, Any]:
    """The parts of a record that must not move: long tracks once a second, and the scene.

    What is made of them (signals, score, span) has its own tests.
    """
    tracks = [track for track in record["tracks"] if len(track["samples"]) >= _LONG_TRACK]
    return {
        "tracks": [{**track, "samples": track["samples"][::_EVERY]} for track in tracks],
        **{key: record[key] for key in ("lighting", "crowding", "models")},
    }


def main() -> None:
    record = analyse_clip(BUNDLED, limits=ClipLimits()).to_json()
    GOLDEN.write_text(json.dumps(golden_of(record), separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
