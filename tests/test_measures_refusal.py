"""Refusal and confidence by hand, against scikit-learn, and resamples against repeated questions."""

import numpy as np
import pytest
from sklearn.calibration import calibration_curve
from sklearn.metrics import f1_score, precision_score, roc_auc_score

from eval.measures import refusal as m
from eval.measures.stats import draws


def bools(text: str) -> m.Bools:
    """One question a character: 1 is yes."""
    return np.array([c == "1" for c in text])


ANSWERABLE = bools("111000")
ANSWERED = bools("110100")
CORRECT = bools("100011")
CONFIDENCE = np.array([0.9, 0.7, 0.2, 0.7, 0.1, 0.05])


def test_refusing_by_hand():
    # refused: one answerable, two unanswerable, of three
    assert m.refusal_precision(ANSWERABLE, ANSWERED) == pytest.approx(2 / 3)
    assert m.refusal_f1(ANSWERABLE, ANSWERED) == pytest.approx(2 / 3)  # recall is 2/3 too
    assert m.refusal_f1(bools("10000"), bools("11110")) == pytest.approx(2 * 1 * 0.25 / 1.25)


def test_refusing_nothing_has_no_precision_and_no_f1_where_nothing_was_to_be_refused():
    assert np.isnan(m.refusal_precision(ANSWERABLE, bools("111111")))
    assert m.refusal_f1(ANSWERABLE, bools("111111")) == 0.0
    assert np.isnan(m.refusal_f1(bools("11"), bools("11")))


def test_risk_and_coverage_by_hand():
    # 0.9 is right; at 0.7 two wrong ones enter together; the rest is refused
    assert m.risk_coverage(CONFIDENCE, ANSWERED, CORRECT) == [(1 / 6, 0.0), (3 / 6, 2 / 3)]
    # one answer at risk 0, two at risk 2/3
    assert m.aurc(CONFIDENCE, ANSWERED, CORRECT) == pytest.approx((0 + 2 / 3 + 2 / 3) / 3)


def test_the_area_is_small_when_wrong_answers_come_last():
    confidence, everything = np.array([0.9, 0.8, 0.7, 0.6]), bools("1111")
    assert m.aurc(confidence, everything, bools("1110")) == pytest.approx((0 + 0 + 0 + 1 / 4) / 4)
    assert m.aurc(confidence, everything, bools("0111")) == pytest.approx((1 + 1 / 2 + 1 / 3 + 1 / 4) / 4)


def test_refusing_everything_has_no_area():
    nothing = bools("000000")
    assert m.risk_coverage(CONFIDENCE, nothing, CORRECT) == []
    assert np.isnan(m.aurc(CONFIDENCE, nothing, CORRECT))


def test_auroc_by_hand():
    # pairs in order: 0.9 beats three, 0.7 beats two and ties with one, 0.2 beats two: 7.5 of 9
    assert m.auroc(ANSWERABLE, CONFIDENCE) == pytest.approx(7.5 / 9)
    assert np.isnan(m.auroc(bools("11"), np.array([0.1, 0.2])))


def test_reliability_by_hand():
    table = m.reliability(ANSWERABLE, np.array([0.9, 0.75, 0.2, 0.72, 0.1, 0.0]))
    assert len(table) == 10
    assert table[0] == {"low": 0.0, "high": 0.1, "confidence": 0.05, "accuracy": 0.0, "n": 2}
    assert table[1] == {"low": 0.1, "high": 0.2, "confidence": 0.2, "accuracy": 1.0, "n": 1}
    assert table[7] == {"low": 0.7, "high": 0.8, "confidence": 0.735, "accuracy": 0.5, "n": 2}
    assert table[8]["n"] == 1  # 0.9 is the upper end of (0.8, 0.9]
    assert table[9] == {"low": 0.9, "high": 1.0, "confidence": None, "accuracy": None, "n": 0}


def test_calibration_error_by_hand():
    confidence = np.array([0.9, 0.75, 0.2, 0.72, 0.1, 0.0])
    gaps = 2 * 0.05 + 1 * 0.8 + 2 * abs(0.735 - 0.5) + 1 * 0.1
    assert m.calibration_error(ANSWERABLE, confidence) == pytest.approx(gaps / 6)
    assert m.calibration_error(bools("10"), np.array([1.0, 0.0])) == 0.0
    assert np.isnan(m.calibration_error(bools(""), np.array([])))


@pytest.fixture(params=range(5))
def drawn(request) -> tuple[m.Bools, m.Bools, m.Floats]:
    """answerable, answered, confidence of 40 questions, with ties."""
    chance = np.random.default_rng(request.param)
    confidence = np.round(chance.random(40), 1 + request.param % 2)
    return chance.random(40) < confidence, confidence > 0.3, confidence


def test_refusing_agrees_with_scikit_learn(drawn):
    answerable, answered, _ = drawn
    assert m.refusal_precision(answerable, answered) == pytest.approx(precision_score(~answerable, ~answered))
    assert m.refusal_f1(answerable, answered) == pytest.approx(f1_score(~answerable, ~answered))


def test_reliability_agrees_with_scikit_learn(drawn):
    answerable, _, confidence = drawn
    accuracy, mean = calibration_curve(answerable, confidence, n_bins=10)
    table = [row for row in m.reliability(answerable, confidence) if row["n"]]
    assert [row["accuracy"] for row in table] == pytest.approx(list(accuracy))
    assert [row["confidence"] for row in table] == pytest.approx(list(mean))
    share = [row["n"] / 40 for row in table]
    expected = sum(n * abs(a - c) for n, a, c in zip(share, accuracy, mean, strict=True))
    assert m.calibration_error(answerable, confidence) == pytest.approx(expected)


def test_resamples_are_what_repeated_questions_would_give(drawn):
    answerable, answered, confidence = drawn
    correct = answerable & (confidence > 0.5)
    counts = draws(40)[:20]
    for row, count in enumerate(counts):
        again = np.repeat(np.arange(40), count)
        labels, given, sure = answerable[again], answered[again], confidence[again]
        pairs = [
            (m.auroc(answerable, confidence, counts), [roc_auc_score(labels, sure)]),
            (m.aurc(confidence, answered, correct, counts), m.aurc(sure, given, correct[again])),
            (m.refusal_f1(answerable, answered, counts), m.refusal_f1(labels, given)),
            (m.refusal_precision(answerable, answered, counts), m.refusal_precision(labels, given)),
            (m.calibration_error(answerable, confidence, counts), m.calibration_error(labels, sure)),
        ]
        for resampled, expected in pairs:
            assert resampled[row] == pytest.approx(expected[0], nan_ok=True)


def test_the_area_is_the_mean_of_the_curve_where_no_confidence_repeats():
    chance = np.random.default_rng(3)
    confidence, correct = chance.permutation(30) / 30, chance.random(30) < 0.6
    curve = m.risk_coverage(confidence, np.ones(30, dtype=bool), correct)
    assert [c for c, _ in curve] == pytest.approx([i / 30 for i in range(1, 31)])
    area = m.aurc(confidence, np.ones(30, dtype=bool), correct)
    assert area == pytest.approx(np.mean([risk for _, risk in curve]))
