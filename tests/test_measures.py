"""Measures by hand."""

import pytest

from eval import measures as m
from ingest.document import Span


def at(start: int, end: int, document: str = "d") -> tuple[str, Span]:
    return document, Span(start, end)


def test_spans_speak_of_the_same_place_when_they_share_half_of_the_shorter_one():
    assert m.same_place(at(0, 10), at(5, 30))
    assert not m.same_place(at(0, 10), at(6, 30))
    assert not m.same_place(at(0, 10), at(0, 10, "other"))
    assert not m.same_place(at(0, 10), at(10, 20))


def test_recall_counts_needed_spans_and_one_alternative_suffices():
    needed = [[at(0, 10)], [at(50, 60), at(80, 90)]]
    assert m.span_recall(needed, [at(80, 90)]) == 0.5
    assert m.span_recall(needed, [at(80, 90), at(0, 10)]) == 1.0
    assert m.span_recall(needed, []) == 0.0


def test_precision_counts_citations():
    needed = [[at(0, 10)], [at(50, 60), at(80, 90)]]
    assert m.span_precision(needed, [at(50, 60), at(80, 90), at(200, 300)]) == pytest.approx(2 / 3)
    assert m.span_precision(needed, []) == 0.0


def test_character_measures_count_each_character_once():
    needed = [[at(0, 10)], [at(50, 60), at(80, 100)]]
    cited = [at(5, 15), at(8, 12), at(80, 100)]
    # needed: 10 + the best covered alternative, 20 characters; covered of them: 5 + 20
    assert m.char_recall(needed, cited) == pytest.approx(25 / 30)
    # cited: 5..15 and 80..100, 30 characters; of them in a needed span: 5 + 20
    assert m.char_precision(needed, cited) == pytest.approx(25 / 30)


def test_a_fact_is_present_in_any_wording_and_case():
    assert m.facts_present([["1957"], ["thirty", "30"], ["no"]], "In 1957, Thirty  men") == pytest.approx(
        2 / 3
    )
    assert m.facts_present([["two words"]], "two\nwords") == 1.0


def test_quantiles_are_nearest_ranks():
    values = [float(v) for v in range(1, 101)]
    assert [m.quantile(values, share) for share in (0.5, 0.95, 1.0)] == [50.0, 95.0, 100.0]
    assert m.quantile([7.0], 0.5) == 7.0
    assert m.quantile([], 0.5) == 0.0
