"""What readers thought of answers: kept in the library, for making evaluation questions of it."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime

from index.catalog import Catalog


@dataclass(frozen=True, slots=True)
class Feedback:
    """at: UTC, ISO 8601. good: thumb up or down, None for a comment alone. answer: its JSON, with the
    question, the citations and the passages. versions: of the documents cited, by id, as they were."""

    at: str
    good: bool | None
    comment: str
    answer: dict
    versions: dict[str, str]


def add_feedback(catalog: Catalog, answer: dict, good: bool | None, comment: str = "") -> None:
    """Keep a reader's word on an answer."""
    ids = dict.fromkeys(c["document_id"] for c in (*answer["citations"], *answer["passages"]))
    versions = {name: catalog.version(name) or "" for name in ids}
    stored = json.dumps({"answer": answer, "versions": versions})
    with catalog.change() as db:
        db.execute(
            "INSERT INTO feedback (at, good, comment, answer) VALUES (?, ?, ?, ?)",
            (datetime.now(UTC).isoformat(timespec="seconds"), good, comment, stored),
        )


def all_feedback(catalog: Catalog) -> list[Feedback]:
    """Everything that readers have said, oldest first."""
    rows = catalog.rows("SELECT at, good, comment, answer FROM feedback ORDER BY number")
    found = []
    for at, good, comment, stored in rows:
        kept = json.loads(stored)
        found.append(
            Feedback(at, None if good is None else bool(good), comment, kept["answer"], kept["versions"])
        )
    return found
