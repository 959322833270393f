"""Gates by hand: what a rule says, and why it was kept or not."""

from pathlib import Path

import pytest

from eval.gates import check, read_gates
from eval.grade import FIGURES
from ingest.errors import EvaluationError


def a_run(recall: float = 0.8, right: str = "ab", ms: float = 50) -> dict:
    interval = (0.7, 0.9)
    nothing = {name: {"value": None, "interval": None, "n": 0} for name in FIGURES}
    figures = nothing | {
        "evidence_recall": {"value": recall, "interval": list(interval), "n": 9},
        "false_refusals": {"value": 1 - recall, "interval": [1 - interval[1], 1 - interval[0]], "n": 9},
        "latency_ms": {"total": {"p50": ms, "p95": 2 * ms, "p99": 3 * ms}},
    }
    answers = [{"id": name, "grades": {"correct": float(name in right)}} for name in "abc"]
    types = {"near miss": figures, "false-premise": figures}
    return {
        "answers": answers,
        "summary": {"figures": {"all": figures, "reporting": figures, "by_type": types}},
    }


@pytest.mark.parametrize(
    ("rule", "kept"),
    [
        ("evidence_recall >= 0.8", True),
        ("evidence_recall > 0.8", False),
        ("evidence_recall of reporting >= .9", False),
        ("false_refusals <= 0.3", True),
        ("latency_p95_ms <= 100", True),
        ("latency_p99_ms < 100", False),
        ("facts_present >= 0.1", False),
        ("evidence_recall of near miss>=0.7", True),
        ("evidence_recall of false-premise > .8", False),
    ],
)
def test_a_figure_is_held_against_a_number(rule: str, kept: bool):
    (verdict,) = check([rule], a_run(), None)
    assert verdict.kept is kept


@pytest.mark.parametrize(
    ("rule", "kept"),
    [
        ("latency_p95_ms <= 1.2 * baseline", False),
        ("latency_p95_ms <= 1.3 × baseline", True),
        ("evidence_recall >= baseline", False),
        ("evidence_recall within baseline", True),
        ("false_refusals within baseline", True),
        ("no question that passed may fail", False),
    ],
)
def test_a_run_is_held_against_its_baseline(rule: str, kept: bool):
    before = a_run(recall=0.85, right="ac", ms=40)
    (verdict,) = check([rule], a_run(), before)
    assert verdict.kept is kept


def test_rounding_fails_no_gate():
    third = sum([2 / 3, 1 / 2, 1 / 3]) / 3
    assert third < 0.5
    assert check(["evidence_recall >= 0.5"], a_run(recall=third), None)[0].kept
    assert not check(["evidence_recall >= 0.5001"], a_run(recall=third), None)[0].kept
    older = a_run(recall=0.6667)  # results had four digits
    for rule in ("evidence_recall >= baseline", "evidence_recall == baseline"):
        assert check([rule], a_run(recall=2 / 3), older)[0].kept
    missed = check(["evidence_recall >= baseline"], a_run(recall=0.66655), older)[0]
    assert (missed.kept, missed.why) == (False, "0.6665500 is not >= 0.6667000")


def test_a_baseline_without_any_of_the_questions_is_of_another_set():
    before = a_run()
    for row in before["answers"]:
        row["id"] = f"other-{row['id']}"
    with pytest.raises(EvaluationError, match="none of these questions"):
        check(["no question that passed may fail"], a_run(), before)


def test_a_figure_beyond_its_interval_fails_in_the_direction_that_is_worse():
    assert not check(["evidence_recall within baseline"], a_run(), a_run(recall=0.95))[0].kept
    assert check(["evidence_recall within baseline"], a_run(), a_run(recall=0.2))[0].kept
    assert not check(["false_refusals within baseline"], a_run(), a_run(recall=0.95))[0].kept


def test_a_verdict_says_which_questions_broke():
    (verdict,) = check(["no question that passed may fail"], a_run(right="b"), a_run(right="abc"))
    assert verdict.why == "2 broke: a, c"


def test_a_question_that_passed_and_is_not_in_the_run_fails_by_name():
    run = a_run(right="abc")
    run["answers"] = run["answers"][:2]
    (verdict,) = check(["no question that passed may fail"], run, a_run(right="ac"))
    assert (verdict.kept, verdict.why) == (False, "1 that passed are not in the run: c")


def test_a_baseline_that_asks_something_else_is_of_another_set():
    run, before = a_run(), a_run()
    for row in run["answers"]:
        row["question"] = f"What is {row['id']}?"
    before["answers"][1]["question"] = "What was b?"  # of the others only the grades were kept
    for rule in ("no question that passed may fail", "evidence_recall within baseline"):
        with pytest.raises(EvaluationError, match="another set: 1 questions read otherwise there, such as b"):
            check([rule], run, before)
    assert check(["evidence_recall >= 0.8"], run, before)[0].kept


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ("latency_p95_ms <= baseline", "the baseline has no latencies"),
        ("evidence_recall of near miss within baseline", "no questions of near miss in the baseline"),
    ],
)
def test_what_a_baseline_did_not_keep_is_an_error(rule: str, message: str):
    before = a_run()
    figures = before["summary"]["figures"]
    del figures["by_type"], figures["all"]["latency_ms"]
    with pytest.raises(EvaluationError, match=message):
        check([rule], a_run(), before)


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ("evidence_recall", "is no gate"),
        ("evidence_recall >= high", "is no gate"),
        ("evidence_recall >= 0.9 *", "is no gate"),
        ("evidence_recall >= * baseline", "is no gate"),
        ("evidence_recall >= 0.9 baseline", "is no gate"),
        ("evidence_recall of near miss", "is no gate"),
        ("latency_p96_ms <= 1", "there is no figure latency_p96_ms"),
        ("latency_serch_p95_ms <= 1", "there is no figure latency_serch_p95_ms"),
        ("speed >= 1", "there is no figure speed"),
        ("evidence_recall of why >= 0.5", "there are no questions of why"),
        ("evidence_recall >= baseline", "needs a baseline"),
    ],
)
def test_what_is_no_gate_is_an_error_that_says_so(rule: str, message: str):
    with pytest.raises(EvaluationError, match=message):
        check([rule], a_run(), None)


def test_gates_come_out_of_a_toml_file(tmp_path: Path):
    path = tmp_path / "gates.toml"
    path.write_text('gates = ["evidence_recall >= 0.9"]\n')
    assert read_gates(path) == ["evidence_recall >= 0.9"]
    path.write_text("rules = []\n")
    with pytest.raises(EvaluationError, match="has no list `gates`"):
        read_gates(path)
    path.write_text('gates = "evidence_recall >= 0.9"')
    with pytest.raises(EvaluationError, match="gates is a list of strings"):
        read_gates(path)
    path.write_text("gates = [")
    with pytest.raises(EvaluationError, match="cannot be read"):
        read_gates(path)
