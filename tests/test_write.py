"""Written answers, with a real endpoint that says what each test tells it to."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from app.answer import REFUSAL, Answer, Answerer
from app.llm import connect
from app.parts import LeftOut, Written
from ingest.errors import QuestionError, SettingsError
from tests.scripted_endpoint import Endless, Endpoint, Raw, Reply, Status, Text, scripted

QUESTION = "How much caffeine a day is considered safe for adults?"
TRUE = (
    "The European Food Safety Authority regards up to 400 milligrams of caffeine "
    "a day as safe for most adults"
)
PIECE = b'data: {"choices": [{"delta": {"content": "The Eur"}}]}\n\n'
CITED = "The European Food Safety Authority regards up to 400 milligrams a day as safe for most adults."


@pytest.fixture(scope="module")
def answerer(sample_library) -> Answerer:
    return Answerer(sample_library)


@contextmanager
def told(answerer: Answerer, *replies: Reply) -> Iterator[Endpoint]:
    with scripted(*replies) as endpoint:
        answerer.model = connect("scripted", endpoint.url)
        try:
            yield endpoint
        finally:
            answerer.model.close()
            answerer.model = None


def asked(answerer: Answerer, text: str, question: str = QUESTION) -> Answer:
    with told(answerer, Text(text)):
        return answerer.answer(question, mode="model")


def check_spans(answerer: Answerer, answer: Answer) -> None:
    """Every marker resolves, every citation is exact, and no other marker is shown."""
    for citation in answer.citations:
        text = answerer.library.document(citation.passage.document_id).text
        assert text[citation.start : citation.end] == citation.cited_text
    markers = {marker for part in answer.parts for marker in part.markers}
    assert markers == {citation.marker for citation in answer.citations} == set(range(1, len(markers) + 1))


def test_a_supported_sentence_is_cited_with_the_span_that_supports_it(answerer):
    answer = asked(answerer, f"{TRUE} [1].")
    check_spans(answerer, answer)
    assert answer.text == f"{TRUE}. [1]"
    assert [c.cited_text for c in answer.citations] == [CITED]
    assert (answer.answered, answer.mode, answer.notice, answer.unsupported) == (True, "scripted", None, ())
    assert {"search", "read", "first_token", "write", "check", "total"} == set(answer.timings)


@pytest.mark.parametrize(
    "marker", ["", " [99]", " [0]", " [5]", " [1][2][3]", " [7-9]", "【3†x】", " [passage 4]"]
)
def test_whatever_marker_the_model_gives_the_span_is_the_right_one(answerer, marker):
    answer = asked(answerer, f"{TRUE}{marker}.")
    check_spans(answerer, answer)
    assert answer.text == f"{TRUE}. [1]"
    assert [c.cited_text for c in answer.citations] == [CITED]


@pytest.mark.parametrize(
    "claim",
    [
        TRUE.replace("400", "600"),
        TRUE.replace("400", "40"),
        TRUE.replace("regards", "does not regard"),
        TRUE.replace("European Food Safety Authority", "World Health Organization"),
        TRUE.replace("milligrams", "grams"),
        TRUE.replace("a day", "a week"),
        TRUE.replace("up to", "no less than"),
        "The European Food Safety Authority says “up to 400 milligrams each day is safe for most adults”",
        "Caffeine was discovered by Marie Curie in Paris",
        "The capital of Peru is Lima",
    ],
)
def test_a_sentence_with_a_changed_fact_is_left_out_and_told_with_a_reason(answerer, claim):
    answer = asked(answerer, f"{TRUE} [1]. {claim} [1].")
    check_spans(answerer, answer)
    assert answer.text == f"{TRUE}. [1]"
    assert [u.text for u in answer.unsupported] == [f"{claim}."]
    assert answer.unsupported[0].reason


def test_where_too_little_is_supported_the_quotations_stand_in_its_place(answerer):
    answer = asked(answerer, "Caffeine is a metal. It melts at 1,200 degrees. Its price rose in 1832.")
    quoted = answerer.answer(QUESTION)
    assert (answer.mode, answer.text, answer.citations) == ("quote", quoted.text, quoted.citations)
    assert len(answer.unsupported) == 3
    assert answer.notice == (
        "The documents do not support what the language model wrote. These are quotations instead."
    )


def test_a_fragment_is_borne_out_only_by_what_answers_the_question(answerer):
    assert asked(answerer, "The answer is: 400 milligrams.").parts[0].text == "The answer is: 400 milligrams."
    wrong = asked(answerer, "The answer is: Angelo Moriondo of Turin.")
    assert wrong.mode == "quote"
    assert [u.text for u in wrong.unsupported] == ["The answer is: Angelo Moriondo of Turin."]


def test_a_model_that_finds_no_answer_is_believed(answerer):
    answer = asked(answerer, "I could not find this in the documents.")
    assert (answer.answered, answer.text, answer.citations, answer.mode) == (False, REFUSAL, (), "scripted")
    assert answer.passages


def test_where_the_reader_finds_no_answer_the_model_is_not_asked(answerer):
    with told(answerer, Text(f"{TRUE}.")) as endpoint:
        answer = answerer.answer("Who won the 1998 World Cup?", mode="model")
        assert (answer.answered, answer.mode, endpoint.asked) == (False, "quote", [])
        answerer.ask_anyway = True
        try:
            anyway = answerer.answer("Who won the 1998 World Cup?", mode="model")
        finally:
            answerer.ask_anyway = False
        assert len(endpoint.asked) == 1
        check_spans(answerer, anyway)


def test_the_same_sentence_again_and_again_ends_the_answer(answerer):
    with told(answerer, Text(f"{TRUE} [1]. " * 50, size=200)):
        answer = answerer.answer(QUESTION, mode="model")
    assert (answer.text, answer.mode) == (f"{TRUE}. [1]", "scripted")
    assert [u.reason for u in answer.unsupported] == ["it was said before"] * 3


@pytest.mark.parametrize(
    ("reply", "says"),
    [
        (Status(500), "500"),
        (Status(429), "no more requests"),
        (Status(401), "key"),
        (Raw(b'data: {"choices": [{"delta": {"content": "The Eur"}}]}\n\n', cut=60), "broke off"),
    ],
)  # fmt: skip
def test_an_endpoint_that_fails_is_told_and_the_quotations_stand_in_its_place(answerer, reply, says):
    with told(answerer, reply):
        answer = answerer.answer(QUESTION, mode="model")
    assert answer.mode == "quote"
    assert answer.text == answerer.answer(QUESTION).text
    assert answer.notice is not None
    assert says in answer.notice
    assert answer.notice.endswith("These are quotations instead.")


def test_an_endpoint_that_is_down_is_told(answerer):
    answerer.model = connect("scripted", "http://127.0.0.1:9/v1")
    try:
        answer = answerer.answer(QUESTION, mode="model")
    finally:
        answerer.model = None
    assert answer.mode == "quote"
    assert answer.notice is not None
    assert "127.0.0.1:9" in answer.notice


def test_what_was_supported_before_the_connection_broke_is_kept(answerer):
    body = "".join(
        f'data: {{"choices": [{{"delta": {{"content": "{piece}"}}}}]}}\n\n'
        for piece in (f"{TRUE}. ", "And then it")
    ).encode()
    with told(answerer, Raw(body, cut=len(body))):
        answer = answerer.answer(QUESTION, mode="model")
    check_spans(answerer, answer)
    assert answer.text.startswith(f"{TRUE}. [1]")
    assert answer.notice is not None
    assert answer.notice.endswith("What was written until then is shown.")


def test_an_endless_answer_ends(answerer):
    with told(answerer, Endless(f"{TRUE}. Coffee comes from mars. ")) as endpoint:
        begun = time.monotonic()
        answer = answerer.answer(QUESTION, mode="model")
        assert time.monotonic() - begun < 60
        assert endpoint.asked[0].left.wait(5)
    check_spans(answerer, answer)


def test_sentences_are_told_as_they_are_checked_and_the_answer_last(answerer):
    with told(
        answerer,
        Text(f"{TRUE} [1]. Coffee is a metal. Caffeine was first isolated in 1819 by Ferdinand Runge."),
    ):
        *events, answer = answerer.stream(QUESTION, mode="model")
    assert [type(event) for event in events] == [Written, LeftOut, Written]
    assert isinstance(answer, Answer)
    assert [event.part for event in events if isinstance(event, Written)] == list(answer.parts)
    assert [c for event in events if isinstance(event, Written) for c in event.citations] == list(
        answer.citations
    )


def test_whoever_leaves_stops_the_model(answerer):
    with told(
        answerer, Text(f"{TRUE} [1]. " + "Coffee grows on Mars. " * 500, size=40, pause=0.02)
    ) as endpoint:
        stream = answerer.stream(QUESTION, mode="model")
        assert isinstance(next(stream), Written)
        stream.close()
        assert endpoint.asked[0].left.wait(2)


def test_follow_ups_are_condensed_by_the_model_and_by_rules_where_it_makes_something_else_of_them(answerer):
    history = [QUESTION]
    with told(
        answerer, Text("And is it safe for adults who drink caffeine at night?"), Text(f"{TRUE}.")
    ) as endpoint:
        answer = answerer.answer("And is it safe at night?", history, mode="model")
        assert answer.asked == "And is it safe for adults who drink caffeine at night?"
        assert [len(request.body["messages"]) for request in endpoint.asked[:1]] == [2]
    with told(answerer, Text("Sure! Here is a poem."), Text(f"{TRUE}.")):
        answer = answerer.answer("And is it safe at night?", history, mode="model")
        assert answer.asked == answerer.answer("And is it safe at night?", history).asked


def test_without_a_model_writing_is_refused_with_what_to_do(answerer):
    with pytest.raises(SettingsError, match="--model"):
        answerer.answer(QUESTION, mode="model")
    with pytest.raises(QuestionError, match="quote and model"):
        answerer.answer(QUESTION, mode="poem")
