"""An embedder that keeps its vectors on disk, so that a text is embedded once in many runs."""

import hashlib
import uuid
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from index.embed import PACKAGED, Embedder

AT_ONCE = 1024
"""Texts embedded before their vectors are written; what an interruption loses."""


class CachedEmbedder(Embedder):
    """An Embedder with its vectors in `folder/<fingerprint>/*.npz`, by SHA-256 of the text.

    Two processes may use one folder: each writes files of its own.
    """

    def __init__(self, folder: Path, model: str = PACKAGED) -> None:
        super().__init__(model)
        self._files = folder / self.fingerprint.replace("/", "_")
        self._files.mkdir(parents=True, exist_ok=True)
        self._known: dict[bytes, np.ndarray] = {}
        for file in sorted(self._files.glob("*.npz")):
            with np.load(file) as kept:
                keys = (bytes(key) for key in kept["keys"])
                self._known |= dict(zip(keys, kept["vectors"], strict=True))

    def passages(self, texts: Sequence[str], batch: int = 32) -> np.ndarray:
        """Unit vectors, float32, shape (n, d), in the order of the texts."""
        keys = [hashlib.sha256(text.encode()).digest() for text in texts]
        new = {key: text for key, text in zip(keys, texts, strict=True) if key not in self._known}
        missing = sorted(new.items(), key=lambda item: len(item[1]))
        for at in range(0, len(missing), AT_ONCE):
            self._learn(missing[at : at + AT_ONCE], batch)
        return np.stack([self._known[key] for key in keys]) if keys else super().passages([])

    def _learn(self, texts: Sequence[tuple[bytes, str]], batch: int) -> None:
        vectors = super().passages([text for _, text in texts], batch)
        keys = [key for key, _ in texts]
        self._known |= dict(zip(keys, vectors, strict=True))
        if len(texts) > 1:  # a lone question is not worth a file
            packed = np.frombuffer(b"".join(keys), dtype=np.uint8).reshape(len(keys), -1)
            part = self._files / f"{uuid.uuid4().hex}.part"
            with part.open("wb") as file:
                np.savez(file, keys=packed, vectors=vectors)
            part.rename(part.with_suffix(".npz"))
