"""Many people at once at one page: each a client of the Gradio API, asking one question after the other.

The page runs in a process of its own, as its users have it; the clients share this one.
"""

import os
import random
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles
from threading import Event

from eval.run import load_task
from ingest.errors import EvaluationError

PATIENCE = 120
"""Seconds until the page must be up."""
ENDING = 40
"""Seconds that `cited serve` has to end once it is told to; by itself it takes 30 at most."""
STANDARD_ERROR = 2
"""Where the program's own processes print, for standard output is the figures'."""


@dataclass(frozen=True, slots=True)
class Load:
    """Seconds a question took its client, from request to answer. failed: questions without an answer."""

    clients: int
    questions: int
    failed: int
    p50: float
    p95: float
    p99: float
    per_second: float


def run_clients(set_file: Path, sources: Sequence[Path], clients: int, each: int, pause: float = 0) -> Load:
    """Ask the questions of a set about its sources: `each` a client, all clients at once. pause: seconds that
    a client waits before each question, on average; people read answers, programs do not."""
    questions = [q.question for q in load_task(set_file, sources).set.questions]
    with tempfile.TemporaryDirectory() as folder:
        library = Path(folder) / "library"
        ingested(sources, library)
        with page_of(library) as address:
            return _ask_all(address, questions, clients, each, pause)


CITED = (sys.executable, "-c", "from eval.cli import main; main()")


def ingested(sources: Sequence[Path], library: Path | str, *options: str) -> None:
    """Add these sources to a library, in a process of its own. Raises EvaluationError where that fails."""
    command = [*CITED, "ingest", *map(str, sources), "--library", str(library), *options]
    status = subprocess.run(command, stdout=STANDARD_ERROR, check=False).returncode  # noqa: S603  (our own)
    if status:
        raise EvaluationError(
            f"the sources could not be ingested, so nothing was measured: `cited ingest` ended with status "
            f"{status}; mend what it says above and run this again"
        )


@contextmanager
def page_of(library: Path | str, *options: str, core: int | None = None) -> Iterator[str]:
    """The address of `cited serve`, a process of its own that ends afterwards. core: the only one it may use.
    Raises EvaluationError where it does not come up."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}/"
    server = subprocess.Popen(  # noqa: S603
        [*CITED, "serve", "--library", str(library), *options, "--port", str(port)], stdout=STANDARD_ERROR
    )
    try:
        if core is not None:
            os.sched_setaffinity(server.pid, {core})  # Its threads, which begin later, have it from it.
        _wait_for(port, server)
        yield address
    finally:
        _end(server)


def _end(server: subprocess.Popen) -> None:
    """Tell a server to end, and end it where it does not."""
    server.terminate()
    try:
        server.wait(ENDING)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


def _wait_for(port: int, server: subprocess.Popen) -> None:
    limit = time.monotonic() + PATIENCE
    while time.monotonic() < limit and server.poll() is None:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=5):
            return
        time.sleep(0.2)
    raise EvaluationError("the page did not come up; `cited serve` shows why")


def _ask_all(address: str, questions: Sequence[str], clients: int, each: int, pause: float) -> Load:
    from gradio_client import Client

    people = [Client(address, verbose=False) for _ in range(clients)]
    ended = Event()

    def ask(number: int) -> list[float | None]:
        took = []
        for i in range(each):
            if ended.wait(random.uniform(0, 2 * pause)):
                break
            took.append(_ask_one(people[number], questions[(number * each + i) % len(questions)]))
        return took

    begun = time.perf_counter()
    with ThreadPoolExecutor(clients) as pool:
        try:
            took = [seconds for of_one in pool.map(ask, range(clients)) for seconds in of_one]
        finally:
            ended.set()  # where this is broken off, nobody asks on
    return summed(clients, took, time.perf_counter() - begun)


def summed(clients: int, took: Sequence[float | None], whole: float) -> Load:
    """The figures. took: seconds of each question, None for one without an answer; whole: of all together.
    Raises EvaluationError where fewer than two questions were answered."""
    done = [seconds for seconds in took if seconds is not None]
    if len(done) < 2:
        raise EvaluationError("no question was answered; `cited serve` shows why")
    cuts = quantiles(done, n=100, method="inclusive")
    return Load(clients, len(took), len(took) - len(done), cuts[49], cuts[94], cuts[98], len(done) / whole)


def _ask_one(client: object, question: str) -> float | None:
    begun = time.perf_counter()
    try:
        answer = client.predict(question, api_name="/ask")  # type: ignore[attr-defined]
    except Exception:
        return None
    return time.perf_counter() - begun if answer["question"] == question else None
