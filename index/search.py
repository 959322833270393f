"""A question becomes hits: passages by vector and by word, fused, each with its linked passages."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from index.fuse import fuse
from index.library import Library
from ingest.passages import Passage

CANDIDATES = 30
"""Passages asked of each ranking; more changed no evidence recall@6 (LOG.md)."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage found. score: fused, comparable within one search. similarity: cosine to the question,
    None for a passage that only words found. linked: the footnotes it refers to, or the body
    passages that refer to it."""

    passage: Passage
    score: float
    similarity: float | None
    linked: tuple[Passage, ...] = ()


def search(library: Library, question: str, most: int, documents: Sequence[str] = ()) -> list[Hit]:
    """The passages nearest to the question, best first. documents: ids to search in, empty for all."""
    vector = library.embedder.question(question)
    near = dict(_near(library, vector, documents))
    worded = library.catalog.search_words(question, CANDIDATES, documents)
    ranked = fuse([list(near), [name for name, _ in worded]])
    visible = library.catalog.passages([name for name, _ in ranked])
    if documents:
        visible = {name: p for name, p in visible.items() if p.document_id in documents}
    best = [(visible[name], score) for name, score in ranked if name in visible][:most]
    return [Hit(p, score, near.get(p.id), linked(library, p)) for p, score in best]


def _near(library: Library, vector: np.ndarray, documents: Sequence[str]) -> list[tuple[str, float]]:
    """Nearest passages; widened until enough of them are visible and in the documents asked for.

    Chroma's own filters cost 100 to 500 ms from 100,000 passages on.
    """
    most = CANDIDATES
    held = library.vectors.count()
    while True:
        near = library.vectors.search(vector, min(most, held)) if held else []
        if not documents or most >= held:
            return near
        if sum(name.split(":")[0] in documents for name, _ in near) >= CANDIDATES:
            return [(name, score) for name, score in near if name.split(":")[0] in documents]
        most *= 8


def linked(library: Library, passage: Passage) -> tuple[Passage, ...]:
    """The footnotes that a passage refers to, or the passages that refer to a footnote."""
    if passage.kind == "body":
        if not passage.notes:
            return ()
        return tuple(library.catalog.footnote_passages(passage.document_id, passage.notes))
    at = [library.catalog.passage_at(passage.document_id, position) for position in passage.marked_at]
    return tuple({p.id: p for p in at if p}.values())
