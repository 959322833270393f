"""Evidence as spans: what is needed against what is cited, counted in spans and in characters.

A place is (document id, half-open character offsets into the document's text). What is needed is a
list of items, each a list of alternatives of which one suffices.
"""

from collections.abc import Sequence

from ingest.document import Span

Placed = tuple[str, Span]
"""A span of the document with that id."""
Needed = Sequence[Sequence[Placed]]
"""Items, each with its alternatives; never an item without any."""
Chars = frozenset[tuple[str, int]]
"""Characters of documents, as (document id, offset)."""


def chars(spans: Sequence[Placed]) -> Chars:
    """The characters that the spans cover, each once."""
    return frozenset((name, i) for name, span in spans for i in range(span.start, span.end))


def same_place(a: Placed, b: Placed) -> bool:
    """Whether two spans speak of the same place: they share half of the shorter one, or more."""
    shared = min(a[1].end, b[1].end) - max(a[1].start, b[1].start)
    shorter = min(a[1].end - a[1].start, b[1].end - b[1].start)
    return a[0] == b[0] and shared > 0 and shared * 2 >= shorter


def span_recall(needed: Needed, cited: Sequence[Placed]) -> float:
    """Share of the needed items that are cited; of alternatives one suffices. In [0, 1]."""
    found = sum(any(same_place(gold, c) for gold in item for c in cited) for item in needed)
    return found / len(needed)


def span_precision(needed: Needed, cited: Sequence[Placed]) -> float:
    """Share of the cited spans that are needed ones or alternatives of them. Nothing cited is 0."""
    if not cited:
        return 0.0
    return sum(any(same_place(gold, c) for item in needed for gold in item) for c in cited) / len(cited)


def char_recall(needed: Needed, cited: Sequence[Placed]) -> float:
    """Share of the needed characters that are cited, items added up. Of alternatives the best covered
    one counts."""
    covered = chars(cited)
    best = _best(needed, covered)
    return sum(len(c & covered) for c in best) / sum(map(len, best))


def char_precision(needed: Needed, cited: Sequence[Placed]) -> float:
    """Share of the cited characters that lie in a needed span or an alternative. Nothing cited is 0."""
    covered = chars(cited)
    gold = chars([one for item in needed for one in item])
    return len(covered & gold) / len(covered) if covered else 0.0


def char_iou(needed: Needed, cited: Sequence[Placed]) -> float:
    """Intersection over union (Jaccard index) of the needed and the cited characters, each once.

    Of alternatives the best covered one counts; characters cited of the others are left out on both
    sides, so that citing two alternatives costs nothing. Nothing cited is 0. Not the mean over pairs
    of spans, as in object detection.
    """
    covered = chars(cited)
    gold = frozenset().union(*_best(needed, covered))
    covered -= chars([one for item in needed for one in item]) - gold
    return len(covered & gold) / len(covered | gold)


def _best(needed: Needed, covered: Chars) -> list[Chars]:
    """Of each item the alternative of which the largest share is covered; of equals the first."""
    return [max((chars([gold]) for gold in item), key=lambda c: len(c & covered) / len(c)) for item in needed]
