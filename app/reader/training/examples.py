"""Training examples for the reader, from public question sets (fields: see read_rows).

An example is a question with one window of sentences: which of them are evidence, where the short
answer is, and whether the window answers at all. Negatives are what a search would bring up: other
paragraphs of the same article close to the question, the right paragraph without its evidence
sentence, and questions whose year or number was changed.
"""

import gzip
import json
import random
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from index.catalog import STOP
from ingest.sentences import split_sentences


@dataclass(frozen=True)
class Example:
    """evidence: indices into sentences, empty where nothing answers; answers: (sentence, start, end)."""

    question: str
    heading: str
    sentences: tuple[str, ...]
    evidence: frozenset[int] = frozenset()
    answers: tuple[tuple[int, int, int], ...] = ()
    answer_texts: tuple[str, ...] = ()
    group: str = ""
    source: str = ""


def read_rows(path: Path) -> Iterator[dict]:
    """Rows of a gzipped JSON Lines file: either (question, context, answers, title) or
    (question, sentences, evidence, title)."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


WRITTEN = Path(__file__).parent / "written"
"""Passages and questions written for this project: paraphrase, why, near misses, false premises."""


def load_written(folder: Path = WRITTEN) -> list[Example]:
    """Every question of the project's own training passages (fields: title, section, sentences,
    questions with evidence indices and a short answer out of the first of these)."""
    examples = []
    for path in sorted(folder.glob("*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            sentences = tuple(row["sentences"])
            heading = f"{row['title']}. {row['section']}" if row["section"] else row["title"]
            for asked in row["questions"]:
                evidence, answer = asked["evidence"], asked["answer"]
                start = sentences[evidence[0]].find(answer) if evidence and answer else -1
                examples.append(
                    Example(
                        question=asked["question"].strip(),
                        heading=heading,
                        sentences=sentences,
                        evidence=frozenset(evidence),
                        answers=((evidence[0], start, start + len(answer)),) if start >= 0 else (),
                        answer_texts=(answer,) if start >= 0 else (),
                        group=f"written:{row['title']}:{sentences[0][:40]}",
                        source="written",
                    )
                )
    return examples


def load(folder: Path) -> list[Example]:
    """Every question of the folder's squad, nq and selqa files with its own passage."""
    examples = []
    for source in ("squad", "nq"):
        rows = read_rows(folder / f"{source}.jsonl.gz")
        examples += [e for row in rows if (e := _from_context(row, source))]
    examples += [e for row in read_rows(folder / "selqa.jsonl.gz") if (e := _from_sentences(row))]
    return examples


def _from_context(row: dict, source: str) -> Example | None:
    context = row["context"]
    spans = split_sentences(context)
    sentences = tuple(context[a:b] for a, b in spans)
    title = row["title"].replace("_", " ")
    answers, texts = [], tuple(a["text"] for a in row["answers"])
    for text in texts:
        places = [
            (i, m.start() - a, m.end() - a)
            for i, (a, b) in enumerate(spans)
            for m in re.finditer(re.escape(text), context[:b])
            if m.start() >= a
        ]
        if places:
            answers.append(max(places, key=lambda p: _overlap(row["question"], sentences[p[0]])))
    if texts and not answers:
        return None
    votes = [a[0] for a in answers]
    evidence = max(set(votes), key=votes.count) if votes else None
    return Example(
        question=row["question"].strip(),
        heading=title,
        sentences=sentences,
        evidence=frozenset() if evidence is None else frozenset({evidence}),
        answers=tuple(a for a in answers if a[0] == evidence),
        answer_texts=texts,
        group=f"{source}:{row['title']}",
        source=source,
    )


def _from_sentences(row: dict) -> Example:
    return Example(
        question=row["question"].strip(),
        heading=row["title"].replace("_", " "),
        sentences=tuple(row["sentences"]),
        evidence=frozenset(row["evidence"]),
        group=f"selqa:{row['title']}",
        source="selqa",
    )


