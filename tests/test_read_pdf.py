"""`ingest.read_pdf` and its modules, on files that Chromium and LibreOffice make as the tests begin."""

import io
import shutil
import subprocess
from pathlib import Path

import pypdfium2
import pytest
from PIL import Image

from app.cite import cite
from ingest import pdf_pages, read_pdf
from ingest.document import Document
from ingest.errors import SourceTooLarge, SourceUnreadable
from ingest.normalise import normalise
from ingest.passages import cut_passages
from ingest.pdf_lines import Line, Word
from ingest.pdf_text import Hyphens, Mark, parted, text_of

STYLE = """<style>
@page { size: A4; margin: 25mm 20mm; @top-center { content: "Of Lamps and Oil" }
        @bottom-center { content: counter(page) } }
body { font: 10pt/1.3 'Liberation Serif', serif } p { margin: 0; text-indent: 1.2em }
.two { columns: 2; column-gap: 8mm; text-align: justify; hyphens: auto }
</style>"""
FILLER = (
    "The keeper trimmed the wick every four hours and wrote the height of the oil into the record. "
    "Nobody in the tower was to sleep while a ship stood between the island and the outer bank. "
)
COLUMNS = f"""<!doctype html><html lang=en><head><title>Page title</title>{STYLE}</head><body>
<h1>On Lamps and Harbour Lights</h1><p>An opening line that runs over the full width of the page, from
the left margin to the right one, as the abstract of a paper does before its columns begin.</p>
<div class=two><h2>Oil</h2><p>First of all. {FILLER * 5}A well-known office floor.<sup>1</sup></p>
<p>Across begins here. {FILLER * 8}Across ends here.</p><p>Last of all, 5 km<sup>2</sup>.</p></div>
<h2>Prices</h2><table border=1><tr><th>Lamp<th>Years of use</tr><tr><td>Old one<td>12</tr></table>
<p>After the table.<sup>2</sup></p><p style="break-before: page">Second page.<sup>3</sup></p>
<p style="break-before: page">Third page.</p><h2>Notes</h2>
<p>1. See the record.</p><p>2. Told by a keeper.</p></body></html>"""

SHEET = """<div style="position: relative; height: 200mm; break-after: page">{}
<div style="position: absolute; bottom: 0; font-size: 7.5pt; width: 100%">{}</div></div>"""
FIRST = f"""<h1>Notes on each page</h1><p>Text one.<sup>1</sup> {FILLER * 3}Starred*, daggered.†
Again.<sup>1</sup> {FILLER * 4}</p>"""
FIRST_NOTES = """<p><sup>1</sup> First note of page one. See also<sup>2</sup> below.</p><p>And its second
paragraph.</p><p><sup>2</sup> A note without a marker in the text.</p><p>* The star.</p><p>† The dagger, which
goes on</p>"""
SECOND = f"<p>Text two.<sup>1</sup> {FILLER * 6}</p>"
SECOND_NOTES = "<p>on the next page.</p><p><sup>1</sup> First note of page two.</p>"
SHEETS = f"""<!doctype html><html>{STYLE}<body>
{SHEET.format(FIRST, FIRST_NOTES)}{SHEET.format(SECOND, SECOND_NOTES)}</body></html>"""

COLUMN = """<div style="flex: 1; position: relative; height: 200mm; text-align: justify"><p>{}</p>
<div style="position: absolute; bottom: 0; font-size: 7.5pt">{}</div></div>"""
LEFT = COLUMN.format(
    f"Left.<sup>1</sup> {FILLER * 12}And in the middle of its length it", "<p><sup>1</sup> Left note.</p>"
)
RIGHT = COLUMN.format(
    f"</p><p style='text-indent: 0'>goes on.<sup>2</sup> {FILLER * 9}</p><p>See [3].",
    "<p><sup>2</sup> Right note, of 10<sup>2</sup> words.</p><p>[3] Third note.</p>",
)
NOTED = (
    f"<!doctype html><html>{STYLE}<body><h1>Two</h1><div style='display: flex; gap: 7mm'>{LEFT}{RIGHT}</div>"
)

