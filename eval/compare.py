"""Two runs of a set side by side: every figure's difference with its interval and a paired test."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from eval.grade import FIGURES, set_statistic
from eval.measures import stats

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


def _difference(name: str, pairs: Sequence[tuple[Mapping, Mapping]]) -> Difference | None:
    if FIGURES[name].of_set:
        return _of_set(name, pairs)
    values = [(a["grades"].get(name), b["grades"].get(name)) for a, b in pairs]
    applies = [(a, b) for a, b in values if a is not None and b is not None]
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
