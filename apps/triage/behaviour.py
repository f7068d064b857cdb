"""What a rule or a counterfactual may read: acts and things, never who somebody is, looks or where.

A detector names its signals itself, so the names are checked: one that speaks of identity,
appearance or place is refused wherever signals become features. Standard library only.
"""

from collections.abc import Iterable

_IDENTITY = (
    "face faces facial identity person name plate watchlist sighting member embedding offender"
)
_LOOKS = (
    "age gender sex male female skin race racial ethnic ethnicity nationality religion hijab "
    "headscarf turban hair beard appearance attire colour color height disability pregnant "
    "wheelchair child adult elderly young"
)
_PLACE = "site camera zone store shop address location postcode latitude longitude"

NOT_BEHAVIOUR = frozenset(f"{_IDENTITY} {_LOOKS} {_PLACE}".split())
"""Words a behaviour signal's name must not hold, its parts taken at the underscores."""


class NotBehaviour(ValueError):
    """A signal names who somebody is, how somebody looks, or a place."""


def is_behaviour(name: str) -> bool:
    """True when no part of the name speaks of identity, appearance or place."""
    return NOT_BEHAVIOUR.isdisjoint(name.split("_"))


def require_behaviour(names: Iterable[str]) -> None:
    """Raise `NotBehaviour` naming the first signal that is none."""
    for name in names:
        if not is_behaviour(name):
            raise NotBehaviour(f"{name!r} is no behaviour signal: no rule may rest on it")
