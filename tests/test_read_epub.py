"""`ingest.read_epub`: books made by pandoc, and by hand where a book needs something special."""

import io
import zipfile
from pathlib import Path

import pytest

from ingest.document import Document
from ingest.errors import SourceTooLarge, SourceUnreadable
from ingest.normalise import normalise
from ingest.read_epub import read
from tests.made import broken, convert

CONTAINER = (
    '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
    '<rootfile full-path="OPS/book.opf" media-type="application/oebps-package+xml"/></rootfiles></container>'
)
LOCK = (
    '<encryption xmlns="urn:oasis:names:tc:opendocument:xmlns:container" xmlns:e="http://www.w3.org/2001/04/xmlenc#">'
    '<e:EncryptedData><e:EncryptionMethod Algorithm="{0}"/><e:CipherData><e:CipherReference URI="{1}"/>'
    "</e:CipherData></e:EncryptedData></encryption>"
)
PROSE = "The road ran on between the dunes, and nobody who took it came back by the same way. "


def book(chapters: dict[str, str], *, extra: dict[str, str] | None = None, **options: str) -> bytes:
    """An EPUB of chapters (file name to what is in its body), in their order. options: title, author,
    guide and manifest, as XML in the package file."""
    items = "".join(
        f'<item id="i{i}" href="text/{file}" media-type="application/xhtml+xml"/>'
        for i, file in enumerate(chapters)
    )
    spine = "".join(f'<itemref idref="i{i}"/>' for i in range(len(chapters)))
    package = (
        '<package xmlns="http://www.idpf.org/2007/opf" version="3.0">'
        '<metadata xmlns:dc="http://purl.org/dc/elements/1.1/">'
        f"{options.get('title', '<dc:title>The Book</dc:title>')}{options.get('author', '')}</metadata>"
        f"<manifest>{items}{options.get('manifest', '')}</manifest>"
        f"<spine>{options.get('spine', spine)}</spine><guide>{options.get('guide', '')}</guide></package>"
    )
    members = {"mimetype": "application/epub+zip", "META-INF/container.xml": CONTAINER}
    members |= {"OPS/book.opf": package} | (extra or {})
    for file, body in chapters.items():
        members[f"OPS/text/{file}"] = (
            '<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml" '
            f'xmlns:epub="http://www.idpf.org/2007/ops"><head><title/></head><body>{body}</body></html>'
        )
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for member, text in members.items():
            archive.writestr(member, text)
    return out.getvalue()


def document(data: bytes) -> Document:
    return normalise(
        read(data, "/a.epub"), document_id="a", source="/a.epub", version="", fallback_title="a file"
    )


def notes(document: Document) -> list[tuple[str, int, str]]:
    return [(n.label, len(n.markers), document.text[n.start : n.end]) for n in document.footnotes]


def test_a_book_by_pandoc_has_its_chapters_and_notes(tmp_path: Path):
    source = tmp_path / "salt.md"
    source.write_text(
        "---\ntitle: The Salt Road\nauthor: [Ann Author, Ben Bell]\n---\n\n# Salt\n\nSalt was money.[^1] It "
        "was law.[^2]\n\n| a | b |\n|---|---|\n| c[^t] | d |\n\n# Roads\n\nThe road went north.[^3]\n\n"
        "[^1]: First.\n\n    More of it.\n\n[^2]: Second.\n\n[^3]: Third.\n\n[^t]: In a table.\n"
    )
    read = document(convert(source, ".epub").read_bytes())
    assert read.title == "The Salt Road"
    assert read.text == (
        "The Salt Road\n\nAnn Author, Ben Bell\n\nSalt\n\nSalt was money.[1] It was law.[2]\n\na | b\n"
        "c[3] | d\n\nRoads\n\nThe road went north.[1′]\n\n[1] First.\n\nMore of it.\n\n[2] Second.\n\n"
        "[3] In a table.\n\n[1′] Third."
    )
    assert [(s.title, s.level) for s in read.sections] == [("", 0), ("Salt", 1), ("Roads", 1)]
    assert [n.label for n in read.footnotes] == ["1", "2", "3", "1′"]
    assert all(len(n.markers) == 1 for n in read.footnotes)
    assert read.left_out == ("The Salt Road Ann Author Ben Bell",)
    assert read.warnings == ()


