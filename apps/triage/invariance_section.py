"""The section "invariance" of an analysis, read strictly and judged by the tenant's tolerance."""

from collections.abc import Mapping
from typing import Any, Final

from apps.triage.fairness import (
    FairnessFinding,
    LeftOutChange,
    Questions,
    judge_invariance,
    not_assessable,
)
from apps.triage.wording import gettext_noop

NOT_READABLE: Final = gettext_noop("The result of the invariance check cannot be read.")


def fairness_of(section: Mapping[str, Any], *, tolerance: float) -> FairnessFinding:
    """The finding; not assessable where the check was not run, or its result is none. Never raises for bad data."""
    try:
        if section["state"] != "assessed":
            return not_assessable(reason=str(section["reason"]))
        return _judged(section, tolerance)
    except (KeyError, TypeError, ValueError):
        return not_assessable(reason=NOT_READABLE)


def _judged(section: Mapping[str, Any], tolerance: float) -> FairnessFinding:
    changes = section["changes"]
    return judge_invariance(
        score=float(section["score"]),
        changed={str(one["name"]): float(one["score"]) for one in changes},
        tolerance=tolerance,
        method=str(section["method"]),
        questions=Questions(
            scorer=str(section["scorer"]),
            frames=tuple(float(one) for one in section["frames"]),
            picture=_file(section["before_key"]),
            pictures={str(one["name"]): _file(one["image_key"]) for one in changes},
            left_out=tuple(
                LeftOutChange(name=str(one["name"]), why=str(one["why"]))
                for one in section["left_out"]
            ),
            input_is_joints=section["input"] == "joints",
        ),
    )


def _file(key: object) -> str:
    """A record names the file, not where a store keeps it."""
    return str(key).rpartition("/")[2]
