"""Passages embedded and written into the vector store, so many at once."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from index.embed import Embedder
from index.passage_vectors import passage_vectors
from ingest.document import Document
from ingest.passages import Passage

if TYPE_CHECKING:
    from index.vectors import Vectors

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


def write(
    embedder: Embedder,
    vectors: "Vectors",
    passages: Sequence[Passage],
    at_once: int,
    progress: Progress = untold,
) -> list[np.ndarray]:
    """Embed passages, so many at once, and write their vectors; returns those of their sentences."""
    kept: list[np.ndarray] = []
    for at in range(0, len(passages), at_once):
        part = passages[at : at + at_once]
        whole, sentences = passage_vectors(embedder, part)
        vectors.add([p.id for p in part], whole)
        kept += sentences
        progress(at + len(part), len(passages))
    return kept
