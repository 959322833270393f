"""Export a checkpoint: python -m app.reader.training.export CHECKPOINT… [--out FOLDER].

Of several checkpoints or exported readers, the mean of their weights. Writes reader.onnx, int8 by dynamic
quantisation, and its SHA-256 in reader.json. Needs the extra `train` (onnx).
"""

import argparse
import hashlib
import json
import tempfile
from collections.abc import Sequence
from pathlib import Path

import onnx
import torch
from onnx import helper
from onnxruntime.quantization import QuantType, quantize_dynamic
from onnxruntime.transformers.optimizer import optimize_model

from app.reader.model import WEIGHTS
from app.reader.training.encoder import read_network
from app.reader.training.network import network_of

OUTPUTS = ("evidence", "start", "end", "answerable")


def export(checkpoints: Sequence[Path], out: Path) -> None:
    """Write the network of a checkpoint, or the mean of several, as ONNX with int8 weights."""
    states = [read_network(path).state_dict() for path in checkpoints]
    mean = {name: torch.stack([state[name] for state in states]).mean(0) for name in states[0]}
    network = network_of(mean)
    network.eval()
    example = tuple(torch.ones(2, 9, dtype=torch.long) for _ in range(3))
    names = ("ids", "mask", "type_ids")
    axes = {name: {0: "batch", 1: "tokens"} for name in (*names, *OUTPUTS[:3])} | {"answerable": {0: "batch"}}
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        whole = Path(folder) / "reader.onnx"
        torch.onnx.export(
            network, example, str(whole), input_names=list(names), output_names=list(OUTPUTS),
            dynamic_axes=axes, opset_version=17, dynamo=False,
        )  # fmt: skip
        fused = Path(folder) / "fused.onnx"
        model = optimize_model(str(whole), "bert", num_heads=12, hidden_size=384).model
        onnx.save(without_skips(model), fused)
        # Weights to 64, as in index/encoder.py, but for those of the words, which are looked up.
        kinds = {
            "weight_type": QuantType.QInt8,
            "extra_options": {"DefaultTensorType": onnx.TensorProto.FLOAT},
        }
        layers = Path(folder) / "layers.onnx"
        multiplied = ["MatMul", "Attention"]
        quantize_dynamic(
            fused, layers, op_types_to_quantize=multiplied, per_channel=True, reduce_range=True, **kinds
        )
        quantize_dynamic(
            layers, out / "reader.onnx", op_types_to_quantize=["EmbedLayerNormalization"], **kinds
        )
    digest = hashlib.sha256((out / "reader.onnx").read_bytes()).hexdigest()
    (out / "reader.json").write_text(json.dumps({"sha256": digest}) + "\n", encoding="utf-8")
    print(f"{out / 'reader.onnx'}: {(out / 'reader.onnx').stat().st_size / 1e6:.1f} MB, {digest}")


def without_skips(model: onnx.ModelProto) -> onnx.ModelProto:
    """The model with sums and LayerNormalization in place of SkipLayerNormalization, which takes six times as
    long in onnxruntime (LOG.md)."""
    nodes: list[onnx.NodeProto] = []
    for node in model.graph.node:
        if node.op_type != "SkipLayerNormalization":
            nodes.append(node)
            continue
        (output,) = filter(None, node.output)
        value, skip, weight, shift, *bias = node.input
        for n, added in enumerate([*bias, skip]):
            nodes.append(helper.make_node("Add", [value, added], [f"{output}.{n}"]))
            value = f"{output}.{n}"
        epsilon = next(a.f for a in node.attribute if a.name == "epsilon")
        nodes.append(
            helper.make_node("LayerNormalization", [value, weight, shift], [output], epsilon=epsilon)
        )
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    return model


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkpoints", type=Path, nargs="+")
    parser.add_argument("--out", type=Path, default=WEIGHTS)
    arguments = parser.parse_args()
    export(arguments.checkpoints, arguments.out)
