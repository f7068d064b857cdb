"""What each behaviour signal is worth: the committed table of figures, and the state that follows from them.

`validity.toml` is written by `manage.py measure_signals` from a pose data set, never by hand. A signal whose
interval does not lie above chance has no evidential weight, whatever its figure; one that was never measured
says why not.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from apps.triage.wording import gettext_noop
from workers.inference.results import Validity, ValidityFigures

TABLE = Path(__file__).with_name("validity.toml")

RULES_VERSION = 2
"""Counts changes of what the rules compute. Figures of other rules are not these rules'."""

NOT_TESTED = gettext_noop(
    "This rule has not been tested against chance; it is shown and cannot weigh."
)
_NOT_ON_TRIMMED = gettext_noop(
    "Not measured: the data at hand is trimmed to the act, so time in it says nothing. "
    "It is shown and cannot weigh."
)
_NOT_WITHOUT_PLACES = gettext_noop(
    "Not measured: the data at hand comes from cameras on which no zones are drawn. "
    "It is shown and cannot weigh."
)
NOT_MEASURED: Mapping[str, str] = MappingProxyType(
    {
        "dwell_in_view": _NOT_ON_TRIMMED,
        "dwell_at_shelf": _NOT_ON_TRIMMED,
        "dwell_at_checkout": _NOT_ON_TRIMMED,
        "reach_to_shelf": _NOT_WITHOUT_PLACES,
        "exit_reached": _NOT_WITHOUT_PLACES,
        "exit_without_checkout": _NOT_WITHOUT_PLACES,
    }
)


class TableRefused(ValueError):
    """The table of figures is not one of these rules; the message says what is wrong."""


@dataclass(frozen=True, kw_only=True)
class Worth:
    """Whether a measurable signal may weigh: `state` is measured or without evidential weight."""

    state: Validity
    why: str
    figures: ValidityFigures | None = None


@dataclass(frozen=True, kw_only=True)
class SignalFigures:
    """A row of the table: `pooled` over all frames as the data set's benchmark does it, and `within` cameras only.

    A signal that a camera's view alone makes higher where thefts were filmed looks good pooled; so both must
    beat their chance.
    """

    signal: str
    pooled: ValidityFigures
    within: ValidityFigures

    @property
    def beats_chance(self) -> bool:
        return self.pooled.beats_chance and self.within.beats_chance


def worth_of(name: str) -> Worth:
    """What a signal that was measured on a person is worth."""
    row = measured_figures().get(name)
    if row is None:
        return Worth(state=Validity.NO_EVIDENTIAL_WEIGHT, why=NOT_MEASURED.get(name, NOT_TESTED))
    weaker = min(row.pooled, row.within, key=lambda one: one.low - one.null)
    return Worth(
        state=Validity.MEASURED if row.beats_chance else Validity.NO_EVIDENTIAL_WEIGHT,
        why=_words(weaker, beats=row.beats_chance),
        figures=weaker,
    )


@lru_cache(maxsize=1)
def measured_figures() -> Mapping[str, SignalFigures]:
    """The committed table by signal. Raises TableRefused when it is damaged or of other rules."""
    return read_table(TABLE.read_text())


def read_table(text: str) -> Mapping[str, SignalFigures]:
    """A table in the form of `validity.toml`. Raises TableRefused."""
    try:
        raw = tomllib.loads(text)
        if raw["rules_version"] != RULES_VERSION:
            raise TableRefused(
                f"the figures are of rules {raw['rules_version']}, these are {RULES_VERSION}: measure again"
            )
        rows = [_row(one, data=raw["data"], at=raw["at"]) for one in raw["signal"]]
    except (tomllib.TOMLDecodeError, KeyError, TypeError) as error:
        raise TableRefused(f"the table of figures cannot be read: {error}") from error
    return MappingProxyType({row.signal: row for row in rows})


def written_table(rows: Mapping[str, SignalFigures], *, data: str, at: str) -> str:
    """The text of `validity.toml`; `read_table` reads it back."""
    head = [
        "# What the behaviour signals were measured to be worth. Written by `manage.py measure_signals`; do not edit.",
        f"rules_version = {RULES_VERSION}",
        f'data = "{data}"',
        f'at = "{at}"',
    ]
    return "\n".join([*head, *(line for row in rows.values() for line in _lines(row))]) + "\n"


def _lines(row: SignalFigures) -> list[str]:
    return [
        "",
        "[[signal]]",
        f'name = "{row.signal}"',
        f"samples = {row.pooled.samples}",
        *(
            f'{name} = {{ statistic = "{one.statistic}", figure = {one.figure:.4f}, low = {one.low:.4f}, '
            f"high = {one.high:.4f}, null = {one.null:.4f} }}"
            for name, one in (("pooled", row.pooled), ("within", row.within))
        ),
    ]


def _row(raw: Mapping[str, Any], *, data: str, at: str) -> SignalFigures:
    pooled, within = (
        ValidityFigures(**raw[name], samples=raw["samples"], data=data, at=at)
        for name in ("pooled", "within")
    )
    return SignalFigures(signal=raw["name"], pooled=pooled, within=within)


def _words(one: ValidityFigures, *, beats: bool) -> str:
    """At most 200 characters: that is what triage keeps of a reason."""
    verdict = "Better than chance" if beats else "Not better than chance, so it cannot weigh"
    return (
        f"{verdict}: {one.statistic} {one.figure:.2f} [{one.low:.2f}, {one.high:.2f}] against {one.null:.2f} "
        f"({one.samples} clips, {one.data}, {one.at})."
    )
