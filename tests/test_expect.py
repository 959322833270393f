"""What kind of answer a question asks for."""

import pytest

from app.reader.expect import asks_several, has_short_answer, lacks_expected


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("How many minesweepers did Japan send?", "Japan sent minesweepers to Korean waters."),
        ("In what year was the filter patented?", "She patented the filter in summer."),
        ("Who was the captain of the ship?", "the captain of the ship was a drunkard."),
        ("When did Melitta die?", "Melitta died of a fever."),
        ("How many of the 60 experts were women?", "There were 60 experts."),
    ],
)
def test_a_text_without_what_is_asked_for_lacks_it(question: str, text: str):
    assert lacks_expected(question, text)


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("How many minesweepers did Japan send?", "Japan sent two minesweepers."),
        ("In what year was the filter patented?", "She patented it in 1908."),
        ("Who was the captain?", "The captain was John Harrison."),
        ("When did the tide turn?", "It turned after the storm."),
        ("Why did the tide turn?", "It turned."),
        ("pohang steel mill", "The mill was built."),
    ],
)
def test_a_text_that_has_it_or_a_question_that_asks_for_no_kind_lacks_nothing(question: str, text: str):
    assert not lacks_expected(question, text)


def test_a_reason_has_no_short_answer_and_a_number_has():
    assert not has_short_answer("Why did the tide turn?")
    assert not has_short_answer("How did the Board judge the claims?")
    assert has_short_answer("How many votes were cast?")
    assert has_short_answer("When was it opened?")


@pytest.mark.parametrize(
    "question",
    [
        "When was it built, and by whom?",
        "How large was the fund and what did it pay for?",
        "In what two ways did Brazil try to deal with it?",
        "How do the two plans differ?",
        "For what reasons did the Board refuse?",
        "arabica vs robusta",
    ],
)
def test_parts_lists_and_comparisons_ask_for_several_things(question: str):
    assert asks_several(question)


@pytest.mark.parametrize(
    "question", ["When was it built?", "Who led salt and pepper traders?", "Why did the tide turn?", "pohang"]
)
def test_a_single_fact_is_one_thing(question: str):
    assert not asks_several(question)
