"""A disk that is full, with real processes and real file systems."""

import json
import logging
from pathlib import Path

import pytest

from app.access.audit import Audit
from app.backup import back_up
from index.library import Library
from index.search import search
from ingest.errors import LibraryFull
from ingest.read import read_file
from tests.faults_parts import (
    TOWNS,
    Server,
    answers,
    cited,
    disk,
    fill,
    id_of,
    name_of,
    paper,
    problem,
    question,
    sentence,
    serving,
)  # fmt: skip
from tests.test_embed import WordLengths

HERE = TOWNS[:3]
NEW = "Jarrow"


@pytest.fixture
def papers(tmp_path: Path) -> Path:
    folder = tmp_path / "papers"
    folder.mkdir()
    for town in HERE:
        (folder / name_of(town)).write_text(paper(town, 1801))
    return folder


@pytest.mark.heavy
def test_on_a_full_disk_a_server_says_507_answers_as_before_and_goes_on_with_room(tmp_path):
    with disk(tmp_path / "disk", "12m") as place, serving(place / "library") as server:
        for town in HERE:
            assert server.upload(name_of(town), paper(town, 1801)).status_code == 201
        feedback = {"answer": server.ask(question(HERE[0])).json(), "good": True}
        for leave in (0, 40_000, 200_000):  # what fails is the catalog, the vectors, and the vectors later
            filler = fill(place, leave)
            for _ in range(2):  # Chroma's third write after two that failed used to wait for ever
                large = server.upload(name_of(NEW), paper(NEW, 1900, 3000))
                assert "no room on the disk" in problem(large, 507)
            if leave == 0:
                assert "make room" in problem(server.upload(name_of(NEW), paper(NEW, 1900)), 507)
                deleted = server.http.delete(f"/v1/documents/{id_of(HERE[0])}")
                assert "make room" in problem(deleted, 507)
                assert "make room" in problem(server.http.post("/v1/feedback", json=feedback), 507)
            for town in HERE:
                answers(server, town, 1801)
            filler.unlink()
        assert server.upload(name_of(NEW), paper(NEW, 1900)).status_code == 201
        assert server.http.delete(f"/v1/documents/{id_of(HERE[0])}").status_code == 204
        answers(server, NEW, 1900)
        answer = server.ask(question(HERE[0])).json()
        assert id_of(HERE[0]) not in {passage["document_id"] for passage in answer["passages"]}


@pytest.mark.heavy
def test_without_room_for_temporary_files_an_upload_is_507_and_the_next_one_is_taken(tmp_path):
    with (
        disk(tmp_path / "temporary", "4m") as place,
        serving(tmp_path / "library", TMPDIR=str(place)) as server,
    ):
        assert server.upload(name_of(HERE[0]), paper(HERE[0], 1801)).status_code == 201
        filler = fill(place)  # now that Python has chosen this folder; where it was full it would not
        for paragraphs in (1, 40_000):  # kept in memory while it is read, and not
            told = problem(server.upload(name_of(NEW), paper(NEW, 1900, paragraphs)), 507)
            assert "TMPDIR" in told
        filler.unlink()
        assert server.upload(name_of(NEW), paper(NEW, 1900)).status_code == 201
        answers(server, NEW, 1900)


@pytest.mark.heavy
def test_on_a_full_disk_every_command_says_so_and_nothing_is_lost(tmp_path, papers):
    with disk(tmp_path / "disk", "12m") as place:
        library = place / "library"
        assert cited(library, "ingest", str(papers))[0] == 0
        filler = fill(place)
        (papers / name_of(NEW)).write_text(paper(NEW, 1900))
        for words in (
            ("ingest", str(papers)),
            ("delete", name_of(HERE[0])),
            ("rebuild",),
            ("backup", str(place / "kept.backup")),
        ):
            status, output, said = cited(library, *words)
            assert (status, output) == (1, "")
            assert "no room on the disk" in said
        status, said = Server(library, page=True).ended()
        assert status == 1
        assert "no room on the disk" in said
        assert "Traceback" not in said
        filler.unlink()
        assert cited(library, "ingest", str(papers))[1].count("unchanged  ") == len(HERE)
        for town, year in ((HERE[0], 1801), (NEW, 1900)):
            assert f"“{sentence(town, year)}” [1]" in cited(library, "ask", question(town))[1]


def toy_library(folder: Path, papers: Path) -> None:
    with Library(folder, WordLengths()) as library:
        for path in sorted(papers.iterdir()):
            library.add(read_file(path))


def test_vectors_that_could_not_be_written_again_and_again_can_be_once_there_is_room(tmp_path, papers):
    with disk(tmp_path / "disk", "12m") as place:
        toy_library(place / "library", papers)
        with Library(place / "library", WordLengths()) as library:
            vector = library.embedder.passages(["a ship"])
            before = library.vectors.count()
            filler = fill(place)
            for _ in range(5):
                with pytest.raises(LibraryFull, match="make room"):
                    library.vectors.add(["x:1:1"], vector)
                assert len(search(library, "lighthouse", 3)) == 3
            filler.unlink()
            library.vectors.add(["x:1:1"], vector)
            assert library.vectors.count() == before + 1


def test_a_backup_on_a_full_disk_says_so_and_keeps_the_one_before(tmp_path, papers):
    toy_library(tmp_path / "library", papers)
    with disk(tmp_path / "disk", "1m") as place:
        back_up(tmp_path / "library", place / "kept")
        before = (place / "kept").read_bytes()
        fill(place)
        with pytest.raises(LibraryFull, match="make room"):
            back_up(tmp_path / "library", place / "kept")
        assert (place / "kept").read_bytes() == before


def test_an_audit_log_on_a_full_disk_has_whole_lines_only_and_tells_of_the_others(tmp_path, caplog):
    with disk(tmp_path / "disk", "64k") as place:
        audit = Audit(place)
        with caplog.at_level(logging.ERROR):
            for n in range(2000):
                audit.note("delete", f"document-{n}")
        assert "is not in the audit log" in caplog.text
        assert "No space left" in caplog.text
        (place / "audit.jsonl").write_bytes(
            (place / "audit.jsonl").read_bytes()[:4096].rpartition(b"\n")[0] + b"\n"
        )
        audit.note("delete", "last")
        lines = [json.loads(line) for line in (place / "audit.jsonl").read_text().splitlines()]
        assert lines[-1]["what"] == "last"


def test_what_a_full_disk_took_of_a_line_of_the_audit_log_goes_again(tmp_path):
    with disk(tmp_path / "disk", "64k") as place:
        audit = Audit(place)
        audit.note("delete", "first")
        fill(place)  # so that the log's last page takes a part of a line
        for n in range(100):
            audit.note("delete", f"document-{n}")
        told = (place / "audit.jsonl").read_text()
        assert told.endswith("\n")
        assert len([json.loads(line) for line in told.splitlines()]) > 10
