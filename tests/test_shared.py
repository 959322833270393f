"""A library on real servers does all that one in a folder does, with several processes at once."""

import random
import time
from collections.abc import Iterator
from contextlib import suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection
from threading import Barrier, Event, Thread

import httpx
import pytest

from app.answer import Answerer
from app.doctor import OK, REPAIRED
from app.doctor_library import examine_library
from index.fingerprint import fingerprint, holdings
from index.library import Library
from index.mend import difference
from index.place import Servers
from index.search import search
from ingest.document import Document
from ingest.errors import (
    DocumentUnknown,
    LibraryBusy,
    LibraryDamaged,
    LibraryError,
    LibraryMismatch,
    ModelError,
)
from ingest.passages import cut_passages
from ingest.read import read_file
from tests.conftest import SAMPLES
from tests.test_embed import WordLengths
from tests.test_library import document, texts

# Processes forked from one that has imported everything begin at once.
PROCESSES = get_context("forkserver")
PROCESSES.set_forkserver_preload(["tests.test_shared", "index.shared", "index.postgres_catalog"])


@pytest.fixture
def servers(postgres, chroma_server) -> Servers:
    """A place for a library of its own."""
    return Servers(postgres.database(), chroma_server.url)


@pytest.fixture
def shared(servers) -> Iterator[Library]:
    """An empty library on servers, with toy vectors."""
    with Library(servers, WordLengths()) as opened:
        yield opened


def collections_of(server) -> set[str]:
    """Names of the collections on a Chroma server."""
    at = f"{server.url}/api/v2/tenants/default_tenant/databases/default_database/collections"
    return {collection["name"] for collection in httpx.get(at).json()}


def whole(library: Library) -> bool:
    """Whether there are vectors for the visible passages, and no others."""
    return library.vectors.ids() == set(library.catalog.passage_ids()) and library.catalog.loose() == []


def test_documents_are_added_found_replaced_moved_and_deleted(shared):
    assert shared.add(document("A ship sails.", "a.md")) == "added"
    assert shared.add(document("A ship sails.", "a.md")) == "unchanged"
    assert [hit.passage.text for hit in search(shared, "ship", 3)] == ["A ship sails."]
    assert shared.add(document("A whale dives deep.", "a.md")) == "replaced"
    assert texts(shared) == ["A whale dives deep."]
    (entry,) = shared.entries()
    assert shared.move(entry.id, "animals")
    assert shared.entries()[0].collection == "animals"
    assert whole(shared)
    shared.delete(entry.id)
    assert (shared.entries(), search(shared, "whale", 3)) == ([], [])
    assert whole(shared)
    with pytest.raises(DocumentUnknown):
        shared.delete(entry.id)


@pytest.mark.parametrize("what", ["delete", "replace"])
def test_what_is_done_when_the_vectors_go_away_is_told_as_done_and_swept_later(shared, chroma_server, what):
    ship = document("A ship sails.", "a.md")
    shared.add(ship)

    def away(done: str, _: str) -> None:
        if done == what:
            chroma_server.stop()

    shared.changed = away
    try:
        if what == "delete":
            shared.delete(ship.id)
            assert shared.entries() == []
        else:
            assert shared.add(document("A ship sinks.", "a.md")) == "replaced"
            assert shared.document(ship.id).text.endswith("A ship sinks.")
        assert shared.catalog.loose() != []
    finally:
        chroma_server.start()
    shared.add(document("A whale dives.", "b.md"))
    assert whole(shared)


def test_what_one_process_does_another_that_is_open_sees_at_once(servers, shared):
    with Library(servers, WordLengths()) as other:
        assert search(other, "ship", 3) == []
        shared.add(document("A ship sails.", "a.md"))
        assert [hit.passage.text for hit in search(other, "ship", 3)] == ["A ship sails."]
        other.add(document("A ship sinks.", "a.md"))
        assert [hit.passage.text for hit in search(shared, "ship", 3)] == ["A ship sinks."]
        other.delete(other.entries()[0].id)
        assert search(shared, "ship", 3) == []
        assert whole(shared)


