"""A fitted network as an ONNX file that says what it needs to be used."""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from workers.inference.behaviour.model import METADATA_KEY, ModelFacts
from workers.inference.training.fitting import Network

_OPSET = 13
_IR_VERSION = 8


def onnx_bytes(network: Network, *, facts: ModelFacts) -> bytes:
    """The file: features float32 [N, F] → log-odds [N, 1]. The same network gives the same bytes."""
    weights = {
        "first": network.first,
        "first_bias": network.first_bias,
        "second": network.second[:, None],
        "second_bias": np.array([network.second_bias]),
    }
    graph = helper.make_graph(
        [
            helper.make_node("Gemm", ["features", "first", "first_bias"], ["hidden"]),
            helper.make_node("Relu", ["hidden"], ["active"]),
            helper.make_node("Gemm", ["active", "second", "second_bias"], ["log_odds"]),
        ],
        "behaviour",
        [
            helper.make_tensor_value_info(
                "features", TensorProto.FLOAT, ["N", network.first.shape[0]]
            )
        ],
        [helper.make_tensor_value_info("log_odds", TensorProto.FLOAT, ["N", 1])],
        [
            numpy_helper.from_array(array.astype(np.float32), name)
            for name, array in weights.items()
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", _OPSET)])
    model.ir_version = _IR_VERSION
    helper.set_model_props(model, {METADATA_KEY: facts.to_json()})
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString(deterministic=True))
