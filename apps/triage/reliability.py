"""How often alerts in each segment are false, partially pooled, and how sure that is.

The false-positive rate of a segment is the share of its alerts that people do not confirm as theft,
were every alert looked at: of the labelled alerts, each weighted by the inverse of the probability
with which it came to a person (so archived alerts count through the blind audit).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from apps.triage.decoding import decode, encode
from apps.triage.reliability_cells import (
    CONDITIONS,
    Cells,
    Indices,
    camera_named,
    coded,
    count_cells,
    place_of,
    row_keys,
    usable_rows,
)
from apps.triage.reliability_effects import Effects, fit_effects
from apps.triage.reliability_pooling import Belief, child_prior
from apps.triage.reliability_settings import DEFAULT_RELIABILITY, ReliabilitySettings
from apps.triage.reliability_states import ReliabilityColumns, columns_of
from apps.triage.reliability_tree import Concentrations, Tree, grow_tree
from apps.triage.segments import ReliabilityState, Segment, SegmentReliability
from apps.triage.tables import DIMENSIONS, AlertTable, Floats, Labels


@dataclass(frozen=True, kw_only=True)
class PooledNodes:
    """Nodes of one level as columns of one length: posterior mean and worth in labels, the mean
    condition effect they hold for, how many labels they have and the index of the node above.
    """

    name: tuple[str, ...] = ()
    parent: tuple[int, ...] = ()
    mean: tuple[float, ...] = ()
    worth: tuple[float, ...] = ()
    offset: tuple[float, ...] = ()
    label_count: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if len({len(column) for column in vars(self).values()}) != 1:
            raise ValueError("all columns of nodes have one length")
        if not all(0 <= mean <= 1 for mean in self.mean):
            raise ValueError("rates lie within 0..1")
        if not all(worth > 0 for worth in self.worth):
            raise ValueError("what a node is worth is positive")

    def belief(self) -> Belief:
        columns = (np.array(column, np.float64) for column in (self.mean, self.worth, self.offset))
        mean, worth, offset = columns
        return Belief(mean=mean, worth=worth, offset=offset)


@dataclass(frozen=True, kw_only=True)
class PooledSegments:
    """Segments with labels as columns: `codes` index the places and the words of each condition;
    `borrowed` is the share of the evidence that is not the segment's own.
    """

    codes: tuple[tuple[int, ...], ...] = ()
    mean: tuple[float, ...] = ()
    worth: tuple[float, ...] = ()
    borrowed: tuple[float, ...] = ()
    label_count: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if len({len(column) for column in vars(self).values()}) != 1:
            raise ValueError("all columns of segments have one length")
        if not all(0 <= mean <= 1 for mean in (*self.mean, *self.borrowed)):
            raise ValueError("rates and shares lie within 0..1")
        if not all(worth > 0 for worth in self.worth):
            raise ValueError("what a segment is worth is positive")


@dataclass(frozen=True, kw_only=True)
class PooledReliability:
    """Posteriors of every place and labelled segment; JSON through `apps.triage.decoding`.

    `as_of`: nothing known later was used. `words` and `effects` hold, for each dimension of
    `CONDITIONS`, its words and their log-odds effects.
    """

    as_of: float
    settings: ReliabilitySettings
    concentrations: Concentrations
    network: PooledNodes
    sites: PooledNodes
    cameras: PooledNodes
    words: tuple[tuple[str, ...], ...]
    effects: tuple[tuple[float, ...], ...]
    segments: PooledSegments = field(default=PooledSegments())
    version: str = ""

    def __post_init__(self) -> None:
        if len(self.network.mean) != 1:
            raise ValueError("there is one network")
        if len(self.words) != len(CONDITIONS) or len(self.effects) != len(CONDITIONS):
            raise ValueError(f"words and effects are given for {', '.join(CONDITIONS)}")
        if any(map(_lengths_differ, self.words, self.effects)):
            raise ValueError("every word has an effect")

    @property
    def label_count(self) -> int:
        """How many labels all of this rests on."""
        return self.network.label_count[0]

    @property
    def network_rate(self) -> float:
        """The posterior mean of the network's false-positive rate."""
        return self.network.mean[0]

    def lookup(self, segment: Segment) -> SegmentReliability:
        """The reliability of one segment; conditions never seen borrow everything from the place.

        A known camera is in its own site, whatever the segment says.
        """
        columns = {name: [getattr(segment, name)] for name in DIMENSIONS}
        return self._one(self._columns(columns), 0, segment)

    def lookup_many(self, table: AlertTable) -> ReliabilityColumns:
        """The same for the segment of every row: equal to `lookup`, value for value."""
        return self._columns({name: table.segments[name].tolist() for name in DIMENSIONS})

    def labelled_segments(self) -> tuple[SegmentReliability, ...]:
        """Every segment that has labels, in the order of its words."""
        segments = tuple(self._named())
        columns = {name: [getattr(segment, name) for segment in segments] for name in DIMENSIONS}
        told = self._columns(columns)
        return tuple(self._one(told, row, segment) for row, segment in enumerate(segments))

    def of_network(self) -> SegmentReliability:
        """The network as a whole, as a segment whose every dimension is ""."""
        return self._of_node(self.network, 0, Segment(camera="", detector_version=""))

    def of_sites(self) -> tuple[SegmentReliability, ...]:
        """Every site with labels, over all its cameras and conditions."""
        named = enumerate(self.sites.name)
        return tuple(
            self._of_node(self.sites, row, Segment(site=name, camera="", detector_version=""))
            for row, name in named
        )

    def of_cameras(self) -> tuple[SegmentReliability, ...]:
        """Every camera with labels, over all its conditions."""
        return tuple(
            self._of_node(self.cameras, row, self._at_place(row))
            for row in range(len(self.cameras.name))
        )

    def _of_node(self, nodes: PooledNodes, row: int, segment: Segment) -> SegmentReliability:
        belief = nodes.belief().of(np.array([row]))
        count = np.array([nodes.label_count[row]])
        columns = columns_of(
            mean=belief.mean,
            worth=belief.worth,
            borrowed=np.zeros(1),
            label_count=count,
            settings=self.settings,
        )
        return self._one(columns, 0, segment)

    def _one(self, columns: ReliabilityColumns, row: int, segment: Segment) -> SegmentReliability:
        state = ReliabilityState(str(columns.state[row]))
        known = state is not ReliabilityState.UNKNOWN
        return SegmentReliability(
            state=state,
            segment=segment,
            false_positive_rate=float(columns.rate[row]) if known else None,
            low=float(columns.low[row]) if known else None,
            high=float(columns.high[row]) if known else None,
            label_count=int(columns.label_count[row]),
            labels_needed=int(columns.labels_needed[row]),
            borrowed=float(columns.borrowed[row]),
            version=self.version,
        )

    def _columns(self, columns: Mapping[str, list[str]]) -> ReliabilityColumns:
        """Look up each different segment once."""
        codes = self._coded(columns)
        _, first, back = np.unique(self._keys(codes), return_index=True, return_inverse=True)
        return self._told(codes[first]).of(back)

    def _coded(self, columns: Mapping[str, list[str]]) -> Indices:
        """Codes [n, 8] of site, place and conditions, -1 where never seen."""
        pairs = zip(columns["site"], columns["camera"], strict=True)
        places = coded([place_of(site, camera) for site, camera in pairs], self.cameras.name)
        sites = coded(columns["site"], self.sites.name)
        known = places >= 0
        sites[known] = self._site_of[places[known]]
        conditions = [
            coded(columns[name], words) for name, words in zip(CONDITIONS, self.words, strict=True)
        ]
        return np.stack([sites, places, *conditions], axis=1)

    def _keys(self, codes: Indices) -> Indices:
        sizes = [len(self.sites.name), len(self.cameras.name), *map(len, self.words)]
        return row_keys(codes + 1, [size + 1 for size in sizes])

    def _told(self, codes: Indices) -> ReliabilityColumns:
        prior = self._prior(codes)
        row = self._row_of(codes)
        seen, posterior = row >= 0, self._posteriors
        return columns_of(
            mean=np.where(seen, posterior[0][row], prior.mean),
            worth=np.where(seen, posterior[1][row], prior.worth),
            borrowed=np.where(seen, posterior[2][row], 1.0),
            label_count=np.where(seen, posterior[3][row], 0.0).astype(np.intp),
            settings=self.settings,
        )

    def _prior(self, codes: Indices) -> Belief:
        """What the place and the conditions suggest for segments [n] without labels."""
        network, sites, cameras = (
            nodes.belief() for nodes in (self.network, self.sites, self.cameras)
        )
        kappa, n = self.concentrations, len(codes)
        root = network.of(np.zeros(n, np.intp))
        new = child_prior(parent=root, offset=root.offset, concentration=kappa.site)
        site = _chosen(sites, codes[:, 0], new)
        new = child_prior(parent=site, offset=site.offset, concentration=kappa.camera)
        camera = _chosen(cameras, codes[:, 1], new)
        offset = np.zeros(n)
        for column, effects in zip(codes.T[2:], self.effects, strict=True):
            offset += np.array((*effects, 0.0))[column]
        return child_prior(parent=camera, offset=offset, concentration=kappa.segment)

    def _row_of(self, codes: Indices) -> Indices:
        """The labelled segment [n] of each row, -1 where it has no labels."""
        rows = self._rows
        found = (rows.get(tuple(one), -1) for one in codes[:, 1:].tolist())
        return np.fromiter(found, np.intp, len(codes))

    @cached_property
    def _rows(self) -> Mapping[tuple[int, ...], int]:
        return {codes: row for row, codes in enumerate(self.segments.codes)}

    @cached_property
    def _site_of(self) -> Indices:
        return np.array(self.cameras.parent, np.intp)

    @cached_property
    def _posteriors(self) -> Floats:
        """Mean, worth, borrowed share and label count [4, segments + 1]; the last column is unused."""
        own = self.segments
        columns = (own.mean, own.worth, own.borrowed, own.label_count)
        return np.array([(*column, 0.5) for column in columns], np.float64)

    def _at_place(self, row: int) -> Segment:
        name, site = self.cameras.name[row], self.sites.name[self.cameras.parent[row]]
        return Segment(site=site, camera=camera_named(site, name), detector_version="")

    def _named(self) -> Iterator[Segment]:
        for place, *codes in self.segments.codes:
            at = self._at_place(place)
            words = {
                name: self.words[index][code]
                for index, (name, code) in enumerate(zip(CONDITIONS, codes, strict=True))
            }
            yield Segment(**{"site": at.site, "camera": at.camera, **words})


