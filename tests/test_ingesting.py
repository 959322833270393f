"""`app.ingesting`: real folders, pages and standard input into a real library, with a toy model."""

import io
import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from app.incoming import is_settled, is_url
from app.ingesting import Wishes, ingest_paths
from app.progress import stoppable
from app.report import printable, report
from eval.cli import main
from index.catalog import Catalog
from index.library import Library
from ingest.folders import Choice, look
from ingest.read import read_file
from tests.test_embed import WordLengths
from tests.test_fetch import PAGE, Site

CITED = Path(sys.executable).with_name("cited")
LONG_AGO = 1_600_000_000_123_456_789


@pytest.fixture
def library(tmp_path):
    with Library(tmp_path / "library", WordLengths()) as opened:
        yield opened


@pytest.fixture
def site():
    site = Site()
    yield site
    site.server.shutdown()
    site.server.server_close()


def write(path: Path, text: str = "A ship sails.", mtime_ns: int = LONG_AGO) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    os.utime(path, ns=(mtime_ns, mtime_ns))
    return path


def outcomes(done):
    return [(Path(line.source).name, line.outcome) for line in done.lines]


def said(done, capsys):
    capsys.readouterr()
    report(done)
    return capsys.readouterr()


# Folders again


def test_a_folder_again_adds_replaces_and_leaves_alone(library, tmp_path):
    notes = tmp_path / "notes"
    for name in ("a.txt", "b.md", "c.txt"):
        write(notes / name, f"The text of {name}.")
    assert outcomes(ingest_paths(library, [notes])) == [(n, "added") for n in ("a.txt", "b.md", "c.txt")]
    write(notes / "b.md", "Another text.", LONG_AGO + 1)
    write(notes / "d.txt")
    done = ingest_paths(library, [notes])
    assert sorted(outcomes(done)) == [
        ("a.txt", "unchanged"), ("b.md", "replaced"), ("c.txt", "unchanged"), ("d.txt", "added")
    ]  # fmt: skip
    assert [line.title for line in done.lines if line.outcome == "unchanged"] == ["a", "c"]
    assert all(line.document_id for line in done.lines)


def test_a_file_of_the_same_size_and_time_is_not_read_unless_asked(library, tmp_path):
    path = write(tmp_path / "a.txt", "A ship sails.")
    ingest_paths(library, [path])
    write(path, "A ship sinks.")
    assert outcomes(ingest_paths(library, [path])) == [("a.txt", "unchanged")]
    assert outcomes(ingest_paths(library, [path], wishes=Wishes(reread=True))) == [("a.txt", "replaced")]
    assert outcomes(ingest_paths(library, [path])) == [("a.txt", "unchanged")]
    assert library.document(library.find("a.txt")).text == "A ship sinks."


def test_a_touched_file_is_read_once_more_and_is_unchanged(library, tmp_path):
    path = write(tmp_path / "a.txt")
    ingest_paths(library, [path])
    write(path, mtime_ns=LONG_AGO + 5)
    assert outcomes(ingest_paths(library, [path])) == [("a.txt", "unchanged")]
    assert list(library.catalog.remembered().values()) == [(13, LONG_AGO + 5, "a")]


def test_what_is_deleted_or_changed_otherwise_is_read_again(library, tmp_path):
    path = write(tmp_path / "a.txt")
    ingest_paths(library, [path])
    library.delete(library.find("a.txt"))
    assert library.catalog.remembered() == {}
    assert outcomes(ingest_paths(library, [path])) == [("a.txt", "added")]
    other = write(tmp_path / "copy" / "a.txt", "Another text.")
    document = read_file(other)
    library.add(type(document)(**{n: getattr(document, n) for n in document.__slots__} | {
        "id": library.find("a.txt"), "source": str(path)
    }))  # fmt: skip
    assert library.catalog.remembered() == {}
    assert outcomes(ingest_paths(library, [path])) == [("a.txt", "replaced")]


