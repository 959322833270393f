"""A line of an evaluation set as it is written, before it meets its documents: every field is of its shape.

What is wrong is a ValueError that says what to write; eval/questions.py says what the fields mean.
"""

import json
from collections.abc import Callable, Mapping

from app.answer import checked

FIELDS = ("id", "question", "evidence", "type", "half", "document", "facts", "short_answers", "note")
PLACES = {("quote",): str, ("end", "start"): str, ("end_char_index", "start_char_index"): int}
"""The fields of a place besides "document", and what their values are."""


def parsed(line: str) -> dict:
    """The object of a line. Raises ValueError."""
    try:
        row = json.loads(line)
        json.dumps(row, ensure_ascii=False).encode()
    except RecursionError as error:
        raise ValueError("brackets in brackets without end; a line is one JSON object") from error
    except UnicodeEncodeError as error:
        half = ascii(error.object[error.start])
        raise ValueError(f"{half} is half a character (a lone surrogate); write the whole one") from error
    if not isinstance(row, dict):
        raise ValueError("a line is one JSON object")
    return row


def declared(row: Mapping) -> list[str]:
    """The rules of "gates". Raises ValueError where they are no list of strings."""
    rules = row["gates"]
    if not isinstance(rules, list) or not all(isinstance(rule, str) for rule in rules):
        raise ValueError('gates is a list of strings: ["evidence_recall >= 0.9"]')
    return rules


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _is_fact(value: object) -> bool:
    wordings = value if isinstance(value, list) else [value]
    return bool(wordings) and all(_is_text(wording) for wording in wordings)


def _is_list(of: Callable[[object], bool]) -> Callable[[object], bool]:
    return lambda value: isinstance(value, list) and all(of(one) for one in value)


SHAPES: dict[str, tuple[Callable[[object], bool], str]] = {
    "id": (lambda v: _is_text(v) or type(v) in (int, float), 'id is a name or a number: "1"'),
    "question": (lambda v: isinstance(v, str), "question is a string"),
    "evidence": (_is_list(lambda _: True), "evidence is a list, empty where the documents do not answer"),
    "type": (_is_text, 'type is a name: "single"'),
    "document": (lambda v: v is None or isinstance(v, str), 'document is a file name: "article.txt"'),
    "facts": (_is_list(_is_fact), 'facts is a list, a list of wordings each: [["1957"], ["thirty", "30"]]'),
    "short_answers": (_is_list(_is_text), 'short_answers is a list of strings: ["1957"]'),
}  # fmt: skip
"""Whether a field's value is as it should be, and what to write."""


def check_shape(row: dict) -> None:
    """Raises ValueError that says what to write, and QuestionError for what cannot be asked."""
    if unknown := set(row) - set(FIELDS):
        raise ValueError(f"unknown field {', '.join(sorted(unknown))}; there are {', '.join(FIELDS)}")
    for name in ("id", "question", "evidence"):
        if name not in row:
            what = "what a full answer must cite, or [] where the documents do not answer"
            told = f"; write {what}" if name == "evidence" else ""
            raise ValueError(f"the field '{name}' is missing{told}")
    for name, (fits, told) in SHAPES.items():
        if name in row and not fits(row[name]):
            raise ValueError(f"{told}, not {_short(row[name])}")
    checked(row["question"])


def _short(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 100 else f"{text[:100]}…"


def alternatives(item: object) -> list[dict]:
    """The places of which one suffices, well formed. Raises ValueError."""
    places = item["any"] if isinstance(item, dict) and list(item) == ["any"] else [item]
    if not isinstance(places, list) or not all(_is_place(place) for place in places) or not places:
        raise ValueError(
            'evidence is {"quote": …}, {"start": …, "end": …} or {"start_char_index": …, "end_char_index": …}'
            f', each with "document" if need be, or {{"any": […]}} of these, not {_short(item)}'
        )
    return places


def _is_place(value: object) -> bool:
    if not isinstance(value, dict) or not isinstance(value.get("document", ""), str):
        return False
    fields = tuple(sorted(set(value) - {"document"}))
    return fields in PLACES and all(type(value[name]) is PLACES[fields] for name in fields)