OFFICE = """<?xml version="1.0" encoding="UTF-8"?><office:document
 xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"
 xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" office:version="1.2"
 office:mimetype="application/vnd.oasis.opendocument.text"><office:body><office:text>
<text:h text:outline-level="1">The Lamp at Sea</text:h><text:p>{0} Burning.{1} {0}</text:p>
<text:h text:outline-level="2">Oil</text:h><text:p>Whale oil.{2} {0}</text:p>
</office:text></office:body></office:document>"""
NOTE = """<text:note text:note-class="footnote"><text:note-citation>{}</text:note-citation><text:note-body>{}
</text:note-body></text:note>"""
LAMP = OFFICE.format(
    FILLER * 3,
    NOTE.format(1, f"<text:p>Ibid. {FILLER}</text:p><text:p>A second paragraph.</text:p>"),
    NOTE.format(2, "<text:p>Or seal.</text:p>"),
)

FULL_SIZE = """ xmlns:style="urn:oasis:names:tc:opendocument:xmlns:style:1.0"><office:styles>
<style:style style:name="Footnote_20_anchor" style:display-name="Footnote anchor" style:family="text">
<style:text-properties style:text-position="0% 100%"/></style:style></office:styles><office:body>"""
CHAPTER = """<text:bookmark text:name="s"/>2 Prices</text:h><text:p>Prices are in section
<text:a xlink:href="#s" xmlns:xlink="http://www.w3.org/1999/xlink">2</text:a>.</text:p>"""
LINKED = (
    OFFICE.format(
        FILLER * 3,
        NOTE.format(1, "<text:p>The seals were grey.</text:p>"),
        f"<text:line-break/>{NOTE.format(2, '<text:p>It had been shorter.</text:p>')}<text:line-break/>",
    )
    .replace("><office:body>", FULL_SIZE)
    .replace("Oil</text:h>", CHAPTER)
)

BACK = '<a href="#m{0}">↩︎</a>'
ENDED = f"""<!doctype html><html lang=en>{STYLE}<body><h1>Ended</h1><p>One.<a href="#n1"><sup>1</sup></a>
{FILLER * 2}</p><p>Two,<sup>2</sup> then three and four.<sup>3</sup><sup>4</sup> {FILLER}</p>
<ol><li>A list of the text.</li><li>It has two items.</li></ol>
<table cellspacing=0 cellpadding=12><tr valign=bottom><th>Year<th>A person<th>Sheep<th>Horse<br>and cart</tr>
<tr><td>1702<td>one penny<td>a farthing<td>not carried</tr>
<tr><td>1861<td>two pence<td>a penny<sup>5</sup><td>one shilling</tr>
<tr><td>1913<td>three pence<td>a penny<td>two shillings</tr></table>
<p>Code is <code>x[1]</code> and prints:</p><pre>[1] FALSE
[2] TRUE</pre><p>The end.</p><hr>
<ol><li>The first, {FILLER * 2}{BACK.format(1)}</li><li>The second.{BACK.format(2)}</li>
<li>The third begins.<p style="margin: 1em 0">It has two parts.{BACK.format(3)}</p></li>
<li>The fourth.</li><li>The fifth.</li></ol></body></html>"""


DOTS = ". " * 40
LED = f"""<!doctype html><html lang=en>{STYLE}<body><h1>Lamps</h1><h2>Contents</h2>
<p>1 Whale oil and seal oil {DOTS}2</p>
<p>2 Wicks, of which a long title<br>is broken over two lines {DOTS}2</p>
<p>3 Glass {DOTS}3</p>
<h2 style="break-before: page">1 Whale oil and seal oil</h2><p>First text.</p><h2>2 Wicks</h2>
<p>{FILLER} Light it by</p><pre style="margin: 0 0 0 2em">lamp --light</pre>
<p style="text-indent: 0">and wait. {FILLER}</p><h2 style="break-before: page">3 Glass</h2>
<style>tr {{ border: solid; border-width: 1px 0 }} td + td {{ border-left: 1px solid }}</style>
<table style="border-collapse: collapse; width: 60mm"><tr><td>Kind<td>Used for</tr><tr><td>flint
<td>windows and lenses of every kind of lamp</tr></table>
<p>Prices in 1790:</p><p>Lamp {DOTS}2</p><p>Oil {DOTS}3</p><p>Wick {DOTS}12</p></body></html>"""


def chromium(page: str, folder: Path) -> bytes:
    (folder / "in.html").write_text(page, "utf-8")
    found = shutil.which("chromium") or shutil.which("google-chrome")
    if not found:
        pytest.fail("there is no Chromium; `make test` installs it")
    command = [found, "--headless", "--no-sandbox", "--disable-gpu", "--no-pdf-header-footer"]
    command += [f"--user-data-dir={folder}", f"--print-to-pdf={folder / 'out.pdf'}", str(folder / "in.html")]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    return (folder / "out.pdf").read_bytes()


