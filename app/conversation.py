"""Follow-up questions: «and in the next phase?» means nothing without the question before it."""

import re
from collections.abc import Sequence

OPENING = re.compile(r"^(?:and|but|or|so|what about|how about|why not|also|then)\b", re.IGNORECASE)
PRONOUN = re.compile(
    r"\b(?:it|its|they|them|their|theirs|he|him|his|she|her|hers|this|these|those|"
    r"the (?:former|latter|same|others?|next|previous))\b",
    re.IGNORECASE,
)
NAME = re.compile(r"(?<=\s)[A-Z]\w+")
SHORT = 3
"""Words; a question so short, asked after another one, goes on from it."""


def standalone(question: str, history: Sequence[str]) -> str:
    """The question with the one before it in front, where it points back; else as it is.

    history: earlier questions of the conversation, as understood, oldest first.
    """
    if not history or not points_back(question):
        return question
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
