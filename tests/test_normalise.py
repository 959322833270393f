"""`ingest.normalise`: blocks become one text."""

from ingest.document import Block, Document, Part, Read, Ref, Section, Span
from ingest.normalise import normalise


def laid_out(*blocks: Block, title: str = "") -> Document:
    read = Read(title=title, blocks=blocks)
    return normalise(read, document_id="d", source="s", version="v", fallback_title="file name")


def test_blocks_are_parted_by_blank_lines_and_notes_come_last_with_their_labels():
    document = laid_out(
        Block("title", ("T",)),
        Block("note", ("First.",), label="1"),
        Block("paragraph", ("Body.", Ref("1"), " More.")),
        Block("note", ("Second part.",), label="1"),
    )
    assert document.text == "T\n\nBody.[1] More.\n\n[1] First.\n\nSecond part."
    note = document.footnotes[0]
    assert document.text[note.start : note.end] == "First.\n\nSecond part."
    assert note.markers == (Span(8, 11),)
    assert document.parts[1] == Part(3, 17, "paragraph")


def test_items_terms_and_rows_stand_line_by_line():
    listed = [Block(kind, (kind,)) for kind in ("item", "term", "item", "row", "row")]
    assert laid_out(*listed).text == "item\nterm\nitem\n\nrow\nrow"


def test_white_space_is_folded_and_control_characters_are_gone():
    document = laid_out(Block("paragraph", ("  a\r\n b\t\x00c\u200b\ufeff\u00add\u2028e\xa0f ",)))
    assert document.text == "a b cd e f"


def test_a_line_that_ends_inside_a_word_of_chinese_or_japanese_leaves_no_space():
    document = laid_out(
        Block("paragraph", (" 長い\n 文", "\r\n章が\u2028続く\nand\n한국어\n문장 ", Ref("x"), "\n水"))
    )
    assert document.text == "長い文章が 続く and 한국어 문장 [x] 水"


def test_a_file_name_that_becomes_the_title_is_one_line_and_a_title_is_never_empty():
    read = Read(title="", blocks=(Block("paragraph", ("Text.",)),))
    for name, title in (("a\nb\x1b[0m", "a b[0m"), ("\x07", "d")):
        document = normalise(read, document_id="d", source="s", version="v", fallback_title=name)
        assert document.title == title


def test_code_keeps_its_lines():
    assert laid_out(Block("code", ("if x:\r\n\ty()\n",))).text == "if x:\n    y()"


def test_text_is_composed_across_pieces_but_never_with_a_marker():
    document = laid_out(
        Block("paragraph", ("e", "\u0301x", Ref("1"), "\u0301y")), Block("note", ("n.",), label="1")
    )
    assert document.text.startswith("éx[1]\u0301y")


def test_a_label_is_composed_on_both_sides_of_the_link():
    document = laid_out(Block("paragraph", ("x", Ref("e\u0301"))), Block("note", ("n.",), label="é"))
    assert document.text == "x[é]\n\n[é] n."
    assert document.footnotes[0].markers == (Span(1, 4),)


def test_a_marker_without_a_note_is_text():
    document = laid_out(Block("paragraph", ("x", Ref("9"))))
    assert document.text == "x[9]"
    assert document.footnotes == ()


def test_a_note_that_marks_itself_is_no_marker_and_one_without_markers_is_reported():
    document = laid_out(Block("paragraph", ("x",)), Block("note", ("see ", Ref("1")), label="1"))
    assert document.text == "x\n\n[1] see [1]"
    assert document.footnotes[0].markers == ()
    assert document.warnings == ("note [1] has no marker in the text",)


def test_a_note_that_cites_another_is_one_of_its_markers():
    document = laid_out(
        Block("paragraph", ("x", Ref("1"), Ref("2"))),
        Block("note", ("see ", Ref("2")), label="1"),
        Block("note", ("two",), label="2"),
    )
    assert [document.text[m.start : m.end] for m in document.footnotes[1].markers] == ["[2]", "[2]"]


def test_titles_of_document_and_section_are_without_markers():
    document = laid_out(
        Block("title", ("T", Ref("1"))),
        Block("heading", ("H", Ref("1")), 2),
        Block("paragraph", ("x",)),
        Block("note", ("n",), label="1"),
    )
    assert document.title == "T"
    assert document.sections == (Section(0, 6, "", 0), Section(6, 13, "H", 2))
    assert document.text[:13] == "T[1]\n\nH[1]\n\nx"


def test_the_title_is_the_block_else_the_formats_else_the_files():
    assert laid_out(Block("title", ("A",)), title="B").title == "A"
    assert laid_out(Block("paragraph", ("x",)), title=" B\n").title == "B"
    assert laid_out(Block("paragraph", ("x",))).title == "file name"


def test_pages_end_where_the_next_begins():
    document = laid_out(
        *(Block("paragraph", (text,), page=page) for text, page in (("a", 1), ("b", 1), ("c", 2)))
    )
    assert [(p.start, p.end, p.number) for p in document.pages] == [(0, 6, 1), (6, 7, 2)]


def test_a_page_may_begin_inside_a_block_whatever_its_white_space_and_markers_become():
    content = ("  One\u200b ", Ref("1"), " a.  ", "Two ", "e\u0301.", " ", "Three.")
    document = laid_out(
        Block("paragraph", content, page=4, turns=((3, 5), (6, 6))),
        Block("paragraph", ("Next.",), page=6),
        Block("note", ("Note.",), label="1", page=4),
    )
    assert document.text == "One [1] a. Two é. Three.\n\nNext.\n\n[1] Note."
    found = [(document.text[p.start : p.end], p.number) for p in document.pages]
    assert found[0] == ("One [1] a. ", 4)
    assert found[1:] == [("Two é. ", 5), ("Three.\n\nNext.\n\n[1] ", 6), ("Note.", 4)]
