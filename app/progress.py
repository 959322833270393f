"""Long work at a terminal: bars on standard error, and Ctrl-C that ends it in order."""

import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING

from index.library import Progress, untold

if TYPE_CHECKING:
    import rich.progress


@contextmanager
def stoppable() -> Iterator[Callable[[], bool]]:
    """Whether the user has pressed Ctrl-C, which ends nothing by itself the first time."""
    pressed = threading.Event()

    def note(number: int, frame: FrameType | None) -> None:
        if pressed.is_set():
            signal.default_int_handler(number, frame)
        pressed.set()
        print("finishing the documents in hand; Ctrl-C again stops at once", file=sys.stderr)

    if threading.current_thread() is not threading.main_thread():
        yield pressed.is_set
        return
    before = signal.signal(signal.SIGINT, note)
    try:
        yield pressed.is_set
    finally:
        signal.signal(signal.SIGINT, before)


class Bar:
    """Progress that nobody watches."""

    def step(self) -> None:
        """One source more is done."""

    def passages(self, done: int, met: int) -> None:
        """So many passages are in the library, of those met so far."""


class _Seen(Bar):
    def __init__(self, bar: "rich.progress.Progress", total: int) -> None:
        self.bar = bar
        self.task = bar.add_task("documents", total=total, rate="")
        self.start = time.monotonic()

    def step(self) -> None:
        self.bar.advance(self.task)

    def passages(self, done: int, met: int) -> None:  # noqa: ARG002
        self.bar.update(self.task, rate=f"{done / (time.monotonic() - self.start):.0f} passages/s")


@contextmanager
def bar_of(total: int) -> Iterator[Bar]:
    """A bar of documents on standard error, with passages a second and the time left; on a terminal only."""
    if not total or not sys.stderr.isatty():
        yield Bar()
        return
    from rich import progress
    from rich.console import Console

    columns = (progress.TextColumn("{task.description}"), progress.BarColumn(), progress.MofNCompleteColumn())
    more = (progress.TextColumn("{task.fields[rate]}"), progress.TimeRemainingColumn())
    with progress.Progress(*columns, *more, console=Console(stderr=True), transient=True) as bar:
        yield _Seen(bar, total)


@contextmanager
def progress_bar(what: str) -> Iterator[Progress]:
    """A bar on standard error, on a terminal only."""
    if not sys.stderr.isatty():
        yield untold
        return
    from rich.console import Console
    from rich.progress import Progress as Rich

    with Rich(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
