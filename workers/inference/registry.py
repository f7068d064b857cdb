"""The models of this process: verified against the registry, loaded once, run on the device.

The bytes that are hashed are the bytes that are executed: a session is made from memory, so a
file exchanged between check and load changes nothing.
"""

import hashlib
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from workers.inference.batching import Outputs, SharedRuns, in_parts
from workers.inference.device import Device, this_device
from workers.inference.model_entries import (
    REGISTRY_FILE,
    Job,
    ModelEntry,
    ModelRefused,
    read_registry,
    shape_fits,
    user_registry,
)

PERSON = Job.PERSON
POSE = Job.POSE
FACE = Job.FACE
FACE_EMBEDDING = Job.FACE_EMBEDDING
BEHAVIOUR = Job.BEHAVIOUR

_SEVERITY_ERROR = 3
# Runs have as many pictures as happen to wait; the default would try every algorithm anew for each number.
_PROVIDER_OPTIONS = {"CUDAExecutionProvider": {"cudnn_conv_algo_search": "HEURISTIC"}}


@dataclass(frozen=True)
class Model:
    """A verified, loaded model. `run` is thread-safe, and joins threads' requests on a GPU."""

    entry: ModelEntry
    session: Any
    run: Callable[[NDArray[Any]], Outputs]
    """The model's outputs for one input [n, ...], any n; a model of fixed n is run n by n."""

    @property
    def provider(self) -> str:
        """The execution provider in use, as ONNX Runtime names it."""
        return str(self.session.get_providers()[0])


def load_model(entry: ModelEntry, *, device: Device) -> Model:
    """A session for an entry, on the device's providers that the entry allows.

    Raises ModelRefused when the file is missing, its digest differs, it is no ONNX model, or its
    input or outputs do not have the shapes and the type that the entry states.
    """
    content = verified_bytes(entry)
    providers = [name for name in device.providers if name in entry.providers]
    if not providers:
        raise ModelRefused(
            f"Model {entry.id} runs on {', '.join(entry.providers)}; this machine has "
            f"{', '.join(device.providers)}."
        )
    try:
        session = ort.InferenceSession(
            content,
            _session_options(),
            providers=[(name, _PROVIDER_OPTIONS.get(name, {})) for name in providers],
        )
    except Exception as error:  # ONNX Runtime raises its own kinds, which share no parent
        raise ModelRefused(
            f"Model {entry.id}: {entry.file} is not a model that ONNX Runtime can load."
        ) from error
    _check_shapes(entry, session)
    return Model(entry=entry, session=session, run=_runner(entry, session, device))


def verified_bytes(entry: ModelEntry) -> bytes:
    """The file's content. Raises ModelRefused when it is missing or not the registered one."""
    try:
        content = (entry.folder / entry.file).read_bytes()
    except OSError as error:
        raise ModelRefused(
            f"Model {entry.id}: {entry.file} cannot be read ({error.strerror})."
        ) from error
    found = hashlib.sha256(content).hexdigest()
    if found != entry.sha256:
        raise ModelRefused(
            f"Model {entry.id}: {entry.file} is not the registered file. Its SHA-256 is {found}, "
            f"the registry says {entry.sha256}. Restore the file, or register the new one on purpose."
        )
    return content


def _check_shapes(entry: ModelEntry, session: Any) -> None:
    given = session.get_inputs()[0]
    if not shape_fits(given.shape, entry.input_shape) or given.type != entry.input_type:
        raise ModelRefused(
            f"Model {entry.id}: {entry.file} takes {given.type} {given.shape}, the registry says "
            f"{entry.input_type} {list(entry.input_shape)} (0 = any)."
        )
    found = [output.shape for output in session.get_outputs()]
    wanted = [list(shape) for shape in entry.output_shapes]
    if len(found) != len(wanted) or not all(map(shape_fits, found, wanted)):
        raise ModelRefused(
            f"Model {entry.id}: {entry.file} gives {found}, the registry says {wanted} (0 = any)."
        )


def _runner(entry: ModelEntry, session: Any, device: Device) -> Callable[[NDArray[Any]], Outputs]:
    """How this model is run here: at once on a CPU, bound and shared between threads on a GPU."""
    name = session.get_inputs()[0].name
    most = entry.most_at_once

    def run_once(pictures: NDArray[Any]) -> Outputs:
        return list(session.run(None, {name: pictures}))

    def run_bound(pictures: NDArray[Any]) -> Outputs:
        return bound_run(session, pictures, device=device.kind)

    if device.kind == "cpu":
        return run_once if most is None else partial(in_parts, run_once, most=most)
    return SharedRuns(run_bound, most=most or device.pictures_at_once)


def bound_run(session: Any, pictures: NDArray[Any], *, device: str) -> Outputs:
    """One run with input and outputs bound to the device ("cpu" or "cuda"): one copy each way."""
    binding = session.io_binding()
    value = ort.OrtValue.ortvalue_from_numpy(np.ascontiguousarray(pictures), device, 0)
    binding.bind_ortvalue_input(session.get_inputs()[0].name, value)
    for output in session.get_outputs():
        binding.bind_output(output.name, device, 0)
    session.run_with_iobinding(binding)
    return list(binding.copy_outputs_to_cpu())


def _session_options() -> Any:
    options = ort.SessionOptions()
    # Callers run a model from as many threads as there are cores; one core each is the fastest.
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = _SEVERITY_ERROR
    return options


class Models:
    """The registered models of one process, each loaded on first use, once."""

    def __init__(
        self, *, device: Device, file: Path = REGISTRY_FILE, user_file: Path | None = None
    ) -> None:
        self.device = device
        self.registry = read_registry(file, user_file=user_file)
        self._loaded: dict[str, Model] = {}
        # Two activities may ask first at once; a second session would cost memory for nothing.
        self._lock = threading.Lock()

    def get(self, which: str) -> Model:
        """The model of an id, or the one that does a `Job`.

        Raises ModelRefused when there is none or it is not as registered.
        """
        entry = self.registry.entry(which)
        with self._lock:
            if entry.id not in self._loaded:
                self._loaded[entry.id] = load_model(entry, device=self.device)
            return self._loaded[entry.id]


_models: Models | None = None
_models_lock = threading.Lock()


def process_models() -> Models:
    """The models of this process, on this machine's device."""
    global _models
    with _models_lock:
        if _models is None:
            _models = Models(device=this_device(), user_file=user_registry())
        return _models


def warm_up() -> tuple[str, ...]:
    """Load every model that an analysis needs; called when a worker starts. Returns their ids."""
    models = process_models()
    return tuple(models.get(job).entry.id for job in (PERSON, POSE, FACE, BEHAVIOUR))
