"""`ingest.read`: which files, which reader, and a document's identity."""

import hashlib
from pathlib import Path

import pytest

from ingest.errors import IngestError, SourceMissing, SourceTooLarge
from ingest.read import document_id, read_bytes, read_file, readers


def test_a_reader_is_chosen_by_the_suffix_and_text_is_the_rest():
    assert {".txt", ".md", ".markdown", ".html", ".htm", ".xhtml"} <= readers().keys()
    assert {".pdf", ".docx", ".doc", ".odt", ".fodt", ".epub"} <= readers().keys()
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


@pytest.mark.parametrize(
    ("name", "title"), [("Apache-2.0", "Apache 2.0"), ("my_notes.txt", "my notes"), ("app.log.1", "app.log")]
)
def test_a_title_is_made_of_a_name_without_its_suffix_and_a_version_is_none(name, title):
    assert read_bytes(b"One sentence.", name=name, source=name).title == title


def test_an_id_is_plain_and_differs_by_source():
    assert document_id("/a/Café & Co.html").startswith("café-co-")
    assert document_id("/a/x.txt") != document_id("/b/x.txt")
    assert document_id("https://x.org/?q=1").startswith("x-")


def test_a_file_that_is_not_there_is_missing(tmp_path):
    with pytest.raises(SourceMissing, match=r"none\.txt cannot be read: No such file"):
        read_file(tmp_path / "none.txt")


def test_a_file_over_the_limit_is_refused_with_both_sizes(tmp_path):
    (tmp_path / "big.txt").write_bytes(b"x" * 3_000_000)
    with pytest.raises(SourceTooLarge, match="has 3 MB; the limit is 2 MB"):
        read_file(tmp_path / "big.txt", most_bytes=2_000_000)


def test_a_small_limit_is_said_in_digits_that_tell(tmp_path):
    (tmp_path / "big.txt").write_bytes(b"x" * 31_400)
    with pytest.raises(SourceTooLarge, match=r"has 0\.031 MB; the limit is 0\.02 MB"):
        read_file(tmp_path / "big.txt", most_bytes=20_000)


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="this system has no endless file")
def test_no_more_of_a_file_is_read_than_the_limit_whatever_its_size_says():
    with pytest.raises(SourceTooLarge, match="has 2 MB; the limit is 2 MB"):
        read_file(Path("/dev/zero"), most_bytes=2_000_000)


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
        ("a.docx", b"PK\x03\x04", "damaged"),
        ("a.pdf", b"%PDF", "PDF"),
        ("a.rtf", rb"{\rtf1 Text.}", "an RTF file, which Cited does not read; save it as"),
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
