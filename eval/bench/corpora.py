"""The data of the chunking report: five corpora, and questions whose evidence is given by offsets."""

import csv
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from eval.bench.ranges import Place
from ingest.errors import EvaluationError


@dataclass(frozen=True, slots=True)
class Question:
    """references: the evidence, at least one place, all in one corpus."""

    text: str
    references: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class Benchmark:
    """corpora: by name, each file's text as it stands (UTF-8, line ends kept)."""

    corpora: Mapping[str, str]
    questions: tuple[Question, ...]


def load(folder: Path) -> Benchmark:
    """Read `questions.csv` and `corpora/*.md`.

    A reference counts where `start_index` and `end_index` say, also where its text occurs again.
    Raises EvaluationError, with file and line, where the corpus does not hold the reference's
    content there, or where something is missing or damaged.
    """
    file = folder / "questions.csv"
    try:
        corpora = {p.stem: p.read_bytes().decode() for p in sorted((folder / "corpora").glob("*.md"))}
        with file.open(encoding="utf-8", newline="") as lines:
            reader = csv.DictReader(lines)
            questions = tuple(_question(row, corpora, f"{file}:{reader.line_num}") for row in reader)
    except (OSError, UnicodeDecodeError) as error:
        raise EvaluationError(f"the benchmark in {folder} cannot be read: {error}") from error
    if not questions:
        raise EvaluationError(f"{file} holds no question")
    return Benchmark(corpora, questions)


def _question(row: Mapping[str, str], corpora: Mapping[str, str], where: str) -> Question:
    try:
        corpus = row["corpus_id"]
        given = [
            (r["content"], Place(corpus, int(r["start_index"]), int(r["end_index"])))
            for r in json.loads(row["references"])
        ]
        text, asked = corpora[corpus], row["question"]
    except (KeyError, TypeError, ValueError) as error:
        raise EvaluationError(f"{where}: the question cannot be read: {error!r}") from error
    for content, place in given:
        if not content or text[place.start : place.end] != content:
            raise EvaluationError(f"{where}: {corpus}[{place.start}:{place.end}] is not {content[:60]!r}")
    if not given:
        raise EvaluationError(f"{where}: the question has no reference")
    return Question(asked, tuple(place for _, place in given))
