"""A question becomes hits: passages by vector and by word, fused, each with its linked passages."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass, field

import numpy as np

from index.fuse import fuse
from index.library import Library
from ingest.errors import LibraryBusy
from ingest.passages import Passage

WEIGHTS = (1.0, 2.0, 0.6)
"""Of the passage's cosine to the question, that of its nearest sentence, and the score by words. Chosen with
the questions of the tuning side, asked of their own document and of all together (LOG.md, 2026-11-23)."""
CANDIDATES = 30
"""Passages asked of each scoring at least; more changed no evidence recall@6 (LOG.md)."""

TRIES = 5
"""Searches before a library that others change all the time is given up."""
BY_WORDS = ThreadPoolExecutor(8, thread_name_prefix="words")
"""Passages are searched by words while the question's vector is made and the nearest ones are searched."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage found. score: fused, in [0, 1], comparable within one search. similarity: cosine to the
    question, None for a passage that only words found. linked: the footnotes it refers to, or the body
    passages that refer to it. sentences: cosine of each sentence in passage and linked to the question,
    by (document id, start)."""

    passage: Passage
    score: float
    similarity: float | None
    linked: tuple[Passage, ...] = ()
    sentences: Mapping[tuple[str, int], float] = field(default_factory=dict)


def search(
    library: Library, question: str, most: int, documents: Sequence[str] = (), distinct: bool = False
) -> list[Hit]:
    """The passages nearest to the question, best first. documents: ids to search in, empty for all.
    distinct: of passages with the same text, as two copies of a document have, the first alone."""
    candidates = max(most, CANDIDATES)
    for _ in range(TRIES):
        # The context holds whose question it is, and with that what it may find.
        worded = BY_WORDS.submit(
            copy_context().run, library.catalog.search_words, question, candidates, documents
        )
        vector = library.embedder.question(question)
        near = dict(_near(library, vector, candidates, documents))
        hits = _hits(library, vector, near, dict(worded.result()), most, distinct)
        if hits is not None:
            return hits
    raise LibraryBusy(f"the library {library.name} changes faster than it can be searched; try again")


def _hits(
    library: Library,
    vector: np.ndarray,
    near: Mapping[str, float],
    worded: Mapping[str, float],
    most: int,
    distinct: bool,
) -> list[Hit] | None:
    """What the two searches found, by passage id, as hits; None where a document that was found was replaced
    or deleted before it was read."""
    cosines = _cosines(library, vector, list({**near, **worded}))
    nearest = {name: float(of.max()) for name, of in cosines.items()}
    ranked = fuse([near, nearest, worded], WEIGHTS)
    wanted = [name for name, _ in ranked[: most * 2 if distinct else most]]
    visible = library.catalog.passages(wanted)
    if len(visible) < len(wanted):
        return None
    found = [(visible[name], score) for name, score in ranked[: len(wanted)]]
    texts = [p.text for p, _ in found] if distinct else []
    best = [pair for i, pair in enumerate(found) if pair[0].text not in texts[:i]][:most]
    around = {p.id: linked(library, p) for p, _ in best}
    if any(_edition(q) != _edition(p) for p, _ in best for q in around[p.id]):
        return None
    missing = {q.id for p, _ in best for q in around[p.id]} - cosines.keys()
    cosines |= _cosines(library, vector, list(missing))
    return [
        Hit(
            p,
            score,
            near.get(p.id),
            around[p.id],
            {
                (q.document_id, s.start): float(cosine)
                for q in (p, *around[p.id])
                for s, cosine in zip(q.sentences, cosines.get(q.id, ()), strict=False)
            },
        )
        for p, score in best
    ]


def _edition(passage: Passage) -> str:
    """Document and version of a passage, which its id names."""
    return passage.id.rsplit(":", 1)[0]


def _cosines(library: Library, vector: np.ndarray, names: Sequence[str]) -> dict[str, np.ndarray]:
    """Cosine of each sentence of these passages to the question, by passage id."""
    return {name: rows @ vector for name, rows in library.catalog.sentence_vectors(names).items()}


def _near(
    library: Library, vector: np.ndarray, candidates: int, documents: Sequence[str]
) -> list[tuple[str, float]]:
    """The nearest passages; asks for more until enough of them are visible and in the documents asked for.

    Chroma's own filters cost 100 to 500 ms from 100,000 passages on.
    """
    most = candidates
    while True:
        near = library.vectors.search(vector, most)
        within = [(n, s) for n, s in near if not documents or n.rsplit(":", 2)[0] in documents]
        known = library.catalog.visible([name for name, _ in within])
        found = [(name, score) for name, score in within if name in known]
        if len(found) >= candidates or len(near) < most:
            return found[:candidates]
        most *= 8


def linked(library: Library, passage: Passage) -> tuple[Passage, ...]:
    """The footnotes that a passage refers to, or the passages that refer to a footnote."""
    if passage.kind == "body":
        if not passage.notes:
            return ()
        return tuple(library.catalog.footnote_passages(passage.document_id, passage.notes))
    at = [library.catalog.passage_at(passage.document_id, position) for position in passage.marked_at]
    return tuple({p.id: p for p in at if p}.values())
