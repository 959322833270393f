"""What is PostgreSQL's own: words ranked as FTS5 ranks them, a server that comes and goes, several writers.

What both databases do alike is in test_catalog.py and test_access_store.py.
"""

import json
import threading
import time
from collections.abc import Callable, Iterator
from multiprocessing import get_context
from pathlib import Path
from random import Random
from typing import ClassVar

import httpx
import psycopg
import pytest
from click.testing import CliRunner

import app.cli.users  # noqa: F401  # its commands
from app.access.guard import AccessGuard
from app.access.shared import SharedAccessStore
from app.access.throttle import Throttle
from app.cli import cited
from index.catalog import Catalog
from index.database import SCHEMA_VERSION
from index.feedback import add_feedback, all_feedback
from index.postgres import PostgresDatabase, spelled
from index.postgres_catalog import PostgresCatalog, words_of
from ingest.errors import LibraryBusy, LibraryError, LibraryMismatch, SettingsError
from ingest.passages import cut_passages
from ingest.read import read_bytes, read_file
from tests.conftest import ROOT, SAMPLES
from tests.databases import emptied
from tests.servers import PostgresServer
from tests.test_access_guard import inner, served

SECRET, PASSWORD = "mole-hill", "the tide is out"


@pytest.fixture
def shared(database: str) -> Iterator[PostgresCatalog]:
    opened = PostgresCatalog(database)
    emptied(opened)
    yield opened
    opened.close()


@pytest.fixture
def other(shared: PostgresCatalog) -> Iterator[PostgresCatalog]:
    """The same catalog, as another process has it."""
    opened = PostgresCatalog(shared.url)
    yield opened
    opened.close()


def document(text, name="ships.md"):
    return read_bytes(text.encode(), name=name, source=f"/papers/{name}")


def put(catalog, text, name="ships.md"):
    made = document(text, name)
    catalog.put(made, cut_passages(made))
    return made


def ids_of(made):
    return [p.id for p in cut_passages(made)]


def swept(catalog):
    with catalog.sweeping() as ids:
        return list(ids)


def ended(shared: PostgresCatalog) -> None:
    """End every connection to the database, as a restart of the server does."""
    others = "WHERE datname = current_database() AND pid <> pg_backend_pid()"
    with psycopg.connect(shared.url, autocommit=True) as beside:
        beside.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity {others}")


def waited(for_what: Callable[[], object], seconds: float = 20) -> None:
    until = time.monotonic() + seconds
    while not for_what():
        assert time.monotonic() < until
        time.sleep(0.02)


# Words


def test_words_are_ranked_as_fts5_ranks_them(shared, tmp_path):
    """Every question of the evaluation sets, over the sample articles: the same thirty in the same order,
    with the same scores but for rounding."""
    lite = Catalog(tmp_path / "catalog.sqlite")
    for path in sorted(SAMPLES.iterdir()):
        made = read_file(path)
        for catalog in (lite, shared):
            catalog.put(made, cut_passages(made))
    sets = (path.read_text(encoding="utf-8") for path in (ROOT / "eval" / "sets").glob("*.jsonl"))
    lines = [line for text in sets for line in text.splitlines()]
    questions = [row["question"] for row in map(json.loads, lines) if "question" in row]
    assert len(questions) > 100
    for question in questions:
        here, there = lite.search_words(question, 30), shared.search_words(question, 30)
        assert [name for name, _ in there] == [name for name, _ in here], question
        assert [score for _, score in there] == pytest.approx([score for _, score in here])
    lite.close()


def test_in_large_libraries_passages_with_a_rarer_word_are_ranked_as_fts5_ranks_them(
    shared, tmp_path, monkeypatch
):
    monkeypatch.setattr("index.words.MOST_RANKED", 4)
    lite = Catalog(tmp_path / "catalog.sqlite")
    for n in range(10):
        text = "A ship is there" + (", it sails" if n % 2 else "") + (" by compass." if n < 2 else ".")
        made = document(f"# T\n\n{text}\n", f"{n}.md")
        for catalog in (lite, shared):
            catalog.put(made, cut_passages(made), collection="fleet" if n < 2 else "")
    for question in ("ship compass", "ship sails compass", "ship", "sails"):
        here, there = lite.search_words(question, 30), shared.search_words(question, 30)
        assert [name for name, _ in there] == [name for name, _ in here], question
    assert len(shared.search_words("ship compass", 30)) == 2
    assert len(shared.search_words("ship sails", 30)) == 5
    shared.scope = lambda: frozenset({""})
    assert len(shared.search_words("ship compass", 30)) == 8
    lite.close()