def test_a_raised_number_that_is_no_marker_does_not_go_on_with_the_number_before_it():
    power = "<p>10<sup>6</sup> saw <math><msup><mi>c</mi><mn>2</mn></msup></math>.{}</p>"
    assert document(book({"c1.xhtml": power.format("")})).text == "The Book\n\n10⁶ saw c^2."
    noted = power.format('<a href="#n1"><sup>1</sup></a>') + '<p id="n1">1. Of 10<sup>3</sup>.</p>'
    assert document(book({"c1.xhtml": noted})).text == "The Book\n\n10⁶ saw c^2.[1]\n\n[1] Of 10³."


def test_notes_in_a_file_of_their_own_are_linked_across_files():
    read = document(
        book(
            {
                "c1.xhtml": '<h1>One</h1><p>A.<a href="notes.xhtml#n1" id="r1">1</a></p>',
                "c2.xhtml": '<h1>Two</h1><p>B.<a href="../text/notes.xhtml#n2" id="r1">1</a></p>',
                "notes.xhtml": '<h1>Notes</h1><h2>One</h2><p id="n1"><a href="c1.xhtml#r1">1.</a> Of one.</p>'
                '<h2>Two</h2><p id="n2"><a href="c2.xhtml#r1">1.</a> Of two.</p>',
            }
        )
    )
    assert read.text == "The Book\n\nOne\n\nA.[1]\n\nTwo\n\nB.[1′]\n\n[1] Of one.\n\n[1′] Of two."
    assert notes(read) == [("1", 1, "Of one."), ("1′", 1, "Of two.")]
    assert read.left_out == ("One", "Two")


@pytest.mark.parametrize(
    ("marker", "printed"),
    [
        (
            '<a epub:type="noteref" href="#x">1</a>',
            '<aside epub:type="footnote" id="x"><p>The note.</p></aside>',
        ),
        (
            '<a role="doc-noteref" href="#x">*</a>',
            '<aside role="doc-footnote" id="x" hidden="hidden"><p>* The note.</p></aside>',
        ),
        (
            '<sup><a href="#x" id="r">1</a></sup>',
            '<section epub:type="rearnotes"><ol><li epub:type="rearnote" id="x"><p>The note. '
            '<a href="#r" role="doc-backlink">back</a></p></li></ol></section>',
        ),
        (
            '<a href="#x" id="r"><sup>1</sup></a>',
            '<div class="footnote"><p><a id="x"/><a href="#r">1</a> The note.</p></div>',
        ),
    ],
)
def test_notes_in_the_chapter_are_linked_in_every_usual_style(marker, printed):
    read = document(book({"c.xhtml": f"<h1>C</h1><p>A.{marker}</p>{printed}<p>End.</p>"}))
    label = "*" if "*" in marker else "1"
    assert read.text == f"The Book\n\nC\n\nA.[{label}]\n\nEnd.\n\n[{label}] The note."
    assert notes(read) == [(label, 1, "The note.")]


def test_a_marker_without_a_note_and_a_note_without_a_marker_are_kept_and_reported():
    read = document(
        book(
            {
                "c.xhtml": '<h1>C</h1><p>A.<a epub:type="noteref" href="#gone">7</a></p>'
                '<aside epub:type="footnote" id="n"><p>3. Nobody asks.</p></aside>'
            }
        )
    )
    assert read.text == "The Book\n\nC\n\nA.7\n\n[3] Nobody asks."
    assert read.warnings == ("marker [7] has no note", "note [3] has no marker in the text")


def test_the_contents_of_an_epub_2_may_name_their_document_type():
    contents = (
        '<?xml version="1.0"?><!DOCTYPE ncx PUBLIC "-//NISO//DTD ncx 2005-1//EN"\n'
        '"http://www.daisy.org/z3986/2005/ncx-2005-1.dtd"><ncx><navMap><navPoint><navLabel><text>Dunes</text>'
        '</navLabel><content src="text/a.xhtml"/></navPoint></navMap></ncx>'
    )
    item = '<item id="n" href="toc.ncx" media-type="application/x-dtbncx+xml"/>'
    read = document(book({"a.xhtml": f"<p>{PROSE}</p>"}, manifest=item, extra={"OPS/toc.ncx": contents}))
    assert read.text == f"The Book\n\nDunes\n\n{PROSE.strip()}"


