"""Retrieval: do the passages that were found hold the evidence, and how high do they stand?

A passage holds an item when it speaks of the same place (see spans.py) as one of its alternatives. An
item counts once, at the first passage that holds it: a later passage with another alternative, or with
the rest of the item, brings nothing new. Notes that are merely linked with a passage do not count.

How many passages of the library would have been relevant is not known from an answer. The judgements
are therefore a pool: every passage that brings something new is relevant, and every item that no
passage holds stands for one more relevant passage, never found.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import ir_measures
from ir_measures import RR, Qrel, R, ScoredDoc, nDCG

from app.reader.model import MOST_HITS
from eval.measures.spans import Needed, Placed, same_place

CUTOFFS = tuple(k for k in (1, 3, 5, 10) if k <= MOST_HITS)
"""The k of recall@k and nDCG@k. Beyond the passages that an answer carries there is nothing to measure."""


@dataclass(frozen=True, slots=True)
class Found:
    """gains: for each passage, best first, how many items it is the first to hold. missing: items
    that none holds. The sum of both is the number of needed items, at least 1."""

    gains: tuple[int, ...]
    missing: int

    @property
    def needed(self) -> int:
        """Number of needed items."""
        return sum(self.gains) + self.missing


def find(needed: Needed, passages: Sequence[Placed]) -> Found:
    """Where the needed items are among the passages, best first."""
    left = list(needed)
    gains = []
    for passage in passages:
        still = [item for item in left if not any(same_place(gold, passage) for gold in item)]
        gains.append(len(left) - len(still))
        left = still
    return Found(tuple(gains), len(left))


def evidence_recall(found: Found, k: int) -> float:
    """Recall@k over evidence: share of the needed items that the first k passages hold. In [0, 1].

    Not Success@k (whether any item is found), which is often called recall too.
    """
    return sum(found.gains[:k]) / found.needed


def evidence_mrr(found: Found) -> float:
    """Reciprocal rank over evidence: the mean over the needed items of 1 / rank of the first passage
    that holds the item, 0 for one that none holds. In [0, 1].

    Not the rank of the first item alone, which is `passage_measures`' reciprocal rank.
    """
    return sum(gain / rank for rank, gain in enumerate(found.gains, 1)) / found.needed


def evidence_ndcg(found: Found) -> dict[int, float]:
    """nDCG@k over evidence for each of CUTOFFS: a passage's gain is the number of items it brings.

    Gains are linear and discounted by log2(rank + 1) (Järvelin and Kekäläinen 2002, as in trec_eval;
    not 2^gain - 1). The ideal ranking has the pool's gains in falling order. Because a repeated item
    gains nothing, this resembles α-nDCG (Clarke et al. 2008) with α = 1.
    """
    scores = _score(found.gains, found.missing, [nDCG @ k for k in CUTOFFS])
    return {k: scores[nDCG @ k] for k in CUTOFFS}


def passage_measures(found: Found) -> dict[str, float]:
    """Measures over passages, which are relevant or not, as ir-measures (trec_eval) computes them.

    "recall_at_k": share of the pool's relevant passages among the first k (R@k, not Success@k).
    "mrr": 1 / rank of the first relevant passage, however deep, 0 without one. "ndcg_at_k": with
    binary gains and the discount of `evidence_ndcg`. For each k of CUTOFFS.
    """
    wanted = {"mrr": RR, **{f"recall_at_{k}": R @ k for k in CUTOFFS}}
    wanted |= {f"ndcg_at_{k}": nDCG @ k for k in CUTOFFS}
    scores = _score([min(gain, 1) for gain in found.gains], found.missing, list(wanted.values()))
    return {name: scores[measure] for name, measure in wanted.items()}


def _score(gains: Sequence[int], missing: int, wanted: list) -> dict:
    """The measures of one ranking. gains: of its passages, best first. missing: relevant ones not in it."""
    judged = [Qrel("q", str(rank), gain) for rank, gain in enumerate(gains)]
    judged += [Qrel("q", f"missing {i}", 1) for i in range(missing)]
    ranking = [ScoredDoc("q", str(rank), -float(rank)) for rank in range(len(gains))]
    return ir_measures.calc_aggregate(wanted, judged, ranking)