def test_in_documents_asked_for_a_word_weighs_what_it_weighs_in_the_whole_library(
    shared, tmp_path, monkeypatch
):
    """However few passages are counted elsewhere: a word that most have weighs next to nothing."""
    monkeypatch.setattr("index.postgres_catalog.MOST_COUNTED", 2)
    lite = Catalog(tmp_path / "catalog.sqlite")
    for n in range(12):
        made = document(f"# T\n\nThere is {'rope' if n % 4 == 0 else 'tar'} on a ship.\n", f"{n}.md")
        for catalog in (lite, shared):
            catalog.put(made, cut_passages(made))
    asked = [made[0] for made in lite.rows("SELECT id FROM documents ORDER BY id")][:6]
    here, there = (c.search_words("ship tar", 30, asked) for c in (lite, shared))
    assert [score for _, score in there] == pytest.approx([score for _, score in here])
    lite.close()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Café CÓRDOBA naïve", ["cafe", "cordoba", "naive"]),
        ("A well-known one's 3.5 % in 1957", ["a", "well", "known", "one", "s", "3", "5", "in", "1957"]),
        ("snake_case", ["snake", "case"]),
        ("서울 東京 Škoda", ["서울", "東京", "skoda"]),
        ("?! …", []),
    ],
)
def test_words_are_cut_where_fts5_cuts_them(text, words, tmp_path):
    assert words_of(text) == words
    lite = Catalog(tmp_path / "catalog.sqlite")
    with lite.change() as db:
        db.execute(
            "CREATE VIRTUAL TABLE plain USING fts5 (content, tokenize = 'unicode61 remove_diacritics 2')"
        )
        db.execute("INSERT INTO plain VALUES (?)", (text,))
        db.execute("CREATE VIRTUAL TABLE there USING fts5vocab (plain, 'instance')")
    assert [row[0] for row in lite.rows('SELECT term FROM there ORDER BY "offset"')] == words
    lite.close()


def test_a_word_longer_than_an_index_takes_is_found_by_its_beginning(shared):
    chance = Random(1839)  # what repeats would be compressed
    long = "".join(chr(chance.randrange(0x4E00, 0x9FA5)) for _ in range(3000))
    dump = "".join(chance.choice("0123456789abcdef") for _ in range(9000))
    for name, text in (("title.md", f"# {long}\n\nA ship sails.\n"), ("dump.md", f"# T\n\n{dump}\n")):
        made = put(shared, text, name)
        assert shared.document(made.id) == made
    assert [name.partition("-")[0] for name, _ in shared.search_words(dump[:256], 9)] == ["dump"]
    assert shared.search_words("ship", 9)


def test_a_removed_document_counts_no_more_among_the_words(shared):
    put(shared, "# T\n\nA compass.\n", "a.md")
    alone = shared.search_words("compass", 9)
    made = put(shared, "# T\n\nA compass and a ship and a rope.\n", "b.md")
    assert len(shared.search_words("compass", 9)) == 2
    shared.remove(made.id)
    assert shared.search_words("compass", 9) == alone
    assert shared.rows("SELECT count(*) FROM words WHERE passage NOT IN (SELECT number FROM passages)") == [
        (0,)
    ]
    assert shared.rows("SELECT sum(passages)::integer FROM lengths") == [(1,)]


# A server that comes and goes


