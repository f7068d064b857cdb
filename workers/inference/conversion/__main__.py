"""`python -m workers.inference.conversion STEP SOURCE TARGET`: one step from an original to a registered file.

tfjs           a TensorFlow.js graph model (model.json) to ONNX      needs tensorflow, tf2onnx and onnx
half-weights   store large weights as float16                        needs onnx
free-person    let an SSD (COCO) graph take any number of pictures   needs onnx
free-pose      let a MoveNet graph take any number of pictures       needs onnx

Each step prints how far its answers moved and the SHA-256 to register. docs/inference.md has the commands
that made the registered files.
"""

import argparse
import hashlib
import importlib.util
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from onnx import ModelProto

MOST_MOVED = {"half-weights": float("inf"), "free-person": 1e-5, "free-pose": 1e-5}
"""How far the answers to random pictures may move. Rounded weights move them; that is for a person to judge."""


def main(arguments: list[str] | None = None) -> int:
    """Exit code 0 when the file was written, 1 with a sentence when not."""
    parser = argparse.ArgumentParser(
        prog="python -m workers.inference.conversion",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("step", choices=["tfjs", *MOST_MOVED])
    parser.add_argument("source", type=Path)
    parser.add_argument("target", type=Path)
    parser.add_argument("--inputs", nargs="*", default=[], help="tfjs only: name:0[1,300,300,3]")
    parser.add_argument("--outputs", nargs="*", default=[], help="tfjs only: name:0")
    options = parser.parse_args(arguments)
    try:
        _converted(options)
    except (Refused, OSError, ValueError, KeyError, subprocess.CalledProcessError) as error:
        print(error.args[0] if isinstance(error, KeyError) else error, file=sys.stderr)
        return 1
    print(f"{options.target}: SHA-256 {hashlib.sha256(options.target.read_bytes()).hexdigest()}")
    return 0


class Refused(Exception):
    """The step cannot be taken. `str()` says why."""


def _converted(options: argparse.Namespace) -> None:
    from workers.inference.conversion import tfjs

    if options.step != "tfjs":
        _edited(options.step, options.source, options.target)
        return
    try:
        tfjs.convert_tfjs(
            options.source, options.target, inputs=options.inputs, outputs=options.outputs
        )
    except tfjs.ToolMissing as missing:
        raise Refused(str(missing)) from missing


def _edited(step: str, source: Path, target: Path) -> None:
    if importlib.util.find_spec("onnx") is None:
        raise Refused("onnx must be installed for this step: pip install onnx")
    import onnx

    from workers.inference.conversion.graphs import answers, largest_difference, random_input

    before = onnx.load(source)
    after = _step(step)(before)
    pictures = random_input(before)
    moved = largest_difference(answers(before, pictures), answers(after, pictures))
    print(f"{step}: answers moved by at most {moved:.3g}")
    if moved > MOST_MOVED[step]:
        raise Refused(f"That is more than {MOST_MOVED[step]:g}; nothing was written.")
    onnx.save(after, target)


def _step(name: str) -> "Callable[[ModelProto], ModelProto]":
    from workers.inference.conversion.free_batch import free_person_batch, free_pose_batch
    from workers.inference.conversion.half_weights import with_half_weights

    return {
        "half-weights": with_half_weights,
        "free-person": free_person_batch,
        "free-pose": free_pose_batch,
    }[name]


if __name__ == "__main__":
    raise SystemExit(main())
