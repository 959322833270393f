"""Answers that a language model wrote, as a report shows them. Pure functions over a results file."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from eval.measures.writing import fell_back, sentences


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence shown, with the markers that prove it. begins: it begins a paragraph."""

    text: str
    markers: tuple[int, ...]
    begins: bool


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A sentence that was left out, and why."""

    text: str
    reason: str


@dataclass(frozen=True, slots=True)
class Written:
    """sentences: of the model, none of an answer that is made of quotations. left_out: what it wrote and the
    documents do not support. notice: what readers were told beside the answer, "" for nothing."""

    sentences: tuple[Sentence, ...]
    left_out: tuple[LeftOut, ...]
    notice: str


@dataclass(frozen=True, slots=True)
class Writer:
    """The language model of a run, and what became of its sentences. where: its endpoint's host, in words.
    fallen: ids of the questions that fell back to quotations."""

    name: str
    where: str
    answers: int
    shown: int
    left_out: int
    fallen: tuple[str, ...]


def written(answer: Mapping) -> Written:
    """What a language model did for an answer; nothing at all in a run without one."""
    count, _ = sentences(answer)
    shown = answer["parts"] if count else ()
    return Written(
        tuple(Sentence(p["text"], tuple(p["markers"]), bool(p.get("begins"))) for p in shown),
        tuple(LeftOut(u["text"], u["reason"]) for u in answer.get("unsupported") or ()),
        answer.get("notice") or "",
    )


def writer(run: Mapping, rows: Iterable[Mapping]) -> Writer | None:
    """The language model of a run, None where there was none. run: its first line. rows: its answers."""
    if (told := run.get("language_model")) is None:
        return None
    rows = list(rows)
    counts = [sentences(row["answer"]) for row in rows]
    return Writer(
        name=str(told["name"]),
        where=f"at {told['endpoint']}" if told.get("endpoint") else "in the process",
        answers=sum(bool(shown) for shown, _ in counts),
        shown=sum(shown for shown, _ in counts),
        left_out=sum(left for _, left in counts),
        fallen=tuple(row["id"] for row in rows if fell_back(row["answer"])),
    )