@pytest.mark.heavy
def test_answers_are_those_of_a_folder_with_exact_citations(servers, sample_library, embedder):
    with Library(servers, embedder) as library:
        told = dict(library.add_all(read_file(path) for path in sorted(SAMPLES.iterdir())))
        assert set(told.values()) == {"added"}
        for question in (
            "How much caffeine a day is considered safe for adults?",
            "Why did the chronometer win?",
            "Who won the 1998 World Cup?",
        ):
            here = Answerer(library).answer(question)
            there = Answerer(sample_library).answer(question)
            assert (here.answered, here.text) == (there.answered, there.text)
            assert [(c.marker, c.passage.document_id, c.start, c.end) for c in here.citations] == [
                (c.marker, c.passage.document_id, c.start, c.end) for c in there.citations
            ]
            for citation in here.citations:
                text = library.document(citation.passage.document_id).text
                assert text[citation.start : citation.end] == citation.cited_text
        assert whole(library)


def test_a_rebuild_makes_another_collection_and_drops_the_old_one(servers, shared, chroma_server):
    for n in range(4):
        shared.add(document(f"Ship number {n} sails.", f"{n}.md"))
    before = shared.vectors.collection
    with Library(servers, WordLengths()) as other:
        assert len(search(other, "ship", 9)) == 4
        assert shared.rebuild() == 4
        assert shared.vectors.collection != before
        assert len(search(other, "ship", 9)) == 4  # and goes on in the new one
        assert other.add(document("Ship number 5 sails.", "5.md")) == "added"
        assert other.vectors.collection == shared.vectors.collection
    assert before not in collections_of(chroma_server)
    assert len(search(shared, "ship", 9)) == 5
    assert whole(shared)


def test_doctor_tells_what_servers_there_are_and_mends_the_vectors(servers, shared):
    for n in range(3):
        shared.add(document(f"Ship number {n} sails.", f"{n}.md"))
    told = {f.name: f for f in examine_library(servers, WordLengths(), repair=False)}
    assert [*told] == ["vector server", "library", "catalog", "rebuild", "vectors"]
    assert {f.status for f in told.values()} == {OK}
    assert told["vectors"].message == "3 of 3 passages"
    shared.vectors.delete(shared.catalog.passage_ids()[:1])
    shared.vectors.add(["stray:1:0"], shared.embedder.passages(["A stray sentence."]))
    (found,) = [f for f in examine_library(servers, WordLengths(), repair=False) if f.status != OK]
    assert (found.name, found.message) == ("vectors", "1 of 3 missing, 1 superfluous; `--repair` mends it")
    assert [f.status for f in examine_library(servers, WordLengths(), repair=True)].count(REPAIRED) == 1
    assert whole(shared)
    shared.vectors.remove(shared.vectors.collection)  # all of it
    with pytest.raises(LibraryDamaged, match="--repair"):
        search(shared, "ship", 3)
    assert [f.status for f in examine_library(servers, WordLengths(), repair=True)].count(REPAIRED) == 1
    assert len(search(shared, "ship", 3)) == 3  # without opening it again


def paper(number: int, edition: int = 0) -> Document:
    """A document of about thirty passages."""
    body = "\n\n".join(
        f"Paper {number} in edition {edition} says {k} things about ships. " * 12 for k in range(30)
    )
    return document(body, f"paper-{number}.md")


def figure(library: Library) -> str:
    """The fingerprint of a library."""
    return fingerprint(holdings(library.catalog).values())


def check_complete(library: Library, known: dict[str, set[str]]) -> None:
    """Each visible document is complete, and one that was written, with its vectors; known: texts by id."""
    for entry in library.entries():
        held = library.document(entry.id)
        assert held.text in known[entry.id]
        assert tuple(library.catalog.passages_of(entry.id)) == cut_passages(held)
    assert difference(library.catalog, library.vectors).missing == ()


def write_some(servers: Servers, numbers: list[int], edition: int, said: Connection) -> None:
    """What a writing process does; says so when it begins, and each document when it is there."""
    with Library(servers, WordLengths()) as library:
        said.send("begun")
        for number in numbers:
            held = paper(number, edition)
            outcome = library.add(held)
            said.send((held.id, held.version, outcome))


def started(servers: Servers, numbers: list[int], edition: int = 0):
    """A writing process, and what it says."""
    heard, said = PROCESSES.Pipe(duplex=False)
    process = PROCESSES.Process(target=write_some, args=(servers, numbers, edition, said))
    process.start()
    said.close()
    return process, heard


def all_of(heard: Connection) -> list:
    """Everything that a process said."""
    found = []
    with suppress(EOFError):
        while True:
            found.append(heard.recv())
    return found


