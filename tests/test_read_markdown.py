"""`ingest.read_markdown`."""

from pathlib import Path

import pytest

from ingest.document import Document
from ingest.read import read_bytes, read_file

SAMPLE = Path(__file__).parent.parent / "ingest" / "samples" / "coffee.md"


def read(text: str) -> Document:
    return read_bytes(text.encode(), name="a-file.md", source="/a-file.md")


def parts(document: Document) -> list[tuple[str, str]]:
    return [(part.kind, document.text[part.start : part.end]) for part in document.parts]


def notes(document: Document) -> list[tuple[str, int, str]]:
    return [(n.label, len(n.markers), document.text[n.start : n.end]) for n in document.footnotes]


def test_the_sample_has_named_inline_and_repeated_notes():
    document = read_file(SAMPLE)
    assert document.title == "Coffee: The Seed That Had to Be Burnt"
    assert len(document.footnotes) == 16
    assert {n.label: len(n.markers) for n in document.footnotes} | {"1": 2, "inline-1": 1} == {
        n.label: 2 if n.label == "1" else 1 for n in document.footnotes
    }
    assert sum(part.kind == "row" for part in document.parts) == 5
    assert sum(part.kind == "item" for part in document.parts) == 3
    assert "Arabic qahwa[inline-1] became" in document.text
    assert document.warnings == ()


def test_markup_goes_and_its_text_stays():
    document = read("# T\n\n*a* **b** `c` ~~d~~ [e](http://x) ![f](g.png) &amp; \\*h\\*  \ni\nj <b>k</b>\n")
    assert parts(document)[1] == ("paragraph", "a b c d e f & *h* i j k")


def test_named_inline_repeated_and_unmarked_notes_are_notes():
    document = read(
        "Body.[^a] In^[Line *note*.] and[^a].\n\n[^a]: One.\n\n    Two [^b].\n\n[^b]: Three.\n[^c]: None.\n"
    )
    assert document.text.startswith("Body.[a] In[inline-1] and[a].\n\n[a] One.\n\nTwo [b].\n\n[b] Three.")
    assert sorted(notes(document)) == [
        ("a", 2, "One.\n\nTwo [b]."),
        ("b", 1, "Three."),
        ("c", 0, "None."),
        ("inline-1", 1, "Line note."),
    ]
    assert document.warnings == ("note [c] has no marker in the text",)


def test_a_marker_without_a_note_stays_text():
    assert read("Body[^x] and [1] here.").text == "Body[^x] and [1] here."


def test_a_note_defined_again_is_another_note():
    document = read("# A\n\nA.[^1]\n\n[^1]: One, see [^2].\n[^2]: Two.\n\n# B\n\nB.[^1]\n\n[^1]: Of B.\n")
    assert "B.[1′]" in document.text
    assert notes(document) == [("1", 1, "One, see [2]."), ("2", 1, "Two."), ("1′", 1, "Of B.")]


def test_notes_nest_and_hold_lists_and_tables():
    document = read(
        "A.[^1] B^[in [^2] and ^[deep]].\n\n[^1]: One^[inner].\n\n    - a\n\n    | x | y |\n    |---|---|\n\n"
        "[^2]: Two.\n"
    )
    assert sorted(notes(document)) == [
        ("1", 1, "One[inline-2].\n\na\n\nx | y"),
        ("2", 1, "Two."),
        ("inline-1", 1, "in [2] and [inline-3]"),
        ("inline-2", 1, "inner"),
        ("inline-3", 1, "deep"),
    ]


def test_a_marker_without_a_note_is_reported():
    document = read("A.[^1] B.[^9] `[^8]`\n\n[^1]: One.\n")
    assert document.text.startswith("A.[1] B.[^9] [^8]")
    assert document.warnings == ("marker [9] has no note",)


def test_superscripts_and_a_numbered_list_of_notes_are_linked():
    document = read(
        "# A\n\nA.<sup>1</sup> B.<sup>2</sup> C.<sup>th</sup>\n\n## Notes\n\n1. One.\n\n   More.\n2. Two.\n"
    )
    assert document.text == "A\n\nA.[1] B.[2] C.th\n\n[1] One.\n\nMore.\n\n[2] Two."


def test_numbered_notes_have_the_numbers_that_are_typed():
    found = read("One.[1] Three.[3] Four.[4]\n\n## Notes\n\n1. First.\n3. Third.\n4. Fourth.\n")
    assert notes(found) == [("3", 1, "Third."), ("4", 1, "Fourth.")]


def test_notes_in_plain_print_are_linked_where_there_are_no_others():
    document = read("# T\n\nBody.[1] More.[2]\n\n## Notes\n\n[1] One.\n\n[2] Two.\n")
    assert document.text == "T\n\nBody.[1] More.[2]\n\n[1] One.\n\n[2] Two."
    assert notes(document) == [("1", 1, "One."), ("2", 1, "Two.")]


def test_front_matter_gives_the_title_and_is_reported():
    document = read('---\r\ntitle: "The Front: Matter"\r\ntags: x\r\n---\r\n\r\nBody.\r\n')
    assert document.title == "The Front: Matter"
    assert document.text == "Body."
    assert document.left_out == ('title: "The Front: Matter"\ntags: x',)


