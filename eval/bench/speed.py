"""How fast Cited is beside what a user would pick instead: machine, model, texts and questions the same.

Each way builds and asks in processes of its own (eval/bench/ways.py), one after the other, and in rounds, so
that a machine that slows down slows all of them. Figures are medians of the rounds.
"""

import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
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
    with tempfile.TemporaryDirectory() as folder:
        _copy_nltk(Path(folder) / NLTK)
        rows = []
        built: dict[str, tuple[Path, dict]] = {}
        for name in names:
            told(f"{name}: building")
            place = Path(folder) / str(len(built))
            place.mkdir()
            *_, last = step(name, "build", place, given)
            built[name] = place, last
        asked: dict[str, list[list[dict]]] = {name: [] for name in names}
        for number in range(rounds):
            for name in names:
                told(f"{name}: asking, {number + 1} of {rounds}")
                place = built[name][0]
                begun = step(name, "ask", place, few)[0]["at"] if cold and _forgotten() else None
                steps = step(name, "ask", place, few if name.startswith(WITH_MODEL) else given)
                asked[name].append([*steps, {"cold": begun}])
        for name in names:
            place, made = built[name]
            disk = sum(path.stat().st_size for path in place.rglob("*") if path.is_file()) / 1e6
            rows.append(_row(name, words, made, asked[name], disk))
    return rows


def _row(name: str, words: int, made: Mapping, rounds: Sequence[Sequence[Mapping]], disk: float) -> Row:
    searches = [ms for _, said, _ in rounds for ms in said["search"]]
    answers = [ms for _, said, _ in rounds for ms in said["answer"]]
    cold = [last["cold"] for *_, last in rounds if last["cold"] is not None]
    return Row(
        f"{WITH_MODEL}{Path(name).stem}" if name.startswith(WITH_MODEL) else name,
        words, made["seconds"], made["memory_mb"],
        median(ready["at"] for ready, _, _ in rounds), median(cold) if cold else None,
        _three(searches), _three(answers) if answers else None,
        max(said["memory_mb"] for _, said, _ in rounds), disk,
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
        process.stdin.write(given)
        process.stdin.close()
        lines = [json.loads(line) | {"at": time.perf_counter() - begun} for line in process.stdout]
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
    """Make the system forget its copies of files, where it lets us."""
    with suppress(OSError):
        DROP_CACHES.write_text("3", encoding="ascii")
        return True
    return False


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
