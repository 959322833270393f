"""Files into the library, one by one, with a report: one bad file never stops the others."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import ingest
from index.library import Library, Progress, untold
from ingest.errors import IngestError
from ingest.read import find_files, read_file


@dataclass(frozen=True, slots=True)
class Line:
    """What became of one source. outcome: added, replaced, unchanged or failed. notes: footnotes;
    orphans: those without a marker. left_out: pieces taken for boilerplate. reason: of a failure."""

    source: str
    outcome: str
    document_id: str | None = None
    title: str = ""
    notes: int = 0
    orphans: int = 0
    left_out: tuple[str, ...] = ()
    reason: str = ""

    def to_json(self) -> dict:
        """All fields."""
        return asdict(self)


def ingest_paths(library: Library, paths: Sequence[Path], most_bytes: int = 20_000_000) -> list[Line]:
    """Read and add every file of the paths. A file that fails is a line that says why.

    Raises LibraryError where the library itself cannot go on.
    """
    lines: list[Line] = []
    for path in paths:
        try:
            files = list(find_files(path))
        except IngestError as error:
            lines.append(Line(str(path), "failed", reason=str(error)))
            continue
        lines += [_ingest_file(library, file, most_bytes) for file in files]
    return lines


def _ingest_file(library: Library, path: Path, most_bytes: int) -> Line:
    try:
        document = read_file(path, most_bytes)
    except IngestError as error:
        return Line(str(path), "failed", reason=str(error))
    with progress_bar(path.name) as advance:
        outcome = library.add(document, advance)
    return Line(
        str(path),
        outcome,
        document.id,
        document.title,
        len(document.footnotes),
        sum(not note.markers for note in document.footnotes),
        document.left_out,
    )


@contextmanager
def progress_bar(what: str) -> Iterator[Progress]:
    """A bar on standard error, on a terminal only."""
    if not sys.stderr.isatty():
        yield untold
        return
    from rich.console import Console
    from rich.progress import Progress as Bar

    with Bar(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def report(lines: Sequence[Line]) -> None:
    """One line a source: results on standard output, failures on standard error."""
    for line in lines:
        if line.outcome == "failed":
            print(f"failed     {line.reason}", file=sys.stderr)
            continue
        extras = [f"{line.notes} footnotes"] if line.notes else []
        extras += [f"{line.orphans} of them without a marker"] if line.orphans else []
        extras += [f"left out {len(line.left_out)} pieces of boilerplate"] if line.left_out else []
        print(f"{line.outcome:<10} {line.title} ({line.document_id})" + "".join(f", {e}" for e in extras))
    kinds = ("added", "replaced", "unchanged", "failed")
    counts = [(sum(line.outcome == kind for line in lines), kind) for kind in kinds]
    if len(lines) > 1:
        print(", ".join(f"{count} {kind}" for count, kind in counts if count))


def samples_folder() -> Path:
    """The sample articles that come with Cited."""
    return Path(ingest.__file__).parent / "samples"
