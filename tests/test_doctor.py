"""The doctor names what is wrong, and mends what can be mended."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from app.doctor import examine
from app.doctor_library import examine_library
from app.settings import Settings
from index.library import Library
from index.mend import difference, mend
from index.search import search
from index.vectors import Vectors
from ingest.read import read_file
from tests.conftest import SAMPLES
from tests.test_embed import WordLengths

CITED = str(Path(sys.executable).with_name("cited"))
NAMES = [
    "program", "embedding model", "reader", "language model", "ocr", "library", "permissions", "disk",
    "leftovers", "catalog", "lock", "vectors",
]  # fmt: skip


@pytest.fixture
def folder(tmp_path, embedder):
    """A library of one sample, closed."""
    with Library(tmp_path / "library", embedder) as library:
        library.add(read_file(SAMPLES / "coffee.md"))
    return tmp_path / "library"


def findings(folder, repair=False, **more):
    return {f.name: f for f in examine(Settings(folder, **more), repair)}


def problems(found):
    return [f.name for f in found.values() if f.status == "problem"]


def without_vectors(folder, embedder, count):
    """Take vectors away as damage would."""
    with Library(folder, embedder) as library:
        library.vectors.delete(library.catalog.passage_ids()[:count])


def test_of_a_healthy_library_everything_is_ok(folder):
    found = findings(folder)
    assert list(found) == NAMES
    assert {f.status for f in found.values()} == {"ok"}
    assert found["vectors"].message == "36 of 36 passages"
    assert found["lock"].message == "free"
    assert "schema" in found["catalog"].message
    assert f"Python {sys.version_info.major}.{sys.version_info.minor}" in found["program"].message


def test_the_command_gives_lines_or_json_and_status_1_for_a_problem(folder, embedder):
    def run(*words):
        command = [CITED, "doctor", "--library", str(folder), *words]
        return subprocess.run(command, capture_output=True, text=True, timeout=120)

    without_vectors(folder, embedder, 3)
    lines = run()
    assert (lines.returncode, lines.stderr) == (1, "")
    assert lines.stdout.splitlines()[0].startswith("ok        program          Cited 0.")
    assert "problem   vectors          3 of 36 missing, 0 superfluous; `--repair` mends it" in lines.stdout
    rows = json.loads(run("--json").stdout)
    assert [row["name"] for row in rows] == NAMES
    assert [row["status"] for row in rows].count("problem") == 1
    mended = run("--repair")
    assert mended.returncode == 0
    assert "repaired  vectors          36 of 36 passages; was: 3 of 36 missing" in mended.stdout
    assert run().returncode == 0


def test_missing_and_superfluous_vectors_are_told_apart_and_mended(folder, embedder):
    with Library(folder, embedder) as library:
        wanted = [(h.passage.id, h.similarity) for h in search(library, "coffee and sleep", 5)]
        library.vectors.add(["stray:1:0"], embedder.passages(["A stray sentence."]))
        library.vectors.delete(library.catalog.passage_ids()[5:9])
    assert "4 of 36 missing, 1 superfluous" in findings(folder)["vectors"].message
    assert findings(folder, repair=True)["vectors"].status == "repaired"
    assert findings(folder)["vectors"].status == "ok"
    with Library(folder, embedder) as library:
        found = [(h.passage.id, h.similarity) for h in search(library, "coffee and sleep", 5)]
    assert [name for name, _ in found] == [name for name, _ in wanted]
    assert [s for _, s in found] == pytest.approx([s for _, s in wanted], abs=2e-3)


@pytest.mark.parametrize("what", ["gone", "rubbish"])
def test_vectors_that_cannot_be_used_at_all_are_written_anew(folder, embedder, what):
    chroma = folder / "chroma"
    for file in sorted(chroma.rglob("*"), reverse=True):
        if what == "gone":
            file.rmdir() if file.is_dir() else file.unlink()
        elif file.suffix == ".sqlite3":
            file.write_bytes(b"rubbish" * 500)
    found = findings(folder)
    assert problems(found) == ["vectors"]
    assert findings(folder, repair=True)["vectors"].status == "repaired"
    assert problems(findings(folder)) == []
    with Library(folder, embedder) as library:
        assert search(library, "coffee and sleep", 5)


def test_what_an_interruption_left_goes_with_repair(folder, embedder):
    with Library(folder, embedder) as library:
        library.catalog.add_loose(["half:done:1"])
        library.vectors.add(["half:done:1"], embedder.passages(["Half done."]))
    assert findings(folder)["vectors"].message.endswith("1 of interrupted work go with the next change")
    assert findings(folder, repair=True)["vectors"].status == "repaired"
    with Library(folder, embedder) as library:
        assert (library.catalog.loose(), library.vectors.count()) == ([], 36)


def test_passages_without_kept_sentence_vectors_are_embedded(folder, embedder):
    with Library(folder, embedder) as library:
        with library.catalog.change() as db:
            db.execute("UPDATE passages SET vectors = NULL WHERE number < 4")
        library.vectors.delete(library.catalog.passage_ids())
    with Library(folder, embedder) as library:
        assert len(mend(library).missing) == 36
    listed = Vectors(folder / "chroma")
    with Library(folder, embedder) as library:
        assert difference(library.catalog, listed).missing == ()
    listed.close()


def test_another_embedding_model_is_a_problem_that_no_repair_touches(tmp_path):
    with Library(tmp_path / "toy", WordLengths()) as library:
        library.add(read_file(SAMPLES / "coffee.md"))
    for repair in (False, True):
        found = findings(tmp_path / "toy", repair)
        assert problems(found) == ["vectors"]
        assert "built with word-lengths@1" in found["vectors"].message
        assert "`cited rebuild`" in found["vectors"].message


def test_a_damaged_catalog_is_named_and_the_rest_is_looked_at(folder):
    content = bytearray((folder / "catalog.sqlite").read_bytes())
    content[: 4096 * 2] = b"x" * 4096 * 2
    (folder / "catalog.sqlite").write_bytes(bytes(content))
    found = findings(folder, repair=True)
    assert problems(found) == ["catalog"]
    assert "cannot be read" in found["catalog"].message
    assert (folder / "catalog.sqlite").read_bytes() == bytes(content)


def test_pages_of_the_catalog_that_are_damaged_inside_are_found(folder):
    file = folder / "catalog.sqlite"
    content = bytearray(file.read_bytes())
    at = len(content) // 2 // 4096 * 4096
    content[at : at + 4096] = b"\x00" * 4096
    file.write_bytes(bytes(content))
    found = findings(folder)
    assert "catalog" in problems(found)
    assert "cited restore" in found["catalog"].message or "restore it" in found["catalog"].message


def test_tables_that_do_not_agree_are_found(folder, embedder):
    with Library(folder, embedder) as library, library.catalog.change() as db:
        db.execute("DELETE FROM words WHERE rowid = 3")
    assert findings(folder)["catalog"].message == "1 passages without words; run `cited rebuild`"
    subprocess.run([CITED, "rebuild", "--library", folder], check=True, capture_output=True, timeout=120)
    assert problems(findings(folder)) == []


HOLD = """
import sys, time
from pathlib import Path
from index.library import Library
library = Library(Path(sys.argv[1]))
library.own()
print("held", flush=True)
time.sleep(60)
"""


def test_who_has_the_library_is_told_and_a_note_of_who_was_killed_is_cleared(folder):
    command = [sys.executable, "-c", HOLD, str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "held\n"
        found = findings(folder, repair=True)
        assert f"process {process.pid}" in found["lock"].message
        assert found["vectors"].message == "not looked at, while another process has the library"
        assert problems(found) == []
        process.send_signal(signal.SIGKILL)
    assert (folder / "owner.json").exists()
    found = findings(folder)
    assert found["lock"].status == "repaired"
    assert "was ended while it had the library" in found["lock"].message
    assert not (folder / "owner.json").exists()
    assert findings(folder)["lock"].message == "free"


def test_what_a_killed_restore_left_is_found_and_removed(folder):
    left = folder.with_name(".library.partial")
    (left / "library").mkdir(parents=True)
    (left / "library" / "catalog.sqlite").write_bytes(b"half")
    assert problems(findings(folder)) == ["leftovers"]
    assert left.exists()
    assert findings(folder, repair=True)["leftovers"].status == "repaired"
    assert not left.exists()


def test_users_that_others_can_read_and_files_out_of_reach_are_problems(folder):
    users = folder / "access.sqlite"
    users.write_bytes(b"")
    users.chmod(0o644)
    assert f"chmod 600 {users}" in findings(folder)["permissions"].message
    users.chmod(0o600)
    assert problems(findings(folder)) == []
    if os.geteuid() != 0:
        users.chmod(0o000)
        assert "may not be read" in findings(folder)["permissions"].message


@pytest.mark.heavy
def test_models_that_cannot_be_loaded_or_asked_are_problems(folder, tmp_path):
    (tmp_path / "empty").mkdir()
    found = findings(folder, embedding_model=str(tmp_path / "empty"))
    assert problems(found) == ["embedding model", "vectors"]
    found = findings(folder, model="m", endpoint="http://127.0.0.1:1/v1")
    assert problems(found) == ["language model"]
    assert "127.0.0.1:1" in found["language model"].message


def test_an_index_whose_files_are_gone_is_written_anew_without_the_model(tmp_path):
    words = [f"Ship {n} of load {n % 97} went to port {n % 31}. " * 12 for n in range(1500)]
    (tmp_path / "large.txt").write_text("Ships\n\n" + "\n\n".join(words))
    with Library(tmp_path / "large", WordLengths()) as library:
        library.add(read_file(tmp_path / "large.txt"))
        count = library.catalog.passage_count()
    files = list((tmp_path / "large" / "chroma").rglob("*.bin"))
    assert files
    for file in files:
        file.unlink()
    embedder = WordLengths()
    found = {f.name: f for f in examine_library(tmp_path / "large", embedder, False)}
    assert problems(found) == ["vectors"]
    with Library(tmp_path / "large", embedder) as library:
        assert len(mend(library).missing) == count
        assert library.vectors.count() == count
        assert search(library, "ship to port", 3)
    found = {f.name: f for f in examine_library(tmp_path / "large", embedder, False)}
    assert problems(found) == []