def fit_reliability(
    *,
    table: AlertTable,
    labels: Labels,
    as_of: float,
    settings: ReliabilitySettings = DEFAULT_RELIABILITY,
    version: str = "",
) -> PooledReliability:
    """Fit the rates of all segments to the labels known by `as_of`.

    Without labels every segment is unknown and the network has its uniform prior. Raises
    ValueError when table and labels differ in length.
    """
    rows = usable_rows(table=table, labels=labels, as_of=as_of, window_days=settings.window_days)
    cells = count_cells(table=table.where(rows), labels=labels.where(rows))
    effects = fit_effects(cells)
    tree = grow_tree(cells=cells, effects=effects)
    pooled = pooled_from(
        cells=cells, effects=effects, tree=tree, as_of=as_of, settings=settings, version=version
    )
    return decode(PooledReliability, encode(pooled))  # as it will be read when it is stored


def pooled_from(
    *,
    cells: Cells,
    effects: Effects,
    tree: Tree,
    as_of: float,
    settings: ReliabilitySettings,
    version: str = "",
) -> PooledReliability:
    """Put posteriors of all levels together."""
    network, sites, cameras = tree.place_beliefs()
    counts = cells.label_count
    camera_count = _counted(tree.camera_of, counts, len(cameras.mean))
    site_count = _counted(tree.site_of, camera_count, len(sites.mean))
    return PooledReliability(
        as_of=as_of,
        settings=settings,
        concentrations=tree.concentrations,
        network=_nodes(("",), (0,), network, np.array([counts.sum()], np.intp)),
        sites=_nodes(cells.words["site"], (0,) * len(sites.mean), sites, site_count),
        cameras=_nodes(cells.words["camera"], tree.site_of.tolist(), cameras, camera_count),
        words=tuple(cells.words[name] for name in CONDITIONS),
        effects=tuple(tuple(effects.by[name].tolist()) for name in CONDITIONS),
        segments=_segments(cells, tree),
        version=version,
    )


