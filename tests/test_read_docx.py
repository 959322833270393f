"""`ingest.read_docx`, on files that pandoc and LibreOffice made."""

import io
import re
import zipfile
from contextlib import suppress

import pytest

from ingest import read_docx
from ingest.document import Document
from ingest.errors import SourceTooLarge, SourceUnreadable
from ingest.item_numbers import spell
from ingest.normalise import normalise
from ingest.office import OLE, Namer
from tests.made import FLAT, MARKDOWN, broken, convert


def document(data: bytes, name: str = "a.docx") -> Document:
    read = read_docx.read(data, name)
    return normalise(read, document_id="i", source=name, version="v", fallback_title="none")


def parts(document: Document) -> list[tuple[str, str]]:
    return [(part.kind, document.text[part.start : part.end]) for part in document.parts]


def notes(document: Document) -> list[tuple[str, int, str]]:
    return [(n.label, len(n.markers), document.text[n.start : n.end]) for n in document.footnotes]


@pytest.fixture(scope="module")
def pandoc_docx(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    source = tmp_path_factory.mktemp("docx") / "kettle.md"
    source.write_text(MARKDOWN)
    return convert(source, ".docx").read_bytes()


@pytest.fixture(scope="module")
def office_docx(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    source = tmp_path_factory.mktemp("docx") / "pots.fodt"
    source.write_text(FLAT)
    return convert(source, ".docx").read_bytes()


def changed(data: bytes, *changes: tuple[str, str], member: str = "word/document.xml") -> bytes:
    """The file with strings in one member replaced; each must be there."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for info in old.infolist():
            content = old.read(info)
            for before, after in changes if info.filename == member else ():
                assert before.encode() in content
                content = content.replace(before.encode(), after.encode())
            new.writestr(info.filename, content)
    return out.getvalue()


def body(pandoc_docx: bytes, xml: str, footnotes: str = "") -> Document:
    """A file of pandoc's with another body: paragraphs as XML."""
    with zipfile.ZipFile(io.BytesIO(pandoc_docx)) as old:
        text = old.read("word/document.xml").decode()
        whole = text[text.index("<w:body>") : text.index("</w:body>")]
    data = changed(pandoc_docx, (whole, f"<w:body>{xml}"))
    data = changed(data, ("</w:footnotes>", footnotes + "</w:footnotes>"), member="word/footnotes.xml")
    return document(data)


def note(number: int, text: str) -> str:
    return (
        f'<w:footnote w:id="{number}"><w:p><w:r><w:footnoteRef/><w:t> {text}</w:t></w:r></w:p></w:footnote>'
    )


def ref(number: int) -> str:
    return f'<w:r><w:footnoteReference w:id="{number}"/></w:r>'


def test_a_file_of_pandocs_has_all_its_kinds_of_blocks_and_its_notes(pandoc_docx):
    found = document(pandoc_docx)
    assert found.title == "The Tin Kettle"
    assert parts(found) == [
        ("title", "The Tin Kettle"),
        ("heading", "Making"),
        ("paragraph", "Tin is soft.[1] It melts early.[2]"),
        ("item", "one item"),
        ("item", "another item"),
        ("quote", "A maker said so."),
        ("row", "Name | Size"),
        ("row", "pot | 3"),
        ("row", "pan | 4"),
        ("code", "solder(\n  tin)"),
        ("heading", "Use"),
        ("paragraph", "Heat it by a/b of a degree."),
        ("note", "Softer than lead."),
        ("note", "At 232 degrees."),
        ("note", "Which is little."),
    ]
    assert notes(found) == [("1", 1, "Softer than lead."), ("2", 1, "At 232 degrees.\n\nWhich is little.")]
    assert [section.level for section in found.sections] == [0, 1, 2]
    assert found.warnings == ()


def test_a_file_of_libreoffices_has_footnotes_endnotes_own_marks_and_notes_cited_twice(office_docx):
    found = document(office_docx)
    assert parts(found)[:4] == [
        ("title", "Pots"),
        ("paragraph", "First[1] and second[i] and starred[*] and again[1]."),
        ("paragraph", "Around it."),
        ("paragraph", "In the box."),
    ]
    assert notes(found) == [("1", 2, "A foot.\n\nIts second."), ("i", 1, "An end."), ("*", 1, "A star.")]
    assert found.left_out == ("Really?",)
    assert "never printed" not in found.text
    assert found.warnings == ("tracked changes are taken as accepted: 1 × deleted text is left out",)


def test_notes_are_numbered_as_word_prints_them(pandoc_docx):
    """Letters, anew in each section; a note's second marker does not count."""
    rules = '<w:numFmt w:val="lowerLetter"/><w:numRestart w:val="eachSect"/>'
    rule = f"<w:sectPr><w:footnotePr>{rules}</w:footnotePr></w:sectPr>"
    found = body(
        pandoc_docx,
        f"<w:p><w:r><w:t>One</w:t></w:r>{ref(71)}<w:r><w:t> two</w:t></w:r>{ref(72)}{ref(71)}</w:p>"
        f"<w:p><w:pPr>{rule}</w:pPr></w:p><w:p><w:r><w:t>Three</w:t></w:r>{ref(73)}</w:p>{rule}",
        note(71, "A.") + note(72, "B.") + note(73, "C."),
    )
    assert found.text.startswith("One[a] two[b][a]\n\nThree[a′]\n\n[a] A.")
    assert notes(found)[:3] == [("a", 2, "A."), ("b", 1, "B."), ("a′", 1, "C.")]


def test_notes_anew_on_each_page_follow_the_pages_that_word_noted(pandoc_docx):
    rules = '<w:numRestart w:val="eachPage"/><w:numFmt w:val="chicago"/>'
    rule = f"<w:sectPr><w:footnotePr>{rules}</w:footnotePr></w:sectPr>"
    notes_xml = note(71, "A.") + note(72, "B.") + note(73, "C.")
    xml = "<w:p><w:r><w:t>One</w:t></w:r>{}{}<w:r>{}<w:t>two</w:t></w:r>{}</w:p>{}"
    breaks = "<w:lastRenderedPageBreak/>"
    paged = body(pandoc_docx, xml.format(ref(71), ref(72), breaks, ref(73), rule), notes_xml)
    assert paged.text.startswith("One[*][†]two[*′]\n")
    assert not any("each page" in warning for warning in paged.warnings)
    unknown = body(pandoc_docx, xml.format(ref(71), ref(72), "", ref(73), rule), notes_xml)
    assert unknown.text.startswith("One[*][†]two[‡]\n")
    assert unknown.warnings[0].startswith("notes are numbered anew on each page")


def test_a_number_is_spelled_in_every_style():
    styles = ("decimal", "lowerLetter", "upperLetter", "lowerRoman", "upperRoman", "chicago")
    assert [spell(28, style) for style in styles] == ["28", "bb", "BB", "xxviii", "XXVIII", "§" * 7]
    assert [spell(n, "chicago") for n in (1, 4, 5)] == ["*", "§", "**"]
    assert spell(10**9, "upperRoman") == spell(10**9, "lowerLetter") == "1000000000"
    assert spell(0, "lowerRoman") == "0"
    assert [spell(n, "decimalZero") for n in (1, 10)] == ["01", "10"]
    ordinals = [spell(n, "ordinal") for n in (1, 2, 3, 4, 11, 12, 13, 21, 111, 122)]
    assert ordinals == ["1st", "2nd", "3rd", "4th", "11th", "12th", "13th", "21st", "111th", "122nd"]


def test_a_name_is_given_once_however_often_its_label_is_printed():
    namer = Namer()
    assert [namer.take(label) for label in ("1", "1", "1′", "1", "2")] == ["1", "1′", "1′′", "1′′′", "2"]
    names = [namer.take("*") for _ in range(12)]
    assert names[9:] == ["*" + "′" * 9, "*′10", "*′11"]


def test_orphans_are_kept_and_reported(pandoc_docx):
    found = body(pandoc_docx, f"<w:p><w:r><w:t>One</w:t></w:r>{ref(99)}</w:p>", note(71, "Lost."))
    assert "One[1]" in found.text
    assert ("71", 0, "Lost.") in notes(found)
    assert "marker [1] has no note in the file" in found.warnings
    assert "note [71] has no marker in the text" in found.warnings


def test_a_symbol_as_a_notes_own_mark_is_its_label(pandoc_docx):
    sign = '<w:sym w:font="Symbol" w:char="F02A"/>'
    own = f'<w:r><w:footnoteReference w:customMarkFollows="1" w:id="71"/>{sign}</w:r>'
    text = '<w:r><w:t xml:space="preserve"> A star.</w:t></w:r>'
    printed = f'<w:footnote w:id="71"><w:p><w:r>{sign}</w:r>{text}</w:p></w:footnote>'
    found = body(
        pandoc_docx,
        f"<w:p><w:r><w:t>One</w:t></w:r>{own}<w:r><w:t>.</w:t></w:r>{ref(72)}</w:p>",
        printed + note(72, "B."),
    )
    assert found.text.startswith("One[*].[1]")
    assert notes(found)[:2] == [("*", 1, "A star."), ("1", 1, "B.")]


def test_a_cross_reference_to_a_note_is_one_more_marker_also_inside_a_note(pandoc_docx):
    def field(result: str) -> str:
        return (
            '<w:r><w:fldChar w:fldCharType="begin"/></w:r>'
            "<w:r><w:instrText> NOTEREF _Ref1 \\h </w:instrText></w:r>"
            f'<w:r><w:fldChar w:fldCharType="separate"/></w:r><w:r><w:t>{result}</w:t></w:r>'
            '<w:r><w:fldChar w:fldCharType="end"/></w:r>'
        )

    marked = f'<w:bookmarkStart w:id="5" w:name="_Ref1"/>{ref(71)}<w:bookmarkEnd w:id="5"/>'
    words = f"<w:r><w:t>As in </w:t></w:r>{field('7')}<w:r><w:t>.</w:t></w:r>"
    citing = f'<w:footnote w:id="72"><w:p>{words}</w:p></w:footnote>'
    found = body(
        pandoc_docx,
        f"<w:p><w:r><w:t>One</w:t></w:r>{marked}{ref(72)}"
        f"<w:r><w:t> two</w:t></w:r>{field('7')}<w:r><w:t>.</w:t></w:r></w:p>",
        note(71, "A.") + citing,
    )
    assert found.text.startswith("One[1][2] two[1].\n\n[1] A.\n\n[2] As in [1].")
    assert notes(found)[:2] == [("1", 3, "A."), ("2", 1, "As in [1].")]


def test_tracked_changes_are_accepted(pandoc_docx):
    gone = f"<w:del w:id='1'><w:r><w:delText>old </w:delText></w:r>{ref(71)}</w:del>"
    found = body(
        pandoc_docx,
        f"<w:p><w:r><w:t>A</w:t></w:r>{gone}<w:ins w:id='2'><w:r><w:t> new</w:t></w:r>{ref(72)}</w:ins></w:p>"
        "<w:p><w:pPr><w:pStyle w:val='Heading1'/><w:rPr><w:del w:id='3'/></w:rPr></w:pPr>"
        "<w:r><w:t>Joined </w:t></w:r></w:p>"
        "<w:p><w:r><w:t>up.</w:t></w:r></w:p>"
        "<w:moveFrom w:id='4'><w:p><w:r><w:t>Moved away.</w:t></w:r></w:p></w:moveFrom>"
        "<w:tbl><w:tr><w:trPr><w:del w:id='5'/></w:trPr>"
        "<w:tc><w:p><w:r><w:t>cut</w:t></w:r></w:p></w:tc></w:tr>"
        "<w:tr><w:tc><w:p><w:r><w:t>left</w:t></w:r></w:p></w:tc><w:tc><w:p/></w:tc>"
        "<w:tc><w:p><w:r><w:t>right</w:t></w:r></w:p></w:tc></w:tr></w:tbl>",
        note(71, "Deleted with its marker.") + note(72, "B."),
    )
    assert parts(found)[:3] == [
        ("paragraph", "A new[1]"),
        ("paragraph", "Joined up."),
        ("row", "left | | right"),
    ]
    assert ("1", 1, "B.") in notes(found)
    assert "Deleted" not in found.text
    assert found.warnings[0] == "tracked changes are taken as accepted: 3 × deleted text is left out"


def test_hidden_text_and_the_table_of_contents_are_left_out_and_reported(pandoc_docx):
    found = body(
        pandoc_docx,
        "<w:p><w:pPr><w:pStyle w:val='TOCHeading'/></w:pPr><w:r><w:t>Contents</w:t></w:r></w:p>"
        "<w:p><w:r><w:t>Seen</w:t></w:r><w:r><w:rPr><w:vanish/></w:rPr><w:t>secret</w:t></w:r>"
        "<w:r><w:rPr><w:vanish w:val='0'/></w:rPr><w:t> too</w:t></w:r>"
        "<w:r><w:noBreakHyphen/><w:t>and</w:t><w:tab/><w:softHyphen/><w:t>on</w:t></w:r></w:p>",
    )
    assert found.text.startswith("Seen too-and on")
    assert found.left_out == ("Contents", "secret")


def test_a_table_that_lays_out_a_page_is_paragraphs(pandoc_docx):
    long = "A sentence of a column. " * 20
    cell = "<w:tc><w:p><w:r><w:t>{}</w:t></w:r></w:p></w:tc>"
    inner = f"<w:tbl><w:tr>{cell.format('x')}{cell.format('y')}</w:tr></w:tbl>"
    found = body(
        pandoc_docx,
        f"<w:tbl><w:tr>{cell.format(long)}{cell.format('short')}</w:tr></w:tbl>"
        f"<w:tbl><w:tr><w:tc><w:p><w:r><w:t>outer</w:t></w:r></w:p>{inner}</w:tc></w:tr></w:tbl>",
    )
    assert parts(found)[1:4] == [("paragraph", "short"), ("paragraph", "outer"), ("row", "x | y")]


def without_notes(data: bytes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(data)) as old:
        part = old.read("word/footnotes.xml").decode()
    real = part[part.index('<w:footnote w:id="') : part.index("</w:footnotes>")]
    return changed(data, (real, ""), member="word/footnotes.xml")


def test_notes_that_are_only_printed_are_linked(pandoc_docx):
    lines = ("One.[1] Two.[2]", "[1] First.", "[2] Second.")
    xml = "".join(f"<w:p><w:r><w:t>{line}</w:t></w:r></w:p>" for line in lines)
    assert notes(body(without_notes(pandoc_docx), xml)) == [("1", 1, "First."), ("2", 1, "Second.")]


def level(depth: int, form: str, text: str, more: str = "") -> str:
    return (
        f'<w:lvl w:ilvl="{depth}"><w:start w:val="1"/><w:numFmt w:val="{form}"/>{more}'
        f'<w:lvlText w:val="{text}"/></w:lvl>'
    )


LISTS = (
    f'<w:abstractNum w:abstractNumId="7001">{level(0, "upperRoman", "Article %1.")}'
    f"{level(1, 'decimal', '%1.%2', '<w:isLgl/>')}{level(2, 'lowerLetter', '(%3)')}{level(3, 'bullet', '·')}"
    '</w:abstractNum><w:num w:numId="7001"><w:abstractNumId w:val="7001"/></w:num>'
    '<w:num w:numId="7002"><w:abstractNumId w:val="7001"/>'
    '<w:lvlOverride w:ilvl="2"><w:startOverride w:val="5"/></w:lvlOverride></w:num>'
    f'<w:abstractNum w:abstractNumId="7004">{level(0, "decimalZero", "%1.")}'
    f"{level(1, 'ordinalText', '%2 part')}{level(2, 'decimal', '%2.%3')}"
    f"{level(3, 'decimal', '%2.%4', '<w:isLgl/>')}"
    '</w:abstractNum><w:num w:numId="7004"><w:abstractNumId w:val="7004"/></w:num>'
)
STYLED = '<w:numPr><w:ilvl w:val="1"/><w:numId w:val="7001"/></w:numPr>'


def in_list(text: str, depth: int, number: int = 7001, style: str = "") -> str:
    place = f'<w:numPr><w:ilvl w:val="{depth}"/><w:numId w:val="{number}"/></w:numPr>'
    chosen = f'<w:pStyle w:val="{style}"/>' if style else place
    return f"<w:p><w:pPr>{chosen}</w:pPr><w:r><w:t>{text}</w:t></w:r></w:p>"


def test_paragraphs_of_lists_have_the_numbers_that_word_prints(pandoc_docx):
    data = changed(pandoc_docx, ("</w:numbering>", f"{LISTS}</w:numbering>"), member="word/numbering.xml")
    clause = f'<w:style w:type="paragraph" w:styleId="Clause"><w:pPr>{STYLED}</w:pPr></w:style></w:styles>'
    data = changed(data, ("</w:styles>", clause), member="word/styles.xml")
    xml = in_list("Rent.", 0) + in_list("Due.", 1) + in_list("Paid.", 0, style="Clause") + in_list("a", 2)
    xml += "<w:p><w:r><w:t>Between.</w:t></w:r></w:p>" + in_list("b", 2) + in_list("", 2) + in_list("d", 2)
    xml += in_list("dot", 3) + in_list("e", 2, 7002) + in_list("Ends.", 0) + in_list("So.", 1)
    xml += in_list("x", 0, 0) + "".join(in_list("y", depth, 7004) for depth in range(4))
    found = [text for _, text in parts(body(data, xml))]
    assert [text for text in found if not re.search("Softer|232|little", text)] == [
        "Article I. Rent.", "1.1 Due.", "1.2 Paid.", "(a) a", "Between.", "(b) b", "(d) d", "dot", "(e) e",
        "Article II. Ends.", "2.1 So.", "x", "01. y", "y", "y", "1.1 y",
    ]  # fmt: skip


@pytest.mark.timeout(10)  # of every level for every list, it took minutes
def test_many_lists_of_many_levels_are_read_at_once(pandoc_docx):
    one = '<w:num w:numId="{}"><w:abstractNumId w:val="7001"/></w:num>'
    levels = level(0, "decimal", "%1.") * 8000
    lists = f'<w:abstractNum w:abstractNumId="7001">{levels}</w:abstractNum>'
    lists += "".join(map(one.format, range(9000, 17000)))
    data = changed(pandoc_docx, ("</w:numbering>", f"{lists}</w:numbering>"), member="word/numbering.xml")
    assert parts(body(data, in_list("x", 0, 16999)))[0][1] == "1. x"


PLAIN = (
    f'<w:abstractNum w:abstractNumId="7003">{level(0, "decimal", "%1.")}{level(1, "decimal", "Ref [%2]")}'
    f"{level(2, 'decimal', '%3.(%3)')}</w:abstractNum>"
    '<w:num w:numId="7003"><w:abstractNumId w:val="7003"/></w:num>'
)


def in_plain_list(*lines: tuple[str, int | str]) -> str:
    """Paragraphs that Word numbers: of a depth, or of a style, "" for those that it does not number."""
    xml = ""
    for text, place in lines:
        made = in_list(text, place if isinstance(place, int) else 0, 0 if place == "" else 7003)
        style = f'<w:pPr><w:pStyle w:val="{place}"/>' if isinstance(place, str) and place else "<w:pPr>"
        xml += made.replace("<w:pPr>", style)
    return xml


@pytest.mark.parametrize(
    ("lines", "text", "labels"),
    [
        (
            [("Pots", "Title"), ("One", "Heading1"), ("A.[1] B.[3]", ""), ("Notes", "Heading1"), ("No.", "")],
            "Pots/One/A.[1] B.[3]/Notes/No.",
            "",
        ),
        ([("A.[1] B.[2]", ""), ("First.", 0), ("Second.", 0)], "A.[1] B.[2]/1. First./2. Second.", ""),
        (
            [("H", "Heading1"), ("A.[3] B.[4]", ""), ("Notes", "Heading1"), ("One.", 0), ("Two.", 0)],
            "H/A.[3] B.[4]/[3] One./[4] Two.",
            "34",
        ),
        ([("A.[1]", ""), ("Text.", 1), ("Item.", 2)], "A.[1]/Ref [1] Text./1.(1) Item.", ""),
        (
            [("A.[1]", ""), ("[1] Note.", ""), ("Text.", 1), ("Item.", 2)],
            "A.[1]/Ref [1] Text./1.(1) Item./[1] Note.",
            "1",
        ),
    ],
)
def test_numbers_that_word_prints_are_neither_headings_nor_markers(pandoc_docx, lines, text, labels):
    data = changed(
        without_notes(pandoc_docx), ("</w:numbering>", f"{PLAIN}</w:numbering>"), member="word/numbering.xml"
    )
    found = body(data, in_plain_list(*lines))
    assert re.sub("\n+", "/", found.text) == text
    assert "".join(label for label, _, _ in notes(found)) == labels


def raised(text: str) -> str:
    properties = '<w:rPr><w:vertAlign w:val="superscript"/></w:rPr>'
    return f'<w:r>{properties}<w:t xml:space="preserve">{text}</w:t></w:r>'


def said(text: str) -> str:
    return f'<w:r><w:t xml:space="preserve">{text}</w:t></w:r>'


def test_a_raised_number_that_is_no_marker_does_not_go_on_with_the_number_before_it(pandoc_docx):
    line = said("Built in 1743") + raised("5") + said(" by 10") + raised("-") + raised("6") + said(", 5 km")
    found = body(pandoc_docx, f"<w:p>{line}{raised('2')}{said(', the 19')}{raised('th')}</w:p>")
    assert parts(found)[0] == ("paragraph", "Built in 1743⁵ by 10⁻⁶, 5 km2, the 19th")


def test_raised_numbers_that_are_typed_are_linked_with_their_notes(pandoc_docx):
    with zipfile.ZipFile(io.BytesIO(pandoc_docx)) as old:
        part = old.read("word/footnotes.xml").decode()
    real = part[part.index('<w:footnote w:id="') : part.index("</w:footnotes>")]
    data = changed(pandoc_docx, (real, ""), member="word/footnotes.xml")
    text = f"{said('Built in 1743')}{raised('1')}{said(' and 10')}{raised('6')}{said(' wide.')}{raised('2')}"
    first = f"{raised('1')}{said(' See Meier.')}<w:r><w:br/></w:r>{raised('2')}{said(' See Braun.')}"
    found = body(data, f"<w:p>{text}</w:p><w:p>{first}</w:p>")
    assert parts(found)[0] == ("paragraph", "Built in 1743[1] and 10⁶ wide.[2]")
    assert notes(found) == [("1", 1, "See Meier."), ("2", 1, "See Braun.")]


def test_strict_open_xml_is_the_same(pandoc_docx):
    usual = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    strict = "http://purl.oclc.org/ooxml/wordprocessingml/main"
    data = pandoc_docx
    for member in ("word/document.xml", "word/footnotes.xml", "word/styles.xml"):
        data = changed(data, (usual, strict), member=member)
    assert document(data).text == document(pandoc_docx).text


def zipped(**members: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in members.items():
            made.writestr(name.replace("__", "/").replace("_", "."), content)
    return out.getvalue()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"PK\x03\x04 and nothing more", "a.docx is damaged"),
        (b"Just words.", "no Word, OpenDocument or EPUB file"),
        (b"{\\rtf1 words}", "is RTF by its content; save it as"),
        (OLE + "WordDocument".encode("utf-16-le"), "Word 97–2003 or older; save it as .docx"),
        (OLE + "EncryptedPackage".encode("utf-16-le"), "protected by a password; save it without one"),
        (zipped(other_xml=b"<a/>"), "no Word document: it is a zip file without word/document.xml"),
        (zipped(word__document_xml=b"<a><b></a>"), "word/document.xml is damaged: its XML cannot be read"),
        (zipped(word__document_xml=b"<a>" * 300 + b"</a>" * 300), "its XML cannot be read"),
        (zipped(word__document_xml=b"<!DOCTYPE a [<!ENTITY e 'x'>]><a>&e;</a>"), "declares XML entities"),
    ],
)
def test_what_is_no_word_file_is_refused_with_what_to_do(data, message):
    with pytest.raises(SourceUnreadable, match=message) as caught:
        document(data)
    assert str(caught.value).startswith("a.docx")


