"""Files, folders, pages and standard input into the library: one bad source never stops the others."""

from collections import Counter
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path

import ingest
from app.incoming import Given, Incoming, Item, is_url, temporary
from app.progress import Bar, bar_of, stoppable
from app.report import Done, Line, printable
from index.library import Library
from ingest.document import Document
from ingest.errors import IngestError
from ingest.folders import Choice, File, is_gone, look, source_of
from ingest.ocr import Ocr, check
from ingest.read import MOST_BYTES, document_id
from ingest.workers import read_all

REMEMBER_AT_ONCE = 100
"""Files; a process that is killed forgets so many, which are read once more."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """How to ingest. choice: which files of folders. name: of what comes on standard input. allow_private:
    fetch from addresses that are not public, too. prune: remove documents whose files are gone from the
    folders. reread: read files again that have not changed since they were read. uploads: names of uploaded
    files by their path; such a document's source is upload:NAME. ocr: for the pages of PDFs that have no
    text; a PDF with such pages is read again where it was read without it. collection: for the documents,
    None for where they are (index/visible.py). ray: address of a Ray cluster that reads, cuts and embeds
    (app/cluster.py), "" for this machine alone."""

    choice: Choice = field(default_factory=Choice)
    name: str = ""
    allow_private: bool = False
    prune: bool = False
    reread: bool = False
    uploads: Mapping[str, str] = field(default_factory=dict)
    ocr: Ocr | None = None
    collection: str | None = None
    ray: str = ""


def ingest_paths(
    library: Library,
    paths: Sequence[Path | str],
    most_bytes: int = MOST_BYTES,
    wishes: Wishes = Wishes(),
    bar: Bar | None = None,
    stopped: Callable[[], bool] = lambda: False,
) -> Done:
    """Read and add files, all files of folders, URLs, and standard input for "-".

    A source that fails is a line that says why. Ctrl-C ends it after the documents in hand; pressed
    again, it raises KeyboardInterrupt. bar: told of progress, in place of one on the terminal; stopped: asked
    whether to end after the documents in hand. Raises LibraryError where the library itself cannot go on,
    and SourceUnreadable where OCR is asked for and a part of it is not installed.
    """
    if wishes.ocr:
        check(wishes.ocr.languages)
    if wishes.ray:
        from app.cluster import check_installed

        check_installed()
    with temporary() as folder, stoppable() as pressed:
        incoming = Incoming(Path(folder), most_bytes, wishes.name, wishes.allow_private, wishes.uploads)
        run = _Run(library, most_bytes, wishes, incoming, lambda: stopped() or pressed(), watch=bar)
        return run.ingest(paths)


@dataclass
class _Run:
    library: Library
    most_bytes: int
    wishes: Wishes
    incoming: Incoming
    stopped: Callable[[], bool]
    lines: list[tuple[int, Line]] = field(default_factory=list)
    passed_over: Counter[str] = field(default_factory=Counter)
    items: list[tuple[int, Item]] = field(default_factory=list)
    folders: dict[Path, set[str]] = field(default_factory=dict)
    given: dict[Path, Given] = field(default_factory=dict)
    read: dict[str, list[Given]] = field(default_factory=dict)
    news: list[tuple[str, str, int, int]] = field(default_factory=list)
    watch: Bar | None = None
    bar: Bar = field(default_factory=Bar)
    number: int = 0
    told: int = 0

    def ingest(self, paths: Sequence[Path | str]) -> Done:
        """All of it, in the order: look, read and add, remove."""
        self._look(paths)
        bar = nullcontext(self.watch) if self.watch else bar_of(len(self.items))
        adding = self._add_over_ray if self.wishes.ray and self.items else self._add
        with bar as self.bar, closing(adding()) as added:
            for document, outcome in added:
                self._note(document, outcome)
        self._remember()
        if self.wishes.prune and not self.stopped():
            self._prune()
        lines = tuple(line for _, line in sorted(self.lines, key=lambda pair: pair[0]))
        return Done(lines, dict(self.passed_over), len(self.items) - self.told)

    def _look(self, paths: Sequence[Path | str]) -> None:
        """Find what is to be read; what has not changed since it was read is told at once."""
        known = {} if self.wishes.reread else self.library.catalog.remembered()
        seen: set[str] = set()
        for path in dict.fromkeys(map(str, paths)):
            if path == "-" or is_url(path):
                self.items.append((self._next(), path))
                continue
            try:
                found = look(Path(path), self.wishes.choice)
            except IngestError as error:
                self._fail(self._next(), path, error)
                continue
            if Path(path).is_dir():
                self.folders[Path(path).resolve()] = {file.source for file in found.files}
            self.passed_over.update(found.passed_over)
            for warning in found.warnings:
                self._line(self._next(), Line(path, "passed over", reason=warning))
            for file in found.files:
                if file.source in seen:
                    continue
                seen.add(file.source)
                name = document_id(file.source)
                size, mtime_ns, title = known.get(name, (-1, -1, ""))
                same = (size, mtime_ns) == (file.size, file.mtime_ns)
                if same and not self._lacks_ocr(file, name) and self._is_in_place(name):
                    self._line(self._next(), Line(file.shown, "unchanged", name, title))
                else:
                    self.items.append((self._next(), file))

    def _is_in_place(self, name: str) -> bool:
        """Whether a document is in the collection that is asked for."""
        wish = self.wishes.collection
        return wish is None or self.library.catalog.collection_of(name) == wish

    def _lacks_ocr(self, file: File, name: str) -> bool:
        """Whether a file's document would be another one with the OCR that is asked for."""
        ocr = self.wishes.ocr
        if ocr is None or file.path.suffix.lower() != ".pdf":
            return False
        return ocr.would_change(self.library.document(name).warnings)

    def _add(self) -> Generator[tuple[Document, str], None, None]:
        with closing(self._documents()) as documents:
            yield from self.library.add_all(documents, self.bar.passages, self.wishes.collection)

    def _add_over_ray(self) -> Generator[tuple[Document, str], None, None]:
        from app.ray_ingest import Source, prepare_all

        where, done = self.wishes.collection, 0
        sources = (
            Source(path, self.given[path].source or source_of(path), self.given[path].warnings)
            for path in self._feed()
        )
        ready = prepare_all(
            self.wishes.ray, sources, self.library,
            most=len(self.items), most_bytes=self.most_bytes, ocr=self.wishes.ocr,
        )  # fmt: skip
        with closing(ready):
            for path, outcome in ready:
                if self.stopped():
                    return
                given = self.given.pop(path)
                if isinstance(outcome, IngestError):
                    self._failed(given, path, outcome)
                    continue
                document = outcome if isinstance(outcome, Document) else outcome.document
                self.read.setdefault(self.library.placed(document, where).id, []).append(given)
                if isinstance(outcome, Document):
                    yield document, self.library.add(document, collection=where)
                else:
                    yield from self.library.add_prepared([outcome], where)
                    done += len(outcome.passages)
                    self.bar.passages(done, done)

    def _documents(self) -> Generator[Document, None, None]:
        outcomes = read_all(self._feed(), most_bytes=self.most_bytes, ocr=self.wishes.ocr)
        for path, outcome in outcomes:
            if self.stopped():
                return
            given = self.given.pop(path)
            if isinstance(outcome, IngestError):
                self._failed(given, path, outcome)
                continue
            if given.source:
                outcome = replace(
                    outcome,
                    id=document_id(given.source),
                    source=given.source,
                    warnings=outcome.warnings + given.warnings,
                )
            outcome = self.library.placed(outcome, self.wishes.collection)
            self.read.setdefault(outcome.id, []).append(given)
            yield outcome

    def _feed(self) -> Iterator[Path]:
        for number, item in self.items:
            if self.stopped():
                return
            try:
                path, given = self.incoming.give(number, item)
            except IngestError as error:
                self._fail(number, str(item), error)
                self._step()
                continue
            self.given[path] = given
            yield path

    def _note(self, document: Document, outcome: str) -> None:
        given = self.read[document.id].pop(0)
        line = Line(
            given.shown,
            outcome,
            document.id,
            document.title,
            len(document.footnotes),
            sum(not note.markers for note in document.footnotes),
            document.left_out,
            warnings=document.warnings,
        )
        self._line(given.number, line)
        self._step()
        if given.file is not None:
            self.news.append((document.id, document.version, given.file.size, given.file.mtime_ns))
            if len(self.news) >= REMEMBER_AT_ONCE:
                self._remember()

    def _remember(self) -> None:
        if self.news:
            self.library.catalog.remember(self.news)
            self.news.clear()

    def _prune(self) -> None:
        for folder, found in self.folders.items():
            for name, source in self.library.catalog.sources_below(str(folder)).items():
                if source not in found and is_gone(source):
                    title = self.library.document(name).title
                    self.library.delete(name)
                    self._line(self._next(), Line(source, "removed", name, title))

    def _fail(self, number: int, shown: str, error: IngestError, copy: Path | None = None) -> None:
        reason = str(error).replace(str(copy), shown) if copy else str(error)
        self._line(number, Line(shown, "failed", reason=reason, error=error.code()))

    def _failed(self, given: Given, path: Path, error: IngestError) -> None:
        """A file of ours, which the reader names, is told by the name that its content came by."""
        self._fail(given.number, given.shown, error, path if given.source else None)
        self._step()

    def _line(self, number: int, line: Line) -> None:
        source, title, reason = map(printable, (line.source, line.title, line.reason))
        self.lines.append((number, replace(line, source=source, title=title, reason=reason)))

    def _step(self) -> None:
        self.told += 1
        self.bar.step()

    def _next(self) -> int:
        self.number += 1
        return self.number


def samples_folder() -> Path:
    """The sample articles that come with Cited."""
    return Path(ingest.__file__).parent / "samples"
