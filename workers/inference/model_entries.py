"""What the registry says of each model, and which model does which job.

The project's own list is `registry.toml` beside this module. A user's list may be read after it: it
adds models and chooses for a job, and never changes what an own entry says.
"""

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Any

REGISTRY_FILE = Path(__file__).with_name("registry.toml")

ANY = 0
"""A side of a shape that may have any size."""

# What Art. 5 of Regulation (EU) 2024/1689 forbids, and what this product refuses for the same reason.
_PROHIBITED = re.compile(
    r"emotion|mood|sentiment|ethnic|\brac(e|ial)\b|skin.?tone|religio|sexual|political|trade.?union"
    r"|propensity|recidiv|criminality|aggressi|trustworth|\bintent",
    re.IGNORECASE,
)
_HEX_DIGITS = frozenset("0123456789abcdef")


class ModelRefused(Exception):
    """A model that is not what its registry entry says. `str()` says which and what to do."""


class Job(StrEnum):
    """What a model is for. One chosen entry does each job."""

    PERSON = "person"
    POSE = "pose"
    FACE = "face"
    FACE_EMBEDDING = "face-embedding"
    BEHAVIOUR = "behaviour"


@dataclass(frozen=True, kw_only=True)
class JobContract:
    """The shapes that a job's code can work with; `in_words` tells a person who brings a model."""

    input_shape: tuple[int, ...]
    output_shapes: tuple[tuple[int, ...], ...]
    in_words: str


CONTRACTS: Mapping[Job, JobContract] = MappingProxyType(
    {
        Job.PERSON: JobContract(
            input_shape=(ANY, ANY, ANY, 3),
            output_shapes=((ANY, ANY, 1, 4), (ANY, ANY, ANY)),
            in_words="take [N, S, S, 3] as x * 2 / 255 - 1 and give boxes [N, A, 1, 4] (y0, x0, y1, x1 "
            "in 0..1) and scores [N, A, C] with people in column 0",
        ),
        Job.POSE: JobContract(
            input_shape=(ANY, ANY, ANY, 3),
            output_shapes=((ANY, 1, 17, 3),),
            in_words="take one person's square [N, S, S, 3] in 0..255 and give [N, 1, 17, 3] "
            "(y, x, score) in 0..1 in COCO order",
        ),
        Job.FACE: JobContract(
            input_shape=(ANY, 3, ANY, ANY),
            output_shapes=((ANY, 1, ANY, ANY), (ANY, 2, ANY, ANY), (ANY, 2, ANY, ANY)),
            in_words="take [N, 3, H, W] in 0..255 and give CenterFace's heat, scale and offset maps",
        ),
    }
)
"""A job without a contract here is checked by the module that does it."""


@dataclass(frozen=True, kw_only=True)
class Measured:
    """One figure measured by this project: what, its value and 95% interval, on which data, when."""

    what: str
    value: float
    data: str
    at: str
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, kw_only=True)
class ModelEntry:
    """One model of a registry. Shapes have 0 where any size is taken; `file` lies under `folder`."""

    id: str
    version: str
    job: Job
    file: str
    sha256: str
    licence: str
    source: str
    input: str
    output: str
    input_shape: tuple[int, ...]
    input_type: str
    output_shapes: tuple[tuple[int, ...], ...]
    providers: tuple[str, ...]
    ai_act_class: str
    measured: tuple[Measured, ...]
    folder: Path

    def __post_init__(self) -> None:
        if len(self.sha256) != 64 or set(self.sha256) - _HEX_DIGITS:
            raise ModelRefused(f"Model {self.id}: sha256 must be 64 lower-case hex digits.")
        for name in ("version", "licence", "source", "ai_act_class", "providers"):
            if not getattr(self, name):
                raise ModelRefused(f"Model {self.id}: {name} must be stated.")
        if found := _PROHIBITED.search(" ".join((self.id, self.input, self.output, self.source))):
            raise ModelRefused(
                f"Model {self.id}: {found.group()!r} says that it infers what is prohibited: emotions, sensitive "
                "categories, or what a person is like. No such model is run."
            )
        if not self.input_shape or self.input_shape[0] not in (ANY, 1):
            raise ModelRefused(f"Model {self.id}: it must take 1 input a run, or any number (0).")
        contract = CONTRACTS.get(self.job)
        if contract and not self._fits(contract):
            raise ModelRefused(
                f"Model {self.id}: a model for the job {self.job.value!r} must {contract.in_words}. Its entry says "
                f"{list(self.input_shape)} and {[list(shape) for shape in self.output_shapes]}."
            )

    def _fits(self, contract: JobContract) -> bool:
        return (
            shape_fits(self.input_shape, contract.input_shape)
            and (self.job is Job.FACE or ANY != self.input_shape[1] == self.input_shape[2])
            and len(self.output_shapes) >= len(contract.output_shapes)
            and all(map(shape_fits, self.output_shapes, contract.output_shapes))
        )

    @property
    def most_at_once(self) -> int | None:
        """How many inputs one run takes; None where any number does."""
        return None if self.input_shape[0] == ANY else self.input_shape[0]


