"""Fuse scorings of passages into one.

Knows nothing of vectors, words or stores: it sees scores by passage id.
"""

from collections.abc import Mapping, Sequence


def fuse(scorings: Sequence[Mapping[str, float]], weights: Sequence[float]) -> list[tuple[str, float]]:
    """Weighted mean of the scores, each scoring stretched to [0, 1] (Bruch, Gai and Ingber, ACM TOIS 2023).

    Returns (id, score in [0, 1]) pairs, best first, each id once; what a scoring does not know has 0 in it.
    Ties keep the order of the first scoring. It found more than the ranks alone (LOG.md, 2026-11-23).
    """
    fused: dict[str, float] = {}
    for scoring, weight in zip(scorings, weights, strict=True):
        least, most = min(scoring.values(), default=0.0), max(scoring.values(), default=0.0)
        for name, score in scoring.items():
            stretched = (score - least) / (most - least) if most > least else 1.0
            fused[name] = fused.get(name, 0.0) + weight / sum(weights) * stretched
    return sorted(fused.items(), key=lambda pair: -pair[1])
