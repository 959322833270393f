"""`ingest.passages`, and what must hold for every document in every format."""

import html
import unicodedata
from collections import Counter

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ingest.document import Block, Document, Read, Ref, Span
from ingest.errors import SourceUnreadable
from ingest.normalise import normalise
from ingest.passages import FEWEST_WORDS, LONGEST_SENTENCE, MOST_WORDS, Passage, cut_passages
from ingest.read import read_bytes, read_file
from ingest.read_text import read_text


def laid_out(*blocks: Block) -> Document:
    read = Read(title="T", blocks=blocks)
    return normalise(read, document_id="d", source="s", version="0" * 64, fallback_title="f")


def paragraph(*content: str | Ref) -> Block:
    return Block("paragraph", content)


def sentences(document: Document) -> list[list[str]]:
    """Of each passage."""
    return [[document.text[s.start : s.end] for s in p.sentences] for p in cut_passages(document)]


def words(count: int) -> str:
    """A sentence of so many words."""
    return " ".join(["Word", *["word"] * (count - 2), "end."])


def test_a_question_and_its_answer_are_in_one_passage():
    asked = [f"Q: {words(FEWEST_WORDS)}", "A: No.", "Question 2: Who may?", f"Answer 2: {words(60)}"]
    text = "\n\n".join(["Questions that are asked", *asked, "Q: When does it leave?", "A: At six."])
    document = read_bytes(text.encode(), name="a.txt", source="a.txt")
    assert [p.text.split("\n\n") for p in cut_passages(document)] == [
        asked[:2], asked[2:], ["Q: When does it leave?", "A: At six."],
    ]  # fmt: skip


def test_an_answer_too_long_for_its_question_and_a_note_are_passages_of_their_own():
    asked = paragraph(f"Q: {words(60)}")
    long = cut_passages(laid_out(asked, paragraph(f"A: {words(100)}")))
    assert [p.text[:2] for p in long] == ["Q:", "A:"]
    noted = laid_out(paragraph("Q: Is it", Ref("1"), " so?"), Block("note", ("A: It is.",), label="1"))
    assert [p.kind for p in cut_passages(noted)] == ["body", "footnote"]


TERMS = [
    (["kerf", ": The width of a cut. It is lost."], [["kerf\nThe width of a cut.", "It is lost."]]),
    (["-q", "--quiet", ": Says nothing."], [["-q\n--quiet\nSays nothing."]]),
    (["What is it?", ": A lamp."], [["What is it?", "A lamp."]]),
    (["Q: Its use", ": A: Light."], [["Q: Its use", "A: Light."]]),
    (["kerf", f": {words(60)}", "jig", f": {words(70)}"], [[f"kerf\n{words(60)}"], [f"jig\n{words(70)}"]]),
    ([words(120), f": {words(130)}"], [[words(120), words(130)]]),
    ([words(FEWEST_WORDS + 1), "jig", ": It."], [[words(FEWEST_WORDS + 1), "jig\nIt."]]),
]


@pytest.mark.parametrize(("listed", "expected"), TERMS)
def test_what_defines_a_term_begins_with_it(listed, expected):
    blocks = [Block("item" if s.startswith(": ") else "term", (s.removeprefix(": "),)) for s in listed]
    assert sentences(laid_out(*blocks)) == expected


def test_a_term_that_nothing_defines_is_a_sentence_of_its_own():
    terms = [Block("term", (text,)) for text in ("kerf", "jig")]
    assert sentences(laid_out(*terms, paragraph("It ends here."))) == [["kerf", "jig", "It ends here."]]
    assert sentences(laid_out(paragraph("Two words."), *terms)) == [["Two words.", "kerf", "jig"]]
    noted = laid_out(paragraph("A.", Ref("1")), Block("term", ("jig",)), Block("note", ("N.",), label="1"))
    assert sentences(noted) == [["A.[1]", "jig"], ["N."]]


@pytest.mark.parametrize(
    ("above", "said"),
    [
        ([("Ann Lee", 3), ("ann@lee.org", 4), ("Lamps", 2), ("Oil", 3)], ["Ann Lee", "ann@lee.org"]),
        ([("May 2020", 2), ("The lamp", 1)], ["May 2020"]),
        ([("Part one", 1), ("Lamps", 2), ("Oil", 3)], []),
        ([("Contents", 2), ("1.2. Use", 2), ("Whales", 2), ("Lamps", 2)], []),
    ],
)
def test_what_only_headings_above_the_first_text_say_can_be_cited(above, said):
    blocks = [Block("heading", ("A club",), 5), Block("title", ("The Lamp",)), Block("title", ("A tale",))]
    blocks += [Block("heading", (text,), level) for text, level in above]
    document = laid_out(
        *blocks, paragraph("It gives light."), Block("heading", ("Whales",), 2), paragraph("So.")
    )
    assert sentences(document) == [["A tale", *said], ["It gives light."], ["So."]]
    assert [p.section for p in cut_passages(document)] == ["", above[-1][0], "Whales"]


