"""Only the registered bytes run."""

import hashlib
import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields
from pathlib import Path

import numpy as np
import onnx
import onnx.helper
import onnx.numpy_helper
import pytest

from workers.inference.device import this_device
from workers.inference.model_entries import (
    REGISTRY_FILE,
    Job,
    ModelEntry,
    ModelRefused,
    declaration_of,
    read_registry,
)
from workers.inference.poses import estimate_pose
from workers.inference.registry import FACE, PERSON, POSE, Models, bound_run, warm_up

OWN = read_registry()
BATCH_TOLERANCE = 1e-5


@pytest.fixture
def registry_copy(tmp_path: Path) -> Path:
    """The registry and its smallest model, where a test may damage them."""
    (tmp_path / "models").mkdir()
    file = tmp_path / REGISTRY_FILE.name
    shutil.copy(REGISTRY_FILE, file)
    source = REGISTRY_FILE.parent / OWN.entry(FACE).file
    shutil.copy(source, tmp_path / "models" / source.name)
    return file


def test_every_registered_file_has_the_digest_that_is_written_down() -> None:
    for entry in OWN.entries.values():
        content = (REGISTRY_FILE.parent / entry.file).read_bytes()
        assert hashlib.sha256(content).hexdigest() == entry.sha256
        assert entry.licence
        assert entry.source
        assert entry.ai_act_class


def test_every_model_file_is_registered() -> None:
    files = {entry.file for entry in OWN.entries.values()}
    found = {f"models/{path.name}" for path in (REGISTRY_FILE.parent / "models").glob("*.onnx")}
    assert found == files


def test_a_changed_model_file_stops_with_both_digests(registry_copy: Path) -> None:
    model = registry_copy.parent / "models/centerface.onnx"
    model.write_bytes(model.read_bytes() + b"\x00")
    with pytest.raises(ModelRefused, match="is not the registered file") as caught:
        Models(device=this_device(), file=registry_copy).get(FACE)
    assert OWN.entry(FACE).sha256 in str(caught.value)
    assert hashlib.sha256(model.read_bytes()).hexdigest() in str(caught.value)


def test_a_missing_model_file_is_named(registry_copy: Path) -> None:
    with pytest.raises(ModelRefused, match=r"models/cocossd\.onnx cannot be read"):
        Models(device=this_device(), file=registry_copy).get(PERSON)


