"""How far a figure is chance: intervals by question, paired differences and tests, quantiles.

The seed is fixed, so that figures repeat. The question is the unit: its citations are not independent.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binomtest, permutation_test

RESAMPLES = 2000
"""Of the bootstrap."""
PERMUTATIONS = 9999
SEED = 0
BLOCK = 200
"""Resamples held at a time as the wide numbers that a statistic computes with: of 4,000 questions 6 MB, where
all of them are 64 MB, several times over in what it computes of them."""

Counts = NDArray[np.float64]
Statistic = Callable[[Counts], NDArray[np.float64]]
"""From how often each resample has each question (whole numbers, shape (r, n)) to a value a resample (shape
(r,)), NaN where it is not defined. It is given a block of the resamples."""
Interval = tuple[float, float]


@lru_cache(maxsize=8)
def draws(n: int) -> NDArray[np.int16]:
    """RESAMPLES resamples of n questions with replacement, as counts: shape (RESAMPLES, n), each row
    adding up to n. Read-only, and too narrow to be added up as they are."""
    chance, even = np.random.default_rng(SEED), np.full(n, 1 / n)
    counts = np.empty((RESAMPLES, n), dtype=np.int16)
    for i in range(0, RESAMPLES, BLOCK):
        counts[i : i + BLOCK] = chance.multinomial(n, even, size=BLOCK)
    counts.flags.writeable = False
    return counts


def mean_of(values: Sequence[float]) -> Statistic:
    """The mean of a value a question, as a statistic."""
    array = np.asarray(values, dtype=float)
    return lambda counts: counts @ array / counts.sum(axis=1)


def interval(statistic: Statistic, n: int) -> Interval | None:
    """95 % percentile bootstrap interval over n questions (Efron 1979); not BCa, not Student's t.

    Resamples for which the statistic is not defined are left out. None for fewer than two questions.
    """
    return _middle(_resampled(statistic, n)) if n > 1 else None


def mean_interval(values: Sequence[float]) -> Interval | None:
    """95 % interval of the mean of a value a question, which it holds. None for fewer than two questions.

    Wilson's where every value is 0 or 1, for resamples of five ones are all five ones: the bootstrap of
    values that are alike has no width. By bootstrap otherwise.
    """
    if len(values) < 2:
        return None
    if set(values) <= {0, 1}:
        return wilson(int(sum(values)), len(values))
    found, middle = interval(mean_of(values), len(values)), mean(values)
    return found and (min(found[0], middle), max(found[1], middle))  # their last digits may differ


def wilson(right: int, n: int) -> Interval:
    """95 % interval of a share of n questions, which it holds (Wilson, JASA 22, 1927; z = 1.96). n > 0."""
    z, share = 1.96, right / n
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return max(0.0, min(share, middle - half)), min(1.0, max(share, middle + half))


def paired_interval(first: Statistic, second: Statistic, n: int) -> Interval | None:
    """95 % percentile bootstrap interval of second - first over the same n questions.

    Each resample draws questions, and both runs answer those: what makes a question hard for both
    cancels out, which two separate intervals would not show. None for fewer than two questions.
    """
    return _middle(_resampled(second, n) - _resampled(first, n)) if n > 1 else None


def _resampled(statistic: Statistic, n: int) -> NDArray[np.float64]:
    """The statistic of every resample."""
    counts = draws(n)
    blocks = range(0, RESAMPLES, BLOCK)
    return np.concatenate([statistic(counts[i : i + BLOCK].astype(np.float64)) for i in blocks])


def _middle(values: NDArray[np.float64]) -> Interval | None:
    defined = values[np.isfinite(values)]
    if not len(defined):
        return None
    low, high = np.quantile(defined, [0.025, 0.975])
    return float(low), float(high)


@dataclass(frozen=True, slots=True)
class Tested:
    """test: "McNemar, exact" or "sign-flip permutation". p: two-sided, in (0, 1]."""

    test: str
    p: float


def paired_test(first: Sequence[float], second: Sequence[float]) -> Tested:
    """Test that two runs do equally well on the same questions. first, second: a value a question.

    Where every value is 0 or 1, McNemar's exact test: given the questions on which the runs differ,
    either is as likely to be the one that is right (two-sided binomial test with 1/2). No normal
    approximation, for the questions that differ are few.

    Otherwise a permutation test of the mean difference: under the hypothesis the two runs' values of a
    question could be swapped, which flips the sign of its difference. Exact for up to 13 questions that
    differ, else from PERMUTATIONS flips with a fixed seed. It tests the mean, which is the figure
    reported; Wilcoxon's signed ranks would test another thing, and suffer from the many ties and zeros
    of shares such as 0, 1/2 and 1. On the same 0/1 values both tests agree.
    """
    before, after = np.asarray(first, dtype=float), np.asarray(second, dtype=float)
    changes = (after - before)[after != before]
    if np.isin(before, (0, 1)).all() and np.isin(after, (0, 1)).all():
        better = int((changes > 0).sum())
        return Tested(
            "McNemar, exact", float(binomtest(better, len(changes)).pvalue) if len(changes) else 1.0
        )
    if len(changes) < 2:  # one sign alone is flipped or not
        return Tested("sign-flip permutation", 1.0)
    result = permutation_test(
        (changes,),
        lambda flipped, axis: flipped.mean(axis=axis),
        permutation_type="samples",
        vectorized=True,
        n_resamples=PERMUTATIONS,
        rng=np.random.default_rng(SEED),
    )
    return Tested("sign-flip permutation", float(result.pvalue))


def mean(values: Sequence[float]) -> float:
    """The mean; 0 of nothing."""
    return sum(values) / len(values) if values else 0.0


def quantile(values: Sequence[float], share: float) -> float:
    """The smallest value that `share` of the values do not exceed (nearest rank, so a value that was
    measured; no interpolation); 0 of nothing."""
    if not values:
        return 0.0
    ranked = sorted(values)
    return ranked[max(1, math.ceil(round(share * len(ranked), 9))) - 1]
