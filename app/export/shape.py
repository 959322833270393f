"""Is this a conversation? It comes from a browser: nothing about its shape is taken for granted."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from types import UnionType

from ingest.errors import QuestionError

MOST_CHARACTERS = 5_000_000
"""Of a conversation as JSON: what browsers keep for a page, and a Word file in two seconds."""
LARGEST = 10**9
"""No page, position or marker is beyond it."""

Shape = Mapping[str, type | UnionType]
CONVERSATION: Shape = {"id": str, "title": str, "created": str, "documents": list, "turns": list}
TURN: Shape = {
    "question": str, "asked": str, "answer": str, "answered": bool, "mode": str, "at": str, "cards": list,
}  # fmt: skip
WRITTEN: Shape = {"notice": str | None, "unsupported": list, "stopped": bool}
"""Fields of a turn that older ones lack."""
CARD: Shape = {
    "marker": int | None, "document_id": str, "title": str, "version": str, "section": str,
    "page": int | None, "kind": str, "footnote": str | None, "start": int, "end": int,
    "quoted": str, "referring": str | None,
}  # fmt: skip
"""The fields that are read here; others stand in the JSON as they are."""
NAMES: Mapping[type | UnionType, str] = {
    str: "text", int: "a whole number", bool: "true or false", list: "a list",
    str | None: "text or null", int | None: "a whole number or null",
}  # fmt: skip


def check_size(value: object) -> None:
    """Raises QuestionError for what JSON cannot hold, and for too much of it."""
    try:
        size = len(json.dumps(value, allow_nan=False, ensure_ascii=False))
    except (TypeError, ValueError, RecursionError) as error:
        raise wrong("the conversation", "JSON") from error
    if size > MOST_CHARACTERS:
        raise QuestionError(
            f"the conversation has {size / 1e6:.1f} million characters, and {MOST_CHARACTERS / 1e6:.0f} "
            "million can be exported; start a new one, and ask there what you need in the file"
        )


def checked(value: object, shape: Shape, where: str) -> dict:
    """The value, an object with at least these fields of these types."""
    if not isinstance(value, dict):
        raise wrong(where, "an object")
    for name, kind in shape.items():
        place = name if shape is CONVERSATION else f"{where}.{name}"
        if name not in value:
            raise wrong(place, "there")
        found = value[name]
        if not isinstance(found, kind) or (isinstance(found, bool) and kind is not bool):
            raise wrong(place, NAMES[kind])
        if isinstance(found, int) and not 0 <= found < LARGEST:
            raise wrong(place, f"between 0 and {LARGEST}")
    return value


def moment(text: str, where: str) -> datetime:
    """A time as ISO 8601 writes it, in UTC, which it is in where it names no zone."""
    try:
        found = datetime.fromisoformat(text)
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise wrong(where, "a time such as 2026-11-03T17:35:00Z") from error


def wrong(where: str, wanted: str) -> QuestionError:
    """The error for a field that is not what it must be."""
    return QuestionError(
        f"this conversation cannot be exported: {where} must be {wanted}. It was changed by hand, or kept by "
        "another version of Cited; ask its questions again in a new conversation"
    )
