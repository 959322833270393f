"""Results become the plain values that a report shows. Formulas and choices are here; words, markup and
colours are the template's."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from eval.measures.stats import wilson
from eval.report.changes import Changes, changes, flat
from eval.report.evidence import Cited, Found, Needed, cited, found_passages, needed
from eval.report.figures import Figure, figures, key_figures
from eval.report.load import Results
from eval.report.reasons import KINDS, Reason, is_present, reasons
from eval.report.written import Writer, Written, writer, written


@dataclass(frozen=True, slots=True)
class Question:
    """One question as shown. anchor: its fragment in the page. facts: (wordings, whether one is
    in the answer). seconds: the time the answer took. grades: (name, text)."""

    id: str
    anchor: str
    question: str
    type: str
    half: str
    document: str
    answerable: bool
    answered: bool
    answer: str
    written: Written
    confidence: float
    reasons: tuple[Reason, ...]
    cited: tuple[Cited, ...]
    needed: tuple[Needed, ...]
    facts: tuple[tuple[str, bool], ...]
    found: tuple[Found, ...]
    grades: tuple[tuple[str, str], ...]
    seconds: float

    @property
    def right(self) -> bool:
        """Whether nothing is wrong."""
        return not self.reasons


@dataclass(frozen=True, slots=True)
class Group:
    """One row of a table: the questions of one type, document or half. figures: those of the key
    figures' order, None where the results have none."""

    name: str
    n: int
    right: int
    figures: tuple[Figure | None, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """Everything a report shows. fails: (kind, words, ids). halves: each figure over all and by half.
    latencies: milliseconds, a question each. writer: the language model, None for a run of quotations."""

    title: str
    date: str
    questions: tuple[Question, ...]
    fails: tuple[tuple[str, str, tuple[str, ...]], ...]
    share: tuple[float, tuple[float, float]]
    key: tuple[Figure, ...]
    types: tuple[Group, ...]
    documents: tuple[Group, ...]
    half_groups: tuple[Group, ...]
    half_names: tuple[str, ...]
    halves: tuple[tuple[Figure, tuple[Figure | None, ...]], ...]
    changes: Changes | None
    curves: Mapping
    latencies: tuple[float, ...]
    made: tuple[tuple[str, str], ...]
    memory_mb: float | None
    writer: Writer | None

    @property
    def right(self) -> int:
        """How many questions are right."""
        return sum(q.right for q in self.questions)

    @property
    def failed(self) -> tuple[Question, ...]:
        """The questions that fail, in the order of the set."""
        return tuple(q for q in self.questions if not q.right)


def build(results: Results, baseline: Results | None = None) -> Report:
    """The report of a run, compared with a baseline where one is given."""
    names = {d["id"]: d["name"] for d in results.run["documents"]}
    questions = tuple(question(row, names) for row in results.answers)
    summary = results.summary["figures"]
    total = figures(summary.get("all", {}))
    key = tuple(key_figures(total))
    right = sum(q.right for q in questions)
    halves = {h: figures(summary[h]) for h in dict.fromkeys(q.half for q in questions) if h in summary}
    return Report(
        title=str(results.run["set"].get("name", "")),
        date=results.run["date"],
        questions=questions,
        fails=fails(questions),
        share=(right / len(questions), wilson(right, len(questions))),
        key=key,
        types=groups(questions, "type", summary.get("by_type", {}), key),
        documents=groups(questions, "document", summary.get("by_document", {}), key),
        half_groups=groups(questions, "half", summary, key),
        half_names=tuple(halves),
        halves=tuple((f, tuple(halves[h].get(name) for h in halves)) for name, f in total.items()),
        changes=changes(baseline, results) if baseline else None,
        curves=results.summary["curves"],
        latencies=tuple(float(row["answer"]["timings_ms"]["total"]) for row in results.answers),
        made=tuple(flat(results.run).items()),
        memory_mb=results.summary.get("memory_mb"),
        writer=writer(results.run, results.answers),
    )


def question(row: dict, names: Mapping[str, str]) -> Question:
    """One line of the results as shown. names: of documents, by id."""
    answer = row["answer"]
    wrong = tuple(reasons(row))
    return Question(
        id=row["id"],
        anchor="q-" + quote(row["id"], safe=""),
        question=row["question"],
        type=row["type"],
        half=row["half"],
        document=row["document"],
        answerable=bool(row["evidence"]),
        answered=answer["answered"],
        answer=answer["answer"],
        written=written(answer),
        confidence=answer["confidence"],
        reasons=wrong,
        cited=tuple(cited(row, names)),
        needed=tuple(needed(row, names)),
        facts=tuple((" or ".join(f), is_present(f, row)) for f in row["facts"]),
        found=tuple(found_passages(row, names)),
        grades=tuple((name.replace("_", " "), grade(value)) for name, value in row["grades"].items()),
        seconds=answer["timings_ms"]["total"] / 1000,
    )


def grade(value: object) -> str:
    """A grade as read: "yes", "0.50", and "–" where it does not apply."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.2f}" if isinstance(value, int | float) else str(value)


def fails(questions: Sequence[Question]) -> tuple[tuple[str, str, tuple[str, ...]], ...]:
    """The ways to fail that occur, each with the questions; one question may fail in several."""
    return tuple(
        (kind, words, ids)
        for kind, words in KINDS.items()
        if (ids := tuple(q.id for q in questions if any(r.kind == kind for r in q.reasons)))
    )


def groups(
    questions: Sequence[Question], by: str, summary: Mapping, key: Sequence[Figure]
) -> tuple[Group, ...]:
    """A row for each type, document or half, in the order of the set, with its key figures."""
    counts = Counter(getattr(q, by) for q in questions)
    right = Counter(getattr(q, by) for q in questions if q.right)
    found = {name: figures(summary.get(name, {})) for name in counts}
    return tuple(
        Group(name, n, right[name], tuple(found[name].get(f.name) for f in key)) for name, n in counts.items()
    )
