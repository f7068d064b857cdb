"""Storing weights as float16 with a Cast back to float32: half the file, the same arithmetic."""

import numpy as np
from onnx import ModelProto, TensorProto, helper, numpy_helper

_SMALLEST = 1024
"""Tensors with fewer numbers stay as they are: they cost nothing, and some are shapes and scales."""


def with_half_weights(model: ModelProto) -> ModelProto:
    """The same graph with each large float32 weight kept as float16 and widened when it is loaded.

    Answers change by the rounding of the weights (about 0.05% each); `largest_difference` says how much.
    """
    result = ModelProto()
    result.CopyFrom(model)
    kept, widened = [], []
    for weight in result.graph.initializer:
        values = numpy_helper.to_array(weight)
        if values.dtype != np.float32 or values.size < _SMALLEST:
            kept.append(weight)
            continue
        half = f"{weight.name}/half"
        kept.append(numpy_helper.from_array(values.astype(np.float16), half))
        widened.append(helper.make_node("Cast", [half], [weight.name], to=TensorProto.FLOAT))
    nodes = [*widened, *result.graph.node]
    del result.graph.initializer[:], result.graph.node[:]
    result.graph.initializer.extend(kept)
    result.graph.node.extend(nodes)
    return result