@pytest.fixture
def coming_and_going(postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[PostgresServer]:
    """The server, for a test that takes it away; less is waited for it than by users."""
    monkeypatch.setattr("index.postgres.PATIENCE", 2.0)
    yield postgres
    postgres.start()


def test_a_server_that_was_started_again_is_found_again(coming_and_going, shared):
    made = put(shared, "# Ships\n\nA ship sails.\n")
    coming_and_going.stop()
    coming_and_going.start()
    assert shared.version(made.id) == made.version
    put(shared, "# Ships\n\nA ship sank.\n")
    coming_and_going.kill()
    coming_and_going.start()
    assert [name for name, _ in shared.search_words("sank", 9)] == ids_of(
        document("# Ships\n\nA ship sank.\n")
    )


def test_a_question_waits_for_a_server_that_is_just_starting(coming_and_going, shared):
    put(shared, "# Ships\n\nA ship sails.\n")
    coming_and_going.stop()
    back = threading.Timer(0.2, coming_and_going.start)
    back.start()
    assert shared.passage_count() == 1
    back.join()


def test_without_a_server_there_is_an_error_that_says_what_to_look_at_and_then_all_is_well(
    coming_and_going, shared
):
    coming_and_going.stop()
    with pytest.raises(
        LibraryError, match=r"catalog postgresql://.* refused.*see that PostgreSQL runs there"
    ):
        shared.entries()
    with pytest.raises(LibraryError, match="refused"):
        put(shared, "# Ships\n\nA ship sails.\n")
    with pytest.raises(LibraryError, match="refused"):
        PostgresCatalog(shared.url)
    coming_and_going.start()
    assert shared.entries() == []


def test_a_query_whose_connection_ends_is_asked_once_more(shared):
    ending = threading.Timer(0.3, ended, [shared])
    ending.start()
    assert shared.rows("SELECT 'answered', pg_sleep(1)::text") == [("answered", "")]
    ending.join()


def test_a_change_whose_connection_ends_changes_nothing_and_says_so(shared):
    def change():
        with shared.change() as db:
            db.execute("INSERT INTO about VALUES ('a', 'b')")
            ended(shared)
            db.execute("INSERT INTO about VALUES ('c', 'd')")

    with pytest.raises(LibraryError, match=r"terminating connection.*try again"):
        change()
    assert shared.about("a") is None


def test_a_query_that_takes_too_long_is_an_error(shared):
    slow = PostgresDatabase.__new__(PostgresCatalog)
    PostgresCatalog.__init__(slow, f"{shared.url}?options=-cstatement_timeout%3D100ms")
    with pytest.raises(LibraryError, match="statement timeout"):
        slow.rows("SELECT pg_sleep(5)")
    slow.close()


def test_a_change_within_a_change_is_a_part_of_it(shared):
    def change():
        with shared.change():
            shared.set_about(a="b")
            assert shared.about("a") == "b"
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        change()
    assert shared.about("a") is None


def test_more_threads_than_connections_wait_for_each_other(shared):
    put(shared, "# Ships\n\nA ship sails.\n")
    counted: list[int] = []
    threads = [threading.Thread(target=lambda: counted.append(shared.passage_count())) for _ in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counted == [1] * 40


# What a database must be


def test_a_database_with_another_encoding_is_refused_with_the_command_that_makes_one(postgres):
    postgres.sql("CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")
    with pytest.raises(LibraryMismatch, match=r"LATIN1.*createdb --encoding=UTF8"):
        PostgresCatalog(postgres.url("latin"))


def test_a_catalog_of_another_schema_is_refused_with_both_named(shared):
    before = shared.about("schema")
    shared.set_about(schema="99")
    with pytest.raises(LibraryMismatch, match=f"schema 99, this program reads {before}"):
        PostgresCatalog(shared.url)
    shared.set_about(schema=before)


class Later(PostgresCatalog):
    """As a later version may have it."""

    schema_version = "later"


class Upgraded(Later):
    """As a later version may have it that knows this one."""

    upgrades: ClassVar = {
        SCHEMA_VERSION: ("ALTER TABLE feedback ADD mood TEXT", "UPDATE feedback SET mood = comment")
    }


class Stuck(Later):
    upgrades: ClassVar = {
        SCHEMA_VERSION: ("ALTER TABLE feedback ADD mood TEXT", "UPDATE nothing SET mood = comment")
    }


def test_an_older_schema_is_upgraded_with_what_is_in_it_or_not_at_all(postgres):
    catalog = PostgresCatalog(postgres.database())
    made = put(catalog, "# Ships\n\nA ship sails.\n")
    add_feedback(catalog, {"citations": [], "passages": []}, True, "good")
    with pytest.raises(LibraryError, match='"nothing" does not exist'):
        Stuck(catalog.url)
    with pytest.raises(LibraryMismatch, match=f"schema {SCHEMA_VERSION}, this program reads later"):
        Later(catalog.url)
    assert all_feedback(catalog)[0].good is True
    later = Upgraded(catalog.url)
    assert later.rows("SELECT mood FROM feedback") == [("good",)]
    assert later.document(made.id) == made
    later.close()
    catalog.close()


def test_a_catalog_of_schema_2_is_brought_up_to_date(postgres):
    catalog = PostgresCatalog(postgres.database())
    made = put(catalog, "# Ships\n\nA ship sails.[^1]\n\n[^1]: In 1957.\n")
    entries = catalog.entries()
    assert (entries[0].characters, entries[0].notes) == (len(made.text), 1)
    with catalog.change() as db:
        db.execute("ALTER TABLE documents DROP length, DROP notes")
    catalog.set_about(schema="2")
    catalog.close()
    again = PostgresCatalog(catalog.url)
    assert again.entries() == entries
    again.close()


def test_several_libraries_may_be_in_schemas_of_one_database(postgres):
    url = postgres.database()
    name = url.rpartition("/")[2]
    for schema in ("north", "south"):
        postgres.sql(f"CREATE SCHEMA {schema}", name)
    north, south = (
        PostgresCatalog(f"{url}?options=-csearch_path%3D{schema}") for schema in ("north", "south")
    )
    made = put(north, "# Ships\n\nA ship sails.\n")
    assert [entry.id for entry in north.entries()] == [made.id]
    assert south.entries() == []
    assert south.search_words("ship", 9) == []
    assert north.name.endswith(f"/{name}?options=-csearch_path%3Dnorth")
    north.close()
    south.close()


def open_and_count(url):
    catalog, store = PostgresCatalog(url), SharedAccessStore(url)
    catalog.set_about(model="x")
    catalog.close()
    store.close()
    return catalog.about is not None


def test_many_processes_may_make_the_same_library_at_once(postgres):
    with get_context("forkserver").Pool(3) as pool:
        assert pool.map(open_and_count, [postgres.database()] * 6, chunksize=1) == [True] * 6


def test_what_postgresql_cannot_hold_is_replaced_in_texts_from_anyone(shared):
    shared.set_about(name="a\0b\ud800")
    assert shared.about("name") == "a\ufffdb?"
    assert not shared.taken("\0")


def test_queries_are_spelled_for_psycopg():
    assert spelled("a = ? AND b = ?") == "a = %s AND b = %s"
    assert spelled("a = :a AND b IN :names AND c::text = :a") == (
        "a = %(a)s AND b = ANY(%(names)s) AND c::text = %(a)s"
    )


# Several writers


def test_what_a_living_writer_is_about_to_make_visible_is_swept_by_nobody_else(shared, other):
    made = document("# Ships\n\nA ship sails.\n")
    shared.add_loose(ids_of(made))
    assert shared.loose() == other.loose() == ids_of(made)
    assert swept(other) == []
    shared.put(made, cut_passages(made))
    assert shared.loose() == swept(other) == swept(shared) == []


def test_what_a_writer_that_is_gone_has_left_is_swept_by_the_next(shared, other):
    made = document("# Ships\n\nA ship sails.\n")
    shared.add_loose(ids_of(made))
    shared.close()
    waited(lambda: swept(other) == ids_of(made))  # the server notices in a moment
    assert other.loose() == []


def test_what_failed_is_swept_by_its_own_writer(shared):
    made = document("# Ships\n\nA ship sails.\n")
    shared.add_loose(ids_of(made))
    assert swept(shared) == ids_of(made)
    shared.put(made, cut_passages(made))  # as one writes the vectors anew


def test_a_sweep_that_fails_is_one_that_is_made_again(shared):
    ids = ids_of(document("# Ships\n\nA ship sails.\n"))
    shared.add_loose(ids)
    with pytest.raises(ZeroDivisionError), shared.sweeping():
        raise ZeroDivisionError
    assert swept(shared) == ids


def test_the_vectors_of_a_version_that_was_replaced_are_swept_unless_another_writer_needs_them(shared, other):
    old = put(shared, "# Ships\n\nThe old text.\n")
    put(shared, "# Ships\n\nThe new text.\n")
    other.add_loose(ids_of(old))
    assert swept(shared) == []
    other.put(old, cut_passages(old))
    assert swept(other) == ids_of(document("# Ships\n\nThe new text.\n"))
    assert swept(shared) == shared.loose() == []


def test_a_writer_that_seemed_dead_and_was_swept_must_write_its_vectors_again(shared, other):
    made = document("# Ships\n\nA ship sails.\n")
    shared.add_loose(ids_of(made))
    ended(shared)
    assert swept(other) == ids_of(made)
    with pytest.raises(LibraryBusy, match=r"connection to postgresql://.* was lost.*add them again"):
        shared.put(made, cut_passages(made))
    assert shared.entries() == []
    shared.add_loose(ids_of(made))
    assert swept(other) == []
    shared.put(made, cut_passages(made))
    assert len(shared.entries()) == 1


def test_nobody_begins_to_write_what_is_being_swept(shared, other):
    ids = ids_of(document("# Ships\n\nA ship sails.\n"))
    shared.add_loose(ids)
    beginning = threading.Thread(target=other.add_loose, args=[ids])
    with shared.sweeping() as found:
        assert found == ids
        beginning.start()
        beginning.join(0.5)
        assert beginning.is_alive()
    beginning.join(10)
    assert not beginning.is_alive()
    assert swept(shared) == []
    assert shared.loose() == ids


def test_two_writers_of_one_document_end_with_one_or_the_other(shared, other):
    texts = ["# Ships\n\n" + f"A {word} sails far. " * 60 for word in ("sloop", "brig")]

    def write(catalog, text):
        for _ in range(10):
            put(catalog, text)

    threads = [threading.Thread(target=write, args=pair) for pair in zip((shared, other), texts, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (entry,) = shared.entries()
    last = shared.document(entry.id)
    assert last.text in {document(text).text for text in texts}
    assert tuple(shared.passages_of(entry.id)) == cut_passages(last)
    word = "sloop" if "sloop" in last.text else "brig"
    assert len(shared.search_words(word, 99)) == entry.passages
    assert shared.search_words({"sloop": "brig", "brig": "sloop"}[word], 99) == []


def test_readers_go_on_while_everything_is_written_anew(shared, other):
    made = put(shared, "# Ships\n\nThe old text.\n")
    new = document("# Ships\n\nThe new text.\n")
    adding = threading.Thread(target=put, args=[other, "# Boats\n\nA boat.\n", "boats.md"])
    with shared.alone_with_all():
        adding.start()
        shared.put(new, cut_passages(new))
        adding.join(0.5)
        assert adding.is_alive()
        assert other.document(made.id) == made
    adding.join(10)
    assert [entry.title for entry in other.entries()] == ["Boats", "Ships"]
    assert other.document(made.id) == new


# Users, attempts, the audit log


@pytest.fixture
def two_stores(shared: PostgresCatalog) -> Iterator[tuple[SharedAccessStore, SharedAccessStore]]:
    stores = SharedAccessStore(shared.url), SharedAccessStore(shared.url)
    yield stores
    for store in stores:
        store.close()


def test_attempts_are_counted_over_all_servers(two_stores):
    here, there = (store.throttle("name", 60) for store in two_stores)
    assert [throttle.attempt("ada") for throttle in (here, there, here, there, here)] == [0] * 5
    assert 3 < there.attempt("ada") <= 4
    assert here.attempt("rex") == 0
    assert two_stores[0].throttle("address", 60).attempt("ada") == 0
    here.forget("ada")
    assert there.attempt("ada") == 0


def test_attempts_at_once_are_counted_as_many(two_stores):
    throttles = [store.throttle("name", 60) for store in two_stores]
    found: list[float] = []
    threads = [
        threading.Thread(target=lambda n=n: found.append(throttles[n % 2].attempt("ada"))) for n in range(12)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(left > 0 for left in found) == [False] * 5 + [True] * 7


def test_old_attempts_are_forgotten_and_right_ones_do_not_count(two_stores):
    store = two_stores[0]
    throttle: Throttle = store.throttle("address", 60)
    for _ in range(5):
        throttle.attempt("192.0.2.1")
    throttle.undo("192.0.2.1")
    assert throttle.attempt("192.0.2.1") == 0
    with store.change() as db:
        db.execute("UPDATE attempts SET last = last - 121")
    assert throttle.attempt("192.0.2.2") == 0
    assert store.rows("SELECT key, count FROM attempts") == [("192.0.2.2", 1)]


def test_the_audit_log_of_all_servers_is_one_table(two_stores):
    two_stores[0].audit.note("delete", "tides-1", "refused", who="rex")
    two_stores[1].audit.note("login", outcome="failed", who="x" * 999 + "\0")
    lines = two_stores[0].rows("SELECT who, action, what, outcome FROM audit ORDER BY number")
    assert lines == [("rex", "delete", "tides-1", "refused"), ("x" * 200, "login", "", "failed")]


def test_the_commands_keep_users_and_keys_on_the_server(two_stores):
    here = {"CITED_LIBRARY": two_stores[0].url, "CITED_VECTORS": "http://127.0.0.1:1"}
    added = CliRunner().invoke(cited, ["user", "add", "ada", "--role", "editor"], input=PASSWORD, env=here)
    assert (added.exit_code, added.stderr.splitlines()[0]) == (0, "added ada, editor")
    key = CliRunner().invoke(cited, ["key", "add", "ada"], env=here).stdout.strip()
    assert two_stores[0].of_key(key).name == two_stores[1].users()[0].name == "ada"
    assert two_stores[1].rows("SELECT who, action FROM audit ORDER BY number") == [
        ("(local owner)", "add user"), ("(local owner)", "add key"),
    ]  # fmt: skip


def test_a_server_that_cannot_reach_its_users_says_try_again_and_lets_nobody_in(
    coming_and_going, shared, library, caplog
):
    store = SharedAccessStore(shared.url)
    store.add_user("ada", PASSWORD, "editor")
    key = {"Authorization": f"Bearer {store.add_key('ada')}"}
    with served(AccessGuard(inner(), store, library)) as at, httpx.Client(base_url=at, timeout=60) as client:
        assert client.get("/x", headers=key).json()["name"] == "ada"
        coming_and_going.stop()
        for told in (client.get("/x", headers=key), client.post("/login", data={"name": "ada"})):
            assert (told.status_code, told.headers["retry-after"]) == (503, "5")
            assert told.json()["detail"] == "The list of users cannot be reached; try again."
        assert client.get("/health", headers=key).status_code == 200
        store.audit.note("add", "tides-1")
        assert "add is not in the audit log: the list of users postgresql://" in caplog.text
        coming_and_going.start()
        assert client.get("/x", headers=key).json()["name"] == "ada"
    library.catalog.scope = lambda: None
    store.close()


# Addresses and secrets


@pytest.mark.parametrize(
    "url",
    [
        f"postgresql://cited:{SECRET}@127.0.0.1:1/library",
        f"postgresql://cited@127.0.0.1:1/library?password={SECRET}",
        f"postgres://cited:{SECRET}@/library?host=/nowhere",
        f"postgresql://cited:a@{SECRET}@127.0.0.1/library",
        f"postgresql://cited:a/{SECRET}@127.0.0.1/library",
        f"postgresql://cited:a?{SECRET}@127.0.0.1/library",
        f"postgresql://cited:{SECRET}@127.0.0.1:many/library",
        f"postgresql://cited:{SECRET}%zz@127.0.0.1/library",
        f"postgresql://cited:{SECRET}@127.0.0.1/library?no-such-thing=1",
    ],
)
def test_no_error_tells_a_password(url):
    with pytest.raises((LibraryError, SettingsError)) as caught:
        PostgresCatalog(url)
    told = "".join(map(str, (caught.value, caught.value.__context__, caught.value.__cause__)))
    assert SECRET not in str(caught.value)
    assert SECRET not in told or isinstance(caught.value, SettingsError)
    assert caught.value.__suppress_context__ or SECRET not in told


def test_a_wrong_password_is_an_error_without_it(postgres: PostgresServer, database: str):
    postgres.sql("CREATE ROLE guarded LOGIN PASSWORD 'right'")
    rules = Path(postgres.folder / "data" / "pg_hba.conf")
    before = rules.read_text()
    rules.write_text(f"host all guarded 127.0.0.1/32 scram-sha-256\n{before}")
    postgres.sql("SELECT pg_reload_conf()")
    waited(
        lambda: postgres.sql("SELECT count(*) FROM pg_hba_file_rules WHERE user_name = '{guarded}'") == "1"
    )
    with pytest.raises(LibraryError, match="password authentication failed") as caught:
        PostgresCatalog(database.replace("cited@", f"guarded:{SECRET}@"))
    assert SECRET not in str(caught.value)
    with pytest.raises(LibraryError, match="permission denied"):
        PostgresCatalog(database.replace("cited@", "guarded:right@")).entries()
    rules.write_text(before)
    postgres.sql("SELECT pg_reload_conf()")
