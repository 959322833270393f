"""The scale curve: libraries of growing size, filled with prose of this machine and measured.

In the folder: `prose.jsonl` (eval/bench/scale_text.py), `standins.npz` (scale_vectors), `library-N` for each
size (scale_fill), and the report (scale_report). What is there is kept, so that a second run measures only.
"""

from collections.abc import Sequence
from itertools import islice
from multiprocessing import get_context
from pathlib import Path

from eval.bench import scale_report
from eval.bench.scale_fill import Filling, copy, fill, filled
from eval.bench.scale_measure import Row, measure
from eval.bench.scale_text import FOLDERS, collect, documents
from eval.bench.scale_vectors import StandIns, fit
from eval.run import Task, load_task
from index.embed import Embedder
from index.write import Progress, untold
from ingest.passages import cut_passages

WORDS_A_PASSAGE = 70
"""Of the prose, roughly; more words than sizes need are not looked for."""
FITTED = 10_000
"""Sentences that stand-ins are fitted on, the fifth of them held back."""


def run_scale(
    folder: Path,
    sizes: Sequence[int],
    set_file: Path,
    sources: Sequence[Path],
    *,
    real: int = 0,
    texts: Sequence[Path] = FOLDERS,
    fitted: int = FITTED,
    build_only: bool = False,
    progress: Progress = untold,
) -> list[Row]:
    """Build the library of each size that is not there, measure each, and write the report; a row a size.

    set_file, sources: the questions of known answer, and their documents. real: so many passages get vectors
    of the model, the rest stand-ins. texts: folders to take prose from. Raises EvaluationError.
    """
    folder.mkdir(parents=True, exist_ok=True)
    task = load_task(set_file, sources)
    prose = folder / "prose.jsonl"
    collect(texts, prose, max(sizes) * WORDS_A_PASSAGE, progress)
    embedder = Embedder()
    stand_ins = fit(embedder, prose_sentences(prose, fitted), folder / "standins.npz")
    fillings = build(folder, sorted(sizes), task, prose, embedder, stand_ins, real, progress)
    if build_only:
        return []
    rows = [apart(folder / f"library-{size}", task) for size in sorted(sizes)]
    scale_report.write(folder, rows, fillings, stand_ins.fit, real)
    return rows


def prose_sentences(prose: Path, most: int) -> list[str]:
    """Some sentences of each document of the prose, so many in all."""
    found: list[str] = []
    for document, _ in islice(documents(prose, lambda _: False), most):
        passages = cut_passages(document)[:6]
        found += [p.plain(p.sentences[0]) for p in passages]
        if len(found) >= most:
            break
    return found[:most]


def build(
    folder: Path,
    sizes: Sequence[int],
    task: Task,
    prose: Path,
    embedder: Embedder,
    stand_ins: StandIns,
    real: int,
    progress: Progress,
) -> list[Filling]:
    """Fill the library of each size, beginning with the one before; what went into each."""
    fillings: list[Filling] = []
    smaller: Path | None = None
    for size in sizes:
        at = folder / f"library-{size}"
        done = filled(at)
        if done is None:
            copy(smaller, at)
            planted = task.documents.values()
            done = fill(at, planted, prose, embedder, stand_ins, size, real, progress)
        fillings.append(done)
        smaller = at
    return fillings


def apart(folder: Path, task: Task) -> Row:
    """Measure a library in a process of its own, for memory and opening times of its own."""
    with get_context("spawn").Pool(1) as pool:
        return pool.apply(measure, (folder, task))
