import sqlite3
from multiprocessing import get_context
from threading import Timer

import numpy as np
import psycopg
import pytest

from index.catalog import Catalog
from index.feedback import add_feedback, all_feedback
from ingest.errors import DocumentUnknown, LibraryDamaged, LibraryError, LibraryMismatch
from ingest.passages import cut_passages
from ingest.read import read_bytes, read_file
from tests.conftest import SAMPLES


def document(text, name="ships.md"):
    return read_bytes(text.encode(), name=name, source=f"/papers/{name}")


def put(catalog, text, name="ships.md"):
    made = document(text, name)
    catalog.put(made, cut_passages(made))
    return made


@pytest.mark.parametrize("path", sorted(SAMPLES.iterdir()), ids=lambda path: path.name)
def test_a_document_and_its_passages_come_back_as_they_were(catalog, path):
    read = read_file(path)
    passages = cut_passages(read)
    catalog.put(read, passages)
    assert catalog.document(read.id) == read
    assert tuple(catalog.passages_of(read.id)) == passages
    assert catalog.passages([p.id for p in passages]) == {p.id: p for p in passages}


def test_an_entry_counts_passages_characters_and_notes(catalog):
    made = put(catalog, "# Ships\n\nA ship sails.[^1]\n\n[^1]: Not all do.\n")
    (entry,) = catalog.entries()
    assert (entry.id, entry.title, entry.source, entry.version) == (
        made.id, "Ships", "/papers/ships.md", made.version,
    )  # fmt: skip
    assert (entry.passages, entry.characters, entry.notes) == (2, len(made.text), 1)
    assert entry.added.endswith("+00:00")


def test_entries_are_in_the_order_of_titles(catalog):
    for name in ("b", "c", "a"):
        put(catalog, f"# Title {name}\n\nText of it.\n", f"{name}.md")
    assert [entry.title for entry in catalog.entries()] == ["Title a", "Title b", "Title c"]


def test_a_new_version_replaces_the_old_one_and_leaves_its_vector_ids_loose(catalog):
    old = put(catalog, "# Ships\n\nThe old text.\n")
    new = put(catalog, "# Ships\n\nThe new text.\n")
    assert old.id == new.id
    assert catalog.document(old.id) == new
    assert catalog.version(old.id) == new.version
    assert catalog.passage_ids() == [p.id for p in cut_passages(new)]
    assert catalog.loose() == [p.id for p in cut_passages(old)]
    assert [name for name, _ in catalog.search_words("old new", 9)] == catalog.passage_ids()
    assert catalog.search_words("old", 9) == []


def test_a_removed_document_is_gone_everywhere(catalog):
    made = put(catalog, "# Ships\n\nA ship sails.\n")
    catalog.remove(made.id)
    assert catalog.entries() == []
    assert catalog.passage_count() == 0
    assert catalog.search_words("ship", 9) == []
    assert catalog.version(made.id) is None
    with pytest.raises(DocumentUnknown, match=rf"{made.id}.*cited list"):
        catalog.document(made.id)


def test_a_failed_change_changes_nothing(catalog):
    made = put(catalog, "# Ships\n\nThe old text.\n")
    changed = document("# Ships\n\nThe new text.\n")
    passages = cut_passages(changed)
    with pytest.raises((sqlite3.IntegrityError, psycopg.IntegrityError)):
        catalog.put(changed, [*passages, passages[0]])
    assert catalog.document(made.id) == made
    assert catalog.loose() == []
    assert len(catalog.search_words("old", 9)) == 1


def test_sentence_vectors_come_back_in_half_precision(catalog):
    made = document("# Ships\n\nA ship sails. It is far.\n")
    passages = cut_passages(made)
    vectors = [np.array([[1, 0, 0.1], [0, 0.5, 0.25]], dtype=np.float32)]
    catalog.put(made, passages, vectors)
    (back,) = catalog.sentence_vectors([passages[0].id, "unknown"]).values()
    assert back.dtype == np.float32
    assert back == pytest.approx(vectors[0], abs=1e-4)


def test_only_known_passages_are_visible(catalog):
    made = put(catalog, "# Ships\n\nA ship sails.\n")
    known = cut_passages(made)[0].id
    assert catalog.visible(["nothing", known]) == {known}
    assert list(catalog.passages(["nothing", known])) == [known]
    many = [f"none:{n}" for n in range(50_000)]
    assert catalog.visible([*many, known]) == {known}


def test_words_are_found_by_their_stem_and_without_accents(catalog):
    made = put(catalog, "# Cafés\n\nThe captains were navigating towards Córdoba.\n")
    name = cut_passages(made)[0].id
    for question in ("navigate", "navigates", "NAVIGATION", "captain", "cordoba", "café", "Who navigated?"):
        assert [found for found, _ in catalog.search_words(question, 9)] == [name], question
    assert catalog.search_words("boats", 9) == []


