"""A backup is a library in one file: whole, of one moment, and nothing of it is believed unread."""

import hashlib
import json
import random
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

from app.access.store import AccessStore
from app.answer import Answerer
from app.archive import CATALOG, MANIFEST, USERS, checked, is_backup, opened, unpack
from app.backup import back_up, restore, workshop
from index.database import SCHEMA_VERSION, Database
from index.feedback import add_feedback, all_feedback
from index.library import Library
from index.mend import difference
from index.search import search
from index.vectors import Vectors
from ingest.errors import (
    CitedError,
    LibraryBusy,
    LibraryDamaged,
    LibraryError,
    LibraryMismatch,
    SourceMissing,
)
from ingest.read import read_file
from tests.conftest import SAMPLES
from tests.test_crash import check_whole, write_papers
from tests.test_embed import WordLengths

QUESTION = "How much caffeine a day is considered safe for adults?"
CITED = str(Path(sys.executable).with_name("cited"))


@pytest.fixture(scope="module")
def source(tmp_path_factory, embedder):
    """A library of the samples with a collection, feedback and a user; closed, and left as it is."""
    folder = tmp_path_factory.mktemp("source") / "library"
    with Library(folder, embedder) as library:
        for path in sorted(SAMPLES.iterdir()):
            library.add(read_file(path))
        library.move(library.find("tides"), "sea")
        add_feedback(library.catalog, Answerer(library).answer(QUESTION).to_json(), True, "right")
    store = AccessStore(folder)
    store.add_user("anna", "a long enough password", "reader", ["sea"])
    store.close()
    return folder


@pytest.fixture(scope="module")
def backup(source, tmp_path_factory):
    file = tmp_path_factory.mktemp("backup") / "cited.zip"
    back_up(source, file)
    return file


@pytest.fixture
def toy(tmp_path):
    """A small library with the toy embedder, closed, and its backup."""
    with Library(tmp_path / "toy", WordLengths()) as library:
        for paper in write_papers(tmp_path / "papers", 0):
            library.add(read_file(paper))
    back_up(tmp_path / "toy", tmp_path / "toy.zip")
    return tmp_path / "toy.zip"


def names_in(folder):
    return sorted(path.name for path in folder.iterdir())


# There and back


def test_what_is_restored_answers_as_before_with_its_collections_feedback_and_users(
    source, backup, tmp_path, embedder
):
    done = restore(backup, tmp_path / "new", embedder)
    assert (done.manifest.documents, done.manifest.passages) == (3, 105)
    assert (done.aside, done.rebuilt, done.users) == (None, False, ("anna",))
    with Library(source, embedder) as before, Library(tmp_path / "new", embedder) as after:
        assert after.entries() == before.entries()
        for entry in after.entries():
            assert after.document(entry.id) == before.document(entry.id)
        assert after.catalog.collections() == before.catalog.collections() == {"": 2, "sea": 1}
        assert all_feedback(after.catalog) == all_feedback(before.catalog)
        mine, theirs = (Answerer(library).answer(QUESTION) for library in (after, before))
        assert mine.text == theirs.text
        assert [(c.start, c.end) for c in mine.citations] == [(c.start, c.end) for c in theirs.citations]
        assert mine.confidence == pytest.approx(theirs.confidence, abs=1e-2)
        for question in ("What did Harrison build?", "Why are there two tides a day?"):
            found, wanted = (search(library, question, 6) for library in (after, before))
            assert [hit.passage for hit in found] == [hit.passage for hit in wanted]
            assert [h.similarity for h in found] == pytest.approx([h.similarity for h in wanted], abs=2e-3)
        # It goes on as any library does.
        after.delete(after.find("tides"))
        assert after.add(read_file(SAMPLES / "coffee.md")) == "unchanged"
    store = AccessStore(tmp_path / "new")
    assert store.log_in("anna", "a long enough password")
    store.close()
    assert names_in(tmp_path) == ["new"]


def test_only_the_headings_go_through_the_model_again(toy, tmp_path):
    seen = []

    class Counting(WordLengths):
        def passages(self, texts, batch=32):
            seen.extend(texts)
            return super().passages(texts, batch)

    restore(toy, tmp_path / "new", Counting())
    assert [text for text in seen if "?" not in text] == [f"Paper {n}" for n in range(5)]


