"""Retrieval by hand, and against ir-measures where ours is ours."""

from math import log2

import ir_measures
import numpy as np
import pytest
from ir_measures import RR, Qrel, R, ScoredDoc, nDCG

from app.reader.model import MOST_HITS
from eval.measures.retrieval import (
    CUTOFFS,
    Found,
    evidence_mrr,
    evidence_ndcg,
    evidence_recall,
    find,
    passage_measures,
)
from ingest.document import Span


def at(start: int, end: int, document: str = "d") -> tuple[str, Span]:
    return document, Span(start, end)


def test_an_item_is_found_once_at_the_first_passage_that_holds_an_alternative():
    needed = [[at(10, 20)], [at(30, 40), at(210, 220)], [at(900, 910)]]
    passages = [at(300, 400), at(0, 50, "other"), at(200, 300), at(0, 100)]
    # the third holds the second item's alternative; the fourth holds it again, and the first item
    assert find(needed, passages) == Found((0, 0, 1, 1), 1)
    assert find(needed, [at(0, 100)]) == Found((2,), 1)
    assert find(needed, []) == Found((), 3)


def test_recall_over_evidence_is_a_share_of_the_items():
    found = Found((0, 2, 0, 1), 1)
    assert [evidence_recall(found, k) for k in (1, 2, 3, 4, 10)] == [0, 0.5, 0.5, 0.75, 0.75]


def test_reciprocal_rank_over_evidence_is_a_mean_over_the_items():
    # ranks 2, 2, 4 and never
    assert evidence_mrr(Found((0, 2, 0, 1), 1)) == pytest.approx((1 / 2 + 1 / 2 + 1 / 4 + 0) / 4)
    assert evidence_mrr(Found((3,), 0)) == 1.0


def test_ndcg_over_evidence_weighs_passages_by_what_they_bring():
    gained = 2 / log2(3) + 1 / log2(5)
    ideal = 2 / log2(2) + 1 / log2(3) + 1 / log2(4)
    scores = evidence_ndcg(Found((0, 2, 0, 1), 1))
    assert list(scores) == list(CUTOFFS)
    assert scores[5] == pytest.approx(gained / ideal)
    assert scores[3] == pytest.approx(2 / log2(3) / ideal)
    assert scores[1] == 0.0
    assert set(evidence_ndcg(Found((2, 1, 0), 0)).values()) == {1.0}


def test_measures_over_passages_see_a_passage_as_relevant_or_not():
    scores = passage_measures(Found((0, 2, 0, 1), 1))
    # relevant: the second, the fourth, and one never found
    assert scores["mrr"] == 0.5
    assert scores["recall_at_1"] == 0.0
    assert scores["recall_at_3"] == pytest.approx(1 / 3)
    assert scores["recall_at_5"] == pytest.approx(2 / 3)
    ideal = 1 / log2(2) + 1 / log2(3) + 1 / log2(4)
    assert scores["ndcg_at_5"] == pytest.approx((1 / log2(3) + 1 / log2(5)) / ideal)


def test_nothing_retrieved_is_nothing_found():
    found = Found((), 2)
    assert evidence_recall(found, 5) == evidence_mrr(found) == 0.0
    assert set(evidence_ndcg(found).values()) == {0.0}
    assert set(passage_measures(found).values()) == {0.0}


def test_more_passages_than_the_last_cutoff_keep_their_order():
    found = Found((0,) * 10 + (1,), 0)
    assert passage_measures(found)["mrr"] == pytest.approx(1 / 11)
    assert passage_measures(found)["recall_at_5"] == 0.0


def test_nothing_is_measured_beyond_the_passages_that_an_answer_carries():
    assert max(CUTOFFS) <= MOST_HITS


def test_where_each_passage_brings_one_item_both_views_agree_with_ir_measures():
    chance = np.random.default_rng(1)
    for _ in range(50):
        gains, missing = chance.integers(0, 2, size=8), int(chance.integers(0, 3))
        if not gains.sum() + missing:
            continue
        found = Found(tuple(int(g) for g in gains), missing)
        qrels = [Qrel("q", f"p{i}", 1) for i, g in enumerate(gains) if g]
        qrels += [Qrel("q", f"m{i}", 1) for i in range(missing)]
        run = [ScoredDoc("q", f"p{i}", 1 / (i + 1)) for i in range(len(gains))]
        theirs = ir_measures.calc_aggregate([R @ 1, R @ 3, R @ 5, R @ 10, RR, nDCG @ 5], qrels, run)
        for k in CUTOFFS:
            assert evidence_recall(found, k) == pytest.approx(theirs[R @ k])
            assert passage_measures(found)[f"recall_at_{k}"] == pytest.approx(theirs[R @ k])
        assert evidence_ndcg(found)[5] == pytest.approx(theirs[nDCG @ 5])
        assert passage_measures(found)["mrr"] == pytest.approx(theirs[RR])
