"""The servers of a library, as the doctor sees them: what answers, in which version, and what was left
there."""

from typing import cast

from app.doctor import PROBLEM, REPAIRED
from index.library import Library
from index.place import Servers, shown
from index.postgres_catalog import PostgresCatalog
from index.shared import collection
from index.vectors_server import ServerVectors, version_of

Told = str | tuple[str, str]
ROWS = (
    (
        "documents that lack passages",
        "SELECT count(*) FROM documents d WHERE passages != "
        "(SELECT count(*) FROM passages WHERE document_id = d.id)",
    ),
    (
        "documents that lack words",
        "SELECT count(*) FROM documents d WHERE NOT EXISTS (SELECT 1 FROM lengths WHERE document_id = d.id)",
    ),
    (
        "passages without a document",
        "SELECT count(*) FROM passages WHERE document_id NOT IN (SELECT id FROM documents)",
    ),
)


def chroma(servers: Servers) -> Told:
    """Whether the Chroma server answers."""
    return f"{shown(servers.vectors)} answers, version {version_of(servers)}"


def postgres(catalog: PostgresCatalog) -> Told:
    """Whether the tables agree, and which server holds them."""
    for what, query in ROWS:
        if count := catalog.rows(query)[0][0]:
            return PROBLEM, f"{count} {what}; run `cited rebuild`"
    version = catalog.rows("SHOW server_version")[0][0]
    loose = len(catalog.loose())
    waiting = f", {loose} vectors of interrupted or present work" if loose else ""
    return (
        f"PostgreSQL {version}, schema {catalog.schema_version}, {catalog.passage_count()} passages{waiting}"
    )


def unfinished(library: Library, servers: Servers, repair: bool) -> Told:
    """What an interrupted rebuild has left on the Chroma server."""
    catalog = cast(PostgresCatalog, library.catalog)
    with catalog.only_one("rebuild") as alone:
        if not alone:
            return "under way in another process"
        if not (left := catalog.about("building")):
            return "none was interrupted"
        if not repair:
            return PROBLEM, f"the collection {left} was left by one that was ended; `--repair` mends it"
        vectors = ServerVectors(servers, lambda: collection(catalog), new=True)
        try:
            vectors.remove(left)
        finally:
            vectors.close()
        catalog.set_about(building="")
        return REPAIRED, f"removed the collection {left}, which was left by one that was ended"
