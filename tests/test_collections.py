"""Documents belong to collections, and nothing tells of those that are out of sight."""

import json
import sqlite3

import pytest
from click.testing import CliRunner

import app.cli.users  # noqa: F401  # its commands
from app.answer import Answerer
from app.cli import cited
from app.ingesting import Wishes, ingest_paths
from app.suggest import Suggestions
from index.catalog import Catalog
from index.library import Library
from index.search import linked, search
from ingest.errors import AccessDenied, DocumentUnknown, SettingsError
from ingest.passages import cut_passages
from ingest.read import read_bytes

HARBOUR = (
    "# The harbour\n\nThe harbour of Marrow was dug in 1871.[^1] It holds forty ships.\n\n"
    "[^1]: By Anna Berg.\n"
)
LAMP = "# The lamp\n\nThe lamp of Marrow was lit in 1902.[^1] It burns paraffin.\n\n[^1]: By Otto Lind.\n"
MILL = "# The mill\n\nThe mill of Marrow was built in 1799. It grinds rye.\n"


def document(text, name):
    return read_bytes(text.encode(), name=name, source=f"/papers/{name}")


def sees(*names):
    return lambda: frozenset(names)


@pytest.fixture
def three(library):
    """A harbour in collection a, a lamp in b, and a mill that is everyone's."""
    library.add(document(HARBOUR, "harbour.md"), collection="a")
    library.add(document(LAMP, "lamp.md"), collection="b")
    library.add(document(MILL, "mill.md"))
    return library


def ids(library):
    everything, library.catalog.scope = library.catalog.scope, lambda: None
    found = {entry.title: entry.id for entry in library.entries()}
    library.catalog.scope = everything
    return found


def test_an_entry_names_its_collection(three):
    assert {e.title: e.collection for e in three.entries()} == {
        "The harbour": "a", "The lamp": "b", "The mill": "",
    }  # fmt: skip
    assert three.catalog.collections() == {"": 1, "a": 1, "b": 1}


def test_every_way_to_read_sees_the_documents_of_the_scope_only(three):
    lamp = ids(three)["The lamp"]
    names = [p.id for p in three.catalog.passages_of(lamp)]
    body, note = three.catalog.passages_of(lamp)
    assert three.catalog.remember([(lamp, three.catalog.version(lamp), 1, 1)]) is None
    three.catalog.scope = sees("", "a")
    catalog = three.catalog
    assert [e.title for e in three.entries()] == ["The harbour", "The mill"]
    assert (catalog.version(lamp), catalog.collection_of(lamp)) == (None, None)
    assert (catalog.passages(names), catalog.visible(names), catalog.sentence_vectors(names)) == (
        {},
        set(),
        {},
    )
    assert (catalog.passages_of(lamp), catalog.footnote_passages(lamp, ["1"])) == ([], [])
    assert catalog.passage_at(lamp, body.start) is None
    assert (linked(three, body), linked(three, note)) == ((), ())
    assert catalog.search_words("lamp paraffin Otto", 9) == []
    assert (catalog.remembered(), lamp in catalog.sources_below("/papers")) == ({}, False)
    assert catalog.collections() == {"": 1, "a": 1}
    for question in ("When was the lamp of Marrow lit?", "paraffin"):
        assert lamp not in {h.passage.document_id for h in search(three, question, 50)}
        assert search(three, question, 50, [lamp]) == []


def test_a_hidden_document_is_refused_in_the_words_for_one_that_does_not_exist(three):
    lamp = ids(three)["The lamp"]
    three.catalog.scope = sees("", "a")
    for do in (three.document, three.delete, lambda name: three.move(name, "a")):
        said = []
        for name in (lamp, "lamp-00000000"):
            with pytest.raises(DocumentUnknown) as refused:
                do(name)
            said.append(str(refused.value).replace(name, "X"))
        assert said[0] == said[1]
    for name in (lamp, "The lamp", "lamp.md", "/papers/lamp.md"):
        with pytest.raises(DocumentUnknown, match="there is no document"):
            three.find(name)


def test_answers_and_suggestions_come_from_visible_documents_only(three):
    answerer = Answerer(three)
    suggestions = Suggestions(answerer)
    lamp = ids(three)["The lamp"]
    assert "1902" in answerer.answer("When was the lamp of Marrow lit?").text
    suggestions.for_documents([lamp])  # kept, for whoever may see it
    three.catalog.scope = sees("", "a")
    hidden = answerer.answer("When was the lamp of Marrow lit?")
    assert lamp not in json.dumps(hidden.to_json())
    assert "1902" not in json.dumps(hidden.to_json())
    assert suggestions.for_documents([lamp]) == []
    assert {s.document_id for s in suggestions.for_documents()} <= set(ids(three).values()) - {lamp}
    assert lamp not in {s.document_id for s in suggestions.near("When was the lamp lit?")}