def test_a_file_that_was_just_written_is_not_trusted(tmp_path):
    for ago, settled in ((0, False), (50_000_000, False), (200_000_000, True), (-(10**10), False)):
        now = time.time_ns()
        path = write(tmp_path / "a.txt", mtime_ns=(now - ago) // 2 * 2 + 1)
        assert is_settled(look(path).files[0]) is settled
    whole = (now // 10**9 - 1) * 10**9
    assert not is_settled(look(write(path, mtime_ns=whole)).files[0])
    assert is_settled(look(write(path, mtime_ns=whole - 4 * 10**9)).files[0])


def test_a_library_of_an_older_program_gets_the_new_table(tmp_path):
    catalog = Catalog(tmp_path / "catalog.sqlite")
    with catalog.change() as db:
        db.execute("DROP TABLE sources")
        db.execute("DROP INDEX documents_listed")
        for column in ("length", "notes"):
            db.execute(f"ALTER TABLE documents DROP COLUMN {column}")
        db.execute("ALTER TABLE documents DROP COLUMN collection")
        db.execute("UPDATE about SET value = '1' WHERE name = 'schema'")
    catalog.close()
    catalog = Catalog(tmp_path / "catalog.sqlite")
    assert catalog.remembered() == {}
    catalog.close()


def test_a_thousand_unchanged_files_take_less_than_a_second(library, tmp_path):
    folder = tmp_path / "notes"
    for n in range(1000):
        write(folder / f"{n // 100}" / f"{n}.txt", f"The text of {n}.")
    documents = [read_file(file.path) for file in look(folder).files]
    for document in documents:
        library.catalog.put(document, ())
    library.catalog.remember(
        (document.id, document.version, file.size, file.mtime_ns)
        for document, file in zip(documents, look(folder).files, strict=True)
    )
    start = time.monotonic()
    done = ingest_paths(library, [folder])
    took = time.monotonic() - start
    assert done.summary()["unchanged"] == len(done.lines) == 1000
    assert took < 1


def test_prune_removes_documents_whose_files_are_gone_from_that_folder_only(library, tmp_path):
    for name in ("notes/a.txt", "notes/sub/b.txt", "notes/c.txt", "notes2/d.txt"):
        write(tmp_path / name)
    ingest_paths(library, [tmp_path / "notes", tmp_path / "notes2"])
    for name in ("notes/sub/b.txt", "notes2/d.txt"):
        (tmp_path / name).unlink()
    assert ingest_paths(library, [tmp_path / "notes"]).count("removed") == 0
    pruned = Wishes(Choice(ignored=("c.txt",)), prune=True)
    done = ingest_paths(library, [tmp_path / "notes"], wishes=pruned)
    assert outcomes(done) == [("a.txt", "unchanged"), ("b.txt", "removed")]
    assert sorted(Path(e.source).name for e in library.entries()) == ["a.txt", "c.txt", "d.txt"]


def test_prune_leaves_everything_where_a_folder_is_empty(library, tmp_path):
    """A disk that is not there looks like that."""
    path = write(tmp_path / "notes" / "a.txt")
    ingest_paths(library, [tmp_path / "notes"])
    path.unlink()
    done = ingest_paths(library, [tmp_path / "notes"], wishes=Wishes(prune=True))
    assert outcomes(done) == [("notes", "failed")]
    assert len(library.entries()) == 1


# What goes wrong


def test_a_bad_file_stops_nothing_and_lines_keep_the_order(library, tmp_path):
    write(tmp_path / "a.txt", "")
    write(tmp_path / "b.md", "# Only a title")
    write(tmp_path / "c.txt", "Good.")
    (tmp_path / "d.txt").write_bytes(bytes(range(256)) * 9)
    write(tmp_path / "e.html", "<p>Good, too.</p>")
    done = ingest_paths(library, ["missing.txt", tmp_path, "x" * 5000])
    assert [outcome for _, outcome in outcomes(done)] == [
        "failed", "failed", "failed", "added", "failed", "added", "failed"
    ]  # fmt: skip
    assert all(line.reason for line in done.lines if line.outcome == "failed")
    assert done.summary()["failed"] == 5


def test_the_same_file_by_two_ways_is_read_once(library, tmp_path):
    path = write(tmp_path / "notes" / "a.txt")
    (tmp_path / "link.txt").symlink_to(path)
    done = ingest_paths(library, [path, tmp_path / "notes", tmp_path / "link.txt", path])
    assert outcomes(done) == [("a.txt", "added")]


def test_strange_names_come_out_on_one_printable_line(library, tmp_path, capsys):
    for name in ("new\nline.txt", os.fsdecode(b"caf\xe9.txt"), "esc\x1b[31m.txt"):
        write(tmp_path / "notes" / name)
        write(tmp_path / "notes" / f"empty {name}", "")
    done = ingest_paths(library, [tmp_path / "notes"])
    assert (done.count("added"), done.count("failed")) == (3, 3)
    out, err = said(done, capsys)
    assert len(out.splitlines()) == 4
    assert len(err.splitlines()) == 3
    assert "\x1b" not in out + err
    (out + err).encode()


def test_links_out_of_a_folder_and_unknown_formats_are_reported(library, tmp_path, capsys):
    write(tmp_path / "notes" / "a.txt")
    write(tmp_path / "notes" / "b.jpg")
    write(tmp_path / "secret.txt")
    (tmp_path / "notes" / "c.txt").symlink_to(tmp_path / "secret.txt")
    done = ingest_paths(library, [tmp_path / "notes"])
    assert sorted(line.outcome for line in done.lines) == ["added", "passed over"]
    out, err = said(done, capsys)
    assert "secret.txt, which was not followed\n" in err
    assert "passed over 1 .jpg, which no reader reads\n" in err
    assert out.endswith("1 added\n")
    assert len(library.entries()) == 1


# The report


def test_a_few_sources_are_told_one_by_one_with_their_notes(library, tmp_path, capsys):
    text = "# Ships\n\nA ship sails.[^1] It sinks.[^9]\n\n[^1]: Not all do.\n\n[^2]: Nobody asks for this.\n"
    write(tmp_path / "a.md", text)
    write(tmp_path / "b.txt")
    done = ingest_paths(library, [tmp_path / "a.md", tmp_path / "b.txt"])
    first = done.lines[0]
    out = said(done, capsys).out
    assert (first.notes, first.orphans) == (2, 1)
    assert f"added      Ships ({first.document_id}), 2 footnotes, 1 of them without a marker" in out
    assert out.splitlines()[-1] == "2 added"
    summary = done.summary()
    assert (summary["notes_linked"], summary["notes_without_marker"]) == (1, 1)
    assert said(ingest_paths(library, [tmp_path / "a.md", tmp_path / "b.txt"]), capsys).out.splitlines() == [
        f"unchanged  Ships ({first.document_id})",
        f"unchanged  b ({done.lines[1].document_id})",
        "nothing new: 2 unchanged",
    ]


def test_many_sources_are_told_in_a_table(library, tmp_path, capsys):
    for n in range(30):
        write(tmp_path / "notes" / f"{n}.txt", f"Text {n}." if n else "")
    out, err = said(ingest_paths(library, [tmp_path / "notes"]), capsys)
    assert [line.split("│")[1:3] for line in out.splitlines() if "│" in line] == [
        [" 29 ", " added  "], ["  1 ", " failed "]
    ]  # fmt: skip
    assert err.startswith("failed ")
    (tmp_path / "notes" / "0.txt").unlink()
    out, err = said(ingest_paths(library, [tmp_path / "notes"]), capsys)
    assert (out, err) == ("nothing new: 29 unchanged\n", "")


# Breaking off


class Interrupting(WordLengths):
    """Presses Ctrl-C when the model is asked for the first time."""

    pressed = False

    def passages(self, texts):
        if not self.pressed:
            self.pressed = True
            os.kill(os.getpid(), signal.SIGINT)
        return super().passages(texts)


def test_ctrl_c_finishes_what_is_in_hand_and_the_next_run_goes_on(tmp_path, capsys):
    for n in range(40):
        write(tmp_path / "notes" / f"{n}.txt", "A ship sails far over the sea. " * 400)
    before = signal.getsignal(signal.SIGINT)
    with Library(tmp_path / "library", Interrupting()) as library:
        done = ingest_paths(library, [tmp_path / "notes"])
        assert 0 < done.count("added") < 40
        assert done.left == 40 - done.count("added")
        assert len(library.entries()) == done.count("added")
        assert "Ctrl-C again stops at once" in capsys.readouterr().err
        assert f"{done.left} left; the same command goes on" in said(done, capsys).err
        again = ingest_paths(library, [tmp_path / "notes"])
        assert (again.count("unchanged"), again.count("added")) == (done.count("added"), done.left)
        assert again.left == 0
    assert signal.getsignal(signal.SIGINT) is before


def test_a_second_ctrl_c_stops_at_once():
    with stoppable() as stopped:
        os.kill(os.getpid(), signal.SIGINT)
        assert stopped()
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)


def test_another_thread_can_ingest(library, tmp_path):
    write(tmp_path / "a.txt")
    done = []
    thread = threading.Thread(target=lambda: done.append(ingest_paths(library, [tmp_path / "a.txt"])))
    thread.start()
    thread.join(30)
    assert outcomes(done[0]) == [("a.txt", "added")]


# Pages and standard input


def test_a_page_is_added_under_its_address_and_is_not_changed_the_second_time(library, site):
    url = site.add("/history/bridge", PAGE)
    wishes = Wishes(allow_private=True)
    (line,) = ingest_paths(library, [url], wishes=wishes).lines
    assert (line.outcome, line.title, line.source) == ("added", "The bridge", url)
    document = library.document(line.document_id)
    assert document.source == url
    assert document.id.startswith("bridge-")
    assert ingest_paths(library, [url], wishes=wishes).lines[0].outcome == "unchanged"
    site.add("/history/bridge", PAGE.replace(b"1932", b"1933"))
    assert ingest_paths(library, [url], wishes=wishes).lines[0].outcome == "replaced"


def test_a_page_that_fails_is_named_by_its_address(library, site, tmp_path):
    empty, private = site.add("/empty", b"<title>x</title>"), site.add("/a")
    done = ingest_paths(library, [empty, site.url("/none"), write(tmp_path / "a.txt")],
                        wishes=Wishes(allow_private=True))  # fmt: skip
    assert [line.outcome for line in done.lines] == ["failed", "failed", "added"]
    assert done.lines[0].reason.startswith(f"{empty} holds no text")
    assert "404" in done.lines[1].reason
    (line,) = ingest_paths(library, [private]).lines
    assert "add --allow-private" in line.reason


@pytest.mark.parametrize(
    ("word", "url"),
    [("https://x.org", True), ("HTTP://x", True), ("ftp://x", True), ("a.txt", False), ("c:/x", False)],
)
def test_an_address_is_told_from_a_path(word, url):
    assert is_url(word) is url


def typed(monkeypatch, data: bytes):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))