def test_title_and_section_are_searched_too(catalog):
    put(catalog, "# Ships\n\n## Rigging\n\nRopes hold it.\n")
    assert len(catalog.search_words("rigging", 9)) == 1


def test_more_shared_and_rarer_words_rank_higher(catalog):
    for name, text in (("a", "The ship is old."), ("b", "The ship has a compass."), ("c", "The ship sails.")):
        put(catalog, f"# T\n\n{text}\n", f"{name}.md")
    found = catalog.search_words("ship compass", 9)
    assert len(found) == 3
    assert found[0][0].startswith("b-")
    assert found[0][1] > found[1][1]
    assert len(catalog.search_words("ship compass", 2)) == 2


def test_function_words_count_only_when_there_is_nothing_else(catalog):
    put(catalog, "# T\n\nWhat is it that they were?\n", "a.md")
    put(catalog, "# T\n\nA compass.\n", "b.md")
    assert [name[:2] for name, _ in catalog.search_words("What is the compass?", 9)] == ["b-"]
    assert [name[:2] for name, _ in catalog.search_words("What were they?", 9)] == ["a-"]


@pytest.mark.parametrize(
    "question",
    [
        '"NEAR( OR *', '"', '""', "whose AND", "NOT", "OR OR", "content:ship", "ship*", "^ship", "(ship",
        "ship)", "-ship", "+ship", "{ship}", "'ship'", "ship; DROP TABLE words", "NEAR(ship, 5)", "_", "__ _",
        "\0", "ship\0ship", "🙂", "?", "", "   ", "\ud800 ship", "ship " * 10_000,
        " ".join(f"word{n}" for n in range(5000)),
    ],
)  # fmt: skip
def test_no_question_is_a_syntax_error(catalog, question):
    put(catalog, "# T\n\nA ship sails.\n")
    found = catalog.search_words(question, 9)
    assert len(found) == ("ship" in question)


def test_words_are_searched_in_the_documents_asked_for(catalog):
    ids = [put(catalog, "# T\n\nA ship sails.\n", f"{name}.md").id for name in "abc"]
    found = catalog.search_words("ship", 9, documents=ids[:2])
    assert {name.rsplit(":", 2)[0] for name, _ in found} == set(ids[:2])
    assert catalog.search_words("ship", 9, documents=["unknown"]) == []


def test_a_position_finds_its_passage_and_a_label_its_footnote(catalog):
    made = put(catalog, "# Ships\n\nA ship sails.[^1]\n\n[^1]: Not all do.\n")
    body, note = catalog.passages_of(made.id)
    assert catalog.passage_at(made.id, made.footnotes[0].markers[0].start) == body
    assert catalog.passage_at(made.id, len(made.text)) is None
    assert catalog.footnote_passages(made.id, ["1", "2"]) == [note]
    assert catalog.footnote_passages(made.id, []) == []


def test_what_is_out_of_sight_is_in_no_list_and_no_search(catalog):
    for name, collection in (("a", ""), ("b", "north"), ("c", "south")):
        made = document("# T\n\nA ship sails.\n", f"{name}.md")
        catalog.put(made, cut_passages(made), collection=collection)
    assert catalog.collections() == {"": 1, "north": 1, "south": 1}
    ids = catalog.passage_ids()
    catalog.scope = lambda: frozenset({"", "south"})
    assert [entry.collection for entry in catalog.entries()] == ["", "south"]
    assert [name[0] for name, _ in catalog.search_words("ship", 9)] == ["a", "c"]
    assert [name[0] for name in sorted(catalog.visible(ids))] == ["a", "c"]
    assert catalog.search_words("ship", 9, documents=[ids[1].rsplit(":", 2)[0]]) == []
    assert catalog.passage_count() == 3
    catalog.scope = frozenset
    assert catalog.entries() == catalog.search_words("ship", 9) == []


def test_files_are_remembered_in_the_version_that_was_read(catalog):
    made = put(catalog, "# Ships\n\nA ship sails.\n")
    catalog.remember([(made.id, "another version", 1, 2)])
    assert catalog.remembered() == {}
    time_of_change = 1_795_000_000_123_456_789
    catalog.remember([(made.id, made.version, 5_000_000_000, time_of_change)])
    assert catalog.remembered() == {made.id: (5_000_000_000, time_of_change, "Ships")}
    put(catalog, "# T\n\nText.\n", "\U0010fffd.md")
    assert list(catalog.sources_below("/papers").values()) == ["/papers/ships.md", "/papers/\U0010fffd.md"]
    assert catalog.sources_below("/paper") == {}


