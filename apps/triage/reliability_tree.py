"""The tree of pooled sums: segments in cameras in sites in one network, from labels counted by cell."""

from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from apps.triage.reliability_cells import Cells, Indices
from apps.triage.reliability_effects import Effects
from apps.triage.reliability_pooling import (
    Belief,
    Sums,
    below,
    child_prior,
    concentration_of,
    learned,
    network_belief,
)


@dataclass(frozen=True, kw_only=True)
class Concentrations:
    """How closely the rates of a level lie around those of the level above, in labels."""

    site: float
    camera: float
    segment: float

    def __post_init__(self) -> None:
        if not min(self.site, self.camera, self.segment) > 0:
            raise ValueError("concentrations are positive")


@dataclass(frozen=True, kw_only=True)
class Tree:
    """Sums of every level; `camera_of` [segments] and `site_of` [cameras] point to the level above."""

    network: Sums
    sites: Sums
    cameras: Sums
    segments: Sums
    camera_of: Indices
    site_of: Indices
    concentrations: Concentrations

    def place_beliefs(self) -> tuple[Belief, Belief, Belief]:
        """What is known of the network [1], its sites and its cameras."""
        network = network_belief(self.network)
        root = network.of(np.zeros(len(self.sites.weight), np.intp))
        kappa = self.concentrations
        sites = below(parent=root, sums=self.sites, concentration=kappa.site)
        parents = sites.of(self.site_of)
        cameras = below(parent=parents, sums=self.cameras, concentration=kappa.camera)
        return network, sites, cameras

    def segment_beliefs(self) -> tuple[Belief, Belief]:
        """Prior and posterior of each segment; the prior rests on everybody else's labels only."""
        kappa, own = self.concentrations, self.segments
        site_of = self.site_of[self.camera_of]
        cameras, sites = self.cameras.of(self.camera_of), self.sites.of(site_of)
        network = self.network.of(np.zeros(len(own.weight), np.intp))
        other_camera = cameras.without(own.told(kappa.segment))
        other_site = _exchanged(sites, cameras, other_camera, kappa.camera)
        other_network = _exchanged(network, sites, other_site, kappa.site)
        belief = network_belief(other_network)
        belief = below(parent=belief, sums=other_site, concentration=kappa.site)
        belief = below(parent=belief, sums=other_camera, concentration=kappa.camera)
        offset = own.offset_or(belief.offset)
        prior = child_prior(parent=belief, offset=offset, concentration=kappa.segment)
        return prior, learned(prior=prior, sums=own)


def grow_tree(
    *, cells: Cells, effects: Effects, concentrations: Concentrations | None = None
) -> Tree:
    """Sum the cells upwards, finding on the way how alike the nodes of each level are.

    With given `concentrations` these are taken as they are: then turning any label of a segment
    from theft to false raises the posterior mean of every node, or leaves it.
    """
    size = {name: len(cells.words[name]) for name in ("site", "camera")}
    camera_of = cells.code("camera")
    site_of = np.zeros(size["camera"], np.intp)
    site_of[camera_of] = cells.code("site")
    shift = cells.weight * effects.offset(cells)
    segments = Sums(false=cells.false, weight=cells.weight, spread=cells.spread, shift=shift)
    given = concentrations
    kappa = given.segment if given else _found(segments, effects.expected(cells))
    cameras = segments.summed(camera_of, size["camera"], kappa)
    place = effects.base + effects.by["site"]
    kappa_camera = given.camera if given else _found(cameras, _shifted(place[site_of], cameras))
    sites = cameras.summed(site_of, size["site"], kappa_camera)
    base = np.full(size["site"], effects.base)
    kappa_site = given.site if given else _found(sites, _shifted(base, sites))
    network = sites.summed(np.zeros(size["site"], np.intp), 1, kappa_site)
    return Tree(
        network=network,
        sites=sites,
        cameras=cameras,
        segments=segments,
        camera_of=camera_of,
        site_of=site_of,
        concentrations=Concentrations(site=kappa_site, camera=kappa_camera, segment=kappa),
    )


def _exchanged(parent: Sums, child: Sums, instead: Sums, concentration: float) -> Sums:
    """The parent's sums with one child's part exchanged for what is left of that child."""
    rest = parent.without(child.told(concentration))
    return rest.with_part(instead.told(concentration))


def _found(sums: Sums, expected: np.ndarray) -> float:
    return concentration_of(sums=sums, expected=expected)


def _shifted(line: np.ndarray, sums: Sums) -> np.ndarray:
    return np.asarray(expit(line + sums.offset_or(np.zeros(len(line)))))
