"""Both sets are run and held against the baseline: a change that makes answers worse fails here."""

import json
from pathlib import Path

import pytest

from eval.baseline import BASELINE, GATES, kept
from eval.gates import check
from eval.questions import SETS
from eval.run import load_task, run
from tests.conftest import SAMPLES


def hold(name: str, source: Path, output: Path) -> None:
    rows, summary = run(load_task(SETS / f"{name}.jsonl", [source]), output)
    baseline = json.loads(BASELINE.read_text(encoding="utf-8"))[name]
    verdicts = check(GATES, {"answers": rows, "summary": summary}, baseline)
    assert [v for v in verdicts if not v.kept] == []
    assert {row["id"] for row in kept(rows, summary)["answers"]} == {row["id"] for row in baseline["answers"]}


@pytest.mark.heavy
def test_the_answers_about_the_samples_keep_their_gates(tmp_path: Path):
    hold("samples", SAMPLES, tmp_path / "samples.jsonl")


@pytest.mark.heavy
def test_the_answers_about_the_article_keep_their_gates(tmp_path: Path, article_path: Path):
    hold("article", article_path, tmp_path / "article.jsonl")
