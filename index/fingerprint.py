"""One figure for what a library holds, whatever it is kept in: equal figures, equal libraries."""

import json
from collections.abc import Iterable
from hashlib import sha256

from index.catalog import Catalog

HELD = (
    "SELECT d.id, d.version, d.collection, p.id FROM documents d LEFT JOIN passages p ON p.document_id = d.id"
)
"""One query, so that it is one moment of a library that others change."""


def holdings(catalog: Catalog) -> dict[str, str]:
    """Of each document, by its id, a line of JSON: id, version, collection, and its passages' ids in order.
    Of all documents, whoever may see them."""
    held: dict[tuple[str, str, str], list[str]] = {}
    for document, version, collection, passage in catalog.rows(HELD):
        held.setdefault((document, version, collection), []).extend([passage] if passage else [])
    return {key[0]: json.dumps([*key, sorted(passages)]) for key, passages in held.items()}


def fingerprint(lines: Iterable[str]) -> str:
    """SHA-256 of such lines, in hexadecimal, in whatever order they come."""
    return sha256("\n".join(sorted(lines)).encode()).hexdigest()