def test_numbers_that_a_book_prints_at_its_paragraphs_are_left_out_and_told():
    numbered = "".join(
        f'<div><label class="n"><a href="#p{n}">{n}</a></label>\n<p id="p{n}">{words}</p></div>'
        for n, words in ((14, "Salt was money."), (15, "The year was <a href='#p14'>14</a>."))
    )
    read = document(book({"a.xhtml": f"<h1>Salt</h1>{numbered}"}))
    assert read.text == "The Book\n\nSalt\n\nSalt was money.\n\nThe year was 14."
    assert read.left_out == ("14 15",)


def test_what_a_readers_program_may_show_is_text_however_it_is_styled():
    chapter = f'<p style="display: none">The answer.</p><p>{PROSE}</p>'
    assert document(book({"a.xhtml": chapter})).text.endswith(f"The answer.\n\n{PROSE.strip()}")


def test_a_chapters_navigation_is_left_out_however_short_the_chapter_is():
    around = (
        '<div role="navigation"><h3>Navigation</h3><ul><li>next</li><li>The Salt Road, a book</li></ul></div>'
    )
    read = document(book({"a.xhtml": f"{around}<h1>Salt</h1><p>It was money.</p>{around}"}))
    assert read.text == "The Book\n\nSalt\n\nIt was money."
    assert read.left_out == ("Navigation next The Salt Road, a book Navigation next The Salt Road, a book",)


def test_a_chapter_without_a_heading_has_its_title_from_the_contents():
    nav = '<nav epub:type="toc"><ol><li><a href="text/c1.xhtml">The First</a></li></ol></nav>'
    ncx = (
        '<ncx xmlns="http://www.daisy.org/z3986/2005/ncx/"><navMap><navPoint><navLabel><text>The\nFirst</text>'
        '</navLabel><content src="text/c1.xhtml#top"/></navPoint></navMap></ncx>'
    )
    for file, text, kind in (
        ("nav.xhtml", nav, 'media-type="application/xhtml+xml" properties="nav"'),
        ("toc.ncx", ncx, 'media-type="application/x-dtbncx+xml"'),
    ):
        read = document(
            book(
                {"c1.xhtml": "<p>Words.</p>", "c2.xhtml": "<p>They go on.</p>"},
                manifest=f'<item id="toc" href="{file}" {kind}/>',
                extra={f"OPS/{file}": text},
            )
        )
        assert [s.title for s in read.sections] == ["", "The First"]
        assert read.text == "The Book\n\nThe First\n\nWords.\n\nThey go on."


def test_a_chapters_printed_title_is_its_heading_and_not_said_twice():
    nav = '<nav epub:type="toc"><ol><li><a href="text/c1.xhtml">The First</a></li></ol></nav>'
    item = '<item id="toc" href="nav.xhtml" media-type="application/xhtml+xml" properties="nav"/>'
    read = document(
        book({"c1.xhtml": "<p>THE FIRST</p><p>Words.</p>"}, manifest=item, extra={"OPS/nav.xhtml": nav})
    )
    assert read.text == "The Book\n\nTHE FIRST\n\nWords."
    assert [s.title for s in read.sections] == ["", "THE FIRST"]


def test_what_stands_around_the_text_is_left_out_and_reported():
    read = document(
        book(
            {
                "p1.xhtml": "<p>Front</p>",
                "copyright.xhtml": "<p>© 2020 Me. All rights reserved.</p>",
                "p3.xhtml": '<ol><li><a href="c1.xhtml">One</a></li><li><a href="c2.xhtml">Two</a></li>'
                '<li><a href="c2.xhtml#x">Three</a></li></ol>',
                "p4.xhtml": '<section epub:type="titlepage"><h1>The Book</h1></section>',
                "c1.xhtml": f"<h1>One</h1><p>Wo<span epub:type='pagebreak'>12</span>rds.</p><p>{PROSE}</p>",
                "c2.xhtml": "<h1>Two</h1><p id='x'>More.</p><footer><p>Signed, Ann</p></footer>",
            },
            guide='<reference type="cover" href="text/p1.xhtml"/>',
        )
    )
    assert read.text == f"The Book\n\nOne\n\nWords.\n\n{PROSE.strip()}\n\nTwo\n\nMore.\n\nSigned, Ann"
    assert read.left_out == ("Front", "© 2020 Me. All rights reserved.", "One Two Three", "The Book", "12")


def test_a_long_chapter_is_text_whatever_its_file_is_called():
    assert "The road" in document(book({"contents.xhtml": f"<h1>C</h1><p>{PROSE * 90}</p>"})).text


