"""How fast Cited is beside what a user would pick instead: machine, model, texts and questions the same.

Each way builds and asks in processes of its own (eval/bench/ways.py), one after the other, and in rounds, so
that a machine that slows down slows all of them. Seconds are medians of the rounds, milliseconds are of the
questions of all rounds, and megabytes of memory the most of any.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from statistics import median

from eval.bench.bars import bars
from eval.bench.ways import NLTK, WAYS, WITH_MODEL
from eval.measures.stats import quantile
from ingest.errors import EvaluationError

DROP_CACHES = Path("/proc/sys/vm/drop_caches")
"""Linux forgets its copies of files when root writes here, which makes a start a cold one."""

Three = tuple[float, float, float]
"""p50, p95 and p99 in milliseconds, by nearest rank."""


@dataclass(frozen=True, slots=True)
class Row:
    """One way. build: seconds from texts to something that can be opened, the models loaded. start: seconds
    from nothing to the end of the first search, in a process of its own; cold: with none of its files in
    memory, None where the machine does not let files be forgotten. search: of five passages. answer: the
    whole answer, None where there is none. memory_mb: the most that the asking process held. disk_mb: what
    was built."""

    name: str
    words: int
    build: float
    build_memory_mb: float
    start: float
    cold: float | None
    search: Three
    answer: Three | None
    memory_mb: float
    disk_mb: float

    @property
    def words_per_second(self) -> float:
        """Words of text that became searchable in a second."""
        return self.words / self.build

    def to_json(self) -> dict:
        """All fields, and the rate."""
        return asdict(self) | {"words_per_second": self.words_per_second}


def run_speed(
    files: Sequence[Path],
    questions: Sequence[str],
    rounds: int = 3,
    model: str | None = None,
    names: Sequence[str] = tuple(WAYS),
    cold: bool = True,
    told: Callable[[str], object] = lambda _: None,
) -> list[Row]:
    """A row a way. files: documents; questions: half of them are searched for, half answered. model: a GGUF
    file, for one way more, asked five questions. cold: measure cold starts, too, which makes the machine
    forget its copies of files. Raises EvaluationError where a way fails."""
    from ingest.read import read_file

    words = sum(len(read_file(path).text.split()) for path in files)
    names = [*names, *([WITH_MODEL + model] if model else [])]
    given = json.dumps({"files": [str(path) for path in files], "questions": list(questions)})
    few = json.dumps({"files": [], "questions": list(questions[:10])})
    done: dict[str, list[Round]] = {name: [] for name in names}
    with tempfile.TemporaryDirectory() as folder:
        _copy_nltk(Path(folder) / NLTK)
        for number in range(rounds):
            for at, name in enumerate(names):
                told(f"{name}: {number + 1} of {rounds}")
                place = Path(folder) / str(at)
                shutil.rmtree(place, ignore_errors=True)
                place.mkdir()
                questions_of = few if name.startswith(WITH_MODEL) else given
                *_, built = step(name, "build", place, given)
                begun = step(name, "ask", place, few)[0]["at"] if cold and _forgotten() else None
                ready, said = step(name, "ask", place, questions_of)
                disk = sum(path.stat().st_size for path in place.rglob("*") if path.is_file()) / 1e6
                done[name].append(Round(built, begun, ready, said, disk))
    return [row_of(name, words, done[name]) for name in names]


@dataclass(frozen=True, slots=True)
class Round:
    """What a way said once. built: when it had built; cold: seconds of a cold start, if there was one; ready,
    said: after the first search, and after all questions; disk_mb: what was built."""

    built: Mapping
    cold: float | None
    ready: Mapping
    said: Mapping
    disk_mb: float


def row_of(name: str, words: int, rounds: Sequence[Round]) -> Row:
    """The figures of a way's rounds."""
    searches = [ms for one in rounds for ms in one.said["search"]]
    answers = [ms for one in rounds for ms in one.said["answer"]]
    cold = [one.cold for one in rounds if one.cold is not None]
    return Row(
        f"{WITH_MODEL}{Path(name).stem}" if name.startswith(WITH_MODEL) else name, words,
        median(one.built["seconds"] for one in rounds), max(one.built["memory_mb"] for one in rounds),
        median(one.ready["at"] for one in rounds), median(cold) if cold else None,
        _three(searches), _three(answers) if answers else None,
        max(one.said["memory_mb"] for one in rounds), rounds[-1].disk_mb,
    )  # fmt: skip


