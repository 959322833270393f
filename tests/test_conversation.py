import pytest

from app.conversation import points_back, standalone


@pytest.mark.parametrize(
    "question",
    [
        "And in the next phase?",
        "What about Brazil?",
        "Why?",
        "What came of the latter?",
        "Is this the longest river?",
    ],
)
def test_what_points_back_is_asked_together_with_the_question_before_it(question):
    assert points_back(question)
    asked = standalone(question, ["Who built H1?", "Where did Harrison live?"])
    assert asked == f"Where did Harrison live? {question}"


@pytest.mark.parametrize(
    ("question", "asked"),
    [
        ("When did he die?", "When did Harrison die?"),
        ("Who paid them?", "Who paid Harrison?"),
        ("And what was his first clock?", "And what was Harrison’s first clock?"),
    ],
)
def test_a_pronoun_becomes_the_last_name_of_the_question_before_it(question, asked):
    assert standalone(question, ["Who built H1?", "Where did Harrison live?"]) == asked


def test_a_pronoun_without_a_name_before_it_takes_the_whole_question():
    assert standalone("How long is it?", ["when was the bridge opened?"]) == (
        "when was the bridge opened? How long is it?"
    )


@pytest.mark.parametrize(
    "question",
    [
        "What is coffee?",
        "When was the first coffeehouse in London opened?",
        "Why did Harrison lose faith in his large machines?",
        "How long does a spring tide last after the full moon?",
        "Android phones: how many seconds do clocks drift?",
        "Which island did Sophie sail to?",
    ],
)
def test_what_stands_alone_is_left_alone(question):
    assert not points_back(question)
    assert standalone(question, ["Who built H1?"]) == question


def test_without_a_conversation_every_question_stands_as_it_is():
    assert standalone("And then?", []) == "And then?"
