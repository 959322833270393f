"""Read a results file (JSON Lines: one run, an answer a question, one summary) and check its shape."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ingest.errors import EvaluationError

SCHEMA = 1
NUMBER, TEXT, NAME = (int, float), (str,), (str, int)
PLACE = {"document_id": TEXT, "start_char_index": (int,), "end_char_index": (int,)}
SHAPES: dict[str, dict] = {
    "run": {"set": {}, "documents": [{"id": TEXT, "name": TEXT}], "date": TEXT},
    "answer": {
        "id": TEXT,
        "question": TEXT,
        "type": TEXT,
        "half": TEXT,
        "document": NAME,
        "answerable": (bool,),
        "evidence": [[{**PLACE, "text": TEXT}]],
        "facts": [[TEXT]],
        "answer": {
            "answer": TEXT,
            "answered": (bool,),
            "confidence": NUMBER,
            "citations": [{**PLACE, "marker": (int,), "cited_text": TEXT}],
            "passages": [{**PLACE, "text": TEXT, "score": NUMBER}],
            "timings_ms": {"total": NUMBER},
        },
        "grades": {"correct": NUMBER},
    },
    "summary": {"figures": {"all": {}}, "curves": {}},
}
"""What each kind of line must have, of what is read: an object with these fields, a list of these, or a value
of these types."""
WORDS = {TEXT: "a text", NAME: "a name", NUMBER: "a number", (int,): "a whole number", (bool,): "yes or no"}


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
    ids = Counter(row["id"] for row in rows[1:-1])
    if twice := next((name for name, n in ids.items() if n > 1), None):
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
        except (ValueError, RecursionError) as error:
            raise EvaluationError(f"{path}, line {number}: {error}") from error


def _checked(row: object) -> dict:
    kind = row.get("kind") if isinstance(row, dict) else None
    if not isinstance(row, dict) or not isinstance(kind, str) or kind not in SHAPES:
        raise ValueError(f"kind is one of {', '.join(SHAPES)}, not {kind}")
    _check(row, SHAPES[kind], "")
    for name, grade in row["grades"].items() if kind == "answer" else ():
        if grade is not None:
            _check(grade, NUMBER, f"grades.{name}")
    return row


def _check(value: object, shape: dict | list | tuple, name: str) -> None:
    """Raises ValueError that names the first field that is missing or of another shape."""
    if isinstance(shape, tuple):
        if not isinstance(value, shape):
            raise ValueError(f"the field {name} is not {WORDS[shape]}")
    elif isinstance(shape, list):
        if not isinstance(value, list):
            raise ValueError(f"the field {name} is not a list")
        for number, one in enumerate(value, 1):
            _check(one, shape[0], f"{name}, {number}")
    else:
        if not isinstance(value, dict):
            raise ValueError(f"the field {name} is not an object")
        for key, inner in shape.items():
            within = f"{name}.{key}".removeprefix(".")
            if key not in value:
                raise ValueError(f"the field {within} is missing")
            _check(value[key], inner, within)
