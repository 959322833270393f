"""Charts as inline SVG. Pure functions of numbers; colours are CSS variables of the page, so that they
follow light and dark. Each says in words what it shows (aria-label); the page has the numbers as a table."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence

from markupsafe import Markup

WIDTH, HEIGHT = 420, 270
LEFT, RIGHT, TOP, BOTTOM = 56, 14, 14, 50
"""Margins around the plot, in the units of the view box; type is 13 of them high."""
BINS = 12
"""Bars of the latency histogram, about the square root of 130 questions."""

Scale = Callable[[float], float]
QUARTERS = ((0, "0"), (0.25, "0.25"), (0.5, "0.5"), (0.75, "0.75"), (1, "1"))


def scales(most_x: float, most_y: float, least_x: float = 0) -> tuple[Scale, Scale]:
    """Values to positions; y grows upwards from 0."""
    wide, high = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM
    span = (most_x - least_x) or 1
    return (lambda v: LEFT + wide * (v - least_x) / span), (lambda v: TOP + high * (1 - v / (most_y or 1)))


def risk_coverage(points: Sequence[Sequence[float]]) -> Markup:
    """points: (coverage, risk), both shares in [0, 1]."""
    x, y = scales(1, 1)
    at_all = points[-1] if points else (0, 0)
    said = (
        f"Risk–coverage curve of {len(points)} points: when {at_all[0]:.0%} of the questions are answered, "
        f"{at_all[1]:.0%} of the answers are wrong."
    )
    body = _axes(x, y, "coverage: share of questions answered", "risk: share of answers wrong")
    return _svg(said, body + _line([(x(c), y(r)) for c, r in points]))


def reliability(bins: Sequence[Mapping]) -> Markup:
    """bins: confidence (mean), accuracy (share that the documents answer), n of each. The area of a point
    grows with n."""
    x, y = scales(1, 1)
    bins = [b for b in bins if b["n"]]
    most = max((b["n"] for b in bins), default=1)
    off = sum(b["n"] * abs(b["confidence"] - b["accuracy"]) for b in bins) / (sum(b["n"] for b in bins) or 1)
    said = (
        f"Reliability diagram of {len(bins)} bins: confidence and what is so differ by {off:.2f} on average."
    )
    ideal = _line([(x(0), y(0)), (x(1), y(1))], "ideal")
    gaps = Markup("").join(
        Markup('<path class="gap" d="M{0:.1f} {1:.1f}V{2:.1f}"/>').format(
            x(b["confidence"]), y(b["accuracy"]), y(b["confidence"])
        )
        for b in bins
    )
    dots = Markup("").join(
        Markup('<circle class="dot" cx="{:.1f}" cy="{:.1f}" r="{:.1f}"/>').format(
            x(b["confidence"]), y(b["accuracy"]), 3 + 7 * math.sqrt(b["n"] / most)
        )
        for b in bins
    )
    axes = _axes(x, y, "confidence", "share that the documents answer")
    return _svg(said, axes + ideal + gaps + dots)


def recall_at_k(points: Sequence[Sequence[float]]) -> Markup:
    """points: (k, share of the needed places within the first k passages)."""
    ks = [k for k, _ in points] or [1]
    x, y = scales(max(ks), 1, min(ks))
    said = "Recall by number of passages: " + ", ".join(f"{r:.2f} at {k:.0f}" for k, r in points) + "."
    step = max(1, math.ceil(len(ks) / 10))
    ticks = [(k, f"{k:.0f}") for k in ks[::step]]
    axes = _axes(x, y, "k: passages looked at", "recall of needed places", ticks)
    line = _line([(x(k), y(r)) for k, r in points])
    dots = Markup("").join(
        Markup('<circle class="dot" cx="{:.1f}" cy="{:.1f}" r="4"/>').format(x(k), y(r)) for k, r in points
    )
    return _svg(said, axes + line + dots)


def histogram(values: Sequence[float]) -> list[tuple[float, float, int]]:
    """Bars of equal and round width from 0 to the greatest value: (low, high, how many), low inclusive."""
    most = max(values, default=1.0) or 1.0
    width = _round_up(most / BINS)
    bars = int(most // width) + 1
    counts = [0] * bars
    for value in values:
        counts[int(value // width)] += 1
    return [(i * width, (i + 1) * width, n) for i, n in enumerate(counts)]


def _round_up(value: float) -> float:
    """The next of 1, 2, 5, 10, 20, 50 … that is not less."""
    ten: float = 10 ** math.floor(math.log10(value))
    return next(step * ten for step in (1, 2, 5, 10) if step * ten >= value * (1 - 1e-9))


def latency(values: Sequence[float]) -> Markup:
    """values: milliseconds, a question each."""
    bars = histogram(values)
    most = max((n for _, _, n in bars), default=1)
    x, y = scales(bars[-1][1], most)
    said = f"Histogram of the time of {len(values)} answers: the most frequent is " + next(
        f"{low:g} to {high:g} milliseconds, {n} answers." for low, high, n in bars if n == most
    )
    step = max(1, math.ceil(len(bars) / 6))
    ticks = [(low, f"{low:g}") for low, _, _ in bars[::step]]
    high = [(n, f"{n}") for n in sorted({0, most, most // 2})]
    boxes = Markup("").join(
        Markup('<path class="bar" d="M{:.1f} {:.1f}V{:.1f}H{:.1f}V{:.1f}Z"/>').format(
            x(low) + 0.5, y(0), y(n), x(up) - 0.5, y(0)
        )
        for low, up, n in bars
        if n
    )
    return _svg(said, _axes(x, y, "milliseconds an answer", "questions", ticks, high) + boxes)


def whisker(value: float, low: float, high: float) -> Markup:
    """A share in [0, 1] with its interval on a line from 0 to 1; hidden from screen readers, for the
    numbers stand beside it."""
    return Markup(
        '<svg class="whisker" viewBox="0 0 104 12" aria-hidden="true"><path class="rail" d="M5 6H99"/>'
        '<path class="span" d="M{:.1f} 6H{:.1f}"/><circle class="dot" cx="{:.1f}" cy="6" r="4"/></svg>'
    ).format(*(5 + 94 * min(1.0, max(0.0, v)) for v in (low, high, value)))


def _svg(said: str, body: Markup) -> Markup:
    return Markup('<svg class="chart" viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>').format(
        WIDTH, HEIGHT, said, body
    )


def _axes(
    x: Scale,
    y: Scale,
    x_label: str,
    y_label: str,
    x_ticks: Iterable[tuple[float, str]] = QUARTERS,
    y_ticks: Iterable[tuple[float, str]] = QUARTERS,
) -> Markup:
    """Grid lines with their values, and what the axes are."""
    right, foot = WIDTH - RIGHT, HEIGHT - BOTTOM
    parts = [
        Markup(
            '<path class="grid" d="M{} {:.1f}H{}"/><text x="{}" y="{:.1f}" text-anchor="end">{}</text>'
        ).format(LEFT, y(value), right, LEFT - 7, y(value) + 4.5, name)
        for value, name in y_ticks
    ]
    parts += [
        Markup('<text x="{:.1f}" y="{}" text-anchor="middle">{}</text>').format(x(value), foot + 18, name)
        for value, name in x_ticks
    ]
    middle = (TOP + foot) / 2
    parts.append(
        Markup(
            '<path class="axis" d="M{0} {1}V{2}H{3}"/>'
            '<text class="what" x="{4}" y="{5}" text-anchor="middle">{6}</text>'
            '<text class="what" transform="translate(15 {7}) rotate(-90)" text-anchor="middle">{8}</text>'
        ).format(LEFT, TOP, foot, right, (LEFT + right) / 2, HEIGHT - 10, x_label, middle, y_label)
    )
    return Markup("").join(parts)


def _line(points: Sequence[tuple[float, float]], kind: str = "line") -> Markup:
    if not points:
        return Markup("")
    path = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
    return Markup('<path class="{}" d="{}"/>').format(kind, path)
