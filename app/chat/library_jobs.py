"""Changes of a library, one after the other, in a thread beside the page.

Knows when a change is done and how far it is, and nothing of what it does.
"""

import logging
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextvars import Context, copy_context
from dataclasses import asdict, dataclass, field
from secrets import token_urlsafe
from threading import Event, Lock, Thread
from typing import Literal

from app.progress import Bar
from app.report import Done
from ingest.errors import CitedError

MOST_KEPT = 100
"""Jobs that are over, whose reports can still be had."""
log = logging.getLogger(__name__)


@dataclass
class Job(Bar):
    """One change. kind: "files", "pages", "samples" or "delete". names: what it is about; as many steps.
    work: does it, tells this bar how far it is, and ends early when stopped() says so. done, met: passages
    in the library, and met so far. context: of whoever asked for it, as whom it is done. Nobody who does
    not know the id can look at it or stop it."""

    kind: str
    names: Sequence[str]
    work: Callable[["Job"], Done]
    id: str = field(default_factory=lambda: token_urlsafe(12))
    context: Context = field(default_factory=copy_context, repr=False)
    state: Literal["waiting", "working", "done", "failed"] = "waiting"
    steps: int = 0
    done: int = 0
    met: int = 0
    began: float = 0.0
    told: Done | None = None
    error: str = ""
    _stop: Event = field(default_factory=Event)

    def step(self) -> None:
        """One file, page or document more is done."""
        self.steps += 1

    def passages(self, done: int, met: int) -> None:
        """So many passages are in the library, of those met so far."""
        self.done, self.met = done, met

    def stop(self) -> None:
        """End it after what is in hand."""
        self._stop.set()

    def stopped(self) -> bool:
        """Whether it is to end."""
        return self._stop.is_set()

    def run(self) -> None:
        """Do it. What goes wrong is kept for whoever looks: there is nobody here to raise it to."""
        self.began, self.state = time.monotonic(), "working"
        try:
            self.told = self.context.run(self.work, self)
        except CitedError as error:
            self.error = str(error)
        except Exception as error:
            log.exception("a change of the library failed")
            self.error = f"this is a mistake in Cited, please report it ({type(error).__name__})"
        self.state = "failed" if self.error else "done"

    def to_json(self, ahead: int) -> dict:
        """What the page shows of it. ahead: jobs before it. left: seconds, None where nobody can tell.
        lines and summary: of the report, once it is done."""
        seconds = time.monotonic() - self.began if self.state == "working" else 0.0
        shown = {
            "id": self.id,
            "kind": self.kind,
            "state": self.state,
            "ahead": ahead,
            "first": self.names[0] if self.names else "",
            "total": len(self.names),
            "steps": self.steps,
            "passages": self.done,
            "met": self.met,
            "rate": self.done / seconds if seconds and self.done else None,
            "left": seconds_left(seconds, len(self.names), self.steps, self.done, self.met),
            "stopping": self.stopped(),
            "error": self.error,
        }
        if self.told is None:
            return shown
        return shown | {
            "lines": [asdict(line) for line in self.told.lines],
            "summary": self.told.summary(),
        }


def seconds_left(seconds: float, total: int, steps: int, done: int, met: int) -> float | None:
    """Seconds that the rest will take: by passages, where there are any, else by documents.

    seconds: spent so far. total, steps: documents, and those that are through. done, met: passages in the
    library, and those of the documents read so far; the others are taken to have as many each.
    """
    if done:
        each = met / max(steps, 1)
        return seconds * (met - done + each * (total - max(steps, 1))) / done
    return seconds * (total - steps) / steps if steps else None


class Jobs:
    """The jobs of one library. changed: called after each, in their thread."""

    def __init__(self, changed: Callable[[], None]) -> None:
        self._changed = changed
        self._guard = Lock()
        self._kept: dict[str, Job] = {}
        self._waiting: deque[Job] = deque()
        self._thread: Thread | None = None
        self._working: Job | None = None

    def add(self, job: Job) -> str:
        """Do a job when those before it are done; returns its id."""
        with self._guard:
            for over in [i for i, kept in self._kept.items() if kept.state in ("done", "failed")][
                :-MOST_KEPT
            ]:
                del self._kept[over]
            self._kept[job.id] = job
            self._waiting.append(job)
            if self._thread is None or not self._thread.is_alive():
                # A daemon, as a process that is told to end need not wait for a thousand files.
                self._thread = Thread(target=self._run, name="library", daemon=True)
                self._thread.start()
        return job.id

    def look(self, ids: Sequence[str]) -> list[dict]:
        """These jobs as they stand; ids that are not known any more are left out."""
        with self._guard:
            before = [*([self._working] if self._working else []), *self._waiting]
            ahead = {job.id: number for number, job in enumerate(before)}
            found = [self._kept[name] for name in ids if name in self._kept]
        return [job.to_json(ahead.get(job.id, 0)) for job in found]

    def stop(self, ids: Sequence[str] | None = None) -> None:
        """End these jobs, or all of them, after what is in hand."""
        with self._guard:
            jobs = (
                list(self._kept.values()) if ids is None else [self._kept[i] for i in ids if i in self._kept]
            )
        for job in jobs:
            job.stop()

    def close(self, wait: float = 30.0) -> None:
        """Stop all jobs, and wait so many seconds for the documents in hand."""
        self.stop()
        if thread := self._thread:
            thread.join(wait)

    def _run(self) -> None:
        while True:
            with self._guard:
                if not self._waiting:
                    self._thread = self._working = None
                    return
                self._working = job = self._waiting.popleft()
            job.run()
            self._changed()
