"""Evaluation sets: questions with the evidence and the facts that a right answer has.

A set is JSON Lines, one question a line:

    {"id": "…", "question": "…", "type": "single", "half": "tuning", "document": "article.txt",
     "evidence": [{"start": "first words", "end": "last words"},
                  {"any": [{"start": "…", "end": "…"}, {"start": "…", "end": "…"}]}],
     "facts": [["1957"], ["thirty", "30"]]}

evidence: every span that a full answer needs, as text fragments (first and last words of a span of
the document's text); of those under "any" one suffices. A fragment may name another "document".
facts: for each fact the wordings of which one must stand in the answer. No evidence: the documents
do not answer, and the right answer is a refusal. Fragments become offsets when a set meets its
documents.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ingest.document import Document, Span
from ingest.errors import EvaluationError

SETS = Path(__file__).parent / "sets"
FIELDS = frozenset({"id", "question", "type", "half", "document", "evidence", "facts"})
HALVES = ("tuning", "reporting")


@dataclass(frozen=True, slots=True)
class Place(Span):
    """A span of the document with that id."""

    document_id: str


@dataclass(frozen=True, slots=True)
class Question:
    """One question with resolved evidence. evidence: needed places, each with its alternatives."""

    id: str
    question: str
    type: str
    half: str
    evidence: tuple[tuple[Place, ...], ...]
    facts: tuple[tuple[str, ...], ...]

    @property
    def answerable(self) -> bool:
        """Whether the documents answer it."""
        return bool(self.evidence)


def load_set(path: Path, documents: Mapping[str, Document]) -> list[Question]:
    """Read a set and resolve its evidence. documents: by file name.

    Raises EvaluationError naming file and line for anything that is not as it should be.
    """
    questions: list[Question] = []
    seen: set[str] = set()
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise EvaluationError(f"the evaluation set {path} cannot be read: {error}") from error
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            question = _question(json.loads(line), documents)
            if question.id in seen:
                raise ValueError(f"the id {question.id} is there twice")
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            what = f"the field {error} is missing" if isinstance(error, KeyError) else error
            raise EvaluationError(f"{path}, line {number}: {what}") from error
        seen.add(question.id)
        questions.append(question)
    if not questions:
        raise EvaluationError(f"the evaluation set {path} holds no question")
    return questions


def _question(row: dict, documents: Mapping[str, Document]) -> Question:
    if unknown := set(row) - FIELDS:
        raise ValueError(f"unknown field {', '.join(sorted(unknown))}; there are {', '.join(sorted(FIELDS))}")
    if row["half"] not in HALVES:
        raise ValueError(f"half is one of {', '.join(HALVES)}, not {row['half']}")
    if not row["question"].strip():
        raise ValueError("the question is empty")
    return Question(
        id=row["id"],
        question=row["question"],
        type=row["type"],
        half=row["half"],
        evidence=tuple(
            tuple(_place(one, row["document"], documents) for one in item.get("any", [item]))
            for item in row["evidence"]
        ),
        facts=tuple(tuple(fact) for fact in row["facts"]),
    )


def _place(fragment: dict, default: str, documents: Mapping[str, Document]) -> Place:
    name = fragment.get("document", default)
    if name not in documents:
        raise ValueError(f"the document {name} is not among {', '.join(documents) or 'none'}")
    document = documents[name]
    span = resolve(document.text, fragment["start"], fragment["end"])
    return Place(span.start, span.end, document.id)


def resolve(text: str, first: str, last: str) -> Span:
    """The one span of the text that begins with the words of `first` and ends with those of `last`.

    White space is as good as any other; of several beginnings before an end the nearest counts.
    Raises ValueError where there is no such span, or more than one.
    """
    starts = [m.start() for m in re.finditer(_pattern(first), text)]
    if not starts:
        raise ValueError(f"«{first}» is not in the document")
    spans = []
    for i, start in enumerate(starts):
        end = re.compile(_pattern(last)).search(text, start)
        if end and (i + 1 == len(starts) or starts[i + 1] >= end.end()):
            spans.append(Span(start, end.end()))
    if not spans:
        raise ValueError(f"«{last}» does not follow «{first}» in the document")
    if len(spans) > 1:
        raise ValueError(f"«{first} … {last}» is in the document {len(spans)} times; take more words")
    return spans[0]


def _pattern(words: str) -> str:
    return r"\s+".join(re.escape(word) for word in words.split())


def halves(questions: Sequence[Question]) -> dict[str, list[Question]]:
    """The questions by half, tuning first."""
    return {half: [q for q in questions if q.half == half] for half in HALVES}
