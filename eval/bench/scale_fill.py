"""A library filled to so many passages: the documents of a set first, then the prose of this machine.

Each size is a folder of its own that begins as a copy of the next smaller one, so that every size can be
measured again. What is there is not made again; an interrupted filling goes on where it was.
"""

import json
import shutil
import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from eval.bench.scale_text import documents
from index.embed import Embedder
from index.library import Library
from index.write import Progress, untold
from ingest.document import Document
from ingest.passages import cut_passages

AT_ONCE = 40
"""Documents added before the counts are written down."""


@dataclass(slots=True)
class Filling:
    """What went into a library, and how long it took. passages: all of them. words: in their text. real,
    recombined: passages with vectors of the model, and of documents made of sentences of others. seconds:
    of adding prose, without interruptions."""

    passages: int = 0
    documents: int = 0
    words: int = 0
    real: int = 0
    recombined: int = 0
    seconds: float = 0.0


def filled(folder: Path) -> Filling | None:
    """What went into a library, None where it is not complete."""
    return read_filling(folder) if (folder / "complete").exists() else None


def read_filling(folder: Path) -> Filling:
    """What has gone into a library so far."""
    file = folder / "filling.json"
    return Filling(**json.loads(file.read_text())) if file.exists() else Filling()


def copy(smaller: Path | None, folder: Path) -> None:
    """Begin a size with the library of a smaller one, unless it is begun."""
    if folder.exists() or smaller is None:
        return
    part = folder.with_suffix(".part")
    shutil.rmtree(part, ignore_errors=True)
    shutil.copytree(smaller, part)
    (part / "complete").unlink(missing_ok=True)
    part.rename(folder)


def fill(
    folder: Path,
    planted: Iterable[Document],
    prose: Path,
    embedder: Embedder,
    stand_ins: Embedder,
    size: int,
    real: int = 0,
    progress: Progress = untold,
) -> Filling:
    """Add documents to a library until there are so many passages, through the same door as all documents.
    The first `real` have vectors of the embedder, and so have the planted ones, the others stand-ins."""
    done = read_filling(folder)
    with Library(folder, embedder) as library:
        done.passages = library.catalog.passage_count()  # An interruption may have left the counts behind.
        for document in planted:
            if library.add(document) == "added":
                count(done, document, len(library.catalog.passages_of(document.id)), is_real=True)
        keep(folder, done)
        add(library, done, prose, min(real, size), progress, is_real=True)
    with Library(folder, stand_ins) as library:
        add(library, done, prose, size, progress, is_real=False)
    (folder / "complete").touch()
    return done


def add(library: Library, done: Filling, prose: Path, size: int, progress: Progress, is_real: bool) -> None:
    """Add prose until there are so many passages, with the library's embedder."""
    met: dict[str, tuple[int, bool]] = {}

    def wanted() -> Iterator[Document]:
        total = done.passages
        for document, recombined in documents(prose, library.catalog.taken):
            if total >= size:
                return
            number = len(cut_passages(document))
            met[document.id] = number, recombined
            total += number
            yield document

    if done.passages >= size:
        return
    before, begun = done.seconds, time.perf_counter()
    for added, (document, _) in enumerate(library.add_all(wanted())):
        number, recombined = met.pop(document.id)
        count(done, document, number, is_real, recombined)
        if added % AT_ONCE == 0:
            done.seconds = before + time.perf_counter() - begun
            keep(library.folder, done)
            progress(min(done.passages, size), size)
    done.seconds = before + time.perf_counter() - begun
    keep(library.folder, done)


def count(done: Filling, document: Document, number: int, is_real: bool, recombined: bool = False) -> None:
    """Add a document of so many passages to the counts."""
    done.passages += number
    done.documents += 1
    done.words += len(document.text.split())
    done.real += number * is_real
    done.recombined += number * recombined


def keep(folder: Path, done: Filling) -> None:
    """Write the counts down."""
    part = folder / "filling.part"
    part.write_text(json.dumps(asdict(done)))
    part.rename(folder / "filling.json")
