"""What whoever asks may see: each document is in one collection, and every reading query holds to the scope.

Knows nothing of users: `scope` is asked at each query, and is set from above. A document outside of it is
treated as one that does not exist, by searching, too: it is left out before anything is ranked.
"""

import re
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from itertools import count

from index.database import Connection, Database
from ingest.document import Document
from ingest.errors import AccessDenied, DocumentUnknown, SettingsError

Scope = Callable[[], frozenset[str] | None]
"""The collections that may be seen at this moment, None for all. "" holds the documents of no collection."""
COLLECTION = re.compile(r"\w[\w .@-]{0,62}\w|\w")
CONDITION = re.compile(r"[\w.]+ IN SEEN")
SEEN = "(SELECT id FROM documents WHERE collection IN :scope)"


def everything() -> None:
    """The scope where there is no access control."""


class Visible(Database):
    """A database of documents, read through a scope. scope: may be replaced at any time."""

    scope: Scope = staticmethod(everything)

    def seen(self, query: str, **values: object) -> list[tuple]:
        """What a query finds in visible documents; it says `document_id IN SEEN`. Costs nothing where
        all may be seen."""
        names = self.scope()
        if names is None:
            return self.rows(CONDITION.sub("TRUE", query), **values)
        return self.rows(query.replace("SEEN", SEEN), scope=sorted(names), **values)

    def collection_of(self, document_id: str) -> str | None:
        """The collection of a document, None where there is no such document."""
        rows = self.seen("SELECT collection FROM documents WHERE id = :id AND id IN SEEN", id=document_id)
        return rows[0][0] if rows else None

    def collections(self) -> dict[str, int]:
        """How many documents each collection has."""
        return dict(
            self.seen(
                "SELECT collection, count(*) FROM documents WHERE id IN SEEN GROUP BY collection ORDER BY 1"
            )
        )

    def move(self, document_id: str, collection: str) -> None:
        """Put a document into another collection. Raises DocumentUnknown, and AccessDenied as `allowed`."""
        if self.collection_of(document_id) is None:
            raise unknown(document_id)
        allowed(self, collection)
        with self.change() as db:
            self._alone(db, document_id)
            db.execute("UPDATE documents SET collection = ? WHERE id = ?", (collection, document_id))

    def _alone(self, db: Connection, document_id: str) -> None:
        """Nobody else changes this document until the end of the transaction; in SQLite, nobody any."""

    def taken(self, document_id: str) -> bool:
        """Whether there is such a document, whoever may see it."""
        return bool(self.rows("SELECT 1 FROM documents WHERE id = ?", document_id))


def unknown(document_id: str) -> DocumentUnknown:
    """The error for a document that is not there, or may not be seen."""
    return DocumentUnknown(f"there is no document {document_id}; `cited list` shows what there is")


def allowed(catalog: Visible, collection: str) -> str:
    """The collection, where it is a name and within the scope. Raises SettingsError, AccessDenied."""
    if collection and not COLLECTION.fullmatch(collection):
        raise SettingsError(
            f"{collection!r} cannot name a collection; use up to 64 letters, digits, spaces and . _ - @"
        )
    names = catalog.scope()
    if names is not None and collection not in names:
        raise AccessDenied(f"you have no collection {collection or '«»'}; ask whoever runs this library")
    return collection


def placed(catalog: Visible, document: Document, collection: str | None) -> tuple[Document, str | None]:
    """A document under the id that it gets here, and its collection; None: it stays where it is.

    collection: None for where the document is, or, of a new one, the only collection of whoever adds it. A
    source that somebody else has added to a collection out of sight becomes a document of its own: a new
    document of someone who does not see everything gets an id of its collection, whether or not the usual
    one is taken. It keeps that wherever it is moved, so it is looked for by its source, too. Raises
    AccessDenied.
    """
    scope = catalog.scope()
    if collection is not None:
        allowed(catalog, collection)
    if scope is None or catalog.collection_of(document.id) is not None:
        return document, collection
    there = _of_source(catalog, document)
    wanted = collection
    if wanted is None:
        own = sorted(scope - {""})
        if len(own) > 1 and len(there) == 1:
            return replace(document, id=next(iter(there))), None
        if len(own) > 1:
            raise AccessDenied(f"say which of your collections the document is for: {', '.join(own)}")
        wanted = allowed(catalog, own[0] if own else "")
    if found := next((name for name, where in there.items() if where == wanted), None):
        return replace(document, id=found), collection
    for number in count():
        told = f"{number}\n{wanted}\n{document.source}"
        name = f"{document.id[:-8]}{sha256(told.encode()).hexdigest()[:8]}"
        if name in there:  # made for that collection, and moved to another
            return replace(document, id=name), collection
        if not catalog.taken(name):
            return replace(document, id=name), wanted
    raise AssertionError("there are not that many documents")


def _of_source(catalog: Visible, document: Document) -> dict[str, str]:
    """The collections of the visible documents of this document's source, by their ids."""
    query = "SELECT id, collection FROM documents WHERE source = :source AND id IN SEEN ORDER BY id"
    return dict(catalog.seen(query, source=document.source))
