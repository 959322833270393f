"""What a rule of the checker refuses, and what it must let through, by hand."""

import pytest

from app.check.disagree import disagreements
from app.check.names import acronyms
from app.check.source import Candidate, Claim, Source
from eval.bench.claims import sets_of_claims
from ingest.document import Span
from ingest.passages import Passage


def reason(claim: str, text: str) -> str | None:
    span = Span(0, len(text))
    passage = Passage("d:v:0", "d", 0, "body", 0, len(text), (span,), text, "Title", "")
    source = Source((Candidate(passage, span, text, "", 0.5),), acronyms([text]))
    return next(disagreements(Claim(claim), source, lambda _: 1.0), None)


@pytest.mark.parametrize(
    ("claim", "text", "said"),
    [
        ("They rest every winter.", "They rest every summer.", "“summer”, not “winter”"),
        ("She lived with an uncle.", "She lodged with an aunt.", "“aunt”, not “uncle”"),
        ("Solvang was the fourth of five children.", "She was the third of five.", "“third”, not “fourth”"),
        ("It took effect in May 1899.", "It took effect in March 1899.", "“march”, not “may”"),
        ("A few parts per million suffice.", "A few parts per billion suffice.", "“billion”, not “million”"),
    ],
)
def test_a_word_that_rules_out_the_sources_word_is_refused(claim: str, text: str, said: str):
    assert reason(claim, text) == f"the source says {said}"


@pytest.mark.parametrize(
    ("claim", "text"),
    [
        ("In summer they rest, in winter they work.", "They work in winter and rest in summer."),
        ("It may rain in June.", "Rain is possible in June."),
        ("They march in April.", "In April they march."),
        ("A second boat was sunk.", "Another boat was sunk; the first came back."),
    ],
)
def test_a_word_that_only_looks_like_one_of_its_group_is_not_refused(claim: str, text: str):
    assert reason(claim, text) is None


def test_what_somebody_believed_is_no_fact():
    text = "Sigrid believed that her mother had destroyed it."
    assert reason("Her mother destroyed it.", text) == "the source says only that somebody “believed” it"
    assert reason("Sigrid thought that her mother had destroyed it.", text) is None


@pytest.mark.parametrize(
    ("claim", "text"),
    [
        ("He made no attempt to produce paper.", "He thought of paper and never tried to produce it."),
        ("Holm lies to the south.", "It could not be told from the one at Holm, to the south."),
        ("Brekke liked neither of them.", "Brekke disliked them both."),
        ("Japan will probably not return.", "It is unlikely that Japan returns."),
        ("Of all processes it gives the worst smell.", "This process gives the worst smell."),
        ("The acid would have dissolved it.", "The acid would have dissolved it."),
    ],
)
def test_the_same_in_other_words_is_not_taken_for_a_denial(claim: str, text: str):
    assert reason(claim, text) is None


@pytest.mark.parametrize(
    ("claim", "text"),
    [
        ("Brekke liked them both.", "Brekke disliked them both."),
        ("Water is removed from above by suction.", "Suction removes water from below."),
        ("Wallpaper usually comes back.", "Wallpaper rarely comes back."),
        ("Japan will probably return.", "It is unlikely that Japan will return."),
    ],
)
def test_the_other_end_of_an_axis_is_refused(claim: str, text: str):
    assert reason(claim, text)


def test_the_claims_to_develop_on_stand_where_they_say():
    sets = {name: (documents, cases) for name, documents, cases in sets_of_claims(None)}
    documents, cases = sets["development"]
    assert [d.title.split(":")[0] for d in documents] == [
        "The Woman Who Timed the Light",
        "From Rag to Reel",
        "Kestrel Line",
    ]
    assert {(c.document, c.half) for c in cases} == {
        ("lighthouse-keeper.txt", "tuning"),
        ("paper-making.txt", "tuning"),
        ("ferry-company.txt", "reporting"),
    }
    assert (sum(c.supported for c in cases), len(cases)) == (172, 512)
