"""The model registry: what may run, from which bytes, and the sessions that run it.

The bytes that are hashed are the bytes that are executed: a session is made from memory, so a
file exchanged between check and load changes nothing.
"""

import hashlib
import threading
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import onnxruntime as ort

from workers.inference.device import Device, this_device

REGISTRY_FILE = Path(__file__).with_name("registry.toml")

PERSON = "person-cocossd"
POSE = "pose-movenet-lightning"
FACE = "face-centerface"

_ANY = 0
_SEVERITY_ERROR = 3


class ModelRefused(Exception):
    """A model that is not what its registry entry says. `str()` says which and what to do."""


@dataclass(frozen=True, kw_only=True)
class ModelEntry:
    """One model of the registry. `input_shape` has 0 where any size is taken."""

    id: str
    version: str
    job: str
    file: str
    sha256: str
    licence: str
    source: str
    input: str
    output: str
    input_shape: tuple[int, ...]
    input_type: str
    ai_act_class: str
    measured: str

    def __post_init__(self) -> None:
        if len(self.sha256) != 64 or set(self.sha256) - set("0123456789abcdef"):
            raise ModelRefused(f"Model {self.id}: sha256 must be 64 lower-case hex digits.")
        if not self.ai_act_class:
            raise ModelRefused(f"Model {self.id}: ai_act_class must be stated.")


@dataclass(frozen=True)
class Model:
    """A verified, loaded model; `run` is thread-safe (ONNX Runtime's promise)."""

    entry: ModelEntry
    session: Any

    def run(self, array: Any) -> list[Any]:
        """The model's outputs for one input array."""
        outputs: list[Any] = self.session.run(None, {self.session.get_inputs()[0].name: array})
        return outputs

    @property
    def provider(self) -> str:
        """The execution provider in use, as ONNX Runtime names it."""
        return str(self.session.get_providers()[0])


def read_registry(file: Path = REGISTRY_FILE) -> dict[str, ModelEntry]:
    """Every entry by id. Raises ModelRefused for an entry that is incomplete or doubled."""
    entries: dict[str, ModelEntry] = {}
    for row in tomllib.loads(file.read_text(encoding="utf-8"))["model"]:
        try:
            entry = ModelEntry(**{**row, "input_shape": tuple(row["input_shape"])})
        except (TypeError, KeyError) as error:
            raise ModelRefused(
                f"Model {row.get('id', '?')}: its entry in {file.name} is wrong: {error}."
            ) from error
        if entry.id in entries:
            raise ModelRefused(f"Model {entry.id} is listed twice in {file.name}.")
        entries[entry.id] = entry
    return entries


def load_model(entry: ModelEntry, *, folder: Path, device: Device) -> Model:
    """A session for an entry whose file lies under `folder`.

    Raises ModelRefused when the file is missing, its digest differs, or its input does not have
    the shape and type that the entry states.
    """
    content = _verified_bytes(entry, folder=folder)
    session = ort.InferenceSession(content, _session_options(), providers=list(device.providers))
    _check_input(entry, session)
    return Model(entry=entry, session=session)


def _verified_bytes(entry: ModelEntry, *, folder: Path) -> bytes:
    path = folder / entry.file
    try:
        content = path.read_bytes()
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


def _check_input(entry: ModelEntry, session: Any) -> None:
    given = session.get_inputs()[0]
    matches = len(given.shape) == len(entry.input_shape) and all(
        want in (_ANY, have) for want, have in zip(entry.input_shape, given.shape, strict=True)
    )
    if not matches or given.type != entry.input_type:
        raise ModelRefused(
            f"Model {entry.id}: {entry.file} takes {given.type} {given.shape}, the registry says "
            f"{entry.input_type} {list(entry.input_shape)} (0 = any)."
        )


def _session_options() -> Any:
    options = ort.SessionOptions()
    # Callers run a model from as many threads as there are cores; one core each is the fastest.
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = _SEVERITY_ERROR
    return options


class Models:
    """The registered models of one process, each loaded on first use, once."""

    def __init__(self, *, device: Device, file: Path = REGISTRY_FILE) -> None:
        self.device = device
        self._folder = file.parent
        self._entries = read_registry(file)
        self._loaded: dict[str, Model] = {}
        # Two activities may ask first at once; a second session would cost memory for nothing.
        self._lock = threading.Lock()

    def get(self, model_id: str) -> Model:
        """The model of this id. Raises ModelRefused when it is unknown or not as registered."""
        with self._lock:
            if model_id not in self._loaded:
                if model_id not in self._entries:
                    raise ModelRefused(f"No model {model_id} is registered.")
                self._loaded[model_id] = load_model(
                    self._entries[model_id], folder=self._folder, device=self.device
                )
            return self._loaded[model_id]


_models: Models | None = None
_models_lock = threading.Lock()


def process_models() -> Models:
    """The models of this process, on this machine's device."""
    global _models
    with _models_lock:
        if _models is None:
            _models = Models(device=this_device())
        return _models


def warm_up() -> tuple[str, ...]:
    """Load every model that an analysis needs; called when a worker starts. Returns their ids."""
    models = process_models()
    return tuple(models.get(model_id).entry.id for model_id in (PERSON, POSE, FACE))
