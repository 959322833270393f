"""Many programs at once at `/v1/ask`, each on a connection of its own, one question after the other.

The server runs in a process of its own and says itself how much memory it takes and how long its event loop
was held up. Beside it stands `answer()` in a loop, in one thread of another process, before and after.
"""

import http.client
import json
import re
import tempfile
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from statistics import mean, quantiles
from threading import Event
from urllib.parse import urlsplit

from eval.bench.apart import apart
from eval.bench.clients import ingested, page_of
from eval.run import load_task
from ingest.errors import EvaluationError

LOOKED = (0.1, 0.5, 1.0)
"""Shares of the time at which the server's memory is looked at."""
LOOP_SHARE = 0.05
"""Of the time, for `answer()` in a loop before, and after; LEAST_LOOP seconds at least."""
LEAST_LOOP = 5.0
PATIENCE = 150.0
"""Seconds until an answer is given up; the server gives up after 120."""
FIGURE = re.compile(rb"^(\w+)(?:\{[^}]*\})? ([\d.e+-]+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Under:
    """What a server did under load. errors: how often what was wrong: a status other than 200, a broken
    connection, another question's answer. p50, p95, p99: seconds from request to answer. per_second: answers;
    looped: those of `answer()` in a loop, before and after. memory_mb: at 10, 50 and 100 % of the time.
    stall: seconds that the event loop was held up at the longest. collections: of the garbage collector, by
    generation."""

    connections: int
    seconds: float
    requests: int
    errors: dict[str, int]
    per_second: float
    p50: float
    p95: float
    p99: float
    looped: tuple[float, float]
    memory_mb: tuple[float, ...]
    stall: float
    collections: tuple[int, ...]

    @property
    def of_looped(self) -> float:
        """Answers a second, as a share of those in a loop."""
        return self.per_second / mean(self.looped)

    @property
    def growth(self) -> float:
        """Memory at the end, as a share of that at 10 % of the time."""
        return self.memory_mb[-1] / self.memory_mb[0]


def run_load(set_file: Path, sources: Sequence[Path], connections: int, seconds: float) -> Under:
    """Ask the questions of a set, over and over, for so many seconds. Raises EvaluationError where the server
    does not come up, or answers nothing."""
    questions = [q.question for q in load_task(set_file, sources).set.questions]
    with tempfile.TemporaryDirectory() as folder:
        library = Path(folder) / "library"
        ingested(sources, library)
        looping = max(LEAST_LOOP, LOOP_SHARE * seconds)
        before = apart(in_a_loop, library, questions, looping)
        with page_of(library) as address:
            asked = ask_for(address, questions, connections, seconds)
        return summed(connections, asked, (before, apart(in_a_loop, library, questions, looping)))


def in_a_loop(folder: Path, questions: Sequence[str], seconds: float) -> float:
    """Answers a second, of one thread that asks one question after the other."""
    from app.answer import Answerer
    from index.library import Library

    with Library(folder) as library:
        answerer = Answerer(library)
        answerer.warm_up()
        begun = time.perf_counter()
        for done in count(1):
            answerer.answer(questions[done % len(questions)])
            if time.perf_counter() - begun >= seconds:
                break
        return done / (time.perf_counter() - begun)


@dataclass(slots=True)
class Asked:
    """What came of the questions. took: seconds of those that were answered. errors: how often what was
    wrong. looks: the server's figures, at LOOKED."""

    took: list[float]
    errors: Mapping[str, int]
    seconds: float
    looks: list[dict[str, list[float]]]


def ask_for(
    address: str, questions: Sequence[str], connections: int, seconds: float, ended: Event | None = None
) -> Asked:
    """Keep every connection busy for so long, or until ended; a question that was asked is waited for."""
    ended = ended or Event()
    place = urlsplit(address).netloc
    numbers = count()
    took: list[float] = []
    errors: list[str] = []
    begun = time.perf_counter()

    def keep_asking() -> None:
        with closing(http.client.HTTPConnection(place, timeout=PATIENCE)) as line:
            while time.perf_counter() - begun < seconds and not ended.is_set():
                question = questions[next(numbers) % len(questions)]
                asked = time.perf_counter()
                if (wrong := ask_one(line, question)) is None:
                    took.append(time.perf_counter() - asked)
                else:
                    errors.append(wrong)
                    line.close()  # and opened again by the next request

    with ThreadPoolExecutor(connections) as pool:
        asking = [pool.submit(keep_asking) for _ in range(connections)]
        looks = []
        try:
            for share in LOOKED:
                ended.wait(max(0.0, begun + share * seconds - time.perf_counter()))
                looks.append(figures(place))
            for one in asking:
                one.result()
        finally:
            ended.set()  # where this is broken off, nobody asks on
    return Asked(took, Counter(errors), time.perf_counter() - begun, looks)


def ask_one(line: http.client.HTTPConnection, question: str) -> str | None:
    """Ask, and say what is wrong with the answer, None where it is right."""
    try:
        body = json.dumps({"question": question})
        line.request("POST", "/v1/ask", body, {"Content-Type": "application/json"})
        answer = line.getresponse()
        said = answer.read()
    except (OSError, http.client.HTTPException) as error:
        return type(error).__name__
    if answer.status != 200:
        return str(answer.status)
    return None if json.loads(said)["question"] == question else "another question"


def figures(place: str) -> dict[str, list[float]]:
    """What the server says of itself at /metrics: the values of each series, by its name. Raises
    EvaluationError where it is gone."""
    try:
        with closing(http.client.HTTPConnection(place, timeout=PATIENCE)) as line:
            line.request("GET", "/metrics")
            said = line.getresponse().read()
    except (OSError, http.client.HTTPException) as error:
        raise EvaluationError("the server ended under load; what it said last shows why") from error
    found: dict[str, list[float]] = {}
    for name, value in FIGURE.findall(said):
        found.setdefault(name.decode(), []).append(float(value))
    return found


def summed(connections: int, asked: Asked, looped: tuple[float, float]) -> Under:
    """The figures. Raises EvaluationError where fewer than two questions were answered."""
    if len(asked.took) < 2:
        raise EvaluationError("no question was answered; `cited serve` shows why")
    cuts = quantiles(asked.took, n=100, method="inclusive")
    last = asked.looks[-1]
    return Under(
        connections=connections,
        seconds=asked.seconds,
        requests=len(asked.took) + sum(asked.errors.values()),
        errors=dict(asked.errors),
        per_second=len(asked.took) / asked.seconds,
        p50=cuts[49],
        p95=cuts[94],
        p99=cuts[98],
        looped=looped,
        memory_mb=tuple(look["process_resident_memory_bytes"][0] / 1e6 for look in asked.looks),
        stall=last["cited_event_loop_lag_max_seconds"][0],
        collections=tuple(map(int, last["python_gc_collections_total"])),
    )


def as_text(under: Under) -> str:
    """The figures in words, a line for each concern."""
    before, after = under.looped
    memory = ", ".join(f"{mb:.0f}" for mb in under.memory_mb)
    wrong = "".join(f"; {times} × {what}" for what, times in under.errors.items())
    collections = ", ".join(map(str, under.collections))
    return "\n".join(
        [
            f"{under.connections} connections, {under.seconds:.0f} s: {under.requests} requests, "
            f"{sum(under.errors.values())} errors{wrong}",
            f"p50 {under.p50:.2f} s, p95 {under.p95:.2f} s, p99 {under.p99:.2f} s",
            f"{under.per_second:.1f} answers a second, {under.of_looped:.0%} of answer() in a loop "
            f"({before:.1f} before, {after:.1f} after)",
            f"memory {memory} MB at 10, 50 and 100 % of the time ({under.growth - 1:+.1%})",
            f"the event loop was held up for {under.stall * 1000:.0f} ms at the longest",
            f"garbage collections, by generation: {collections}",
        ]
    )