@pytest.mark.heavy
def test_four_processes_adding_the_same_documents_end_as_one_does(servers, shared, tmp_path):
    sets = [[*range(n, 8), *range(n)] for n in (0, 2, 4, 6)]
    writers = [started(servers, numbers) for numbers in sets]
    told = [all_of(heard) for _, heard in writers]
    for process, _ in writers:
        process.join()
    assert [process.exitcode for process, _ in writers] == [0, 0, 0, 0]
    outcomes = [said[2] for each in told for said in each[1:]]
    assert (outcomes.count("added"), outcomes.count("unchanged")) == (8, 24)
    with Library(tmp_path / "alone", WordLengths()) as alone:
        for number in range(8):
            alone.add(paper(number))
        assert figure(shared) == figure(alone)
    shared.sweep()
    assert whole(shared)


def test_writers_of_different_editions_leave_one_or_the_other_never_a_mixture(servers, shared):
    writers = [started(servers, [0, 1, 2, 0, 1, 2], edition) for edition in (1, 2)]
    for _, heard in writers:
        all_of(heard)
    for process, _ in writers:
        process.join()
    assert [process.exitcode for process, _ in writers] == [0, 0]
    check_complete(shared, {paper(n).id: {paper(n, 1).text, paper(n, 2).text} for n in range(3)})
    shared.sweep()
    assert whole(shared)


KILLS = 12


@pytest.mark.heavy
def test_a_writer_killed_at_any_instant_leaves_nothing_half_and_another_sweeps_up(servers, shared):
    chance, finished, seconds = random.Random(1957), 0, 1.0
    known: dict[str, set[str]] = {paper(n).id: set() for n in range(5)}
    for turn in range(KILLS):
        for n in range(5):
            known[paper(n).id].add(paper(n, turn).text)
        process, heard = started(servers, list(range(5)), turn)
        assert heard.recv() == "begun"
        begun = time.monotonic()
        process.join(chance.uniform(0, seconds))
        if process.exitcode is None:
            process.kill()
            process.join()
        else:
            finished += 1
            seconds = time.monotonic() - begun
        last = {name: version for name, version, _ in all_of(heard)}
        assert {name: shared.catalog.version(name) for name in last} == last
        check_complete(shared, known)
        time.sleep(0.3)  # a write under way ends on the server all the same
        shared.sweep()
        assert whole(shared)
    assert finished < KILLS  # some were really killed


def test_a_reader_beside_replacements_sees_one_version_or_the_other(servers, shared):
    editions = [paper(0, edition) for edition in range(6)]
    shared.add(editions[0])
    ended = Event()
    wrong: list[object] = []

    def read() -> None:
        with Library(servers, WordLengths()) as reader:
            while not ended.is_set():
                hits = search(reader, "things about ships", 6)
                versions = {hit.passage.id.split(":")[1] for hit in hits}
                if len(hits) != 6 or len(versions) != 1:
                    wrong.append((len(hits), versions))

    readers = [Thread(target=read) for _ in range(2)]
    for thread in readers:
        thread.start()
    for edition in editions[1:]:
        assert shared.add(edition) == "replaced"
    ended.set()
    for thread in readers:
        thread.join()
    assert wrong == []


@pytest.mark.heavy
@pytest.mark.parametrize("how", ["stop", "kill"])
@pytest.mark.parametrize("which", ["postgres", "chroma_server"])
def test_a_server_that_goes_and_comes_back_costs_clear_errors_and_no_restart_of_ours(
    servers, shared, request, which, how
):
    server = request.getfixturevalue(which)
    shared.add(document("A ship sails.", "a.md"))
    told: list[LibraryError] = []
    begun, ended = Barrier(3), Event()

    def read() -> None:
        with Library(servers, WordLengths()) as reader:
            assert len(search(reader, "ship", 3)) == 1
            begun.wait()
            while not ended.is_set():
                try:
                    search(reader, "ship", 3)
                except LibraryError as error:
                    told.append(error)

    readers = [Thread(target=read) for _ in range(2)]
    for thread in readers:
        thread.start()
    begun.wait()
    try:
        getattr(server, how)()
        with pytest.raises(LibraryError, match="try again"):
            shared.add(document("A whale dives.", "b.md"))
        server.start()
        assert shared.add(document("A whale dives.", "b.md")) == "added"
        assert shared.add(document("A ship sinks.", "c.md")) == "added"
        shared.delete(document("A ship sinks.", "c.md").id)
    finally:
        server.start()
        ended.set()
        for thread in readers:
            thread.join()
    assert all("try again" in str(error) for error in told)
    assert not any(isinstance(error, LibraryDamaged) for error in told)
    assert len(search(shared, "whale", 1)) == 1
    assert whole(shared)


