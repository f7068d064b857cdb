"""What moved a detector's score, as a record keeps it: maps, shares of named regions, and how far to trust them.

Values only; they are made in `workers.inference`. A map that does not beat maps which know nothing, or
that stays when the detector's weights are made chance, is not reliable and says so.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

VERSION = 1
MOST_ALIKE = 0.5
"""Above this rank correlation a map made with chance weights is still the same map."""


class Region(StrEnum):
    """In order of precedence: a place that is in two of them belongs to the first."""

    HAND_CLOTHING = "hand_clothing"
    SHELF_BOUNDARY = "shelf_boundary"
    EXIT_CORRIDOR = "exit_corridor"
    BODY = "body"
    OTHER_PEOPLE = "other_people"
    REST = "rest"


class WhyNot(StrEnum):
    """Why a map is not reliable."""

    NOT_MOVED = "not_moved"
    NO_BETTER_THAN_CENTRE = "no_better_than_centre"
    NO_BETTER_THAN_RANDOM = "no_better_than_random"
    SAME_WITH_CHANCE_WEIGHTS = "same_with_chance_weights"


@dataclass(frozen=True, kw_only=True)
class RegionShare:
    """How much of what raised the score lies in a region, 0..1; None, and why, where that is not known."""

    region: Region
    share: float | None
    why: str = ""

    def __post_init__(self) -> None:
        if (self.share is None) != bool(self.why):
            raise ValueError("a share that is not known says why")
        if self.share is not None and not 0 <= self.share <= 1:
            raise ValueError("a share lies in 0..1")


@dataclass(frozen=True, kw_only=True)
class CurvePair:
    """Areas under the deletion and the insertion curve, each the mean score on the way:
    what is named should lower it fast when hidden, and raise it fast when shown.
    """

    deletion: float
    insertion: float

    def __post_init__(self) -> None:
        _require_finite(self.deletion, self.insertion)

    @property
    def gain(self) -> float:
        """Insertion less deletion: how far apart the places named hold the two."""
        return self.insertion - self.deletion


@dataclass(frozen=True, kw_only=True)
class Faithfulness:
    """A map's curves beside those of maps that know nothing, and the map beside those of chance weights.

    `alike` is the mean rank correlation of the map with the maps of `copies` copies of the detector whose
    weights were made chance; None, with no copies, where the weights are out of reach.
    """

    own: CurvePair
    centre: CurvePair
    random: tuple[CurvePair, ...]
    alike: float | None
    copies: int
    why_not: tuple[WhyNot, ...]

    def __post_init__(self) -> None:
        if not self.random:
            raise ValueError("a map is judged against random ones")
        if (self.alike is None) != (self.copies == 0):
            raise ValueError("a likeness comes from randomised copies, and only from them")

    @property
    def reliable(self) -> bool:
        return not self.why_not


@dataclass(frozen=True, kw_only=True)
class PictureMap:
    """Effects on a grid over the picture, in points of the score: seen less hidden. Row 0 is the top."""

    method: str
    seed: int
    evaluations: int
    times: tuple[float, ...]
    grid: tuple[tuple[float, ...], ...]
    regions: tuple[RegionShare, ...]
    faithfulness: Faithfulness

    def __post_init__(self) -> None:
        if not self.grid or len({len(row) for row in self.grid}) != 1 or not self.grid[0]:
            raise ValueError("a map has rows of one length")
        _require_finite(*(value for row in self.grid for value in row))
        _require_shares(self.regions)


@dataclass(frozen=True, kw_only=True)
class JointMap:
    """What each joint at each moment added to the behaviour model's answer, [T][17]: base + their sum + `rest`
    is that answer, on `scale`. `rest` is what belongs to no joint.
    """

    method: str
    track: int
    times: tuple[float, ...]
    contributions: tuple[tuple[float, ...], ...]
    base: float
    rest: float
    answer: float
    scale: str
    regions: tuple[RegionShare, ...]
    faithfulness: Faithfulness

    def __post_init__(self) -> None:
        if len(self.times) != len(self.contributions) or not self.times:
            raise ValueError("there is a row of contributions a moment")
        if {len(row) for row in self.contributions} != {17}:
            raise ValueError("a body has 17 joints")
        _require_finite(self.base, self.rest, *(v for row in self.contributions for v in row))
        _require_shares(self.regions)


@dataclass(frozen=True, kw_only=True)
class Saliency:
    """What moved `detector`'s score ("id@version") over a span of the clip.

    `of_the_alert` is False where the alert's own detector cannot be asked and this is our reading
    instead. A map that is missing says why.
    """

    version: int = VERSION
    detector: str
    of_the_alert: bool
    score: float
    start_seconds: float
    end_seconds: float
    picture: PictureMap | None
    picture_absent: str
    joints: JointMap | None
    joints_absent: str
    models: tuple[tuple[str, str], ...]
    seconds: float

    def __post_init__(self) -> None:
        if self.version != VERSION:
            raise ValueError(f"saliency version {self.version} is not known here")
        if (self.picture is None) != bool(self.picture_absent):
            raise ValueError("a map of the picture that is missing says why")
        if (self.joints is None) != bool(self.joints_absent):
            raise ValueError("a map of the joints that is missing says why")
        if self.picture is None and self.joints is None:
            raise ValueError("without any map there is nothing to keep")
        if not 0 <= self.score <= 1:
            raise ValueError("a score lies in 0..1")


def _require_shares(shares: Iterable[RegionShare]) -> None:
    known = [one.share for one in shares if one.share is not None]
    if known and abs(sum(known) - 1) > 1e-3:
        raise ValueError("shares of regions that are known sum to 1")


def _require_finite(*figures: float) -> None:
    if not all(map(math.isfinite, figures)):
        raise ValueError("a map holds finite figures")
