"""Write index/encoder.onnx: the network of all-MiniLM-L6-v2 as a graph without its weights.

Run once, `python -m index.encoder_graph`; needs the package onnx (the extra `train`). The weights are the
packaged ones, handed to the graph when it is loaded (index/encoder.py). Architecture: Devlin et al. (2019),
with the mean of the tokens, at unit length, as the text's vector (Reimers and Gurevych, 2019). And the same
graph with weights in int8, for questions (app/reader/training/questions.py).
"""

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from onnx import ModelProto, TensorProto, helper, numpy_helper, save
from onnxruntime.quantization import QuantType, quantize_dynamic

from index.encoder import GRAPH, HEADS, LAYERS, SIZE, parameters

EPSILON = 1e-12
FUSED = "com.microsoft"
"""onnxruntime's own operators; with them a batch takes a fifth less time than with the standard ones."""


def write_int8(values: Mapping[str, np.ndarray], path: Path) -> None:
    """Write the graph with these parameters in it, in int8 by dynamic quantisation."""
    inside = [numpy_helper.from_array(values[name], name) for name in parameters()]
    with tempfile.TemporaryDirectory() as folder:
        whole = Path(folder) / "whole.onnx"
        save(_model(inside), whole)
        quantize_dynamic(
            whole,
            path,
            weight_type=QuantType.QInt8,
            per_channel=True,
            extra_options={"DefaultTensorType": TensorProto.FLOAT},
        )


def _model(initial: list[TensorProto]) -> ModelProto:
    nodes = [*_embedding(), *(node for i in range(LAYERS) for node in _layer(i)), *_pooling()]
    graph = helper.make_graph(
        nodes,
        "encoder",
        [
            helper.make_tensor_value_info("ids", TensorProto.INT64, ["texts", "tokens"]),
            helper.make_tensor_value_info("lengths", TensorProto.INT32, ["texts"]),
            helper.make_tensor_value_info("mask", TensorProto.FLOAT, ["texts", "tokens", 1]),
        ],
        [helper.make_tensor_value_info("vectors", TensorProto.FLOAT, ["texts", SIZE])],
        initial,
    )
    versions = [helper.make_opsetid("", 17), helper.make_opsetid(FUSED, 1)]
    return helper.make_model(graph, opset_imports=versions, ir_version=10)


def _outside(name: str, shape: tuple[int, ...]) -> TensorProto:
    """A parameter whose values are handed over later."""
    tensor = TensorProto(
        name=name, data_type=TensorProto.FLOAT, dims=shape, data_location=TensorProto.EXTERNAL
    )
    entry = tensor.external_data.add()
    entry.key, entry.value = "location", "weights"
    return tensor


def _embedding() -> list:
    return [
        helper.make_node("Gather", ["words", "ids"], ["worded"]),
        helper.make_node("Shape", ["ids"], ["tokens"], start=1, end=2),
        helper.make_node("Constant", [], ["zero"], value_ints=[0]),
        helper.make_node("Slice", ["positions", "zero", "tokens", "zero"], ["placed"]),
        helper.make_node("Add", ["worded", "placed"], ["embedded"]),
        helper.make_node(
            "LayerNormalization", ["embedded", "norm.weight", "norm.bias"], ["x0"], epsilon=EPSILON
        ),
    ]


def _layer(i: int) -> list:
    x, p = f"x{i}", f"{i}."

    def fused(kind: str, inputs: list[str], output: str, **attributes: Any) -> object:
        return helper.make_node(kind, inputs, [p + output], domain=FUSED, **attributes)

    return [
        fused("Attention", [x, p + "qkv.weight", p + "qkv.bias", "lengths"], "attended", num_heads=HEADS),
        helper.make_node("MatMul", [p + "attended", p + "out.weight"], [p + "mixed"]),
        fused(
            "SkipLayerNormalization",
            [p + "mixed", x, p + "norm1.weight", p + "norm1.bias", p + "out.bias"],
            "middle",
            epsilon=EPSILON,
        ),
        helper.make_node("MatMul", [p + "middle", p + "up.weight"], [p + "wide"]),
        fused("BiasGelu", [p + "wide", p + "up.bias"], "bent"),
        helper.make_node("MatMul", [p + "bent", p + "down.weight"], [p + "narrow"]),
        helper.make_node(
            "SkipLayerNormalization",
            [p + "narrow", p + "middle", p + "norm2.weight", p + "norm2.bias", p + "down.bias"],
            [f"x{i + 1}"],
            domain=FUSED,
            epsilon=EPSILON,
        ),
    ]


def _pooling() -> list:
    """The mean's length does not matter, so the sum will do."""
    return [
        helper.make_node("Mul", [f"x{LAYERS}", "mask"], ["masked"]),
        helper.make_node("ReduceSum", ["masked", "one"], ["summed"], keepdims=0),
        helper.make_node("Constant", [], ["one"], value_ints=[1]),
        helper.make_node("LpNormalization", ["summed"], ["vectors"], axis=-1, p=2),
    ]


if __name__ == "__main__":
    save(_model([_outside(name, shape) for name, shape in parameters().items()]), GRAPH)
