"""Gates: rules that a run must keep, such as `evidence_recall >= 0.9`.

    FIGURE OP NUMBER                       evidence_recall >= 0.9
    FIGURE OP [NUMBER *] baseline          latency_p95_ms <= 1.2 * baseline
    FIGURE within baseline                 the baseline's value is not beyond the run's 95 % interval
    no question that passed may fail

FIGURE is one of eval.grade.FIGURES (of the whole set), or that of a half or type: `facts_present of
reporting`; or latency_p50_ms, latency_p95_ms, latency_p99_ms, or those of one of STAGES, such as
latency_first_token_p95_ms. OP is one of >= <= > < ==. Declared in a set, in a TOML file (`gates = […]`), or
on the command line.
"""

import math
import operator
import re
import tomllib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from eval.grade import FIGURES, QUANTILES
from eval.questions import HALVES, Question
from eval.set_lines import declared
from ingest.errors import EvaluationError

COMPARE = {
    ">=": operator.ge, "<=": operator.le, ">": operator.gt, "<": operator.lt, "==": operator.eq,
}  # fmt: skip
NOISE = 1e-9
"""What sums of floating-point numbers may be off by."""
ROUNDED = 5e-5
"""What figures of older results files may be off by, which have four digits."""
NONE_MAY_FAIL = "no question that passed may fail"
NUMBER = r"\d*\.?\d+"
RULE = re.compile(
    r"(?P<figure>\w+)(?:\s+of\s+(?P<part>\S|\S.*?\S))??"
    r"(?:\s*(?P<op>>=|<=|==|>|<)\s*"
    rf"(?:(?P<limit>{NUMBER})|(?:(?P<times>{NUMBER})\s*[*×]\s*)?(?P<baseline>baseline))"
    r"|\s+(?P<within>within)\s+baseline)"
)
STAGES = ("total", "search", "read", "first_token", "write", "check", "check_per_sentence")
"""What an answer's latency is told by; first_token and what follows only where a language model writes."""
LATENCY = re.compile(rf"latency_(?:({'|'.join(STAGES)})_)?(p(?:{'|'.join(map(str, QUANTILES))}))_ms")


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a rule was kept, and why, in words."""

    rule: str
    kept: bool
    why: str


@dataclass(frozen=True, slots=True)
class Gate:
    """A rule, understood. figure, part: none where no question that passed may fail. op: one of COMPARE, None
    for `within`. number: the limit, or what the baseline is multiplied by."""

    rule: str
    figure: str | None = None
    part: str | None = None
    op: str | None = None
    number: float = 1.0
    needs_baseline: bool = True


def read_gates(path: Path) -> list[str]:
    """The rules of a TOML file, `gates = ["…"]`. Raises EvaluationError."""
    try:
        return declared(tomllib.loads(path.read_text(encoding="utf-8-sig")))
    except KeyError as error:
        raise EvaluationError(f"{path} has no list `gates`") from error
    except (OSError, ValueError) as error:
        raise EvaluationError(f"the gates in {path} cannot be read: {error}") from error


def parse(rule: str) -> Gate:
    """Understand a rule. Raises EvaluationError for one that is none, or of a figure that is none."""
    if rule.strip() == NONE_MAY_FAIL:
        return Gate(rule)
    match = RULE.fullmatch(rule.strip())
    if match is None:
        raise EvaluationError(
            f"«{rule}» is no gate; write for example «evidence_recall >= 0.9», "
            "«latency_p95_ms <= 1.2 * baseline» or «evidence_recall within baseline»"
        )
    figure = match["figure"]
    if figure not in FIGURES and not LATENCY.fullmatch(figure):
        raise EvaluationError(
            f"«{rule}»: there is no figure {figure}; there are {', '.join(FIGURES)}, and latencies such as "
            "latency_p95_ms"
        )
    number = float(match["limit"] or match["times"] or 1)
    return Gate(rule, figure, match["part"], match["op"], number, needs_baseline=match["limit"] is None)


def foresee(rules: Sequence[str], questions: Sequence[Question]) -> list[Gate]:
    """The gates of a run of these questions, before it is made. Raises EvaluationError as parse does, and for
    a part that none of the questions is of."""
    gates = [parse(rule) for rule in rules]
    for gate in gates:
        _check_part(gate, {question.type for question in questions})
    return gates


def check_baseline(gates: Sequence[Gate], asked: Mapping[str, str], baseline: Mapping | None) -> None:
    """Raises EvaluationError where a gate needs a baseline and there is none, none of the same questions, or
    none with its figure. asked: the run's questions by id."""
    for gate in gates:
        if not gate.needs_baseline:
            continue
        if baseline is None:
            raise EvaluationError(
                f"the gate «{gate.rule}» needs a baseline; name a results file with --baseline"
            )
        if asked.keys().isdisjoint(questions_of(baseline["answers"])):
            raise EvaluationError("the baseline has none of these questions; take a run of the same set")
        if others := other_questions(asked, questions_of(baseline["answers"])):
            raise EvaluationError(
                f"the baseline is of another set: {len(others)} questions read otherwise there, such as "
                f"{others[0]}; take a run of the same set"
            )
        if gate.figure:
            _figure(gate, baseline, "the baseline")


