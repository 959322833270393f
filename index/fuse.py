"""Fuse rankings of passages into one.

Knows nothing of vectors, words or stores: it sees lists of passage ids, best first.
"""

from collections.abc import Sequence

RANK_OFFSET = 10
"""k in 1 / (k + rank); see LOG.md for what 10, 30 and 60 gave."""


def fuse(
    rankings: Sequence[Sequence[str]], weights: Sequence[float] | None = None
) -> list[tuple[str, float]]:
    """Reciprocal rank fusion (Cormack, Clarke and Büttcher, SIGIR 2009), each ranking by its weight.

    Returns (id, score) pairs, best first, each id once; ties keep the order of the first ranking.
    An empty ranking adds nothing.
    """
    scores: dict[str, float] = {}
    for ranking, weight in zip(rankings, weights or [1.0] * len(rankings), strict=True):
        for rank, name in enumerate(ranking, 1):
            scores[name] = scores.get(name, 0.0) + weight / (RANK_OFFSET + rank)
    return sorted(scores.items(), key=lambda pair: -pair[1])
