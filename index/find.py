"""Which document somebody means."""

from collections.abc import Sequence
from pathlib import Path

from index.catalog import Entry
from ingest.errors import DocumentUnknown


def find(entries: Sequence[Entry], name: str) -> str:
    """The id of the one document with that id, beginning of an id, title or source.

    Raises DocumentUnknown where there is none, or more than one.
    """
    path = str(Path(name).resolve())
    exact = [e.id for e in entries if name in (e.id, e.title, e.source) or e.source == path]
    near = [e.id for e in entries if e.id.startswith(name) or e.source.endswith(f"/{name}")]
    found = exact or (near if name else [])
    if len(found) == 1:
        return found[0]
    if found:
        raise DocumentUnknown(f"{name} is more than one document: {', '.join(found)}")
    raise DocumentUnknown(f"there is no document {name or '«»'}; `cited list` shows what there is")
