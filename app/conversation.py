"""Follow-up questions: «and what did it offer?» means nothing without the question before it."""

import re
from collections.abc import Sequence

OPENING = re.compile(r"^(?:and|but|or|so|what about|how about|why not|also|then)\b", re.IGNORECASE)
PRONOUN = re.compile(
    r"\b(?:it|its|they|them|their|theirs|he|him|his|she|her|hers|this|these|those|"
    r"the (?:former|latter|same|others?|next|previous))\b",
    re.IGNORECASE,
)
REPLACEABLE = re.compile(r"\b(it|they|them|he|him|she)(?=\W|$)|\b(its|their|his)(?=\s)", re.IGNORECASE)
NAME = re.compile(r"(?<=\s)(?:the )?[A-Z][\w’'-]*(?: (?:of |the |and )*[A-Z][\w’'-]*)*")
"""A name inside a sentence, with its article; the first word of a sentence tells nothing."""
SHORT = 2
"""Words; a question so short, asked after another one, goes on from it."""


def standalone(question: str, history: Sequence[str]) -> str:
    """The question so that it can be asked alone: a pronoun becomes the last name of the question
    before it; where there is no such pair, and it points back, that question is put in front.

    history: earlier questions of the conversation, as understood, oldest first.
    """
    if not history or not points_back(question):
        return question
    names = NAME.findall(history[-1])
    pronoun = REPLACEABLE.search(question)
    if names and pronoun:
        name = names[-1] + ("’s" if pronoun.group(2) else "")
        return question[: pronoun.start()] + name + question[pronoun.end() :]
    return f"{history[-1]} {question}"


def points_back(question: str) -> bool:
    """Whether a question needs the one before it: an opening «and», hardly any words, or a pronoun
    that no name of the question itself precedes."""
    pronoun = PRONOUN.search(question)
    return bool(
        OPENING.match(question)
        or (pronoun and not NAME.search(question[: pronoun.start()]))
        or (len(question.split()) <= SHORT and question.rstrip().endswith("?"))
    )
