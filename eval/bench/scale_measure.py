"""What a library of some size costs and finds, measured in a process of its own.

Questions are those of a set, graded as any run of it, and sentences of the library's own documents, so that
frequent words are asked for, too. Each is asked once, after others have warmed everything up. At last some
documents are deleted, replaced and put back: the library holds what it held before, but its files and the
graph of its vectors bear the traces, so that disk and recall of a second measurement may differ a little.
"""

import hashlib
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from random import Random
from typing import Any

import numpy as np

from app.answer import Answerer
from eval.bench.clients import CITED
from eval.grade import figure, grade
from eval.measures.stats import quantile
from eval.memory import most_memory_mb
from eval.run import Task, answer_json
from index.library import Library
from index.search import CANDIDATES, search
from index.vectors import BATCH
from index.write import Prepared
from ingest.errors import EvaluationError

PROBES, WARMING, CHANGED = 200, 40, 20
"""Sentences asked as questions, those of them before the clock starts, documents deleted and updated."""
CHANGEABLE = (5, 100)
"""Fewest and most passages of a document that is deleted and updated."""
WORDS = (7, 16)
"""Fewest and most words of such a sentence."""
K = 10
SEED = 20261122


@dataclass(frozen=True, slots=True)
class Row:
    """One size. Bytes on disk; the most megabytes of memory up to the last search, the models included;
    seconds from opening to the end of the first search, and of listing the documents; milliseconds of
    searches, of their parts by vectors and by words, and of answers; passages a second written without the
    model; milliseconds of deleting and of updating a document. recall: of the K nearest vectors by exact
    search, those found."""

    passages: int
    documents: int
    catalog_bytes: int
    vectors_bytes: int
    memory_mb: float
    opening_s: float
    listing_s: float
    search_p50: float
    search_p95: float
    near_p95: float
    words_p95: float
    answer_p95: float
    recall: float
    evidence_tuning: float
    evidence_reporting: float
    refusals: float
    written_per_second: float
    delete_p50: float
    update_p50: float

    def to_json(self) -> dict:
        """Plain values, with those a passage."""
        a_passage = {
            "catalog_bytes_a_passage": self.catalog_bytes / self.passages,
            "vectors_bytes_a_passage": self.vectors_bytes / self.passages,
        }
        return asdict(self) | a_passage


def measure(folder: Path, task: Task) -> Row:
    """Measure a library that holds the documents of the task. Raises EvaluationError where it does not."""
    listing = _timed(lambda: _list(folder))
    begun = time.perf_counter()
    with Library(folder) as library:
        if missing := [d.source for d in task.documents.values() if not library.catalog.version(d.id)]:
            raise EvaluationError(
                f"the library {folder} was built without {missing[0]}; remove it to build it"
            )
        search(library, "Is everything there?", K)
        opening = time.perf_counter() - begun
        probes = list(sentences(library, PROBES))
        for probe in probes[:WARMING]:
            search(library, probe, K)
        asked = [*probes[WARMING:], *(q.question for q in task.set.questions)]
        whole, near, words = _times(library, asked)
        memory = most_memory_mb()
        answers, evidence = _answers(library, task)
        # In this order: the changes come last, for they leave their traces in all but what is timed there.
        return Row(
            passages=library.catalog.passage_count(),
            documents=len(library.entries()),
            catalog_bytes=sum(f.stat().st_size for f in folder.glob("catalog.sqlite*")),
            vectors_bytes=sum(f.stat().st_size for f in (folder / "chroma").rglob("*") if f.is_file()),
            memory_mb=memory,
            opening_s=opening,
            listing_s=listing,
            search_p50=quantile(whole, 0.5),
            search_p95=quantile(whole, 0.95),
            near_p95=quantile(near, 0.95),
            words_p95=quantile(words, 0.95),
            answer_p95=quantile(answers, 0.95),
            recall=recall(library, asked),
            **evidence,
            **changes(library),
        )


