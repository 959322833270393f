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

from eval.run import load_task
from ingest.errors import EvaluationError

PATIENCE = 120
"""Seconds until the page must be up."""


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
    """Add these sources to a library, in a process of its own."""
    subprocess.run(  # noqa: S603  (our own program)
        [*CITED, "ingest", *map(str, sources), "--library", str(library), *options], check=True
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
        [*CITED, "serve", "--library", str(library), *options, "--port", str(port)]
    )
    try:
        if core is not None:
            os.sched_setaffinity(server.pid, {core})  # Its threads, which begin later, have it from it.
        _wait_for(port, server)
        yield address
    finally:
        server.terminate()
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

    def ask(number: int) -> list[float | None]:
        took = []
        for i in range(each):
            time.sleep(random.uniform(0, 2 * pause))
            took.append(_ask_one(people[number], questions[(number * each + i) % len(questions)]))
        return took

    begun = time.perf_counter()
    with ThreadPoolExecutor(clients) as pool:
        took = [seconds for of_one in pool.map(ask, range(clients)) for seconds in of_one]
    whole = time.perf_counter() - begun
    done = sorted(seconds for seconds in took if seconds is not None)
    if len(done) < 2:
        raise EvaluationError("no question was answered; `cited serve` shows why")
    cuts = quantiles(done, n=100)
    return Load(clients, len(took), len(took) - len(done), cuts[49], cuts[94], cuts[98], len(done) / whole)


def _ask_one(client: object, question: str) -> float | None:
    begun = time.perf_counter()
    try:
        answer = client.predict(question, api_name="/ask")  # type: ignore[attr-defined]
    except Exception:
        return None
    return time.perf_counter() - begun if answer["question"] == question else None
