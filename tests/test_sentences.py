"""`ingest.sentences`: where sentences begin and end."""

import pytest

from ingest.sentences import split_sentences


@pytest.mark.parametrize(
    "sentences",
    [
        ["The U.S. Army came.", "It left."],
        ["In Phase IV (1996-2014).[4]", "Meanwhile it rose."],
        ["See No. 5 and nos. 6 to 8.", "Then go."],
        ["See p. 5, pp. 6-7 and cf. Smith et al. 1990.", "Then go."],
        ["Dr. Smith met J. R. R. Tolkien.", "They ate."],
        ["“He came.”", "She left."],
        ["He said “Go.”[3]", "Then he went."],
        ["“Why?”[3] he asked.", "Nobody knew."],
        ["It was so.[1] [2]", "Next."],
        ["It was so.[^a]", "Next."],
        ["It was so.[inline-1]", "Next."],
        ["It cost $4.5 million.", "That was much."],
        ["Wait... what?", "No."],
        ["これは文です。", "次の文です。"],
        ["He cited it [1].", "Then he left."],
        ["No full stop at the end"],
        ["See Eq. 4, Figs. 2 and 3, Sect. 3, Tab. 2 and App. B of it.", "Then go."],
        ["Tel. 0151 234567."],
        ["Max. charging current 2.4 A"],
        ["Meier, Hist. of Salt, 12.", "See ibid."],
        ["Am 3. Oktober 1867 wurde er lit.", "Es war der 3. April.", "Im 19. Jahrhundert ging er aus."],
        ["König Ludwig XIV. starb.", "Vgl. Abb. 3 und Kap. 2.", "Er kam am 5.", "Dann ging er."],
        ["Он родился в 1799 г. в Москве.", "Он умер, т. е. погиб."],
        ["Vive en EE. UU. desde 1990.", "Fin."],
        ["1. Loosen the nuts.", "2. Tighten them."],
        ["100. Loosen the nuts.", "Tighten them."],
        ["1.1. Loosen the nuts.", "Tighten them."],
        ["iv. Loosen the nuts.", "Tighten them."],
        ["B. Loosen the nuts.", "Tighten them."],
        ["Article II. Loosen the nuts.", "Tighten them."],
        ["FIG. 3. Loosen the nuts.", "Tighten them."],
        ["Kapitel 3. Loosen the nuts.", "Tighten them."],
        ["Vitamin C.", "It is good."],
        ["Beer 12.", "He came."],
        ["Then I.", "He came."],
        ["(a) Loosen the nuts.", "Tighten them.", "It holds."],
        ["(iv) Loosen the nuts.", "Tighten them."],
        ["He was 12.", "April came.", "She wrote an app.", "I left."],
        ["It has been old since 3.6.", "schedule() is new.", "It costs five dollars.", "iPhones cost more."],
        ["so it is.", "and so it stays.", "we left."],
        [
            "Install it first.",
            "npm is needed.",
            "We use Rust.",
            "serde parses.",
            "He met Max.",
            "3 people came.",
        ],
    ],
)
def test_a_text_splits_into_these_sentences(sentences):
    text = " ".join(sentences)
    assert [text[start:end] for start, end in split_sentences(text)] == sentences


@pytest.mark.parametrize(
    "sentences",
    [
        ["The function index.retriever.CitedRetriever returns passages.", "It is fast."],
        ["Call os.path.Join, or System.Collections.Generic.List of it."],
        ["We use ASP.NET and VB.NET.", "They are old."],
        ["Read README.TXT at EXAMPLE.COM first."],
        ["Call os.path.Join then, or my_app.Engine of it."],
        ["See app.CitedEngine and my_app.Engine here."],
        ["Put .Xresources there, and (.Rprofile) too."],
        ["It is at www.Example.com or https://example.org/docs.Html/it now."],
        ["Write to info@example.Org today."],
    ],
)
def test_a_dot_in_a_name_ends_no_sentence(sentences):
    text = " ".join(sentences)
    assert [text[start:end] for start, end in split_sentences(text)] == sentences


@pytest.mark.parametrize(
    "sentences",
    [
        ["The mill was built.", "The next one came."],
        ["She went home.", "Nobody saw her."],
        ["It lies in France.", "NATO came later."],
        ["It is at example.com.", "The page is old."],
        ["He stood in front of the U.S.", "Then he left."],
        ["Wait...", "What is it?"],
        ["It fell in 1990.", "Prices rose."],
        ["They left NATO.", "NATO was old."],
        ["It is of the USA.", "IBM was there."],
        ["So he came.", "McDonald went."],
        ["We use PyTorch.", "Training took a day."],
        ["It lives in iOS.", "Android is another."],
        ["It was 3/4.", "Nobody cared."],
        ["See example.com/ab.", "Nobody knows it."],
    ],
)
def test_a_full_stop_that_lost_its_space_ends_a_sentence(sentences):
    text = "".join(sentences)
    assert [text[start:end] for start, end in split_sentences(text)] == sentences


def test_a_marker_right_behind_the_full_stop_needs_no_space_after_it():
    text = "One is here.[12]Two is here."
    assert [text[a:b] for a, b in split_sentences(text)] == ["One is here.[12]", "Two is here."]


def test_a_text_that_forgets_its_capitals_does_not_become_one_sentence():
    text = "He came here. then he left. they ate it. then more came. and so on."
    assert len(split_sentences(text)) == 5


@pytest.mark.timeout(30)  # of all that stands before each, it took minutes
def test_abbreviations_without_end_are_judged_at_once():
    assert len(split_sentences("Nos. 5 eqs. 4 " * 30_000)) == 1


def test_white_space_belongs_to_no_sentence():
    assert split_sentences("  One is here. \n Two is here.  ") == [(2, 14), (17, 29)]


def test_a_blank_line_ends_a_sentence_even_behind_an_abbreviation():
    text = "See no.\n\n5 is odd."
    assert [text[a:b] for a, b in split_sentences(text)] == ["See no.", "5 is odd."]


@pytest.mark.parametrize("text", ["", " \n\t "])
def test_white_space_has_no_sentence(text):
    assert split_sentences(text) == []


@pytest.mark.timeout(30)  # what may be cut in many ways must not be tried in all of them
def test_a_line_of_raised_numbers_is_judged_at_once():
    assert len(split_sentences(f"The chart is drawn so. {'²' * 4000} Next sentence is here.")) == 2


def test_a_raised_number_without_a_note_stays_with_its_sentence():
    text = "The tower burned in 1801.² Then it was rebuilt.¹² ³ It stands."
    assert [text[a:b] for a, b in split_sentences(text)] == [
        "The tower burned in 1801.²", "Then it was rebuilt.¹² ³", "It stands.",
    ]  # fmt: skip
