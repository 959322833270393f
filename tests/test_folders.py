"""`ingest.folders`: real folders with hidden files, links, loops, pipes and strange names."""

import os
from pathlib import Path

import pytest

from ingest.errors import SourceMissing, SourceUnreadable
from ingest.folders import Choice, is_gone, look, source_of
from ingest.read import read_file

EVERYTHING = Choice()


def make(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("A sentence of it.")
    return folder


def names(folder: Path, choice: Choice = EVERYTHING) -> list[str]:
    return [str(file.path.relative_to(folder.resolve())) for file in look(folder, choice).files]


def test_files_of_known_formats_are_found_in_order_and_the_others_are_counted(tmp_path):
    make(tmp_path, "b.md", "a.TXT", "sub/deep/d.html", "sub/e.markdown", "c.jpg", "sub/f.jpg", "Makefile")
    found = look(tmp_path)
    assert names(tmp_path) == ["a.TXT", "b.md", "sub/deep/d.html", "sub/e.markdown"]
    assert found.passed_over == {".jpg": 2, "": 1}
    assert found.warnings == ()


def test_a_file_without_a_suffix_is_taken_if_it_holds_text(tmp_path):
    make(tmp_path, "README", "Apache-2.0", "sub/Dockerfile", "rb.txt", "app.log.1", "foo.so.6", "tqdm.1")
    (tmp_path / "run").write_text("#!/bin/sh\necho it")
    (tmp_path / "program").write_bytes(b"\x7fELF\0\0")
    (tmp_path / "latin").write_bytes(b"caf\xe9 au lait")
    (tmp_path / "empty").write_bytes(b"")
    (tmp_path / "long").write_bytes(b"." * 4095 + "é".encode())
    os.mkfifo(tmp_path / "pipe")
    found = look(tmp_path)
    assert names(tmp_path) == ["Apache-2.0", "README", "long", "rb.txt"]
    assert (found.passed_over, found.warnings) == ({"": 6, ".1": 2, ".6": 1}, ())
    assert names(tmp_path, Choice(globs=("*.txt",))) == ["rb.txt"]
    assert names(tmp_path, Choice(globs=("READ*",))) == ["README"]


def test_a_folder_without_documents_says_what_is_in_it(tmp_path):
    make(tmp_path, "a.jpg", "b.jpg", "c.png", "d.pyc", "e.jpg")
    with pytest.raises(SourceUnreadable) as error:
        look(tmp_path)
    assert str(error.value).endswith(", .xhtml); there are a.jpg, b.jpg, c.png and 2 more")
    assert ".docx" in str(error.value)
    assert ".doc," not in str(error.value)


def test_hidden_files_and_folders_and_those_of_version_control_are_passed_over(tmp_path):
    make(tmp_path, "a.txt", ".b.txt", ".git/c.txt", "x/.hg/d.txt", "CVS/e.txt", "_darcs/f.txt")
    found = look(tmp_path)
    assert names(tmp_path) == ["a.txt"]
    assert (found.passed_over, found.warnings) == ({}, ())


@pytest.mark.parametrize(
    "installed",
    ["a-1.0.dist-info/RECORD", "a.egg-info/PKG-INFO", "node_modules/a/README.md", "__pycache__/a.txt"],
)
def test_folders_of_installed_packages_are_passed_over(tmp_path, installed):
    make(tmp_path, "a.txt", f"sub/{installed}", "venv/pyvenv.cfg", "venv/lib/b.txt")
    assert names(tmp_path) == ["a.txt"]
    assert look(tmp_path).passed_over == {}
    assert names(tmp_path / "venv") == ["lib/b.txt"]


def test_a_hidden_folder_is_read_when_it_is_named(tmp_path):
    make(tmp_path, ".notes/a.txt")
    assert names(tmp_path / ".notes") == ["a.txt"]


@pytest.mark.parametrize(
    ("choice", "taken"),
    [
        (Choice(globs=("*.md",)), ["a.md", "drafts/old/c.md"]),
        (Choice(globs=("*.md", "*.html")), ["a.md", "b.html", "drafts/old/c.md"]),
        (Choice(globs=("drafts/*",)), ["drafts/d.txt", "drafts/old/c.md"]),
        (Choice(globs=("**/*.md",)), ["a.md", "drafts/old/c.md"]),
        (Choice(ignored=("drafts/*",)), ["a.md", "b.html"]),
        (Choice(ignored=("drafts/",)), ["a.md", "b.html"]),
        (Choice(ignored=("old",)), ["a.md", "b.html", "drafts/d.txt"]),
        (Choice(ignored=("a.*", "./drafts/old")), ["b.html", "drafts/d.txt"]),
        (Choice(globs=("*.md",), ignored=("a.md",)), ["drafts/old/c.md"]),
        (Choice(globs=("*.log",)), ["e.log"]),
    ],
)
def test_patterns_choose_files_and_ignore_others(tmp_path, choice, taken):
    make(tmp_path, "a.md", "b.html", "drafts/d.txt", "drafts/old/c.md", "e.log")
    assert names(tmp_path, choice) == taken


def test_a_link_out_of_the_folder_is_not_followed_and_named(tmp_path):
    outside = make(tmp_path / "outside", "secret.txt", "picture.jpg")
    inside = make(tmp_path / "inside", "a.txt")
    (inside / "b.txt").symlink_to(outside / "secret.txt")
    (inside / "c").symlink_to(outside)
    (inside / "d.jpg").symlink_to(outside / "picture.jpg")
    (inside / "e.txt").symlink_to(inside / "nothing")
    found = look(inside)
    assert names(inside) == ["a.txt"]
    assert found.warnings == (
        f"{inside}/b.txt, a link to {outside}/secret.txt, which was not followed",
        f"{inside}/c, a link to {outside}, which was not followed",
        f"{inside}/e.txt, a link to nothing",
    )


def test_a_link_loop_ends_and_a_link_within_the_folder_adds_nothing_twice(tmp_path):
    make(tmp_path, "a.txt", "sub/b.txt")
    (tmp_path / "sub" / "up").symlink_to(tmp_path)
    (tmp_path / "again.txt").symlink_to("a.txt")
    (tmp_path / "self").symlink_to("self")
    found = look(tmp_path)
    assert names(tmp_path) == ["a.txt", "sub/b.txt"]
    assert found.warnings == (f"{tmp_path}/self, a link to nothing",)


def test_a_link_that_is_named_itself_is_followed(tmp_path):
    make(tmp_path, "real/a.txt")
    (tmp_path / "link").symlink_to("real")
    (tmp_path / "one.txt").symlink_to("real/a.txt")
    (by_folder,), (by_file,) = look(tmp_path / "link").files, look(tmp_path / "one.txt").files
    assert by_folder.source == by_file.source == str(tmp_path / "real" / "a.txt")
    assert by_folder.shown == str(tmp_path / "link" / "a.txt")


def test_a_pipe_is_never_opened(tmp_path):
    make(tmp_path, "a.txt")
    os.mkfifo(tmp_path / "p.txt")
    found = look(tmp_path)
    assert names(tmp_path) == ["a.txt"]
    assert found.warnings == (f"{tmp_path}/p.txt, which is no regular file",)
    with pytest.raises(SourceUnreadable, match="no regular file; send its content to `cited ingest -`"):
        look(tmp_path / "p.txt")


def test_a_file_is_taken_whatever_its_name(tmp_path):
    make(tmp_path, "notes.log")
    (file,) = look(tmp_path / "notes.log", Choice(globs=("*.md",))).files
    status = (tmp_path / "notes.log").stat()
    assert (file.size, file.mtime_ns) == (status.st_size, status.st_mtime_ns)


def test_a_source_is_the_one_that_the_reader_gives(tmp_path):
    strange = ["plain.txt", "new\nline.txt", "..x.txt", os.fsdecode(b"caf\xe9.txt"), "Ünï.txt"]
    make(tmp_path, *(name for name in strange if not name.startswith(".")))
    make(tmp_path / "sub", "a.txt")
    for file in look(tmp_path).files:
        assert read_file(file.path).source == file.source == source_of(file.path)
    (climbed,) = look(tmp_path / "sub" / ".." / "plain.txt").files
    assert climbed.source == str(tmp_path / "plain.txt")


def test_only_what_is_no_longer_there_is_gone(tmp_path):
    make(tmp_path, "a.txt", os.fsdecode(b"caf\xe9.txt"))
    sources = [file.source for file in look(tmp_path).files]
    assert [is_gone(source) for source in sources] == [False, False]
    for file in look(tmp_path).files:
        file.path.unlink()
    assert [is_gone(source) for source in sources] == [True, True]
    assert is_gone(f"{tmp_path}/a/b/c.txt")
    assert not is_gone(f"{tmp_path}/" + "x" * 5000)


@pytest.mark.parametrize("name", ["none", "none/b.txt", "a.txt/b"])
def test_where_nothing_is_an_error_says_so(tmp_path, name):
    make(tmp_path, "a.txt")
    with pytest.raises(SourceMissing, match=f"there is no file or folder {tmp_path}/{name}"):
        look(tmp_path / name)


@pytest.mark.parametrize("name", ["x" * 5000, "a\0b"])
def test_an_impossible_name_is_an_error(tmp_path, name):
    with pytest.raises(SourceMissing, match="cannot be read"):
        look(tmp_path / name)


def test_a_folder_with_nothing_to_read_says_what_could_be_and_why_not(tmp_path):
    make(tmp_path, "a.jpg")
    (tmp_path / "b.txt").symlink_to("nothing")
    with pytest.raises(SourceUnreadable, match=r"holds no file that can be read \(.*\.md.*link to nothing"):
        look(tmp_path)
    make(tmp_path, "c.md")
    with pytest.raises(SourceUnreadable, match=r"that matches \*\.txt or x\*"):
        look(tmp_path, Choice(globs=("*.txt", "x*")))