def questions_of(rows: Sequence[Mapping]) -> dict[str, str]:
    """The questions of answer lines, by id; "" where only grades were kept."""
    return {row["id"]: row.get("question", "") for row in rows}


def other_questions(first: Mapping[str, str], second: Mapping[str, str]) -> list[str]:
    """Ids under which two runs ask different questions, so that they are runs of different sets. first,
    second: as questions_of gives them; an id that only one has is none of these."""
    return [name for name, words in first.items() if words and second.get(name, "") not in ("", words)]


def check(rules: Sequence[str], run: Mapping, baseline: Mapping | None) -> list[Verdict]:
    """Hold a run against rules. run, baseline: {"answers": rows, "summary": summary}.

    Raises EvaluationError as parse and check_baseline do.
    """
    gates = [parse(rule) for rule in rules]
    check_baseline(gates, questions_of(run["answers"]), baseline)
    return [_check(gate, run, baseline or {}) for gate in gates]


def _check(gate: Gate, run: Mapping, baseline: Mapping) -> Verdict:
    if gate.figure is None:
        return _none_failed(gate, run, baseline)
    value, interval = _figure(gate, run, "the run")
    before = _figure(gate, baseline, "the baseline")[0] if gate.needs_baseline else 1.0
    if value is None or before is None:
        return Verdict(gate.rule, False, "the figure does not apply to these questions")
    if gate.op is None:
        low, high = interval or (value, value)
        kept = high >= before if _higher_is_better(gate.figure) else low <= before
        return Verdict(gate.rule, kept, f"{value:.3f} [{low:.3f}, {high:.3f}] against {before:.3f}")
    limit = gate.number * before
    slack = ROUNDED if gate.needs_baseline else NOISE
    equal = gate.op in (">=", "<=", "==") and math.isclose(value, limit, abs_tol=slack, rel_tol=0)
    kept = equal or COMPARE[gate.op](value, limit)
    close = not kept and value != limit and round(value, 3) == round(limit, 3)
    digits = 7 if close else 3
    said = f"{value:.{digits}f} {'is' if kept else 'is not'} {gate.op} {limit:.{digits}f}"
    return Verdict(gate.rule, kept, said)


def _check_part(gate: Gate, types: Collection[str], of: str = "") -> None:
    if gate.part is not None and gate.part not in (*HALVES, *types):
        raise EvaluationError(f"«{gate.rule}»: there are no questions of {gate.part}{of}")


def _figure(gate: Gate, run: Mapping, what: str) -> tuple[float | None, Sequence[float] | None]:
    """A figure of a run and its interval. what: the run, in words."""
    assert gate.figure is not None
    figures = run["summary"]["figures"]
    _check_part(gate, figures.get("by_type", ()), f" in {what}")
    found = (figures if gate.part in (None, *HALVES) else figures["by_type"])[gate.part or "all"]
    if latency := LATENCY.fullmatch(gate.figure):
        if "latency_ms" not in found:
            raise EvaluationError(f"«{gate.rule}»: {what} has no latencies; name a results file in its place")
        return found["latency_ms"].get(latency[1] or "total", {}).get(latency[2]), None
    known = found.get(gate.figure, {})  # a figure of a language model, in a run without one
    return known.get("value"), known.get("interval")


def _higher_is_better(name: str) -> bool:
    return name in FIGURES and FIGURES[name].higher_is_better


def _none_failed(gate: Gate, run: Mapping, baseline: Mapping) -> Verdict:
    passed = [row["id"] for row in baseline["answers"] if row["grades"]["correct"] == 1]
    now = {row["id"]: row["grades"]["correct"] == 1 for row in run["answers"]}
    broke = [name for name in passed if not now.get(name, True)]
    absent = [name for name in passed if name not in now]
    told = [f"{len(broke)} broke: {', '.join(broke)}"] if broke else []
    told += [f"{len(absent)} that passed are not in the run: {', '.join(absent)}"] if absent else []
    return Verdict(gate.rule, not told, "; ".join(told) or f"all {len(passed)} still pass")