def test_a_book_without_a_title_has_its_first_heading_for_one():
    for title in ("", "<dc:title> </dc:title>", "<dc:title>UNTITLED</dc:title>"):
        read = document(
            book({"c.xhtml": "<h1>Head</h1><p>Words.</p>", "d.xhtml": "<h1>D</h1><p>x</p>"}, title=title)
        )
        assert read.title == "Head"
        assert read.text == "Head\n\nWords.\n\nD\n\nx"


def test_the_title_is_not_said_again_by_the_first_chapter():
    assert document(book({"c.xhtml": "<h1>The book</h1><p>Words.</p>"})).text == "The book\n\nWords."


def test_addresses_that_lead_out_of_the_archive_are_not_followed():
    items = (
        '<item id="a" href="../../../../etc/passwd"/><item id="b" href="/etc/passwd"/>'
        '<item id="c" href="file:///etc/passwd"/><item id="d" href="http://127.0.0.1/x"/>'
    )
    spine = "".join(f'<itemref idref="{i}"/>' for i in ("a", "b", "c", "d", "nobody", "i0", "i0"))
    read = document(book({"c.xhtml": "<p>Words.</p>"}, manifest=items, spine=spine))
    assert read.text == "The Book\n\nWords."
    assert read.warnings == tuple(
        f"a chapter ({i}) has no file in the book, and is left out" for i in ("a", "b", "c", "d", "nobody")
    )


def test_a_chapter_that_is_missing_is_reported_and_the_others_are_read():
    spine = '<itemref idref="gone"/><itemref idref="i0"/>'
    read = document(
        book({"c.xhtml": "<p>Words.</p>"}, manifest='<item id="gone" href="text/x.xhtml"/>', spine=spine)
    )
    assert read.text == "The Book\n\nWords."
    assert len(read.warnings) == 1
    assert "OPS/text/x.xhtml" in read.warnings[0]


def test_a_chapter_that_swallows_the_next_ones_is_reported():
    read = document(book({"c.xhtml": "<p>Words.</p><plaintext>", "d.xhtml": "<p>Lost.</p>"}))
    assert read.text.startswith("The Book\n\nWords.")
    assert "Lost." in read.text or "a chapter is left out: OPS/text/d.xhtml cannot be parsed" in read.warnings


def test_a_locked_book_says_so_and_scrambled_fonts_are_no_lock():
    chapters = {"c.xhtml": "<p>Words.</p>"}
    lock = LOCK.format("http://www.w3.org/2001/04/xmlenc#aes256-cbc", "OPS/text/c.xhtml")
    with pytest.raises(SourceUnreadable, match=r"/a\.epub is locked by its seller \(DRM\)"):
        document(book(chapters, extra={"META-INF/encryption.xml": lock}))
    fonts = LOCK.format("http://www.idpf.org/2008/embedding", "OPS/font.otf")
    assert document(book(chapters, extra={"META-INF/encryption.xml": fonts})).text == "The Book\n\nWords."


def test_entities_in_the_package_file_are_refused():
    bomb = '<!DOCTYPE p [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><package>&b;</package>'
    with pytest.raises(SourceUnreadable, match="entities"):
        document(book({"c.xhtml": "<p>Words.</p>"}, extra={"OPS/book.opf": bomb}))


def test_too_much_text_is_refused(monkeypatch):
    monkeypatch.setattr("ingest.read_epub.MOST_MARKUP", 1000)
    with pytest.raises(SourceTooLarge, match="MB of text; split it"):
        document(book({"c.xhtml": f"<p>{PROSE * 20}</p>"}))


def test_what_is_no_book_is_refused_with_a_reason():
    with pytest.raises(SourceUnreadable, match="zip"):
        document(b"Just words.")
    empty = io.BytesIO()
    with zipfile.ZipFile(empty, "w") as archive:
        archive.writestr("a.txt", "x")
    with pytest.raises(SourceUnreadable, match=r"META-INF/container\.xml"):
        document(empty.getvalue())


def test_broken_books_are_read_or_refused():
    whole = book({"c.xhtml": '<h1>C</h1><p>A.<a epub:type="noteref" href="#n">1</a></p><p id="n">1. N.</p>'})
    for data in broken(whole):
        try:
            document(data)
        except (SourceUnreadable, SourceTooLarge) as error:
            message = str(error)
            assert message.startswith("/a.epub")