def test_hidden_documents_do_not_starve_visible_ones(library):
    for n in range(60):
        library.add(
            document(f"# Tide {n}\n\nThe spring tide of Marrow rises {n} feet.\n", f"t{n}.md"), collection="b"
        )
    library.add(document("# Rye\n\nA mill grinds rye.\n\nThe tide stops it.\n", "rye.md"), collection="a")
    question = "How high does the spring tide of Marrow rise?"
    assert {h.passage.title for h in search(library, question, 5)} <= {f"Tide {n}" for n in range(60)}
    library.catalog.scope = sees("a")
    (hit,) = search(library, question, 5)
    assert hit.passage.title == "Rye"
    assert hit.similarity is not None


def test_a_new_version_stays_in_its_collection_and_another_wish_moves_it(library):
    library.add(document(HARBOUR, "harbour.md"), collection="a")
    changed = document(HARBOUR.replace("1871", "1872"), "harbour.md")
    assert library.add(changed) == "replaced"
    assert library.catalog.collection_of(changed.id) == "a"
    assert library.add(changed) == "unchanged"
    assert library.add(changed, collection="b") == "replaced"
    assert library.catalog.collection_of(changed.id) == "b"
    assert library.rebuild() == 2
    assert library.catalog.collection_of(changed.id) == "b"


def test_a_source_that_is_hidden_elsewhere_becomes_a_document_of_its_own(library):
    """Otherwise an upload could replace a document of the same name that nobody here may see."""
    theirs = document(HARBOUR, "notes.md")
    library.add(theirs, collection="b")
    library.catalog.scope = sees("", "a")
    ours = document(MILL, "notes.md")
    assert library.add(ours) == "added"
    assert library.add(ours) == "unchanged"
    (entry,) = library.entries()
    assert (entry.title, entry.collection) == ("The mill", "a")
    assert entry.id != theirs.id
    assert len(entry.id) == len(theirs.id)
    library.catalog.scope = lambda: None
    assert library.document(theirs.id) == theirs
    assert library.catalog.collection_of(theirs.id) == "b"


def test_the_id_of_a_new_document_does_not_tell_whether_its_source_is_known(library, tmp_path, embedder):
    library.add(document(HARBOUR, "notes.md"), collection="b")
    with Library(tmp_path / "empty", embedder) as empty:
        for each in (library, empty):
            each.catalog.scope = sees("", "a")
            each.add(document(MILL, "notes.md"))
        assert [e.id for e in library.entries()] == [e.id for e in empty.entries()]


def test_whoever_has_several_collections_must_say_which(library):
    library.catalog.scope = sees("", "a", "b")
    with pytest.raises(AccessDenied, match=r"which of your collections.*a, b"):
        library.add(document(MILL, "mill.md"))
    assert library.add(document(MILL, "mill.md"), collection="b") == "added"


def test_a_document_that_was_moved_is_found_again_and_goes_where_it_is_wished(library):
    library.catalog.scope = sees("", "a", "b")
    mill = document(MILL, "mill.md")
    library.add(mill, collection="a")
    library.move(library.entries()[0].id, "b")
    assert library.add(mill, collection="b") == "unchanged"
    assert library.add(mill) == "unchanged"
    assert [e.collection for e in library.entries()] == ["b"]
    changed = document(MILL.replace("rye", "oats"), "mill.md")
    assert library.add(changed) == "replaced"
    assert [e.collection for e in library.entries()] == ["b"]
    assert library.add(changed, collection="a") == "replaced"
    assert [e.collection for e in library.entries()] == ["a"]


def test_a_document_of_the_same_source_in_another_visible_collection_stays_what_it_is(library):
    """It may be a colleague's upload of the same name."""
    library.catalog.scope = sees("", "b")
    library.add(document(HARBOUR, "notes.md"))
    library.catalog.scope = sees("", "a", "b")
    assert library.add(document(MILL, "notes.md"), collection="a") == "added"
    assert {e.title: e.collection for e in library.entries()} == {"The harbour": "b", "The mill": "a"}
    with pytest.raises(AccessDenied, match=r"which of your collections.*a, b"):
        library.add(document(LAMP, "notes.md"))


