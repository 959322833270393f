"""The speed bench runs every way on real documents, and its table and plot say what it measured."""

import json

import pytest
from lxml import etree

from eval.bench.bars import bars
from eval.bench.speed import draw, print_rows, run_speed, step
from eval.bench.ways import ask, build
from ingest.errors import EvaluationError
from ingest.read import read_file
from tests.conftest import SAMPLES

QUESTIONS = ["How much caffeine a day is safe?", "Who won the prize?", "What causes tides?", "Who was Kaldi?"]


COMPARED = ("cited", "llama-index", "txtai, hybrid")


@pytest.mark.heavy
@pytest.mark.timeout(600)
def test_what_users_would_pick_builds_searches_and_is_timed(tmp_path, capsys):
    file = SAMPLES / "coffee.md"
    rows = run_speed([file], QUESTIONS, rounds=1, names=COMPARED, cold=False)
    assert tuple(row.name for row in rows) == COMPARED
    words = len(read_file(file).text.split())
    for row in rows:
        assert row.words == words
        assert 0 < row.search[0] <= row.search[1] <= row.search[2]
        assert row.build > 0
        assert row.start > 0
        assert row.memory_mb > 100
        assert row.disk_mb > 0.01
    assert [row.name for row in rows if row.answer] == ["cited"]
    print_rows(rows)
    assert "llama-index" in capsys.readouterr().out
    draw(rows, tmp_path / "speed.svg")
    drawn = etree.parse(tmp_path / "speed.svg").getroot()
    assert len(drawn.findall("{*}rect")) == 3 * len(COMPARED)


@pytest.mark.parametrize("name", ["cited", "the models alone"])
def test_a_way_says_when_it_is_ready_and_then_a_time_a_question(name, tmp_path):
    built = build(name, tmp_path, [read_file(SAMPLES / "tides.html")])
    assert built["seconds"] > 0
    said: list[dict] = []
    ask(name, tmp_path, QUESTIONS, said.append)
    ready, done = said
    assert ready["ready"]
    assert len(done["search"]) == 2
    assert len(done["answer"]) == 2
    assert json.dumps(said)


def test_a_way_that_fails_is_named_with_its_reason(tmp_path):
    with pytest.raises(EvaluationError, match=r"^cited cannot build: .*nowhere.md"):
        step("cited", "build", tmp_path, json.dumps({"files": [str(tmp_path / "nowhere.md")]}))


def test_bars_are_longer_for_larger_figures_and_names_are_escaped():
    drawn = etree.fromstring(bars([("Time", [("ours", 1.0), ("<theirs>", 100.0)])]).encode())
    ours, theirs = (float(rect.get("width")) for rect in drawn.findall("{*}rect"))
    assert 0 < ours < theirs
    assert "<theirs>" in [text.text for text in drawn.findall("{*}text")]