def test_with_another_model_everything_is_embedded_anew(backup, tmp_path):
    done = restore(backup, tmp_path / "new", WordLengths())
    assert done.rebuilt
    with Library(tmp_path / "new", WordLengths()) as library:
        assert library.vectors.count() == library.catalog.passage_count() == 105
        assert library.catalog.about("model") == WordLengths.fingerprint


def test_an_empty_library_can_be_kept_too(tmp_path):
    Library(tmp_path / "empty", WordLengths()).close()
    assert back_up(tmp_path / "empty", tmp_path / "empty.zip").documents == 0
    restore(tmp_path / "empty.zip", tmp_path / "new", WordLengths())
    with Library(tmp_path / "new", WordLengths()) as library:
        assert search(library, "anything", 3) == []


def test_the_commands_say_what_they_did(source, tmp_path):
    def run(*words):
        return subprocess.run([CITED, *map(str, words)], capture_output=True, text=True, timeout=120)

    file, new = tmp_path / "cited.zip", tmp_path / "new"
    made = run("backup", file, "--library", source)
    assert (made.returncode, made.stdout) == (0, "")
    assert made.stderr.startswith(f"backed up 3 documents with 105 passages to {file} (0.")
    assert file.stat().st_mode & 0o777 == 0o600
    assert run("restore", file, "--library", new).returncode == 0
    again = run("restore", file, "--library", new)
    assert again.returncode == 1
    assert "is not empty" in again.stderr
    forced = run("restore", file, "--library", new, "--force")
    assert forced.returncode == 0
    assert "can log in: anna" in forced.stderr
    assert f"is now {new}.before-" in forced.stderr
    nothing = run("backup", file, "--library", tmp_path / "typo")
    assert (nothing.returncode, "there is no library in" in nothing.stderr) == (1, True)
    assert not (tmp_path / "typo").exists()
    for done in (made, again, forced, nothing):
        assert "Traceback" not in done.stderr


# What is in the way


def test_a_backup_is_replaced_and_any_other_file_is_not(toy, tmp_path):
    before = toy.stat().st_ino
    back_up(tmp_path / "toy", toy)
    assert toy.stat().st_ino != before
    notes = tmp_path / "notes.md"
    notes.write_text("My notes.")
    for taken in (notes, tmp_path / "papers"):
        with pytest.raises(LibraryError, match="no backup of Cited; name another"):
            back_up(tmp_path / "toy", taken)
    assert notes.read_text() == "My notes."


def test_a_library_that_is_there_is_kept_aside_and_not_touched_while_in_use(toy, tmp_path):
    folder = tmp_path / "old"
    with Library(folder, WordLengths()) as old:
        old.add(read_file(tmp_path / "papers" / "paper-0.md"))
        with pytest.raises(LibraryError, match="is not empty"):
            restore(toy, folder, WordLengths())
        with pytest.raises(LibraryBusy, match="in use by"):
            restore(toy, folder, WordLengths(), force=True)
        assert len(old.entries()) == 1
    done = restore(toy, folder, WordLengths(), force=True)
    with Library(done.aside, WordLengths()) as kept, Library(folder, WordLengths()) as new:
        assert (len(kept.entries()), len(new.entries())) == (1, 5)
        assert len(search(kept, "ships", 2)) == len(search(new, "ships", 2)) == 2


def test_who_opened_the_library_that_was_replaced_changes_neither_and_is_told(toy, tmp_path):
    """Such as an ingest that is still reading its files, which needs no ownership."""
    folder, paper = tmp_path / "toy", tmp_path / "papers" / "paper-0.md"
    with Library(folder, WordLengths()) as waiting:
        assert len(waiting.entries()) == 5
        done = restore(toy, folder, WordLengths(), force=True)
        paper.write_text("# Another\n\nA later edition of it.\n")
        for attempt in (lambda: waiting.add(read_file(paper)), waiting.rebuild):
            with pytest.raises(LibraryBusy, match="replaced meanwhile"):
                attempt()
        for place in (folder, done.aside):
            with Library(place, WordLengths(), wait=0) as library:
                assert "Another" not in [entry.title for entry in library.entries()]
                amiss = difference(library.catalog, library.vectors)
                assert (amiss.missing, amiss.superfluous) == ((), ())
    with Library(folder, WordLengths(), wait=0) as again:
        assert again.add(read_file(paper)) == "replaced"


