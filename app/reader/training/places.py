"""Where the questions of the training data are answered: passages and sentences as the search's vectors."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor

from app.reader.training.examples import Example
from index.compose import compose
from index.embed import Embedder


@dataclass(frozen=True)
class Asked:
    """A question with the rows of Places that answer it. article: its own, as a number."""

    question: str
    article: int
    passages: tuple[int, ...]
    sentences: tuple[int, ...]
    source: str


@dataclass(frozen=True)
class Places:
    """Unit vectors, float32, of passages, shape (n, d), and of their sentences, shape (m, d), each with the
    number of its article."""

    passages: Tensor
    passage_article: Tensor
    sentences: Tensor
    sentence_article: Tensor


def article_of(example: Example) -> str:
    """What is near to what: the article, or for passages written one by one their common title."""
    return ":".join(example.group.split(":")[:2])


def places(examples: Sequence[Example], embedder: Embedder) -> tuple[Places, list[Asked]]:
    """Every passage of the examples, and the questions that one of them answers."""
    rows: dict[tuple[str, str, tuple[str, ...]], int] = {}
    for example in examples:
        rows.setdefault((article_of(example), example.heading, example.sentences), len(rows))
    numbers: dict[str, int] = {}
    for article, *_ in rows:
        numbers.setdefault(article, len(numbers))
    texts = list(dict.fromkeys(text for _, heading, said in rows for text in (heading, *said)))
    at = {text: i for i, text in enumerate(texts)}
    vectors = embedder.passages(texts)
    ends = [0, *np.cumsum([len(said) for *_, said in rows])]
    sentences = vectors[[at[text] for *_, said in rows for text in said]]
    composed = [
        compose(sentences[a:b], [len(text) for text in said], vectors[at[heading]])
        for (a, b), (_, heading, said) in zip(pairwise(ends), rows, strict=True)
    ]
    of_article = [numbers[article] for article, *_ in rows]
    found = Places(
        torch.tensor(np.stack(composed)),
        torch.tensor(of_article),
        torch.tensor(sentences),
        torch.tensor(np.repeat(of_article, np.diff(ends))),
    )
    answering: dict[tuple[str, str], list[tuple[int, int]]] = defaultdict(list)
    sources: dict[tuple[str, str], str] = {}
    for example in examples:
        row = rows[article_of(example), example.heading, example.sentences]
        key = (article_of(example), example.question)
        answering[key] += [(row, int(ends[row]) + i) for i in sorted(example.evidence)]
        sources[key] = example.source
    asked = [
        Asked(question, numbers[article], *_columns(pairs), sources[article, question])
        for (article, question), pairs in answering.items()
        if pairs
    ]
    return found, asked


def _columns(pairs: Sequence[tuple[int, int]]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    return tuple(row for row, _ in pairs), tuple(sentence for _, sentence in pairs)
