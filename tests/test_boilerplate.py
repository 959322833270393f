"""`ingest.boilerplate`: what a site wraps around an article, and what only sounds like it."""

import time

import pytest

from ingest.boilerplate import count_head, count_tail, is_sentence, is_site_phrase


@pytest.mark.parametrize(
    "text",
    [
        "Sign up for our newsletter",
        "Enjoyed this? Sign up for one long read a week.",
        "Share this article: Facebook | X",
        "© 2024 The Site. All rights reserved.",
        "We use cookies to improve your visit.",
        "Home | About us | Contact",
    ],
)
def test_prompts_and_notices_are_site_phrases(text):
    assert is_site_phrase(text)


@pytest.mark.parametrize(
    "text",
    [
        "You may subscribe to changes at any time.",
        "The copyright of the map was sold in 1840.",
        "She baked cookies, and he wrote the village newsletter.",
        "Home is where the heart is.",
        "Printing came late to the town.",
    ],
)
def test_prose_that_speaks_of_such_things_is_content(text):
    assert not is_site_phrase(text)


def test_a_sentence_has_four_words_and_a_full_stop():
    assert is_sentence("The sea comes back.")
    assert is_sentence("He said “it comes back.”")
    assert not is_sentence("More from the sea")
    assert not is_sentence("Read it.")


@pytest.mark.parametrize(
    "text",
    [
        "Four words of it",
        "One. Two words.",
        "Even so… he left...",
        "— a b c.",
        "The sea comes back. Read it now.",
        "“( ) ” .",
        "",
        ".",
    ],
)
def test_what_does_not_end_with_four_words_and_a_full_stop_is_no_sentence(text):
    assert not is_sentence(text)


def test_a_text_without_a_full_stop_is_judged_at_once():
    begun = time.perf_counter()
    assert not is_sentence("word " * 200_000)
    assert not is_sentence("word" * 200_000 + ".")
    assert is_sentence("word " * 200_000 + ".")
    assert time.perf_counter() - begun < 2


def test_the_tail_begins_at_its_first_site_phrase():
    texts = ["The last sentence of the text.", "A short line", "Share this", "Related posts", "Another story"]
    assert count_tail(texts) == 3


def test_short_lines_at_the_end_without_a_site_phrase_are_content():
    assert count_tail(["The last sentence of the text.", "Best wishes,", "Ann"]) == 0


def test_a_site_phrase_before_prose_is_no_tail():
    assert count_tail(["Share this", "Then the sea came back to the shore."]) == 0


@pytest.mark.parametrize(
    "line", ["Open 10 to 18, closed on Mondays", "Tickets: adults 5 euros", "anna@mill.org"]
)
def test_what_tells_something_behind_a_site_phrase_is_content(line):
    assert count_tail(["Follow us on Instagram: @oldmill", line, "Behind the church"]) == 0
    assert count_tail([line, "Follow us on Instagram: @oldmill", "Behind the church"]) == 2


@pytest.mark.parametrize(
    "tail",
    [
        ["Subscribe to our newsletter", "Most popular", "March 3, 2024", "Share this"],
        ["Share this article", "12 Comments", "Filed under: Coffee"],
        ["Subscribe to our newsletter", "Read next", "10 best coffee makers"],
        ["Subscribe to our newsletter", "Related", "5 min read", "Updated: March 3, 2024"],
    ],
)
def test_dates_and_counts_behind_a_site_phrase_tell_nothing(tail):
    assert count_tail(["The mill is now a museum, and it is open all year.", *tail]) == len(tail)


def test_the_choices_of_a_newsletter_are_boilerplate():
    assert count_tail(["Stay informed about:", "38 North: News and Analysis", "The Weekly: Essays"]) == 3


def test_a_notice_with_a_year_and_a_colon_is_still_one():
    assert count_tail(["Related stories", "© 2024 The Site: all rights reserved", "Share on: X"]) == 3


def test_only_buttons_go_from_the_head_and_never_everything():
    assert count_head(["Skip to content", "Home | Contact", "The title", "Share"]) == 2
    assert count_head(["Home"]) == 0
