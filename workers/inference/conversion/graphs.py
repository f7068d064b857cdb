"""Editing ONNX graphs by name, and asking whether two graphs answer alike."""

from collections.abc import Sequence

import numpy as np
import onnx
import onnxruntime as ort
from numpy.typing import NDArray
from onnx import GraphProto, ModelProto, NodeProto

_SEED = 20261123


def node_making(graph: GraphProto, output: str) -> NodeProto:
    """The node that makes this output. Raises KeyError: then this is not the graph meant."""
    for node in graph.node:
        if output in node.output:
            return node
    raise KeyError(f"the graph makes no {output}; is it the model that this step is for?")


def tidied(model: ModelProto) -> ModelProto:
    """The same model with nodes in order of need, and nothing that no output needs. Checked."""
    graph = model.graph
    makers = {output: node for node in graph.node for output in node.output if output}
    ordered: list[NodeProto] = []
    placed: set[int] = set()
    waiting = [(makers[value.name], False) for value in reversed(graph.output)]
    while waiting:
        node, inputs_done = waiting.pop()
        if id(node) in placed:
            continue
        if inputs_done:
            placed.add(id(node))
            ordered.append(node)
            continue
        waiting.append((node, True))
        waiting.extend((makers[name], False) for name in node.input if name in makers)
    used = {name for node in ordered for name in node.input}
    kept = [one for one in graph.initializer if one.name in used]
    result = ModelProto()
    result.CopyFrom(model)
    del result.graph.node[:], result.graph.initializer[:]
    result.graph.node.extend(ordered)
    result.graph.initializer.extend(kept)
    onnx.checker.check_model(result)
    return result


def random_input(model: ModelProto, *, batch: int = 1) -> NDArray[np.generic]:
    """Random pictures in the shape, type and range (0..255) of the model's input; free sides 1 or 64."""
    given = model.graph.input[0].type.tensor_type
    sides = [side.dim_value or 64 for side in given.shape.dim]
    values = np.random.default_rng(_SEED).uniform(0, 255, (batch, *sides[1:]))
    return values.astype(onnx.helper.tensor_dtype_to_np_dtype(given.elem_type))


def answers(model: ModelProto, pictures: NDArray[np.generic]) -> list[NDArray[np.floating]]:
    """The model's outputs on the CPU."""
    session = ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    found: list[NDArray[np.floating]] = session.run(None, {session.get_inputs()[0].name: pictures})
    return found


def largest_difference(
    one: Sequence[NDArray[np.floating]], other: Sequence[NDArray[np.floating]]
) -> float:
    """The largest absolute difference over all outputs; infinite when shapes differ."""
    if [a.shape for a in one] != [b.shape for b in other]:
        return float("inf")
    return max(float(np.abs(a - b).max()) for a, b in zip(one, other, strict=True))
