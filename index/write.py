"""Passages embedded, so many at once."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from index.embed import Embedder
from index.passage_vectors import passage_vectors
from ingest.document import Document
from ingest.passages import Passage

Progress = Callable[[int, int], None]
"""Called with (passages done, passages in all)."""


def untold(*_: object) -> None:
    """What is told to nobody, and no objection."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A document cut and embedded, here or elsewhere. vectors: of its passages, unit length, float32, shape
    (n, d). sentences: of each passage's sentences, float16, shape (sentences, d), as the catalog keeps them.
    """

    document: Document
    passages: Sequence[Passage]
    vectors: np.ndarray
    sentences: Sequence[np.ndarray]


def embed(
    embedder: Embedder, passages: Sequence[Passage], at_once: int, progress: Progress = untold
) -> tuple[np.ndarray, list[np.ndarray]]:
    """Embed passages, so many at once: their vectors, and those of their sentences, as in Prepared."""
    vectors: list[np.ndarray] = []
    kept: list[np.ndarray] = []
    for at in range(0, len(passages), at_once):
        part = passages[at : at + at_once]
        whole, sentences = passage_vectors(embedder, part)
        vectors.append(whole)
        kept += sentences
        progress(at + len(part), len(passages))
    return np.concatenate(vectors) if vectors else np.empty((0, 0), np.float32), kept