def test_a_model_with_another_input_than_stated_is_refused(registry_copy: Path) -> None:
    text = registry_copy.read_text().replace(
        "input_shape = [0, 3, 0, 0]", "input_shape = [0, 3, 64, 64]"
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


@pytest.mark.parametrize(
    "output",
    [
        "emotion [N,7]",
        "ethnicity of the face",
        "a person's propensity to steal",
        "skin tone [N,10]",
    ],
)
def test_a_model_of_a_prohibited_practice_is_refused(registry_copy: Path, output: str) -> None:
    text = registry_copy.read_text()
    line = next(one for one in text.splitlines() if one.startswith("output = "))
    registry_copy.write_text(text.replace(line, f'output = "{output}"', 1))
    with pytest.raises(ModelRefused, match="prohibited"):
        read_registry(registry_copy)


def test_what_a_worker_publishes_of_its_models_is_what_the_registry_says() -> None:
    registry = read_registry()
    for entry in registry.entries.values():
        told = declaration_of(entry)
        assert (told["sha256"], told["ai_act_class"]) == (entry.sha256, entry.ai_act_class)
        assert json.loads(json.dumps(told)) == told


def test_an_entry_written_twice_is_refused(registry_copy: Path) -> None:
    text = registry_copy.read_text()
    registry_copy.write_text(text + "[[model]]" + text.partition("[[model]]")[2])
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
    assert warm_up() == (
        "person-cocossd",
        "pose-movenet-lightning",
        "face-centerface",
        "behaviour-upper-body",
    )


def test_every_choice_is_of_a_model_that_does_the_job() -> None:
    for job, model_id in OWN.chosen.items():
        assert OWN.entries[model_id].job is job


def toml_of(value: object) -> str:
    """Lists, strings and numbers are the same in JSON and TOML."""
    return json.dumps(value)


def listed(entry: ModelEntry, **changes: object) -> str:
    """An entry as a person would write it into a registry file, with changes."""
    names = [field.name for field in fields(ModelEntry) if field.name not in {"folder", "measured"}]
    row = {name: getattr(entry, name) for name in names} | {"measured": []} | changes
    return "\n[[model]]\n" + "".join(f"{name} = {toml_of(value)}\n" for name, value in row.items())


@pytest.fixture
def own_pose_model(tmp_path: Path) -> Path:
    """Another pose model for real: the own one with its answer moved, as a file of a user."""
    model = onnx.load(REGISTRY_FILE.parent / OWN.entry(POSE).file)
    last = model.graph.output[0]
    for node in model.graph.node:
        node.output[:] = ["answer" if name == last.name else name for name in node.output]
    moved = onnx.numpy_helper.from_array(np.array([0.25, 0, 0], np.float32), "moved")
    model.graph.initializer.append(moved)
    model.graph.node.append(onnx.helper.make_node("Add", ["answer", "moved"], [last.name]))
    path = tmp_path / "my pose.onnx"
    onnx.save(model, path)
    return path


@pytest.fixture
def user_file(own_pose_model: Path) -> Path:
    digest = hashlib.sha256(own_pose_model.read_bytes()).hexdigest()
    entry = listed(OWN.entry(POSE), id="pose-mine", file=own_pose_model.name, sha256=digest)
    file = own_pose_model.with_name("models.toml")
    file.write_text('[jobs]\npose = "pose-mine"\n' + entry)
    return file


def with_user_file(file: Path) -> Models:
    return Models(device=this_device(), user_file=file)


def test_a_users_model_does_the_job_it_is_chosen_for(user_file: Path, models: Models) -> None:
    chosen = with_user_file(user_file)
    picture = np.random.default_rng(3).integers(0, 255, (200, 200, 3), dtype=np.uint8)
    box = np.array([0.2, 0.2, 0.8, 0.8])
    mine, usual = (estimate_pose(one.get(POSE), picture, box) for one in (chosen, models))
    assert chosen.get(POSE).entry.id == "pose-mine"
    assert chosen.get(PERSON).entry.id == "person-cocossd"
    # A quarter of the crop, whose side is the box's with a margin.
    np.testing.assert_allclose(mine[:, 1] - usual[:, 1], 0.25 * 0.6 * 1.25, atol=1e-6)


def test_a_listed_model_without_a_choice_changes_nothing(user_file: Path) -> None:
    user_file.write_text(user_file.read_text().partition("[[model]]")[2].join(["[[model]]", ""]))
    models = with_user_file(user_file)
    assert models.get(POSE).entry.id == "pose-movenet-lightning"
    assert models.get("pose-mine").entry.folder == user_file.parent


def test_a_users_file_with_another_digest_is_refused(user_file: Path, own_pose_model: Path) -> None:
    own_pose_model.write_bytes(own_pose_model.read_bytes() + b"\x00")
    with pytest.raises(ModelRefused, match=r"my pose\.onnx is not the registered file"):
        with_user_file(user_file).get(POSE)


def changed(user_file: Path, old: str, new: str) -> Path:
    text = user_file.read_text()
    assert old in text
    user_file.write_text(text.replace(old, new))
    return user_file


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ('pose = "pose-mine"', 'poses = "pose-mine"', "'poses', which is no job. Jobs are: person"),
        ('pose = "pose-mine"', 'pose = "yours"', "chooses yours for 'pose'; no such model"),
        ('pose = "pose-mine"', 'person = "pose-mine"', "no such model does it"),
        ('id = "pose-mine"', 'id = "face-centerface"', "face-centerface is listed twice"),
        ('licence = "', 'license = "', "it lacks licence"),
        ('version = "', 'grade = 3\nversion = "', "it does not know grade"),
        ('job = "pose"', 'job = "dance"', "'dance' is not a valid Job"),
        ("[0, 192, 192, 3]", "[0, 3, 192, 192]", "must take one person's square"),
        ("[[0, 1, 17, 3]]", "[[0, 1, 33, 3]]", r"must take one person's square"),
        ("[0, 192, 192, 3]", "[0, 256, 256, 3]", "the registry says"),
        ("[0, 192, 192, 3]", "[4, 192, 192, 3]", "1 input a run, or any number"),
        ("tensor(int32)", "tensor(float)", "the registry says"),
        ("CPUExecutionProvider", "AbacusExecutionProvider", "this machine has"),
        ("[jobs]", "[jobs", "cannot be read"),
        ("measured = []", 'measured = [{ what = "PCK" }]', "its entry in models.toml is wrong"),
    ],
)
def test_a_wrong_registry_file_stops_with_a_sentence(
    old: str, new: str, sentence: str, user_file: Path
) -> None:
    changed(user_file, old, new)
    if old == "CPUExecutionProvider":
        changed(user_file, "CUDAExecutionProvider", "QuantumExecutionProvider")
    with pytest.raises(ModelRefused) as refused:
        with_user_file(user_file).get(POSE)
    assert sentence in str(refused.value)


