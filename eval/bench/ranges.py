"""Arithmetic on half-open character ranges, and the four figures of the chunking report over them.

Source: Smith and Troynikov, "Evaluating Chunking Strategies for Retrieval", Chroma technical report,
July 2024. The report defines the figures over tokens; its code counts characters, and so does this.
Knows nothing of files, models or questions' texts.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple


class Place(NamedTuple):
    """Half-open character offsets `[start, end)` into the original file of a corpus."""

    corpus: str
    start: int
    end: int


class Scores(NamedTuple):
    """Figures of one question, each in [0, 1]."""

    recall: float
    precision: float
    precision_omega: float
    iou: float


def union(places: Iterable[Place]) -> list[Place]:
    """The same characters as disjoint ranges, sorted; ranges that touch become one."""
    merged: list[Place] = []
    for place in sorted(p for p in places if p.start < p.end):
        last = merged[-1] if merged else None
        if last and last.corpus == place.corpus and place.start <= last.end:
            merged[-1] = last._replace(end=max(last.end, place.end))
        else:
            merged.append(place)
    return merged


def common(a: Iterable[Place], b: Iterable[Place]) -> list[Place]:
    """The characters in both, as disjoint ranges."""
    others = list(b)
    return union(
        Place(p.corpus, max(p.start, q.start), min(p.end, q.end))
        for p in a
        for q in others
        if p.corpus == q.corpus
    )


def size(places: Iterable[Place]) -> int:
    """Characters, counted once for each range that holds them."""
    return sum(p.end - p.start for p in places)


def score(references: Sequence[Place], retrieved: Sequence[Place], pieces: Iterable[Place]) -> Scores:
    """The report's figures for one question.

    references: the evidence e. retrieved: r, the passages of the answer. pieces: all there are.

    recall: |e ∩ r| / |e|. precision: |e ∩ r| / |r|. iou: |e ∩ r| / (|r| + |e outside r|). Here |r| is
    the sum of the passages' lengths, so what two of them share counts twice (as in the report: a
    reader is given it twice), while |e ∩ r| counts each character once; passages of another corpus
    count in |r|. precision_omega: that of a perfect retrieval, which returns exactly the pieces that
    hold a character of e, as iou over their union. (The report's code also takes a piece that only
    touches e without sharing a character; this does not.) Nothing retrieved scores 0.
    """
    evidence = union(references)
    needed = size(evidence)
    found = size(common(evidence, retrieved))
    given = size(retrieved)
    holding = union(p for p in pieces if any(_meet(p, e) for e in evidence))
    held = size(common(holding, evidence))
    return Scores(
        recall=found / needed,
        precision=found / given if given else 0.0,
        precision_omega=held / (size(holding) + needed - held),
        iou=found / (given + needed - found),
    )


def _meet(a: Place, b: Place) -> bool:
    return a.corpus == b.corpus and a.start < b.end and b.start < a.end