def test_what_readers_said_comes_back_in_the_order_it_was_said(catalog):
    made = put(catalog, "# Ships\n\nA ship sails.\n")
    answer = {"question": "Who sails?\0", "citations": [{"document_id": made.id}], "passages": []}
    for good, comment in ((True, "yes"), (False, ""), (None, "hm\U0001f642")):
        add_feedback(catalog, answer, good, comment)
    said = all_feedback(catalog)
    assert [(f.good, f.comment) for f in said] == [(True, "yes"), (False, ""), (None, "hm\U0001f642")]
    assert said[0].answer == answer
    assert said[0].versions == {made.id: made.version}


def test_cut_anew_a_version_keeps_the_time_at_which_it_was_added(catalog):
    made = put(catalog, "# Ships\n\nA ship sails.\n")
    with catalog.change() as db:
        db.execute("UPDATE documents SET added = '2001-01-01T00:00:00+00:00'")
    catalog.put(made, cut_passages(made))
    assert catalog.entries()[0].added == "2001-01-01T00:00:00+00:00"
    put(catalog, "# Ships\n\nA ship sank.\n")
    assert catalog.entries()[0].added > "2026"


def test_a_file_that_is_no_catalog_is_damage_with_a_way_out(tmp_path):
    path = tmp_path / "catalog.sqlite"
    path.write_bytes(b"this is no database at all" * 100)
    with pytest.raises(LibraryDamaged, match="restore it from a copy"):
        Catalog(path)


def test_a_catalog_damaged_in_the_middle_says_so_when_it_is_read(tmp_path):
    catalog = Catalog(tmp_path / "catalog.sqlite")
    for n in range(30):
        put(catalog, f"# T{n}\n\n" + f"A ship of number {n} sails. " * 50, f"{n}.md")
    catalog.close()
    content = bytearray(catalog.path.read_bytes())
    content[8192:] = b"\x55" * (len(content) - 8192)
    catalog.path.write_bytes(content)
    with pytest.raises(LibraryDamaged, match="restore it from a copy"):  # noqa: PT012 - noticed at either
        again = Catalog(catalog.path)
        again.entries()


def test_a_catalog_of_another_schema_is_refused_with_both_named(tmp_path):
    catalog = Catalog(tmp_path / "catalog.sqlite")
    catalog.set_about(schema="99")
    catalog.close()
    with pytest.raises(LibraryMismatch, match="schema 99, this program reads 3"):
        Catalog(tmp_path / "catalog.sqlite")


def test_a_catalog_of_schema_2_is_brought_up_to_date_with_all_that_is_in_it(tmp_path):
    catalog = Catalog(tmp_path / "catalog.sqlite")
    made = put(catalog, "# Ships\n\nA ship sails.[^1]\n\n[^1]: In 1957.\n")
    entries = catalog.entries()
    with catalog.change() as db:  # what schema 2 did not have
        db.execute("DROP INDEX documents_listed")
        db.execute("ALTER TABLE documents DROP COLUMN length")
        db.execute("ALTER TABLE documents DROP COLUMN notes")
    catalog.set_about(schema="2")
    catalog.close()
    again = Catalog(tmp_path / "catalog.sqlite")
    assert again.entries() == entries
    assert (entries[0].characters, entries[0].notes) == (len(made.text), len(made.footnotes))
    assert again.document(made.id) == made
    ((*_, plan),) = again.rows(
        "EXPLAIN QUERY PLAN SELECT title, length, notes FROM documents ORDER BY title, id"
    )
    assert "documents_listed" in plan
    again.close()


def test_a_catalog_that_cannot_be_written_is_an_error_that_says_what_to_look_at(tmp_path):
    (tmp_path / "catalog.sqlite").mkdir()
    with pytest.raises(LibraryError, match="may be written"):
        Catalog(tmp_path / "catalog.sqlite")


def test_a_file_that_another_process_is_making_is_waited_for(tmp_path):
    other = sqlite3.connect(tmp_path / "catalog.sqlite", check_same_thread=False, isolation_level=None)
    other.execute("CREATE TABLE begun (x)")
    other.execute("BEGIN IMMEDIATE")
    commit = Timer(0.5, other.execute, ["COMMIT"])
    commit.start()
    Catalog(tmp_path / "catalog.sqlite").close()
    assert commit.finished.is_set()


def open_and_count(path):
    catalog = Catalog(path)
    catalog.set_about(model="x")
    catalog.close()
    return catalog.about is not None


def test_many_processes_may_make_the_same_catalog_at_once(tmp_path):
    with get_context("forkserver").Pool(3) as pool:
        assert pool.map(open_and_count, [tmp_path / "catalog.sqlite"] * 24, chunksize=1) == [True] * 24
