import pytest

from app.check.dependent import bare, depends, repeats


@pytest.mark.parametrize(
    "text",
    [
        "400 milligrams.",
        "John Arnold and Thomas Earnshaw.",
        "The answer is: John Arnold.",
        "The correct answer to your question is Arnold.",
        "It was set up in 1957.",
        "So they moved south.",
        "Yes, it did.",
        "This made the trade safer.",
        "There were two of them.",
    ],
)
def test_what_means_nothing_alone_depends_on_what_stands_before(text):
    assert depends(text)


@pytest.mark.parametrize(
    "text",
    [
        "John Arnold made chronometers in numbers.",
        "Theory and practice were different things.",
        "Italy had no part in it.",
        "Coffee beans lose a fifth of their weight in the drum.",
    ],
)
def test_what_says_who_did_what_stands_alone(text):
    assert not depends(text)


@pytest.mark.parametrize(
    "text",
    [
        "A: Japan’s role in a Korean contingency",
        "Answer: The role of the bank",
        "The answer is: the role of the bank",
    ],
)
def test_a_sentence_without_the_word_answer_is_what_is_checked(text):
    assert bare(text) == text.split(": ")[1]
    assert depends(text)


def test_a_sentence_that_says_that_a_thing_is_itself_repeats():
    assert repeats("The bank’s role in a Korean crisis is a part of the bank’s role in a Korean crisis.")
    assert not repeats("The bank’s role in a Korean crisis is a part of its role in the region.")
    assert not repeats("His wife thought of it as a pastime; his sons thought of it as a loss.")
    assert not repeats("Those who learn in the evening are compared with those who learn in the morning.")