WORD = re.compile(r"\w+")


def _overlap(question: str, sentence: str) -> int:
    return len(
        {w for w in WORD.findall(question.lower()) if len(w) > 3} & set(WORD.findall(sentence.lower()))
    )


def window(example: Example, first: int, last: int) -> Example:
    """The example cut to sentences [first, last), labels moved along; what is cut off is no evidence."""
    keep = range(first, last)
    return replace(
        example,
        sentences=example.sentences[first:last],
        evidence=frozenset(i - first for i in example.evidence if i in keep),
        answers=tuple((i - first, a, b) for i, a, b in example.answers if i in keep),
    )


def crop(example: Example, chance: random.Random, most_words: int) -> Example:
    """A random run of sentences of at most `most_words` words that keeps the evidence, where it can."""
    lengths = [len(s.split()) for s in example.sentences]
    first, last = 0, len(lengths)
    while last - first > 1 and sum(lengths[first:last]) > most_words:
        cut_front = chance.random() < 0.5
        if example.evidence and cut_front and first >= min(example.evidence):
            cut_front = False
        if example.evidence and not cut_front and last - 1 <= max(example.evidence):
            cut_front = first < min(example.evidence)
            if not cut_front:
                cut_front = chance.random() < 0.5
        first, last = (first + 1, last) if cut_front else (first, last - 1)
    return window(example, first, last)


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
            and not _holds_answer(example, passages[pool[j]][0][1])
        ][:most]
    return found


def _holds_answer(example: Example, sentences: tuple[str, ...]) -> bool:
    text = " ".join(sentences).lower()
    if not example.answer_texts:
        return any(example.sentences[i].lower() in text for i in example.evidence)
    return any(answer.lower() in text for answer in example.answer_texts)


def epoch(
    examples: Sequence[Example],
    negatives: dict[int, list[tuple[str, tuple[str, ...]]]],
    chance: random.Random,
    written: int = 1,
    public: float = 1.0,
) -> list[Example]:
    """One pass: questions with their windows (cropped at random), and negatives beside them; the
    project's own questions `written` times, of the others a random share `public`."""
    out = []
    names: dict[str, list[str]] = defaultdict(list)
    for example in examples:
        names[example.group] += NAME.findall(" " + " ".join(example.sentences[:2]))[:3]
    order = []
    for k, example in enumerate(examples):
        times = written if example.source == "written" else int(chance.random() < public)
        order += [k] * times
    for k in order:
        example = examples[k]
        window_words = chance.choice([60, 90, 120, 150])
        heading = "" if chance.random() < 0.1 else example.heading
        cropped = replace(crop(example, chance, window_words), heading=heading)
        if chance.random() < 0.08:
            cropped = replace(cropped, question=as_keywords(cropped.question))
        if chance.random() < 0.05:
            cropped = replace(cropped, question=misspelt(cropped.question, chance))
        out.append(cropped)
        if not example.evidence:
            continue
        dice = chance.random()
        near: Example | None = None
        if dice < 0.40 and negatives.get(k):
            head, sentences = chance.choice(negatives[k])
            other = replace(example, heading=head, sentences=sentences, evidence=frozenset(), answers=())
            near = crop(other, chance, window_words)
        elif dice < 0.55:
            near = without_evidence(cropped)
        elif dice < 0.75:
            near = vague_answer(cropped, chance)
        elif dice < 0.90:
            near = changed_name(cropped, names[example.group], chance)
        changed = changed_number(cropped, chance) if chance.random() < 0.5 else None
        out += [e for e in (near, changed) if e]
    chance.shuffle(out)
    return out


def as_keywords(question: str) -> str:
    """The question as a terse searcher types it: no function words, no question mark, lower case."""
    return " ".join(w for w in WORD.findall(question.lower()) if w not in STOP) or question
