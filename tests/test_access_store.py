"""Users, keys, sessions and the audit log: what is kept, and what is not."""

import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from click.testing import CliRunner

import app.cli.users  # noqa: F401  # its commands
from app.access import passwords
from app.access.audit import Audit
from app.access.evaluations import GuardedEvaluations
from app.access.principal import LOCAL_OWNER, Principal, acting_as, closed, current, visible_collections
from app.access.shared import SharedAccessStore
from app.access.store import AccessStore
from app.chat.evaluations import State
from app.cli import cited
from ingest.errors import AccessDenied, LibraryDamaged, NotLoggedIn, SettingsError

PASSWORD = "the tide is out"


def kept(store: AccessStore) -> str:
    """Everything that a store keeps."""
    tables = ("users", "keys", "sessions", "about")
    return repr([store.rows(f"SELECT * FROM {name}") for name in tables])


def again(store: AccessStore) -> AccessStore:
    """The same store, as another process has it."""
    return (
        SharedAccessStore(store.url)
        if isinstance(store, SharedAccessStore)
        else AccessStore(store.path.parent)
    )


def test_there_is_no_user_and_no_password_to_begin_with(store):
    assert store.users() == []
    assert store.keys() == []
    for name in ("admin", "root", "", "(local owner)"):
        assert store.log_in(name, "") is None


def test_a_password_fits_only_itself_and_is_kept_as_a_hash_with_its_costs(store):
    store.add_user("ada", PASSWORD, "editor")
    assert store.log_in("ada", PASSWORD)
    for wrong in ("", PASSWORD[:-1], PASSWORD.upper(), PASSWORD + " ", "x" * 1000):
        assert store.log_in("ada", wrong) is None
    assert PASSWORD not in kept(store)
    assert "scrypt$32768$8$3$" in kept(store)


def test_a_password_may_come_composed_or_not():
    assert passwords.fits("Mu\u0308llersmu\u0308hle", passwords.hashed("M\u00fcllersm\u00fchle"))


def test_two_users_with_one_password_have_different_hashes():
    assert passwords.hashed(PASSWORD) != passwords.hashed(PASSWORD)


@pytest.mark.parametrize("password", ["", "too short", "x" * 257])
def test_a_password_has_10_to_256_characters(store, password):
    with pytest.raises(SettingsError, match=f"10 to 256 characters; this one has {len(password)}"):
        store.add_user("ada", password, "editor")
    assert store.users() == []


@pytest.mark.parametrize("name", ["", "Ada", "a b", "(local owner)", "a/b", "-a", "é", "a" * 64, "a\n"])
def test_what_cannot_name_a_user_is_refused(store, name):
    with pytest.raises(SettingsError, match="cannot name a user"):
        store.add_user(name, PASSWORD, "editor")


def test_a_key_is_shown_once_and_kept_as_a_hash(store):
    store.add_user("rex", PASSWORD, "reader", ["a", "b"])
    key = store.add_key("rex")
    assert key.startswith("cited_")
    assert len(key) == 6 + 43  # 256 bits in base64
    assert store.of_key(key) == Principal("rex", "reader", frozenset({"a", "b"}))
    assert store.of_key(key[:-1]) is None
    assert store.of_key(store.keys()[0].id) is None
    assert key not in kept(store)
    with pytest.raises(SettingsError, match="no key 000"):
        store.revoke_key("000")
    store.revoke_key(store.keys()[0].id)
    assert store.of_key(key) is None


def test_another_process_holds_to_what_this_one_changes(store):
    store.add_user("rex", PASSWORD, "reader")
    other = again(store)
    key, session = other.add_key("rex"), other.log_in("rex", PASSWORD)
    assert store.of_key(key)
    assert store.of_session(session)
    other.set_password("rex", PASSWORD + "!")
    assert store.of_session(session) is None
    assert store.of_key(key)
    session = other.log_in("rex", PASSWORD + "!")
    other.remove_user("rex")
    assert (store.of_key(key), store.of_session(session)) == (None, None)
    other.close()


