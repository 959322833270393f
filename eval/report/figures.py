"""Figures of a summary with their names, words and intervals. Pure functions."""

from collections.abc import Mapping
from dataclasses import dataclass

from eval.grade import FIGURES
from eval.measures.stats import wilson

KEY = (
    "evidence_recall",
    "evidence_precision",
    "facts_present",
    "refusal_recall",
    "refusal_precision",
    "false_refusals",
    "exact_quotes",
)
"""Shown on the first screen, where the results have them."""
KEY_OF_MODEL = ("left_out_share", "fell_back", "latency_ms_first_token_p95")
"""As well, where a language model wrote the answers."""
LABELS = {
    "facts_present": "Facts present",
    "refusal_recall": "Unanswerable refused",
    "refusal_precision": "Refusals that are right",
    "false_refusals": "Answerable refused",
    "exact_quotes": "Quotes exact",
    "left_out_share": "Share left out",
    "unsupported_shown": "Shown without a citation",
    "fell_back": "Quotations instead",
    "mrr": "MRR",
    "aurc": "Area under risk–coverage",
    "auroc": "AUROC of the confidence",
}
"""Names for people, where the figure's own with spaces would not do."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure. value: in the unit, "" for a share or score; interval: 95 %, None where there is
    none; n: how many questions it is over, None where the results do not say."""

    name: str
    label: str
    help: str
    value: float | None
    interval: tuple[float, float] | None
    n: int | None
    unit: str = ""

    @property
    def text(self) -> str:
        """The value as read: three decimals, or whole units."""
        return number(self.value, self.unit)

    @property
    def interval_text(self) -> str:
        """The interval as read, "" for none."""
        if self.interval is None:
            return ""
        low, high = (number(end, "").rstrip() if not self.unit else f"{end:.0f}" for end in self.interval)
        return f"{low} to {high}"

    @property
    def interval_short(self) -> str:
        """The interval for narrow columns, "" for none."""
        return "–".join(f"{end:.0f}" if self.unit else f"{end:.2f}" for end in self.interval or ())

    @property
    def lower_is_better(self) -> bool:
        """Whether a fall is good news, as it is for times and memory."""
        return not FIGURES[self.name].higher_is_better if self.name in FIGURES else bool(self.unit)


def number(value: float | None, unit: str) -> str:
    """A number as read: "0.903", "61 ms", and "–" for none."""
    if value is None:
        return "–"
    return f"{value:,.0f} {unit}" if unit else f"{value:.3f}"


def figures(group: Mapping) -> dict[str, Figure]:
    """The figures of one group of a summary by name, in its order.

    A dict with "value" is a figure; other dicts are walked, their names joined ("latency_ms" with
    "p95" is latency_ms_p95); a bare number is a figure without interval. Counts are left out.
    """
    found: dict[str, Figure] = {}

    def walk(prefix: str, value: object) -> None:
        if isinstance(value, Mapping) and "value" not in value:
            for name, inner in value.items():
                walk(f"{prefix}_{name}" if prefix else str(name), inner)
        elif isinstance(value, Mapping):
            found[prefix] = _figure(prefix, value)
        elif isinstance(value, float) or (isinstance(value, int) and unit_of(prefix)):
            found[prefix] = _figure(prefix, {"value": value})

    walk("", group)
    return found


def _figure(name: str, row: Mapping) -> Figure:
    label, explained = LABELS.get(name, _words(name)), FIGURES[name].description if name in FIGURES else ""
    return Figure(name, label, explained, row["value"], _interval(name, row), row.get("n"), unit_of(name))


def _interval(name: str, row: Mapping) -> tuple[float, float] | None:
    """The interval of a figure in a summary, None for one without width: it says nothing of chance. Where
    every value is 0, or 1, which files of before give no width, it is Wilson's."""
    if not row.get("interval"):
        return None
    (low, high), n = row["interval"], row.get("n") or 0
    if low < high:
        return float(low), float(high)
    is_mean = name in FIGURES and not FIGURES[name].of_set
    return wilson(round(row["value"] * n), n) if is_mean and row["value"] in (0, 1) and n > 1 else None


def unit_of(name: str) -> str:
    """The unit that a figure's name says, "" for none."""
    padded = f"_{name}_"
    return "ms" if "_ms_" in padded else "MB" if "_mb_" in padded else ""


def _words(name: str) -> str:
    words = " ".join(part for part in name.split("_") if part not in ("ms", "mb"))
    return words[:1].upper() + words[1:]


def key_figures(found: Mapping[str, Figure]) -> list[Figure]:
    """Those of the first screen: KEY, those of a language model, and the 95th percentile of the whole
    latency."""
    named = [found[name] for name in (*KEY, *KEY_OF_MODEL) if name in found]
    p95 = [f for name, f in found.items() if "latency" in name and "p95" in name]
    total = [f for f in p95 if "total" in f.name] or p95[:1]
    return (named or list(found.values())[:7]) + [f for f in total[:1] if f not in named]