def test_a_registry_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelRefused, match=r"nowhere\.toml cannot be read"):
        with_user_file(tmp_path / "nowhere.toml")


def test_a_model_whose_outputs_differ_from_its_entry_is_refused(
    user_file: Path, own_pose_model: Path
) -> None:
    model = onnx.load(own_pose_model)
    extra = onnx.helper.make_tensor_value_info("answer", onnx.TensorProto.FLOAT, ["N", 1, 17, 3])
    model.graph.output.append(extra)
    onnx.save(model, own_pose_model)
    digest = hashlib.sha256(own_pose_model.read_bytes()).hexdigest()
    old = read_registry(user_file=user_file).entry("pose-mine").sha256
    with pytest.raises(ModelRefused, match=r"gives .*the registry says"):
        with_user_file(changed(user_file, old, digest)).get(POSE)


def test_a_file_that_is_no_model_is_refused(user_file: Path, own_pose_model: Path) -> None:
    own_pose_model.write_bytes(b"not a graph")
    digest = hashlib.sha256(b"not a graph").hexdigest()
    old = read_registry(user_file=user_file).entry("pose-mine").sha256
    with pytest.raises(ModelRefused, match="not a model that ONNX Runtime can load"):
        with_user_file(changed(user_file, old, digest)).get(POSE)


@pytest.mark.parametrize("job", [PERSON, POSE])
def test_a_batch_answers_as_single_runs_do(job: Job, models: Models) -> None:
    model = models.get(job)
    side = model.entry.input_shape[1]
    pictures = np.random.default_rng(2).integers(0, 255, (5, side, side, 3), dtype=np.int32)
    inputs = pictures if job is POSE else pictures.astype(np.float32) * (2 / 255) - 1
    together = model.run(inputs)
    for k in range(5):
        for batch, single in zip(together, model.run(inputs[k : k + 1]), strict=True):
            np.testing.assert_allclose(batch[k], single[0], atol=BATCH_TOLERANCE)


def test_a_model_that_takes_one_picture_is_run_one_by_one(
    user_file: Path, own_pose_model: Path
) -> None:
    model = onnx.load(own_pose_model)
    model.graph.input[0].type.tensor_type.shape.dim[0].dim_value = 1
    onnx.save(model, own_pose_model)
    digest = hashlib.sha256(own_pose_model.read_bytes()).hexdigest()
    old = read_registry(user_file=user_file).entry("pose-mine").sha256
    changed(user_file, old, digest)
    changed(user_file, "[0, 192, 192, 3]", "[1, 192, 192, 3]")
    pictures = np.random.default_rng(2).integers(0, 255, (3, 192, 192, 3), dtype=np.int32)
    assert with_user_file(user_file).get(POSE).run(pictures)[0].shape == (3, 1, 17, 3)


def test_bound_runs_answer_as_plain_ones_do(models: Models) -> None:
    crops = np.random.default_rng(1).integers(0, 255, (3, 192, 192, 3), dtype=np.int32)
    model = models.get(POSE)
    bound = bound_run(model.session, crops, device=models.device.kind)
    np.testing.assert_allclose(bound[0], model.run(crops)[0], atol=1e-6)