def office(page: str, folder: Path, options: str = "") -> bytes:
    (folder / "in.fodt").write_text(page, "utf-8")
    found = shutil.which("soffice")
    if not found:
        pytest.skip("LibreOffice is not installed")
    command = [found, "--headless", f"-env:UserInstallation=file://{folder}/profile"]
    command += ["--convert-to", f"pdf:writer_pdf_Export{options}", "--outdir", str(folder)]
    command += [str(folder / "in.fodt")]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    return (folder / "in.pdf").read_bytes()


@pytest.fixture(scope="session")
def columns(tmp_path_factory: pytest.TempPathFactory) -> Document:
    return read(chromium(COLUMNS, tmp_path_factory.mktemp("columns")))


@pytest.fixture(scope="session")
def sheets_pdf(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return chromium(SHEETS, tmp_path_factory.mktemp("sheets"))


@pytest.fixture(scope="session")
def sheets(sheets_pdf: bytes) -> Document:
    return read(sheets_pdf)


@pytest.fixture(scope="session")
def ended(tmp_path_factory: pytest.TempPathFactory) -> Document:
    return read(chromium(ENDED, tmp_path_factory.mktemp("ended")))


@pytest.fixture(scope="session")
def lamp_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("lamp")


@pytest.fixture(scope="session")
def lamp(lamp_folder: Path) -> Document:
    return read(office(LAMP, lamp_folder))


@pytest.fixture(scope="session")
def led(tmp_path_factory: pytest.TempPathFactory) -> Document:
    return read(chromium(LED, tmp_path_factory.mktemp("led")))


@pytest.fixture(scope="session")
def linked(tmp_path_factory: pytest.TempPathFactory) -> Document:
    return read(office(LINKED, tmp_path_factory.mktemp("linked")))


def read(data: bytes, name: str = "a.pdf") -> Document:
    found = read_pdf.read(data, f"/{name}")
    return normalise(found, document_id="d", source=f"/{name}", version="v", fallback_title=name)


def parts(document: Document, *kinds: str) -> list[str]:
    return [document.text[p.start : p.end] for p in document.parts if p.kind in kinds]


def notes(document: Document) -> list[tuple[str, int, str]]:
    return [(n.label, len(n.markers), document.text[n.start : n.end]) for n in document.footnotes]


def picture(size: tuple[int, int] = (200, 300)) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, "white").save(out, "PDF")
    return out.getvalue()


def test_columns_are_read_one_after_the_other_between_full_width_lines(columns):
    assert columns.title == "On Lamps and Harbour Lights"
    order = [
        "An opening line",
        "Oil",
        "First of all",
        "Across begins",
        "Across ends",
        "Last of all",
        "Prices",
    ]
    assert [columns.text.index(words) for words in order] == sorted(columns.text.index(w) for w in order)
    assert [s.title for s in columns.sections] == ["", "Oil", "Prices"]


def test_a_paragraph_goes_on_in_the_next_column_without_the_hyphens_of_its_lines(columns):
    across = next(text for text in parts(columns, "paragraph") if text.startswith("Across"))
    assert across == f"Across begins here. {FILLER * 8}Across ends here."


def test_a_ligature_is_its_letters_and_a_hyphen_of_a_word_stays(columns):
    assert "A well-known office floor.[1]" in columns.text
    assert not set("ﬀﬁﬂﬃ") & set(columns.text)


def test_running_heads_and_page_numbers_are_left_out_and_reported_once(columns):
    assert columns.left_out == ("Of Lamps and Oil", "1 … 3")
    assert "Of Lamps and Oil" not in columns.text


def test_a_ruled_table_is_rows(columns):
    assert parts(columns, "row") == ["Lamp | Years of use", "Old one | 12"]


def test_end_notes_are_linked_and_a_power_is_no_marker(columns):
    assert notes(columns) == [("1", 1, "See the record."), ("2", 1, "Told by a keeper.")]
    assert "Last of all, 5 km2." in columns.text
    assert "After the table.[2]" in columns.text


def test_a_marker_without_a_note_stays_and_is_reported(columns):
    assert "Second page.[3]" in columns.text
    assert columns.warnings == ("marker [3] on page 2 has no note",)


