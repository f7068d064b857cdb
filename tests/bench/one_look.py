"""`python -m tests.bench.one_look CLIP [--in-full]`: one look in a process of its own, and what it took."""

import json
import sys
import time
from pathlib import Path

from workers.inference.analysis import analyse_clip
from workers.inference.limits import ClipLimits


def peak_megabytes() -> int:
    """The most that this process held; `getrusage` would count its parent's memory before exec, too."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) // 1024


def main() -> None:
    limits = ClipLimits.for_recordings(in_full="--in-full" in sys.argv)
    began = time.monotonic()
    seen = analyse_clip(Path(sys.argv[1]), limits=limits)
    print(
        json.dumps(
            {
                "seconds": round(time.monotonic() - began, 1),
                "peak_megabytes": peak_megabytes(),
                "clip_seconds": seen.duration_seconds,
                "tracks": len(seen.tracks),
                "samples": sum(len(track.samples) for track in seen.tracks),
                "decoder": seen.decoder,
            }
        )
    )


if __name__ == "__main__":
    main()
