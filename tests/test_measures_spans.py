"""Spans against spans, by hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval.measures import spans as m
from ingest.document import Span


def at(start: int, end: int, document: str = "d") -> m.Placed:
    return document, Span(start, end)


NEEDED = [[at(0, 10)], [at(50, 60), at(80, 100)]]


def test_spans_speak_of_the_same_place_when_they_share_half_of_the_shorter_one():
    assert m.same_place(at(0, 10), at(5, 30))
    assert not m.same_place(at(0, 10), at(6, 30))
    assert not m.same_place(at(0, 10), at(0, 10, "other"))
    assert not m.same_place(at(0, 10), at(10, 20))


def test_recall_counts_needed_spans_and_one_alternative_suffices():
    assert m.span_recall(NEEDED, [at(80, 90)]) == 0.5
    assert m.span_recall(NEEDED, [at(80, 90), at(0, 10)]) == 1.0
    assert m.span_recall(NEEDED, []) == 0.0


def test_precision_counts_citations():
    assert m.span_precision(NEEDED, [at(50, 60), at(80, 90), at(200, 300)]) == pytest.approx(2 / 3)
    assert m.span_precision(NEEDED, []) == 0.0


def test_character_measures_count_each_character_once():
    cited = [at(5, 15), at(8, 12), at(80, 100)]
    # needed: 10 + the best covered alternative, 20 characters; covered of them: 5 + 20
    assert m.char_recall(NEEDED, cited) == pytest.approx(25 / 30)
    # cited: 5..15 and 80..100, 30 characters; of them in a needed span: 5 + 20
    assert m.char_precision(NEEDED, cited) == pytest.approx(25 / 30)
    # together: 0..15 and 80..100, 35 characters
    assert m.char_iou(NEEDED, cited) == pytest.approx(25 / 35)


def test_citing_a_second_alternative_costs_no_intersection_over_union():
    assert m.char_iou(NEEDED, [at(0, 10), at(50, 60)]) == 1.0
    assert m.char_iou(NEEDED, [at(0, 10), at(50, 60), at(80, 100)]) == 1.0
    assert m.char_iou(NEEDED, [at(0, 10), at(50, 60), at(80, 85)]) == 1.0


def test_intersection_over_union_of_nothing_or_of_the_wrong_document_is_nothing():
    assert m.char_iou(NEEDED, []) == 0.0
    assert m.char_iou(NEEDED, [at(0, 10, "other")]) == 0.0


SPANS = st.lists(
    st.tuples(st.integers(0, 30), st.integers(1, 10)).map(lambda p: at(p[0], p[0] + p[1])), max_size=4
)


@given(SPANS.filter(bool), SPANS)
def test_without_alternatives_it_is_the_jaccard_index_of_two_sets(gold: list, cited: list):
    a = {i for _, s in gold for i in range(s.start, s.end)}
    b = {i for _, s in cited for i in range(s.start, s.end)}
    assert m.char_iou([[one] for one in gold], cited) == len(a & b) / len(a | b)
