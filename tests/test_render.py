"""What the page shows: every word of a document is text, every marker comes from a citation."""

from app.answer import Answer
from app.chat.render import card_id, documents_table, literally, message, panel
from app.cite import cite
from index.search import Hit
from ingest.document import Span
from ingest.passages import Passage

EVIL = '<script>alert(1)</script> [1](http://x.y) **bold** is "here".'


def answer(text: str, short: Span | None = None) -> Answer:
    sentence = Span(10, 10 + len(text))
    passage = Passage("d:v:0", "d", 0, "body", 10, 10 + len(text), (sentence,), text, "<Title>", "A & B")
    citation = cite(passage, sentence, 1, 0, 0.9, short)
    return Answer(
        "<q>?", "<q>?", f"“{text}” [1]", True, 0.9, (citation,), (Hit(passage, 1.0, 0.5),), "quote", {}
    )


def test_markup_in_a_document_is_shown_and_not_obeyed():
    shown = message(answer(EVIL), 1)
    assert "<script>" not in shown
    assert "**bold**" not in shown
    assert shown.count("](") == 1
    html = panel([answer(EVIL)])
    assert "<script>" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    assert "&lt;Title&gt;" in html
    assert "A &amp; B" in html
    assert "&lt;q&gt;?" in html


def test_a_marker_links_to_the_card_of_its_citation():
    assert "[1](#cite-3-1)" in message(answer("A fact."), 3)
    assert f'id="{card_id(1, 1)}"' in panel([answer("A fact.")])


def test_the_quote_is_marked_and_the_short_answer_more_strongly():
    assert "<mark>A <strong>fact</strong>.</mark>" in panel([answer("A fact.", Span(12, 16))])
    assert message(answer("A fact.", Span(12, 16)), 1).startswith("**Fact**")


def test_a_refusal_shows_the_nearest_passages():
    found = answer("A fact.")
    refusal = Answer(
        "q", "q", "I could not find this in the documents.", False, 0.1, (), found.passages, "quote", {}
    )
    assert "Nearest passages" in panel([refusal])
    assert "A fact." in panel([refusal])
    assert "](" not in message(refusal, 1)


def test_only_the_newest_answer_stands_open():
    html = panel([answer("One."), answer("Two.")])
    assert html.index("Two.") < html.index("One.")
    assert html.count("<details") == 2
    assert html.count(" open>") == 1


def test_ordinary_text_is_left_as_it_is():
    assert literally("It cost £5, two-thirds of “it”; why?") == "It cost £5, two-thirds of “it”; why?"
    assert literally("1. x") == "&#49;. x"
    assert literally("http://a.b www.c.d") == "http&#58;//a.b www&#46;c.d"


def test_an_empty_library_says_what_to_do():
    assert "Add a text, HTML, PDF, Word or EPUB file" in documents_table([])
