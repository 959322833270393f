"""What is quoted, and when Cited refuses: by hand-made judgements."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from app.reader.choose import Decision, choose
from app.reader.judge import FEATURES, Judged, whole_words
from ingest.document import Span
from ingest.errors import ModelError
from ingest.passages import Passage

TEXT = "One fact. Two facts. Three facts."
SENTENCES = (Span(100, 109), Span(110, 120), Span(121, 133))
DECISION = Decision(
    weights=(1.0,) + (0.0,) * (len(FEATURES) - 1),
    bias=0.0,
    threshold=0.5,
    share=0.5,
    share_several=0.2,
    short=0.0,
)


def passage(document: str = "d") -> Passage:
    return Passage(f"{document}:v:0", document, 0, "body", 100, 133, SENTENCES, TEXT, "Title", "")


def judged(
    i: int, logit: float, document: str = "d", short: Span | None = None, score: float = 1.0
) -> Judged:
    features = (logit,) + (0.0,) * (len(FEATURES) - 1)
    return Judged(passage(document), SENTENCES[i], features, short, score)


def test_the_probability_is_the_logistic_of_the_weighted_features():
    assert DECISION.probability(judged(0, 0.0)) == 0.5
    assert DECISION.probability(judged(0, 1.0)) == pytest.approx(0.7310586)


def test_nothing_is_quoted_below_the_threshold_and_the_confidence_is_still_told():
    # probabilities 0.3775407 and 0.1192029: 1 - 0.6224593 * 0.8807971
    choice = choose([judged(0, -0.5), judged(1, -2.0)], DECISION)
    assert choice.quotes == ()
    assert choice.confidence == pytest.approx(0.4517397)


def test_no_sentence_at_all_is_a_refusal_with_no_confidence():
    assert choose([], DECISION).confidence == 0.0


def test_a_further_sentence_is_quoted_when_its_odds_reach_the_share_of_the_best():
    # odds e^2 = 7.39, e^1.4 = 4.06 (0.55 of it), e^1.2 = 3.32 (0.45 of it)
    assert len(choose([judged(0, 2.0), judged(2, 1.4)], DECISION).quotes) == 2
    assert len(choose([judged(0, 2.0), judged(2, 1.2)], DECISION).quotes) == 1


def test_a_question_for_several_things_gets_more_sentences():
    # odds e^2 = 7.39, e^0.6 = 1.82 (0.25 of it): above the share for several, below the other
    both = [judged(0, 2.0), judged(2, 0.6)]
    assert len(choose(both, DECISION).quotes) == 1
    assert len(choose(both, DECISION, several=True).quotes) == 2


def test_the_confidence_is_tempered_by_what_was_fitted():
    # one sentence of log odds 2, halved and lowered by 0.5: 1 / (1 + e^-0.5)
    tempered = replace(DECISION, temperature=2.0, shift=-0.5)
    assert choose([judged(0, 2.0)], tempered).confidence == pytest.approx(0.6224593)


def test_neighbouring_sentences_become_one_quote_and_keep_the_better_short_answer():
    first, second = Span(100, 103), Span(110, 113)
    choice = choose([judged(0, 2.0, short=first), judged(1, 2.1, short=second)], DECISION)
    (quote,) = choice.quotes
    assert (quote.span, quote.short) == (Span(100, 120), second)


def test_sentences_stand_in_the_order_of_the_text_and_documents_in_that_of_their_best():
    choice = choose([judged(0, 2.0, "b"), judged(2, 2.1, "b"), judged(0, 2.2, "a")], DECISION)
    assert [(q.passage.document_id, q.span.start) for q in choice.quotes] == [
        ("a", 100),
        ("b", 100),
        ("b", 121),
    ]


def test_a_doubtful_short_answer_is_left_out():
    (quote,) = choose([judged(0, 2.0, short=Span(100, 103), score=-0.1)], DECISION).quotes
    assert quote.short is None


def test_a_damaged_decision_says_what_to_do(tmp_path: Path):
    (tmp_path / "decision.json").write_text(json.dumps({"weights": {}}))
    with pytest.raises(ModelError, match=r"decision\.json cannot be used .* restore it"):
        Decision.load(tmp_path / "decision.json")


def test_a_threshold_that_is_given_overrules_the_fitted_one():
    from app.reader.model import WEIGHTS

    assert Decision.load(WEIGHTS / "decision.json", 0.9).threshold == 0.9
    assert 0 < Decision.load(WEIGHTS / "decision.json").threshold < 1


@pytest.mark.parametrize(
    ("text", "found", "whole"),
    [
        ("Up to 400 milligrams a day.", "400 milligram", "400 milligrams"),
        ("Up to 400 milligrams a day.", "lligrams a", "milligrams a"),
        ("Up to 400 milligrams a day.", "day", "day"),
        ("It was lit in 1902", "90", "1902"),
        ("rose by .5 percent", "5", ".5"),
        ("The rent is $1,850 a month.", "1,850", "$1,850"),
        ("a gift of US$400 million", "400 million", "US$400 million"),
        ("at −5 degrees", "5", "−5"),
        ("from 2010-2015", "2015", "2015"),
        ("version 3.5 has", "5", "5"),
        ("some 12 % of them", "12", "12 %"),
        ("at 37 °C, then", "37", "37 °C"),
        ("塔は1902年に", "1902", "1902"),
        ("灯台は島にある", "島", "島"),
    ],
)
def test_a_short_answer_is_of_whole_words(text, found, whole):
    start = text.index(found)
    begin, end = whole_words(text, start, start + len(found))
    assert text[begin:end] == whole
