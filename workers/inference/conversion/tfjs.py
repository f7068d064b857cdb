"""From a TensorFlow.js graph model to ONNX: `tf2onnx` does it, after fused nodes are taken apart.

TensorFlow.js writes a convolution with its bias and its activation as one node, which TensorFlow
refuses to import. The three nodes that it stands for mean the same.
"""

import base64
import copy
import importlib.util
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

_PLAIN = {
    "_FusedConv2D": "Conv2D",
    "FusedDepthwiseConv2dNative": "DepthwiseConv2dNative",
}
_CONVOLUTION_ATTRIBUTES = (
    "T",
    "strides",
    "padding",
    "data_format",
    "dilations",
    "explicit_paddings",
)
_BIAS = "BiasAdd"
_ACTIVATIONS = frozenset({"Relu", "Relu6", "Elu", "Sigmoid"})
_OPSET = 13
_NEEDED = ("tensorflow", "tf2onnx")


class ToolMissing(Exception):
    """A package that this step needs is not installed. `str()` says which, and how to get it."""


def convert_tfjs(
    model_json: Path, target: Path, *, inputs: Sequence[str] = (), outputs: Sequence[str] = ()
) -> None:
    """Write the ONNX form (opset 13) of a TensorFlow.js graph model.

    `inputs` and `outputs` are tensor names, an input with its shape ("image:0[1,300,300,3]"); empty
    means those of the model. Raises ToolMissing, ValueError for a fused node that is not known here,
    and CalledProcessError when tf2onnx fails.
    """
    missing = [name for name in _NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        raise ToolMissing(
            f"{' and '.join(missing)} must be installed for this step, in an environment of its own: "
            "python3.11 -m venv convert && convert/bin/pip install tensorflow-cpu==2.16.2 "
            "tf2onnx==1.17.0 onnx==1.17.0 'numpy<2'"
        )
    with tempfile.TemporaryDirectory(prefix="tfjs-") as folder:
        plain = _unfused_copy(model_json, Path(folder))
        command = [sys.executable, "-m", "tf2onnx.convert", "--tfjs", str(plain)]
        command += ["--output", str(target), "--opset", str(_OPSET)]
        for option, names in (("--inputs", inputs), ("--outputs", outputs)):
            command += [option, ",".join(names)] if names else []
        subprocess.run(command, check=True)  # noqa: S603 - our own interpreter, no shell


def unfused(nodes: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The nodes of a TensorFlow.js topology, each fused convolution as its single steps.

    The last step keeps the fused node's name, so that nothing that reads it changes.
    """
    return [step for node in nodes for step in _steps(node)]


def _steps(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    if node["op"] not in _PLAIN:
        yield node
        return
    operations = [_text(one) for one in node["attr"]["fused_ops"]["list"]["s"]]
    unknown = [one for one in operations if one != _BIAS and one not in _ACTIVATIONS]
    if unknown:
        raise ValueError(
            f"{node['name']} holds {', '.join(unknown)}, which is not taken apart here"
        )
    last = f"{node['name']}/convolution"
    attributes = {
        k: copy.deepcopy(v) for k, v in node["attr"].items() if k in _CONVOLUTION_ATTRIBUTES
    }
    yield _node(last, _PLAIN[node["op"]], node["input"][:2], attributes)
    biases = iter(node["input"][2:])
    for index, operation in enumerate(operations):
        name = node["name"] if index == len(operations) - 1 else f"{node['name']}/step{index}"
        added = [next(biases)] if operation == _BIAS else []
        kept = ("T", "data_format") if operation == _BIAS else ("T",)
        yield _node(name, operation, [last, *added], {k: node["attr"][k] for k in kept})
        last = name


def _node(
    name: str, operation: str, inputs: Sequence[str], attributes: dict[str, Any]
) -> dict[str, Any]:
    return {"name": name, "op": operation, "input": list(inputs), "attr": attributes}


def _text(value: str | Sequence[int]) -> str:
    """A TensorFlow.js string: base64, or a list of bytes in older files."""
    raw = base64.b64decode(value) if isinstance(value, str) else bytes(value)
    return raw.decode()


def _unfused_copy(model_json: Path, folder: Path) -> Path:
    model = json.loads(model_json.read_text(encoding="utf-8"))
    model["modelTopology"]["node"] = unfused(model["modelTopology"]["node"])
    for group in model["weightsManifest"]:
        for name in group["paths"]:
            (folder / name).write_bytes((model_json.parent / name).read_bytes())
    copied = folder / "model.json"
    copied.write_text(json.dumps(model), encoding="utf-8")
    return copied
