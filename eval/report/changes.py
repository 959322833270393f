"""What changed between a baseline and a run. Pure functions over results."""

from collections.abc import Mapping
from dataclasses import dataclass

from eval.report.figures import KEY, KEY_OF_MODEL, Figure, figures, number
from eval.report.load import Results
from eval.report.reasons import reasons

LEAST = 0.0005
"""A share that differs by less is the same in the three decimals shown."""
LEAST_TIME = 0.1
"""Timings and memory that differ by less, relative to the baseline, are noise of the machine."""


@dataclass(frozen=True, slots=True)
class Move:
    """A figure that moved. beyond: the new value lies outside the baseline's 95 % interval. key: it is one
    of the first screen."""

    label: str
    before: str
    now: str
    difference: str
    better: bool
    beyond: bool
    key: bool


@dataclass(frozen=True, slots=True)
class Changes:
    """moves: figures that moved. broke, fixed: ids of questions that were right and are not, and the
    reverse. added, removed: ids in one file only. made: (what, before, now) of the ways in which the
    two runs were made differently."""

    date: str
    moves: tuple[Move, ...]
    broke: tuple[str, ...]
    fixed: tuple[str, ...]
    added: tuple[str, ...]
    removed: tuple[str, ...]
    made: tuple[tuple[str, str, str], ...]

    @property
    def first(self) -> tuple[Move, ...]:
        """The moves of the first screen: of key figures, and any beyond the interval."""
        return tuple(m for m in self.moves if m.key or m.beyond)

    @property
    def further(self) -> tuple[Move, ...]:
        """The other moves."""
        return tuple(m for m in self.moves if not (m.key or m.beyond))

    @property
    def nothing(self) -> bool:
        """Whether no figure and no question changed."""
        return not (self.moves or self.broke or self.fixed or self.added or self.removed)


def changes(before: Results, now: Results) -> Changes:
    """Compare two runs, questions by id."""
    was = {row["id"]: not reasons(row) for row in before.answers}
    new = {row["id"]: not reasons(row) for row in now.answers}
    old = figures(before.summary["figures"].get("all", {}))
    found = figures(now.summary["figures"].get("all", {}))
    return Changes(
        date=before.run["date"],
        moves=tuple(m for name, f in found.items() if name in old and (m := move(old[name], f))),
        broke=tuple(name for name, right in new.items() if not right and was.get(name) is True),
        fixed=tuple(name for name, right in new.items() if right and was.get(name) is False),
        added=tuple(name for name in new if name not in was),
        removed=tuple(name for name in was if name not in new),
        made=made_differently(before.run, now.run),
    )


def move(before: Figure, now: Figure) -> Move | None:
    """How a figure moved, None where it did not."""
    if before.value is None or now.value is None:
        return None
    difference = now.value - before.value
    if abs(difference) < (LEAST_TIME * abs(before.value) if now.unit else LEAST) or difference == 0:
        return None
    beyond = before.interval is not None and not before.interval[0] <= now.value <= before.interval[1]
    sign = "+" if difference > 0 else "−"
    return Move(
        label=now.label,
        before=before.text,
        now=now.text,
        difference=sign + number(abs(difference), now.unit),
        better=(difference < 0) == now.lower_is_better,
        beyond=beyond,
        key=now.name in KEY or now.name in KEY_OF_MODEL,
    )


def made_differently(before: Mapping, now: Mapping) -> tuple[tuple[str, str, str], ...]:
    """Settings, versions, models, set and documents that are not the same."""
    old, new = flat(before), flat(now)
    names = list(dict.fromkeys([*old, *new]))
    return tuple((n, old.get(n, "–"), new.get(n, "–")) for n in names if old.get(n) != new.get(n))


def flat(run: Mapping) -> dict[str, str]:
    """A run's line as names and texts, without its date; of hashes the first twelve digits."""
    found = {f"set, {name}": str(value)[:60] for name, value in run["set"].items()}
    found |= {f"document {d['name']}": str(d.get("version", ""))[:12] for d in run["documents"]}
    for group in ("settings", "versions", "machine", "language_model"):
        words = group.replace("_", " ")
        found |= {f"{words}, {name}": str(value) for name, value in run.get(group, {}).items()}
    made_by = ("model", "question_encoder", "reader")
    found |= {name.replace("_", " "): str(run[name]) for name in made_by if name in run}
    return found | {"set, sha256": found["set, sha256"][:12]} if "set, sha256" in found else found
