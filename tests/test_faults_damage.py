"""Damaged files: told with the way out, never answered wrong, and mended. Each is opened in a process of its
own, for damaged files have ended processes."""

import json
import random
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from zlib import crc32

import numpy as np
import pytest

from index.library import Library
from index.search import search
from ingest.errors import LibraryDamaged
from ingest.read import read_file
from tests.conftest import ROOT
from tests.faults_parts import ENVIRONMENT, TOWNS, answers, cited, id_of, name_of, paper, problem, serving
from tests.test_embed import WordLengths

HOWS: dict[str, Callable[[bytes], bytes | None]] = {
    "truncated": lambda data: data[: len(data) // 2],
    "emptied": lambda data: b"",
    "noise": lambda data: random.Random(7).randbytes(len(data)),
    "noise in the middle": lambda data: _middle(data, random.Random(7).randbytes(4096)),
    "zeros in the middle": lambda data: _middle(data, bytes(4096)),
    "deleted": lambda data: None,
}
FILES = ("chroma.sqlite3", "data_level0.bin", "header.bin", "length.bin", "link_lists.bin",
         "index_metadata.pickle")  # fmt: skip
QUESTIONS = ("ship to port 3", "a load of 45", "the 17th of them")
LOOK = """
import json, sys
from pathlib import Path
from index.library import Library
from index.mend import mend
from index.search import search
from ingest.errors import CitedError
from tests.test_faults_damage import QUESTIONS, Scattered
def found(folder, mended=False):
    try:
        with Library(folder, Scattered()) as library:
            if mended == "rebuild":
                library.rebuild()
            elif mended:
                mend(library)
            return [[hit.passage.id for hit in search(library, q, 5)] for q in QUESTIONS]
    except CitedError as error:
        return str(error)
for number, folder in enumerate(sys.argv[1:]):
    told = found(Path(folder))
    print(json.dumps([told, found(Path(folder), "rebuild" if number % 2 else "repair")]), flush=True)
"""


class Scattered(WordLengths):
    """A toy whose vectors are of no meaning, and never as near as each other."""

    fingerprint = "scattered@1"

    def passages(self, texts, batch=32):
        rows = [np.random.default_rng(crc32(text.encode())).normal(size=64) for text in texts]
        vectors = np.array(rows, dtype=np.float32).reshape(len(texts), 64)
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def _middle(data: bytes, put: bytes) -> bytes:
    at = max(len(data) // 2 - len(put) // 2, 0)
    return (data[:at] + put[: len(data) - at] + data[at + len(put) :])[: len(data)]


def found(*folders: Path) -> list[tuple[list | str, list | str]]:
    """What a process finds in each library, or the message of its error; and again once it is mended."""
    done = subprocess.run(
        [sys.executable, "-c", LOOK, *map(str, folders)],
        cwd=ROOT, env=ENVIRONMENT, capture_output=True, text=True, timeout=250,
    )  # fmt: skip
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0, f"it ended with {done.returncode} at {len(told)}: {done.stderr}"
    return told


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> Path:
    """A library whose index Chroma has written to its files, which it does at a thousand vectors."""
    folder = tmp_path_factory.mktemp("whole")
    chance = random.Random(3)
    words = [f"Ship {chance.choices('abcdefgh', k=n % 17 + 1)} of load {n} went to port {n % 31}. " * 12
             for n in range(1200)]  # fmt: skip
    (folder / "large.txt").write_text("Ships\n\n" + "\n\n".join(words))
    with Library(folder / "library", Scattered()) as library:
        library.add(read_file(folder / "large.txt"))
    return folder / "library"


def damaged(whole: Path, place: Path, name: str, how: str) -> Path:
    """A copy of a library with one file damaged."""
    shutil.copytree(whole, place)
    (path,) = place.rglob(name)
    data = HOWS[how](path.read_bytes())
    if data is None:
        path.unlink()
    else:
        path.write_bytes(data)
    return place


@pytest.mark.parametrize("name", ["data_level0.bin", "header.bin", "length.bin"])
def test_what_a_killed_program_left_torn_is_written_anew_when_the_library_is_opened(whole, tmp_path, name):
    """Each of them was found torn after a kill. A program that was killed leaves the note of who it was."""
    torn = damaged(whole, tmp_path / "torn", name, "truncated")
    (torn / "owner.json").write_text('{"pid": 1, "command": "cited ingest", "since": "1957-10-04 19:28"}')
    ((good, _), (told, _)) = found(shutil.copytree(whole, tmp_path / "whole"), torn)
    assert told == good
    assert all(good)


def test_of_a_large_library_that_was_left_torn_the_quickest_way_out_is_told(whole, tmp_path, monkeypatch):
    monkeypatch.setattr("index.alone.MENDED", 1000)
    torn = damaged(whole, tmp_path / "torn", "header.bin", "truncated")
    (torn / "owner.json").write_text("{}")
    with Library(torn, Scattered()) as library, pytest.raises(LibraryDamaged, match="cited doctor --repair"):
        search(library, QUESTIONS[0], 5)


@pytest.mark.heavy
@pytest.mark.parametrize("name", FILES)
def test_a_damaged_file_of_the_vectors_is_told_and_mended_and_changes_no_answer(whole, tmp_path, name):
    folders = [damaged(whole, tmp_path / str(n), name, how) for n, how in enumerate(HOWS)]
    ((good, same), *others) = found(shutil.copytree(whole, tmp_path / "whole"), *folders)
    assert good == same
    assert all(good)
    for how, folder, (told, mended) in zip(HOWS, folders, others, strict=True):
        if isinstance(told, str):
            assert str(folder / "chroma") in told, how
            assert "`cited rebuild`" in told, how
        else:
            assert told == good, how
        assert mended == good, how


@pytest.mark.heavy
def test_while_a_server_runs_damage_of_its_files_is_a_clear_error_or_changes_nothing(tmp_path):
    papers = tmp_path / "papers"
    papers.mkdir()
    for town in TOWNS[:3]:
        (papers / name_of(town)).write_text(paper(town, 1801))
    folder = tmp_path / "library"
    with serving(folder) as server:
        for town in TOWNS[:3]:
            server.upload(name_of(town), paper(town, 1801))
        (database,) = folder.rglob("chroma.sqlite3")
        database.write_bytes(random.Random(7).randbytes(database.stat().st_size))
        for town in TOWNS[:3]:
            answer = server.ask(f"When was the lighthouse of {town} finished?", id_of(town))
            if answer.status_code == 200:
                answers(server, town, 1801)
            else:
                assert "`cited rebuild`" in problem(answer, 500)
        assert "cited rebuild" in problem(server.http.get("/ready"), 500)
        assert "cited rebuild" in problem(server.upload(name_of("Jarrow"), paper("Jarrow", 1900)), 500)
    assert cited(folder, "rebuild")[0] == 0
    with serving(folder) as server:
        for town in TOWNS[:3]:
            answers(server, town, 1801)


def test_no_damaged_page_of_the_catalog_ends_in_anything_but_a_message_or_the_same_answer(tmp_path):
    with Library(tmp_path / "library", WordLengths()) as library:
        for town in TOWNS:
            (tmp_path / name_of(town)).write_text(paper(town, 1801, 60))
            library.add(read_file(tmp_path / name_of(town)))
        good = [hit.passage.text for hit in search(library, "lighthouse of Corvo", 5)]
    file = tmp_path / "library" / "catalog.sqlite"
    data = file.read_bytes()
    pages, damages = len(data) // 4096, 0
    for page in range(1, pages, max(pages // 12, 1)):
        file.write_bytes(
            data[: page * 4096] + random.Random(page).randbytes(4096) + data[(page + 1) * 4096 :]
        )
        try:
            with Library(tmp_path / "library", WordLengths()) as library:
                assert len(library.entries()) == len(TOWNS)
                assert [hit.passage.text for hit in search(library, "lighthouse of Corvo", 5)] == good
        except LibraryDamaged as error:
            told = str(error)
            damages += f"the catalog {file} cannot be read" in told and "restore it from a copy" in told
    assert damages >= 4
