"""Chance by hand, and against scipy and an exhaustive count."""

import tracemalloc
from itertools import product

import numpy as np
import pytest
from scipy import stats as scipy_stats

from eval.measures import stats as m


def test_quantiles_are_nearest_ranks():
    values = [float(v) for v in range(1, 101)]
    assert [m.quantile(values, share) for share in (0.5, 0.95, 1.0)] == [50.0, 95.0, 100.0]
    assert m.quantile([7.0], 0.5) == 7.0
    assert m.quantile([], 0.5) == 0.0
    assert m.quantile([3.0, 1.0, 2.0], 0.5) == np.quantile([1, 2, 3], 0.5, method="inverted_cdf")


def test_the_mean_of_nothing_is_nothing():
    assert m.mean([]) == 0.0
    assert m.mean([1.0, 0.0, 0.5]) == 0.5


def test_resamples_have_as_many_questions_and_repeat():
    counts = m.draws(7)
    assert counts.shape == (2000, 7)
    assert set(counts.sum(axis=1)) == {7}
    m.draws.cache_clear()
    assert (m.draws(7) == counts).all()
    at_once = np.random.default_rng(m.SEED).multinomial(7, np.full(7, 1 / 7), size=m.RESAMPLES)
    assert (counts == at_once).all()


def test_an_interval_of_many_questions_takes_little_memory():
    n = 1000
    at_once = m.RESAMPLES * n * 8
    m.draws.cache_clear()
    tracemalloc.start()
    m.interval(m.mean_of([0.5] * n), n)
    assert tracemalloc.get_traced_memory()[1] < at_once / 2
    tracemalloc.stop()
    assert m.draws(n).nbytes * m.draws.cache_info().maxsize <= 2 * at_once


def test_an_interval_of_two_values_by_hand():
    # means of two draws of 0 and 1: 0, 1/2, 1 with 1/4, 1/2, 1/4
    assert m.interval(m.mean_of([0.0, 1.0]), 2) == (0.0, 1.0)
    assert m.interval(m.mean_of([0.5, 0.5]), 2) == (0.5, 0.5)
    assert m.interval(m.mean_of([0.5]), 1) is None
    assert m.interval(m.mean_of([]), 0) is None


def test_an_interval_agrees_with_scipy():
    values = np.random.default_rng(5).random(60)
    low, high = m.interval(m.mean_of(values), 60)
    theirs = scipy_stats.bootstrap(
        (values,), np.mean, n_resamples=9999, method="percentile", rng=np.random.default_rng(1)
    ).confidence_interval
    assert low == pytest.approx(theirs.low, abs=0.01)
    assert high == pytest.approx(theirs.high, abs=0.01)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([1.0] * 5, (0.5655, 1.0)),  # 5 / (5 + 1.96²)
        ([0.0] * 5, (0.0, 0.4345)),
        ([1.0] * 8 + [0.0] * 2, (0.4902, 0.9433)),  # (0.8 + 0.19208 ± 1.96 · √(0.016 + 0.009604)) / 1.38416
        ([0.5, 0.5], (0.5, 0.5)),
        ([0.0, 0.5], (0.0, 0.5)),
        ([1.0], None),
        ([], None),
    ],
)
def test_the_interval_of_a_mean_is_wilsons_where_all_is_yes_or_no(values, expected):
    found = m.mean_interval(values)
    assert found == (expected and pytest.approx(expected, abs=5e-4))


@pytest.mark.parametrize("value", [0.0, 1 / 3, 0.1, 1.0])
def test_the_interval_of_a_mean_holds_it_to_the_last_digit(value):
    for n in range(2, 200, 7):
        low, high = m.mean_interval([value] * n)
        assert low <= m.mean([value] * n) <= high


def test_resamples_without_the_figure_are_left_out():
    def only_with_the_first(counts):
        return np.where(counts[:, 0] > 0, 1.0, np.nan)

    assert m.interval(only_with_the_first, 3) == (1.0, 1.0)
    assert m.interval(lambda counts: np.full(len(counts), np.nan), 3) is None


def test_a_paired_interval_sees_through_what_is_hard_for_both():
    hard = list(np.random.default_rng(2).random(40))
    better = [value + 0.01 for value in hard]
    low, high = m.paired_interval(m.mean_of(hard), m.mean_of(better), 40)
    assert (low, high) == pytest.approx((0.01, 0.01))
    alone = m.interval(m.mean_of(hard), 40)
    assert alone[1] - alone[0] > 0.1
    assert m.paired_interval(m.mean_of([1.0]), m.mean_of([0.0]), 1) is None


def test_mcnemar_by_hand():
    # six questions differ, five of them better: 2 * (6 + 1) / 2^6
    before, after = [0.0] * 5 + [1.0] + [1.0] * 4, [1.0] * 5 + [0.0] + [1.0] * 4
    assert m.paired_test(before, after) == m.Tested("McNemar, exact", pytest.approx(14 / 64))
    assert m.paired_test(after, before).p == pytest.approx(14 / 64)
    assert m.paired_test([1.0, 0.0], [1.0, 0.0]) == m.Tested("McNemar, exact", 1.0)
    assert m.paired_test([], []).p == 1.0


def test_shares_are_permuted_by_hand():
    # differences 1/2, 1/2, 1/2: of eight signings two are as far from nothing
    found = m.paired_test([0.0, 0.5, 0.25, 0.7], [0.5, 1.0, 0.75, 0.7])
    assert found == m.Tested("sign-flip permutation", pytest.approx(2 / 8))
    assert m.paired_test([0.5, 0.7], [0.5, 0.2]).p == 1.0
    assert m.paired_test([0.5], [0.5]).p == 1.0


def test_the_permutation_test_agrees_with_all_signings():
    chance = np.random.default_rng(4)
    before, after = chance.random(10), chance.random(10)
    changes = after - before
    means = np.array([np.mean(changes * signs) for signs in product((1, -1), repeat=10)])
    expected = np.mean(np.abs(means) >= abs(changes.mean()) - 1e-12)
    assert m.paired_test(before, after).p == pytest.approx(expected)


def test_a_permutation_test_of_many_questions_repeats_and_is_near_the_t_test():
    chance = np.random.default_rng(6)
    before = chance.random(60)
    after = before + chance.normal(0.05, 0.2, 60)
    found = m.paired_test(before, after)
    assert found == m.paired_test(before, after)
    assert found.p == pytest.approx(scipy_stats.ttest_rel(before, after).pvalue, abs=0.02)
