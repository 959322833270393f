import pytest

from index.fuse import RANK_OFFSET, fuse


def test_scores_are_the_sums_of_reciprocal_ranks():
    assert RANK_OFFSET == 10
    fused = fuse([["a", "b", "c"], ["c", "a"]])
    assert [name for name, _ in fused] == ["a", "c", "b"]
    assert dict(fused) == pytest.approx({"a": 1 / 11 + 1 / 12, "c": 1 / 13 + 1 / 11, "b": 1 / 12})


def test_a_ranking_counts_by_its_weight():
    fused = fuse([["a", "b"], ["b", "a"]], [1.0, 0.5])
    assert dict(fused) == pytest.approx({"a": 1 / 11 + 0.5 / 12, "b": 1 / 12 + 0.5 / 11})
    assert [name for name, _ in fused] == ["a", "b"]
    assert fuse([["a", "b"], ["b", "a"]], [0.5, 1.0])[0][0] == "b"


def test_ties_keep_the_order_of_the_first_ranking():
    assert [name for name, _ in fuse([["a", "b"], ["b", "a"]])] == ["a", "b"]
    assert [name for name, _ in fuse([["a"], ["b"]])] == ["a", "b"]


def test_an_empty_ranking_adds_nothing():
    assert fuse([["a", "b"], []]) == fuse([["a", "b"]])
    assert fuse([[], []]) == []
    assert fuse([]) == []


def test_as_many_weights_as_rankings_or_an_error():
    with pytest.raises(ValueError, match="zip"):
        fuse([["a"], ["b"]], [1.0])
