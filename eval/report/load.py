"""Read a results file (JSON Lines: one run, an answer a question, one summary) and check its shape."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ingest.errors import EvaluationError

SCHEMA = 1
FIELDS = {
    "run": ("set", "documents", "date"),
    "answer": ("id", "question", "type", "half", "document", "evidence", "facts", "answer", "grades"),
    "summary": ("figures", "curves"),
}
"""What each kind of line must have, of what the report reads."""
ANSWER_FIELDS = ("answer", "answered", "confidence", "citations", "passages", "timings_ms")


@dataclass(frozen=True, slots=True)
class Results:
    """A results file as JSON values; answers in the order of the set."""

    run: dict
    answers: tuple[dict, ...]
    summary: dict


def load(path: Path) -> Results:
    """Read a results file. Raises EvaluationError that names file and line."""
    rows = list(_rows(path))
    kinds = [row["kind"] for row in rows]
    if not rows or kinds[0] != "run":
        raise EvaluationError(f"{path}, line 1: a results file begins with its run; is this one?")
    if rows[0].get("schema") != SCHEMA:
        raise EvaluationError(f"{path}, line 1: schema {rows[0].get('schema')} is not {SCHEMA}; run again")
    if kinds[-1] != "summary":
        raise EvaluationError(f"{path}: there is no summary, so the run was interrupted; run it to its end")
    for number, kind in enumerate(kinds[1:-1], 2):
        if kind != "answer":
            raise EvaluationError(f"{path}, line {number}: a {kind} stands between the answers")
    ids = [row["id"] for row in rows[1:-1]]
    if twice := next((name for name in ids if ids.count(name) > 1), None):
        raise EvaluationError(f"{path}: the question {twice} is there twice")
    if not ids:
        raise EvaluationError(f"{path} holds no answer")
    return Results(rows[0], tuple(rows[1:-1]), rows[-1])


def _rows(path: Path) -> Iterator[dict]:
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise EvaluationError(f"the results file {path} cannot be read: {error}") from error
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            yield _checked(json.loads(line))
        except (ValueError, AttributeError, TypeError) as error:
            raise EvaluationError(f"{path}, line {number}: {error}") from error


def _checked(row: dict) -> dict:
    kind = row.get("kind")
    if kind not in FIELDS:
        raise ValueError(f"kind is one of {', '.join(FIELDS)}, not {kind}")
    missing = [name for name in FIELDS[kind] if name not in row]
    if kind == "answer" and not missing:
        missing = [f"answer.{name}" for name in ANSWER_FIELDS if name not in row["answer"]]
    if missing:
        raise ValueError(f"the field {missing[0]} is missing")
    return row