def test_a_session_ends_after_seven_days(store, monkeypatch):
    store.add_user("rex", PASSWORD, "reader")
    session = store.log_in("rex", PASSWORD)
    import time

    now = time.time()
    monkeypatch.setattr("app.access.store.time.time", lambda: now + 7 * 86_400 - 60)
    assert store.of_session(session)
    monkeypatch.setattr("app.access.store.time.time", lambda: now + 7 * 86_400 + 60)
    assert store.of_session(session) is None


def test_nobody_else_on_the_machine_reads_the_files(tmp_path):
    store = AccessStore(tmp_path)
    store.add_user("rex", PASSWORD, "reader")
    Audit(tmp_path).note("add user", "rex")
    modes = {path.name: oct(path.stat().st_mode & 0o777) for path in tmp_path.iterdir()}
    assert modes == dict.fromkeys(modes, "0o600")
    assert {"access.sqlite", "audit.jsonl"} <= modes.keys()
    store.close()


def test_a_damaged_list_of_users_says_so_and_lets_nobody_in(tmp_path):
    (tmp_path / "access.sqlite").write_bytes(b"SQLite format 3\0" + os.urandom(5000))
    with pytest.raises(LibraryDamaged, match=r"list of users .*access\.sqlite cannot be read"):
        AccessStore(tmp_path)


def test_a_principal_holds_inside_and_not_in_a_thread_beside():
    rex = Principal("rex", "reader", frozenset({"a"}))
    found: list[Principal] = []
    assert (current(), visible_collections()) == (LOCAL_OWNER, None)
    with acting_as(rex):
        assert visible_collections() == {"", "a"}
        with closed():
            beside = threading.Thread(target=lambda: found.append(current()))
            beside.start()
            beside.join()
            assert found[0].name == "(nobody)"
            assert current() == rex
    with closed():
        assert visible_collections() == frozenset()
    assert current() == LOCAL_OWNER


def test_the_audit_log_says_who_did_what_from_where(tmp_path):
    audit = Audit(tmp_path)
    with acting_as(Principal("rex", "reader", None), "192.0.2.1"):
        audit.note("delete", "tides-1", "refused")
    audit.note("login", outcome="failed", who="x" * 999 + "\n{")
    first, second = map(json.loads, (tmp_path / "audit.jsonl").read_text().splitlines())
    assert first.pop("at").endswith("+00:00")
    assert first == {
        "who": "rex", "address": "192.0.2.1", "action": "delete", "what": "tides-1", "outcome": "refused",
    }  # fmt: skip
    assert second["who"] == "x" * 200


def test_a_full_audit_log_is_put_aside_and_the_oldest_goes(tmp_path):
    audit = Audit(tmp_path, full=1000)
    for number in range(120):
        audit.note("add", f"document-{number:03}")
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["audit.1.jsonl", *(f"audit.{n}.jsonl" for n in range(2, 10)), "audit.jsonl"]
    lines = [
        json.loads(line)["what"]
        for name in [*(f"audit.{n}.jsonl" for n in range(9, 0, -1)), "audit.jsonl"]
        for line in (tmp_path / name).read_text().splitlines()
    ]
    assert lines == [f"document-{n:03}" for n in range(120 - len(lines), 120)]
    assert all(path.stat().st_size <= 1000 for path in tmp_path.iterdir())


def test_a_log_that_cannot_be_written_stops_nobody(tmp_path, caplog):
    Audit(tmp_path / "missing").note("add", "tides-1")
    assert "add is not in the audit log" in caplog.text


class Runs:
    """Evaluations with one run, which quotes every document."""

    def __init__(self):
        self.started = []

    def sets(self):
        return ["mine"]

    def add_set(self, file):
        return file.stem

    def start(self, name):
        self.started.append(name)
        return True

    def stop(self):
        self.started.clear()

    def state(self):
        return State("running", "mine")

    def runs(self):
        return ["mine-1"]

    def others(self, run):
        return []

    def results(self, run, against):
        return run

    def report(self, run):
        return Path(run)


