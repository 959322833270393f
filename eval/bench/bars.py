"""Bars as an SVG file: one figure of several ways, on a logarithmic scale, for they lie far apart."""

import math
from collections.abc import Sequence

from markupsafe import Markup

WIDE, HIGH, NAMES, FIGURES = 760, 26, 210, 110
"""Width of the picture, height of a bar with its gap, room for names and figures, in pixels."""


def bars(panels: Sequence[tuple[str, Sequence[tuple[str, float]]]]) -> str:
    """panels: (title, [(name, positive figure), …]), one below the other; each one's first bar stands out."""
    parts: list[Markup] = []
    top = 8
    for title, figures in panels:
        top += HIGH
        parts.append(Markup('<text class="t" x="8" y="{}">{}</text>').format(top, title))
        least = min(value for _, value in figures) / 2
        most = max(value for _, value in figures)
        for i, (name, value) in enumerate(figures):
            top += HIGH
            share = math.log(value / least) / math.log(most / least)
            wide = (WIDE - NAMES - FIGURES) * share
            parts.append(
                Markup(
                    '<text x="{}" y="{}" text-anchor="end">{}</text>'
                    '<rect class="{}" x="{}" y="{}" width="{:.1f}" height="{}" rx="3"/>'
                    '<text x="{:.1f}" y="{}">{}</text>'
                ).format(
                    NAMES - 8,
                    top,
                    name,
                    "a" if i == 0 else "b",
                    NAMES,
                    top - 14,
                    wide,
                    HIGH - 8,
                    NAMES + wide + 6,
                    top,
                    f"{value:,.3g}" if value < 100 else f"{value:,.0f}",
                )
            )
        top += 12
    style = (
        "text{font:13px system-ui,sans-serif;fill:#333}.t{font-weight:600}.a{fill:#2f6f4f}.b{fill:#b8b3a6}"
        "@media(prefers-color-scheme:dark){text{fill:#ddd}.a{fill:#6fbf94}.b{fill:#6d6a62}}"
    )
    return str(
        Markup(
            '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {0} {1}" width="{0}" height="{1}">'
            "<style>{2}</style>{3}</svg>\n"
        ).format(WIDE, top + 8, Markup(style), Markup("").join(parts))  # noqa: S704  (our own style)
    )
