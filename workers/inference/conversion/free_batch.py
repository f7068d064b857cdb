"""Letting the person and the pose model take any number of pictures at once.

Both were published for one picture. What fixes them to it is the tail behind the convolutions:
reshapes to a first side of 1, and look-ups whose batch index is written into the graph. The tail
is changed, the weights are not; answers stay the same to 3e-7.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper

from workers.inference.conversion.graphs import node_making, tidied

BATCH = "N"

_SCOPE = "StatefulPartitionedCall/"
_DECODE = "Postprocessor/Decode/"
_CELLS = 48
_JOINTS = 17

_POSE_CONSTANTS: Mapping[str, NDArray[Any]] = {
    "free/axis1": np.array([1], np.int64),
    "free/axis2": np.array([2], np.int64),
    "free/axes13": np.array([1, 3], np.int64),
    "free/one_row": np.array([0, 1, 1, _JOINTS], np.int64),
    "free/per_joint": np.array([0, _JOINTS, 2], np.int64),
    "free/per_cell": np.array([0, _CELLS, _CELLS, _JOINTS, 2], np.int64),
    "free/zero": np.zeros(1, np.int32),
    "free/joints": np.arange(_JOINTS, dtype=np.int32).reshape(1, _JOINTS, 1),
}


def free_person_batch(model: ModelProto) -> ModelProto:
    """The SSD (COCO) graph for [N, 300, 300, 3]: boxes are decoded for all pictures at once.

    Its decoder flattens boxes to [1917, 4] and adds 1917 anchors; here they stay [N, 1917] for
    each coordinate, so that the same anchors are added to each picture.
    A decoder that computes its shapes when it runs is left as it is.
    """
    result = _copied(model)
    written_down = {one.name for one in result.graph.initializer}
    decoder = node_making(result.graph, "Postprocessor/Reshape_2:0")
    is_fixed = decoder.input[1] in written_down
    for node in result.graph.node:
        if node.op_type == "Reshape" and node.input[1] in written_down:
            _keep_batch(result, node)
    if is_fixed:
        _permute(result, f"{_DECODE}transpose:0", source="Squeeze:0", order=(2, 0, 1))
        _permute(result, f"{_DECODE}transpose_1:0", order=(1, 2, 0))
    return _declared(result)


def free_pose_batch(model: ModelProto) -> ModelProto:
    """The MoveNet graph for [N, 192, 192, 3]: its look-ups take the batch as `batch_dims`."""
    result = _copied(model)
    for name in (_source(result, "truediv_2:0"), f"{_SCOPE}Reshape_2:0", f"{_SCOPE}Reshape_7:0"):
        _keep_batch(result, node_making(result.graph, name))
    node_making(result.graph, f"{_SCOPE}sub_5:0").input[1] = "free/expected_row"
    node_making(result.graph, f"{_SCOPE}sub_6:0").input[1] = "free/expected_column"
    expected, refined = _expected_places(result), _refined_places(result)
    del node_making(result.graph, "Identity:0").output[:]
    result.graph.node.extend([*expected, *refined])
    result.graph.initializer.extend(
        numpy_helper.from_array(value, name) for name, value in _POSE_CONSTANTS.items()
    )
    return _declared(result)


def _expected_places(model: ModelProto) -> list[NodeProto]:
    """From the person's middle cell [N, 1] to where each joint is expected, [N, 1, 1, 17]."""
    regression = _source(model, "GatherNd:0")
    return [
        _new("Concat", f"{_SCOPE}floordiv:0", f"{_SCOPE}sub_4:0", to="cell", axis=1),
        _cast("cell", TensorProto.INT64, to="cell_index"),
        _new("GatherND", regression, "free/cell_index", to="regressed", batch_dims=1),
        _new("Reshape", "free/regressed", "free/per_joint", to="regressed_joints"),
        _cast("cell", TensorProto.FLOAT, to="cell_place"),
        _new("Unsqueeze", "free/cell_place", "free/axis1", to="cell_joints"),
        _new("Add", "free/cell_joints", "free/regressed_joints", to="expected"),
        helper.make_node("Split", ["free/expected"], ["free/rows", "free/columns"], axis=2),
        _new("Reshape", "free/rows", "free/one_row", to="expected_row"),
        _new("Reshape", "free/columns", "free/one_row", to="expected_column"),
    ]