def test_a_position_knows_its_page(columns):
    assert [columns.page_at(columns.text.index(w)) for w in ("Oil", "Second page", "Third page")] == [1, 2, 3]


def test_each_sentence_of_a_paragraph_that_runs_over_three_pages_knows_its_page(tmp_path):
    numbered = " ".join(f"Entry{n}: lit at dusk; out at dawn, with no ship seen" for n in range(300))
    data = chromium(f"<!doctype html>{STYLE}<p>{numbered}</p>", tmp_path)
    document = read(data)
    assert len(parts(document, "paragraph")) == 1
    made = pypdfium2.PdfDocument(data)
    printed = [page.get_textpage().get_text_range() for page in made]
    made.close()
    assert len(printed) == 3
    for n in range(300):
        page = next(i for i, text in enumerate(printed, 1) if f"Entry{n}:" in text)
        assert document.page_at(document.text.index(f"Entry{n}:")) == page


def test_notes_that_begin_again_on_each_page_are_told_apart(sheets):
    assert notes(sheets) == [
        ("1", 2, "First note of page one. See also[2] below.\n\nAnd its second paragraph."),
        ("2", 1, "A note without a marker in the text."),
        ("*", 1, "The star."),
        ("†", 1, "The dagger, which goes on on the next page."),
        ("1′", 1, "First note of page two."),
    ]


def test_each_column_has_its_notes_at_its_foot(tmp_path):
    document = read(chromium(NOTED, tmp_path))
    assert "And in the middle of its length it goes on.[2] The keeper" in document.text
    assert "See [3]." in document.text
    assert notes(document) == [
        ("1", 1, "Left note."),
        ("2", 1, "Right note, of 10² words."),
        ("3", 1, "Third note."),
    ]


def test_a_power_on_the_next_page_takes_no_note_from_its_marker(tmp_path):
    first = SHEET.format(f"<h1>Costs</h1><p>{FILLER * 3}It had cost.<sup>6</sup> {FILLER}</p>", "")
    noted = "<p><sup>6</sup> More than the lamp itself.</p>"
    second = SHEET.format(f"<p>{FILLER * 3}It was 10<sup>6</sup> or 10<sup>−12</sup>. {FILLER}</p>", noted)
    document = read(chromium(f"<!doctype html><html>{STYLE}<body>{first}{second}", tmp_path))
    assert "It had cost.[6] The keeper" in document.text
    assert "It was 10⁶ or 10⁻¹². The keeper" in document.text
    assert notes(document) == [("6", 1, "More than the lamp itself.")]
    assert document.warnings == ()


def test_the_end_of_a_note_on_the_next_page_is_on_the_next_page(sheets):
    starts = [sheets.text.index(words) for words in ("The dagger", "which goes on", "on the next page.")]
    assert [sheets.page_at(start) for start in starts] == [1, 1, 2]


def test_markers_are_printed_as_labels_where_they_stood(sheets):
    assert "Text one.[1]" in sheets.text
    assert "Starred[*], daggered.[†] Again.[1]" in sheets.text
    assert "Text two.[1′]" in sheets.text


def test_notes_that_libreoffice_puts_at_the_foot_of_the_page_are_linked(lamp):
    assert lamp.title == "The Lamp at Sea"
    assert notes(lamp) == [("1", 1, f"Ibid. {FILLER.strip()}\n\nA second paragraph."), ("2", 1, "Or seal.")]
    assert "Burning.[1] The keeper" in lamp.text
    assert lamp.warnings == ()


def test_a_last_list_that_the_text_marks_is_notes_without_their_links_back(ended):
    assert notes(ended) == [
        ("1", 1, f"The first, {(FILLER * 2).strip()}"),
        ("2", 1, "The second."),
        ("3", 1, "The third begins.\n\nIt has two parts."),
        ("4", 1, "The fourth."),
        ("5", 1, "The fifth."),
    ]
    assert "↩︎" in ended.left_out
    assert ended.warnings == ()


def test_an_earlier_list_is_no_notes(ended):
    assert parts(ended, "item") == ["1. A list of the text.", "2. It has two items."]


def test_two_markers_side_by_side_are_two(ended):
    assert "then three and four.[3][4] The keeper" in ended.text


