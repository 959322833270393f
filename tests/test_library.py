import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

import index.library as library_module
from index.library import Library
from index.search import search
from ingest.errors import (
    DocumentUnknown,
    LibraryBusy,
    LibraryDamaged,
    LibraryError,
    LibraryMismatch,
    ModelError,
)
from ingest.passages import SCHEME
from ingest.read import read_bytes
from tests.test_embed import WordLengths


def document(text, name="ships.md"):
    return read_bytes(f"# About {name}\n\n{text}\n".encode(), name=name, source=f"/papers/{name}")


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "library"


@pytest.fixture
def library(folder):
    with Library(folder, WordLengths()) as opened:
        yield opened


def texts(library, question="a ship", most=100):
    return sorted(hit.passage.text for hit in search(library, question, most))


def is_whole(library):
    """Every visible passage has its vector, and there is no vector more."""
    library.sweep()
    ids = library.catalog.passage_ids()
    found = library.vectors.search(library.embedder.question("a"), len(ids) + 10)
    return sorted(name for name, _ in found) == sorted(ids) and library.vectors.count() == len(ids)


def test_an_added_document_is_listed_shown_and_found(library):
    ship = document("A ship sails.")
    assert library.add(ship) == "added"
    assert [entry.id for entry in library.entries()] == [ship.id]
    assert library.document(ship.id) == ship
    assert texts(library) == ["A ship sails."]
    assert is_whole(library)


def test_the_same_content_again_does_nothing(library):
    library.add(document("A ship sails."))
    before = (library.entries(), library.catalog.passage_ids())
    assert library.add(document("A ship sails.")) == "unchanged"
    assert (library.entries(), library.catalog.passage_ids()) == before
    assert library.vectors.count() == 1


def test_changed_content_replaces_the_old_version(library):
    library.add(document("A ship sails."))
    assert library.add(document("A ship sinks.")) == "replaced"
    assert texts(library) == ["A ship sinks."]
    assert is_whole(library)


def test_a_deleted_document_is_gone_from_the_list_the_words_and_the_vectors(library):
    kept, gone = document("A ship sails.", "kept.md"), document("A ship sinks.", "gone.md")
    library.add(kept)
    library.add(gone)
    library.delete(gone.id)
    assert [entry.id for entry in library.entries()] == [kept.id]
    assert texts(library) == ["A ship sails."]
    assert library.vectors.count() == 1
    with pytest.raises(DocumentUnknown, match=gone.id):
        library.delete(gone.id)


def test_everything_is_there_after_reopening(folder):
    with Library(folder, WordLengths()) as first:
        first.add(document("A ship sails."))
    with Library(folder, WordLengths()) as again:
        assert texts(again) == ["A ship sails."]
        assert is_whole(again)


def test_a_document_is_found_by_id_its_beginning_title_path_and_file_name(library, tmp_path, monkeypatch):
    file = tmp_path / "deep" / "ships.md"
    file.parent.mkdir()
    file.write_text("# On ships\n\nA ship sails.\n")
    made = read_bytes(file.read_bytes(), name="ships.md", source=str(file.resolve()))
    library.add(made)
    library.add(document("Roasted beans.", "beans.md"))
    monkeypatch.chdir(file.parent)
    names = [made.id, made.id[:4], "On ships", str(file), "ships.md", "deep/ships.md", "./ships.md"]
    assert [library.find(name) for name in names] == [made.id] * len(names)


def test_an_unknown_name_is_an_error_that_names_it_and_the_list(library):
    library.add(document("A ship sails."))
    for name in ("nothing", "/papers/other.md", "hips.md", "", "/", "."):
        with pytest.raises(DocumentUnknown, match="cited list"):
            library.find(name)


def test_a_name_of_two_documents_is_refused_with_both(library):
    first, second = document("One.", "ship-a.md"), document("Two.", "ship-b.md")
    library.add(first)
    library.add(second)
    with pytest.raises(DocumentUnknown, match="more than one document") as raised:
        library.find("ship-")
    assert first.id in str(raised.value)
    assert second.id in str(raised.value)


class Other(WordLengths):
    """Another toy model: its vectors are not comparable with the first one's."""

    fingerprint = "other@2"

    def passages(self, texts, batch=32):
        return super().passages([text[::-1] + " longestwords" for text in texts])[:, ::-1].copy()


def test_of_another_version_of_a_model_a_rebuild_alone_is_named(folder):
    with Library(folder, WordLengths()) as first:
        first.add(document("A ship sails."))
    later = WordLengths()
    later.fingerprint = "word-lengths@2"
    with Library(folder, later) as library, pytest.raises(LibraryMismatch, match=r"`cited rebuild`$"):
        search(library, "ship", 3)
    with Library(folder, Other()) as library, pytest.raises(LibraryMismatch, match="--embedding-model"):
        search(library, "ship", 3)


