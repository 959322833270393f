"""Many files are read side by side, in processes that a bad file cannot take along.

One thread minds one process over a pipe of its own (`ingest.minder`), so it is known which file a
process died of. Pools whose processes share pipes lose that: with files that end their process at once,
pebble 5.2 gave up on all others in one of two runs, as concurrent.futures' own pool always does.
"""

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from functools import partial
from pathlib import Path
from queue import SimpleQueue

from ingest.document import Document
from ingest.minder import Limits, Minder, Outcome, attempt
from ingest.ocr import Ocr
from ingest.read import read_file

__all__ = ["Limits", "Outcome", "read_all"]

DEFAULT = Limits()
Reader = Callable[..., Document]
"""Called with a path and most_bytes, and where OCR is asked for with ocr, as `ingest.read.read_file` is."""
LIGHT = (".txt", ".text", ".md", ".markdown")
"""Formats whose small files (Limits.light_bytes) are read in this process, without limits of time and
memory: the start of a process takes 0.2 to 0.5 s, a plain text of 50 kB 0.1 s and the worst that we could
think of 1.5 s. They are Python's work but for HTML inside Markdown, which selectolax parses."""
MOST_WAITING = 16
"""Files read, or being read, before the first of them is taken: what fills a batch of embedding."""


def read_all(
    paths: Iterable[Path],
    *,
    most_bytes: int,
    limits: Limits = DEFAULT,
    processes: int | None = None,
    read: Reader = read_file,
    ocr: Ocr | None = None,
) -> Iterator[tuple[Path, Outcome]]:
    """Read files, a document or the error for each, in order of completion.

    most_bytes: the largest file read; files that wait for each other have at most twice that together,
    and are MOST_WAITING, so memory is bounded however many paths there are. processes: at most so many,
    started when first needed; by default one a core, and no more than four. They end with the iterator.
    read: a function of a module that the processes can import. ocr: for the pages of PDFs without text.
    """
    bounded = partial(read, most_bytes=most_bytes)
    minders = [Minder(bounded, limits, ocr) for _ in range(processes or min(os.cpu_count() or 1, 4))]
    free: SimpleQueue[Minder] = SimpleQueue()
    for minder in minders:
        free.put(minder)
    threads = ThreadPoolExecutor(len(minders), thread_name_prefix="reading")
    waiting: dict[Future[Outcome], tuple[Path, int]] = {}
    try:
        for path in paths:
            size = min(_size(path), most_bytes)
            if 0 < size <= limits.light_bytes and path.suffix.lower() in LIGHT:
                yield path, attempt(bounded, path, limits)
                continue
            while waiting and (
                len(waiting) >= MOST_WAITING
                or size + sum(other for _, other in waiting.values()) > 2 * most_bytes
            ):
                yield from _finished(waiting)
            waiting[threads.submit(_mind, free, path)] = (path, size)
        while waiting:
            yield from _finished(waiting)
    finally:
        threads.shutdown(wait=False, cancel_futures=True)
        for minder in minders:
            minder.break_off()
        threads.shutdown()
        for minder in minders:
            minder.end()


def _size(path: Path) -> int:
    """Bytes of a file; 0 for what is none, such as a pipe, which may never end, or a name without a file."""
    try:
        return path.stat().st_size if path.is_file() else 0
    except OSError:
        return 0


def _finished(waiting: dict[Future[Outcome], tuple[Path, int]]) -> Iterator[tuple[Path, Outcome]]:
    """Those that are done, at least one; they wait no more."""
    for done in wait(waiting, return_when=FIRST_COMPLETED).done:
        path, _ = waiting.pop(done)
        yield path, done.result()


def _mind(free: "SimpleQueue[Minder]", path: Path) -> Outcome:
    minder = free.get()
    try:
        return minder.read(path)
    finally:
        free.put(minder)
