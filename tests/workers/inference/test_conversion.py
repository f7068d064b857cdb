"""From a published model to a registered file: every step that needs no TensorFlow, on real graphs."""

import base64
import hashlib
import importlib.util
import json
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from onnx import TensorProto, helper, numpy_helper

from workers.inference.conversion.__main__ import main
from workers.inference.conversion.free_batch import free_person_batch, free_pose_batch
from workers.inference.conversion.graphs import answers, largest_difference, tidied
from workers.inference.conversion.half_weights import with_half_weights
from workers.inference.conversion.tfjs import unfused
from workers.inference.model_entries import REGISTRY_FILE, read_registry
from workers.inference.registry import PERSON, POSE

RNG = np.random.default_rng(5)


def small_network() -> onnx.ModelProto:
    """One fully connected layer of 2,048 weights with its bias."""
    weights = RNG.normal(size=(64, 32)).astype(np.float32)
    graph = helper.make_graph(
        [
            helper.make_node("MatMul", ["image", "weights"], ["sums"]),
            helper.make_node("Add", ["sums", "bias"], ["answer"]),
        ],
        "small",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 64])],
        [helper.make_tensor_value_info("answer", TensorProto.FLOAT, [1, 32])],
        [
            numpy_helper.from_array(weights, "weights"),
            numpy_helper.from_array(np.ones(32, np.float32), "bias"),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)])
    model.ir_version = 8
    return model


def test_half_weights_make_a_smaller_file_that_answers_nearly_alike() -> None:
    model = small_network()
    half = with_half_weights(model)
    picture = RNG.uniform(0, 1, (1, 64)).astype(np.float32)
    onnx.checker.check_model(half)
    assert half.ByteSize() < 0.6 * model.ByteSize()
    moved = largest_difference(answers(model, picture), answers(half, picture))
    assert 0 < moved < 0.01


def test_tidying_orders_nodes_and_drops_what_no_output_needs() -> None:
    model = small_network()
    picture = RNG.uniform(0, 1, (1, 64)).astype(np.float32)
    expected = answers(model, picture)
    nodes = [*reversed(model.graph.node), helper.make_node("Neg", ["sums"], ["unread"])]
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    model.graph.initializer.append(numpy_helper.from_array(np.ones(3, np.float32), "unread too"))
    tidy = tidied(model)
    assert [node.op_type for node in tidy.graph.node] == ["MatMul", "Add"]
    assert len(tidy.graph.initializer) == 2
    assert largest_difference(answers(tidy, picture), expected) == 0


@pytest.mark.parametrize(("free", "job"), [(free_person_batch, PERSON), (free_pose_batch, POSE)])
def test_a_model_that_is_free_already_is_said_to_be(free: object, job: str) -> None:
    model = onnx.load(REGISTRY_FILE.parent / read_registry().entry(job).file)
    with pytest.raises(ValueError, match="already takes any number"):
        free(model)


def test_freeing_another_graph_than_the_one_meant_is_refused() -> None:
    with pytest.raises(KeyError, match="is it the model that this step is for"):
        free_pose_batch(small_network())


def ssd_tail() -> onnx.ModelProto:
    """The SSD's decoder as it is published, on five anchors: a flat decode for one picture."""
    anchors = {
        name: numpy_helper.from_array(RNG.uniform(0.1, 1, 5).astype(np.float32), name)
        for name in ("y", "x", "height", "width")
    }
    shapes = {"flat": [-1, 4], "per picture": [1, 5, 4]}
    decode = "Postprocessor/Decode/"
    nodes = [
        helper.make_node("Squeeze", ["encoded", "two"], ["Squeeze:0"]),
        helper.make_node("Reshape", ["Squeeze:0", "flat"], ["Postprocessor/Reshape_1:0"]),
        helper.make_node(
            "Transpose", ["Postprocessor/Reshape_1:0"], [f"{decode}transpose:0"], perm=[1, 0]
        ),
        helper.make_node("Split", [f"{decode}transpose:0"], ["a", "b", "c", "d"], axis=0),
        *(
            node
            for part, anchor in zip("abcd", anchors, strict=True)
            for node in (
                helper.make_node("Squeeze", [part, "zero"], [f"{part}1"]),
                helper.make_node("Mul", [f"{part}1", anchor], [f"{part}2"]),
                helper.make_node("Unsqueeze", [f"{part}2", "zero"], [f"{part}3"]),
            )
        ),
        helper.make_node("Concat", ["a3", "b3", "c3", "d3"], ["stacked"], axis=0),
        helper.make_node("Transpose", ["stacked"], [f"{decode}transpose_1:0"], perm=[1, 0]),
        helper.make_node(
            "Reshape", [f"{decode}transpose_1:0", "per picture"], ["Postprocessor/Reshape_2:0"]
        ),
    ]
    constants = [
        *anchors.values(),
        numpy_helper.from_array(np.array([2], np.int64), "two"),
        numpy_helper.from_array(np.array([0], np.int64), "zero"),
        *(numpy_helper.from_array(np.array(v, np.int64), k) for k, v in shapes.items()),
    ]
    graph = helper.make_graph(
        nodes,
        "tail",
        [helper.make_tensor_value_info("encoded", TensorProto.FLOAT, [1, 5, 1, 4])],
        [helper.make_tensor_value_info("Postprocessor/Reshape_2:0", TensorProto.FLOAT, [1, 5, 4])],
        constants,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)])
    model.ir_version = 8
    return model


