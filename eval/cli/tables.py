"""Figures and comparisons as tables in a terminal."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from eval.grade import FIGURES

if TYPE_CHECKING:
    from eval.compare import Comparison

WIDTH = 110


def print_figures(figures: Mapping) -> None:
    """The figures of a run's summary, over all questions and by half."""
    parts = [part for part in ("all", "tuning", "reporting") if part in figures]
    table = Table("", *parts, title="95 % intervals, Wilson’s or by bootstrap over questions")
    for name in FIGURES:
        found = [figures[part].get(name) for part in parts]
        if any(figure and figure["value"] is not None for figure in found):
            table.add_row(name.replace("_", " "), *map(_cell, found))
    for stage in figures["all"]["latency_ms"]:
        cells = [
            ", ".join(f"{q} {ms:.0f}" for q, ms in figures[part]["latency_ms"].get(stage, {}).items())
            for part in parts
        ]
        table.add_row(f"{stage.replace('_', ' ')}, ms", *cells)
    Console(width=WIDTH).print(table)


def _cell(figure: Mapping | None) -> str:
    if not figure or figure["value"] is None:
        return "–"
    between = figure["interval"]
    return f"{figure['value']:.3f}" + (f"  [{between[0]:.2f}, {between[1]:.2f}]" if between else "")


def print_comparison(
    first: Path, second: Path, found: "Comparison", made: Sequence[tuple[str, str, str]]
) -> None:
    """The differences between two results files, and the questions that changed. made: what was made
    differently, as (what, before, now)."""
    table = Table("", first.stem, second.stem, "difference", "p", title=f"{first.name} → {second.name}")
    for d in found.differences:
        told = f"{d.second - d.first:+.3f}" + (
            f"  [{d.interval[0]:+.2f}, {d.interval[1]:+.2f}]" if d.interval else ""
        )
        p = "" if d.p is None else f"{d.p:.3f}"
        table.add_row(d.name.replace("_", " "), f"{d.first:.3f}", f"{d.second:.3f}", told, p)
    console = Console(width=WIDTH, markup=False, emoji=False)  # an id may hold brackets
    console.print(table)
    for word, ids in (("broke", found.broke), ("fixed", found.fixed), ("in one run only", found.alone)):
        if ids:
            console.print(f"{word}: {', '.join(ids)}")
    for what, before, now in made:
        console.print(f"made differently: {what}: {before} → {now}")