def test_lists_quotes_tables_and_code_keep_their_kind():
    document = read(
        "- a\n  - b\n\n> c\n\n| d | e |\n|---|---|\n| f[^1] | g |\n\n```py\nh:\n  i\n```\n\n[^1]: N.\n"
    )
    assert parts(document) == [
        ("item", "a"),
        ("item", "b"),
        ("quote", "c"),
        ("row", "d | e"),
        ("row", "f[1] | g"),
        ("code", "h:\n  i"),
        ("note", "N."),
    ]


@pytest.mark.parametrize(
    ("text", "items"),
    [
        ("4. a\n4. b\n   1) c\n   2) d\n5. e\n", "4. a/5. b/1) c/2) d/6. e"),
        ("1. a\n3. b\n4. c\n", "1. a/3. b/4. c"),
        ("1. a\n1. b\n1. c\n7. d\n", "1. a/2. b/3. c/7. d"),
        ("1. a\n2. b\n2. c\n3. d\n", "1. a/2. b/3. c/4. d"),
        ("0. a\n\n   b\n1. c\n", "0. a/b/1. c"),
        ("1. - a\n2. > b\n3. ```\n   c\n   ```\n   d\n4. <!-- -->\n5. e\n", "1. a/2. b/c/d/5. e"),
        ("1. | a |\n   | - |\n   | b |\n\n   c\n2. d\n\n   | e |\n   | - |\n", "1. a/b/c/2. d/e"),
        ("1. |  |  |\n   |--|--|\n   | a | b |\n", "1. a | b"),
        ("1. 1. a\n", "1. 1. a"),
        ("1. [1] a\n2. (b) c\n- d\n", "[1] a/2. (b) c/d"),
    ],
)
def test_items_of_ordered_lists_have_their_numbers(text, items):
    assert "/".join(words for _, words in parts(read(text))) == items


def test_only_a_leading_heading_of_level_1_is_the_title():
    assert [kind for kind, _ in parts(read("# A\n\nx\n\n# B\n\ny"))] == [
        "title",
        "paragraph",
        "heading",
        "paragraph",
    ]
    assert read("## A\n\nx").title == "a file"


@pytest.mark.parametrize(
    "front", ['---\ntitle: "On Lamps"\n---\n', '+++\ntitle = "On Lamps"\ndraft = false\n+++\n']
)
def test_the_title_in_the_front_matter_leaves_the_first_heading_a_section(front):
    document = read(f"{front}\n# Introduction\n\nLit in 1867.\n\n# Methods\n\nStone.\n")
    assert document.title == "On Lamps"
    assert [(s.title, s.level) for s in document.sections] == [("Introduction", 1), ("Methods", 1)]
    assert document.text.startswith("Introduction\n\nLit")
    assert "On Lamps" in document.left_out[0]


def test_a_first_heading_that_says_the_title_once_more_is_the_title():
    document = read("---\ntitle: On Lamps\n---\n\n# On lamps\n\nLit.\n\n# Methods\n\nStone.\n")
    assert document.title == "On lamps"
    assert [s.title for s in document.sections] == ["", "Methods"]


def test_a_raised_number_that_is_no_marker_does_not_go_on_with_the_number_before_it():
    raised = "Built in 1743<sup>1</sup>, 10<sup>6</sup> saw it, 5 km<sup>2</sup>."
    assert read(f"Text.\n\n{raised}\n").text == "Text.\n\nBuilt in 1743¹, 10⁶ saw it, 5 km2."
    noted = read(f"Text.[^1] {raised}\n\n[^1]: Of 10<sup>3</sup>.\n")
    assert noted.text == "Text.[1] Built in 1743¹, 10⁶ saw it, 5 km2.\n\n[1] Of 10³."


def test_a_full_line_of_chinese_or_japanese_breaks_no_word_but_one_of_korean_or_english_does():
    document = read("# T\n\n長い文\n章が**続\nく**。\n**그는** 문장\n이 one\ntwo 春は  \n曙。\n")
    assert parts(document)[1] == ("paragraph", "長い文章が続く。 그는 문장 이 one two 春は 曙。")


def test_a_block_of_html_is_read_as_html():
    document = read(
        "# T\n\n<div>\n<p>a &lt; <b>b</b></p>\n<script>alert(1)</script>\n</div>\n\n<!-- no -->\n"
    )
    assert parts(document)[1:] == [("paragraph", "a < b")]


def test_what_looks_like_markup_in_text_is_text():
    assert read("5 < 6 and `<script>` and 7 > 3.").text == "5 < 6 and <script> and 7 > 3."


def test_what_is_nested_too_deep_is_reported():
    document = read("Words.\n\n" + "> " * 100 + "deep\n")
    assert document.warnings == ("what is nested more than 60 deep is left out",)
    assert "deep" in read("Words.\n\n" + "> " * 30 + "deep\n").text


@pytest.mark.timeout(60)  # what a file is given
@pytest.mark.parametrize("unit", ["^[a", "[", "![", "[^a"])
def test_a_megabyte_of_open_brackets_is_read_in_time(unit):
    assert read(unit * 250_000).text == unit * 250_000


@pytest.mark.heavy
@pytest.mark.timeout(60)
def test_thousands_of_notes_of_one_label_are_read_in_time():
    document = read("x[^1]\n\n[^1]: a\n\ny\n\n" * 20_000)
    assert [len(note.markers) for note in document.footnotes] == [1] * 20_000


def test_a_bracket_that_nothing_closes_is_text_and_one_before_it_a_link():
    assert read("A [link](to) and ^[a note] and ![pic](p) [^then ^[ ![ [x").text == (
        "A link and [inline-1] and pic [^then ^[ ![ [x\n\n[inline-1] a note"
    )
