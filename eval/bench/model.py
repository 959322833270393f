"""What a language model costs, in one run: quotations without it, quotations beside it, and what it writes.

Quotations must take the same time with and without it. They are timed in turns, for a machine's load drifts
by more than they may differ; so the model is loaded in both, and idle. Memory is told from before it.
"""

import os
import tempfile
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

from app.answer import MODEL, QUOTE, Answerer
from app.reader import AnyReader
from eval.measures import stats, writing
from eval.memory import most_memory_mb
from eval.run import Task, Writer, answer_json
from index.embed import Embedder
from index.library import Library, Progress, untold
from ingest.errors import EvaluationError

TIMES = 3
"""Each question is quoted so often, and its median counts: a neighbour's load shows in one, not in all."""
STATM = Path("/proc/self/statm")

Pair = tuple[float, float]
"""p50 and p95, in milliseconds, by nearest rank."""


@dataclass(frozen=True, slots=True)
class Row:
    """One way to answer, over n questions. first_token, total; check: of a sentence. shown, left_out:
    sentences an answer, on average. fell_back: answers that are quotations after all. memory_mb: resident
    memory of this process afterwards, a model that runs in it included. None: does not apply."""

    name: str
    n: int
    total: Pair
    memory_mb: float
    first_token: Pair | None = None
    check: Pair | None = None
    shown: float | None = None
    left_out: float | None = None
    fell_back: int | None = None


@dataclass(frozen=True, slots=True)
class Cost:
    """slower: milliseconds by which a quotation takes longer with a model beside it, on average, with its
    95 % interval, paired by question."""

    rows: tuple[Row, ...]
    slower: float
    interval: stats.Interval | None

    def to_json(self) -> dict:
        """All fields."""
        return asdict(self)


def run_model(
    task: Task,
    connected: Callable[[], AbstractContextManager[Writer]],
    most: int = 20,
    reader: AnyReader | None = None,
    threshold: float | None = None,
    progress: Progress = untold,
) -> Cost:
    """Ask up to `most` answerable questions of the task, from all over the set, in each of the three ways.
    connected: connects the language model, which must not be there before. The model's row is over those
    questions that reach it. Raises EvaluationError where it writes nothing."""
    answerable = [q.question for q in task.set.questions if q.answerable]
    step = max(1, len(answerable) / most)
    questions = [answerable[int(i * step)] for i in range(min(most, len(answerable)))]
    if not questions:
        raise EvaluationError(f"{task.path.name} has no answerable question to time")
    with tempfile.TemporaryDirectory() as folder, Library(Path(folder), Embedder()) as library:
        for document in task.documents.values():
            library.add(document)
        answerer = Answerer(library, reader, threshold)
        answerer.warm_up()
        before = memory_mb()
        with connected() as writer:
            answerer.model, answerer.ask_anyway = writer.model, True
            answerer.answer("Is everything loaded?", mode=MODEL)
            answerer.ask_anyway = writer.ask_anyway
            without, beside = zip(*(_quoted(answerer, question) for question in questions), strict=True)
            rows = [
                Row("quotations, no model", len(questions), pair(without), before),
                Row("quotations, model configured", len(questions), pair(beside), memory_mb()),
            ]
            answers = []
            for done, question in enumerate(questions, 1):
                answers.append(answer_json(answerer, question))
                progress(done, len(questions))
            rows.append(written_row(f"written by {writer.model.name}", answers))
    slower = [b - a for a, b in zip(without, beside, strict=True)]
    return Cost(tuple(rows), stats.mean(slower), stats.interval(stats.mean_of(slower), len(slower)))


def _quoted(answerer: Answerer, question: str) -> tuple[float, float]:
    """Milliseconds without the model and beside it, medians of TIMES each, taken in turns."""
    model = answerer.model
    took: tuple[list[float], list[float]] = [], []
    for turn in range(2 * TIMES):
        way = (turn + turn // 2) % 2  # 0 1 1 0 0 1: neither always follows the other
        answerer.model = model if way else None
        took[way].append(answerer.answer(question, mode=QUOTE).timings["total"])
    answerer.model = model
    return median(took[0]), median(took[1])


def written_row(name: str, answers: Sequence[dict]) -> Row:
    """The row of what a language model wrote, from the answers' JSON. Raises EvaluationError for nothing."""
    asked = [a for a in answers if "first_token" in a["timings_ms"]]
    if not asked:
        why = next((a["notice"] for a in answers if a["notice"]), "no question reached it")
        raise EvaluationError(f"the language model wrote nothing: {why}")
    took = [writing.timings(a) for a in asked]
    checks = [one["check_per_sentence"] for one in took if "check_per_sentence" in one]
    counts = [writing.sentences(a) for a in asked]
    return Row(
        name,
        len(asked),
        pair([one["total"] for one in took]),
        memory_mb(),
        first_token=pair([one["first_token"] for one in took]),
        check=pair(checks) if checks else None,
        shown=stats.mean([shown for shown, _ in counts]),
        left_out=stats.mean([left for _, left in counts]),
        fell_back=sum(writing.fell_back(a) for a in answers),
    )


def pair(milliseconds: Sequence[float]) -> Pair:
    """p50 and p95."""
    return stats.quantile(milliseconds, 0.5), stats.quantile(milliseconds, 0.95)


def memory_mb() -> float:
    """Resident memory of this process in megabytes; where there is no /proc, the largest it has been."""
    if STATM.exists():
        return int(STATM.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6
    return most_memory_mb()


def print_cost(cost: Cost) -> None:
    """A table on standard output."""
    from rich.console import Console
    from rich.table import Table

    heads = ("n", "first token", "whole answer", "check", "shown", "left out", "fell back", "MB")
    table = Table("", *heads, title="milliseconds, p50 / p95 (check: of a sentence); sentences an answer")
    table.columns[0].min_width = len("quotations, model configured")
    for row in cost.rows:
        times = [_pair(one) for one in (row.first_token, row.total, row.check)]
        counts = ["" if one is None else f"{one:.1f}" for one in (row.shown, row.left_out)]
        fell = "" if row.fell_back is None else str(row.fell_back)
        table.add_row(row.name, str(row.n), *times, *counts, fell, f"{row.memory_mb:.0f}")
    console = Console(width=120)
    console.print(table)
    between = f", 95 % [{cost.interval[0]:+.1f}, {cost.interval[1]:+.1f}]" if cost.interval else ""
    console.print(f"quotations with a model configured against without: {cost.slower:+.1f} ms{between}")


def _pair(times: Pair | None) -> str:
    return "" if times is None else f"{times[0]:.0f} / {times[1]:.0f}"
