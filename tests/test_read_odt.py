"""`ingest.read_odt`, on files that pandoc and LibreOffice made."""

import io
import zipfile
from contextlib import suppress

import pytest

from ingest import read_docx, read_odt
from ingest.document import Document
from ingest.errors import SourceTooLarge, SourceUnreadable
from ingest.normalise import normalise
from tests.made import FLAT, MARKDOWN, broken, convert


def document(data: bytes, name: str = "a.odt") -> Document:
    read = (read_docx if name.endswith(".docx") else read_odt).read(data, name)
    return normalise(read, document_id="i", source=name, version="v", fallback_title="none")


def parts(document: Document) -> list[tuple[str, str]]:
    return [(part.kind, document.text[part.start : part.end]) for part in document.parts]


def notes(document: Document) -> list[tuple[str, int, str]]:
    return [(n.label, len(n.markers), document.text[n.start : n.end]) for n in document.footnotes]


def flat(body: str, styles: str = "") -> Document:
    """A flat file with another body."""
    start, end = FLAT.index("<office:body>"), FLAT.index("</office:text>")
    text = f"{FLAT[:start]}{styles}<office:body><office:text>{body}{FLAT[end:]}"
    more = " ".join(
        f'xmlns:{prefix}="urn:oasis:names:tc:opendocument:xmlns:{prefix}:1.0"'
        for prefix in ("table", "style")
    )
    return document(text.replace("<office:document ", f"<office:document {more} ").encode(), "a.fodt")


@pytest.fixture(scope="module")
def pandoc_files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    source = tmp_path_factory.mktemp("odt") / "kettle.md"
    source.write_text(MARKDOWN)
    return {suffix: convert(source, suffix).read_bytes() for suffix in (".odt", ".docx")}


