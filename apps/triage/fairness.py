"""The fairness finding of one alert: did the score depend on how a person looks?"""

from dataclasses import dataclass
from enum import StrEnum


class FairnessState(StrEnum):
    """`not_assessable` is the honest state where the detector cannot be run again; never "clear"."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_ASSESSABLE = "not_assessable"


@dataclass(frozen=True, kw_only=True)
class FairnessFinding:
    """The result of the invariance check and, unless it passed, why in words."""

    state: FairnessState
    reason: str = ""
    method: str = ""

    def __post_init__(self) -> None:
        if self.state is not FairnessState.PASSED and not self.reason:
            raise ValueError(f"a fairness finding '{self.state}' says why")
        if self.state is FairnessState.PASSED and not self.method:
            raise ValueError("a fairness finding 'passed' names the method that was run")


def not_assessable(*, reason: str) -> FairnessFinding:
    """The finding where the check could not be run."""
    return FairnessFinding(state=FairnessState.NOT_ASSESSABLE, reason=reason)
