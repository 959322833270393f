"""Claims against a real library, with the real models."""

import time

import pytest

from app.check import Checker
from index.library import Library
from index.search import search


@pytest.fixture(scope="module")
def checker(sample_library: Library) -> Checker:
    return Checker(sample_library)


def verdict_of(checker: Checker, claim: str):
    return checker.check(claim, search(checker.library, claim, 5))


@pytest.mark.parametrize(
    ("claim", "words"),
    [
        ("Four ships sank, including the Association.", "Four ships went down, among them"),
        ("Halley sent Harrison to George Graham, who lent him money.", "Graham lent him money"),
        (
            "Sufis in Yemen drank coffee to stay awake during prayers at night.",
            "the Sufis of Yemen drank coffee",
        ),
        (
            "The Devonian period lies some 380 million years back.",
            "The Devonian lies about 380 million years",
        ),
    ],
)
def test_a_true_claim_is_supported_by_the_sentence_that_says_it(checker: Checker, claim: str, words: str):
    verdict = verdict_of(checker, claim)
    said = [
        s.passage.text[s.span.start - s.passage.start : s.span.end - s.passage.start]
        for s in verdict.supports
    ]
    assert any(words in text for text in said)
    assert len(said) <= 3
    assert verdict.reason is None


def test_a_verdict_does_not_hang_on_what_was_checked_before(sample_library: Library, monkeypatch):
    claim = "Angelo Moriondo from Turin took out a patent for a steam machine in 1884."
    hits = search(sample_library, claim, 5)
    fresh = Checker(sample_library).check(claim, hits)
    assert fresh.supports
    mine = list(dict.fromkeys(p.id for hit in hits for p in (hit.passage, *hit.linked)))
    checker = Checker(sample_library)
    checker._sentence_vectors(mine[:-1])
    monkeypatch.setattr("app.check.checker.REMEMBERED", len(mine) - 1)  # full, and one of them is new
    for _ in range(2):
        assert checker.check(claim, hits).score == fresh.score


@pytest.mark.parametrize(
    "claim",
    [
        "Amsterdam gave Louis XIV a coffee plant in 1724.",
        "London's first coffeehouse was opened in 1652 by Edward Lloyd.",
        "London's first coffeehouse was not opened in 1652 by Pasqua Rosée.",
        "HMS Beagle sailed with 32 chronometers in 1831.",
        "The satellites' meridian lies 102 metres west of Airy's line.",
        "Tidal power has “one merit that neither wind nor sunlight can claim.”",
        "The Ottoman tax on coffee was abolished by parliament.",
    ],
)
def test_a_false_claim_is_refused_and_the_reason_is_told(checker: Checker, claim: str):
    verdict = verdict_of(checker, claim)
    assert verdict.supports == ()
    assert verdict.reason
    assert "source" in verdict.reason or "documents" in verdict.reason


def test_what_was_not_shown_supports_nothing(checker: Checker):
    verdict = checker.check("Amsterdam gave Louis XIV a coffee plant in 1714.", [])
    assert (verdict.score, verdict.supports, verdict.reason) == (
        0.0,
        (),
        "nothing in the documents says this",
    )


@pytest.mark.parametrize(
    "claim",
    [
        "",
        " \n\t",
        "[1] [2, 3]",
        "." * 50,
        "word " * 2000,
        "x" * 10_000,
        "1" * 10_000,
        "1.2.3.4, 5,6,7 ٣٤٥ Ⅷ ½",
        "\u202eabc 1714 \u200f\u202c",
        "커피는 1714년에 루이 14세에게 선물로 보내졌다.",
        "コーヒーの木は1714年に贈られた。",
        "קפה ניתן ב-1714",
        '“” "" «» “',
        "(((((((",
        "\x00\x01",
        "😀😀😀",
        "If $$$ and and and or or, , , not not no never without",
    ],
)
def test_no_claim_whatever_raises(checker: Checker, sample_library: Library, claim: str):
    hits = search(sample_library, "When did Amsterdam give a plant to Louis XIV?", 5)
    verdict = checker.check(claim, hits)
    assert 0 <= verdict.score <= 1
    assert bool(verdict.supports) == (verdict.reason is None)


def test_numbers_of_other_languages_are_checked(checker: Checker, sample_library: Library):
    hits = search(sample_library, "When did Amsterdam give a plant to Louis XIV?", 5)
    assert checker.check("커피는 1999년에 선물로 보내졌다.", hits).supports == ()


def test_a_claim_costs_little(checker: Checker, sample_library: Library):
    claim = "Amsterdam gave Louis XIV a coffee plant in 1714."
    hits = search(sample_library, claim, 5)
    checker.check(claim, hits)
    begin = time.perf_counter()
    for _ in range(20):
        checker.check(claim, hits)
    assert (time.perf_counter() - begin) / 20 < 0.1


def test_a_copied_sentence_inside_an_invented_one_is_not_supported(checker: Checker):
    copied = "the satellites' meridian runs 102 metres east of Airy's line"
    invented = verdict_of(checker, f"Television viewers laughed loudly when told that {copied}.")
    assert invented.supports == ()
    assert invented.reason
