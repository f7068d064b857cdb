"""Charts of the tables in a page. `charts.js` reads the table; without it the table is all there is, and enough."""

from collections.abc import Sequence
from typing import Any

from django import template

register = template.Library()


@register.filter
def plain(value: float | str | None) -> str:
    """A number as a script reads it, "" where it is not known: never localised, never rounded to nothing."""
    return "" if value in (None, "") else f"{float(value):.10g}"


@register.inclusion_tag("console/_chart.html")
def chart(
    kind: str,
    table: str,
    words: str,
    *,
    keys: Sequence[str] = (),
    facet: str | None = None,
    unit: str = "",
    most: float | None = None,
    reference: float | None = None,
    reference_words: str = "",
    tolerance: float | None = None,
    newest_first: bool = False,
    closed: bool = False,
    behind: str = "",
    toggles: bool = True,
) -> dict[str, Any]:
    """A drawing of the table with this id, and the button that shows or hides the table.

    `kind` is one of charts.js; `words` say what is drawn; `keys` name the series where there are several; `facet` takes
    only the rows that carry it; `most` ends the axis; `closed` hides the table once the chart is drawn; `behind` is
    the id of what is hidden with the table, where that is more than the table.
    """
    return {
        "kind": kind,
        "table": table,
        "words": words,
        "keys": keys.split("|") if isinstance(keys, str) and keys else keys,
        "facet": facet,
        "unit": unit,
        "most": plain(most),
        "reference": plain(reference),
        "reference_words": reference_words,
        "tolerance": plain(tolerance),
        "newest_first": newest_first,
        "closed": closed,
        "behind": behind,
        "toggles": toggles,
    }
