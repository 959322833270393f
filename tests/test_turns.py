import pytest

from app.answer import Answerer
from app.chat.turns import checked, turn_of
from index.library import Library
from ingest.errors import QuestionError
from ingest.read import read_bytes

TEXT = (
    "# The harbour\n\nThe lighthouse of Cape Marrow was finished in 1871.[^1] It has a red lamp.\n\n"
    "[^1]: The masons came from Ost, and there were eleven of them 🗼.\n"
)


@pytest.fixture
def answerer(library: Library) -> Answerer:
    library.add(read_bytes(TEXT.encode(), name="harbour.md", source="harbour.md"))
    return Answerer(library)


def test_a_card_has_the_quotation_its_surroundings_and_its_version(answerer: Answerer):
    answer = answerer.answer("When was the lighthouse of Cape Marrow finished?")
    turn = turn_of(answer, answerer.library.catalog)
    document = answerer.library.document(answer.citations[0].passage.document_id)
    (card,) = turn["cards"]
    assert card["quoted"] == document.text[card["start"] : card["end"]]
    assert document.text.startswith(
        card["before"] + card["quoted"] + card["after"], card["start"] - len(card["before"])
    )
    assert (card["version"], card["marker"], card["kind"]) == (document.version, 1, "body")
    a, b = card["short"]
    assert card["quoted"][a:b] == turn["short"] == "1871"
    assert turn["parts"] == [
        {"text": "“The lighthouse of Cape Marrow was finished in 1871.”", "markers": [1], "begins": True}
    ]


def test_a_card_of_a_footnote_names_the_sentence_that_refers_to_it(answerer: Answerer):
    answer = answerer.answer("Where did the masons come from?")
    card = turn_of(answer, answerer.library.catalog)["cards"][0]
    assert (card["kind"], card["footnote"]) == ("footnote", "1")
    assert card["referring"] == "The lighthouse of Cape Marrow was finished in 1871."


def test_a_refusal_has_the_nearest_passages_as_cards(answerer: Answerer):
    turn = turn_of(answerer.answer("Which hormone regulates blood sugar?"), answerer.library.catalog)
    assert (turn["answered"], turn["parts"], turn["short"]) == (False, [], None)
    assert [card["marker"] for card in turn["cards"]] == [None] * len(turn["cards"])
    assert turn["cards"]


def test_a_turn_that_comes_back_from_a_browser_is_taken(answerer: Answerer):
    turn = turn_of(answerer.answer("When was the lighthouse finished?"), answerer.library.catalog)
    assert checked(turn) is turn


@pytest.mark.parametrize(
    "turn",
    [
        None, [], "turn", {}, {"question": 1}, {"question": "a", "answer": "b", "answered": 1},
        {"question": "a", "answer": "b", "answered": True, "citations": [], "passages": [{}]},
        {"question": "a", "answer": "b", "answered": True, "citations": ["x"], "passages": []},
    ],
)  # fmt: skip
def test_what_is_no_turn_is_refused(turn: object):
    with pytest.raises(QuestionError, match="no answer of Cited"):
        checked(turn)