def test_a_number_that_links_to_a_note_marks_it_in_whatever_size_and_place(linked):
    assert notes(linked) == [("1", 1, "The seals were grey."), ("2", 1, "It had been shorter.")]
    assert "Burning.[1] The keeper" in linked.text
    assert "Whale oil.[2]\n\nThe keeper" in linked.text


def test_a_number_that_links_to_a_heading_stays_a_number(linked):
    assert "Prices are in section 2." in linked.text
    assert parts(linked, "heading") == ["2 Prices"]


def test_a_table_of_contents_is_left_out_and_reported(led):
    assert [section.title for section in led.sections][2:] == [
        "1 Whale oil and seal oil",
        "2 Wicks",
        "3 Glass",
    ]
    assert led.text.count("Whale oil") == led.text.count("Glass") == 1
    contents = next(piece for piece in led.left_out if "Whale oil" in piece)
    assert [line.rstrip(". 123") for line in contents.split("\n")] == [
        "1 Whale oil and seal oil",
        "2 Wicks, of which a long title",
        "is broken over two lines",
        "3 Glass",
    ]


def test_a_table_that_is_open_at_its_sides_is_rows_of_all_its_columns(led):
    assert parts(led, "row") == ["Kind | Used for", "flint | windows and lenses of every kind of lamp"]


def test_a_list_of_prices_behind_dots_stays(led):
    assert "Prices in 1790:" in led.text
    assert led.text.count(". . . .") > 10


def test_a_line_of_code_set_off_from_the_text_is_a_paragraph(led):
    assert "lamp --light" in parts(led, "paragraph")


def test_a_table_without_rules_is_rows_and_a_cell_of_two_lines_one_cell(ended):
    assert parts(ended, "row") == [
        "Year | A person | Sheep | Horse and cart",
        "1702 | one penny | a farthing | not carried",
        "1861 | two pence | a penny[5] | one shilling",
        "1913 | three pence | a penny | two shillings",
    ]


def test_a_number_in_brackets_in_code_is_no_marker_and_begins_no_note(ended):
    assert "Code is x[1] and prints:" in ended.text
    assert "[1] FALSE" in ended.text
    assert [len(note.markers) for note in ended.footnotes] == [1, 1, 1, 1, 1]


@pytest.mark.parametrize(
    ("printed", "notes_known", "labels"),
    [
        ("1718", "17 18", ["17", "18"]),
        ("910", "8 9 10", ["9", "10"]),
        ("234", "1 2 3 4", ["2", "3", "4"]),
        ("12", "1 2", ["1", "2"]),
        ("12", "1 2 12", ["12"]),
        ("13", "1 2 3", ["13"]),
    ],
)
def test_raised_digits_are_several_markers_if_they_count_on_and_no_note_has_them_all(
    printed, notes_known, labels
):
    line = Line([Word("word.", 0, 30, 12, 10, False), Word(printed, 30, 40, 8, 7, False, raised=True)])
    found = parted(text_of([line], Hyphens([line])), lambda page: set(notes_known.split()))
    assert [piece.label for piece in found if isinstance(piece, Mark)] == labels


def test_an_encrypted_file_says_that_it_needs_a_password(lamp_folder):
    locked = (
        ':{"EncryptFile":{"type":"boolean","value":"true"},'
        '"DocumentOpenPassword":{"type":"string","value":"secret"}}'
    )
    with pytest.raises(SourceUnreadable, match=r"/a\.pdf is encrypted .* save a copy without"):
        read(office(LAMP, lamp_folder, locked))


def test_text_from_right_to_left_is_read_with_a_warning(tmp_path):
    hebrew = f"<p dir=rtl>{'המגדל נבנה בשנה ההיא. ' * 9}</p>"
    page = f"{STYLE}<p>{FILLER}</p><p style='break-before: page'>Next.</p>"
    document = read(chromium(f"{page}{hebrew}", tmp_path))
    assert document.warnings == (
        "text that runs from right to left may stand in the wrong order (page 2); a version "
        "as .docx, .odt or .html is read as written",
    )


def test_a_scan_says_what_would_give_it_a_text_layer():
    with pytest.raises(
        SourceUnreadable, match=r"1 page of 1 are pictures.*no text layer; `cited ingest --ocr`"
    ):
        read(picture())


