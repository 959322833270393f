"""A passage's vector from the vectors of its sentences: one pass of the model serves both.

Knows nothing of models or stores: it sees unit vectors.
"""

from collections.abc import Sequence

import numpy as np

HEADING_SHARE = 0.3
"""Weight of title and section beside the sentences' mean. On the tuning halves 0, 0.3 and 0.5 gave
evidence recall@6 of 0.83/0.93, 0.83/0.95 and 0.83/0.95 (article/samples, fused with words), and
embedding whole passages, at twice the cost, 0.83/0.93 (LOG.md, 2026-11-22)."""


def compose(sentences: np.ndarray, lengths: Sequence[int], heading: np.ndarray) -> np.ndarray:
    """The passage's unit vector, float32, shape (d,).

    sentences: unit vectors, shape (n, d), n > 0; lengths: their characters, as weights; heading:
    unit vector of title and section, shape (d,).
    """
    weights = np.asarray(lengths, dtype=np.float32)
    mean = weights @ sentences
    mean = mean / max(float(np.linalg.norm(mean)), 1e-9) + HEADING_SHARE * heading
    return (mean / max(float(np.linalg.norm(mean)), 1e-9)).astype(np.float32)