def _refined_places(model: ModelProto) -> list[NodeProto]:
    """From each joint's best cell [N, 17] to the answer [N, 1, 17, 3]: place, offset, score."""
    heat, offsets = _source(model, "GatherNd_3:0"), _source(model, "GatherNd_1:0")
    return [
        _new("Unsqueeze", f"{_SCOPE}floordiv_1:0", "free/axis2", to="row"),
        _new("Unsqueeze", f"{_SCOPE}sub_7:0", "free/axis2", to="column"),
        _new("Mul", "free/row", "free/zero", to="nought"),
        _new("Add", "free/nought", "free/joints", to="joint"),
        _new("Concat", "free/row", "free/column", "free/joint", to="entry", axis=2),
        _cast("entry", TensorProto.INT64, to="entry_index"),
        _new("GatherND", heat, "free/entry_index", to="score", batch_dims=1),
        _new("Unsqueeze", "free/score", "free/axes13", to="scores"),
        _new("Reshape", offsets, "free/per_cell", to="offsets"),
        _new("GatherND", "free/offsets", "free/entry_index", to="offset", batch_dims=1),
        _new("Concat", "free/row", "free/column", to="place", axis=2),
        _cast("place", TensorProto.FLOAT, to="place_cells"),
        _new("Add", "free/place_cells", "free/offset", to="moved"),
        _new("Unsqueeze", "free/moved", "free/axis1", to="moved_once"),
        _new("Mul", "free/moved_once", f"{_SCOPE}Reshape_13:0", to="places"),
        helper.make_node("Concat", ["free/places", "free/scores"], ["Identity:0"], axis=3),
    ]


def _source(model: ModelProto, reader: str) -> str:
    """What the node that makes `reader` reads first; the converter numbers these names anew each time."""
    return node_making(model.graph, _SCOPE + reader).input[0]


def _new(operation: str, *inputs: str, to: str, **attributes: int) -> NodeProto:
    node = helper.make_node(operation, list(inputs), [f"free/{to}"])
    node.attribute.extend(helper.make_attribute(*one) for one in attributes.items())
    return node


def _cast(source: str, kind: int, *, to: str) -> NodeProto:
    return helper.make_node("Cast", [f"free/{source}"], [f"free/{to}"], to=kind)


def _copied(model: ModelProto) -> ModelProto:
    """A copy to change. Raises ValueError when the model already takes more than one picture."""
    if model.graph.input[0].type.tensor_type.shape.dim[0].dim_value != 1:
        raise ValueError("the model already takes any number of pictures")
    result = ModelProto()
    result.CopyFrom(model)
    return result


def _keep_batch(model: ModelProto, node: NodeProto) -> None:
    """A reshape to [1, ...] becomes one to [0, ...], where 0 keeps the first side as it is."""
    constants = {one.name: one for one in model.graph.initializer}
    shape = numpy_helper.to_array(constants[node.input[1]]).copy()
    if shape[0] == 1:
        shape[0] = 0
        node.input[1] = f"free/shape/{node.output[0]}"
        model.graph.initializer.append(numpy_helper.from_array(shape, node.input[1]))


def _permute(model: ModelProto, output: str, *, order: tuple[int, ...], source: str = "") -> None:
    node = node_making(model.graph, output)
    del node.attribute[:]
    node.attribute.append(helper.make_attribute("perm", order))
    if source:
        node.input[0] = source


def _declared(model: ModelProto) -> ModelProto:
    """The model with a free first side declared, and without what the changes left unused."""
    for value in (*model.graph.input, *model.graph.output):
        value.type.tensor_type.shape.dim[0].dim_param = BATCH
    del model.graph.value_info[:]
    return tidied(model)