def _three(milliseconds: Sequence[float]) -> Three:
    return quantile(milliseconds, 0.5), quantile(milliseconds, 0.95), quantile(milliseconds, 0.99)


def step(name: str, part: str, place: Path, given: str) -> list[dict]:
    """What a process of its own says, each line with the seconds since its start under "at"."""
    begun = time.perf_counter()
    command = [sys.executable, "-m", "eval.bench.ways", name, part, str(place)]
    with (
        tempfile.TemporaryFile("w+", encoding="utf-8") as wrong,
        subprocess.Popen(  # noqa: S603  (our own program)
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=wrong, text=True
        ) as process,
    ):
        assert process.stdin
        assert process.stdout
        try:
            process.stdin.write(given)
            process.stdin.close()
            lines = [json.loads(line) | {"at": time.perf_counter() - begun} for line in process.stdout]
        except BaseException:
            process.kill()  # else it would be waited for, as long as it takes
            raise
        if process.wait():
            wrong.seek(0)
            said = wrong.read().strip().splitlines()
            raise EvaluationError(f"{name} cannot {part}: {said[-1] if said else 'it ended without a word'}")
    return lines


def _copy_nltk(to: Path) -> None:
    """NLTK refuses files with several links, as installers make them: LlamaIndex gets copies of its own."""
    spec = find_spec("llama_index.core")
    if spec is None or spec.origin is None:
        raise EvaluationError("LlamaIndex is missing; run: pip install 'cited[bench]'")
    shutil.copytree(Path(spec.origin).parent / "_static" / "nltk_cache", to)


def _forgotten() -> bool:
    """Make the system forget its copies of files, where it lets us. It keeps what is not yet on the disk."""
    os.sync()
    try:
        DROP_CACHES.write_text("3", encoding="ascii")
    except OSError:
        return False
    return True


def print_rows(rows: Sequence[Row]) -> None:
    """A table, ratios to the first row behind the figures."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD)
    table.add_column("")
    heads = (
        "words/s",
        "start s",
        "cold s",
        "search ms p50 p95 p99",
        "answer ms p50 p95 p99",
        "MB",
        "disk MB",
    )
    for head in heads:
        table.add_column(head, justify="right")
    first = rows[0]
    for row in rows:
        table.add_row(
            row.name,
            f"{row.words_per_second:,.0f} ({row.words_per_second / first.words_per_second:.2f}×)",
            f"{row.start:.1f} ({row.start / first.start:.1f}×)",
            "–" if row.cold is None else f"{row.cold:.1f}",
            _shown(row.search, first.search),
            _shown(row.answer, first.answer),
            f"{row.memory_mb:,.0f}",
            f"{row.disk_mb:.1f}",
        )
    Console(width=150).print(table)


def _shown(of: Three | None, beside: Three | None) -> str:
    if of is None:
        return "–"
    ratio = f" ({of[0] / beside[0]:.2f}×)" if beside else ""
    return " ".join(f"{ms:,.0f}" if ms >= 10 else f"{ms:.1f}" for ms in of) + ratio


def draw(rows: Sequence[Row], file: Path) -> None:
    """The figures as bars, shorter is faster, into an SVG file. Raises EvaluationError."""
    panels = [
        ("Search of five passages, ms (median)", [(row.name, row.search[0]) for row in rows]),
        ("From nothing to the first search, s", [(row.name, row.start) for row in rows]),
        ("Memory while asking, MB", [(row.name, row.memory_mb) for row in rows]),
    ]
    try:
        file.write_text(bars(panels), encoding="utf-8")
    except OSError as error:
        raise EvaluationError(f"the plot cannot be written to {file}: {error.strerror}") from error