def _timed(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def _list(folder: Path) -> None:
    command = [*CITED, "list", "--library", str(folder)]
    if subprocess.run(command, check=False, stdout=subprocess.DEVNULL).returncode:  # noqa: S603  (our own)
        raise EvaluationError(f"`cited list --library {folder}` failed; mend what it says above")


def sentences(library: Library, most: int) -> Iterator[str]:
    """Sentences of documents drawn from the whole library, always the same."""
    random = Random(SEED)
    last = library.catalog.rows("SELECT max(number) FROM passages")[0][0]
    numbers = random.sample(range(1, last + 1), min(last, 20 * most))
    told = 0
    for number in numbers:
        rows = library.catalog.rows("SELECT document_id, start FROM passages WHERE number = ?", number)
        passage = library.catalog.passage_at(*rows[0]) if rows else None
        texts = [passage.plain(s) for s in passage.sentences] if passage else []
        fitting = [t for t in texts if WORDS[0] <= len(t.split()) <= WORDS[1]]
        if fitting and told < most:
            told += 1
            yield random.choice(fitting)


def _times(library: Library, questions: Sequence[str]) -> tuple[list[float], list[float], list[float]]:
    """Milliseconds of each search, of its vectors alone and of its words alone."""
    whole = [1e3 * _timed(lambda q=q: search(library, q, K)) for q in questions]  # type: ignore[misc]
    vectors = [library.embedder.question(q) for q in questions]
    near = [1e3 * _timed(lambda v=v: library.vectors.search(v, CANDIDATES)) for v in vectors]  # type: ignore[misc]
    catalog = library.catalog
    words = [1e3 * _timed(lambda q=q: catalog.search_words(q, CANDIDATES)) for q in questions]  # type: ignore[misc]
    return whole, near, words


def recall(library: Library, questions: Sequence[str]) -> float:
    """Share of the K nearest vectors, by the product with all of them, that the index finds; a vector as near
    as the last of them counts as one of them."""
    asked = library.embedder.questions(questions)
    ids = library.catalog.passage_ids()
    best = np.full((len(asked), K), -2, dtype=np.float32)
    for at in range(0, len(ids), BATCH):
        cosines = asked @ library.vectors.get(ids[at : at + BATCH]).T
        best = np.sort(np.hstack([best, cosines]), axis=1)[:, -K:]
    found = [[score for _, score in library.vectors.search(vector, K)] for vector in asked]
    least = best[:, 0] - 1e-5
    return float(
        np.mean([sum(s >= low for s in of_one) / K for of_one, low in zip(found, least, strict=True)])
    )


def _answers(library: Library, task: Task) -> tuple[list[float], dict[str, float]]:
    """Milliseconds of each answer to the set's questions, and what the answers are worth."""
    answerer = Answerer(library)
    answerer.warm_up()
    by_id = {d.id: d for d in task.documents.values()}
    everything = {**by_id}
    times, rows = [], []
    for question in task.set.questions:
        begun = time.perf_counter()
        answer = answer_json(answerer, question.question)
        times.append(1e3 * (time.perf_counter() - begun))
        for place in (*answer["passages"], *answer["citations"]):
            name = place["document_id"]
            if name not in everything:
                everything[name] = library.document(name)
        grades = grade(question, answer, everything)
        rows.append({"half": question.half, "grades": grades})
    worth = {
        "evidence_tuning": _mean("evidence_recall", rows, "tuning"),
        "evidence_reporting": _mean("evidence_recall", rows, "reporting"),
        "refusals": _mean("refusal_recall", rows),
    }
    return times, worth


def _mean(name: str, rows: Sequence[dict[str, Any]], half: str | None = None) -> float:
    found = figure(name, [row for row in rows if half in (None, row["half"])])["value"]
    return float("nan") if found is None else found


def changes(library: Library) -> dict[str, float]:
    """Documents deleted, added, replaced by another version, and put back. Raises EvaluationError where there
    is none to do that with."""
    rows = library.catalog.rows(
        "SELECT id FROM documents WHERE passages BETWEEN ? AND ? ORDER BY substr(id, -8) LIMIT ?",
        *CHANGEABLE,
        CHANGED,
    )
    if not rows:
        raise EvaluationError(
            f"the library {library.name} has no document of {CHANGEABLE[0]} to {CHANGEABLE[1]} passages to "
            "delete and update; use other texts, in another folder"
        )
    deleted, updated, written, passages = [], [], 0.0, 0
    for (name,) in rows:
        before = _prepared(library, name)
        deleted.append(1e3 * _timed(lambda name=name: library.delete(name)))  # type: ignore[misc]
        written += _timed(lambda before=before: list(library.add_prepared([before])))  # type: ignore[misc]
        passages += len(before.passages)
        other = _other_version(before)
        updated.append(1e3 * _timed(lambda other=other: list(library.add_prepared([other]))))  # type: ignore[misc]
        list(library.add_prepared([before]))
    return {
        "written_per_second": passages / written,
        "delete_p50": quantile(deleted, 0.5),
        "update_p50": quantile(updated, 0.5),
    }


def _prepared(library: Library, document_id: str) -> Prepared:
    """A document of the library as it was written there."""
    passages = library.catalog.passages_of(document_id)
    ids = [p.id for p in passages]
    kept = library.catalog.sentence_vectors(ids)
    own = [kept[name].astype(np.float16) for name in ids]
    return Prepared(library.document(document_id), passages, library.vectors.get(ids), own)


def _other_version(given: Prepared) -> Prepared:
    version = hashlib.sha256(given.document.version.encode()).hexdigest()
    passages = [replace(p, id=f"{p.document_id}:{version[:12]}:{p.position}") for p in given.passages]
    return replace(given, document=replace(given.document, version=version), passages=passages)
