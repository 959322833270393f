"""What kind of answer a question asks for."""

import pytest

from app.reader.expect import (
    NEVER,
    allowance,
    asks_several,
    has_short_answer,
    in_other_script,
    is_small_talk,
    lacks_expected,
)


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("How many minesweepers did Japan send?", "Japan sent minesweepers to Korean waters."),
        ("In what year was the filter patented?", "She patented the filter in summer."),
        ("Who was the captain of the ship?", "the captain of the ship was a drunkard."),
        ("When did Melitta die?", "Melitta died of a fever."),
        ("How many of the 60 experts were women?", "There were 60 experts."),
        ("When did the insurer pay?", "The insurer paid £18,500, or 4.125 %, on a claim."),
        ("When did the shop open?", "The shop may open."),
        ("How many experts were interviewed? By whom?", "Over 60 of them."),
        ("How many H4 clocks were built?", "H4 clocks were built."),
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
        ("When does it open?", "It opens at 10 a.m."),
        ("When is it closed?", "It is closed on Mondays."),
        ("When was it launched?", "It was launched in 2019."),
        ("When was it built?", "It stood there from c.1908 on."),
        ("When was it signed?", "It was signed on 12.05.2019."),
        ("How many phones were sold?", "One was sold."),
        ("How many ships sailed in 2015?", "20 ships sailed."),
        ("Is help@cited.example the email address of support?", "It is team@cited.example."),
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
        "Can I have a dog?",
        "And is the office open on Sundays?",
        "Compare the offers of the two roofers",
        "When is the rent due, and what does it cost to be late?",
        "책을 몇 권 빌릴 수 있나요?",
        "館長は誰ですか",
    ],
)
def test_whether_or_several_things_and_questions_of_other_scripts_have_none_either(question: str):
    assert not has_short_answer(question)


@pytest.mark.parametrize(
    ("question", "right", "wrong"),
    [
        ("In what century was it built?", "12th century", "stone"),
        ("How many ships were sent?", "two minesweepers", "minesweepers"),
        ("What is the email address of support?", "help@example.org", "44 20 7946"),
        ("What decade was it?", "the twenties", "the war"),
        ("In which year was it built?", "1902", "the spring"),
        ("In what year did the insurer pay?", "1921", "£18,500"),
        ("When did the insurer pay?", "in May", "£18,500"),
        ("When was it launched?", "2019", "4 %"),
        ("When do tickets cost £4?", "on Mondays", "£9 for adults and £4 for children"),
        ("When must the tenant leave?", "within six months", "Six months"),
        ("When did the river freeze?", "after 120 days", "120 days"),
        ("How long has the museum existed?", "nine months", "1921"),
        ("How long did they stay?", "from 1944 to 1946", "March 1946"),
        ("Whose collection was given?", "Apollo 11", "$40,000"),
        ("Who fired a missile? When?", "1998", "$40,000"),
        ("How many people live there? I need it for school.", "40", "minesweepers"),
        ("How much does it cost?", "EUR50", "a fee"),
        ("How many employees are there?", "共有5人", "employees"),
        ("In which year was it opened?", "1.5.1950", "in the spring"),
    ],
)
def test_words_of_another_kind_than_is_asked_for_are_no_short_answer(question, right, wrong):
    assert allowance(question, right) > 0
    assert allowance(question, wrong) == NEVER


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("Who won, Oxford or Cambridge?", "Oxford"),
        ("Who can apply?", "any employee"),
        ("Who pays for water?", "the gas company"),
        ("How many of the 60 came?", "60"),
        ("Who laid out the garden?", "a retired miner"),
        ("Who may apply?", "anyone over 18"),
        ("When was it added?", "version 2.0"),
        ("How long is the bridge?", "the bridge"),
    ],
)
def test_what_is_less_likely_is_not_ruled_out(question: str, words: str):
    assert allowance(question, words) == 0


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("Who invented email?", "Ray Tomlinson"),
        ("How many emails were sent?", "3,000"),
        ("When was the website launched?", "1995"),
        ("Who is the captain?", "Ahab"),
    ],
)
def test_a_question_that_mentions_addresses_asks_for_what_it_asks(question: str, words: str):
    assert allowance(question, words) > 0


@pytest.mark.parametrize(
    "question", ["What area in km² has it?", "How many µm are ½ mm?", "Thành phố nào lớn nhất?"]
)
def test_signs_of_formulas_and_accents_are_no_other_script(question: str):
    assert not in_other_script(question)


def test_where_other_kinds_can_answer_too_they_have_no_allowance_and_may():
    assert allowance("How long does it last?", "for ever") == 0
    assert allowance("What is the drink called?", "cappuccino") == 0


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
    "question", ["When was it built?", "Who led salt and pepper traders?", "Why did the tide turn?", "pohang",
                 "And what was H4 worth?", "Who built H1? And when did he die?"],
)  # fmt: skip
def test_a_single_fact_is_one_thing(question: str):
    assert not asks_several(question)


@pytest.mark.parametrize(
    ("said", "talk"),
    [("hello", True), ("Thank you very much!", True), ("ok thanks", True), ("hello world program", False),
     ("Thanksgiving", False), ("no smoking?", False), ("Who said thanks?", False)],
)  # fmt: skip
def test_greetings_and_thanks_are_no_questions(said: str, talk: bool):
    assert is_small_talk(said) == talk
