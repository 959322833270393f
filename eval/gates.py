"""Gates: rules that a run must keep, such as `evidence_recall >= 0.9`.

    FIGURE OP NUMBER                       evidence_recall >= 0.9
    FIGURE OP [NUMBER *] baseline          latency_p95_ms <= 1.2 * baseline
    FIGURE within baseline                 the baseline's value is not beyond the run's 95 % interval
    no question that passed may fail

FIGURE is one of eval.grade.FIGURES (of the whole set), or that of a half or type: `facts_present of
reporting`; or latency_p50_ms, latency_p95_ms, latency_p99_ms, or those of a stage, such as
latency_first_token_p95_ms. OP is one of >= <= > < ==. Declared in a set, in a TOML file (`gates = […]`), or
on the command line.
"""

import operator
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from eval.grade import FIGURES
from eval.questions import HALVES
from ingest.errors import EvaluationError

COMPARE = {
    ">=": operator.ge, "<=": operator.le, ">": operator.gt, "<": operator.lt, "==": operator.eq,
}  # fmt: skip
NONE_MAY_FAIL = "no question that passed may fail"
RULE = re.compile(
    r"(?P<figure>\w+)(?:\s+of\s+(?P<part>[\w+-]+))?\s*"
    r"(?:(?P<op>>=|<=|==|>|<)\s*(?P<number>\d*\.?\d+)?\s*(?P<times>[*×])?\s*(?P<baseline>baseline)?"
    r"|(?P<within>within)\s+baseline)"
)
LATENCY = re.compile(r"latency_(?:(\w+)_)?(p\d+)_ms")


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a rule was kept, and why, in words."""

    rule: str
    kept: bool
    why: str


def read_gates(path: Path) -> list[str]:
    """The rules of a TOML file, `gates = ["…"]`. Raises EvaluationError."""
    try:
        rules = tomllib.loads(path.read_text(encoding="utf-8"))["gates"]
        if not isinstance(rules, list) or not all(isinstance(rule, str) for rule in rules):
            raise ValueError("gates is a list of strings")
    except KeyError as error:
        raise EvaluationError(f"{path} has no list `gates`") from error
    except (OSError, ValueError) as error:
        raise EvaluationError(f"the gates in {path} cannot be read: {error}") from error
    return rules


def check(rules: Sequence[str], run: Mapping, baseline: Mapping | None) -> list[Verdict]:
    """Hold a run against rules. run, baseline: {"answers": rows, "summary": summary}.

    Raises EvaluationError for a rule that is none, or needs a baseline where there is none.
    """
    return [_check(rule, run, baseline) for rule in rules]


def _check(rule: str, run: Mapping, baseline: Mapping | None) -> Verdict:
    match = RULE.fullmatch(rule.strip())
    needs = rule.strip() == NONE_MAY_FAIL or bool(match and (match["baseline"] or match["within"]))
    if needs and baseline is None:
        raise EvaluationError(f"the gate «{rule}» needs a baseline; name a results file with --baseline")
    if rule.strip() == NONE_MAY_FAIL:
        return _none_failed(rule, run, baseline or {})
    if match is None or not (match["within"] or match["number"] or match["baseline"]):
        raise EvaluationError(f"«{rule}» is no gate; write for example «evidence_recall >= 0.9»")
    if match["number"] and match["baseline"] and not match["times"]:
        raise EvaluationError(f"«{rule}» is no gate; write «{match['number']} * baseline»")
    value, interval = _figure(rule, match, run)
    before = _figure(rule, match, baseline)[0] if needs and baseline else 1.0
    if value is None or before is None:
        return Verdict(rule, False, "the figure does not apply to these questions")
    if match["within"]:
        low, high = interval or (value, value)
        higher = _higher_is_better(match["figure"])
        kept = high >= before if higher else low <= before
        return Verdict(rule, kept, f"{value:.3f} [{low:.3f}, {high:.3f}] against {before:.3f}")
    limit = float(match["number"] or 1) * before
    kept = COMPARE[match["op"]](value, limit)
    return Verdict(rule, kept, f"{value:.3f} {'is' if kept else 'is not'} {match['op']} {limit:.3f}")


def _figure(rule: str, match: re.Match, run: Mapping) -> tuple[float | None, Sequence[float] | None]:
    figures = run["summary"]["figures"]
    part = match["part"]
    if part is not None and part not in HALVES:
        figures = figures["by_type"]
    if (part or "all") not in figures:
        raise EvaluationError(f"«{rule}»: there are no questions of {part}")
    found = figures[part or "all"]
    if latency := LATENCY.fullmatch(match["figure"]):
        return found["latency_ms"].get(latency[1] or "total", {}).get(latency[2]), None
    if match["figure"] not in FIGURES:
        raise EvaluationError(
            f"«{rule}»: there is no figure {match['figure']}; there are {', '.join(FIGURES)}"
        )
    known = found.get(match["figure"], {})  # a figure of a language model, in a run without one
    return known.get("value"), known.get("interval")


def _higher_is_better(name: str) -> bool:
    return name in FIGURES and FIGURES[name].higher_is_better


def _none_failed(rule: str, run: Mapping, baseline: Mapping) -> Verdict:
    was = {row["id"] for row in baseline["answers"] if row["grades"]["correct"] == 1}
    broke = [row["id"] for row in run["answers"] if row["id"] in was and row["grades"]["correct"] != 1]
    why = f"{len(broke)} broke: {', '.join(broke)}" if broke else f"all {len(was)} still pass"
    return Verdict(rule, not broke, why)
