"""What is cited against what is needed, as pieces of text to colour. Pure functions over offsets.

Offsets are half-open character offsets into a document's text; a place is (document id, Span).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from eval.measures.citations import place
from eval.measures.spans import Placed, same_place

AROUND = 260
"""Characters of a passage shown at most on either side of what it is cited for: 130 questions with
three citations each stay under 1 MB, and a reader sees two or three sentences."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Consecutive text of one kind: "both" (cited and needed), "missed" (needed, not cited), "extra"
    (cited, not needed) or "". markers: citations that begin here."""

    kind: str
    text: str
    markers: tuple[int, ...] = ()


def needed_places(evidence: Sequence[Sequence[dict]], cited: Sequence[Placed]) -> list[Placed]:
    """What is to be coloured as needed: of alternatives the cited ones, or all where none is cited."""
    needed: list[Placed] = []
    for item in evidence:
        places = [place(one) for one in item]
        hit = [gold for gold in places if any(same_place(gold, c) for c in cited)]
        needed += hit or places
    return needed


def pieces(
    text: str, at: Placed, cited: Sequence[Placed], needed: Sequence[Placed], markers: Sequence[int] = ()
) -> tuple[Piece, ...]:
    """Cut the text that stands at `at` where being cited or needed changes.

    markers: the number of each cited place, shown where it begins; none for none.
    """
    document, window = at
    here = [(span, n) for (name, span), n in zip(cited, markers or [0] * len(cited), strict=True)
            if name == document]  # fmt: skip
    gold = [span for name, span in needed if name == document]
    edges = {edge for span in (*(span for span, _ in here), *gold) for edge in (span.start, span.end)}
    cuts = sorted({window.start, window.end} | {e for e in edges if window.start < e < window.end})
    found = []
    for start, end in pairwise(cuts):
        is_cited = any(span.start <= start < span.end for span, _ in here)
        is_needed = any(span.start <= start < span.end for span in gold)
        kind = {(True, True): "both", (False, True): "missed", (True, False): "extra"}
        begins = tuple(n for span, n in here if span.start == start and n)
        part = text[start - window.start : end - window.start]
        found.append(Piece(kind.get((is_cited, is_needed), ""), part, begins))
    return tuple(found)


def trimmed(found: Sequence[Piece]) -> tuple[Piece, ...]:
    """The pieces with no more than AROUND plain characters before the first coloured one and after
    the last, and twice that between two; what is left out shows as "…"."""
    last = len(found) - 1
    return tuple(
        piece if piece.kind else Piece("", _shorten(piece.text, i > 0, i < last), piece.markers)
        for i, piece in enumerate(found)
    )


def _shorten(text: str, after_colour: bool, before_colour: bool) -> str:
    """Keep the ends that touch a coloured piece."""
    keep_head = AROUND if after_colour or not before_colour else 0
    keep_tail = AROUND if before_colour else 0
    if len(text) <= keep_head + keep_tail:
        return text
    head = text[:keep_head].rpartition(" ")[0] if keep_head else ""
    tail = text[len(text) - keep_tail :].partition(" ")[2] if keep_tail else ""
    return f"{head} … {tail}" if head and tail else f"{head} …" if head else f"… {tail}"
