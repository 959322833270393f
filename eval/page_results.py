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
from eval.gates import other_questions, questions_of
from eval.questions import SETS, file_name
from eval.report.figures import KEY, figures
from eval.report.figures import Figure as Reported
from index.catalog import Entry
from ingest.errors import EvaluationError

SHOWN = ("correct", *KEY, "latency_ms_total_p95")
"""The figures on the page; the report has all."""


@cache
def kept_baseline() -> dict:
    """Figures and grades that Cited comes with, by set, with the questions that the set asks."""
    found: dict = json.loads(BASELINE_FILE.read_text(encoding="utf-8"))
    for name, run in found.items():
        asked = questions_of([row for row in rows_of(SETS / f"{name}.jsonl") if "question" in row])
        run["answers"] = [row | {"question": asked.get(row["id"], "")} for row in run["answers"]]
    return found


def rows_of(path: Path) -> Iterator[dict]:
    """The lines of a set that are JSON objects; what is wrong with others is read_set's to say."""
    with suppress(OSError, UnicodeDecodeError):
        for line in path.read_text(encoding="utf-8-sig").split("\n"):
            row = None
            with suppress(ValueError, RecursionError):
                row = json.loads(line)
            yield row if isinstance(row, dict) else {}


def named(path: Path) -> dict[str, int]:
    """The documents that a set names, each with the first line that does."""
    found: dict[str, int] = {}
    for number, row in enumerate(rows_of(path), 1):
        evidence = _objects(row.get("evidence"))
        for one in (row, *evidence, *(place for item in evidence for place in _objects(item.get("any")))):
            if isinstance(name := one.get("document"), str) and name:
                found.setdefault(name, number)
    return found


def chosen(path: Path, entries: Sequence[Entry]) -> dict[str, str]:
    """Ids of the documents that a set asks about, by the name it calls each: those that it names, or all of
    the library where it names none. Raises EvaluationError where a name is of no document or of several."""
    by_name: dict[str, list[str]] = {}
    for entry in entries:
        for name in {entry.id, file_name(entry.source)}:
            by_name.setdefault(name, []).append(entry.id)
    lines = named(path)
    for name in lines or [file_name(entry.source) for entry in entries]:
        what = f"{path.name}, line {lines[name]}:" if lines else f"{path.name} names no document, and"
        if name not in by_name:
            raise EvaluationError(f"{what} the document {name} is not in the library; add it there first")
        if len(by_name[name]) > 1:
            ids = " or ".join(by_name[name])
            raise EvaluationError(f"{what} the document {name} may be {ids}; name it by one of these")
    return {name: by_name[name][0] for name in lines or [file_name(entry.source) for entry in entries]}


def _objects(value: object) -> list[dict]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def run_of(path: Path) -> Run:
    """A finished run, by the first line of its file."""
    try:
        with path.open(encoding="utf-8") as file:
            about = json.loads(file.readline())
        date = datetime.fromisoformat(about["date"])
        return Run(path.stem, str(about["set"]["name"]), date, int(about["set"]["questions"]))
    except (OSError, ValueError, KeyError, TypeError):
        return Run(path.stem, path.stem, datetime.fromtimestamp(path.stat().st_mtime, UTC), 0)


def why_not(run: Mapping, other: Mapping) -> str:
    """Why a run cannot be compared with another that asks different questions; "" where it can."""
    asked, before = questions_of(run["answers"]), questions_of(other["answers"])
    if others := other_questions(asked, before):
        return f"{len(others)} of the questions read otherwise there, such as {others[0]}"
    return "" if asked.keys() & before.keys() else "no question is in both"


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