@dataclass(frozen=True)
class Registry:
    """Every known model by id, and the id of the one that does each job."""

    entries: Mapping[str, ModelEntry]
    chosen: Mapping[Job, str]

    def entry(self, which: str) -> ModelEntry:
        """The entry of an id, or the one chosen for a `Job`. Raises ModelRefused without one."""
        if isinstance(which, Job):
            if which not in self.chosen:
                raise ModelRefused(f"No model is registered for the job {which.value!r}.")
            return self.entries[self.chosen[which]]
        if which not in self.entries:
            raise ModelRefused(f"No model {which} is registered.")
        return self.entries[which]


def declaration_of(entry: ModelEntry) -> dict[str, Any]:
    """What the system card says of a model: what it is, whose, of which class, and what was measured."""
    stated = ("id", "version", "sha256", "licence", "source", "ai_act_class")
    return {
        **{name: getattr(entry, name) for name in stated},
        "job": entry.job.value,
        "measured": [asdict(one) for one in entry.measured],
    }


def read_registry(file: Path = REGISTRY_FILE, *, user_file: Path | None = None) -> Registry:
    """The models of a registry file and of a user's own file after it.

    Without a choice under `[jobs]` the first model listed for a job does it; a user's choice comes
    before the project's. Raises ModelRefused for a file that cannot be read, an entry that is
    incomplete, an id that is listed twice, or a choice that does not exist.
    """
    entries: dict[str, ModelEntry] = {}
    chosen: dict[Job, str] = {}
    for one in (file, user_file) if user_file else (file,):
        content = _content(one)
        for row in _rows(content, one):
            entry = _entry(row, one)
            if entry.id in entries:
                raise ModelRefused(f"Model {entry.id} is listed twice (again in {one.name}).")
            entries[entry.id] = entry
            chosen.setdefault(entry.job, entry.id)
        chosen |= _choices(content, one, entries)
    return Registry(MappingProxyType(entries), MappingProxyType(chosen))


_user_registry: Path | None = None


def use_registry(file: Path | None) -> None:
    """From now on this process reads a user's registry file too; called when a process starts."""
    global _user_registry
    _user_registry = file


def user_registry() -> Path | None:
    """The user's registry file of this process, if it has one."""
    return _user_registry


def shape_fits(found: Sequence[Any], wanted: Sequence[int]) -> bool:
    """Whether a shape has the wanted sides; a wanted 0 takes any."""
    return len(found) == len(wanted) and all(
        want in (ANY, have) for want, have in zip(wanted, found, strict=True)
    )


def _content(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ModelRefused(f"The model registry {file} cannot be read: {error}.") from error


def _rows(content: Mapping[str, Any], file: Path) -> list[dict[str, Any]]:
    rows = content.get("model", [])
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise ModelRefused(f"In {file.name} each model must be a [[model]] table.")
    return rows


def _entry(row: dict[str, Any], file: Path) -> ModelEntry:
    named = {field.name for field in fields(ModelEntry)} - {"folder"}
    for what, names in (("lacks", named - set(row)), ("does not know", set(row) - named)):
        if names:
            raise ModelRefused(
                f"Model {row.get('id', '?')}: its entry in {file.name} is wrong: it {what} "
                f"{', '.join(sorted(names))}."
            )
    try:
        return ModelEntry(
            **{
                **row,
                "job": Job(row["job"]),
                "input_shape": tuple(row["input_shape"]),
                "output_shapes": tuple(map(tuple, row["output_shapes"])),
                "providers": tuple(row["providers"]),
                "measured": tuple(Measured(**figure) for figure in row["measured"]),
                "folder": file.parent,
            }
        )
    except (TypeError, ValueError) as error:
        raise ModelRefused(
            f"Model {row['id']}: its entry in {file.name} is wrong: {error}."
        ) from error


def _choices(
    content: Mapping[str, Any], file: Path, entries: Mapping[str, ModelEntry]
) -> dict[Job, str]:
    """The `[jobs]` table of a file: job → id of the model that is to do it."""
    choices: dict[Job, str] = {}
    for name, model_id in content.get("jobs", {}).items():
        if name not in set(Job):
            raise ModelRefused(
                f"{file.name} chooses a model for {name!r}, which is no job. "
                f"Jobs are: {', '.join(job.value for job in Job)}."
            )
        if model_id not in entries or entries[model_id].job != name:
            raise ModelRefused(
                f"{file.name} chooses {model_id} for {name!r}; no such model does it."
            )
        choices[Job(name)] = model_id
    return choices
