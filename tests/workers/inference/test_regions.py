"""Named parts of a picture, where it is known by construction what lies in which."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray

from apps.triage.saliency import Region, RegionShare
from workers.inference.poses import Joint
from workers.inference.regions import (
    NO_EXIT,
    NO_HANDS,
    NO_SHELF,
    REGIONS,
    Moment,
    Scene,
    convex_hull,
    inside_polygon,
    labels_at,
    moments_of,
    region_grid,
    shares_of,
    unknown_regions,
)
from workers.inference.results import SceneZone, Track, TrackSample

SHELF = SceneZone(
    kind="shelf", name="Wine", polygon=((0.7, 0.1), (0.95, 0.1), (0.95, 0.9), (0.7, 0.9))
)
EXIT = SceneZone(
    kind="exit", name="Door", polygon=((0.0, 0.0), (0.15, 0.0), (0.15, 1.0), (0.0, 1.0))
)
SCENE = Scene(width=200, height=200, zones=(SHELF, EXIT))


def a_person(
    x: float, *, seconds: float = 0.0, hand: tuple[float, float] | None = None
) -> TrackSample:
    """Somebody upright around `x`, 0.2 to 0.8 of the picture's height, the right hand at the hip or at `hand`."""
    pose = np.ones((17, 3))
    pose[:, 0], pose[:, 1] = x, 0.25
    for left, right, y in (
        (Joint.LEFT_SHOULDER, Joint.RIGHT_SHOULDER, 0.35),
        (Joint.LEFT_ELBOW, Joint.RIGHT_ELBOW, 0.45),
        (Joint.LEFT_WRIST, Joint.RIGHT_WRIST, 0.55),
        (Joint.LEFT_HIP, Joint.RIGHT_HIP, 0.55),
        (Joint.LEFT_KNEE, Joint.RIGHT_KNEE, 0.68),
        (Joint.LEFT_ANKLE, Joint.RIGHT_ANKLE, 0.8),
    ):
        pose[left, :2], pose[right, :2] = (x + 0.05, y), (x - 0.05, y)
    pose[Joint.LEFT_WRIST, 2] = 0.0
    if hand:
        pose[Joint.RIGHT_WRIST, :2] = hand
    box = np.array([x - 0.08, 0.2, x + 0.08, 0.82])
    return TrackSample(seconds=seconds, box=box, score=0.9, keypoints=pose)


def region_of(x: float, y: float, moment: Moment, scene: Scene = SCENE) -> Region:
    return REGIONS[labels_at(np.array([[x, y]]), moment=moment, scene=scene)[0]]


def test_each_place_has_its_name() -> None:
    moment = Moment(subject=a_person(0.4), others=(a_person(0.6),))
    assert region_of(0.35, 0.55, moment) is Region.HAND_CLOTHING
    assert region_of(0.4, 0.75, moment) is Region.BODY
    assert region_of(0.6, 0.5, moment) is Region.OTHER_PEOPLE
    assert region_of(0.7, 0.15, moment) is Region.SHELF_BOUNDARY
    assert region_of(0.85, 0.5, moment) is Region.REST  # within the shelf, far from its edge
    assert region_of(0.1, 0.9, moment) is Region.EXIT_CORRIDOR
    assert region_of(0.5, 0.02, moment) is Region.REST


def test_a_hand_away_from_the_body_is_not_at_clothing() -> None:
    moment = Moment(subject=a_person(0.4, hand=(0.55, 0.3)), others=())
    assert region_of(0.55, 0.3, moment) is Region.BODY
    at_shelf = Moment(subject=a_person(0.5, hand=(0.7, 0.4)), others=())
    assert region_of(0.7, 0.4, at_shelf) is Region.SHELF_BOUNDARY


def test_a_person_without_a_pose_is_a_box() -> None:
    bare = TrackSample(seconds=0.0, box=np.array([0.4, 0.4, 0.6, 0.6]), score=0.9, keypoints=None)
    moment = Moment(subject=bare, others=())
    assert region_of(0.5, 0.5, moment) is Region.BODY
    assert region_of(0.3, 0.5, moment) is Region.REST
    assert unknown_regions(moments=[moment], scene=SCENE) == {Region.HAND_CLOTHING: NO_HANDS}