def test_a_link_stays_one_and_what_it_leads_to_is_replaced(toy, tmp_path):
    (tmp_path / "link").symlink_to("toy")
    done = restore(toy, tmp_path / "link", WordLengths(), force=True)
    assert (tmp_path / "link").is_symlink()
    assert done.aside.name.startswith("toy.before-")
    for place in (tmp_path / "link", done.aside):
        with Library(place, WordLengths()) as library:
            assert len(library.entries()) == 5


@pytest.mark.parametrize("where", [".", "chroma/..", ".."])
def test_the_folder_that_one_is_in_is_not_replaced(toy, tmp_path, monkeypatch, where):
    """Whoever is in it would be in what was put aside, and «.» that, from then on."""
    monkeypatch.chdir(tmp_path / "toy" / ("chroma" if where == ".." else "."))
    before = names_in(tmp_path)
    for force in (False, True):
        with pytest.raises(LibraryError, match=f"you are in {tmp_path / 'toy'}, which is to be replaced"):
            restore(toy, Path(where), WordLengths(), force)
    assert names_in(tmp_path) == before


def test_a_file_in_place_of_the_folder_is_not_replaced(toy, tmp_path):
    (tmp_path / "file").write_text("x")
    for force in (False, True):
        with pytest.raises(LibraryError, match="is not empty"):
            restore(toy, tmp_path / "file", WordLengths(), force)
    assert (tmp_path / "file").read_text() == "x"


def test_two_at_once_for_one_file_do_not_meet(toy, tmp_path):
    with workshop(toy), pytest.raises(LibraryBusy, match="another process is making"):
        back_up(tmp_path / "toy", toy)
    assert is_backup(toy)


# Archives from anyone