def test_a_decoder_written_for_one_picture_decodes_each_of_several_alike() -> None:
    model = ssd_tail()
    free = free_person_batch(model)
    encoded = RNG.normal(size=(3, 5, 1, 4)).astype(np.float32)
    together = answers(free, encoded)[0]
    assert together.shape == (3, 5, 4)
    for k in range(3):
        np.testing.assert_array_equal(together[k], answers(model, encoded[k : k + 1])[0][0])


def fused(*operations: str) -> dict[str, object]:
    names = [base64.b64encode(one.encode()).decode() for one in operations]
    return {
        "name": "layer",
        "op": "_FusedConv2D",
        "input": ["before", "weights", "bias"],
        "attr": {
            "T": {"type": "DT_FLOAT"},
            "strides": {"list": {"i": ["1", "2", "2", "1"]}},
            "data_format": {"s": "TkhXQw=="},
            "fused_ops": {"list": {"s": names}},
            "num_args": {"i": "1"},
        },
    }


def test_a_fused_convolution_becomes_its_steps_and_keeps_its_name() -> None:
    other = {"name": "out", "op": "Identity", "input": ["layer"], "attr": {}}
    steps = unfused([fused("BiasAdd", "Relu6"), other])
    assert [(one["op"], one["input"]) for one in steps] == [
        ("Conv2D", ["before", "weights"]),
        ("BiasAdd", ["layer/convolution", "bias"]),
        ("Relu6", ["layer/step0"]),
        ("Identity", ["layer"]),
    ]
    assert steps[2]["name"] == "layer"
    assert steps[0]["attr"].keys() == {"T", "strides", "data_format"}


def test_a_fused_step_that_is_not_known_is_refused() -> None:
    with pytest.raises(ValueError, match="layer holds Prelu"):
        unfused([fused("BiasAdd", "Prelu")])


def test_the_command_writes_a_file_that_runs_and_prints_its_digest(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, target = tmp_path / "in.onnx", tmp_path / "out.onnx"
    onnx.save(small_network(), source)
    assert main(["half-weights", str(source), str(target)]) == 0
    printed = capsys.readouterr().out
    assert "answers moved by at most" in printed
    assert hashlib.sha256(target.read_bytes()).hexdigest() in printed
    assert ort.InferenceSession(target).get_inputs()[0].shape == [1, 64]


def test_the_command_says_why_a_step_cannot_be_taken(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = tmp_path / "in.onnx"
    onnx.save(small_network(), source)
    assert main(["free-pose", str(source), str(tmp_path / "out.onnx")]) == 1
    assert "is it the model that this step is for" in capsys.readouterr().err
    assert not (tmp_path / "out.onnx").exists()


@pytest.mark.skipif(
    importlib.util.find_spec("tensorflow") is not None, reason="TensorFlow is installed here"
)
def test_a_missing_tool_is_named_with_the_way_to_get_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = tmp_path / "model.json"
    source.write_text(json.dumps({"modelTopology": {"node": []}, "weightsManifest": []}))
    assert main(["tfjs", str(source), str(tmp_path / "out.onnx")]) == 1
    assert "tensorflow and tf2onnx must be installed" in capsys.readouterr().err