def test_an_entity_bomb_does_not_go_off():
    entities = "".join(f"<!ENTITY e{i + 1} '{f'&e{i};' * 10}'>" for i in range(12))
    bomb = f"<!DOCTYPE a [<!ENTITY e0 'x'>{entities}]><a b='&e12;'>&e12;</a>".encode()
    with pytest.raises(SourceUnreadable, match="XML"):
        document(zipped(word__document_xml=bomb))


def test_a_zip_bomb_is_refused_before_it_is_unpacked():
    with pytest.raises(SourceTooLarge, match=r"grows \d+ times when unpacked"):
        document(zipped(word__document_xml=bytes(30_000_000)))
    with pytest.raises(SourceTooLarge, match="210 MB or more when unpacked; the limit is 200 MB"):
        document(zipped(word__document_xml=bytes(210_000_000)))


def test_a_member_that_is_longer_than_it_says_is_refused():
    data = zipped(word__document_xml=b"<a>" + b" " * 100_000 + b"</a>")
    at = data.index(b"PK\x01\x02") + 24
    lies = data[:at] + (10).to_bytes(4, "little") + data[at + 4 :]
    with pytest.raises(SourceUnreadable, match="cannot be unpacked"):
        document(lies)


def test_files_broken_at_random_are_refused_or_read_and_never_crash(pandoc_docx):
    whole = document(pandoc_docx).text
    for data in broken(pandoc_docx):
        with suppress(SourceUnreadable, SourceTooLarge):
            assert document(data).text.startswith(whole[:1])
