"""Only the registered bytes run."""

import hashlib
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from workers.inference.device import this_device
from workers.inference.registry import (
    FACE,
    PERSON,
    POSE,
    REGISTRY_FILE,
    ModelRefused,
    Models,
    read_registry,
    warm_up,
)


@pytest.fixture
def registry_copy(tmp_path: Path) -> Path:
    """The registry and its smallest model, where a test may damage them."""
    (tmp_path / "models").mkdir()
    file = tmp_path / REGISTRY_FILE.name
    shutil.copy(REGISTRY_FILE, file)
    source = REGISTRY_FILE.parent / read_registry()[FACE].file
    shutil.copy(source, tmp_path / "models" / source.name)
    return file


def test_every_registered_file_has_the_digest_that_is_written_down() -> None:
    for entry in read_registry().values():
        content = (REGISTRY_FILE.parent / entry.file).read_bytes()
        assert hashlib.sha256(content).hexdigest() == entry.sha256
        assert entry.licence
        assert entry.source
        assert entry.ai_act_class


def test_every_model_file_is_registered() -> None:
    files = {entry.file for entry in read_registry().values()}
    found = {f"models/{path.name}" for path in (REGISTRY_FILE.parent / "models").glob("*.onnx")}
    assert found == files


def test_a_changed_model_file_stops_with_both_digests(registry_copy: Path) -> None:
    model = registry_copy.parent / "models/centerface.onnx"
    model.write_bytes(model.read_bytes() + b"\x00")
    with pytest.raises(ModelRefused, match="is not the registered file") as caught:
        Models(device=this_device(), file=registry_copy).get(FACE)
    assert read_registry()[FACE].sha256 in str(caught.value)
    assert hashlib.sha256(model.read_bytes()).hexdigest() in str(caught.value)


def test_a_missing_model_file_is_named(registry_copy: Path) -> None:
    with pytest.raises(ModelRefused, match=r"models/cocossd\.onnx cannot be read"):
        Models(device=this_device(), file=registry_copy).get(PERSON)


def test_a_model_with_another_input_than_stated_is_refused(registry_copy: Path) -> None:
    text = registry_copy.read_text().replace(
        "input_shape = [0, 3, 0, 0]", "input_shape = [0, 1, 0, 0]"
    )
    registry_copy.write_text(text)
    with pytest.raises(ModelRefused, match="the registry says"):
        Models(device=this_device(), file=registry_copy).get(FACE)


def test_an_unknown_model_is_refused() -> None:
    with pytest.raises(ModelRefused, match="No model mind-reader is registered"):
        Models(device=this_device()).get("mind-reader")


def test_an_entry_without_a_class_under_the_ai_act_is_refused(registry_copy: Path) -> None:
    lines = registry_copy.read_text().splitlines()
    registry_copy.write_text("\n".join(line for line in lines if "ai_act_class" not in line))
    with pytest.raises(ModelRefused, match=r"its entry in registry\.toml is wrong"):
        read_registry(registry_copy)


def test_an_entry_written_twice_is_refused(registry_copy: Path) -> None:
    registry_copy.write_text(registry_copy.read_text() + "\n" + registry_copy.read_text())
    with pytest.raises(ModelRefused, match="listed twice"):
        read_registry(registry_copy)


def test_threads_that_ask_at_once_share_one_session() -> None:
    models = Models(device=this_device())
    with ThreadPoolExecutor(8) as pool:
        loaded = list(pool.map(lambda _: models.get(POSE), range(16)))
    assert len({id(model) for model in loaded}) == 1


def test_one_session_answers_several_threads_alike(models: Models) -> None:
    crop = np.random.default_rng(1).integers(0, 255, (1, 192, 192, 3), dtype=np.int32)
    expected = models.get(POSE).run(crop)[0]
    with ThreadPoolExecutor(4) as pool:
        for answer in pool.map(lambda _: models.get(POSE).run(crop)[0], range(12)):
            np.testing.assert_allclose(answer, expected, atol=1e-6)


def test_warming_up_loads_what_an_analysis_needs() -> None:
    assert warm_up() == (PERSON, POSE, FACE)
