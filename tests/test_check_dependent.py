import pytest

from app.check.dependent import depends


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