def test_evaluations_are_for_those_who_see_everything_and_are_begun_by_editors(tmp_path):
    inner = Runs()
    guarded = GuardedEvaluations(inner, Audit(tmp_path))
    changes = (lambda: guarded.start("mine"), guarded.stop, lambda: guarded.add_set(Path("x.jsonl")))
    looks = (lambda: guarded.results("r", ""), lambda: guarded.report("r"), lambda: guarded.others("r"))
    with acting_as(Principal("ada", "editor", None)):
        assert guarded.start("mine")
        assert (guarded.sets(), guarded.runs(), guarded.state().name) == (["mine"], ["mine-1"], "mine")
    with acting_as(Principal("rex", "reader", None)):
        assert guarded.results("r", "") == "r"
        for change in changes:
            with pytest.raises(AccessDenied, match="role editor"):
                change()
    with acting_as(Principal("pia", "editor", frozenset({"a"}))):
        for call in (*changes, *looks):
            with pytest.raises(AccessDenied, match="sees a part"):
                call()
        assert (guarded.sets(), guarded.runs(), guarded.state()) == (("–",), (), State())
    with closed():
        for call in (*changes, *looks, guarded.sets, guarded.runs, guarded.state):
            with pytest.raises(NotLoggedIn):
                call()
    assert inner.started == ["mine"]


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.setenv("CITED_LIBRARY", str(tmp_path / "library"))
    return lambda *words, typed="": CliRunner().invoke(cited, words, input=typed)


def test_the_commands_make_list_and_remove_users_and_keys(run):
    added = run("user", "add", "rex", "--role", "reader", "--collection", "b", "--collection", "a",
                typed=PASSWORD + "\n")  # fmt: skip
    assert (added.exit_code, added.stdout) == (0, "")
    assert added.stderr.startswith("added rex, reader, who sees a, b\n")
    assert "log in" in added.stderr
    (user,) = json.loads(run("user", "list", "--json").stdout)
    assert (user["name"], user["role"], user["collections"]) == ("rex", "reader", ["a", "b"])
    assert "password" not in user
    made = run("key", "add", "rex")
    key = made.stdout.strip()
    assert key.startswith("cited_")
    listed = run("key", "list").stdout
    assert key not in listed
    assert run("key", "revoke", listed.split()[0]).exit_code == 0
    assert run("key", "list").stdout == ""
    assert run("user", "passwd", "rex", typed="another password\n").exit_code == 0
    assert run("user", "list").stdout.startswith("rex  reader  a, b  ")
    gone = run("user", "remove", "rex")
    assert "may do everything" in gone.stderr


def test_the_commands_leave_a_trail_without_secrets(run, tmp_path):
    run("user", "add", "ada", "--role", "editor", typed=PASSWORD + "\n")
    key = run("key", "add", "ada").stdout.strip()
    run("key", "revoke", run("key", "list").stdout.split()[0])
    text = (tmp_path / "library" / "audit.jsonl").read_text()
    lines = [json.loads(line) for line in text.splitlines()]
    assert [(x["action"], x["who"]) for x in lines] == [
        ("add user", "(local owner)"), ("add key", "(local owner)"), ("revoke key", "(local owner)"),
    ]  # fmt: skip
    assert key not in text
    assert PASSWORD not in text


def test_the_program_says_what_is_wrong_without_a_traceback(tmp_path):
    def said(*words, typed=""):
        command = [sys.executable, "-c", "import app.cli.users; from app.cli import main; main()", *words]
        done = subprocess.run(
            [*command, "--library", str(tmp_path)], input=typed, capture_output=True, text=True, timeout=60
        )
        return done.returncode, done.stderr

    assert said("user", "add", "ada", "--role", "editor", typed="short\n") == (
        1, "cited: a password has 10 to 256 characters; this one has 5\n",
    )  # fmt: skip
    assert said("user", "remove", "ada")[0] == 1
    assert said("key", "add", "ada") == (
        1,
        "cited: there is no user ada; `cited user list` shows who there is\n",
    )
    assert said("user", "add", "ada", typed=PASSWORD)[0] == 2
