"""Faces: found with their landmarks, laid out exactly as the embedding was trained, judged, embedded."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from tests.workers.inference.conftest import SHARED_CLIPS
from workers.inference import registry
from workers.inference.face_alignment import TEMPLATE, aligned_chip, similarity
from workers.inference.face_embedding import (
    DIFFERENT_PEOPLE,
    DIMENSIONS,
    LEAD_BELOW,
    SAME_PERSON_BELOW,
    distances,
    embed_faces,
    error_rate_of,
    template_of,
)
from workers.inference.face_gathering import faces_of_tracks, moments_of
from workers.inference.face_quality import COMPARE_FROM, Check, FaceQuality, quality_of
from workers.inference.faces import find_faces, find_marked_faces
from workers.inference.limits import ClipLimits
from workers.inference.model_entries import read_registry
from workers.inference.reading import frames_at
from workers.inference.registry import FACE, FACE_EMBEDDING, Models, warm_up
from workers.inference.results import Track, TrackSample

WALKING = SHARED_CLIPS / "face-demographics-walking.mp4"
with_footage = pytest.mark.skipif(
    not WALKING.is_file(), reason="the development clips are not beside this checkout"
)


def test_the_template_is_the_one_the_network_was_trained_on() -> None:
    """Another template makes embeddings as good as chance, and nothing else would notice."""
    assert TEMPLATE.tolist() == [
        [48.5, 48.5],
        [100.8, 48.0],
        [74.4, 76.0],
        [52.9, 101.5],
        [97.0, 100.1],
    ]
    assert not TEMPLATE.flags.writeable


@given(
    turn=st.floats(-3.1, 3.1),
    scale=st.floats(0.1, 20),
    x=st.floats(-2000, 2000),
    y=st.floats(-2000, 2000),
)
def test_a_turned_scaled_shifted_face_comes_back_upright(
    turn: float, scale: float, x: float, y: float
) -> None:
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    marks = scale * TEMPLATE @ rotation.T + np.array([x, y])
    matrix = similarity(marks)
    assert np.allclose(marks @ matrix[:, :2].T + matrix[:, 2], TEMPLATE, atol=1e-5)


def test_a_mirrored_face_is_not_turned_into_another_one() -> None:
    matrix = similarity(TEMPLATE * np.array([-1, 1]))
    assert np.linalg.det(matrix[:, :2]) > 0


@pytest.mark.parametrize("factor", [1, 4])
def test_the_chip_shows_what_lies_under_the_landmarks(factor: int) -> None:
    picture = np.zeros((200 * factor, 200 * factor, 3), dtype=np.uint8)
    marks = (TEMPLATE * 0.8 + 30) * factor
    for x, y in marks:
        reach = 3 * factor
        picture[int(y) - reach : int(y) + reach, int(x) - reach : int(x) + reach] = 255
    chip = aligned_chip(picture, marks)
    assert chip.shape == (150, 150, 3)
    assert all(chip[round(y), round(x), 0] > 200 for x, y in TEMPLATE)
    assert chip[20, 20, 0] == 0


@pytest.mark.parametrize("bad", [np.full((5, 2), np.nan), np.ones((5, 2)), np.ones((4, 2))])
def test_landmarks_that_are_none_are_refused(bad: np.ndarray) -> None:
    with pytest.raises(ValueError, match="landmarks"):
        similarity(bad)


def test_a_batch_gives_what_one_by_one_gives(models: Models) -> None:
    chance = np.random.default_rng(1)
    chips = [
        np.asarray(
            Image.fromarray(chance.integers(0, 255, (8, 8, 3), dtype=np.uint8)).resize((150, 150))
        )
        for _ in range(3)
    ]
    model = models.get(FACE_EMBEDDING)
    together = embed_faces(model, chips)
    assert together.shape == (3, DIMENSIONS)
    alone = np.concatenate([embed_faces(model, [chip]) for chip in chips])
    assert np.allclose(together, alone, atol=1e-5)
    assert embed_faces(model, []).shape == (0, DIMENSIONS)


def test_the_embedding_is_not_loaded_by_a_worker_that_starts(
    monkeypatch: pytest.MonkeyPatch, models: Models
) -> None:
    fresh = Models(device=models.device)
    monkeypatch.setattr(registry, "_models", fresh)
    warm_up()
    assert fresh._loaded
    assert "face-embedding-dlib" not in fresh._loaded


def test_the_registry_says_how_often_different_people_pass_and_on_how_few_that_rests() -> None:
    entry = read_registry().entry(FACE_EMBEDDING)
    assert "biometric identification" in entry.ai_act_class
    figures = {figure.what: figure for figure in entry.measured}
    assert figures[DIFFERENT_PEOPLE].high is not None
    rate, source = error_rate_of(entry)
    assert rate == figures[DIFFERENT_PEOPLE].high > figures[DIFFERENT_PEOPLE].value
    assert "23 pairs" in source
    assert f"nearer than {LEAD_BELOW}" in DIFFERENT_PEOPLE
    assert error_rate_of(read_registry().entry(FACE)) == (1.0, "not measured for this model")


def test_a_stranger_who_slipped_into_a_track_does_not_pull_its_template() -> None:
    own = np.zeros((3, DIMENSIONS)) + np.eye(3, DIMENSIONS) * 0.1
    other = np.full((1, DIMENSIONS), 0.5)
    template = template_of(np.concatenate([own, other]))
    assert np.allclose(template, own.mean(axis=0), atol=1e-6)
    with pytest.raises(ValueError, match="no embedding"):
        template_of(np.zeros((0, DIMENSIONS)))


def flat_face(level: int) -> np.ndarray:
    return np.full((150, 150, 3), level, dtype=np.uint8)


def textured(seed: int = 3) -> np.ndarray:
    chance = np.random.default_rng(seed).integers(40, 220, (150, 150, 1), dtype=np.uint8)
    return np.repeat(chance, 3, axis=2)


def judged(chip: np.ndarray, *, marks: np.ndarray = TEMPLATE, height: float = 100) -> FaceQuality:
    return quality_of(chip, marks=marks, box=np.array([0, 0, 80, height]))


@pytest.mark.parametrize(
    ("quality", "word"),
    [
        (judged(textured(), height=25), "too small (25 pixels high)"),
        (
            judged(np.tile(np.linspace(60, 200, 150).astype(np.uint8)[:, None, None], (1, 150, 3))),
            "not sharp",
        ),
        (judged(textured(), marks=TEMPLATE + np.eye(1, 10, 4).reshape(5, 2) * 40), "turned away"),
        (judged(flat_face(5)), "too dark"),
        (judged(flat_face(254)), "too bright"),
    ],
    ids=["small", "blurred", "turned", "dark", "bright"],
)
def test_a_poor_face_says_why(quality: FaceQuality, word: str) -> None:
    assert quality.value < COMPARE_FROM
    assert any(word in reason for reason in quality.reasons(floor=COMPARE_FROM))


def test_a_good_face_has_nothing_against_it() -> None:
    quality = judged(textured())
    assert quality.value == 1.0
    assert quality.reasons(floor=0.9) == ()


def test_a_profile_is_turned_away_wherever_its_nose_is_put() -> None:
    narrow = TEMPLATE.copy()
    narrow[:, 0] = 74 + (narrow[:, 0] - 74) * 0.3
    assert dict(judged(textured(), marks=narrow).shares)[Check.POSE] == 0


def test_no_landmark_no_quality() -> None:
    assert judged(textured(), marks=np.full((5, 2), np.nan)).value == 0


def a_track(number: int, *heights: float) -> Track:
    samples = tuple(
        TrackSample(
            seconds=0.2 * place,
            box=np.array([0.1, 0.1, 0.3, 0.1 + height]),
            score=0.9,
            keypoints=None,
        )
        for place, height in enumerate(heights)
    )
    return Track(id=number, samples=samples)


def test_three_moments_of_a_person_are_looked_at_apart_and_the_largest_first() -> None:
    moments = moments_of([a_track(1, 0.2, 0.3, 0.5, 0.4, 0.45, 0.44, 0.1, 0.1)])
    assert [round(one.sample.seconds, 1) for one in moments] == [0.0, 0.4, 0.8]


@with_footage
def test_landmarks_lie_where_a_face_has_them(models: Models, limits: ClipLimits) -> None:
    image = frames_at(WALKING, times=[1.0], limits=limits).images[0]
    (faces,) = find_marked_faces(models.get(FACE), [image])
    assert len(faces) >= 2
    for box, marks in zip(faces.boxes[:2], faces.marks[:2], strict=True):
        assert (marks > box[:2]).all()
        assert (marks < box[2:]).all()
        assert marks[:2, 1].max() < marks[2, 1] < marks[3:, 1].min()
        assert marks[0, 0] < marks[1, 0]
        assert marks[3, 0] < marks[4, 0]
    height, width = image.shape[:2]
    shares = faces.boxes / np.array([width, height, width, height])
    assert np.allclose(find_faces(models.get(FACE), image), shares.clip(0, 1))


@with_footage
def test_a_person_stays_nearer_to_himself_than_to_the_other(
    models: Models, limits: ClipLimits
) -> None:
    batch = frames_at(WALKING, times=[1.0, 1.4, 1.8, 2.2, 2.6], limits=limits)
    people: list[list[np.ndarray]] = [[], []]
    for image in batch.images:
        large = np.asarray(Image.fromarray(image).resize((960, 540), Image.Resampling.BILINEAR))
        (faces,) = find_marked_faces(models.get(FACE), [large])
        two = sorted(range(2), key=lambda k: faces.boxes[k, 0])
        chips = [aligned_chip(large, faces.marks[k]) for k in two]
        for person, vector in zip(
            people, embed_faces(models.get(FACE_EMBEDDING), chips), strict=True
        ):
            person.append(vector)
    left, right = (np.array(person) for person in people)
    assert distances(left, left).max() < SAME_PERSON_BELOW
    assert distances(right, right).max() < SAME_PERSON_BELOW
    assert np.median(distances(left, right)) > np.median(distances(left, left)) + 0.1


@with_footage
def test_faces_of_twenty_pixels_are_not_compared(models: Models, limits: ClipLimits) -> None:
    samples = tuple(
        TrackSample(seconds=t, box=np.array([0.55, 0.3, 0.7, 0.9]), score=0.9, keypoints=None)
        for t in (0.5, 1.0, 1.5)
    )
    found = faces_of_tracks(WALKING, [Track(id=1, samples=samples)], limits=limits, models=models)
    assert found == []


def test_pictures_of_different_sizes_are_looked_at_one_by_one(models: Models) -> None:
    pictures = [np.zeros((64, 64, 3), np.uint8), np.zeros((96, 64, 3), np.uint8)]
    assert [len(faces) for faces in find_marked_faces(models.get(FACE), pictures)] == [0, 0]
    assert find_marked_faces(models.get(FACE), []) == []
