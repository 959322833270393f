"""How long a search by words takes in SQLite and in PostgreSQL, from rare words to frequent ones.

The texts are made: words by Zipf's law, so that some are in most passages and most are in a few. Run it on an
idle machine: python -m eval.bench.words postgresql://USER@HOST/EMPTY_DATABASE --passages 100000
"""

import argparse
import json
import tempfile
import time
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from statistics import median

import numpy as np

from index.catalog import Catalog
from index.postgres_catalog import PostgresCatalog
from ingest.document import Document
from ingest.passages import Passage

WORDS = ["".join(letters) + "k" for letters in product("bdgklmnprtvz", "aou", repeat=3)]
LENGTH, TOGETHER = 90, 50
"""Words a passage; passages a document."""
QUESTIONS = {
    "rare": (5000, 8000, 12000, 20000, 30000),
    "mixed": (20, 60, 300, 3000, 9000, 40000),
    "frequent": (15, 20, 30, 40, 50, 60),
}
"""Ranks of the words asked for, from the most frequent one on: the 15th is in two of five passages."""
MOST, TIMES = 30, 9


def documents(passages: int) -> Iterator[tuple[Document, list[Passage]]]:
    """Documents of TOGETHER passages, so many in all; the same ones each time."""
    random = np.random.default_rng(7)
    chances = 1 / (np.arange(len(WORDS)) + 3.7)
    chances /= chances.sum()
    for number in range(passages // TOGETHER):
        name = f"d{number}"
        drawn = random.choice(len(WORDS), p=chances, size=(TOGETHER, LENGTH))
        texts = [" ".join(WORDS[n] for n in row) for row in drawn]
        yield (
            Document(name, name, f"/{name}", "1", "", (), (), (), (), (), ()),
            [
                Passage(f"{name}:1:{i}", name, i, "body", i, i + 1, (), text, "T", "")
                for i, text in enumerate(texts)
            ],
        )


def measured(catalog: Catalog, passages: int) -> dict[str, float]:
    """Passages written in a second, and the median milliseconds of each kind of question."""
    began = time.perf_counter()
    written = 0
    for document, cut in documents(passages):
        catalog.put(document, cut)
        written += len(cut)
    figures = {"passages_per_second": written / (time.perf_counter() - began)}
    for name, ranks in QUESTIONS.items():
        seconds = []
        for _ in range(TIMES):
            began = time.perf_counter()
            catalog.search_words(" ".join(WORDS[rank] for rank in ranks), MOST)
            seconds.append(time.perf_counter() - began)
        figures[f"{name}_ms"] = median(seconds) * 1000
    return figures


def main() -> None:
    """Print the figures of both, as JSON."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("database", help="URL of an empty PostgreSQL database")
    asked.add_argument("--passages", type=int, default=100_000)
    given = asked.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for name, catalog in (
            ("sqlite", Catalog(Path(folder) / "catalog.sqlite")),
            ("postgresql", PostgresCatalog(given.database)),
        ):
            figures = measured(catalog, given.passages)
            catalog.close()
            told = {
                "database": name,
                "passages": given.passages,
                **{n: round(v, 1) for n, v in figures.items()},
            }
            print(json.dumps(told))


if __name__ == "__main__":
    main()
