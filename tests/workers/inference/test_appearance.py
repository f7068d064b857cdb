"""Only people's looks are changed: inside the hull of their pose, by what was asked, and texture stays."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from workers.inference.appearance import (
    Change,
    Kind,
    changed,
    hull_of,
    skin_of,
    with_hue_turned,
    with_skin_tone,
)
from workers.inference.colour import MONK_TONES, lab_of, looks_like_skin, rgb_of
from workers.inference.results import TrackSample

WIDTH, HEIGHT = 160, 120
CHANGES = [
    Change(kind=Kind.SKIN_TONE, amount=0),
    Change(kind=Kind.CLOTHING_HUE, amount=150),
    Change(kind=Kind.BRIGHTNESS, amount=0.7),
    Change(kind=Kind.BODY_SCALE, amount=1.15),
]


def somebody(*, joints: bool = True) -> TrackSample:
    """A person who stands upright in the middle, facing the camera."""
    points = np.zeros((17, 3))
    places = {
        0: (80, 26), 1: (82, 24), 2: (78, 24), 3: (84, 25), 4: (76, 25),
        5: (90, 40), 6: (70, 40), 7: (94, 55), 8: (66, 55), 9: (96, 70), 10: (64, 70),
        11: (87, 72), 12: (73, 72), 13: (87, 90), 14: (73, 90), 15: (87, 108), 16: (73, 108),
    }  # fmt: skip
    for joint, (x, y) in places.items():
        points[joint] = (x / WIDTH, y / HEIGHT, 0.9)
    box = np.array([60 / WIDTH, 16 / HEIGHT, 100 / WIDTH, 112 / HEIGHT])
    return TrackSample(seconds=0.0, box=box, score=0.9, keypoints=points if joints else None)


def picture() -> np.ndarray:
    """A wall, a person with skin of tone 5 and a blue coat, all with texture."""
    grain = np.random.default_rng(5).integers(-6, 7, (HEIGHT, WIDTH, 1))
    image = np.full((HEIGHT, WIDTH, 3), (120, 125, 120)) + grain
    hull = hull_of(somebody(), width=WIDTH, height=HEIGHT)
    image[hull.body] = (np.full((HEIGHT, WIDTH, 3), (40, 60, 150)) + grain)[hull.body]
    image[hull.face] = (np.full((HEIGHT, WIDTH, 3), MONK_TONES[4]) + grain)[hull.face]
    return image.clip(0, 255).astype(np.uint8)


@given(arrays(np.uint8, (6, 7, 3)))
def test_colours_come_back_from_cielab(rgb: np.ndarray) -> None:
    assert np.abs(rgb_of(lab_of(rgb)).astype(int) - rgb.astype(int)).max() <= 1


def test_known_colours_have_their_published_coordinates() -> None:
    red, white = lab_of(np.array([[255, 0, 0], [255, 255, 255]], dtype=np.uint8))
    np.testing.assert_allclose(red, [53.24, 80.09, 67.20], atol=0.05)
    np.testing.assert_allclose(white, [100, 0, 0], atol=0.05)


def test_every_monk_tone_but_the_palest_and_darkest_counts_as_skin_and_cloth_does_not() -> None:
    found = looks_like_skin(np.array(MONK_TONES, dtype=np.uint8))
    assert found[3:8].all()
    others = np.array([[40, 60, 150], [20, 140, 60], [128, 128, 128]], dtype=np.uint8)
    assert not looks_like_skin(others).any()


def test_the_tone_moves_to_the_far_end_and_texture_stays() -> None:
    image = picture()
    hull = hull_of(somebody(), width=WIDTH, height=HEIGHT)
    skin = skin_of(image, hull)
    after = with_skin_tone(image, skin=skin, tone=0)

    moved = lab_of(after[skin]).mean(axis=0) - lab_of(image[skin]).mean(axis=0)
    tones = lab_of(np.array(MONK_TONES, dtype=np.uint8))
    np.testing.assert_allclose(moved, tones[8] - tones[4], atol=4)
    np.testing.assert_array_equal(after[~skin], image[~skin])
    before_l, after_l = lab_of(image[skin])[:, 0], lab_of(after[skin])[:, 0]
    assert np.corrcoef(before_l, after_l)[0, 1] > 0.9


@pytest.mark.parametrize("tone", range(1, 11))
def test_every_tone_can_be_reached(tone: int) -> None:
    image = np.full((8, 8, 3), MONK_TONES[5], dtype=np.uint8)
    after = with_skin_tone(image, skin=np.ones((8, 8), dtype=bool), tone=tone)
    assert np.abs(after[0, 0].astype(int) - MONK_TONES[tone - 1]).max() <= 1


def test_a_grey_picture_has_its_face_changed_by_place() -> None:
    image = np.full((HEIGHT, WIDTH, 3), 90, dtype=np.uint8)
    hull = hull_of(somebody(), width=WIDTH, height=HEIGHT)
    np.testing.assert_array_equal(skin_of(image, hull), hull.face)
    after = changed(image, people=[somebody()], change=CHANGES[0])
    assert (after != image).any(axis=2)[hull.face].all()


def test_the_hue_of_clothes_turns_and_lightness_stays() -> None:
    image = picture()
    where = hull_of(somebody(), width=WIDTH, height=HEIGHT).clothed
    after = with_hue_turned(image, where=where, degrees=90)
    before_lab, after_lab = lab_of(image[where]), lab_of(after[where])
    assert np.abs(before_lab[:, 0] - after_lab[:, 0]).mean() < 6
    hues = [np.arctan2(one[:, 2].mean(), one[:, 1].mean()) for one in (before_lab, after_lab)]
    turned = np.degrees(hues[1] - hues[0]) % 360
    assert 60 < turned < 120


@pytest.mark.parametrize("change", CHANGES[:3], ids=lambda one: one.name)
@pytest.mark.parametrize("joints", [True, False], ids=["pose", "box"])
def test_nothing_outside_the_hull_changes(change: Change, joints: bool) -> None:
    person, image = somebody(joints=joints), picture()
    hull = hull_of(person, width=WIDTH, height=HEIGHT)
    after = changed(image, people=[person], change=change)
    assert (after != image).any(axis=2)[hull.body].mean() > 0.02
    np.testing.assert_array_equal(after[~hull.body], image[~hull.body])


def test_a_wider_body_covers_more_columns_and_far_away_nothing_moves() -> None:
    image = np.full((HEIGHT, WIDTH, 3), 120, dtype=np.uint8)
    image[16:112, 60:100] = 30
    wider = changed(image, people=[somebody()], change=CHANGES[3])
    narrower = changed(image, people=[somebody()], change=Change(kind=Kind.BODY_SCALE, amount=0.85))
    dark = [int((one[60] < 75).all(axis=1).sum()) for one in (image, wider, narrower)]
    assert dark[0] == 40
    assert dark[1] == pytest.approx(46, abs=1)
    assert dark[2] == pytest.approx(34, abs=1)
    np.testing.assert_array_equal(wider[:, :25], image[:, :25])
    np.testing.assert_array_equal(wider[:14], image[:14])


def test_nobody_there_changes_nothing() -> None:
    image = picture()
    assert all(changed(image, people=[], change=one) is image for one in CHANGES)


@settings(max_examples=40)
@given(
    st.tuples(st.floats(0, 0.9), st.floats(0, 0.9)),
    st.tuples(st.floats(0.005, 1), st.floats(0.005, 1)),
    arrays(np.float64, (17, 3), elements=st.floats(-0.5, 1.5)),
    st.sampled_from(CHANGES),
)
def test_any_pose_anywhere_is_survived(
    corner: tuple[float, float],
    size: tuple[float, float],
    points: np.ndarray,
    change: Change,
) -> None:
    box = np.array([*corner, min(1.0, corner[0] + size[0]), min(1.0, corner[1] + size[1])])
    person = TrackSample(seconds=0.0, box=box, score=0.5, keypoints=points)
    image = picture()
    after = changed(image, people=[person], change=change)
    assert after.shape == image.shape
    assert after.dtype == np.uint8


@pytest.mark.parametrize(
    ("kind", "amount"),
    [(Kind.SKIN_TONE, 11), (Kind.CLOTHING_HUE, 0), (Kind.BRIGHTNESS, 3), (Kind.BODY_SCALE, 2)],
)
def test_a_change_beyond_belief_is_refused(kind: Kind, amount: float) -> None:
    with pytest.raises(ValueError, match="is changed within"):
        Change(kind=kind, amount=amount)
