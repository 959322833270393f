"""Refusing, and what the confidence is worth: figures of a whole set, not means over its questions.

Each takes a value a question (shape (n,)) and, for the bootstrap, `counts` (whole numbers, shape (r, n)):
how often each resample has each question; without it every question counts once. Each gives one value a
resample (float, shape (r,)), NaN where it is not defined.

Confidence is the probability in [0, 1] that the documents answer the question. What it is held
against, in `auroc` and `reliability`, is therefore whether they do, not whether the answer was right.
"""

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]
Counts = NDArray[np.int64] | NDArray[np.float64]

BINS = 10
"""Of the reliability table, equally wide."""


def refusal_precision(answerable: Bools, answered: Bools, counts: Counts | None = None) -> Floats:
    """Of the refused questions, the share that the documents do not answer. NaN if none is refused."""
    counts = _each_once(counts, answered)
    return _ratio(counts @ (~answered & ~answerable), counts @ ~answered)


def refusal_f1(answerable: Bools, answered: Bools, counts: Counts | None = None) -> Floats:
    """Harmonic mean of `refusal_precision` and of refusal recall (the share of the questions that the
    documents do not answer that is refused), from the counts of the set, not a mean of F1s: with
    refusing as the positive class, 2 TP / (refused + unanswerable). NaN where that is 0 / 0."""
    counts = _each_once(counts, answered)
    return _ratio(2 * (counts @ (~answered & ~answerable)), counts @ ~answered + counts @ ~answerable)


def risk_coverage(confidence: Floats, answered: Bools, correct: Bools) -> list[tuple[float, float]]:
    """(coverage, risk) for every threshold that parts the given answers, the strictest first.

    coverage: answers with a confidence of at least the threshold, as a share of all questions. risk:
    share of these answers that are wrong. An answer is correct when it cites all the evidence (span
    recall 1); any answer to an unanswerable question is wrong. Questions that the run refused have no
    answer to grade, so the curve ends at the run's own coverage; run with threshold 0 for all of it.
    Answers of one confidence enter together, for no threshold parts them.
    """
    order, last = _by_confidence(confidence, answered)
    risk = np.cumsum(~correct[order])[last] / (last + 1)
    return [(float(c), float(r)) for c, r in zip((last + 1) / len(answered), risk, strict=True)]


def aurc(confidence: Floats, answered: Bools, correct: Bools, counts: Counts | None = None) -> Floats:
    """Area under the risk–coverage curve: the mean over the given answers of the risk at the answer's
    own confidence (Geifman and El-Yaniv 2017). In [0, 1], lower is better; NaN without an answer.

    The mean is over the coverage that the run reached, not over [0, 1], so that refusing everything is
    not perfect by definition. It holds the error rate as well as the order; it is not the excess AURC.
    """
    counts = _each_once(counts, answered)
    order, last = _by_confidence(confidence, answered)
    ranked = counts[:, order]
    given = np.cumsum(ranked, axis=1)[:, last]
    risk = np.nan_to_num(_ratio(np.cumsum(ranked * ~correct[order], axis=1)[:, last], given))
    entering = np.diff(given, axis=1, prepend=0)
    return _ratio((risk * entering).sum(axis=1), ranked.sum(axis=1))


def auroc(answerable: Bools, confidence: Floats, counts: Counts | None = None) -> Floats:
    """Probability that a question the documents answer has more confidence than one they do not, ties
    counting half. NaN unless there are both.

    scikit-learn's roc_auc_score; of resamples, where that would take seconds, the share of the drawn
    (answerable, unanswerable) pairs that are in order, which is the same number.
    """
    if counts is None:
        both = answerable.any() and not answerable.all()
        return np.array([roc_auc_score(answerable, confidence) if both else np.nan])
    yes, no = confidence[answerable], confidence[~answerable]
    drawn_yes, drawn_no = counts[:, answerable][:, np.argsort(yes)], counts[:, ~answerable]
    # counted along the order of the confidences: a table of all pairs would fill the memory
    up_to, yes = np.pad(np.cumsum(drawn_yes, axis=1), ((0, 0), (1, 0))), np.sort(yes)
    below = (up_to[:, np.searchsorted(yes, no)] + up_to[:, np.searchsorted(yes, no, "right")]) / 2
    drawn = up_to[:, -1]
    return _ratio(((drawn[:, None] - below) * drawn_no).sum(axis=1), drawn * drawn_no.sum(axis=1))


def reliability(answerable: Bools, confidence: Floats) -> list[dict[str, float | int | None]]:
    """The reliability table: BINS bins (low, high], the first with 0, of equal width.

    confidence: mean confidence in the bin. accuracy: share of its questions that the documents answer.
    Both None in an empty bin. n: questions in it.
    """
    edges = np.linspace(0, 1, BINS + 1)
    bins = _bins(confidence)
    table: list[dict[str, float | int | None]] = []
    for b in range(BINS):
        inside = bins == b
        n = int(inside.sum())
        table.append({
            "low": round(float(edges[b]), 4),
            "high": round(float(edges[b + 1]), 4),
            "confidence": float(confidence[inside].mean()) if n else None,
            "accuracy": float(answerable[inside].mean()) if n else None,
            "n": n,
        })  # fmt: skip
    return table


def calibration_error(answerable: Bools, confidence: Floats, counts: Counts | None = None) -> Floats:
    """Expected calibration error: the mean over the questions of |accuracy - confidence| of their bin
    in the reliability table (Guo et al. 2017). In [0, 1], lower is better; NaN without questions."""
    counts = _each_once(counts, answerable)
    in_bin = _bins(confidence)[:, None] == np.arange(BINS)
    gaps = counts @ (in_bin * (answerable - confidence)[:, None])
    return _ratio(np.abs(gaps).sum(axis=1), counts.sum(axis=1))


def _bins(confidence: Floats) -> NDArray[np.intp]:
    return np.searchsorted(np.linspace(0, 1, BINS + 1)[1:-1], confidence)


def _by_confidence(confidence: Floats, answered: Bools) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Indices of the answered questions, most confident first, and where in these each confidence ends."""
    order = np.argsort(-confidence, kind="stable")
    order = order[answered[order]]
    ends = np.append(np.diff(confidence[order]) != 0, True)[: len(order)]
    return order, np.flatnonzero(ends)


def _each_once(counts: Counts | None, values: Bools) -> Counts:
    return np.ones((1, len(values)), dtype=np.int64) if counts is None else counts


def _ratio(part: NDArray, whole: NDArray) -> Floats:
    return np.divide(part, whole, out=np.full(np.shape(whole), np.nan), where=np.asarray(whole) != 0)