class Meanwhile(WordLengths):
    """Does something else when it embeds documents for the first time. fingerprint: its name."""

    def __init__(self, act, fingerprint: str = WordLengths.fingerprint) -> None:
        super().__init__()
        self.act = act
        self.fingerprint = fingerprint

    def passages(self, texts):
        if self.act and len(texts) > 1:  # no question
            act, self.act = self.act, None
            act()
        return super().passages(texts)


def test_what_others_change_during_a_rebuild_is_in_it(servers, shared):
    for n in range(4):
        shared.add(document(f"Ship number {n} sails.", f"{n}.md"))

    def change() -> None:
        assert shared.add(document("Ship number 9 sails.", "9.md")) == "added"
        assert shared.add(document("Ship number 1 sinks.", "1.md")) == "replaced"
        shared.delete(document("Ship number 2 sails.", "2.md").id)
        assert len(search(shared, "ship", 9)) == 4

    with Library(servers, Meanwhile(change)) as other:
        assert other.rebuild() == 4
        assert texts(other) == texts(shared)
        assert sorted(h.passage.text[12:] for h in search(shared, "ship", 9)) == [
            "0 sails.", "1 sinks.", "3 sails.", "9 sails.",
        ]  # fmt: skip
        assert whole(other)
        assert whole(shared)


def test_a_writer_overtaken_by_a_rebuild_writes_into_the_new_collection(servers, shared, monkeypatch):
    shared.add(document("A ship sails.", "a.md"))
    with Library(servers, WordLengths()) as writer:
        vectors = writer.vectors
        written = vectors.add

        def add(ids, rows) -> None:
            monkeypatch.undo()
            written(ids, rows)  # into the old collection
            assert shared.rebuild() == 1

        monkeypatch.setattr(vectors, "add", add)
        assert writer.add(document("A whale dives.", "b.md")) == "added"
        assert vectors.collection == shared.vectors.collection
        assert len(search(shared, "whale", 3)) == 2
    assert whole(shared)


def test_after_a_rebuild_with_another_model_those_who_have_the_old_one_are_told(servers, shared):
    shared.add(document("A ship sails.", "a.md"))
    search(shared, "ship", 3)
    with Library(servers, Meanwhile(None, "another model")) as other:
        with pytest.raises(LibraryMismatch, match="another model"):
            search(other, "ship", 3)
        with pytest.raises(LibraryMismatch, match="another model"):
            other.add(document("A whale dives.", "b.md"))
        assert other.rebuild() == 1
        assert len(search(other, "ship", 3)) == 1
        for use in (lambda: search(shared, "ship", 3), lambda: shared.add(document("A whale.", "b.md"))):
            with pytest.raises(LibraryMismatch, match="another model"):
                use()
        assert whole(other)


def test_an_emptied_library_takes_another_model(servers, shared):
    shared.add(document("A ship sails.", "a.md"))
    shared.delete(shared.entries()[0].id)
    with Library(servers, Meanwhile(None, "another model")) as other:
        assert other.add(document("A whale dives.", "b.md")) == "added"
        assert len(search(other, "whale", 3)) == 1
        assert whole(other)
    with pytest.raises(LibraryMismatch, match="another model"):
        shared.add(document("A ship sails.", "a.md"))


def test_a_rebuild_that_breaks_off_changes_nothing_and_the_doctor_clears_it_away(
    servers, shared, chroma_server
):
    shared.add(document("A ship sails.", "a.md"))
    before = collections_of(chroma_server)

    def fail() -> None:
        raise ModelError("the model is gone")

    with Library(servers, Meanwhile(fail)) as broken, pytest.raises(ModelError):
        broken.rebuild()
    assert len(search(shared, "ship", 3)) == 1
    assert len(collections_of(chroma_server) - before) == 1
    found = [f for f in examine_library(servers, WordLengths(), repair=True) if f.status == REPAIRED]
    assert [f.name for f in found] == ["rebuild"]
    assert collections_of(chroma_server) == before
    assert whole(shared)


def test_one_rebuild_at_a_time(servers, shared):
    shared.add(document("A ship sails.", "a.md"))

    def second() -> None:
        with pytest.raises(LibraryBusy, match="wait for it"):
            shared.rebuild()

    with Library(servers, Meanwhile(second)) as first:
        assert first.rebuild() == 1
    assert whole(shared)
