"""Two runs of a set side by side: every figure's difference with its interval and a paired test."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from eval.gates import other_questions, questions_of
from eval.grade import FIGURES, set_statistic, values
from eval.measures import stats
from ingest.errors import EvaluationError

Rows = Sequence[Mapping]


@dataclass(frozen=True, slots=True)
class Difference:
    """second - first of one figure over the questions that both runs have. interval: 95 %, paired
    bootstrap; test, p: None for figures of the set."""

    name: str
    first: float
    second: float
    interval: tuple[float, float] | None
    test: str | None
    p: float | None
    n: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """differences: in the order of FIGURES. broke, fixed: ids of questions that were answered rightly
    in one run only. alone: ids that only one run has."""

    differences: tuple[Difference, ...]
    broke: tuple[str, ...]
    fixed: tuple[str, ...]
    alone: tuple[str, ...]

    def to_json(self) -> dict:
        """All fields."""
        return asdict(self)


def compare(first: Rows, second: Rows) -> Comparison:
    """Compare two runs' answer lines, question by question, by id."""
    before, after = ({row["id"]: row for row in rows} for rows in (first, second))
    both = [name for name in before if name in after]
    pairs = [(before[name], after[name]) for name in both]
    right = {
        name: (before[name]["grades"]["correct"] == 1, after[name]["grades"]["correct"] == 1) for name in both
    }
    return Comparison(
        differences=tuple(d for name in FIGURES if (d := _difference(name, pairs))),
        broke=tuple(name for name, (was, now) in right.items() if was and not now),
        fixed=tuple(name for name, (was, now) in right.items() if now and not was),
        alone=tuple(sorted(set(before) ^ set(after))),
    )


def check_same_questions(first: Rows, second: Rows) -> None:
    """Raises EvaluationError where two runs have no question in common, or another one under the same id:
    then their figures say nothing about each other."""
    before, after = questions_of(first), questions_of(second)
    if not before.keys() & after.keys():
        raise EvaluationError("the two runs have no question in common; compare runs of the same set")
    if others := other_questions(before, after):
        name = others[0]
        more = f", and {len(others) - 1} more," if len(others) > 1 else ""
        raise EvaluationError(
            f"the question {name}{more} reads otherwise in the other run, «{before[name]}» and "
            f"«{after[name]}»; compare runs of the same set"
        )


def unlike(before: Mapping, now: Mapping, first: Rows, second: Rows) -> list[str]:
    """In what the sets and the documents of two runs differ, a sentence each. before, now: first lines."""
    told = []
    if before["set"].get("sha256") != now["set"].get("sha256"):
        told.append("The sets are not the same file: evidence or facts may differ.")
    old, new = ({d["name"]: d.get("version") for d in run["documents"]} for run in (before, now))
    if names := [name for name in (*old, *(set(new) - set(old))) if old.get(name) != new.get(name)]:
        told.append(f"Documents that are not the same: {', '.join(names)}.")
    was, has = ({row["id"] for row in rows} for rows in (first, second))
    if was != has:
        told.append(f"{len(was ^ has)} of {len(was | has)} questions are in one run only, and not compared.")
    return told


def _difference(name: str, pairs: Sequence[tuple[Mapping, Mapping]]) -> Difference | None:
    if FIGURES[name].of_set:
        return _of_set(name, pairs)
    if not all(values(name, rows) for rows in zip(*pairs, strict=True)):
        return None
    graded = [(a["grades"].get(name), b["grades"].get(name)) for a, b in pairs]
    applies = [(a, b) for a, b in graded if a is not None and b is not None]
    if not applies:
        return None
    was, now = [a for a, _ in applies], [b for _, b in applies]
    tested = stats.paired_test(was, now)
    return Difference(
        name,
        stats.mean(was),
        stats.mean(now),
        stats.paired_interval(stats.mean_of(was), stats.mean_of(now), len(applies)),
        tested.test,
        tested.p,
        len(applies),
    )


def _of_set(name: str, pairs: Sequence[tuple[Mapping, Mapping]]) -> Difference | None:
    if not pairs:
        return None
    was, now = (set_statistic(name, [pair[i] for pair in pairs]) for i in (0, 1))
    (a,), (b,) = was(), now()
    if not (a == a and b == b):  # NaN: the figure does not apply
        return None
    interval = stats.paired_interval(was, now, len(pairs))
    return Difference(name, float(a), float(b), interval, None, None, len(pairs))