def test_another_model_is_refused_with_both_named_and_rebuild_mends_it(folder):
    with Library(folder, WordLengths()) as first:
        first.add(document("A ship sails."))
    with Library(folder, Other()) as other:
        for attempt in (
            lambda: search(other, "ship", 3),
            lambda: other.add(document("More.", "more.md")),
            lambda: other.delete(other.entries()[0].id),
        ):
            with pytest.raises(LibraryMismatch, match=r"word-lengths@1.*other@2.*`cited rebuild`"):
                attempt()
        assert len(other.entries()) == 1
        assert other.rebuild() == 1
        assert texts(other) == ["A ship sails."]
        assert is_whole(other)
    with Library(folder, WordLengths()) as first, pytest.raises(LibraryMismatch, match=r"other@2.*word-len"):
        search(first, "ship", 3)


def test_another_way_of_cutting_is_refused_with_both_named_and_rebuild_mends_it(folder):
    with Library(folder, WordLengths()) as first:
        first.add(document("A ship sails."))
        first.catalog.set_about(passages="old-cut-0")
    with Library(folder, WordLengths()) as again:
        with pytest.raises(LibraryMismatch, match=rf"old-cut-0.*{SCHEME}.*`cited rebuild`"):
            search(again, "ship", 3)
        again.rebuild()
        assert texts(again) == ["A ship sails."]


def test_an_empty_library_accepts_a_new_model(folder):
    with Library(folder, WordLengths()) as first:
        first.add(document("A ship sails."))
        first.delete(first.entries()[0].id)
    with Library(folder, Other()) as other:
        assert search(other, "ship", 3) == []
        other.add(document("A ship sails."))
        assert texts(other) == ["A ship sails."]
        assert is_whole(other)


def test_rebuilding_keeps_every_document_as_it_was(library):
    for n in range(5):
        library.add(document(f"Ship number {n} sails.[^1]\n\n[^1]: Far away.", f"{n}.md"))
    entries, found = library.entries(), texts(library)
    told = []
    assert library.rebuild(lambda done, total: told.append((done, total))) == 10
    assert told[-1] == (10, 10)
    assert (library.entries(), texts(library)) == (entries, found)
    assert is_whole(library)


def test_rebuilding_an_empty_library_is_no_error(library):
    assert library.rebuild() == 0
    assert search(library, "ship", 3) == []


class Broken(WordLengths):
    """A model that cannot be loaded, or fails after some texts."""

    fingerprint = "broken@3"

    def __init__(self, after=0):
        super().__init__()
        self.after = after

    def passages(self, texts, batch=32):
        self.after -= 1
        if self.after < 0:
            raise ModelError("the embedding model cannot be loaded")
        return super().passages(texts)


def test_a_rebuild_whose_model_cannot_be_loaded_leaves_the_library_as_it_was(folder):
    with Library(folder, WordLengths()) as first:
        first.add(document("A ship sails."))
    with Library(folder, Broken()) as broken, pytest.raises(ModelError):
        broken.rebuild()
    with Library(folder, WordLengths()) as again:
        assert texts(again) == ["A ship sails."]
        assert is_whole(again)


def test_an_interrupted_rebuild_must_be_run_again_whatever_the_model(folder):
    with Library(folder, WordLengths()) as first:
        for n in range(4):
            first.add(document(f"Ship number {n} sails.", f"{n}.md"))
    with Library(folder, Broken(after=3)) as broken, pytest.raises(ModelError):
        broken.rebuild()
    for model in (WordLengths(), Broken(after=99)):
        with Library(folder, model) as again, pytest.raises(LibraryError, match="cited rebuild"):
            search(again, "ship", 3)
    with Library(folder, WordLengths()) as again:
        assert again.rebuild() == 4
        assert len(texts(again)) == 4
        assert is_whole(again)


def test_a_model_that_fails_while_adding_leaves_the_library_as_it_was(folder):
    with Library(folder, WordLengths()) as first:
        first.add(document("A ship sails."))
    failing = Broken(after=1)
    failing.fingerprint = WordLengths.fingerprint
    long = "\n\n".join(
        f"A ship of number {n} sails far. " * 15 for n in range(3 * library_module.EMBED_AT_ONCE)
    )
    with Library(folder, failing) as broken:
        with pytest.raises(ModelError):
            broken.add(document(long, "long.md"))
        assert broken.vectors.count() == 1
    with Library(folder, WordLengths()) as again:
        assert texts(again) == ["A ship sails."]
        assert is_whole(again)


