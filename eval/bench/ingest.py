"""How fast files become a library, format by format, beside the least it could take.

The least is the bare loop: the same texts, all sorted by length, through the same model and nothing else.
What is above it went into reading, cutting, waiting and writing. Run it on an idle machine; figures of
two runs are comparable where machine and model are the same.
"""

import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from eval.memory import most_memory_mb
from index.embed import Embedder
from index.library import Library
from ingest.document import Document
from ingest.folders import look
from ingest.read import MOST_BYTES
from ingest.workers import read_all


@dataclass(frozen=True, slots=True)
class Row:
    """One format, by its suffix, or "all". words: in the texts. seconds: from files to a library that can
    be searched, in_model of them in the embedding model, bare_seconds in the bare loop. memory_mb: the most
    that this process has held, up to the end of the format; those that read files have Limits."""

    format: str
    files: int
    failed: int
    words: int
    seconds: float
    in_model: float
    bare_seconds: float
    memory_mb: float

    @property
    def words_per_second(self) -> float:
        """Words of text that became searchable in a second."""
        return self.words / self.seconds

    @property
    def model_share(self) -> float:
        """Share of the time in the embedding model, in [0, 1]."""
        return self.in_model / self.seconds

    @property
    def of_bare(self) -> float:
        """Speed as a share of the bare loop's; 1 would be an ingest that costs nothing beside the model."""
        return self.bare_seconds / self.seconds

    def to_json(self) -> dict:
        """Plain values, the derived ones too."""
        derived = ("words_per_second", "model_share", "of_bare")
        return asdict(self) | {name: getattr(self, name) for name in derived}


class _Clocked(Embedder):
    """An embedder that keeps the texts it was given, and the seconds it took."""

    def __init__(self, inner: Embedder) -> None:
        super().__init__(inner.model)
        self.inner = inner
        self.texts: list[str] = []
        self.seconds = 0.0

    @cached_property
    def fingerprint(self) -> str:
        return self.inner.fingerprint

    def passages(self, texts: Sequence[str], batch: int = 32) -> np.ndarray:
        begun = time.perf_counter()
        vectors = self.inner.passages(texts, batch)
        self.seconds += time.perf_counter() - begun
        self.texts += texts
        return vectors


def run_ingest(folder: Path, *, embedder: Embedder | None = None) -> list[Row]:
    """Ingest the files below a folder into a library that is thrown away; a row a format, by suffix, and
    at last "all" for all of them together.

    embedder: the model, the packaged one by default; loaded before the clock starts. Raises an
    IngestError where the folder holds no file that can be read.
    """
    embedder = embedder or Embedder()
    formats: dict[str, list[Path]] = defaultdict(list)
    for path in (file.path for file in look(folder).files):
        formats[path.suffix.lower()].append(path)
    embedder.passages(["The model is loaded before the clock starts."])
    rows = [_run(name, formats[name], embedder) for name in sorted(formats)]
    return [*rows, together(rows)]


def together(rows: Sequence[Row]) -> Row:
    """The row "all": the sums, and of memory the most."""
    return Row(
        "all",
        files=sum(row.files for row in rows),
        failed=sum(row.failed for row in rows),
        words=sum(row.words for row in rows),
        seconds=sum(row.seconds for row in rows),
        in_model=sum(row.in_model for row in rows),
        bare_seconds=sum(row.bare_seconds for row in rows),
        memory_mb=max(row.memory_mb for row in rows),
    )


def _run(name: str, paths: Sequence[Path], embedder: Embedder) -> Row:
    clocked = _Clocked(embedder)
    failed = words = 0

    def documents() -> Iterator[Document]:
        nonlocal failed
        for _, outcome in read_all(paths, most_bytes=MOST_BYTES):
            if isinstance(outcome, Document):
                yield outcome
            else:
                failed += 1

    with tempfile.TemporaryDirectory() as folder, Library(Path(folder), clocked) as library:
        library.vectors  # noqa: B018  (opened before the clock starts: seconds of import)
        begun = time.perf_counter()
        for document, _ in library.add_all(documents()):
            words += len(document.text.split())
        seconds = time.perf_counter() - begun
    begun = time.perf_counter()
    embedder.passages(clocked.texts)
    bare = time.perf_counter() - begun
    return Row(name, len(paths), failed, words, seconds, clocked.seconds, bare, most_memory_mb())


def print_rows(rows: Sequence[Row]) -> list[dict]:
    """Print a table of rows; returns them for JSON."""
    from rich.console import Console
    from rich.table import Table

    table = Table("format", title="Ingest: from files to a library that can be searched")
    counts, shares = ("files", "failed", "words", "seconds", "words/s"), ("in the model", "of the bare loop")
    for head in (*counts, *shares, "MB"):
        table.add_column(head, justify="right")
    for row in rows:
        table.add_row(
            row.format,
            f"{row.files}",
            f"{row.failed}",
            f"{row.words:,}",
            f"{row.seconds:.1f}",
            f"{row.words_per_second:,.0f}",
            f"{row.model_share:.0%}",
            f"{row.of_bare:.0%}",
            f"{row.memory_mb:.0f}",
        )
    Console(width=118).print(table)
    return [row.to_json() for row in rows]
