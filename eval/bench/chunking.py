"""The chunking benchmark: how much of the evidence five passages hold, and how little else.

After Smith and Troynikov, "Evaluating Chunking Strategies for Retrieval", Chroma technical report,
2024: five corpora in one collection, 472 questions, five passages a question; figures as in
eval/bench/ranges.py, averaged over the questions.
"""

import math
import statistics
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import numpy as np

from eval.bench import ours
from eval.bench.cache import CachedEmbedder
from eval.bench.corpora import Benchmark, load
from eval.bench.plain import CHUNKERS
from eval.bench.ranges import Place, Scores, score, size
from index.embed import Embedder
from index.library import Progress, untold
from ingest.errors import EvaluationError

RETRIEVED = 5
"""Passages a question, as in the report."""
VARIANTS = ("tokens-250-125", "recursive-250-125", *ours.VARIANTS)
PUBLISHED = {
    "250 tokens, overlap 125": {"recall": 0.824, "iou": 0.035},
    "best cluster chunker": {"recall": 0.752, "iou": 0.072},
}
"""The report's, for all-MiniLM-L6-v2 and five passages."""


@dataclass(frozen=True, slots=True)
class Figure:
    """Mean over the questions and standard deviation between them (of the population), in [0, 1]."""

    mean: float
    deviation: float


@dataclass(frozen=True, slots=True)
class Row:
    """One variant. pieces: passages that could be retrieved; passages, characters: retrieved for a
    question, on average, before the evidence is looked at. remark: what differs from five passages."""

    variant: str
    questions: int
    recall: Figure
    precision: Figure
    precision_omega: Figure
    iou: Figure
    pieces: int
    passages: float
    characters: float
    remark: str = ""

    def to_json(self) -> dict:
        """Plain values."""
        return asdict(self)


def run_chunking(
    folder: Path,
    variants: Sequence[str] = VARIANTS,
    *,
    cache: Path | None = None,
    embedder: Embedder | None = None,
    progress: Progress = untold,
) -> list[Row]:
    """Run variants over the data in a folder (`questions.csv`, `corpora/*.md`); a row each, in order.

    variants: see VARIANTS; tokens- and recursive-SIZE-OVERLAP may have other sizes. cache: folder where
    vectors are kept, so that a second run embeds questions alone; without one, embedding takes minutes.
    embedder: to use instead. progress: called with questions done and in all. Raises EvaluationError for an
    unknown variant or wrong data.
    """
    benchmark = load(folder)
    for variant in variants:
        _check(variant)
    embedder = embedder or (CachedEmbedder(cache) if cache else Embedder())
    rows: list[Row] = []
    count = len(benchmark.questions)
    with ExitStack() as stack:
        shelf: ours.Shelf | None = None
        for variant in variants:
            if chunker := _chunker(variant):
                prepared = _plain(benchmark, chunker, embedder)
            else:
                shelf = shelf or stack.enter_context(ours.shelf(benchmark.corpora, embedder))
                prepared = ours.prepare(shelf, variant, RETRIEVED)
            told = partial(_told, progress, len(rows) * count, len(variants) * count)
            rows.append(_row(variant, benchmark, prepared, told))
    return rows


def _told(progress: Progress, before: int, total: int, done: int) -> None:
    progress(before + done, total)


def _check(variant: str) -> None:
    if variant not in ours.VARIANTS and not _chunker(variant):
        raise EvaluationError(
            f"there is no variant {variant!r}; there are {', '.join(VARIANTS)}, and other sizes as "
            f"{' or '.join(f'{name}-SIZE-OVERLAP' for name in CHUNKERS)} (in tokens, overlap below size)"
        )


def _chunker(variant: str) -> tuple[str, int, int] | None:
    """Name, size and overlap of a plain variant."""
    name, *numbers = variant.split("-")
    if name not in CHUNKERS or len(numbers) != 2 or not all(n.isdecimal() for n in numbers):
        return None
    chunk, overlap = map(int, numbers)
    return (name, chunk, overlap) if overlap < chunk else None


def _plain(benchmark: Benchmark, chunker: tuple[str, int, int], embedder: Embedder) -> ours.Prepared:
    """A plain chunker, and the nearest chunks by cosine, searched exhaustively."""
    name, chunk, overlap = chunker
    places = CHUNKERS[name](benchmark.corpora, chunk, overlap)
    vectors = embedder.passages([benchmark.corpora[p.corpus][p.start : p.end] for p in places], batch=16)

    texts = [q.text for q in benchmark.questions]
    asked = dict(zip(texts, embedder.passages(texts), strict=True))

    def retrieve(question: str) -> list[Place]:
        near = np.argsort(-(vectors @ asked[question]), kind="stable")
        return [places[i] for i in near[:RETRIEVED]]

    return ours.Prepared(places, retrieve, "")


def _row(
    variant: str,
    benchmark: Benchmark,
    prepared: ours.Prepared,
    progress: Callable[[int], None],
) -> Row:
    pieces, retrieve, remark = prepared
    scores: list[Scores] = []
    counts: list[tuple[int, int]] = []
    for done, question in enumerate(benchmark.questions, 1):
        retrieved = retrieve(question.text)
        scores.append(score(question.references, retrieved, pieces))
        counts.append((len(retrieved), size(retrieved)))
        progress(done)
    recall, precision, omega, iou = (_figure(values) for values in zip(*scores, strict=True))
    passages, characters = (statistics.fmean(values) for values in zip(*counts, strict=True))
    return Row(variant, len(scores), recall, precision, omega, iou, len(pieces), passages, characters, remark)


def _figure(values: Sequence[float]) -> Figure:
    return Figure(math.fsum(values) / len(values), statistics.pstdev(values))


def print_rows(rows: Sequence[Row]) -> list[dict]:
    """Print a table of rows with the published ones below, in percent; returns the rows for JSON."""
    from rich.console import Console
    from rich.table import Table

    count = max((row.questions for row in rows), default=0)
    heads = ("recall", "precision", "precision Ω", "IoU", "passages", "characters")
    table = Table("variant", title=f"Chunking benchmark: {count} questions; percent, ± between questions")
    for head in heads:
        table.add_column(head, justify="right")
    for row in rows:
        figures = (row.recall, row.precision, row.precision_omega, row.iou)
        cells = [f"{100 * f.mean:.1f} ± {100 * f.deviation:.1f}" for f in figures]
        table.add_row(row.variant, *cells, f"{row.passages:.1f}", f"{row.characters:.0f}")
    table.add_section()
    for name, figure in PUBLISHED.items():
        recall, iou = (f"{100 * figure[key]:.1f}" for key in ("recall", "iou"))
        table.add_row(f"published: {name}", recall, "", "", iou, str(RETRIEVED), "")
    console = Console(width=118)
    console.print(table)
    for row in rows:
        if row.remark:
            console.print(f"{row.variant}: {row.remark}")
    return [row.to_json() for row in rows]
