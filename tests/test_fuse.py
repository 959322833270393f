import pytest

from index.fuse import fuse

NEAR = {"a": 0.8, "b": 0.5, "c": 0.2}
WORDED = {"c": 12.0, "a": 6.0, "d": 2.0}


def test_scores_are_stretched_and_added_by_their_weights():
    fused = fuse([NEAR, WORDED], [3.0, 1.0])
    assert dict(fused) == pytest.approx({"a": 0.85, "b": 0.375, "c": 0.25, "d": 0.0})
    assert [name for name, _ in fused] == ["a", "b", "c", "d"]
    assert [name for name, _ in fuse([NEAR, WORDED], [1.0, 3.0])] == ["c", "a", "b", "d"]


def test_neither_unit_nor_origin_of_a_scoring_matters():
    other = {name: 100 * score - 7 for name, score in NEAR.items()}
    assert dict(fuse([other, WORDED], [1, 1])) == pytest.approx(dict(fuse([NEAR, WORDED], [1, 1])))


def test_ties_keep_the_order_of_the_first_scoring():
    assert [name for name, _ in fuse([{"b": 1.0, "a": 0.0}, {"a": 1.0, "b": 0.0}], [1, 1])] == ["b", "a"]
    assert fuse([{"b": 0.5, "a": 0.5}], [1]) == [("b", 1.0), ("a", 1.0)]


def test_an_empty_scoring_adds_nothing_to_the_order():
    assert [name for name, _ in fuse([NEAR, {}], [1, 1])] == ["a", "b", "c"]
    assert fuse([{}, {}], [1, 1]) == []
    assert fuse([], []) == []


def test_as_many_weights_as_scorings_or_an_error():
    with pytest.raises(ValueError, match="zip"):
        fuse([NEAR, WORDED], [1.0])
