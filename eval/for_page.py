"""Evaluations for the page: sets are run in a thread, and kept in `evaluations/` of the library's folder; of
a library on servers, of a folder of this machine's that is named after it.

A finished run is RUN.jsonl, and RUN.html with .md and .xml beside it; `sets/` holds the sets that readers
added, `unfinished.jsonl.part` a run under way, or one that was stopped, which the same set goes on with.
"""

import logging
import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextvars import copy_context
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock, Thread, main_thread
from time import monotonic

from app.answer import Answerer
from app.chat.evaluations import BASELINE, Results, Run, State
from app.ingesting import samples_folder
from app.settings import folder_for
from eval.compare import compare
from eval.gates import check, foresee
from eval.page_results import changed, chosen, kept_baseline, named, rows_of, run_of, shown, why_not
from eval.questions import SETS, file_name, read_set
from eval.report import write_report
from eval.report.load import load
from eval.run import Task, load_task, run
from index.library import Progress
from ingest.errors import CitedError, EvaluationError

SAMPLES = "samples"
"""The set that brings its documents along."""


class Stopped(Exception):  # noqa: N818
    """Raised through a run to end it."""


class PageEvaluations:
    """Evaluations (app.chat.evaluation_tab) of one library and its answerer. One run at a time."""

    def __init__(self, answerer: Answerer) -> None:
        self.answerer = answerer
        self.library = answerer.library
        self.folder = folder_for(self.library.place) / "evaluations"
        self._state = State()
        self._guard = Lock()

    # Sets

    def sets(self) -> list[str]:
        """The built-in sets whose documents are here, and those that were added."""
        here = {name for entry in self.library.entries() for name in (entry.id, file_name(entry.source))}
        built_in = [p for p in sorted(SETS.glob("*.jsonl")) if p.stem == SAMPLES or named(p).keys() <= here]
        order = sorted(built_in, key=lambda path: path.stem != SAMPLES)
        return [path.stem for path in (*order, *sorted((self.folder / "sets").glob("*.jsonl")))]

    def add_set(self, file: Path) -> str:
        """Keep a set, in place of one with the same name. Raises EvaluationError."""
        name = "-".join(re.findall(r"[\w.]+", file.stem)) or "set"
        if (SETS / f"{name}.jsonl").exists():
            raise EvaluationError(f"{name} is the name of a set that comes with Cited; give the file another")
        task = self._task(file)
        foresee(task.set.gates, task.set.questions)
        kept = self.folder / "sets" / f"{name}.jsonl"
        try:
            kept.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, kept)
        except OSError as error:
            raise EvaluationError(f"the set cannot be kept as {kept}: {error.strerror}") from error
        return name

    def _path(self, name: str) -> Path:
        built_in = SETS / f"{name}.jsonl"
        return built_in if built_in.exists() else self.folder / "sets" / f"{name}.jsonl"

    def _task(self, path: Path) -> Task:
        """A set with the documents of the library that it names; with all of them where it names none.

        Raises EvaluationError, which calls the file by its name alone.
        """
        if path == SETS / f"{SAMPLES}.jsonl":
            return load_task(path, [samples_folder()])
        entries = self.library.entries()
        if not entries:
            raise EvaluationError(
                f"the library is empty; add the documents that {path.name} asks about first"
            )
        documents = {name: self.library.document(of) for name, of in chosen(path, entries).items()}
        try:
            return Task(path, read_set(path, documents), documents)
        except EvaluationError as error:
            raise EvaluationError(str(error).replace(str(path), path.name)) from error

    # Runs

    def state(self) -> State:
        """The run under way, or the last one."""
        return self._state

    def start(self, name: str) -> bool:
        """Run a set in a thread; False where a run is under way."""
        with self._guard:
            if self._state.busy:
                return False
            self._state = State("running", name)
        Thread(target=copy_context().run, args=(self._run_in_thread, name), name="evaluation").start()
        return True

    def stop(self) -> None:
        """End the run under way after its question."""
        with self._guard:
            if self._state.busy:
                self._state = replace(self._state, stage="stopping")

    def _run_in_thread(self, name: str) -> None:
        begun = monotonic()

        def told(done: int, total: int) -> None:
            nonlocal begun
            begun = monotonic() if done == 1 else begun  # what comes before the first answer is no measure
            left = (monotonic() - begun) / (done - 1) * (total - done) if done > 1 else None
            with self._guard:
                self._state = replace(self._state, done=done, total=total, left=left)

        def cancelled() -> bool:
            return self._state.stage == "stopping" or not main_thread().is_alive()

        try:
            finished = self.run(name, told, cancelled)
            ended = replace(self._state, stage="done" if finished else "stopped", told=finished or "")
        except CitedError as error:
            ended = replace(self._state, stage="failed", told=str(error))
        except Exception as error:  # the edge of this thread: nobody else would ever tell
            logging.getLogger(__name__).exception("the evaluation of %s failed", name)
            why = (
                f"something unexpected happened ({type(error).__name__}); the log of `cited serve` says more"
            )
            ended = replace(self._state, stage="failed", told=why)
        with self._guard:
            self._state = ended

    def run(self, name: str, progress: Progress, cancelled: Callable[[], bool]) -> str | None:
        """Answer and grade a set, and write the report; returns the name of the run, None where it was
        cancelled. progress: called with (questions done, questions in all). Raises CitedError."""

        def told(done: int, total: int) -> None:
            progress(done, total)
            if cancelled():
                raise Stopped

        unfinished = self.folder / "unfinished.jsonl"
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            if name not in self.sets():
                raise EvaluationError(f"there is no set {name}, or its documents are not in the library")
            task = self._task(self._path(name))
            threshold, embedder = self.answerer.decision.threshold, self.library.embedder
            embedder.forget()  # a question asked before would be found faster
            run(task, unfinished, self.answerer.reader, threshold, told, embedder=embedder)
            finished = f"{name}-{datetime.now(UTC):%Y%m%d-%H%M%S}"
            unfinished.replace(self.folder / f"{finished}.jsonl")
        except Stopped:
            return None
        except OSError as error:
            raise EvaluationError(f"the results cannot be kept in {self.folder}: {error.strerror}") from error
        self.report(finished)
        return finished

    # Results

    def runs(self) -> list[Run]:
        """The finished runs, newest first. One whose file is damaged is there, and its results say so."""
        files = [path for path in self.folder.glob("*.jsonl") if path.name != "unfinished.jsonl"]
        return sorted(map(run_of, files), key=lambda one: one.date, reverse=True)

    def others(self, run: str) -> list[str]:
        """The baseline, for a set that has one; the runs of the same set before this one, and those after. A
        baseline of other questions comes last: to choose it says why there is no comparison."""
        runs = self.runs()
        this = next(one for one in runs if one.name == self._known(run))
        same = [one for one in runs if one.set == this.set and one.name != this.name]
        earlier = [one.name for one in same if one.date <= this.date]
        later = [one.name for one in same if one.date > this.date]
        if not (kept := kept_baseline().get(this.set)):
            return [*earlier, *later]
        if why_not(self._load(run), kept):
            return [*earlier, *later, BASELINE]
        return [BASELINE, *earlier, *later]

    def results(self, run: str, against: str) -> Results:
        """A run beside another, beside BASELINE, or by itself. Raises EvaluationError."""
        now, before, tested = self._load(run), None, {}
        if against == BASELINE:
            before = kept_baseline()[now["run"]["set"]["name"]]
        elif against:
            before = self._load(against)
        if before and (why := why_not(now, before)):
            raise EvaluationError(
                f"{run} is of another set than {against}: {why}; compare it with another run, or with nothing"
            )
        if before and against != BASELINE:
            tested = {d.name: d for d in compare(before["answers"], now["answers"]).differences}
        broke, fixed, alone = changed(before["answers"], now["answers"]) if before else ((), (), ())
        return Results(
            run_of(self.folder / f"{run}.jsonl"),
            against,
            tuple(shown(now["summary"], before["summary"] if before else None, tested)),
            broke,
            fixed,
            alone,
            tuple(self._gates(now, before)),
        )

    def report(self, run: str) -> Path:
        """The report of a finished run, written where it is missing. Raises EvaluationError."""
        page = self.folder / f"{self._known(run)}.html"
        if page.exists():
            return page
        try:
            with TemporaryDirectory(dir=self.folder, prefix="report-") as folder:
                written = write_report(self.folder / f"{run}.jsonl", Path(folder) / page.name)
                for path in reversed(written):  # the page last, by which a whole report is known
                    path.replace(self.folder / path.name)
        except OSError as error:
            raise EvaluationError(f"the report cannot be kept as {page}: {error.strerror}") from error
        return page

    def _known(self, run: str) -> str:
        if run not in {one.name for one in self.runs()}:
            raise EvaluationError(f"there is no run {run} in {self.folder}")
        return run

    def _load(self, run: str) -> dict:
        found = load(self.folder / f"{self._known(run)}.jsonl")
        return {"run": found.run, "answers": found.answers, "summary": found.summary}

    def _gates(self, now: Mapping, before: Mapping | None) -> Iterator[tuple[str, bool, str]]:
        """Each gate that the set declares today, whether it is kept, and why."""
        for row in rows_of(self._path(now["run"]["set"]["name"])):
            rules = row.get("gates", [])
            for rule in map(str, rules if isinstance(rules, list) else [rules]):
                try:
                    verdict = check([rule], now, before)[0]
                    yield rule, verdict.kept, verdict.why
                except EvaluationError as error:
                    yield rule, False, str(error)
