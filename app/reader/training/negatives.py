"""Negatives: what looks like an answer and is none.

What a search would bring up (paragraphs near the question), the right passage without its evidence or
with its evidence in vaguer words, and the question with a number or a name changed.
"""

import random
import re
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from app.reader.training.examples import Example


def without_evidence(example: Example) -> Example | None:
    """The near miss: the same window without its evidence, None where nothing or the answer is left."""
    rest = tuple(s for i, s in enumerate(example.sentences) if i not in example.evidence)
    text = " ".join(rest).lower()
    if not rest or any(answer.lower() in text for answer in example.answer_texts):
        return None
    return replace(example, sentences=rest, evidence=frozenset(), answers=())


NUMBER = re.compile(r"\b(1[5-9]\d\d|20\d\d|\d{1,3})\b")


def changed_number(example: Example, chance: random.Random) -> Example | None:
    """The question with a year or number changed to one its window does not hold; None without any."""
    numbers = [m for m in NUMBER.finditer(example.question) if m.group() in " ".join(example.sentences)]
    if not numbers:
        return None
    match = chance.choice(numbers)
    step = chance.choice([-20, -11, -10, -5, -3, -2, -1, 1, 2, 3, 5, 10, 11, 20])
    new = str(max(1, int(match.group()) + step))
    if new in " ".join(example.sentences):
        return None
    question = example.question[: match.start()] + new + example.question[match.end() :]
    return replace(example, question=question, evidence=frozenset(), answers=())


VAGUE_NUMBER = ("many", "several", "a number of", "some", "various", "countless", "a few")
VAGUE_TIME = ("later", "at some point", "in those days", "one day", "eventually", "at the time")
VAGUE_NAME = (
    "someone",
    "others",
    "a colleague",
    "an old friend",
    "a company",
    "the place",
    "a neighbour",
    "it",
)


def vague_answer(example: Example, chance: random.Random) -> Example | None:
    """The near miss of near misses: the evidence sentence without what is asked for, in vaguer words.

    None where the example has no short answer, a long one, or says it elsewhere too.
    """
    if not example.answers:
        return None
    i, a, b = max(example.answers, key=lambda answer: answer[2] - answer[1])
    sentence = example.sentences[i]
    said = sentence[a:b]
    if len(said.split()) > 6:
        return None
    year = re.fullmatch(r"(?:\w+ )?(?:\d+,? )?1\d{3}|20\d\d", said)
    words = VAGUE_TIME if year else VAGUE_NUMBER if re.search(r"\d", said) else VAGUE_NAME
    before = re.sub(r"\b(?:in|on|at|by|of) $", "", sentence[:a]) if year else sentence[:a]
    changed = before + chance.choice(words) + sentence[b:]
    sentences = (*example.sentences[:i], changed, *example.sentences[i + 1 :])
    text = " ".join(sentences).lower()
    if any(answer.lower() in text for answer in example.answer_texts):
        return None
    return replace(example, sentences=sentences, evidence=frozenset(), answers=())


NAME = re.compile(r"(?<=\s)[A-Z][a-z]+(?: [A-Z][a-z]+)*")


def changed_name(example: Example, others: Sequence[str], chance: random.Random) -> Example | None:
    """The question with a name of its window changed to one of `others` that the window does not
    hold; None where it has no such name."""
    text = " ".join(example.sentences)
    names = [m for m in NAME.finditer(example.question) if m.group() in text]
    choices = [name for name in others if name not in text and name not in example.question]
    if not names or not choices:
        return None
    match = chance.choice(names)
    question = example.question[: match.start()] + chance.choice(choices) + example.question[match.end() :]
    return replace(example, question=question, evidence=frozenset(), answers=())


def hard_negatives(
    examples: Sequence[Example], embed: Callable[[Sequence[str]], np.ndarray], most: int = 4
) -> dict[int, list[tuple[str, tuple[str, ...]]]]:
    """For each example (by index) up to `most` (heading, sentences) near its question that do not
    hold its answer: paragraphs of its own article first, of every article where it has but one.

    embed: texts to unit vectors, float32, shape (n, d).
    """
    passages = list({(e.heading, e.sentences): e.group for e in examples}.items())
    vectors = embed([f"{heading}. {' '.join(sentences)}" for (heading, sentences), _ in passages])
    asked = embed([e.question for e in examples])
    right: dict[tuple[str, str], set[tuple[str, ...]]] = defaultdict(set)
    for e in examples:
        if e.evidence:
            right[e.group, e.question].add(e.sentences)
    by_group: dict[str, list[int]] = defaultdict(list)
    for i, (_, group) in enumerate(passages):
        by_group[group].append(i)
    everything = list(range(len(passages)))
    found = {}
    for k, example in enumerate(examples):
        own = by_group[example.group]
        pool = own if len(own) > most else everything
        order = np.argsort(-(vectors[pool] @ asked[k]))[: most * 4]
        found[k] = [
            passages[pool[j]][0]
            for j in order
            if passages[pool[j]][0][1] != example.sentences
            and passages[pool[j]][0][1] not in right[example.group, example.question]
            and not _holds_answer(example, passages[pool[j]][0][1])
        ][:most]
    return found


def _holds_answer(example: Example, sentences: tuple[str, ...]) -> bool:
    text = " ".join(sentences).lower()
    if not example.answer_texts:
        return any(example.sentences[i].lower() in text for i in example.evidence)
    return any(answer.lower() in text for answer in example.answer_texts)
