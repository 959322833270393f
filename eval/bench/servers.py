"""What several `cited serve` of one library on servers answer beside one.

A process takes all the cores it gets, so each is given one core here: what grows is the number of cores, as
it does with the number of machines. One process with as many cores stands beside them.
"""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles
from threading import Event

from eval.bench.clients import ingested, page_of
from eval.bench.load import Asked, ask_for
from eval.run import load_task
from ingest.errors import EvaluationError


@dataclass(frozen=True, slots=True)
class Serving:
    """Processes with so many cores each, under load. p50, p99: seconds from request to answer."""

    processes: int
    cores: int
    per_second: float
    p50: float
    p99: float
    errors: int


def run_servers(
    set_file: Path, sources: Sequence[Path], library: tuple[str, str], connections: int, seconds: float
) -> list[Serving]:
    """One process with a core, as many as there are cores with one each, and one with all. library: addresses
    of its catalog and its vectors. Raises EvaluationError."""
    questions = [q.question for q in load_task(set_file, sources).set.questions]
    catalog, *options = library[0], "--vectors", library[1]
    ingested(sources, catalog, *options)
    there = sorted(os.sched_getaffinity(0))
    rows = []
    for pinned in ([there[0]], there, [None]):
        with ExitStack() as ends:
            pages = [ends.enter_context(page_of(catalog, *options, core=core)) for core in pinned]
            share = max(1, connections // len(pages))
            asked = _asked(pages, questions, share, seconds)
        took = [second for one in asked for second in one.took]
        if len(took) < 2:
            raise EvaluationError("no question was answered; `cited serve` shows why")
        cuts = quantiles(took, n=100, method="inclusive")
        per_second = sum(len(one.took) / one.seconds for one in asked)
        errors = sum(sum(one.errors.values()) for one in asked)
        cores = len(there) if pinned == [None] else 1
        rows.append(Serving(len(pages), cores, per_second, cuts[49], cuts[98], errors))
    return rows


def _asked(pages: Sequence[str], questions: Sequence[str], share: int, seconds: float) -> list[Asked]:
    """What came of asking all pages at once, over so many connections each."""
    ended = [Event() for _ in pages]
    with ThreadPoolExecutor(len(pages)) as pool:
        try:
            asking = [
                pool.submit(ask_for, page, questions, share, seconds, end)
                for page, end in zip(pages, ended, strict=True)
            ]
            return [one.result() for one in asking]
        finally:
            for end in ended:
                end.set()


def as_lines(rows: Sequence[Serving]) -> list[str]:
    """A line each, with its answers as a multiple of the first one's."""
    return [
        f"{row.processes} × {row.cores} core{'s' * (row.cores > 1)}: {row.per_second:.1f} answers a second "
        f"({row.per_second / rows[0].per_second:.2f}×), p50 {row.p50:.2f} s, p99 {row.p99:.2f} s, "
        f"{row.errors} errors"
        for row in rows
    ]
