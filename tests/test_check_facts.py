"""Numbers, names, negations and quantities of claims, by hand."""

import pytest

from app.check.disagree import disagreements
from app.check.facts import agrees, lists, numbers_of
from app.check.names import acronyms, same
from app.check.source import Candidate, Claim, Source
from app.check.tokens import stem, tokens_of
from ingest.document import Span
from ingest.passages import Passage


def source(text: str, heading: str = "Title", before: str = "") -> Source:
    span = Span(0, len(text))
    passage = Passage("d:v:0", "d", 0, "body", 0, len(text), (span,), text, heading, "")
    return Source((Candidate(passage, span, text, before, 0.5),), acronyms([text]))


def reason(claim: str, text: str, before: str = "") -> str | None:
    return next(disagreements(Claim(claim), source(text, before=before), lambda _: 1.0), None)


@pytest.mark.parametrize(
    ("text", "value", "unit"),
    [
        ("sixty ships", 60, "ship"),
        ("1.5 million people", 1_500_000, "peopl"),
        ("two hundred and fifty men", 250, "man"),
        ("twenty-one metres", 21, "m"),
        ("$4 billion", 4_000_000_000, "dollar"),
        ("12 per cent", 0.12, "%"),
        ("three quarters of it", 0.75, "of"),
        ("1,400 sailors", 1400, None),
    ],
)
def test_a_number_has_its_magnitude_and_its_unit(text: str, value: float, unit: str | None):
    number = numbers_of(tokens_of(text))[0]
    assert number.value == pytest.approx(value)
    assert unit in (None, "of", number.unit)


@pytest.mark.parametrize(
    ("claim", "text"),
    [
        ("over 60 experts", "more than sixty experts"),
        ("a four-billion-dollar loan", "a $4 billion loan"),
        ("the 1680s", "1683"),
        ("the nineteenth century", "1819"),
        ("half of them", "50 per cent of them"),
        ("within two decades", "within twenty years"),
    ],
)
def test_the_same_number_in_other_words_agrees(claim: str, text: str):
    assert agrees(numbers_of(tokens_of(claim))[0], numbers_of(tokens_of(text))[0])


@pytest.mark.parametrize(
    ("claim", "text"),
    [
        ("61 experts", "60 experts"),
        ("fewer than 60 experts", "over 60 experts"),
        ("13 inches", "13 centimetres"),
        ("400 grams", "400 milligrams"),
        ("1683", "the 1680s"),
        ("55 AD", "55 BC"),
        ("£520", "$520"),
    ],
)
def test_another_number_unit_or_limit_does_not_agree(claim: str, text: str):
    assert not agrees(numbers_of(tokens_of(claim))[0], numbers_of(tokens_of(text))[0])


def test_a_list_of_three_bears_out_a_three():
    assert 3 in lists("experts from the United States, Japan and South Korea")
    assert 4 not in lists("experts from the United States, Japan and South Korea")


def test_forms_of_a_word_have_one_stem():
    assert stem("decreased") == stem("decreasing") == stem("decreases")
    assert stem("operational") == stem("operations")
    assert stem("station") != stem("state")


def test_a_people_is_named_by_its_country():
    assert same("brazil", "brazilian")
    assert same("korea", "koreans")
    assert not same("austria", "australia")


def test_an_acronym_is_known_by_its_long_form():
    assert acronyms(["The Board of Inland Navigation (BIN) met."])["bin"] == {"board", "inland", "navigation"}
    assert reason("BIN met.", "The Board of Inland Navigation (BIN) met.") is None
    assert reason("The Board of Inland Navigation met.", "The BIN met.") is not None


@pytest.mark.parametrize(
    ("claim", "text", "why"),
    [
        ("It opened in 1967.", "It opened in 1957.", "the source says 1957, not 1967"),
        ("Anna built the mill.", "Berta built the mill.", "the source says Berta, not Anna"),
        (
            "The mill was not built.",
            "The mill was built.",
            "the source says “built” where this says “not built”",
        ),
        ("The output fell.", "The output rose.", "the source says “rose” where this says “fell”"),
        ("All workers left.", "Some workers left.", "the source does not say “All”"),
        (
            "He called it “a great day”.",
            "He called it a grand day.",
            "the source does not have the words “a great day”",
        ),
        (
            "Anna praised Berta.",
            "Berta praised Anna.",
            "the source says it of Anna and Berta the other way round",
        ),
        (
            "The dam cost 30 dollars and the mill cost 20 dollars.",
            "The dam cost 20 dollars and the mill cost 30 dollars.",
            "the source gives 30 and 20 the other way round",
        ),
        (
            "They have signed the treaty.",
            "They should sign the treaty.",
            "the source does not say that this has happened (“sign…”)",
        ),
    ],
)
def test_a_changed_fact_is_refused_with_its_reason(claim: str, text: str, why: str):
    assert reason(claim, text) == why


@pytest.mark.parametrize(
    ("claim", "text"),
    [
        ("Berta was praised by Anna.", "Anna praised Berta."),
        ("He called it “a grand  day.”", "He called it a grand day[3]."),
        ("It did not rise.", "It fell."),
        ("The tower is not only old.", "The tower is old."),
        ("The ball came after the dinner.", "The dinner came before the ball."),
    ],
)
def test_the_same_said_otherwise_is_not_refused(claim: str, text: str):
    assert reason(claim, text.replace("[3]", "   ")) is None


def test_a_name_of_the_sentence_before_may_be_taken_up_by_a_pronoun():
    assert reason("Harrison died in 1776.", "He died in 1776.", before="Harrison got the money.") is None
    assert reason("In 1776 Kendall died.", "He died in 1776.", before="Harrison got the money.") is not None
