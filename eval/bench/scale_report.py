"""The scale curve as a table, as a picture, and as JSON."""

import json
import math
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from markupsafe import Markup

from eval.bench.scale_fill import Filling
from eval.bench.scale_measure import Row
from eval.bench.scale_vectors import Fit

CURVES = (
    ("search, p95 in ms", lambda row: row.search_p95),
    ("of it vectors, p95 in ms", lambda row: row.near_p95),
    ("of it words, p95 in ms", lambda row: row.words_p95),
    ("passages written a second", lambda row: row.written_per_second),
    ("update of a document, ms", lambda row: row.update_p50),
    ("delete of a document, ms", lambda row: row.delete_p50),
    ("opening, s", lambda row: row.opening_s),
    ("list of documents, s", lambda row: row.listing_s),
    ("memory, MB", lambda row: row.memory_mb),
    ("disk, MB", lambda row: (row.catalog_bytes + row.vectors_bytes) / 1e6),
)
"""What is drawn, each in a field of its own, both axes logarithmic."""
COLUMNS = (
    ("passages", lambda r: f"{r.passages:,}"),
    ("search ms p50/p95", lambda r: f"{r.search_p50:.0f} / {r.search_p95:.0f}"),
    ("vectors, words p95", lambda r: f"{r.near_p95:.0f}, {r.words_p95:.0f}"),
    ("answer ms p95", lambda r: f"{r.answer_p95:.0f}"),
    ("recall@10", lambda r: f"{r.recall:.3f}"),
    ("evidence tuning/reporting", lambda r: f"{r.evidence_tuning:.2f} / {r.evidence_reporting:.2f}"),
    ("refusals", lambda r: f"{r.refusals:.2f}"),
    ("written/s", lambda r: f"{r.written_per_second:.0f}"),
    ("delete, update ms", lambda r: f"{r.delete_p50:.0f}, {r.update_p50:.0f}"),
    ("open, list s", lambda r: f"{r.opening_s:.1f}, {r.listing_s:.1f}"),
    ("MB", lambda r: f"{r.memory_mb:.0f}"),
    ("bytes a passage", lambda r: f"{r.catalog_bytes / r.passages:.0f} + {r.vectors_bytes / r.passages:.0f}"),
)
WIDTH, HEIGHT, MARGIN = 300, 200, 44
"""Of a field, in pixels."""


def told(fillings: Sequence[Filling], fit: Fit | None) -> list[str]:
    """What the libraries are made of, in sentences."""
    largest = fillings[-1]
    share = largest.recombined / max(largest.passages, 1)
    lines = [
        f"{largest.passages:,} passages of {largest.documents:,} documents with {largest.words:,} words; "
        f"{share:.0%} of the passages are recombined of sentences of other documents."
    ]
    if fit:
        lines.append(
            f"Vectors of the model: {largest.real:,} passages, those of the questions' documents among them. "
            f"The others are stand-ins: mean cosine to the model's {fit.mapped:.2f} as "
            f"mapped and {fit.noisy:.2f} with their noise, on {fit.sentences:,} sentences held back."
        )
    return lines


def table(rows: Sequence[Row]) -> str:
    """Markdown, a line a size."""
    lines = ["| " + " | ".join(name for name, _ in COLUMNS) + " |", "| ---: " * len(COLUMNS) + "|"]
    return "\n".join([*lines, *("| " + " | ".join(cell(row) for _, cell in COLUMNS) + " |" for row in rows)])


def picture(rows: Sequence[Row]) -> Markup:
    """SVG: a field a curve; dashed is what grows in proportion to the passages."""
    across = 2
    high = -(-len(CURVES) // across) * HEIGHT
    fields = Markup("").join(
        Markup('<g transform="translate({} {})">{}</g>').format(
            i % across * WIDTH, i // across * HEIGHT, _field(name, [(r.passages, value(r)) for r in rows])
        )
        for i, (name, value) in enumerate(CURVES)
    )
    return Markup(
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {} {}" role="img" aria-label="{}">'
        "<style>text{{font:12px sans-serif;fill:#333}} path{{fill:none;stroke:#888}} circle{{fill:#0b57d0}}"
        ".line{{stroke:#0b57d0;stroke-width:2}} .straight{{stroke-dasharray:4 4}}</style>"
        '<rect width="100%" height="100%" fill="#fff"/>{}</svg>\n'
    ).format(across * WIDTH, high, "Ten figures by number of passages", fields)


def _field(name: str, points: Sequence[tuple[float, float]]) -> Markup:
    logs = [(math.log10(x), math.log10(max(y, 1e-3))) for x, y in points]
    left, right = logs[0][0], max(logs[-1][0], logs[0][0] + 1)
    low = math.floor(min(y for _, y in logs))
    top = max(math.ceil(max(y for _, y in logs)), low + 1)

    def at(x: float, y: float) -> tuple[float, float]:
        wide, high = WIDTH - 2 * MARGIN, HEIGHT - 2 * MARGIN
        return MARGIN + wide * (x - left) / (right - left), HEIGHT - MARGIN - high * (y - low) / (top - low)

    end = min(right, left + top - logs[0][1])
    parts = [
        _path("axis", [at(left, top), at(left, low), at(right, low)]),
        _path("straight", [at(*logs[0]), at(end, logs[0][1] + end - left)]),
        _path("line", [at(*point) for point in logs]),
        *(Markup('<circle cx="{:.1f}" cy="{:.1f}" r="3"/>').format(*at(*point)) for point in logs),
        _text(WIDTH / 2, MARGIN - 12, name),
        *(_text(at(left, y)[0] - 20, at(left, y)[1] + 4, f"{10**y:g}") for y in range(low, top + 1)),
        *(
            _text(at(x, low)[0], HEIGHT - MARGIN + 18, f"{n:,.0f}")
            for (x, _), (n, _) in zip(logs, points, strict=True)
        ),
    ]
    return Markup("").join(parts)


def _path(kind: str, points: Sequence[tuple[float, float]]) -> Markup:
    line = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
    return Markup('<path class="{}" d="{}"/>').format(kind, line)


def _text(x: float, y: float, words: str) -> Markup:
    return Markup('<text x="{:.1f}" y="{:.1f}" text-anchor="middle">{}</text>').format(x, y, words)


def write(folder: Path, rows: Sequence[Row], fillings: Sequence[Filling], fit: Fit | None) -> None:
    """Write scale.md, scale.svg and scale.json into a folder."""
    lines = ["# Scale", "", *told(fillings, fit), "", table(rows), "", "![Curves](scale.svg)", ""]
    (folder / "scale.md").write_text("\n".join(lines), encoding="utf-8")
    (folder / "scale.svg").write_text(picture(rows), encoding="utf-8")
    made = {"rows": [row.to_json() for row in rows], "fillings": [asdict(filling) for filling in fillings]}
    (folder / "scale.json").write_text(json.dumps(made, indent=1) + "\n", encoding="utf-8")
