"""One pass over the questions: windows cropped at random, questions as people type them, negatives."""

import random
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

from app.reader.training.examples import Example, crop
from app.reader.training.negatives import NAME, changed_name, changed_number, vague_answer, without_evidence
from index.words import STOP, WORD

WINDOW_WORDS = (60, 90, 120, 150)
"""Most words of a training window, drawn anew for each."""


def epoch(
    examples: Sequence[Example],
    negatives: dict[int, list[tuple[str, tuple[str, ...]]]],
    chance: random.Random,
    own: Mapping[str, int],
    public: float = 1.0,
) -> list[Example]:
    """One pass: questions with their windows (cropped at random), and negatives beside them; those of
    the sources in `own` so many times, of the others a random share `public`."""
    out = []
    names: dict[str, list[str]] = defaultdict(list)
    for example in examples:
        names[example.group] += NAME.findall(" " + " ".join(example.sentences[:2]))[:3]
    order = []
    for k, example in enumerate(examples):
        times = own.get(example.source, int(chance.random() < public))
        order += [k] * times
    for k in order:
        example = examples[k]
        heading = "" if chance.random() < 0.1 else example.heading
        cropped = replace(crop(example, chance, chance.choice(WINDOW_WORDS)), heading=heading)
        if chance.random() < 0.08:
            cropped = replace(cropped, question=as_keywords(cropped.question))
        if chance.random() < 0.05:
            cropped = replace(cropped, question=misspelt(cropped.question, chance))
        out.append(cropped)
        out += _beside(example, cropped, negatives.get(k, []), names[example.group], chance)
    chance.shuffle(out)
    return out


def _beside(
    example: Example,
    cropped: Example,
    hard: Sequence[tuple[str, tuple[str, ...]]],
    names: Sequence[str],
    chance: random.Random,
) -> list[Example]:
    """Negatives of one question: other passages that a search finds for it, and changed ones. The
    questions of our own articles, whose passages resemble each other, get more of the former."""
    own = example.group.startswith("article:")
    found: list[Example | None] = []
    dice = chance.random()
    if hard and dice < (0.8 if own else 0.4 if example.evidence else 0.0):
        heading, sentences = chance.choice(hard)
        other = replace(example, heading=heading, sentences=sentences, evidence=frozenset(), answers=())
        found.append(crop(other, chance, chance.choice(WINDOW_WORDS)))
    if not example.evidence:
        return [e for e in found if e]
    dice = chance.random()
    if dice < 0.25:
        found.append(without_evidence(cropped))
    elif dice < 0.55:
        found.append(vague_answer(cropped, chance))
    elif dice < 0.75:
        found.append(changed_name(cropped, names, chance))
    if chance.random() < 0.5:
        found.append(changed_number(cropped, chance))
    return [e for e in found if e]


def as_keywords(question: str) -> str:
    """The question as a terse searcher types it: no function words, no question mark, lower case."""
    return " ".join(w for w in WORD.findall(question.lower()) if w not in STOP) or question


def misspelt(question: str, chance: random.Random) -> str:
    """The question with two neighbouring letters swapped, or one left out, in one longer word."""
    words = question.split(" ")
    long = [i for i, word in enumerate(words) if len(word) > 4 and word.isalpha()]
    if not long:
        return question
    i = chance.choice(long)
    at = chance.randrange(1, len(words[i]) - 2)
    word = words[i]
    words[i] = word[:at] + (word[at + 1] + word[at] if chance.random() < 0.5 else word[at]) + word[at + 2 :]
    return " ".join(words)
