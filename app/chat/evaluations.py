"""What the evaluation tab shows, and who makes it: evaluations themselves are above this room."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal, Protocol

Interval = tuple[float, float]
Asked = tuple[str, str]
"""A question's id and words."""
BASELINE = "baseline"
"""What a run may be compared with besides other runs."""


@dataclass(frozen=True, slots=True)
class State:
    """The run under way, or the last one. total: 0 until the questions begin. left: seconds, None where
    nobody knows yet. told: the finished run's name, or why it failed."""

    stage: Literal["idle", "running", "stopping", "done", "stopped", "failed"] = "idle"
    name: str = ""
    done: int = 0
    total: int = 0
    left: float | None = None
    told: str = ""

    @property
    def busy(self) -> bool:
        """Whether it is under way."""
        return self.stage in ("running", "stopping")


@dataclass(frozen=True, slots=True)
class Run:
    """A finished run. name: its set's with the time, and the name of its report. date: with its zone."""

    name: str
    set: str
    date: datetime
    questions: int


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure. value, before: of the run and of what it is compared with, None where it does not apply;
    intervals: 95 %. unit: "ms", or "" for a share. judged: "better" or "worse" by more than chance, or ""."""

    name: str
    unit: str
    value: float | None
    interval: Interval | None
    before: float | None = None
    before_interval: Interval | None = None
    difference: float | None = None
    difference_interval: Interval | None = None
    judged: Literal["better", "worse", ""] = ""


@dataclass(frozen=True, slots=True)
class Results:
    """A run beside what it is compared with ("" for nothing). alone: questions that one of the two has.
    gates: the rules that its set declares, whether each was kept, and why."""

    run: Run
    against: str
    figures: tuple[Figure, ...]
    broke: tuple[Asked, ...] = ()
    fixed: tuple[Asked, ...] = ()
    alone: tuple[Asked, ...] = ()
    gates: tuple[tuple[str, bool, str], ...] = ()


class Evaluations(Protocol):
    """Where runs are made and kept. Everything may raise a CitedError with a message for people."""

    def sets(self) -> Sequence[str]:
        """Names of the sets that can be run."""

    def add_set(self, file: Path) -> str:
        """Check a set against the library's documents and keep it; returns its name."""

    def start(self, name: str) -> bool:
        """Run a set beside whatever else goes on. False where a run is under way."""

    def stop(self) -> None:
        """End the run under way after its question."""

    def state(self) -> State:
        """Where it is."""

    def runs(self) -> Sequence[Run]:
        """The finished runs, newest first."""

    def others(self, run: str) -> Sequence[str]:
        """What a run can be compared with, the best first: BASELINE, and runs of the same set."""

    def results(self, run: str, against: str) -> Results:
        """A run beside another, beside BASELINE, or by itself ("")."""

    def report(self, run: str) -> Path:
        """The report of a finished run, an HTML file."""