def test_standard_input_has_the_title_and_format_of_its_name(library, monkeypatch):
    typed(monkeypatch, b"Some *text* of it.\n")
    (line,) = ingest_paths(library, ["-"], wishes=Wishes(name="../My report.md")).lines
    assert (line.outcome, line.title, line.source) == ("added", "My report", "stdin:My report.md")
    assert library.document(line.document_id).text == "Some text of it."
    typed(monkeypatch, b"Other text.\n")
    (line,) = ingest_paths(library, ["-"], wishes=Wishes(name="My report.md")).lines
    assert line.outcome == "replaced"


def test_standard_input_without_a_name_is_known_by_its_content(library, monkeypatch):
    for data in (PAGE, b"Some *text* of it.\n"):
        typed(monkeypatch, data)
        (line,) = ingest_paths(library, ["-"]).lines
        assert line.outcome == "added"
        assert line.source.startswith("stdin:stdin-")
    assert "The bridge" in [entry.title for entry in library.entries()]


@pytest.mark.parametrize(
    ("data", "reason"),
    [(b"", "standard input is empty"), (b"x" * 2000, "--max-mb"), (bytes(range(256)) * 3, "binary data")],
)
def test_standard_input_that_cannot_be_read_is_told(library, monkeypatch, data, reason):
    typed(monkeypatch, data)
    (line,) = ingest_paths(library, ["-"], 1000).lines
    assert (line.outcome, reason in line.reason) == ("failed", True)