def remade(backup, target, change=None, more=None, **manifest):
    """A backup with another manifest, another catalog, or other members."""
    with zipfile.ZipFile(backup) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        said = json.loads(old.read(MANIFEST)) | manifest
        catalog = target.with_suffix(".sqlite")
        catalog.write_bytes(old.read(CATALOG))
        if change:
            change(catalog)
            content = catalog.read_bytes()
            said["members"][CATALOG] = {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
        new.writestr(MANIFEST, json.dumps(said))
        new.write(catalog, CATALOG)
        for name, content in (more or {}).items():
            new.writestr(name, content)
    return target


class Plain(Database):
    """Any SQLite file."""

    schema_version = SCHEMA_VERSION


def with_trigger(catalog):
    database = Plain(catalog)
    with database.change() as db:
        db.execute("CREATE TRIGGER t AFTER DELETE ON documents BEGIN DELETE FROM passages; END")
    database.close()


def with_one_less(catalog):
    database = Plain(catalog)
    with database.change() as db:
        db.execute("DELETE FROM documents WHERE rowid = (SELECT min(rowid) FROM documents)")
    database.close()


def rubbish(catalog):
    content = bytearray(catalog.read_bytes())
    content[4096 : 4096 * 3] = b"x" * 4096 * 2
    catalog.write_bytes(bytes(content))


BAD = {
    "a later format": ({"format": 2, "program": "9.9"}, LibraryMismatch, r"later version of Cited \(9\.9\)"),
    "no format": ({"format": None}, LibraryError, "no backup that"),
    "too many documents": ({"documents": 6}, LibraryError, "no backup that"),
    "no members": ({"members": {}}, LibraryError, "no backup that"),
    "members of another type": ({"members": [1]}, LibraryError, "no backup that"),
    "another digest": (
        {"members": {CATALOG: {"size": -1, "sha256": "0" * 64}}}, LibraryError, "no backup that"
    ),
    "a path out of the folder": (
        {"members": {"../evil": {"size": 1, "sha256": "0"}}}, LibraryError, "no backup that"
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", BAD)
def test_a_manifest_that_lies_is_refused_before_anything_is_made(toy, tmp_path, what):
    manifest, error, said = BAD[what]
    bad = remade(toy, tmp_path / "bad.zip", **manifest)
    with pytest.raises(error, match=said):
        restore(bad, tmp_path / "new", WordLengths())
    assert not (tmp_path / "new").exists()
    assert not (tmp_path / ".new.partial").exists()


@pytest.mark.parametrize("name", ["../evil.txt", "/tmp/evil.txt", "chroma/x", CATALOG, "access.sqlite"])
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_members_that_the_manifest_does_not_name_are_refused(toy, tmp_path, name):
    bad = remade(toy, tmp_path / "bad.zip", more={name: "x"})
    with pytest.raises(CitedError):
        restore(bad, tmp_path / "new", WordLengths())
    assert not (tmp_path / "new").exists()
    assert not (tmp_path / "evil.txt").exists()


@pytest.mark.parametrize("change", [with_trigger, with_one_less, rubbish])
def test_a_catalog_that_is_broken_or_has_triggers_is_refused(toy, tmp_path, change):
    bad = remade(toy, tmp_path / "bad.zip", change)
    with pytest.raises(CitedError):
        restore(bad, tmp_path / "new", WordLengths())
    assert not (tmp_path / "new").exists()


def test_what_would_unpack_to_far_more_than_it_is_is_refused(toy, tmp_path):
    def zeros(catalog):
        with catalog.open("wb") as file:
            file.truncate(150_000_000)

    bad = remade(toy, tmp_path / "bad.zip", zeros)
    with pytest.raises(LibraryDamaged, match="would unpack to 150 MB"):
        restore(bad, tmp_path / "new", WordLengths())


def test_what_is_no_archive_or_not_there_is_named(tmp_path):
    (tmp_path / "notes.zip").write_text("no archive")
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as other:
        other.writestr("a.txt", "x")
    for name, error, said in (
        ("notes.zip", LibraryDamaged, "no archive, or was cut short"),
        ("other.zip", LibraryError, "no backup that"),
        ("nothing.zip", SourceMissing, "cannot be read"),
        (".", SourceMissing, "cannot be read"),
    ):
        with pytest.raises(error, match=said):
            restore(tmp_path / name, tmp_path / "new", WordLengths())
    assert not (tmp_path / "new").exists()


def test_cut_short_or_with_any_byte_changed_it_is_refused_or_whole(toy, tmp_path):
    content, chance = toy.read_bytes(), random.Random(1883)
    with Library(tmp_path / "toy", WordLengths()) as library:
        entries = library.entries()
    bad, refused = tmp_path / "bad.zip", 0
    cuts = [content[: int(len(content) * share)] for share in (0, 0.1, 0.5, 0.9, 0.999)]
    changed = []
    for _ in range(25):
        at = chance.randrange(len(content))
        changed.append(content[:at] + bytes([content[at] ^ 0x55]) + content[at + 1 :])
    for number, damaged in enumerate(cuts + changed):
        bad.write_bytes(damaged)
        try:
            restore(bad, tmp_path / "new", WordLengths())
        except CitedError:
            refused += 1
            assert not (tmp_path / "new").exists()
        else:
            assert number >= len(cuts)
            with Library(tmp_path / "new", WordLengths()) as library:
                assert library.entries() == entries
            shutil.rmtree(tmp_path / "new")
    assert refused >= len(cuts) + 20


def test_whatever_byte_of_its_headers_is_changed_it_is_refused_or_whole(toy, tmp_path):
    content, bad = toy.read_bytes(), tmp_path / "bad.zip"
    directory = content.index(b"PK\1\2")
    refused = 0
    for at in (*range(60), *range(directory, len(content))):
        for bits in (0x01, 0x0C, 0x40, 0xFF):
            bad.write_bytes(content[:at] + bytes([content[at] ^ bits]) + content[at + 1 :])
            try:
                with opened(bad) as archive:
                    unpack(archive, checked(archive, bad), bad, tmp_path)
            except CitedError:
                refused += 1
            assert is_backup(bad) in (True, False)
    assert refused > 100


@pytest.mark.skipif(sys.platform != "linux", reason="needs a device that is always full")
def test_what_cannot_be_written_is_no_damage_of_the_backup(toy, tmp_path):
    (tmp_path / CATALOG).symlink_to("/dev/full")
    with opened(toy) as archive, pytest.raises(OSError, match="No space left"):
        unpack(archive, checked(archive, toy), toy, tmp_path)


# Killed, without room, and beside another process


def killed(command, place, seconds):
    """Kill a command some seconds after it began its work, if it is not done by then; whether it was."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    left = place.with_name(f".{place.name}.partial")
    while process.poll() is None and not left.exists():
        time.sleep(0.005)
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
    process.communicate()
    return process.returncode != 0


def test_a_backup_that_is_killed_leaves_the_one_before_it(source, tmp_path, embedder):
    file, chance = tmp_path / "cited.zip", random.Random(1709)
    back_up(source, file)
    ends = []
    for _ in range(8):
        ends.append(killed([CITED, "backup", file, "--library", source], file, chance.uniform(0, 0.08)))
        with opened(file) as archive:  # the one before, or the new one, whole
            checked(archive, file)
    assert any(ends)
    back_up(source, file)
    assert names_in(tmp_path) == ["cited.zip"]


def test_a_restore_that_is_killed_leaves_nothing_or_everything(source, backup, tmp_path, embedder):
    folder, chance = tmp_path / "new", random.Random(1802)
    documents = {d.id: {d.text} for d in map(read_file, sorted(SAMPLES.iterdir()))}
    ends = []
    for _ in range(8):
        command = [CITED, "restore", str(backup), "--library", str(folder)]
        ends.append(killed(command, folder, chance.uniform(0, 1.2)))
        assert folder.exists() or ends[-1]
        if folder.exists():
            with Library(folder, embedder, wait=5) as library:
                assert len(library.entries()) == 3
                check_texts(library, documents)
            shutil.rmtree(folder)
    assert any(ends)
    restore(backup, folder, embedder)
    assert names_in(tmp_path) == ["new"]


def check_texts(library, known):
    for entry in library.entries():
        assert library.document(entry.id).text in known[entry.id]
    assert library.vectors.count() == library.catalog.passage_count()
    assert Answerer(library).answer(QUESTION).answered


def test_a_backup_beside_a_real_ingest_is_one_moment_of_it(tmp_path, embedder):
    folder, papers = tmp_path / "library", tmp_path / "papers"
    papers.mkdir()
    for n in range(24):
        body = "\n\n".join(f"Ship {n} carried load {k} over the sea to port {k * n}." for k in range(60))
        (papers / f"ship-{n:02}.md").write_text(f"# Ship {n}\n\n{body}\n")
    known = {d.id: {d.text} for d in map(read_file, papers.iterdir())}
    command = [CITED, "ingest", "--library", str(folder), str(papers)]
    ingest = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    counts: list[int] = []
    while ingest.poll() is None:
        if (folder / CATALOG).exists() and (folder / "chroma").exists():
            file = tmp_path / f"{len(counts)}.zip"
            counts.append(back_up(folder, file).documents)
        time.sleep(0.4)
    _, said = ingest.communicate()
    assert (ingest.returncode, said) == (0, b"")
    assert counts == sorted(counts)
    between = [n for n, count in enumerate(counts) if 0 < count < 24]
    assert between, counts
    for number in {between[0], between[-1]}:
        restored = tmp_path / f"restored-{number}"
        done = restore(tmp_path / f"{number}.zip", restored, embedder)
        with Library(restored, embedder) as library:
            assert len(library.entries()) == done.manifest.documents == counts[number]
            check_whole(library, known)
            assert library.vectors.count() == library.catalog.passage_count()
    listed = Vectors(restored / "chroma")
    with Library(restored, embedder) as library:
        amiss = difference(library.catalog, listed)
    listed.close()
    assert (amiss.missing, amiss.superfluous) == ((), ())


@pytest.mark.skipif(sys.platform != "linux", reason="needs a small file system of its own")
def test_on_a_full_disk_the_error_says_so_and_what_was_there_stays(toy, tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = shutil.which("mount")
    made = mount and subprocess.run(
        [mount, "-t", "tmpfs", "-o", "size=400k", "tmpfs", disk], capture_output=True
    )
    if not made or made.returncode:
        pytest.skip("no right to mount a small file system here")
    try:
        with pytest.raises(LibraryError, match=r"make room|disk"):
            restore(toy, disk / "library", WordLengths())
        with pytest.raises(LibraryError, match="disk"):
            back_up(tmp_path / "toy", disk / "toy.zip")
        assert names_in(disk) == []
    finally:
        subprocess.run(["umount", "-l", disk], check=True)


def test_a_user_file_of_the_backup_is_private_again(backup, tmp_path, embedder):
    restore(backup, tmp_path / "new", embedder)
    assert (tmp_path / "new" / USERS).stat().st_mode & 0o777 == 0o600
