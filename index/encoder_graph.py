"""Write index/encoder.onnx: the network of all-MiniLM-L6-v2 in int8 as a graph without its weights.

Run once, `python -m index.encoder_graph`; needs the package onnx (the extra `train`). The weights are the
packaged ones, handed to the graph when it is loaded (index/encoder.py). Architecture: Devlin et al. (2019),
with the mean of the tokens, at unit length, as the text's vector (Reimers and Gurevych, 2019). Matrices are
in int8 with a scale a column, what comes in at each has one scale (dynamic quantisation). And the same graph
with its weights in it, for questions (app/reader/training/questions.py).
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper, save

from index.encoder import GRAPH, HEADS, LAYERS, SIZE, parameters, quantised

EPSILON = 1e-12
FUSED = "com.microsoft"
"""onnxruntime's own operators."""


def write_graph(path: Path, values: Mapping[str, np.ndarray] | None = None) -> None:
    """Write the graph: with these parameters of the network in it, or without any."""
    if values:
        inside = [numpy_helper.from_array(value, name) for name, value in quantised(values).items()]
    else:
        empty = quantised({name: np.zeros(shape, np.float32) for name, shape in parameters().items()})
        inside = [_outside(name, value) for name, value in empty.items()]
    save(_model(inside), path)


def _model(initial: list[TensorProto]) -> ModelProto:
    nodes = [*_embedding(), *(node for i in range(LAYERS) for node in _layer(i)), *_pooling()]
    graph = helper.make_graph(
        nodes,
        "encoder",
        [helper.make_tensor_value_info("ids", TensorProto.INT64, [1, "tokens"])],
        [helper.make_tensor_value_info("vectors", TensorProto.FLOAT, [1, SIZE])],
        initial,
    )
    versions = [helper.make_opsetid("", 17), helper.make_opsetid(FUSED, 1)]
    return helper.make_model(graph, opset_imports=versions, ir_version=10)


def _outside(name: str, value: np.ndarray) -> TensorProto:
    """A parameter whose values are handed over later."""
    kind = helper.np_dtype_to_tensor_dtype(value.dtype)
    tensor = TensorProto(name=name, data_type=kind, dims=value.shape, data_location=TensorProto.EXTERNAL)
    entry = tensor.external_data.add()
    entry.key, entry.value = "location", "weights"
    return tensor


def _embedding() -> list[NodeProto]:
    return [
        helper.make_node("Gather", ["words", "ids"], ["rounded"]),
        helper.make_node("Cast", ["rounded"], ["whole"], to=TensorProto.FLOAT),
        helper.make_node("Gather", ["words.scale", "ids"], ["scaling"]),
        helper.make_node("Mul", ["whole", "scaling"], ["worded"]),
        helper.make_node("Shape", ["ids"], ["tokens"], start=1, end=2),
        helper.make_node("Constant", [], ["zero"], value_ints=[0]),
        helper.make_node("Slice", ["positions", "zero", "tokens", "zero"], ["placed"]),
        helper.make_node("Add", ["worded", "placed"], ["embedded"]),
        _normed("embedded", "norm", "x0"),
    ]


def _layer(i: int) -> list[NodeProto]:
    x, p = f"x{i}", f"{i}."

    def fused(kind: str, inputs: list[str], outputs: list[str], **attributes: Any) -> NodeProto:
        return helper.make_node(kind, inputs, outputs, domain=FUSED, **attributes)

    def times(value: str, name: str, output: str, bias: str = "") -> NodeProto:
        weight = f"{p}{name}.weight"
        return fused("DynamicQuantizeMatMul", [value, weight, f"{weight}.scale", "", bias], [output])

    rounded, scale, zero = (f"{p}{part}" for part in ("rounded", "scale", "zero"))
    qkv = f"{p}qkv.weight"
    return [
        helper.make_node("DynamicQuantizeLinear", [x], [rounded, scale, zero]),
        fused(
            "QAttention",
            [rounded, qkv, f"{p}qkv.bias", scale, f"{qkv}.scale", "", zero],
            [p + "attended"],
            num_heads=HEADS,
        ),
        times(p + "attended", "out", p + "mixed", f"{p}out.bias"),
        helper.make_node("Add", [p + "mixed", x], [p + "middle"]),
        _normed(p + "middle", p + "norm1", p + "middled"),
        times(p + "middled", "up", p + "wide"),
        fused("BiasGelu", [p + "wide", f"{p}up.bias"], [p + "bent"]),
        times(p + "bent", "down", p + "narrow", f"{p}down.bias"),
        helper.make_node("Add", [p + "narrow", p + "middled"], [p + "last"]),
        _normed(p + "last", p + "norm2", f"x{i + 1}"),
    ]


def _normed(value: str, norm: str, output: str) -> NodeProto:
    inputs = [value, f"{norm}.weight", f"{norm}.bias"]
    return helper.make_node("LayerNormalization", inputs, [output], epsilon=EPSILON)


def _pooling() -> list[NodeProto]:
    """The mean's length does not matter, so the sum will do."""
    return [
        helper.make_node("Constant", [], ["one"], value_ints=[1]),
        helper.make_node("ReduceSum", [f"x{LAYERS}", "one"], ["summed"], keepdims=0),
        helper.make_node("LpNormalization", ["summed"], ["vectors"], axis=-1, p=2),
    ]


if __name__ == "__main__":
    write_graph(GRAPH)