@pytest.fixture(scope="module")
def office_odt(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    source = tmp_path_factory.mktemp("odt") / "pots.fodt"
    source.write_text(FLAT)
    return convert(source, ".odt").read_bytes()


def test_a_file_of_pandocs_is_the_same_document_as_its_word_file(pandoc_files):
    odt, docx = document(pandoc_files[".odt"]), document(pandoc_files[".docx"], "a.docx")
    assert odt.text == docx.text
    assert odt.footnotes == docx.footnotes
    assert odt.sections == docx.sections
    assert parts(odt) == parts(docx)
    assert ("paragraph", "Heat it by a/b of a degree.") in parts(odt)
    assert odt.warnings == ()


def test_a_file_of_libreoffices_has_notes_changes_boxes_and_comments(office_odt):
    found = document(office_odt)
    assert parts(found)[:4] == [
        ("title", "Pots"),
        ("paragraph", "First[1] and second[i] and starred[*] and again[1]."),
        ("paragraph", "Around it."),
        ("paragraph", "In the box."),
    ]
    assert notes(found) == [("1", 2, "A foot.\n\nIts second."), ("i", 1, "An end."), ("*", 1, "A star.")]
    assert found.left_out == ("Really?",)
    assert found.warnings == ("tracked changes are taken as accepted: 1 × deleted text is left out",)


def test_a_flat_file_is_the_same_document(office_odt):
    assert document(FLAT.encode(), "a.fodt").text == document(office_odt).text


def test_a_file_that_word_would_save_from_it_is_the_same_document(tmp_path, office_odt):
    (tmp_path / "pots.odt").write_bytes(office_odt)
    made = convert(tmp_path / "pots.odt", ".docx")
    assert document(made.read_bytes(), "a.docx").text == document(office_odt).text


def test_lists_tables_and_spaces():
    found = flat(
        '<text:h text:outline-level="2">Head</text:h>'
        "<text:list><text:list-item><text:p>a\n  b</text:p><text:list>"
        "<text:list-item><text:p>c</text:p></text:list-item></text:list></text:list-item></text:list>"
        '<text:p>x<text:s text:c="999999999"/>y<text:tab/>z<text:line-break/>.</text:p>'
        "<table:table><table:table-header-rows><table:table-row><table:table-cell><text:p>1</text:p></table:table-cell>"
        "<table:table-cell><text:p>2</text:p><text:p>3</text:p></table:table-cell></table:table-row>"
        "</table:table-header-rows></table:table>"
    )
    assert parts(found) == [
        ("heading", "Head"),
        ("item", "a b"),
        ("item", "c"),
        ("paragraph", "x y z ."),
        ("row", "1 | 2 3"),
    ]
    assert len(found.text) < 60


NUMBERS = """<office:styles>
<text:outline-style style:name="Outline"><text:outline-level-style text:level="2" style:num-format="I"
 style:num-suffix="."/></text:outline-style>
<style:style style:name="None" style:family="paragraph" style:parent-style-name="P" style:list-style-name=""/>
<text:list-style style:name="L"><text:list-level-style-number text:level="1" style:num-format="1"
 style:num-suffix="."/><text:list-level-style-number text:level="2" style:num-format="a" style:num-prefix="("
 style:num-suffix=")"/></text:list-style>
<text:list-style style:name="M"><text:list-level-style-number text:level="1" style:num-format="A"
 style:num-suffix=")"/><text:list-level-style-number text:level="2" style:num-format="1"
 text:display-levels="2"/><text:list-level-style-bullet text:level="3"/></text:list-style>
<text:list-style style:name="Dots"><text:list-level-style-bullet text:level="1"/></text:list-style>
<text:list-style style:name="One"><text:list-level-style-number text:level="1" style:num-format="i"
 style:num-suffix=")"/><text:list-level-style-number text:level="3" style:num-format="1"
 text:display-levels="3"/></text:list-style>
{}<style:style style:name="P" style:family="paragraph" style:list-style-name="M"/></office:styles>""".format(
    "".join(
        f'<text:list-style style:name="{name}"><text:list-level-style-number text:level="1"'
        f' style:num-format="{form}"/></text:list-style>'
        for name, form in (("Zero", "01, 02, 03, ..."), ("Ordinal", "1st"), ("Words", "One"))
    )
)


def listed(*items: str, **said: str) -> str:
    """A list of items, each the XML of its blocks or a plain word."""
    given = "".join(f' text:{name.replace("_", "-")}="{value}"' for name, value in said.items())
    blocks = (item if "<" in item else f"<text:p>{item}</text:p>" for item in items)
    inside = "".join(f"<text:list-item>{block}</text:list-item>" for block in blocks)
    return f"<text:list{given}>{inside}</text:list>"


def test_items_and_no_headings_have_the_numbers_that_their_styles_print():
    below = listed("c", "d")
    first = listed("<text:p>a</text:p><text:p>more</text:p>", f"<text:p>b</text:p>{below}", style_name="L")
    found = flat(
        '<text:h text:outline-level="2">Head</text:h>'
        + first.replace("<text:list ", '<text:list xml:id="x" ', 1)
        + "<text:p>Between.</text:p>"
        + listed("e", "f", continue_list="x", style_name="L").replace(
            "list-item><text:p>f", 'list-item text:start-value="9"><text:p>f'
        )
        + listed("g", continue_numbering="true", style_name="L")
        + listed("", "h", style_name="L")
        + listed('<text:p text:style-name="P">i</text:p>')
        + listed('<text:p text:style-name="None">without</text:p>')
        + listed("before", '<text:h text:outline-level="3">In a list</text:h>', style_name="L")
        + listed("j", f"<text:p>k</text:p>{listed('l', listed('dot'))}", style_name="M")
        + listed(f"<text:p>dots</text:p>{listed('m', 'n', style_name='One')}", style_name="Dots")
        + listed("s", style_name="Zero")
        + listed("t", style_name="Ordinal")
        + listed("u", style_name="Words")
        + listed("o", f"<text:p>p</text:p>{listed('q', listed('r'))}", style_name="One")
        + '<text:h text:outline-level="2">End</text:h>',
        NUMBERS,
    )
    assert [text for _, text in parts(found)] == [
        "Head", "1. a", "more", "2. b", "(a) c", "(b) d", "Between.", "3. e", "9. f", "10. g", "2. h",
        "A) i", "without", "1. before", "In a list", "A) j", "B) k", "B.1 l", "dot",
        "dots", "1. m", "2. n", "01 s", "1st t", "u", "i) o", "ii) p", "1. q", "ii.1.1 r", "End",
    ]  # fmt: skip


def cell(words: str, **spans: int) -> str:
    given = "".join(f' table:number-{name}-spanned="{count}"' for name, count in spans.items())
    paragraphs = "".join(f"<text:p>{part}</text:p>" for part in words.split("/"))
    return f"<table:table-cell{given}>{paragraphs}</table:table-cell>"


@pytest.mark.parametrize("covered", ["", "<table:covered-table-cell/>"])
def test_a_cell_that_spans_rows_leaves_its_column_empty_in_the_rows_below(covered):
    rows = (
        cell("Pot") + cell("Ounces") + cell("Made in") + cell("Year"),
        cell("Tin/enamelled", rows=3) + cell("12") + cell("Deal") + cell("1890", rows=2),
        covered + cell("from 14/to 20", columns=2) + covered * 2,
        covered + cell("any size", columns=2, rows=2) + covered + cell("1902"),
        cell("Iron") + covered * 2 + cell("1911"),
        cell("The prices are lost", columns=4) + covered * 3,
    )
    table = "".join(f"<table:table-row>{row}</table:table-row>" for row in rows)
    assert parts(flat(f"<text:p>Pots.</text:p><table:table>{table}</table:table><text:p>End.</text:p>")) == [
        ("paragraph", "Pots."),
        ("row", "Pot | Ounces | Made in | Year"),
        ("row", "Tin enamelled | 12 | Deal | 1890"),
        ("row", "| from 14 to 20"),
        ("row", "| any size | 1902"),
        ("row", "Iron | | | 1911"),
        ("row", "The prices are lost"),
        ("paragraph", "End."),
    ]


def test_styles_tell_titles_quotes_and_code_through_those_they_are_based_on():
    style = '<style:style style:name="{}" style:family="paragraph" style:parent-style-name="{}"/>'
    styles = "".join(
        style.format(*pair)
        for pair in (("P1", "Title"), ("P2", "P3"), ("P3", "Quotations"), ("P4", "Preformatted_20_Text"))
    )
    found = flat(
        "".join(f'<text:p text:style-name="P{i}">p{i}</text:p>' for i in (1, 2, 4, 4)),
        f"<office:automatic-styles>{styles}{style.format('P9', 'P9')}</office:automatic-styles>",
    )
    assert parts(found) == [("title", "p1"), ("quote", "p2"), ("code", "p4\np4")]


def test_a_raised_number_that_is_no_marker_does_not_go_on_with_the_number_before_it():
    style = (
        '<style:style style:name="{}" style:family="text" style:parent-style-name="{}">'
        "<style:text-properties {}/></style:style>"
    )
    styles = "".join(
        style.format(name, above, position and f'style:text-position="{position}"')
        for name, above, position in (
            ("Up", "", "super 58%"), ("T1", "Up", ""), ("T2", "", "33% 58%"), ("T3", "", "-8% 58%"),
        )
    )  # fmt: skip
    span = '<text:span text:style-name="{}">{}</text:span>'
    said = f"Built in 1743{span.format('T1', 5)}, 10{span.format('T2', 6)} saw it, 5 km{span.format('Up', 2)}"
    found = flat(
        f"<text:p>{said}, C60{span.format('T3', 2)}.</text:p>",
        f"<office:automatic-styles>{styles}</office:automatic-styles>",
    )
    assert parts(found) == [("paragraph", "Built in 1743⁵, 10⁶ saw it, 5 km2, C602.")]


def test_labels_that_begin_again_are_told_apart():
    note = (
        '<text:note text:id="f{0}" text:note-class="footnote"><text:note-citation>1</text:note-citation>'
        "<text:note-body><text:p>Note {0}.</text:p></text:note-body></text:note>"
    )
    found = flat(f"<text:p>One{note.format(1)} two{note.format(2)}.</text:p>")
    assert found.text == "One[1] two[1′].\n\n[1] Note 1.\n\n[1′] Note 2."


def test_hidden_text_and_the_table_of_contents_are_left_out_and_reported():
    found = flat(
        "<text:table-of-content><text:index-body><text:p>Pots 1</text:p></text:index-body>"
        "</text:table-of-content>"
        '<text:p>Seen<text:span text:style-name="T1">secret</text:span>.</text:p>'
        '<text:section text:display="none"><text:p>Away.</text:p></text:section>',
        '<office:automatic-styles><style:style style:name="T1" style:family="text"><style:text-properties '
        'text:display="none"/></style:style></office:automatic-styles>',
    )
    assert found.text == "Seen."
    assert found.left_out == ("Pots 1", "secret", "Away.")


def test_an_embedded_object_is_reported():
    found = flat("<text:p>A<draw:frame><draw:object/></draw:frame> b.</text:p>")
    assert found.text == "A b."
    assert found.warnings == ("1 × embedded object: not read",)


def test_names_of_elements_that_are_given_twice_do_no_harm():
    assert flat('<text:p xml:id="a">One.</text:p><text:p xml:id="a">Two.</text:p>').text == "One.\n\nTwo."


def zipped(members: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in members.items():
            made.writestr(name, content)
    return out.getvalue()


MANIFEST = (
    b'<manifest xmlns="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"><file-entry><encryption-data/>'
    b"</file-entry></manifest>"
)
SHEET = FLAT[: FLAT.index("<office:body>")] + "<office:body/></office:document>"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (
            zipped({"content.xml": b"?", "META-INF/manifest.xml": MANIFEST}),
            "protected by a password; save it",
        ),
        (zipped({"encrypted-package": b"?"}), "protected by a password; save it"),
        (zipped({"mimetype": b"x"}), "no OpenDocument text"),
        (SHEET.encode(), "no OpenDocument text; save it as .odt"),
        (zipped({"content.xml": b"<a"}), "content.xml is damaged"),
        (FLAT.encode()[:-30], "is damaged: its XML cannot be read"),
        (b"<!DOCTYPE a [<!ENTITY e 'x'>]><a>&e;</a>", "declares XML entities"),
        (b"Just words.", "no Word, OpenDocument or EPUB file"),
    ],
)
def test_what_is_no_opendocument_text_is_refused_with_what_to_do(data, message):
    with pytest.raises(SourceUnreadable, match=message) as caught:
        document(data)
    assert str(caught.value).startswith("a.odt")


def test_files_broken_at_random_are_refused_or_read_and_never_crash(office_odt):
    for data in broken(office_odt):
        with suppress(SourceUnreadable, SourceTooLarge):
            assert document(data).text
    for data in broken(FLAT.encode()):
        with suppress(SourceUnreadable, SourceTooLarge):
            assert document(data, "a.fodt").text
