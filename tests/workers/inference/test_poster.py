"""No face is recognisable in the still that lists show."""

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from workers.inference.faces import faces_from, find_faces
from workers.inference.people import People
from workers.inference.poster import LONGEST_SIDE, head_regions, poster_jpeg, with_regions_blurred
from workers.inference.registry import FACE, Models


def noise(height: int = 120, width: int = 160) -> np.ndarray:
    return np.random.default_rng(3).integers(0, 255, (height, width, 3), dtype=np.uint8)


def people(*boxes: tuple[float, float, float, float]) -> People:
    return People(np.array(boxes, dtype=np.float64).reshape(-1, 4), np.full(len(boxes), 0.9))


def test_a_region_keeps_no_detail_and_the_rest_is_untouched() -> None:
    image = noise()
    blurred = with_regions_blurred(image, np.array([[0.25, 0.25, 0.5, 0.5]]))
    inside = blurred[30:60, 40:80].astype(int)
    assert np.abs(np.diff(inside, axis=1)).max() < 25
    assert np.abs(np.diff(image[30:60, 40:80].astype(int), axis=1)).max() > 150
    np.testing.assert_array_equal(blurred[61:], image[61:])
    np.testing.assert_array_equal(blurred[:, 81:], image[:, 81:])


@given(st.lists(st.tuples(*[st.floats(-0.5, 1.5)] * 2, *[st.floats(-0.5, 1.5)] * 2), max_size=4))
def test_any_region_is_survived(regions: list[tuple[float, float, float, float]]) -> None:
    image = noise(20, 30)
    clipped = np.clip(np.array(regions).reshape(-1, 4), 0, 1)
    assert with_regions_blurred(image, clipped).shape == image.shape


def test_a_person_whose_face_is_not_found_has_the_head_covered() -> None:
    regions = head_regions(people((0.4, 0.2, 0.5, 0.8)), [None])
    assert len(regions) == 1
    x0, y0, x1, y1 = regions[0]
    assert (x0, x1) == (0.4, 0.5)
    assert y0 <= 0.2
    assert y1 >= 0.2 + 0.15 * 0.6


def test_head_joints_widen_what_is_covered() -> None:
    pose = np.zeros((17, 3))
    pose[:5] = (0.30, 0.35, 0.8)
    regions = head_regions(people((0.2, 0.3, 0.6, 0.9)), [pose])
    assert len(regions) == 2
    x0, y0, x1, y1 = regions[1]
    assert x0 < 0.30 < x1
    assert y0 < 0.35 < y1


def test_a_person_cut_off_by_the_picture_is_covered_further_down() -> None:
    whole = head_regions(people((0.4, 0.2, 0.5, 0.8)), [None])[0]
    cut = head_regions(people((0.4, 0.2, 0.5, 1.0)), [None])[0]
    assert cut[3] - cut[1] > whole[3] - whole[1]


def test_a_poster_is_a_small_jpeg_without_metadata(models: Models) -> None:
    content = poster_jpeg(
        noise(900, 1600),
        face_model=models.get(FACE),
        people=people((0.4, 0.2, 0.5, 0.8)),
        poses=[None],
    )
    with Image.open(io.BytesIO(content)) as still:
        assert still.format == "JPEG"
        assert max(still.size) == LONGEST_SIDE
        assert not still.getexif()
        assert b"Exif" not in content


def test_a_picture_without_faces_has_none(models: Models) -> None:
    flat = np.full((240, 320, 3), 128, dtype=np.uint8)
    assert find_faces(models.get(FACE), flat).shape == (0, 4)


def test_faces_are_read_from_the_maps_at_their_cell() -> None:
    heat, scale, offset = np.zeros((8, 8)), np.zeros((2, 8, 8)), np.zeros((2, 8, 8))
    heat[2, 3] = 0.9
    scale[:, 2, 3] = np.log(4.0), np.log(2.0)
    boxes = faces_from(heat, scale, offset)
    assert boxes.tolist() == pytest.approx(np.array([[10.0, 2.0, 18.0, 18.0]]))
