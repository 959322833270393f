"""What the command line prints, wherever to: other encodings, full disks, readers that stop, terminals."""

import json
import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest

from index.library import Library
from ingest.read import read_file
from tests.test_embed import WordLengths

CITED = Path(sys.executable).with_name("cited")
TITLE = "RESIDENTIAL TENANCY AGREEMENT of [/b] the little house — «Zum Löwen»"
LATIN = {"PYTHONIOENCODING": "latin-1"}
PLAIN = {"PYTHONIOENCODING": "", "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}


@pytest.fixture(scope="module")
def library(tmp_path_factory) -> Path:
    """Two documents with the same title, and one with another."""
    folder = tmp_path_factory.mktemp("output")
    for name, title in (("one/a.md", TITLE), ("two/a.md", TITLE), ("b.md", "The bridge")):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(f"# {title}\n\nThe rent in {name} is “500” pounds 🙂.\n", encoding="utf-8")
    with Library(folder / "library", WordLengths()) as opened:
        for path in folder.rglob("*.md"):
            opened.add(read_file(path))
    return folder / "library"


def run(library, *words, **environment):
    command = [CITED, *words, "--library", library]
    return subprocess.run(command, capture_output=True, timeout=60, env={**os.environ, **environment})


@pytest.fixture(scope="module")
def rents(tmp_path_factory) -> Path:
    """A library that answers, of two documents with the same title."""
    folder = tmp_path_factory.mktemp("rents")
    for name, rent in {"one": "500", "two": "600"}.items():
        (folder / name).mkdir()
        (folder / name / "a.md").write_text(f"# Agreement\n\nThe rent is {rent} pounds a month.\n")
    run(folder / "library", "ingest", folder / "one", folder / "two")
    return folder / "library"


@pytest.mark.parametrize("environment", [LATIN, PLAIN])
def test_an_answer_is_told_in_every_encoding(rents, environment):
    done = run(rents, "ask", "What is the rent a month?", **environment)
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"\\u201cThe rent is " in done.stdout


@pytest.mark.parametrize("words", [["list"], ["show", "one/a.md"]])
def test_signs_that_an_encoding_lacks_are_written_as_escapes(library, words):
    done = run(library, *words, **LATIN)
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"\\u2014" in done.stdout


@pytest.mark.parametrize("environment", [LATIN, PLAIN])
def test_json_is_json_in_every_encoding(library, environment):
    rows = json.loads(run(library, "list", "--json", **environment).stdout)
    assert [row["title"] for row in rows].count(TITLE) == 2
    assert TITLE.encode() in run(library, "list", "--json", PYTHONIOENCODING="utf-8").stdout


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("words", [["list"], ["list", "--json"], ["show", "b.md", "--text"]])
def test_a_full_disk_is_told_and_a_closed_pipe_is_not(library, words, unbuffered):
    command = [CITED, *words, "--library", library]
    environment = {**os.environ, "PYTHONUNBUFFERED": unbuffered}
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, timeout=60, env=environment)
    said = b"cited: the output cannot be written: No space left on device\n"
    assert (done.returncode, done.stderr) == (1, said)
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, timeout=60, env=environment)
    os.close(writing)
    assert (done.returncode, done.stderr) == (1, b"")


def on_terminal(columns, *words):
    """What a terminal of so many columns is given."""
    ours, theirs = pty.openpty()
    environment = {**os.environ, "COLUMNS": str(columns), "TERM": "xterm", "PYTHONIOENCODING": "utf-8"}
    subprocess.run([CITED, *words], stdout=theirs, stdin=subprocess.DEVNULL, timeout=60, env=environment)
    os.close(theirs)
    told = b""
    try:
        while part := os.read(ours, 65536):
            told += part
    except OSError:  # the end, of a terminal
        pass
    os.close(ours)
    return re.sub(r"\x1b\[[\d;]*m", "", told.decode().replace("\r\n", "\n"))


def test_a_table_cuts_nothing_and_tells_equal_titles_apart(library):
    with Library(library) as opened:
        entries = opened.entries()
    table = on_terminal(80, "list", "--library", library)
    assert "│" in table
    rows = [[cell.strip() for cell in line.split("│")[1:-1]] for line in table.splitlines() if "│" in line]
    assert "…" not in table
    titles = "".join(row[1] for row in rows).replace(" ", "")
    for entry in entries:
        assert [entry.added[:10]] == [row[4] for row in rows if row[0] == entry.id]
        assert entry.title.replace(" ", "") in titles
        assert (entry.source.replace(" ", "") in titles) == (entry.title == TITLE)
    narrow = on_terminal(40, "list", "--library", library)
    assert [line.split("\t")[:2] for line in narrow.splitlines()] == [[e.id, e.title] for e in entries]


def test_elsewhere_a_list_is_lines_with_tabs_however_wide(library):
    done = run(library, "list", COLUMNS="40")
    assert all(line.count(b"\t") == 6 for line in done.stdout.splitlines())
    assert len(done.stdout.splitlines()) == 3


def test_the_places_of_an_answer_tell_documents_with_equal_titles_apart(rents):
    answer = json.loads(run(rents, "ask", "--json", "What is the rent a month?").stdout)
    assert len({p["document_id"] for p in answer["passages"]}) == 2
    lines = run(rents, "ask", "What is the rent a month?").stdout.decode().splitlines()
    for citation in answer["citations"]:
        (line,) = [line for line in lines if line.startswith(f"[{citation['marker']}]")]
        assert citation["document_id"] in line
