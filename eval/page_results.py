"""Results files and sets as the page shows them: what a run was, what a set names, how two runs differ."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from app.chat.evaluations import Asked, Figure, Run
from eval.baseline import BASELINE as BASELINE_FILE
from eval.compare import Difference
from eval.report.figures import KEY, figures
from eval.report.figures import Figure as Reported

SHOWN = ("correct", *KEY, "latency_ms_total_p95")
"""The figures on the page; the report has all."""


@cache
def kept_baseline() -> dict:
    """Figures and grades that Cited comes with, by set."""
    return json.loads(BASELINE_FILE.read_text(encoding="utf-8"))


def file_name(source: str) -> str:
    """The name by which a set calls a document."""
    return Path(source.removeprefix("upload:")).name


def rows_of(path: Path) -> Iterator[dict]:
    """The lines of a set that are JSON objects; what is wrong with others is read_set's to say."""
    with suppress(OSError, UnicodeDecodeError):
        for line in path.read_text(encoding="utf-8").split("\n"):
            row = None
            with suppress(ValueError, RecursionError):
                row = json.loads(line)
            yield row if isinstance(row, dict) else {}


def named(path: Path) -> dict[str, int]:
    """The documents that a set names, each with the first line that does."""
    found: dict[str, int] = {}

    def walk(value: object, line: int) -> None:
        if isinstance(value, dict) and isinstance(value.get("document"), str):
            found.setdefault(value["document"], line)
        for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
            walk(inner, line)

    for number, row in enumerate(rows_of(path), 1):
        walk(row, number)
    found.pop("", None)
    return found


def run_of(path: Path) -> Run:
    """A finished run, by the first line of its file."""
    try:
        with path.open(encoding="utf-8") as file:
            about = json.loads(file.readline())
        date = datetime.fromisoformat(about["date"])
        return Run(path.stem, str(about["set"]["name"]), date, int(about["set"]["questions"]))
    except (OSError, ValueError, KeyError, TypeError):
        return Run(path.stem, path.stem, datetime.fromtimestamp(path.stat().st_mtime, UTC), 0)


def changed(before: Sequence[Mapping], now: Sequence[Mapping]) -> tuple[tuple[Asked, ...], ...]:
    """Questions that broke, those that were fixed, and those that only one of two runs has."""
    was, new = ({row["id"]: row["grades"]["correct"] == 1 for row in rows} for rows in (before, now))
    words = {row["id"]: row.get("question", "") for row in (*before, *now)}
    both = [name for name in new if name in was]
    return (
        tuple((name, words[name]) for name in both if was[name] and not new[name]),
        tuple((name, words[name]) for name in both if new[name] and not was[name]),
        tuple((name, words[name]) for name in words if (name in was) != (name in new)),
    )


def shown(now: Mapping, before: Mapping | None, tested: Mapping[str, Difference]) -> Iterator[Figure]:
    """The figures on the page. now, before: summaries. tested: paired differences, where both runs' answers
    are known; without them, a value outside the earlier one's interval is more than chance."""
    found = figures(now["figures"]["all"])
    earlier = figures(before["figures"]["all"]) if before else {}
    nothing = Reported("", "", "", None, None, None)
    for name in SHOWN:
        new, old, test = found.get(name, nothing), earlier.get(name, nothing), tested.get(name)
        figure = Figure(name, new.unit, new.value, new.interval, old.value, old.interval)
        if new.value is None or old.value is None:
            yield figure
            continue
        difference = new.value - old.value
        low, high = (test.interval if test else old.interval) or (-1.0, 1.0)
        by_chance = low <= (0 if test else new.value) <= high
        better = (difference < 0) == new.lower_is_better
        yield replace(
            figure,
            difference=difference,
            difference_interval=test.interval if test else None,
            judged="" if new.unit or by_chance or not difference else "better" if better else "worse",
        )