@pytest.mark.parametrize("damage", ["deleted", "emptied", "rubbish"])
def test_vectors_that_are_gone_or_damaged_are_reported_and_rebuilt_from_the_catalog(folder, damage):
    with Library(folder, WordLengths()) as first:
        first.add(document("A ship sails."))
    chroma = folder / "chroma"
    database = chroma / "chroma.sqlite3"
    if damage == "deleted":
        shutil.rmtree(chroma)
    else:
        database.write_bytes(b"rubbish" * 500 if damage == "rubbish" else b"")
    with Library(folder, WordLengths()) as broken:
        for attempt in (
            lambda: search(broken, "ship", 3),
            lambda: broken.add(document("More.", "more.md")),
            lambda: broken.delete(broken.entries()[0].id),
        ):
            with pytest.raises(LibraryDamaged, match=r"chroma.*`cited rebuild`"):
                attempt()
        assert len(broken.entries()) == 1
        assert broken.rebuild() == 1
        assert texts(broken) == ["A ship sails."]
    with Library(folder, WordLengths()) as again:
        assert is_whole(again)


def test_what_chroma_returns_and_the_catalog_does_not_know_is_skipped(library):
    library.add(document("A ship sails."))
    stray = library.embedder.passages(["a ship"] * 500)
    library.vectors.add([f"stray:0:{n}" for n in range(500)], stray)
    assert texts(library) == ["A ship sails."]
    assert [hit.similarity is not None for hit in search(library, "a ship", 5)] == [True]


def test_noted_strays_are_swept_up_by_the_next_change(library):
    library.add(document("A ship sails."))
    library.catalog.add_loose(["stray:0:0"])
    library.vectors.add(["stray:0:0"], library.embedder.passages(["a ship"]))
    library.add(document("More.", "more.md"))
    assert library.vectors.count() == 2
    assert library.catalog.loose() == []


class Slow(WordLengths):
    """Adds only when it is let."""

    def __init__(self):
        super().__init__()
        self.adding, self.go = threading.Event(), threading.Event()

    def passages(self, texts, batch=32):
        if threading.current_thread() is not threading.main_thread():
            self.adding.set()
            assert self.go.wait(20)
        return super().passages(texts)


def test_a_question_is_answered_while_a_document_is_being_added(folder):
    with Library(folder, Slow()) as library:
        library.add(document("A ship sails."))
        thread = threading.Thread(target=library.add, args=[document("A ship sinks.")])
        thread.start()
        assert library.embedder.adding.wait(20)
        assert texts(library) == ["A ship sails."]
        library.embedder.go.set()
        thread.join(20)
        assert texts(library) == ["A ship sinks."]
        assert is_whole(library)


def test_many_threads_add_and_search_at_once(library):
    failures = []

    def work(n):
        try:
            for turn in range(3):
                library.add(document(f"Ship {n} sails on turn {turn}.", f"{n}.md"))
                assert search(library, "ship", 5)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=[n]) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failures == []
    assert texts(library, "ship") == [f"Ship {n} sails on turn 2." for n in range(6)]
    assert is_whole(library)


HOLD = """
import sys, time
from pathlib import Path
from index.library import Library
from index.search import search
from tests.test_embed import WordLengths
with Library(Path(sys.argv[1]), WordLengths()) as library:
    search(library, "ship", 3)
    print("held", flush=True)
    time.sleep(float(sys.argv[2]))
"""


def hold(folder, seconds):
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(folder), str(seconds)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "held\n"
    return process


def test_while_another_process_has_the_library_it_can_be_read_and_not_searched(folder):
    with Library(folder, WordLengths()) as first:
        first.add(document("A ship sails."))
    process = hold(folder, 60)
    try:
        with Library(folder, WordLengths(), wait=0.3) as second:
            assert [entry.title for entry in second.entries()] == ["About ships.md"]
            assert second.document(second.find("About ships.md")).title == "About ships.md"
            begun = time.monotonic()
            for attempt in (
                lambda: search(second, "ship", 3),
                lambda: second.add(document("More.", "more.md")),
                second.rebuild,
            ):
                with pytest.raises(LibraryBusy, match=rf"`-c .*`.*process {process.pid}"):
                    attempt()
            assert 0.9 <= time.monotonic() - begun < 10
            assert len(second.entries()) == 1
    finally:
        process.kill()
        process.communicate()
    with Library(folder, WordLengths()) as third:
        assert is_whole(third)


def test_a_second_process_waits_until_the_first_is_done(folder):
    with Library(folder, WordLengths()) as first:
        first.add(document("A ship sails."))
    process = hold(folder, 0.5)
    with Library(folder, WordLengths(), wait=30) as second:
        assert second.add(document("A ship sinks.")) == "replaced"
        assert is_whole(second)
    process.communicate(timeout=10)


def test_a_library_where_a_file_stands_cannot_be_made(tmp_path):
    (tmp_path / "library").write_text("a file")
    with pytest.raises(LibraryError, match="cannot be made: File exists"):
        Library(tmp_path / "library", WordLengths())


def test_closing_twice_is_no_error_and_lets_the_next_one_in(folder):
    first = Library(folder, WordLengths())
    first.add(document("A ship sails."))
    first.close()
    first.close()
    with Library(folder, WordLengths(), wait=0) as second:
        assert texts(second) == ["A ship sails."]
    assert not Path(folder / "owner.json").exists()
