"""The further sections of an analysis: what is asked of a detector before its alert is routed.

A section is a function `(Looked) -> JSON object | None` in a module of its own, and a row of `SECTIONS`.
None leaves the section out, which every reader takes for "not known". A section says in words what it
cannot do; what it raises is an error of ours, and fails the activity.
"""

from collections.abc import Callable, Mapping
from time import perf_counter
from typing import Any, Final

from workers.activities.clearing import counterfactual
from workers.activities.invariance import invariance
from workers.activities.looked import Looked

Section = Callable[[Looked], Mapping[str, Any] | None]

SECTIONS: Final[tuple[tuple[str, Section], ...]] = (
    ("invariance", invariance),
    ("counterfactual", counterfactual),
)
"""In this order, each under its name in the analysis."""


def analysis_json(looked: Looked) -> dict[str, Any]:
    """The analysis as it is stored: what was seen, every section, and how long each took."""
    stored = looked.analysis.to_json()
    for name, section in SECTIONS:
        began = perf_counter()
        found = section(looked)
        stored["timings_ms"][name] = round((perf_counter() - began) * 1000, 1)
        if found is not None:
            stored[name] = dict(found)
    return stored