def test_of_a_partly_scanned_file_the_text_is_read_and_the_pictures_reported(sheets_pdf):
    whole = pypdfium2.PdfDocument(sheets_pdf)
    scan = pypdfium2.PdfDocument(picture())
    whole.import_pages(scan, index=1)
    whole.import_pages(scan)
    out = io.BytesIO()
    whole.save(out)
    document = read(out.getvalue())
    count = len(whole)
    whole.close()
    scan.close()
    assert f"2 pages without text, only pictures, left out (pages 2, {count})" in document.warnings[0]
    assert document.page_at(document.text.index("Text two")) == 3


def test_more_pages_or_characters_than_the_limit_are_refused(sheets_pdf, monkeypatch):
    monkeypatch.setattr(pdf_pages, "MOST_CHARACTERS", 500)
    with pytest.raises(SourceTooLarge, match="more than 500 characters"):
        read(sheets_pdf)
    monkeypatch.setattr(pdf_pages, "MOST_PAGES", 1)
    with pytest.raises(SourceTooLarge, match="the limit is 1"):
        read(sheets_pdf)


def pdf(*objects: str, root: int = 1) -> bytes:
    """A PDF written by hand, its cross-reference table left to be rebuilt."""
    body = "".join(f"{i} 0 obj\n{text}\nendobj\n" for i, text in enumerate(objects, 1))
    return f"%PDF-1.7\n{body}trailer << /Root {root} 0 R >>\nstartxref\n99999\n%%EOF".encode()


def page_of(content: str, extra: str = "") -> bytes:
    return pdf(
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 400 400] /Contents 4 0 R {extra} "
        "/Resources << /Font << /F << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >> >>",
        f"<< /Length {len(content)} >>\nstream\n{content}\nendstream",
    )


@pytest.mark.parametrize(
    "data",
    [
        b"%PDF-1.7\ngarbage",
        b"not a PDF at all",
        pdf("<< /Type /Catalog /Pages 1 0 R >>"),
        pdf("<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Kids [2 0 R] /Count 3 >>"),
        pdf("<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Kids [9 0 R 9 0 R] /Count -2 >>"),
        pdf("<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Kids [] /Count 4000 >>"),
    ],
)
def test_a_damaged_file_is_refused_with_advice(data):
    with pytest.raises(SourceUnreadable, match=r"/a\.pdf (cannot be opened|has no pages|holds no text)"):
        read(data)