def test_what_was_not_drawn_is_not_known_and_not_nought() -> None:
    moment = Moment(subject=a_person(0.4), others=())
    bare = Scene(width=200, height=200)
    unknown = unknown_regions(moments=[moment], scene=bare)
    assert unknown == {Region.SHELF_BOUNDARY: NO_SHELF, Region.EXIT_CORRIDOR: NO_EXIT}
    labels = region_grid((20, 20), moments=[moment], scene=bare)
    shares = {one.region: one for one in shares_of(np.ones((20, 20)), labels, unknown=unknown)}
    assert shares[Region.SHELF_BOUNDARY].share is None
    assert shares[Region.SHELF_BOUNDARY].why == NO_SHELF
    assert sum(one.share or 0.0 for one in shares.values()) == pytest.approx(1)


def test_the_grid_takes_the_strongest_name_of_all_moments() -> None:
    first, then = Moment(subject=a_person(0.3), others=()), Moment(subject=a_person(0.5), others=())
    both = region_grid((40, 40), moments=[first, then], scene=SCENE)
    assert REGIONS[both[22, 10]] is Region.HAND_CLOTHING
    assert REGIONS[both[22, 18]] is Region.HAND_CLOTHING


def test_the_moments_take_the_nearest_sample_and_none_that_is_far() -> None:
    track = Track(id=4, samples=(a_person(0.3, seconds=0.0), a_person(0.4, seconds=0.2)))
    other = Track(id=5, samples=(a_person(0.6, seconds=9.0),))
    near, far = moments_of((track, other), subject=4, times=np.array([0.15, 9.1]))
    assert near.subject is track.samples[1]
    assert near.others == ()
    assert far.subject is None
    assert far.others == (other.samples[0],)


def test_all_the_weight_in_one_region_is_a_share_of_one() -> None:
    moment = Moment(subject=a_person(0.4), others=(a_person(0.6),))
    labels = region_grid((50, 50), moments=[moment], scene=SCENE)
    for region in REGIONS:
        weights = (labels == REGIONS.index(region)).astype(float)
        shares = {one.region: one.share for one in shares_of(weights, labels, unknown={})}
        assert shares[region] == pytest.approx(1)


weights = arrays.arrays(np.float64, (6, 7), elements=st.floats(-1, 1, width=32))
labels_of = arrays.arrays(np.intp, (6, 7), elements=st.integers(0, len(REGIONS) - 1))


@given(weights=weights, labels=labels_of)
def test_shares_sum_to_one_wherever_the_weight_lies(
    weights: NDArray[np.float64], labels: NDArray[np.intp]
) -> None:
    shares = shares_of(weights, labels, unknown={})
    if (weights > 0).any():
        assert sum(one.share for one in shares if one.share is not None) == pytest.approx(1)
        assert [one.region for one in shares] == list(REGIONS)
    else:
        assert shares == ()


@given(weights=weights, labels=labels_of, factor=st.floats(0.01, 100))
def test_shares_do_not_depend_on_the_scale_of_the_map(
    weights: NDArray[np.float64], labels: NDArray[np.intp], factor: float
) -> None:
    before, after = (shares_of(w, labels, unknown={}) for w in (weights, weights * factor))
    assert [one.share for one in before] == pytest.approx([one.share for one in after])


@given(
    points=arrays.arrays(np.float64, (12, 2), elements=st.integers(0, 50).map(float)),
)
def test_a_hull_holds_all_its_points(points: NDArray[np.float64]) -> None:
    hull = convex_hull(points)
    if len(hull) < 3:
        return
    middle = hull.mean(axis=0)
    inward = middle + (points - middle) * (1 - 1e-6)
    assert inside_polygon(inward, hull).all()


def test_a_share_that_is_not_known_says_why() -> None:
    with pytest.raises(ValueError, match="says why"):
        RegionShare(region=Region.REST, share=None)
