"""`ingest.ocr` and `ingest.hocr`: real scans, made of pages that Chromium prints, and the real tesseract."""

import io
import os
import shutil
from pathlib import Path

import pypdfium2
import pytest
from PIL import Image

from app.ingesting import Wishes, ingest_paths
from index.library import Library
from ingest.document import Document
from ingest.errors import SourceUnreadable
from ingest.hocr import sureness
from ingest.ocr import Ocr, check
from ingest.office import parse_xml
from ingest.read import read_file
from ingest.workers import Limits, read_all
from tests.test_cli import Cited
from tests.test_embed import WordLengths
from tests.test_read_pdf import NOTE, OFFICE, STYLE, chromium, notes, office, parts

FIRST = (
    "The harbour master kept two books. In one he wrote the ships that came, in the other those that were "
    "expected and never seen again."
)
SECOND = "In the winter of 1811 the second book was the longer one, and he began a third."
PRINTED = f"""<!doctype html><html lang=en>{STYLE}<body><h1>The Two Books</h1><p>{FIRST}</p>
<p style="break-before: page">{SECOND}</p></body></html>"""
TOLD = "2 pages recognised by OCR (eng) and may hold its errors (pages 1–2)"


def images(pdf: bytes, dpi: int = 300) -> list[Image.Image]:
    with pypdfium2.PdfDocument(pdf) as document:
        return [page.render(scale=dpi / 72, grayscale=True).to_pil() for page in document]


def scan_of(pages: list[Image.Image], dpi: int = 300) -> bytes:
    out = io.BytesIO()
    pages[0].save(out, "PDF", save_all=True, append_images=pages[1:], resolution=dpi)
    return out.getvalue()


@pytest.fixture(scope="module")
def tesseract() -> None:
    if not shutil.which("tesseract"):
        pytest.fail("there is no tesseract; `make test` installs it")


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return chromium(PRINTED, tmp_path_factory.mktemp("printed"))


@pytest.fixture
def scan(printed: bytes, tmp_path: Path) -> Path:
    path = tmp_path / "two-books.pdf"
    path.write_bytes(scan_of(images(printed)))
    return path


@pytest.fixture
def mixed(printed: bytes, tmp_path: Path) -> Path:
    """The first page as it was printed, the second one scanned."""
    path = tmp_path / "mixed.pdf"
    with pypdfium2.PdfDocument(printed) as document, pypdfium2.PdfDocument(scan_of(images(printed))) as scans:
        document.del_page(1)
        document.import_pages(scans, [1])
        document.save(path)
    return path


