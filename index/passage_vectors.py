"""Passages become vectors: one pass of the model for their headings and sentences together."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from index.compose import compose
from index.embed import Embedder
from ingest.passages import Passage


def texts_of(passages: Sequence[Passage]) -> tuple[list[str], list[str]]:
    """What the model reads of passages: their headings, each once, and all of their sentences."""
    headings = list(dict.fromkeys(p.heading for p in passages))
    return headings, [p.plain(s) for p in passages for s in p.sentences]


def passage_vectors(embedder: Embedder, passages: Sequence[Passage]) -> tuple[np.ndarray, list[np.ndarray]]:
    """A unit vector a passage, shape (n, d), n > 0, and those of each passage's sentences, in half
    precision, as the catalog keeps them."""
    headings, sentences = texts_of(passages)
    vectors = embedder.passages([*headings, *sentences])
    of_heading = dict(zip(headings, vectors, strict=False))
    ends = np.cumsum([len(headings), *(len(p.sentences) for p in passages)])
    own = [vectors[a:b] for a, b in pairwise(ends)]
    composed = [
        compose(v, [s.end - s.start for s in p.sentences], of_heading[p.heading])
        for p, v in zip(passages, own, strict=True)
    ]
    return np.stack(composed), [v.astype(np.float16) for v in own]
