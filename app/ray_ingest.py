"""`cited ingest --ray`: files are read, cut and embedded over a cluster, and come back ready to be written.

The library is not touched here: who asked writes what comes, one document after the other. The bytes go
along, so the nodes need no common file system; they need Cited, its model, and for OCR tesseract.
"""

import sys
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory

from app.cluster import TRIES, Lost, connected, work
from index.embed import Embedder
from index.library import Library
from index.passage_vectors import passage_vectors
from index.write import Prepared
from ingest.document import Document
from ingest.errors import IngestError, SourceUnreadable
from ingest.folders import source_of
from ingest.minder import Limits, Minder
from ingest.ocr import Ocr
from ingest.passages import SCHEME, cut_passages
from ingest.read import content_of, document_id, read_file
from ingest.workers import Reader

Outcome = Prepared | Document | IngestError
"""A document is one whose version is in the library."""


@dataclass(frozen=True, slots=True)
class Source:
    """A file at a path here. source: the document's identity. warnings: to stand with it."""

    path: Path
    source: str
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Sent:
    """A file on its way. known: version of the document in the library, None where there is none."""

    source: Source
    data: bytes
    known: str | None


@dataclass(frozen=True, slots=True)
class Preparing:
    """How to prepare documents. read: as in ingest.workers, a function that the nodes can import."""

    model: str
    most_bytes: int
    ocr: Ocr | None = None
    read: Reader = read_file


class Preparer:
    """Reads, cuts and embeds one file after the other; a worker of app.cluster."""

    def __init__(self, how: Preparing) -> None:
        # The process that reads is spawned, and would import this one's main module: Ray's, for a second.
        vars(sys.modules["__main__"]).pop("__file__", None)
        self.embedder = Embedder(how.model)
        # In a process of its own: a file that harms its reader does not cost the model loaded here.
        self.minder = Minder(partial(how.read, most_bytes=how.most_bytes), Limits(), how.ocr)

    def about(self) -> object:
        """What makes vectors and passages what they are. Raises ModelError."""
        self.embedder.passages(["Is the model there?"])
        return about(self.embedder)

    def do(self, sent: Sent) -> Outcome:
        """What becomes of a file."""
        source = sent.source
        with TemporaryDirectory(prefix="cited-") as folder:
            path = Path(folder).resolve() / source.path.name
            path.write_bytes(sent.data)
            outcome = self.minder.read(path)
        if isinstance(outcome, IngestError):
            return _as_of(outcome, path, source.path)
        document = replace(
            outcome,
            id=document_id(source.source),
            source=source.source,
            warnings=outcome.warnings + source.warnings,
        )
        passages = () if document.version == sent.known else cut_passages(document)
        if not passages:
            return document
        return Prepared(document, passages, *passage_vectors(self.embedder, passages))

    def close(self) -> None:
        """End the process that reads."""
        self.minder.end()


def about(embedder: Embedder) -> dict[str, str]:
    """What must be the same on every node."""
    return {"cited": version("cited"), "passages": SCHEME, "model": embedder.fingerprint}


def prepare_all(
    address: str,
    sources: Iterable[Source],
    library: Library,
    *,
    most: int,
    most_bytes: int,
    ocr: Ocr | None = None,
    read: Reader = read_file,
) -> Generator[tuple[Path, Outcome], None, None]:
    """Read, cut and embed files over the cluster at an address; each comes back as it is ready, by its path.

    Files are opened when a worker is free for them, so memory is bounded by the number of workers. most: how
    many sources there are at most. Raises ClusterError, SettingsError, ModelError.
    """
    unread: list[tuple[Path, Outcome]] = []

    def sent() -> Iterator[Sent]:
        for source in sources:
            try:
                data = content_of(source.path, most_bytes)
            except IngestError as error:
                unread.append((source.path, error))
                continue
            yield Sent(source, data, library.catalog.version(document_id(source.source)))

    model = library.embedder.model
    folder = str(Path(model).resolve()) if Path(model).is_dir() else model
    how = Preparing(folder, most_bytes, ocr, read)
    here = about(library.embedder)
    with connected(address), closing(work(Preparer, [how], sent(), expected=here, most=most)) as done:
        for job, outcome in done:
            while unread:
                yield unread.pop(0)
            path = job.source.path
            yield path, _given_up(path, outcome) if isinstance(outcome, Lost) else outcome
    yield from unread


def _given_up(path: Path, lost: Lost) -> IngestError:
    return SourceUnreadable(
        f"{path} was given up: the worker that had it ended {TRIES} times ({lost.reason}); save it in "
        "another format, or ingest it without --ray"
    )


def _as_of(error: IngestError, there: Path, here: Path) -> IngestError:
    """The error with the path that the user knows."""
    said = str(error).replace(str(there), str(here)).replace(source_of(there), source_of(here))
    told = type(error)(said)
    for note in getattr(error, "__notes__", ()):
        told.add_note(note)
    return told
