"""Which device and which decoder this process uses: decided here and nowhere else.

ONNX Runtime lists CUDA as "available" wherever its GPU build is installed, so the question asked
is `get_ep_devices()`, which names hardware that is present.
"""

import importlib.util
import os
import sys
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

import onnxruntime as ort

DALI_CPU_CODECS = frozenset({"vp8", "vp9", "mjpeg"})
"""The only codecs that DALI decodes without a GPU (version 2.4)."""

DALI_GPU_CODECS = DALI_CPU_CODECS | {"h264", "hevc", "av1", "mpeg4"}

MAX_THREADS = {"cpu": 4, "cuda": 16}
"""On a GPU the threads only prepare pictures, and the device waits for them."""

PICTURES_AT_ONCE = {"cpu": 1, "cuda": 64}
"""One picture a run and thread is the fastest on a CPU: batches of 8 took up to a third longer there."""


class Decoder(StrEnum):
    PYAV = "pyav"
    DALI_CPU = "dali-cpu"
    DALI_GPU = "dali-gpu"


@dataclass(frozen=True)
class Device:
    """What the models run on. `providers` is in ONNX Runtime's order of preference."""

    kind: str
    providers: tuple[str, ...]
    has_dali: bool
    threads: int
    """How many pictures are prepared, and on a CPU run, at the same time."""

    def __post_init__(self) -> None:
        if self.kind not in {"cpu", "cuda"}:
            raise ValueError("a device is cpu or cuda")
        if self.threads < 1:
            raise ValueError("a device needs at least one thread")

    @property
    def pictures_at_once(self) -> int:
        """The most pictures that one run of a model takes here."""
        return PICTURES_AT_ONCE[self.kind]

    def decoder_for(self, codec: str, *, interlaced: bool = False) -> Decoder:
        """The decoder for a codec (libav's name): DALI where it can, else PyAV.

        Interlaced clips go to PyAV, where fields can be told apart, on every device.
        """
        if not self.has_dali or interlaced:
            return Decoder.PYAV
        if self.kind == "cuda" and codec in DALI_GPU_CODECS:
            return Decoder.DALI_GPU
        if self.kind == "cpu" and codec in DALI_CPU_CODECS:
            return Decoder.DALI_CPU
        return Decoder.PYAV


@cache
def this_device() -> Device:
    """The device of this machine; asked once per process."""
    has_cuda = any(found.ep_name == "CUDAExecutionProvider" for found in ort.get_ep_devices())
    if has_cuda:
        ort.preload_dlls()
    kind = "cuda" if has_cuda else "cpu"
    return Device(
        kind=kind,
        providers=("CUDAExecutionProvider", "CPUExecutionProvider")
        if has_cuda
        else ("CPUExecutionProvider",),
        has_dali=_has_dali(),
        threads=_threads(MAX_THREADS[kind]),
    )


def _has_dali() -> bool:
    if sys.platform != "linux":
        return False
    try:
        return importlib.util.find_spec("nvidia.dali") is not None
    except ModuleNotFoundError:
        return False


def _threads(most: int) -> int:
    cores = len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1
    return min(cores, most)
