"""The scale curve: libraries of growing size, filled with prose of this machine and measured.

In the folder: `prose.jsonl` (eval/bench/scale_text.py), `standins.npz` (scale_vectors), `library-N` for each
size (scale_fill), the report (scale_report), and in `made.json` what all this was made of. What is there is
kept, so that a second run measures only; one that asks for it of other things is refused.
"""

import json
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

from eval.bench import scale_report
from eval.bench.apart import apart
from eval.bench.scale_fill import Filling, copy, fill, filled
from eval.bench.scale_measure import Row, measure
from eval.bench.scale_text import FOLDERS, collect, documents
from eval.bench.scale_vectors import StandIns, fit
from eval.run import Task, load_task
from index.embed import Embedder
from index.write import Progress, untold
from ingest.errors import EvaluationError
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
    texts: Sequence[Path] = (),
    fitted: int = FITTED,
    build_only: bool = False,
    progress: Progress = untold,
) -> list[Row]:
    """Build the library of each size that is not there, measure each, and write the report; a row a size.

    set_file, sources: the questions of known answer, and their documents. real: so many passages get vectors
    of the model, the rest stand-ins. texts: folders to take prose from, this machine's where none is named.
    Raises EvaluationError, also where the folder was made with others.
    """
    folder.mkdir(parents=True, exist_ok=True)
    task = load_task(set_file, sources)
    prose = folder / "prose.jsonl"
    made_with(folder, texts, real)
    collect(texts or FOLDERS, prose, max(sizes) * WORDS_A_PASSAGE, progress)
    embedder = Embedder()
    stand_ins = fit(embedder, prose_sentences(prose, fitted), folder / "standins.npz")
    sizes = sorted(set(sizes))
    fillings = build(folder, sizes, task, prose, embedder, stand_ins, real, progress)
    if build_only:
        return []
    rows = [apart(measure, folder / f"library-{size}", task) for size in sizes]
    scale_report.write(folder, rows, fillings, stand_ins.fit)
    return rows


def made_with(folder: Path, texts: Sequence[Path], real: int) -> None:
    """Write down what a folder is made with; of one that was begun before that was done, nobody knows. Raises
    EvaluationError where it was made with something else."""
    asked = {"texts": [str(text.resolve()) for text in texts], "real": real}
    file = folder / "made.json"
    begun = (folder / "prose.jsonl").exists()
    if begun and file.exists():
        made = json.loads(file.read_text(encoding="utf-8"))
        if made != asked:
            options = "".join(f" --texts {text}" for text in made["texts"]) + f" --real {made['real']}"
            raise EvaluationError(f"{folder} was made with{options}; ask for that, or name another folder")
    elif not begun:
        part = file.with_suffix(".part")
        part.write_text(json.dumps(asked) + "\n", encoding="utf-8")
        part.rename(file)


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
