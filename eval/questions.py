"""Evaluation sets: questions with the evidence and the facts that a right answer has.

A set is JSON Lines, one question a line; only id, question and evidence must be there:

    {"id": "…", "question": "…", "evidence": [{"quote": "a whole span of the document's text"}],
     "type": "single", "half": "reporting", "document": "article.txt",
     "facts": [["1957"], ["thirty", "30"]], "short_answers": ["1957"]}

evidence: every span that a full answer needs, each as {"quote": …}, as a text fragment {"start":
"first words", "end": "last words"}, or as offsets {"start_char_index": …, "end_char_index": …} into
the document's text; or {"any": […]} of these, where one of several places suffices. One may name
another "document". All become offsets when the set meets its documents. No evidence: the documents
do not answer, and the right answer is a refusal. document: file name; may be left out where the set
asks about one document. facts: for each fact the wordings of which one must stand in the answer.
short_answers: gold short answers, any of which will do. note: for the people who keep the set.

A line {"gates": ["evidence_recall >= 0.9"]} declares gates (eval/gates.py).
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from eval.set_lines import alternatives, check_shape, declared, parsed
from ingest.document import Document, Span
from ingest.errors import EvaluationError, QuestionError

SETS = Path(__file__).parent / "sets"
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
    facts: tuple[tuple[str, ...], ...] = ()
    document: str = ""
    short_answers: tuple[str, ...] = ()

    @property
    def answerable(self) -> bool:
        """Whether the documents answer it."""
        return bool(self.evidence)


@dataclass(frozen=True, slots=True)
class QuestionSet:
    """A set that has met its documents. gates: as the set declares them."""

    questions: tuple[Question, ...]
    gates: tuple[str, ...] = ()


def load_set(path: Path, documents: Mapping[str, Document]) -> list[Question]:
    """The questions of a set; see read_set."""
    return list(read_set(path, documents).questions)


def read_set(path: Path, documents: Mapping[str, Document]) -> QuestionSet:
    """Read a set and resolve its evidence. documents: by file name.

    Raises EvaluationError naming file and line for anything that is not as it should be.
    """
    questions: dict[str, Question] = {}
    gates: list[str] = []
    for number, line in _lines(path):
        row: dict = {}
        try:
            row = parsed(line)
            if list(row) == ["gates"]:
                gates += declared(row)
                continue
            question = _question(row, documents)
            if question.id in questions:
                raise ValueError(f"the id {question.id} is there twice")
        except (ValueError, QuestionError) as error:
            of = f" (question {row['id']})" if "id" in row else ""
            raise EvaluationError(f"{path}, line {number}: {error}{of}") from error
        questions[question.id] = question
    if not questions:
        raise EvaluationError(f"the evaluation set {path} holds no question")
    return QuestionSet(tuple(questions.values()), tuple(gates))


def file_name(source: str) -> str:
    """The name by which a set calls a document: its file's, also of one that was uploaded or piped in."""
    return Path(source.removeprefix("upload:").removeprefix("stdin:")).name


def _lines(path: Path) -> list[tuple[int, str]]:
    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise EvaluationError(f"the evaluation set {path} cannot be read: {error}") from error
    return [(number, line) for number, line in enumerate(lines, 1) if line.strip()]


def _question(row: dict, documents: Mapping[str, Document]) -> Question:
    check_shape(row)
    half = row.get("half", "reporting")
    if half not in HALVES:
        raise ValueError(f"half is one of {', '.join(HALVES)}, not {half}")
    evidence = row["evidence"]
    name = row.get("document") or (next(iter(documents)) if len(documents) == 1 else "")
    if name:
        _document(name, documents)
    return Question(
        id=str(row["id"]),
        question=row["question"],
        type=row.get("type", "single" if evidence else "unanswerable"),
        half=half,
        evidence=tuple(
            tuple(_place(one, name, documents) for one in alternatives(item)) for item in evidence
        ),
        facts=tuple((fact,) if isinstance(fact, str) else tuple(fact) for fact in row.get("facts", ())),
        document=name,
        short_answers=tuple(row.get("short_answers", ())),
    )


def _document(name: str, documents: Mapping[str, Document]) -> Document:
    if name not in documents:
        raise ValueError(f"the document {name} is not among {', '.join(documents) or 'none'}")
    return documents[name]


def _place(item: dict, default: str, documents: Mapping[str, Document]) -> Place:
    name = item.get("document") or default
    if not name:
        raise ValueError("which document? name it, for the set asks about several")
    document = _document(name, documents)
    if "quote" in item:
        span = resolve_quote(document.text, item["quote"])
    elif "start_char_index" in item:
        span = Span(item["start_char_index"], item["end_char_index"])
        if not 0 <= span.start < span.end <= len(document.text):
            raise ValueError(
                f"[{span.start}, {span.end}) does not lie in the {len(document.text)} characters of {name}"
            )
    else:
        span = resolve(document.text, item["start"], item["end"])
    return Place(span.start, span.end, document.id)


def resolve_quote(text: str, quote: str) -> Span:
    """The one place of a quote in the text, whatever its white space.

    Raises ValueError where it is not there, or more than once.
    """
    found = [Span(m.start(), m.end()) for m in re.finditer(_pattern(quote), text)] if quote.split() else []
    if not found:
        raise ValueError(f"«{quote}» is not in the document")
    if len(found) > 1:
        raise ValueError(f"«{quote}» is in the document {len(found)} times; quote more of it")
    return found[0]


def resolve(text: str, first: str, last: str) -> Span:
    """The one span of the text that begins with the words of `first` and ends with those of `last`.

    White space is as good as any other; of several beginnings before an end the nearest counts.
    Raises ValueError where there is no such span, or more than one.
    """
    if not (first.split() and last.split()):
        raise ValueError("start and end are the first and the last words of a span; neither is empty")
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
