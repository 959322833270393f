"""Measures as pure functions over plain values; each docstring settles which rival definition is meant.

Those over spans and over words are named here. `retrieval`, `citations`, `refusal` and `stats` are
imported by module: they bring ir-measures, scikit-learn and scipy, which take a while to load.
"""

from eval.measures.answers import exact_match, facts_present, token_f1
from eval.measures.spans import (
    char_iou,
    char_precision,
    char_recall,
    chars,
    same_place,
    span_precision,
    span_recall,
)

__all__ = [
    "char_iou",
    "char_precision",
    "char_recall",
    "chars",
    "exact_match",
    "facts_present",
    "same_place",
    "span_precision",
    "span_recall",
    "token_f1",
]