def test_a_printable_text_is_left_as_it_is():
    assert printable("Größe – 1’ 🙂 Ελλ") == "Größe – 1’ 🙂 Ελλ"
    assert printable("a\nb\x1b\udcff\u2028") == "a\\nb\\x1b\\udcff\\u2028"


# The command


def run(library, *words, **more):
    command = [CITED, "ingest", "--library", library, *words]
    return subprocess.run(command, capture_output=True, timeout=120, **more)


def test_the_command_takes_pages_standard_input_and_patterns(tmp_path, site):
    write(tmp_path / "notes" / "a.md")
    write(tmp_path / "notes" / "drafts" / "b.md")
    write(tmp_path / "notes" / "c.txt")
    words = ["--glob", "*.md", "--ignore", "drafts/*", "--allow-private", "--name", "typed.md", "--json"]
    done = run(tmp_path / "library", tmp_path / "notes", site.add("/p"), "-", *words, input=b"Typed text.")
    assert done.returncode == 0, done.stderr
    lines = json.loads(done.stdout)
    assert [(line["title"], line["outcome"]) for line in lines] == [
        ("a", "added"), ("The bridge", "added"), ("typed", "added")
    ]  # fmt: skip
    summary = json.loads(done.stderr)["summary"]
    assert (summary["added"], summary["left"], summary["passed_over"]) == (3, 0, {})
    again = run(tmp_path / "library", tmp_path / "notes", "--glob", "*.md", "--ignore", "drafts/")
    assert (again.returncode, again.stdout.startswith(b"unchanged  a (")) == (0, True)


def test_a_name_without_standard_input_is_wrong_usage(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["cited", "ingest", "--library", str(tmp_path), "--name", "x", "a.txt"])
    with pytest.raises(SystemExit, match="2"):
        main()
    assert "--name is for standard input" in capsys.readouterr().err


def test_the_command_broken_off_is_status_130(tmp_path):
    """The first Ctrl-C waits for standard input as it must; the second does not."""
    (tmp_path / "home").mkdir()
    with subprocess.Popen(
        [CITED, "ingest", "--library", tmp_path / "library", "-"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as process:  # fmt: skip
        for _ in range(300):
            if (tmp_path / "library" / "catalog.sqlite-wal").exists():
                break
            time.sleep(0.1)
        time.sleep(1)
        process.send_signal(signal.SIGINT)
        assert b"Ctrl-C again" in process.stderr.readline()
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 130
        assert b"the same command goes on" in process.stderr.read()
