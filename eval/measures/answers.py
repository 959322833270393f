"""Answers as words: required facts, and short answers against gold ones as SQuAD 2.0 scores them."""

import re
import string
import unicodedata
from collections import Counter
from collections.abc import Callable, Mapping, Sequence

_ARTICLES = re.compile(r"\b(a|an|the)\b", re.UNICODE)
_PUNCTUATION = str.maketrans("", "", string.punctuation)


def facts_present(facts: Sequence[Sequence[str]], text: str) -> float:
    """Share of the required facts of which some wording stands in the text, whatever its case.

    White space is as good as any other, and so is either way to write an accent; a wording may be part of a
    word ("lend" of "lending"). One that nothing is left of does not count. text: see `stated`.
    """
    told = _folded(text)
    wordings = [[folded for wording in fact if (folded := _folded(wording))] for fact in facts]
    return sum(any(wording in told for wording in fact) for fact in wordings) / len(facts)


def stated(answer: Mapping) -> str:
    """What an answer states: its text without the markers of its citations, whose numbers are no facts.

    What a quotation has in brackets stays, unless it is the number of a citation and stands alone.
    """
    numbers = "|".join(str(citation["marker"]) for citation in answer["citations"])
    return re.sub(rf"(?<!\S)(?:\[(?:{numbers})\])+(?!\S)", "", answer["answer"])


def _folded(text: str) -> str:
    """The text in Unicode NFC, without case, white space single."""
    return " ".join(unicodedata.normalize("NFC", text).casefold().split())


def normalised(text: str) -> str:
    """Lower case, without ASCII punctuation and English articles, white space single.

    In this order, as `normalize_answer` of the official SQuAD 2.0 scorer (evaluate-v2.0.py, Rajpurkar,
    Jia and Liang 2018) does it: typographic quotes and dashes stay.
    """
    return " ".join(_ARTICLES.sub(" ", text.lower().translate(_PUNCTUATION)).split())


def exact_match(gold: Sequence[str], answer: str) -> float:
    """1 if the normalised answer equals a normalised gold answer, else 0. See `best` for no answer."""
    return best(_exact, gold, answer)


def token_f1(gold: Sequence[str], answer: str) -> float:
    """F1 of the bags of normalised tokens, the largest over the gold answers. In [0, 1].

    Tokens repeat: each occurrence matches one. Where either bag is empty, 1 if both are, else 0.
    """
    return best(_f1, gold, answer)


def best(score: Callable[[str, str], float], gold: Sequence[str], answer: str) -> float:
    """The largest score over the gold answers, of two normalised texts.

    As in SQuAD 2.0, gold answers that nothing is left of do not count, an unanswerable question has
    the one gold answer "", and a refusal is the answer "": so it scores 1 if refused, else 0.
    """
    kept = [text for one in gold if (text := normalised(one))] or [""]
    return max(score(one, normalised(answer)) for one in kept)


def _exact(gold: str, answer: str) -> float:
    return float(gold == answer)


def _f1(gold: str, answer: str) -> float:
    expected, given = gold.split(), answer.split()
    if not expected or not given:
        return float(expected == given)
    shared = sum((Counter(expected) & Counter(given)).values())
    if not shared:
        return 0.0
    precision, recall = shared / len(given), shared / len(expected)
    return 2 * precision * recall / (precision + recall)


def short_answer(answer: Mapping) -> str:
    """The words to hold against gold short answers: those of the first citation that marks any, else
    all of the first citation, "" of a refusal."""
    if not answer["answered"] or not answer["citations"]:
        return ""
    for citation in answer["citations"]:
        if short := citation.get("short_answer"):
            start = citation["start_char_index"]
            words = citation["cited_text"][
                short["start_char_index"] - start : short["end_char_index"] - start
            ]
            return str(words)
    return str(answer["citations"][0]["cited_text"])
