"""Words by hand, and against the arithmetic of the official SQuAD 2.0 scorer as published."""

import collections
import re
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval.measures.answers import exact_match, facts_present, normalised, stated, token_f1


def test_a_fact_is_present_in_any_wording_and_case():
    text = "In 1957, Thirty  men"
    assert facts_present([["1957"], ["thirty", "30"], ["no"]], text) == pytest.approx(2 / 3)
    assert facts_present([["two words"]], "two\nwords") == 1.0


@pytest.mark.parametrize(
    ("wording", "text", "share"),
    [
        ("thirty\u00a0men", "thirty men", 1),
        ("thirty  men\n", "Thirty\u202fmen", 1),
        ("caf\u00e9", "a CAFE\u0301", 1),
        ("cafe\u0301", "a caf\u00e9", 1),
        ("thirtymen", "thirty men", 0),
        (" ", "thirty men", 0),
    ],
)
def test_a_fact_is_present_however_its_space_and_accents_are_written(wording, text, share):
    assert facts_present([[wording]], text) == share


@pytest.mark.parametrize(
    ("text", "markers", "expected"),
    [
        ("Lark. “Of [sic] Lark” [1]", [1], "Lark. “Of [sic] Lark”"),
        ("“One” [1]\n“[3] and two[2]” [2]", [1, 2], "“One” “[3] and two[2]”"),
        ("It sat. [1][12] It ran. [2]", [1, 2, 12], "It sat. It ran."),
        ("“See [1].” [2]", [2], "“See [1].”"),
        ("I could not find this in the documents.", [], "I could not find this in the documents."),
    ],
)
def test_an_answer_states_its_words_and_not_its_markers(text, markers, expected):
    answer = {"answer": text, "citations": [{"marker": marker} for marker in markers]}
    assert " ".join(stated(answer).split()) == expected


def test_normalising_removes_case_punctuation_articles_and_space():
    assert normalised("The  Cat's a\nhat, an (old) one!") == "cats hat old one"
    assert normalised("Theatre") == "theatre"
    assert normalised("“quoted” – dash") == "“quoted” – dash"
    assert normalised("a-b") == "ab"  # punctuation goes first, so this a is no article


def test_exact_match_is_of_any_gold_answer():
    assert exact_match(["1957", "in 1957"], "In 1957.") == 1.0
    assert exact_match(["1957"], "in 1957") == 0.0


def test_token_f1_by_hand():
    # given: in, spring, of, 1957; gold: spring, 1957; shared 2; precision 2/4, recall 2/2
    assert token_f1(["the spring 1957"], "in the spring of 1957") == pytest.approx(2 / 3)
    assert token_f1(["nothing", "the spring 1957"], "in the spring of 1957") == pytest.approx(2 / 3)
    # given: so, so; gold: so, it, goes; one "so" matches: precision 1/2, recall 1/3
    assert token_f1(["so it goes"], "so so") == pytest.approx(0.4)


def test_an_unanswerable_question_is_right_if_refused():
    assert exact_match([], "") == token_f1([], "") == 1.0
    assert exact_match([], "1957") == token_f1([], "1957") == 0.0
    assert exact_match(["1957"], "") == token_f1(["1957"], "") == 0.0


def test_gold_answers_of_articles_alone_do_not_count():
    assert exact_match(["the", "1957"], "a") == 0.0
    assert exact_match(["the"], "a") == 1.0


# A literal transcription of evaluate-v2.0.py, https://rajpurkar.github.io/SQuAD-explorer/
def official_normalize(s):
    def remove_articles(text):
        regex = re.compile(r"\b(a|an|the)\b", re.UNICODE)
        return re.sub(regex, " ", text)

    def white_space_fix(text):
        return " ".join(text.split())

    def remove_punc(text):
        exclude = set(string.punctuation)
        return "".join(ch for ch in text if ch not in exclude)

    return white_space_fix(remove_articles(remove_punc(s.lower())))


def official_tokens(s):
    return official_normalize(s).split() if s else []


def official_exact(a_gold, a_pred):
    return int(official_normalize(a_gold) == official_normalize(a_pred))


def official_f1(a_gold, a_pred):
    gold_toks = official_tokens(a_gold)
    pred_toks = official_tokens(a_pred)
    common = collections.Counter(gold_toks) & collections.Counter(pred_toks)
    num_same = sum(common.values())
    if len(gold_toks) == 0 or len(pred_toks) == 0:
        return int(gold_toks == pred_toks)
    if num_same == 0:
        return 0
    precision = 1.0 * num_same / len(pred_toks)
    recall = 1.0 * num_same / len(gold_toks)
    return (2 * precision * recall) / (precision + recall)


def official_gold(answers):
    return [text for text in answers if official_normalize(text)] or [""]


WORDS = st.lists(
    st.sampled_from(["the", "A", "an", "cat", "Cat,", "cat's", "1957", "30%", "İ", "“x”", "–", "!", " "])
).map(" ".join)


@given(st.lists(WORDS, max_size=3), WORDS)
def test_both_agree_with_the_official_scorer(gold: list[str], answer: str):
    assert exact_match(gold, answer) == max(official_exact(a, answer) for a in official_gold(gold))
    assert token_f1(gold, answer) == max(official_f1(a, answer) for a in official_gold(gold))


@given(st.text(max_size=30))
def test_normalising_agrees_with_the_official_scorer_on_any_text(text: str):
    assert normalised(text) == official_normalize(text)
