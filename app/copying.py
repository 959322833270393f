"""A library copied to another place, from a folder to servers or back, without embedding it again.

The vectors of passages are composed of the kept ones of sentences, as they are when a backup is restored, so
only headings go through the model. What is there in the same version is left alone: an interrupted copy is
finished by running it again.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from app.access.store import AccessStore, open_store
from app.archive import CATALOG, USERS
from index.catalog import Entry
from index.embed import Embedder
from index.fingerprint import fingerprint, holdings
from index.library import Library
from index.mend import composed, difference
from index.place import Place, Servers
from index.write import Prepared, Progress, untold
from ingest.errors import LibraryDamaged, LibraryError

FEEDBACK = "SELECT at, good, comment, answer FROM feedback ORDER BY number"
ACCOUNTS = "SELECT name, role, collections, password, made FROM users"
KEYS = 'SELECT hash, "user", made FROM keys'
LOOKED_AT = 100
"""Passages, of all documents, whose vectors are compared at the end; their headings are embedded for it."""
ALIKE = 0.99
"""Cosine of a vector in the target and the one that the source composes: equal but for rounding."""


@dataclass(frozen=True, slots=True)
class Copied:
    """What was copied. documents, passages: counts in the source, all of which the target was seen to have.
    present: documents that the target had. remarks: of readers. fingerprint: of what was copied."""

    documents: int
    passages: int
    present: int
    remarks: int
    users: int
    fingerprint: str


def copy(
    source: Place, target: Place, embedder: Embedder, merge: bool = False, progress: Progress = untold
) -> Copied:
    """Copy a library to another place. merge: whatever the target holds; of a document that is there in
    another version, the source's is taken. progress: in passages.

    Raises LibraryError where there is nothing to copy, or where the target holds something else,
    LibraryMismatch where the source was built with another model.
    """
    if isinstance(source, Servers) == isinstance(target, Servers) and str(source) == str(target):
        raise LibraryError(f"{source} is both the source and the target; name another place to copy it to")
    if not isinstance(source, Servers) and not (source / CATALOG).is_file():
        raise LibraryError(f"there is no library in {source}")
    with Library(source, embedder) as giving, Library(target, embedder) as taking:
        _see(giving, taking, merge)
        present = _documents(giving, taking, progress)
        remarks = _feedback(giving, taking)
        files = giving.catalog.rows("SELECT document_id, version, size, mtime_ns FROM sources")
        taking.catalog.remember(files)
        documents, passages, figure = _checked(giving, taking)
        return Copied(documents, passages, present, remarks, _users(source, target), figure)


def _see(giving: Library, taking: Library, merge: bool) -> None:
    """See that the one can be copied into the other."""
    if giving.catalog.passage_count():
        giving.check_built_with()
    foreign = {e.id for e in taking.entries()} - {e.id for e in giving.entries()}
    if foreign and not merge:
        raise LibraryError(
            f"the library {taking.name} holds {len(foreign)} documents that {giving.name} does not; copy to "
            "an empty one, or add --merge"
        )


def _documents(giving: Library, taking: Library, progress: Progress) -> int:
    """Copy the documents; how many of them were there."""
    there = {entry.id: entry for entry in taking.entries()}
    wanted = giving.entries()
    total, done, present = sum(entry.passages for entry in wanted), 0, 0
    for entry in wanted:
        found = there.get(entry.id)
        if found and (found.version, found.passages) == (entry.version, entry.passages):
            present += 1
            if found.collection != entry.collection:
                taking.move(entry.id, entry.collection)
        else:
            list(taking.add_prepared(_prepared(giving, entry), entry.collection))
        with taking.catalog.change() as db:
            db.execute("UPDATE documents SET added = ? WHERE id = ?", (entry.added, entry.id))
        done += entry.passages
        progress(done, total)
    return present


def _prepared(giving: Library, entry: Entry) -> Iterator[Prepared]:
    """A document with its vectors; none where it is changed or deleted meanwhile, which the check at the end
    finds."""
    ids = [p.id for p in sorted(giving.catalog.passages_of(entry.id), key=lambda p: p.position)]
    parts = list(composed(giving, ids))
    passages = [p for part, _, _ in parts for p in part]
    if giving.catalog.version(entry.id) != entry.version or len(passages) != entry.passages:
        return
    vectors = np.concatenate([whole for _, whole, _ in parts]) if parts else np.empty((0, 0), np.float32)
    yield Prepared(giving.document(entry.id), passages, vectors, [s for _, _, own in parts for s in own])


def _feedback(giving: Library, taking: Library) -> int:
    """Copy what readers have said; how much of it was not there."""
    there = {(at, comment, answer) for at, _, comment, answer in taking.catalog.rows(FEEDBACK)}
    new = [row for row in giving.catalog.rows(FEEDBACK) if (row[0], row[2], row[3]) not in there]
    with taking.catalog.change() as db:
        db.executemany(
            "INSERT INTO feedback (at, good, comment, answer) VALUES (?, ?, ?, ?)",
            [(at, None if good is None else bool(good), *rest) for at, good, *rest in new],
        )
    return len(new)


def _users(source: Place, target: Place) -> int:
    """Copy users and their keys; how many users were not there. A user of that name who is there stays."""
    if not isinstance(source, Servers) and not (source / USERS).is_file():
        return 0
    giving, taking = open_store(source), open_store(target)
    try:
        return _accounts(giving, taking)
    finally:
        giving.close()
        taking.close()


def _accounts(giving: AccessStore, taking: AccessStore) -> int:
    there = {row[0]: row for row in taking.rows(ACCOUNTS)}
    wanted = giving.rows(ACCOUNTS)
    same = {row[0] for row in wanted if there.get(row[0], row) == row}
    with taking.change() as db:
        db.executemany(
            "INSERT INTO users VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            [row for row in wanted if row[0] in same],
        )
        db.executemany(
            "INSERT INTO keys VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
            [row for row in giving.rows(KEYS) if row[1] in same],
        )
    return len(same - set(there))


def _checked(giving: Library, taking: Library) -> tuple[int, int, str]:
    """Documents, passages and fingerprint of what the target was seen to have of the source."""
    given, taken = holdings(giving.catalog), holdings(taking.catalog)
    if lacking := [name for name, line in given.items() if taken.get(name) != line]:
        raise LibraryError(
            f"{len(lacking)} documents were changed while they were copied, {lacking[0]} among them; run the "
            "same command again, which leaves alone what is there"
        )
    if missing := difference(taking.catalog, taking.vectors).missing:
        raise LibraryDamaged(f"{taking.name} lacks {len(missing)} vectors; run `cited doctor --repair` on it")
    _compare(giving, taking)
    return len(given), sum(e.passages for e in giving.entries()), fingerprint(given.values())


def _compare(giving: Library, taking: Library) -> None:
    """See that passages have their own vectors in the target, some in all parts of the library."""
    ids = giving.catalog.passage_ids()
    some = ids[:: len(ids) // LOOKED_AT + 1]
    there = taking.catalog.visible(some)
    for passages, whole, _ in composed(giving, [name for name in some if name in there]):
        cosines = (taking.vectors.get([p.id for p in passages]) * whole).sum(axis=1)
        if cosines.min() < ALIKE:
            raise LibraryDamaged(
                f"passages of {taking.name} have the vectors of others, as an earlier version of Cited copied"
                " them; run `cited rebuild` on it"
            )