def program(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """A program of that name before the real one."""
    real = shutil.which("tesseract")
    path = folder / "bin" / "tesseract"
    path.parent.mkdir()
    path.write_text(f'#!/bin/sh\n[ "$1" = --list-langs ] && exec {real} "$@"\n{script.format(real=real)}\n')
    path.chmod(0o755)
    monkeypatch.setenv("PATH", f"{path.parent}:{os.environ['PATH']}")


def test_a_scan_is_refused_with_the_option_that_reads_it(scan):
    with pytest.raises(SourceUnreadable, match=r"2 pages of 2 are pictures.*`cited ingest --ocr`"):
        read_file(scan)


def test_a_scan_is_read_with_its_pages_and_a_warning_that_names_them(scan, tesseract):
    document = read_file(scan, ocr=Ocr())
    assert document.title == "The Two Books"
    assert parts(document, "paragraph") == [FIRST, SECOND]
    assert [document.page_at(document.text.index(words)) for words in ("The harbour", "In the winter")] == [
        1,
        2,
    ]
    assert document.warnings == (TOLD,)
    assert "Of Lamps and Oil" in document.left_out  # the lone page numbers escape tesseract


def test_of_a_mixed_file_only_the_pages_without_text_are_recognised(mixed, tesseract):
    without, document = read_file(mixed), read_file(mixed, ocr=Ocr())
    assert parts(without, "paragraph") == [FIRST]
    assert without.warnings == (
        "1 page without text, only pictures, left out (page 2); they have no text layer; "
        "`cited ingest --ocr` recognises text in pictures",
    )
    assert parts(document, "paragraph") == [FIRST, SECOND]
    assert document.page_at(document.text.index(SECOND)) == 2
    assert document.warnings == ("1 page recognised by OCR (eng) and may hold its errors (page 2)",)
    assert (without.id, without.version) != (document.id, document.version)


def test_a_file_with_text_is_the_same_with_ocr_and_without(printed, tmp_path):
    path = tmp_path / "printed.pdf"
    path.write_bytes(printed)
    assert read_file(path, ocr=Ocr()) == read_file(path)


def test_footnotes_of_a_scan_are_linked_below_its_rule_and_by_raised_digits(tmp_path, tesseract):
    marked = OFFICE.format(
        FIRST,
        NOTE.format(1, "<text:p>The first book was burned.</text:p>"),
        NOTE.format(2, "<text:p>Its pages were never numbered.</text:p>"),
    )
    path = tmp_path / "marked.pdf"
    path.write_bytes(scan_of(images(office(marked, tmp_path))))
    document = read_file(path, ocr=Ocr())
    assert notes(document) == [
        ("1", 1, "The first book was burned."),
        ("2", 1, "Its pages were never numbered."),
    ]
    assert "Whale oil.[2] The harbour" in document.text


@pytest.mark.heavy
@pytest.mark.parametrize("angle", [90, 180, 270, 1])
def test_a_page_may_lie_on_its_side_stand_on_its_head_or_be_a_little_askew(
    printed, tmp_path, tesseract, angle
):
    path = tmp_path / "turned.pdf"
    pages = [page.rotate(angle, expand=True, fillcolor=255) for page in images(printed, 200)]
    path.write_bytes(scan_of(pages, 200))
    assert parts(read_file(path, ocr=Ocr()), "title", "paragraph") == ["The Two Books", FIRST, SECOND]


def test_a_picture_without_readable_text_is_left_out_and_told(printed, tmp_path, tesseract):
    path = tmp_path / "picture.pdf"
    first = images(printed)[0]
    path.write_bytes(scan_of([first, Image.radial_gradient("L").resize(first.size)]))
    assert read_file(path, ocr=Ocr()).warnings == (
        "1 page recognised by OCR (eng) and may hold its errors (page 1)",
        "1 page without text, only pictures, left out (page 2); OCR (eng) found no text that it is sure of",
    )
    path.write_bytes(scan_of([Image.radial_gradient("L")]))
    with pytest.raises(SourceUnreadable, match=r"1 page of 1 are pictures.*OCR \(eng\) found no text"):
        read_file(path, ocr=Ocr())


def test_sureness_counts_letters_and_none_of_sideways_lines():
    word = "<span class='ocrx_word' title='bbox 0 0 9 9; x_wconf {}'>{}</span>"
    line = "<span class='ocr_line' title='bbox 0 0 {} {}; x_size 9'>{}</span>"
    upright = line.format(90, 9, word.format(90, "abc") + word.format(50, "d"))
    sideways = line.format(9, 90, word.format(99, "abcd"))
    page = "<div>{}</div>"
    assert sureness(parse_xml(page.format(upright).encode(), "x")) == 80
    assert sureness(parse_xml(page.format(upright + sideways).encode(), "x")) == 40
    assert sureness(parse_xml(b"<div/>", "x")) == 0


def test_a_program_or_language_that_is_missing_is_named_with_what_to_install(
    scan, tmp_path, monkeypatch, tesseract
):
    for languages, missing in (("xyz", "'xyz'.* eng.*-ocr-xyz"), ("eng+chi_a", "'chi_a'.*-ocr-chi-a;")):
        with pytest.raises(SourceUnreadable, match=f"no data for the language {missing}"):
            check(languages)
    with pytest.raises(SourceUnreadable, match="no data for the language ''"):
        read_file(scan, ocr=Ocr(""))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(
        SourceUnreadable, match=r"tesseract, which is not installed .*apt install tesseract-ocr"
    ):
        read_file(scan, ocr=Ocr())


def test_a_program_that_fails_is_told_with_what_it_said(scan, tmp_path, monkeypatch, tesseract):
    program(tmp_path, monkeypatch, "echo no memory left >&2; exit 1")
    with pytest.raises(SourceUnreadable, match=r"two-books.pdf cannot be recognised: .*\(no memory left\)"):
        read_file(scan, ocr=Ocr())


def test_a_page_that_takes_too_long_is_left_out_and_told(mixed, tmp_path, monkeypatch, tesseract):
    program(tmp_path, monkeypatch, "kill -KILL $$")  # as the limit of its processor time does
    assert read_file(mixed, ocr=Ocr()).warnings == (
        "1 page without text, only pictures, left out (page 2); OCR (eng) found no text that it is sure of",
    )


@pytest.mark.heavy
def test_the_time_of_a_file_begins_again_with_each_page(scan, tmp_path, monkeypatch, tesseract):
    letters = "".join(f"<span title='x_bboxes {x} 1500 {x + 19} 1540'>h</span>" for x in (100, 120))
    word = f"<span class='ocrx_word' title='bbox 100 1500 139 1540; x_wconf 90'>{letters}</span>"
    line = f"<html><span class='ocr_line' title='bbox 100 1500 139 1540; x_size 40'>{word}</span></html>"
    program(tmp_path, monkeypatch, f'cat >/dev/null; sleep 5; echo "{line}"')
    ((_, outcome),) = read_all([scan], most_bytes=20_000_000, limits=Limits(seconds=9), ocr=Ocr())
    assert isinstance(outcome, Document), outcome
    assert outcome.warnings == (TOLD,)


def test_a_reading_process_reads_a_scan_as_read_file_does(scan, tesseract):
    ((_, outcome),) = read_all([scan], most_bytes=20_000_000, ocr=Ocr())
    assert outcome == read_file(scan, ocr=Ocr())


def test_a_document_would_be_another_one_with_ocr_or_in_another_language():
    assert Ocr().would_change(
        ["pages left out; they have no text layer; `cited ingest --ocr` recognises text in pictures"]
    )
    assert Ocr("kor").would_change([TOLD])
    assert not Ocr().would_change([TOLD, "note [2] has no marker in the text"])
    assert not Ocr().would_change([])


def test_a_mixed_file_is_read_again_where_ocr_is_asked_for(mixed, tmp_path, tesseract):
    os.utime(mixed, (1_600_000_000, 1_600_000_000))
    with Library(tmp_path / "library", WordLengths()) as library:

        def outcome(**wishes) -> str:
            (line,) = ingest_paths(library, [mixed], wishes=Wishes(**wishes)).lines
            return line.outcome

        assert [outcome(), outcome()] == ["added", "unchanged"]
        assert [outcome(ocr=Ocr()), outcome(ocr=Ocr()), outcome()] == ["replaced", "unchanged", "unchanged"]
        assert SECOND in library.document(library.entries()[0].id).text
        assert outcome(reread=True) == "replaced"
        assert SECOND not in library.document(library.entries()[0].id).text


def test_the_command_line_adds_a_scan_where_it_is_asked_to(scan, tmp_path, monkeypatch, capsys, tesseract):
    cited = Cited(tmp_path / "library", monkeypatch, capsys)
    assert cited("ingest", scan) == 1
    assert "`cited ingest --ocr`" in cited.err
    assert cited("ingest", "--ocr-language", "eng", scan) == 2
    assert "add --ocr" in cited.err
    assert cited("ingest", "--ocr", "--ocr-language", "xyz", scan) == 1
    assert cited.err.startswith("cited: tesseract has no data for the language 'xyz'")
    assert cited("ingest", "--ocr", scan) == 0
    assert cited.out.startswith("added      The Two Books (two-books-")
    assert "1 warning (" in cited.out
