"""`ingest.read`: which files, which reader, and a document's identity."""

import hashlib

import pytest

from ingest.errors import IngestError, SourceMissing, SourceTooLarge, SourceUnreadable
from ingest.read import document_id, find_files, read_bytes, read_file, readers


def test_a_reader_is_chosen_by_the_suffix_and_text_is_the_rest():
    assert {".txt", ".md", ".html", ".htm", ".xhtml", ".markdown"} <= readers().keys()
    data = b"# T\n\n*a* b.\n"
    assert read_bytes(data, name="x.MD", source="x").text == "T\n\na b."
    assert read_bytes(data, name="x.log", source="x").text == "T\n\n*a* b."


def test_the_same_content_has_the_same_version_and_the_same_source_the_same_id(tmp_path):
    path = tmp_path / "My notes.txt"
    path.write_bytes(b"One sentence.")
    first = read_file(path)
    path.write_bytes(b"Another sentence.")
    second = read_file(path)
    assert first.version == hashlib.sha256(b"One sentence.").hexdigest()
    assert first.id == second.id
    assert first.version != second.version
    assert first.title == "My notes"
    assert first.source == str(path.resolve())


def test_an_id_is_plain_and_differs_by_source():
    assert document_id("/a/Café & Co.html").startswith("café-co-")
    assert document_id("/a/x.txt") != document_id("/b/x.txt")
    assert document_id("https://x.org/?q=1").startswith("x-")


def test_files_of_a_folder_are_found_sorted_without_hidden_ones(tmp_path):
    for name in ("b.md", "a.txt", "c.png", ".hidden.txt", "sub/d.html", ".git/e.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x")
    assert [str(p.relative_to(tmp_path)) for p in find_files(tmp_path)] == ["a.txt", "b.md", "sub/d.html"]
    assert list(find_files(tmp_path / "c.png")) == [tmp_path / "c.png"]


def test_nothing_there_and_nothing_readable_are_told_apart(tmp_path):
    with pytest.raises(SourceMissing, match="there is no file or folder"):
        list(find_files(tmp_path / "none"))
    with pytest.raises(SourceUnreadable, match="holds no file that can be read"):
        list(find_files(tmp_path))
    with pytest.raises(SourceMissing, match="cannot be read"):
        read_file(tmp_path / "none.txt")


def test_a_file_over_the_limit_is_refused_with_both_sizes(tmp_path):
    (tmp_path / "big.txt").write_bytes(b"x" * 3_000_000)
    with pytest.raises(SourceTooLarge, match="has 3 MB; the limit is 2 MB"):
        read_file(tmp_path / "big.txt", most_bytes=2_000_000)


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("a.txt", b"", "is empty"),
        ("a.html", b" \r\n\t ", "is empty"),
        ("a.txt", "\ufeff".encode(), "no text"),
        ("a.txt", "\u200b\u00a0".encode(), "no text"),
        ("a.md", b"# Only a title\n", "no text to cite"),
        ("a.html", b"<script>x</script>", "no text to cite"),
        ("a.txt", bytes(range(256)) * 4, "binary"),
        ("a.html", bytes(range(256)) * 4, "binary"),
        ("a.docx", b"PK\x03\x04", "Word"),
        ("a.pdf", b"%PDF", "PDF"),
    ],
)
def test_what_holds_no_text_is_refused_by_name(name, data, message):
    with pytest.raises(IngestError, match=message) as caught:
        read_bytes(data, name=name, source=f"/folder/{name}")
    assert f"/folder/{name}" in str(caught.value)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("name", ["a.txt", "a.md", "a.html"])
def test_the_encoding_does_not_matter(name, encoding):
    text = "Déjà vu – the café by the sea is open."
    assert read_bytes(text.encode(encoding), name=name, source="s").text == text
