"""A library that may only be read, and two processes for one, with real processes and file systems."""

import pytest

from index.library import Library
from ingest.errors import LibraryReadOnly
from tests.faults_parts import (
    Server,
    cited,
    closed,
    name_of,
    paper,
    problem,
    question,
    sentence,
    serving,
)
from tests.test_embed import WordLengths
from tests.test_faults_disk import HERE, NEW, papers, toy_library

__all__ = ["papers"]


@pytest.mark.heavy
def test_a_library_that_may_only_be_read_is_read_and_every_change_of_it_is_refused(tmp_path, papers):
    folder = tmp_path / "library"
    assert cited(folder, "ingest", str(papers))[0] == 0
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    with closed(folder, tmp_path / "closed") as library:
        assert cited(library, "list")[1].count("Paper") == 0
        assert HERE[0] in cited(library, "list")[1]
        assert cited(library, "show", name_of(HERE[0]), "--text")[1] == paper(HERE[0], 1801)[2:].strip()
        assert f"“{sentence(HERE[1], 1801)}” [1]" in cited(library, "ask", question(HERE[1]))[1]
        assert sentence(HERE[2], 1801) in cited(library, "search", question(HERE[2]))[1]
        assert cited(library, "backup", str(tmp_path / "kept"))[0] == 0
        (papers / name_of(NEW)).write_text(paper(NEW, 1900))
        for words in (
            ("ingest", str(papers)),
            ("delete", name_of(HERE[0])),
            ("rebuild",),
            ("collection", "move", name_of(HERE[0]), "mine"),
        ):
            status, output, said = cited(library, *words)
            assert (status, output) == (1, "")
            assert "may be read here and not written" in said
    assert before == {path: path.stat().st_mtime_ns for path in folder.rglob("*")}


@pytest.mark.heavy
def test_a_server_of_a_library_that_may_only_be_read_answers_and_refuses_changes(tmp_path, papers):
    folder = tmp_path / "library"
    assert cited(folder, "ingest", str(papers))[0] == 0
    with closed(folder, tmp_path / "closed") as library, serving(library, page=True) as server:
        listed = {one["title"]: one["id"] for one in server.http.get("/v1/documents").json()["documents"]}
        assert set(listed) == set(HERE)
        answer = server.ask(question(HERE[0])).json()
        assert [c["cited_text"] for c in answer["citations"]] == [sentence(HERE[0], 1801)]
        for refused in (
            server.upload(name_of(NEW), paper(NEW, 1900)),
            server.http.delete(f"/v1/documents/{listed[HERE[0]]}"),
            server.http.post("/v1/feedback", json={"answer": answer, "good": True}),
        ):
            assert "may be read here and not written" in problem(refused, 403)
        assert server.http.get("/ready").status_code == 200
        status, _, said = cited(folder, "delete", name_of(HERE[0]))
        assert status == 1  # somebody reads it, who would not notice
        assert "is in use by another process" in said
        with serving(library) as beside:  # those who only read do not hinder each other
            assert beside.http.get("/v1/documents").json()["documents"]


def test_what_was_left_in_the_middle_of_a_change_is_read_with_it_or_refused(tmp_path, papers):
    folder = tmp_path / "library"
    toy_library(folder, papers)
    library = Library(folder, WordLengths())
    library.catalog.set_about(told="in the log")  # not yet in the file itself
    copy = tmp_path / "copy"
    copy.mkdir()
    for path in folder.glob("catalog.sqlite*"):
        (copy / path.name).write_bytes(path.read_bytes())
    library.close()
    with closed(copy, tmp_path / "closed") as place, Library(place, WordLengths()) as found:
        assert found.catalog.about("told") == "in the log"
        with pytest.raises(LibraryReadOnly, match="may be read here and not written"):
            found.catalog.set_about(told="more")
    (copy / "catalog.sqlite-shm").unlink()
    with (
        closed(copy, tmp_path / "again") as place,
        pytest.raises(LibraryReadOnly, match="open it once where"),
    ):
        Library(place, WordLengths())


@pytest.mark.heavy
def test_a_second_process_is_told_who_has_the_library_and_takes_over_from_one_that_was_killed(
    tmp_path, papers
):
    library = tmp_path / "library"
    assert cited(library, "ingest", str(papers))[0] == 0
    with serving(library, page=True) as first:
        second = Server(library, page=True)
        (papers / name_of(NEW)).write_text(paper(NEW, 1900))
        status, _, said = cited(library, "ingest", str(papers))
        for ended, told in ((status, said), second.ended()):
            assert ended == 1
            assert f"process {first.process.pid}" in told
            assert "serve" in told
            assert "Traceback" not in told
        assert first.ask(question(HERE[0])).json()["answered"]
        first.kill()
        with serving(library) as after:
            assert after.ask(question(HERE[0])).json()["answered"]
