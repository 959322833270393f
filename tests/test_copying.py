"""A library is copied from a folder to servers and back, whole, and without being embedded again."""

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from app.access.store import AccessStore, open_store
from app.copying import copy
from index.feedback import all_feedback
from index.fingerprint import fingerprint, holdings
from index.library import Library
from index.place import Servers
from index.search import search
from ingest.errors import LibraryDamaged, LibraryError, LibraryMismatch
from tests.test_embed import WordLengths
from tests.test_library import document

CITED = str(Path(sys.executable).with_name("cited"))


class Counting(WordLengths):
    """Counts the texts that are embedded."""

    def __init__(self) -> None:
        super().__init__()
        self.count = 0

    def passages(self, texts):
        self.count += len(texts)
        return super().passages(texts)


@pytest.fixture
def servers(postgres, chroma_server) -> Servers:
    return Servers(postgres.database(), chroma_server.url)


@pytest.fixture
def folder(tmp_path) -> Path:
    """A library of three documents in two collections, with everything that a library may hold."""
    place = tmp_path / "library"
    with Library(place, WordLengths()) as library:
        for n in range(3):
            library.add(document(f"Ship number {n} sails. It is large.", f"{n}.md"), collection="ab"[n % 2])
        library.catalog.remember([(document("A ship.", "0.md").id, "v", 5, 10**18)])
        row = "INSERT INTO feedback (at, good, comment, answer) VALUES (?, ?, ?, ?)"
        with library.catalog.change() as db:
            for good in (True, None):
                db.execute(row, ("2026-01-01", good, "so", '{"answer": {}, "versions": {}}'))
            db.execute("UPDATE documents SET added = '2020-02-02T02:02:02+00:00'")
    store = AccessStore(place)
    store.add_user("anna", "a long password", "editor", ["a"])
    store.key = store.add_key("anna")
    store.close()
    return place


def contents(place) -> tuple:
    """Everything that a library holds, without its vectors."""
    with Library(place, WordLengths()) as library:
        store = open_store(place)
        try:
            return (
                fingerprint(holdings(library.catalog).values()),
                library.entries(),
                [library.document(e.id) for e in library.entries()],
                all_feedback(library.catalog),
                sorted(library.catalog.rows("SELECT document_id, version, size, mtime_ns FROM sources")),
                store.users(),
                store.keys(),
                {h.passage for h in search(library, "a large ship", 9)},
            )
        finally:
            store.close()


def test_there_and_back_again_nothing_is_missing_and_only_headings_are_embedded(folder, servers, tmp_path):
    counting = Counting()
    done = copy(folder, servers, counting)
    assert (done.documents, done.passages, done.present, done.remarks, done.users) == (3, 3, 0, 2, 1)
    assert counting.count == 2 * 3  # a heading a document, and again for the look at the end
    assert contents(servers) == contents(folder)
    again = copy(servers, tmp_path / "back", WordLengths())
    assert (again.documents, again.fingerprint) == (3, done.fingerprint)
    assert contents(tmp_path / "back") == contents(folder)


def many(place) -> list[str]:
    """A library of one document of many passages; their ids."""
    words = ("ox", "elk", "crab", "whale", "walrus", "giraffe")
    parts = [f"{words[n % 6]} {words[n // 6]}. ".capitalize() * (50 + n) for n in range(36)]
    with Library(place, WordLengths()) as library:
        library.add(document("\n\n".join(parts), "herds.md"))
        return library.catalog.passage_ids()


def kept(place, ids) -> tuple[np.ndarray, list[np.ndarray]]:
    """The vectors of passages, and those of their sentences."""
    with Library(place, WordLengths()) as library:
        sentences = library.catalog.sentence_vectors(ids)
        return library.vectors.get(ids), [sentences[name] for name in ids]


def test_each_of_many_passages_keeps_its_own_vectors(tmp_path):
    ids = many(tmp_path / "library")
    assert len(ids) > 10  # 0, 1, 10, 11, …, 2 in the order of texts
    copy(tmp_path / "library", tmp_path / "copy", WordLengths())
    (old, before), (new, after) = (kept(tmp_path / name, ids) for name in ("library", "copy"))
    assert (old * new).sum(axis=1).min() > 0.9999
    assert all(np.array_equal(a, b) for a, b in zip(before, after, strict=True))
    with Library(tmp_path / "copy", WordLengths()) as library:
        assert library.catalog.passage_ids() == ids