def test_short_paragraphs_of_a_section_are_joined_and_sections_are_not():
    passages = cut_passages(
        laid_out(
            paragraph("One is."), paragraph("Two is."), Block("heading", ("H",), 2), paragraph("Three is.")
        )
    )
    assert [(p.text, p.section, p.heading) for p in passages] == [
        ("One is.\n\nTwo is.", "", "T"),
        ("Three is.", "H", "T. H"),
    ]
    assert [p.id for p in passages] == ["d:000000000000:0", "d:000000000000:1"]


def test_a_paragraph_that_is_long_enough_stands_alone():
    passages = cut_passages(laid_out(paragraph(words(FEWEST_WORDS)), paragraph(words(FEWEST_WORDS))))
    assert [len(p.text.split()) for p in passages] == [FEWEST_WORDS, FEWEST_WORDS]


def test_a_long_paragraph_is_cut_between_sentences_into_about_equal_parts():
    passages = cut_passages(laid_out(paragraph(" ".join([words(20)] * 8))))
    assert [len(p.sentences) for p in passages] == [4, 4]
    assert all(len(p.text.split()) <= MOST_WORDS for p in passages)


def test_a_footnote_is_a_passage_linked_with_the_body_both_ways():
    body, note, other = cut_passages(
        laid_out(
            paragraph("It is so.", Ref("1"), " And", Ref("1"), Ref("b"), " on."),
            Block("note", ("Because.",), label="1"),
            Block("note", ("Indeed.",), label="b"),
        )
    )
    assert body.text == "It is so.[1] And[1][b] on."
    assert (body.kind, body.label, body.notes) == ("body", None, ("1", "b"))
    assert (note.kind, note.label, note.marked_at, note.text) == ("footnote", "1", (9, 16), "Because.")
    assert (other.label, other.marked_at) == ("b", (19,))


def test_a_note_of_several_paragraphs_is_one_passage():
    passages = cut_passages(
        laid_out(paragraph("x", Ref("1")), *(Block("note", (text,), label="1") for text in ("One.", "Two.")))
    )
    assert [p.text for p in passages] == ["x[1]", "One.\n\nTwo."]


def test_repeated_sentences_each_have_their_own_place():
    (passage,) = cut_passages(laid_out(paragraph("It is so. It is so. It is so.")))
    assert passage.sentences == (Span(0, 9), Span(10, 19), Span(20, 29))


def test_rows_and_code_stay_whole_and_endless_sentences_are_cut_at_a_space():
    (row,) = cut_passages(laid_out(Block("row", ("One. Two. | Three.",))))
    assert len(row.sentences) == 1
    long = "word " * 600
    sentences = [s for p in cut_passages(laid_out(paragraph(long))) for s in p.sentences]
    assert all(s.end - s.start <= LONGEST_SENTENCE for s in sentences)
    assert sum(s.end - s.start for s in sentences) == len(long.strip()) - (len(sentences) - 1)


def test_the_articles_passages_hold_every_body_sentence_once(article_path):
    document = read_file(article_path)
    passages = cut_passages(document)
    assert sum(p.kind == "footnote" for p in passages) == 8
    assert [p.notes for p in passages if p.notes] == [(label,) for label in "12345678"]
    hold(document)


PIECES = st.sampled_from(
    [
        *(
            "It is so. ",
            "It is so. ",
            "Was it? ",
            "“Yes!” she said. ",
            "In 1996 (No. 5).[2] ",
            "The U.S. fell. ",
        ),
        *(
            "[1]",
            " [1] ",
            "[a]",
            "[^1]",
            "[9]",
            "[sic]",
            "e\u0301 ",
            "\u0301",
            "한 ",
            "\u1112\u1161\u11ab ",
            "🧑‍🚀 ",
        ),
        *(
            "\x00",
            "\x1c",
            "\x85",
            "\u2028",
            "\u200b",
            "\ufeff",
            "\xad",
            "\t",
            "\r\n",
            "\r",
            "\n",
            "\n\n",
            "\r\n\r\n",
        ),
        *(
            "    ",
            "# ",
            "* ",
            "> ",
            "1. ",
            "- ",
            "| a | b |\n|---|---|\n",
            "```\n",
            "CHAPTER ONE",
            "A Heading",
        ),
        *("<dl><dt>", "<dt>", "<dd>", "<h2>"),
        *("<b>", "</p>", "&#769;", "&amp;", "<sup>", "平和安全法制。", "Share this", "© 2024", "\ud7ff"),
    ]
)
SOUP = st.lists(st.one_of(PIECES, PIECES, st.text(max_size=12)), min_size=1, max_size=30).map("".join)


