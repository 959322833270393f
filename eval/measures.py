"""Measures as pure functions over spans and counts. Each docstring settles which definition is meant."""

import math
from collections.abc import Sequence

from ingest.document import Span

Chars = frozenset[tuple[str, int]]
"""Characters of documents, as (document id, offset)."""


def chars(spans: Sequence[tuple[str, Span]]) -> Chars:
    """The characters that the spans cover, each once. spans: (document id, span)."""
    return frozenset((name, i) for name, span in spans for i in range(span.start, span.end))


def same_place(a: tuple[str, Span], b: tuple[str, Span]) -> bool:
    """Whether two spans speak of the same place: they share half of the shorter one, or more."""
    shared = min(a[1].end, b[1].end) - max(a[1].start, b[1].start)
    shorter = min(a[1].end - a[1].start, b[1].end - b[1].start)
    return a[0] == b[0] and shared > 0 and shared * 2 >= shorter


def span_recall(needed: Sequence[Sequence[tuple[str, Span]]], cited: Sequence[tuple[str, Span]]) -> float:
    """Share of the needed spans that are cited; of alternatives one suffices. In [0, 1]."""
    found = sum(any(same_place(gold, c) for gold in item for c in cited) for item in needed)
    return found / len(needed)


def span_precision(needed: Sequence[Sequence[tuple[str, Span]]], cited: Sequence[tuple[str, Span]]) -> float:
    """Share of the cited spans that are needed ones or alternatives of them. Nothing cited is 0."""
    if not cited:
        return 0.0
    return sum(any(same_place(gold, c) for item in needed for gold in item) for c in cited) / len(cited)


def char_recall(needed: Sequence[Sequence[tuple[str, Span]]], cited: Sequence[tuple[str, Span]]) -> float:
    """Share of the needed characters that are cited. Of alternatives the best covered one counts."""
    covered = chars(cited)
    best = [max((chars([gold]) for gold in item), key=lambda c: len(c & covered) / len(c)) for item in needed]
    return sum(len(c & covered) for c in best) / sum(map(len, best))


def char_precision(needed: Sequence[Sequence[tuple[str, Span]]], cited: Sequence[tuple[str, Span]]) -> float:
    """Share of the cited characters that lie in a needed span or an alternative. Nothing cited is 0."""
    covered = chars(cited)
    gold = chars([one for item in needed for one in item])
    return len(covered & gold) / len(covered) if covered else 0.0


def facts_present(facts: Sequence[Sequence[str]], text: str) -> float:
    """Share of the required facts of which some wording stands in the text, whatever its case."""
    folded = " ".join(text.split()).casefold()
    return sum(any(wording.casefold() in folded for wording in fact) for fact in facts) / len(facts)


def mean(values: Sequence[float]) -> float:
    """The mean; 0 of nothing."""
    return sum(values) / len(values) if values else 0.0


def quantile(values: Sequence[float], share: float) -> float:
    """The smallest value that `share` of the values do not exceed (nearest rank); 0 of nothing."""
    if not values:
        return 0.0
    ranked = sorted(values)
    return ranked[max(1, math.ceil(round(share * len(ranked), 9))) - 1]