def test_every_prefix_of_a_file_is_read_or_refused(sheets_pdf):
    for part in range(1, 12):
        try:
            read(sheets_pdf[: len(sheets_pdf) * part // 12])
        except SourceUnreadable as error:
            assert "/a.pdf" in str(error)  # noqa: PT017


def test_a_page_turned_on_its_side_is_read_and_sideways_text_on_it_reported():
    turned = "BT /F 12 Tf 0 1 -1 0 100 50 Tm (Turned words stand here.) Tj ET "
    document = read(page_of(turned + "BT /F 9 Tf 20 20 Td (Stamp) Tj ET", "/Rotate 90"))
    assert document.text == "Turned words stand here."
    assert document.left_out == ("Stamp",)


def test_letters_without_spaces_between_words_are_parted_by_their_gaps():
    document = read(page_of("BT /F 12 Tf 50 300 Td [(Two) -300 (words,) -250 (k) 40 (erned.)] TJ ET"))
    assert document.text == "Two words, kerned."


def test_a_tight_line_has_narrower_spaces_most_of_all_behind_a_letter_that_hangs_over():
    document = read(
        page_of("BT /F 12 Tf 50 300 Td [(Of) -120 (the) -170 (old) -165 (la) 40 (w) -170 (now.)] TJ ET")
    )
    assert document.text == "Of the old law now."


def test_a_space_before_code_in_smaller_type_is_told_by_that_types_size():
    found = page_of("BT /F 10 Tf 50 300 Td (A list of) Tj /C 9 Tf 34.6 0 Td (match) Tj ET")
    code = b"/Font << /C << /Type /Font /Subtype /Type1 /BaseFont /Courier-Bold >>"
    found = found.replace(b"/Font <<", code, 1)
    assert read(found).text == "A list of match"


def test_the_title_that_the_running_head_repeats_stays(tmp_path):
    text = f"<p>{FILLER * 100}</p>"
    document = read(chromium(f"<!doctype html>{STYLE}<h1>Of Lamps and Oil</h1>{text}", tmp_path))
    assert document.title == "Of Lamps and Oil"
    assert document.text.count("Of Lamps and Oil") == 1
    assert "Of Lamps and Oil" in document.left_out


def test_a_line_that_runs_over_the_pages_edge_keeps_its_end_and_what_stands_outside_is_reported():
    document = read(page_of("BT /F 12 Tf 300 300 Td (Off the edge it goes on) Tj 200 -50 Td (Outside) Tj ET"))
    assert document.text == "Off the edge it goes on"
    assert document.left_out == ("Outside",)


def test_a_marker_broken_off_from_its_line_or_behind_a_space_belongs_to_it():
    text = "A line of text that is long enough to be one of a paragraph and ends"
    body = f"BT /F 10 Tf 50 300 Td ({text}.) Tj ET BT /F 7 Tf 50 292 Td (1) Tj ET "
    body += f"BT /F 10 Tf 50 270 Td ({text}.) Tj ET BT /F 7 Tf 355 274 Td (2) Tj ET "
    foot = "BT /F 7 Tf 50 60 Td (1 First note here.) Tj ET BT /F 7 Tf 50 50 Td (2 Second note here.) Tj ET"
    document = read(page_of(body + foot))
    assert notes(document) == [("1", 1, "First note here."), ("2", 1, "Second note here.")]
    assert document.text.count("and ends.[") == 2


@pytest.mark.parametrize("far", ["9" * 50, "-" + "9" * 50, "0"])
def test_a_link_to_nowhere_changes_nothing(far):
    link = f"<< /Subtype /Link /Rect [0 0 {far} 400] /Dest [3 0 R /XYZ {far} {far} 0] >>"
    document = read(page_of("BT /F 10 Tf 50 300 Td (Text 1) Tj ET", f"/Annots [{link}]"))
    assert document.text == "Text 1"


def test_a_small_label_that_stands_well_before_its_note_is_its_label():
    body = "BT /F 10 Tf 50 300 Td (A line of text that is long enough to be prose.) Tj ET "
    body += "BT /F 7 Tf 254 304 Td (1) Tj ET BT /F 6 Tf 50 63 Td (1) Tj ET "
    document = read(
        page_of(body + "BT /F 8 Tf 61 60 Td (A note that hangs.) Tj -11 -9 Td (On it goes.) Tj ET")
    )
    assert notes(document) == [("1", 1, "A note that hangs.\n\nOn it goes.")]


def lines(*texts: str) -> list[Line]:
    return [
        Line([Word(w, i * 40.0, i * 40 + 35.0, y * 12.0, 10, False, i > 0) for i, w in enumerate(t.split())])
        for y, t in enumerate(texts)
    ]


@pytest.mark.parametrize(
    ("end", "start", "elsewhere", "joined"),
    [
        ("exam-", "ple", "", "example"),
        ("well-", "known", "", "well-known"),
        ("Anglo-", "Saxon", "", "Anglo-Saxon"),
        ("1914-", "1918", "", "1914-1918"),
        ("light-", "house", "a lighthouse here", "lighthouse"),
        ("light-", "house", "a light-house here", "light-house"),
        ("lamp-", "oil", "a lamp burns oil here", "lamp-oil"),
        ("war—", "peace", "", "war—peace"),
        ("one", "two", "", "one two"),
    ],
)
def test_a_hyphen_at_a_lines_end_goes_unless_the_word_has_it(end, start, elsewhere, joined):
    found = lines(f"so {end}", f"{start} then")
    hyphens = Hyphens([*found, *(lines(f"x {elsewhere} x") if elsewhere else [])])
    assert "".join(map(str, text_of(found, hyphens))) == f"so {joined} then"


def test_a_document_that_never_hyphenates_keeps_its_hyphens():
    found = lines("so tide-", "mill then")
    hyphens = Hyphens([*found, *lines(*["plain line"] * 60)])
    assert "".join(map(str, text_of(found, hyphens))) == "so tide-mill then"


def test_a_citation_of_a_paragraph_that_runs_over_the_page_shows_the_page_of_its_own_beginning(tmp_path):
    numbered = " ".join(f"Entry {n} was lit at dusk and put out at dawn." for n in range(300))
    document = read(chromium(f"<!doctype html>{STYLE}<p>{numbered}</p>", tmp_path))
    crossing = [p for p in cut_passages(document) if p.turns]
    assert crossing
    for passage in crossing:
        for sentence in passage.sentences:
            assert passage.page_at(sentence.start) == document.page_at(sentence.start)
            assert cite(passage, sentence, 1, 0, 0.9).to_json()["page"] == document.page_at(sentence.start)