def test_vectors_of_other_passages_are_told_and_a_rebuild_heals_them(tmp_path):
    """As an earlier version copied them."""
    place, damaged = tmp_path / "library", tmp_path / "copy"
    ids = many(place)
    shutil.copytree(place, damaged)
    mixed = sorted(ids)
    with Library(damaged, WordLengths()) as library:
        library.vectors.add(ids, library.vectors.get(mixed))
        rows = dict(library.catalog.rows("SELECT id, vectors FROM passages"))
        with library.catalog.change() as db:
            db.executemany(
                "UPDATE passages SET vectors = ? WHERE id = ?",
                [(rows[other], name) for name, other in zip(ids, mixed, strict=True)],
            )
        with pytest.raises(LibraryDamaged, match="cited rebuild"):
            search(library, "whale", 9)
    with pytest.raises(LibraryDamaged, match="cited rebuild"):
        copy(place, damaged, WordLengths())
    with Library(damaged, WordLengths()) as library:
        library.rebuild()
        assert search(library, "whale", 9)
    assert copy(place, damaged, WordLengths()).present == 1
    assert (kept(place, ids)[0] * kept(damaged, ids)[0]).sum(axis=1).min() > 0.9999


def test_an_interrupted_copy_goes_on_where_it_was(folder, servers):
    with Library(servers, WordLengths()) as target:
        target.add(document("Ship number 1 sails. It is large.", "1.md"))
        target.add(document("An earlier edition.", "0.md"))
    done = copy(folder, servers, WordLengths())
    assert (done.documents, done.present) == (3, 1)
    assert copy(folder, servers, WordLengths()).present == 3
    assert contents(servers) == contents(folder)


def test_a_target_that_holds_something_else_is_left_alone_without_merge(folder, servers):
    with Library(servers, WordLengths()) as target:
        target.add(document("A whale dives.", "whale.md"))
    with pytest.raises(LibraryError, match="--merge"):
        copy(folder, servers, WordLengths())
    with Library(servers, WordLengths()) as target:
        assert len(target.entries()) == 1
    assert copy(folder, servers, WordLengths(), merge=True).documents == 3
    with Library(servers, WordLengths()) as target:
        assert len(target.entries()) == 4
        assert search(target, "whale", 1)[0].passage.text == "A whale dives."


def test_another_model_nothing_and_the_same_place_are_refused(folder, servers, tmp_path):
    other = WordLengths()
    other.fingerprint = "another"
    with pytest.raises(LibraryMismatch, match="--embedding-model"):
        copy(folder, servers, other)
    with pytest.raises(LibraryError, match="no library"):
        copy(tmp_path / "nowhere", servers, WordLengths())
    assert not (tmp_path / "nowhere").exists()
    with pytest.raises(LibraryError, match="both the source and the target"):
        copy(folder, folder, WordLengths())


@pytest.mark.heavy
def test_the_command_tells_counts_and_the_fingerprint_that_list_tells(tmp_path, servers, embedder):
    place = tmp_path / "library"
    with Library(place, embedder) as library:
        library.add(document("A ship sails.", "a.md"))
    to = ["--vectors", servers.vectors]
    copied = subprocess.run([CITED, "copy", place, servers.catalog, *to], capture_output=True, text=True)
    assert copied.returncode == 0, copied.stderr
    first, second = copied.stderr.splitlines()
    assert first == (
        f"copied 1 document with 1 passage to {servers.name}, of which 0 were there; "
        "0 remarks of readers, 0 users"
    )
    for where in ([place], [servers.catalog, *to]):
        listed = [CITED, "list", "--fingerprint", "--library", *where]
        told = subprocess.run(listed, capture_output=True, text=True).stdout.strip()
        assert second == f"checked: everything is there, with its vectors; fingerprint {told}"
