"""What a model writes becomes sentences, however its pieces are cut."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.llm.sentences import Sentence, sentences

PROSE = (
    "The command was set up in 1957 [2]. It moved south, as Dr. Kim of the U.S. Army wrote [1][3]. "
    "Nothing was said since."
)


def told(text: str, size: int = 1) -> list[tuple[str, tuple[int, ...]]]:
    pieces = [text[i : i + size] for i in range(0, len(text), size)]
    return [(s.text, s.markers) for s in sentences(pieces)]


@pytest.mark.parametrize("size", [1, 3, 7, 40, 1000])
def test_sentences_are_the_same_however_the_pieces_are_cut(size):
    assert told(PROSE, size) == [
        ("The command was set up in 1957.", (2,)),
        ("It moved south, as Dr. Kim of the U.S. Army wrote.", (1, 3)),
        ("Nothing was said since.", ()),
    ]


@pytest.mark.parametrize(
    ("written", "text", "markers"),
    [
        ("It opened in 1957. [2]", "It opened in 1957.", (2,)),
        ("It opened in 1957.[2] [4]", "It opened in 1957.", (2, 4)),
        ("It opened [1, 3] in 1957.", "It opened in 1957.", (1, 3)),
        ("It opened in 1957 [1-3].", "It opened in 1957.", (1, 2, 3)),
        ("It opened in 1957 [1 and 3].", "It opened in 1957.", (1, 3)),
        ("It opened in 1957 [Passage 2].", "It opened in 1957.", (2,)),
        ("It opened in 1957 [^7].", "It opened in 1957.", (7,)),
        ("It opened in 1957【4†source】.", "It opened in 1957.", (4,)),
        ("It opened in 1957 [99].", "It opened in 1957.", (99,)),
        ("It opened in 1957 [1-9999999999].", "It opened in 1957.", (1,)),
        ("It opened in 1957 [2][2].", "It opened in 1957.", (2,)),
        ("- It **opened** in `1957` [2].", "It opened in 1957.", (2,)),
        ("## 3. It opened in 1957 [2].", "It opened in 1957.", (2,)),
        ("It opened in [sic] 1957.", "It opened in [sic] 1957.", ()),
    ],
)
def test_markers_and_markdown_are_taken_out_of_the_text(written, text, markers):
    assert told(written) == [(text, markers)]


def test_markers_on_a_line_of_their_own_belong_to_the_sentence_before():
    assert told("It opened in 1957.\n[2]\nIt closed in 1960.\n") == [
        ("It opened in 1957.", (2,)),
        ("It closed in 1960.", ()),
    ]


def test_a_line_begins_a_paragraph_and_the_next_sentence_of_it_does_not():
    lines = "One thing is here. Another thing too.\n\n- A third thing."
    assert [s.begins for s in sentences([lines])] == [True, False, True]
    assert [s.begins for s in sentences(list(lines))] == [True, False, True]


def test_a_sentence_is_told_as_soon_as_the_next_one_has_begun():
    arrived: list[str] = []

    def pieces():
        for piece in ("It opened in 1957. [2]", " It closed", " in 1960."):
            arrived.append(piece)
            yield piece

    first = next(sentences(pieces()))
    assert first == Sentence("It opened in 1957.", (2,), True)
    assert len(arrived) == 2


def test_what_never_ends_is_cut_and_not_kept_waiting():
    def endless():
        while True:
            yield "and on "

    first = next(sentences(endless()))
    assert 1990 <= len(first.text) <= 2010


@pytest.mark.parametrize("written", ["", " \n ", "[1]", "[1] [2]\n", "…", "---", "**"])
def test_what_says_nothing_is_no_sentence(written):
    assert told(written) == []


@given(st.text(alphabet="ab .!?\n[]12-*", max_size=80), st.integers(1, 9))
def test_no_letter_is_lost_and_no_marker_stays(written, size):
    found = told(written, size)
    letters = "".join(c for c in written if c in "ab")
    assert "".join(c for text, _ in found for c in text if c in "ab") == letters
    assert not any("[1]" in text or "[2]" in text for text, _ in found)


def test_numbered_lines_lose_their_numbers_and_nothing_else():
    assert told("There are two:\n1. It opened in 1957.\n2. It closed in 1960 [3].") == [
        ("There are two:", ()),
        ("It opened in 1957.", ()),
        ("It closed in 1960.", (3,)),
    ]
    assert told("The year was 1957.") == [("The year was 1957.", ())]
