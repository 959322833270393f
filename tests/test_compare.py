"""Two runs side by side, by hand."""

from eval.compare import compare
from eval.grade import FIGURES


def rows(recalls: dict[str, float]) -> list[dict]:
    nothing: dict = {name: None for name, figure in FIGURES.items() if not figure.of_set}
    return [
        {
            "id": name,
            "answerable": True,
            "answer": {"answered": recall > 0, "confidence": recall / 2},
            "grades": nothing | {"evidence_recall": recall, "correct": float(recall == 1)},
        }
        for name, recall in recalls.items()
    ]


def test_questions_that_broke_and_were_fixed_are_told_by_name():
    found = compare(rows({"a": 1, "b": 0.5, "c": 1, "old": 1}), rows({"a": 1, "b": 1, "c": 0.5, "new": 1}))
    assert (found.broke, found.fixed, found.alone) == (("c",), ("b",), ("new", "old"))


def test_a_difference_is_over_the_questions_that_both_have():
    found = compare(rows({"a": 1, "b": 0.5, "old": 0}), rows({"a": 1, "b": 1}))
    recall = next(d for d in found.differences if d.name == "evidence_recall")
    assert (recall.first, recall.second, recall.n) == (0.75, 1.0, 2)
    assert recall.interval is not None
    assert recall.interval[0] <= 0.25 <= recall.interval[1]


def test_a_run_does_not_differ_from_itself():
    same = rows({"a": 1, "b": 0.5, "c": 0.25})
    found = compare(same, same)
    assert (found.broke, found.fixed, found.alone) == ((), (), ())
    assert all(d.first == d.second for d in found.differences)
    assert {d.p for d in found.differences if d.p is not None} == {1.0}


def test_short_answers_are_compared_only_where_a_set_has_them():
    told = rows({"a": 1, "b": 0})
    for row in told:
        row["grades"] |= {"short_answer_exact": row["grades"]["correct"]}  # as every refusal scores
    assert "short_answer_exact" not in {d.name for d in compare(told, told).differences}
    told[0]["short_answers"] = ["1932"]
    assert "short_answer_exact" in {d.name for d in compare(told, told).differences}