def _segments(cells: Cells, tree: Tree) -> PooledSegments:
    prior, posterior = tree.segment_beliefs()
    return PooledSegments(
        codes=tuple(map(tuple, cells.codes[:, 1:].tolist())),
        mean=tuple(posterior.mean.tolist()),
        worth=tuple(posterior.worth.tolist()),
        borrowed=tuple((prior.worth / posterior.worth).tolist()),
        label_count=tuple(cells.label_count.tolist()),
    )


def _nodes(
    name: tuple[str, ...], parent: tuple[int, ...] | list[int], belief: Belief, count: Indices
) -> PooledNodes:
    return PooledNodes(
        name=name,
        parent=tuple(parent),
        mean=tuple(belief.mean.tolist()),
        worth=tuple(belief.worth.tolist()),
        offset=tuple(belief.offset.tolist()),
        label_count=tuple(count.tolist()),
    )


def _counted(parent: Indices, counts: Indices, size: int) -> Indices:
    return np.bincount(parent, counts, size).astype(np.intp)


def _chosen(known: Belief, codes: Indices, otherwise: Belief) -> Belief:
    """Beliefs [n] of known nodes, and `otherwise` [n] where the code is -1."""
    if not len(known.mean):
        return otherwise
    seen, at = codes >= 0, known.of(codes)
    return Belief(
        mean=np.where(seen, at.mean, otherwise.mean),
        worth=np.where(seen, at.worth, otherwise.worth),
        offset=np.where(seen, at.offset, otherwise.offset),
    )


def _lengths_differ(words: tuple[str, ...], effects: tuple[float, ...]) -> bool:
    return len(words) != len(effects)
