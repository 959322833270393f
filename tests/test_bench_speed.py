"""The speed bench runs every way on real documents, and its table and plot say what it measured."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from lxml import etree

from eval.bench import speed
from eval.bench.bars import bars
from eval.bench.speed import Round, draw, print_rows, row_of, run_speed, step
from eval.bench.ways import WAYS, ask, build
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


class Late:
    """Imports at its first building, for as long as half a second."""

    answer = None

    def __init__(self) -> None:
        self.folders: list[Path] = []

    def warm(self) -> None:
        pass

    def build(self, folder, documents) -> None:
        time.sleep(0 if self.folders else 0.5)
        self.folders.append(folder)
        (folder / "built").write_text(documents[0].text)


def test_what_is_imported_at_the_first_building_is_not_on_the_clock(tmp_path, monkeypatch):
    late = Late()
    monkeypatch.setitem(WAYS, "late", lambda: late)
    document = read_file(SAMPLES / "tides.html")
    assert build("late", tmp_path, [document])["seconds"] < 0.4
    assert late.folders[-1] == tmp_path
    assert (tmp_path / "built").read_text() == document.text


def once(build: float, start: float, cold: float | None, search: list[float], memory: float) -> Round:
    built, said = (
        {"seconds": build, "memory_mb": memory},
        {"search": search, "answer": [], "memory_mb": memory},
    )
    return Round(built, cold, {"at": start}, said, 3.0)


def test_seconds_are_medians_of_the_rounds_milliseconds_of_all_questions_and_memory_the_most():
    rounds = [
        once(4.0, 1.0, 9.0, [10.0, 30.0], 100.0),
        once(2.0, 3.0, None, [20.0, 50.0], 300.0),
        once(3.0, 2.0, 5.0, [40.0, 60.0], 200.0),
    ]
    row = row_of("cited", 600, rounds)
    assert (row.build, row.words_per_second, row.start, row.cold) == (3.0, 200.0, 2.0, 7.0)
    assert (row.search, row.answer) == ((30.0, 60.0, 60.0), None)
    assert (row.build_memory_mb, row.memory_mb, row.disk_mb) == (300.0, 300.0, 3.0)


SMALL = "from eval.memory import most_memory_mb; print(most_memory_mb())"


def test_memory_is_that_of_the_process_itself_and_not_of_the_one_that_started_it():
    held = bytearray(300_000_000)
    held[::4096] = b"x" * len(held[::4096])
    said = subprocess.run([sys.executable, "-c", SMALL], check=True, capture_output=True, text=True)
    assert 5 < float(said.stdout) < 200 < len(held) / 1e6


def test_what_is_not_yet_on_the_disk_is_written_before_files_are_forgotten(tmp_path, monkeypatch):
    forgetting = tmp_path / "drop_caches"
    there: list[bool] = []
    monkeypatch.setattr(speed, "DROP_CACHES", forgetting)
    monkeypatch.setattr(os, "sync", lambda: there.append(forgetting.exists()))
    assert speed._forgotten()
    assert (there, forgetting.read_text()) == ([False], "3")
    monkeypatch.setattr(speed, "DROP_CACHES", tmp_path)
    assert not speed._forgotten()


def test_a_way_that_fails_is_named_with_its_reason(tmp_path):
    with pytest.raises(EvaluationError, match=r"^cited cannot build: .*nowhere.md"):
        step("cited", "build", tmp_path, json.dumps({"files": [str(tmp_path / "nowhere.md")]}))


def test_bars_are_longer_for_larger_figures_and_names_are_escaped():
    drawn = etree.fromstring(bars([("Time", [("ours", 1.0), ("<theirs>", 100.0)])]).encode())
    ours, theirs = (float(rect.get("width")) for rect in drawn.findall("{*}rect"))
    assert 0 < ours < theirs
    assert "<theirs>" in [text.text for text in drawn.findall("{*}text")]