def test_nobody_adds_to_a_collection_out_of_sight(library):
    library.catalog.scope = sees("", "a")
    with pytest.raises(AccessDenied, match="you have no collection b"):
        library.add(document(MILL, "mill.md"), collection="b")
    library.add(document(MILL, "mill.md"))
    with pytest.raises(AccessDenied, match="you have no collection b"):
        library.move(library.entries()[0].id, "b")
    with pytest.raises(AccessDenied, match="all its collections"):
        library.rebuild()


@pytest.mark.parametrize("name", ["a\nb", " a", "../x", "x" * 65, "<b>"])
def test_what_cannot_name_a_collection_is_refused(library, name):
    with pytest.raises(SettingsError, match="cannot name a collection"):
        library.add(document(MILL, "mill.md"), collection=name)


def test_a_library_of_schema_1_gets_collections_and_loses_nothing(tmp_path):
    made = document(HARBOUR, "harbour.md")
    path = tmp_path / "catalog.sqlite"
    catalog = Catalog(path)
    catalog.put(made, cut_passages(made))
    catalog.close()
    with sqlite3.connect(path) as db:  # the table as it was, with its unique sources
        rows = db.execute(
            "SELECT * FROM documents"
        ).fetchall()  # with the columns of now behind those of then
        db.execute("DROP TABLE documents")
        db.execute(
            "CREATE TABLE documents (id TEXT PRIMARY KEY, source TEXT NOT NULL UNIQUE, title TEXT NOT NULL,"
            " version TEXT NOT NULL, added TEXT NOT NULL, text TEXT NOT NULL, structure TEXT NOT NULL,"
            " passages INTEGER NOT NULL)"
        )
        db.executemany("INSERT INTO documents VALUES (?, ?, ?, ?, ?, ?, ?, ?)", [row[:8] for row in rows])
        db.execute("UPDATE about SET value = '1' WHERE name = 'schema'")
    db.close()
    for _ in range(2):
        catalog = Catalog(path)
        assert catalog.document(made.id) == made
        assert [e.collection for e in catalog.entries()] == [""]
        assert len(catalog.passages_of(made.id)) == 2
        assert catalog.search_words("forty ships", 9)
        assert catalog.about("schema") == "3"
        catalog.put(document(MILL, "mill.md"), (), collection="a")
        catalog.remove(document(MILL, "mill.md").id)
        catalog.close()


def test_ingest_puts_documents_into_a_collection_and_moves_those_that_are_there(library, tmp_path):
    path = tmp_path / "harbour.md"
    path.write_text(HARBOUR)
    outcomes = []
    for collection in (None, None, "a", "a", None):
        (line,) = ingest_paths(library, [path], wishes=Wishes(collection=collection)).lines
        outcomes.append(line.outcome)
    assert outcomes == ["added", "unchanged", "replaced", "unchanged", "unchanged"]
    assert [e.collection for e in library.entries()] == ["a"]


def test_an_upload_of_someone_who_sees_a_part_is_told_with_the_id_that_it_got(library, tmp_path):
    library.add(read_bytes(HARBOUR.encode(), name="notes.md", source="upload:notes.md"), collection="b")
    path = tmp_path / "x.md"
    path.write_text(MILL)
    library.catalog.scope = sees("", "a")
    (line,) = ingest_paths(library, [path], wishes=Wishes(uploads={str(path): "notes.md"})).lines
    assert (line.outcome, line.document_id) == ("added", library.entries()[0].id)


def test_the_commands_show_and_move(tmp_path, monkeypatch):
    monkeypatch.setenv("CITED_LIBRARY", str(tmp_path / "library"))
    path = tmp_path / "harbour.md"
    path.write_text(HARBOUR)

    def run(*words):
        return CliRunner().invoke(cited, words, catch_exceptions=False)

    assert run("ingest", str(path)).exit_code == 0
    assert run("list").output.endswith(f"\t\t{path}\n")
    moved = run("collection", "move", "harbour.md", "a")
    assert moved.output.startswith("moved harbour-")
    assert json.loads(run("list", "--json").output)[0]["collection"] == "a"
    assert run("list").output.endswith(f"\ta\t{path}\n")
    assert json.loads(run("collection", "list", "--json").output) == [{"collection": "a", "documents": 1}]
    assert run("collection", "move", "harbour.md", "").exit_code == 0
    assert json.loads(run("list", "--json").output)[0]["collection"] == ""
    assert run("ingest", str(path), "--collection", "b").exit_code == 0
    assert json.loads(run("list", "--json").output)[0]["collection"] == "b"
