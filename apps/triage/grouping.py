"""Review items: which alerts are one happening seen by several cameras, so that one look is enough.

Two alerts are *linked* when they come from one site, from the same camera or from adjacent ones, and their spans on the
true clock overlap or lie within `gap_seconds` of each other. A new alert unites the clusters it is linked to, earliest
first, as long as the result stays within `longest_seconds` and `most_alerts`. So a chain of links cannot drift: what would
exceed the bound stays an item of its own, and costs one look more rather than hide somebody.

As long as everything that is linked fits the bound, the result is the same in whatever order alerts arrive. Where it does
not fit, an alert that stands in an item already stays there: a row never moves away under the person who looks at it.
"""

import math
from collections.abc import Collection, Iterable
from dataclasses import dataclass

Adjacency = Collection[frozenset[str]]
"""Pairs of camera ids that see neighbouring places; the order inside a pair means nothing."""


@dataclass(frozen=True, kw_only=True)
class GroupingSettings:
    """How close in time alerts of one happening are, and how far one item may reach; seconds."""

    version: str = "item-1"
    gap_seconds: float = 5.0
    longest_seconds: float = 60.0
    most_alerts: int = 8

    def __post_init__(self) -> None:
        if not (math.isfinite(self.gap_seconds) and math.isfinite(self.longest_seconds)):
            raise ValueError("the window and the bound are finite")
        if not 0 <= self.gap_seconds <= self.longest_seconds:
            raise ValueError("the window is at least 0 and no longer than the bound")
        if self.most_alerts < 1:
            raise ValueError("an item holds at least one alert")


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """An alert as grouping sees it. `starts` and `ends` are seconds on the true clock, the camera's offset taken off."""

    id: str
    site: str
    camera: str
    starts: float
    ends: float
    priority: float = 0.0

    def __post_init__(self) -> None:
        if not (math.isfinite(self.starts) and math.isfinite(self.ends)):
            raise ValueError("a span has two finite ends")
        if self.ends < self.starts:
            raise ValueError("a span does not end before it starts")


@dataclass(frozen=True, kw_only=True)
class Cluster:
    """Alerts that are one item, in time order. Never empty, and of one site."""

    members: tuple[Candidate, ...]

    def __post_init__(self) -> None:
        if not self.members or len({member.site for member in self.members}) != 1:
            raise ValueError("an item holds alerts of one site")
        object.__setattr__(self, "members", tuple(sorted(self.members, key=_in_time)))

    @property
    def starts(self) -> float:
        return self.members[0].starts

    @property
    def seconds(self) -> float:
        """From the first start to the last end."""
        return max(member.ends for member in self.members) - self.starts

    @property
    def lead(self) -> Candidate:
        """The alert that stands for the item: worth most a minute, of equals the earliest."""
        return min(self.members, key=lambda one: (-_worth(one), *_in_time(one)))

    def and_also(self, other: "Cluster") -> "Cluster":
        return Cluster(members=(*self.members, *other.members))

    def fits(self, settings: GroupingSettings) -> bool:
        return (
            len(self.members) <= settings.most_alerts and self.seconds <= settings.longest_seconds
        )


def linked(
    one: Candidate, other: Candidate, *, adjacent: Adjacency, settings: GroupingSettings
) -> bool:
    """Whether two alerts can be one happening by place and time alone."""
    if one.site != other.site:
        return False
    if one.camera != other.camera and frozenset((one.camera, other.camera)) not in adjacent:
        return False
    apart = max(one.starts, other.starts) - min(one.ends, other.ends)
    return apart <= settings.gap_seconds


def place(
    *,
    new: Candidate,
    clusters: Iterable[Cluster],
    adjacent: Adjacency,
    settings: GroupingSettings,
) -> tuple[Cluster, ...]:
    """The clusters that `new` belongs to and unites, earliest first; () when it stays on its own."""
    near = [
        cluster
        for cluster in clusters
        if any(
            linked(new, member, adjacent=adjacent, settings=settings) for member in cluster.members
        )
    ]
    united, whole = [], Cluster(members=(new,))
    for cluster in sorted(near, key=lambda one: _in_time(one.members[0])):
        together = whole.and_also(cluster)
        if together.fits(settings):
            whole = together
            united.append(cluster)
    return tuple(united)


def group(
    alerts: Iterable[Candidate], *, adjacent: Adjacency, settings: GroupingSettings
) -> tuple[Cluster, ...]:
    """All items of alerts that arrive one after the other, in time order."""
    clusters: list[Cluster] = []
    for new in alerts:
        united = place(new=new, clusters=clusters, adjacent=adjacent, settings=settings)
        whole = Cluster(members=(new,))
        for cluster in united:
            whole = whole.and_also(cluster)
            clusters.remove(cluster)
        clusters.append(whole)
    return tuple(sorted(clusters, key=lambda one: _in_time(one.members[0])))


def _in_time(alert: Candidate) -> tuple[float, float, str]:
    return alert.starts, alert.ends, alert.id


def _worth(alert: Candidate) -> float:
    """A priority that is no number is worth least, so that it never decides which alert leads."""
    return -math.inf if math.isnan(alert.priority) else alert.priority