def in_text(body: str, note: str) -> str:
    return f"The Title\n\nIt is so.[1] {body} It is so.[2]\n\n[1] {note}\n\n[2] It is so."


def in_markdown(body: str, note: str) -> str:
    return f"# The Title\r\n\r\nIt is so.[^1] {body} So.[^b\u0301]\n\n[^1]: {note}\n\n[^b\u0301]: It is so."


def in_html(body: str, note: str) -> str:
    return (
        f"<h1>The Title</h1><p>It is so.<sup><a href='#n1' id='r1'>1</a></sup> {html.escape(body)}"
        f"<b>e</b>\u0301 [<a href='#n2'>2</a>]</p><div>{body}</div>"
        f"<ol><li id='n1'>{html.escape(note)} <a href='#r1'>^</a></li><li id='n2'>It is so.</li></ol>"
    )


@pytest.mark.parametrize(("suffix", "write"), [("txt", in_text), ("md", in_markdown), ("html", in_html)])
@settings(max_examples=150, deadline=None)
@given(body=SOUP, note=SOUP)
@example(body="It is so. \n\n[1] It is so.\n\n[2] x", note="\n\n    It is so. [2]")
def test_every_span_of_every_document_holds(suffix, write, body, note):
    data = write(body, note).encode("utf-8", "replace")
    try:
        document = read_bytes(data, name=f"d.{suffix}", source="/d")
    except SourceUnreadable as error:
        assert "binary" in str(error) or "no text" in str(error)  # noqa: PT017
        return
    hold(document)
    assert read_bytes(data, name=f"d.{suffix}", source="/d") == document


@settings(max_examples=150, deadline=None)
@given(body=SOUP, note=SOUP)
@example(body="It is so.", note="\n[sic]\n")
@example(body="It is so. ", note="\n\n[a]It is so. ")
def test_no_letter_of_a_plain_text_is_lost(body, note):
    source = in_text(body, note)
    read = read_text(source)
    pieces = [piece for block in read.blocks for piece in block.content]
    kept = "".join(piece if isinstance(piece, str) else piece.label for piece in pieces)
    kept += "".join(block.label or "" for block in read.blocks)  # of a note that no marker names
    letters = Counter(c for c in kept + "".join(read.left_out) if c.isalpha())
    assert Counter(c for c in source if c.isalpha()) <= letters


def hold(document: Document) -> None:
    """The invariants of DESIGN.md that ingest answers for."""
    text = document.text
    assert unicodedata.is_normalized("NFC", text)
    assert "\r" not in text
    assert document.title
    ends = [part.end for part in document.parts]
    assert all(end < part.start for end, part in zip(ends, document.parts[1:], strict=False))
    for span in (*document.parts, *document.sections, *document.footnotes):
        assert 0 <= span.start < span.end <= len(text)
    for note in document.footnotes:
        assert text[: note.start].endswith(f"[{note.label}] ")
        for marker in note.markers:
            assert text[marker.start : marker.end] == f"[{note.label}]"
    hold_passages(document, cut_passages(document))


def hold_passages(document: Document, passages: tuple[Passage, ...]) -> None:
    text = document.text
    before = 0
    for passage in passages:
        assert before <= passage.start < passage.end <= len(text)
        assert text[passage.start : passage.end] == passage.text
        assert (passage.sentences[0].start, passage.sentences[-1].end) == (passage.start, passage.end)
        for sentence in passage.sentences:
            assert before <= sentence.start < sentence.end <= passage.end
            assert text[sentence.start : sentence.end].strip()
            before = sentence.end
    for part in document.parts:
        if part.kind not in ("title", "heading"):
            within = ((max(part.start, s.start), min(part.end, s.end)) for p in passages for s in p.sentences)
            kept = "".join("".join(text[start:end].split()) for start, end in within if start < end)
            assert kept == "".join(text[part.start : part.end].split())
