"""The evaluation tab's parts as HTML: introduction, progress, results. Everything is escaped here."""

from collections.abc import Callable, Mapping
from html import escape
from urllib.parse import quote

import gradio as gr

from app.chat.evaluations import Interval, Results, State

Speaker = Callable[..., str]
"""app.chat.strings.say in the visitor's language."""
EXAMPLE = """\
{"id": "1", "question": "When was the bridge opened?", "evidence": [{"quote": "It was opened in 1932."}], \
"facts": ["1932"]}
{"id": "2", "question": "Who painted it red?", "evidence": [], "document": "bridge.txt"}"""

WORDS = (
    *(
        "figure",
        "this",
        "difference",
        "table",
        "telling",
        "better",
        "worse",
        "same",
        "broke",
        "fixed",
        "alone",
    ),
    *("gates", "kept", "not_kept", "report", "open", "here"),
)
"""Strings of the results that stand by themselves."""


def isolated(name: str) -> str:
    """A name that keeps its direction of writing to itself, in plain text."""
    return f"\u2068{name}\u2069"


def introduction(speak: Speaker) -> str:
    """What the tab is for, and what a set looks like."""
    return (
        f"<p>{escape(speak('evaluation.intro'))}</p>"
        f"<details><summary>{escape(speak('evaluation.format'))}</summary>"
        f"<p>{escape(speak('evaluation.format_told'))}</p><pre>{escape(EXAMPLE)}</pre></details>"
    )


def watched_values(state: State, speak: Speaker) -> tuple:
    """Progress, timer, and the buttons Run and Stop."""
    stage = ("asking" if state.total else "preparing") if state.stage == "running" else state.stage
    values = {"name": isolated(state.name), "done": state.done, "total": state.total, "why": state.told}
    told = speak(f"evaluation.{stage}", **values) if stage != "idle" else ""
    progress = _progress(state, speak) if state.busy else ""
    return (
        f'<div class="progress">{message(told, stage)}{progress}</div>',
        gr.update(active=state.busy),
        gr.update(interactive=not state.busy),
        gr.update(interactive=state.stage == "running"),
    )


def message(told: str, kind: str = "") -> str:
    """A message that is read out when it changes."""
    return f'<div role="status" class="{kind}">{escape(told)}</div>'


def _progress(state: State, speak: Speaker) -> str:
    if not state.total:
        return '<div role="progressbar" aria-hidden="true"></div>'
    at = speak("evaluation.question", done=min(state.done + 1, state.total), total=state.total)
    if state.left is not None:
        minutes = state.left >= 90
        count = round(state.left / 60) if minutes else max(1, round(state.left))
        at += " · " + speak(f"evaluation.{'minutes' if minutes else 'seconds'}_left", count=count)
    return (
        f'<span class="soft">{escape(at)}</span><div role="progressbar" aria-label="{escape(at)}" '
        f'aria-valuemin="0" aria-valuemax="{state.total}" aria-valuenow="{state.done}">'
        f'<i style="width: {100 * state.done / state.total:.1f}%"></i></div>'
    )


def results_html(found: Results, other: str, speak: Speaker) -> str:
    """Figures, questions and gates of a run, and its report. other: what it is compared with, in words."""
    words = {key: escape(speak(f"evaluation.{key}")) for key in WORDS}
    address = f"evaluations/{quote(found.run.name)}.html"
    parts = [_table(found, other, words, speak)]
    if found.against:
        parts.append(f'<p class="soft">{words["telling"]}</p>')
        if not (found.broke or found.fixed or found.alone):
            parts.append(f"<p>{words['same']}</p>")
    for title, asked in (("broke", found.broke), ("fixed", found.fixed), ("alone", found.alone)):
        items = [_question(address, *one) for one in asked]
        parts.append(f"<h2>{words[title]}: {len(items)}</h2><ul>{''.join(items)}</ul>" if items else "")
    if found.gates:
        items = [_gate(*gate, words) for gate in found.gates]
        parts.append(f"<h2>{words['gates']}</h2><ul>{''.join(items)}</ul>")
    parts.append(
        f'<h2>{words["report"]}</h2><p><a href="{address}" target="_blank">{words["open"]}</a></p>'
        f'<details><summary>{words["here"]}</summary><iframe src="{address}" title="{words["report"]}" '
        'loading="lazy" sandbox="allow-scripts"></iframe></details>'
    )
    return "".join(parts)


def _question(address: str, name: str, words: str) -> str:
    """A question with a link to its place in the report."""
    target = f"{address}#q-{quote(name, safe='')}"
    link = f'<a href="{target}" target="_blank"><bdi>{escape(name)}</bdi></a>'
    return f"<li>{link} <bdi>{escape(words)}</bdi></li>"


def _gate(rule: str, kept: bool, why: str, words: Mapping[str, str]) -> str:
    mark, told = ("soft", words["kept"]) if kept else ("worse", words["not_kept"])
    return f'<li class="{mark}"><b>{told}</b>: <code>{escape(rule)}</code> ({escape(why)})</li>'


def _table(found: Results, other: str, words: Mapping[str, str], speak: Speaker) -> str:
    heads = [words["figure"], words["this"], *([escape(other), words["difference"]] if found.against else [])]
    head = "".join(f'<th scope="col">{text}</th>' for text in heads)
    rows = []
    for f in found.figures:
        cells = [_cell(f.value, f.interval, f.unit)]
        if found.against:
            judged = f'<small class="{f.judged}">{words[f.judged]}</small>' if f.judged else ""
            cells.append(_cell(f.before, f.before_interval, f.unit))
            cells.append(_cell(f.difference, f.difference_interval, f.unit, "+") + judged)
        name = escape(speak(f"evaluation.figure.{f.name}"))
        values = "".join(f"<td>{cell}</td>" for cell in cells)
        rows.append(f'<tr><th scope="row">{name}</th>{values}</tr>')
    caption = speak("evaluation.caption", name=isolated(found.run.set), count=found.run.questions)
    return (
        f'<div class="wide" tabindex="0" role="region" aria-label="{words["table"]}">'
        f"<table><caption>{escape(caption)}</caption><thead><tr>{head}</tr></thead>"
        f"<tbody>{''.join(rows)}</tbody></table></div>"
    )


def _cell(value: float | None, interval: Interval | None, unit: str, sign: str = "") -> str:
    if value is None:
        return "–"
    text = f"{value:{sign if value else ''}.{0 if unit else 3}f} {unit}".rstrip()
    if interval is not None:
        text += f"<small>[{interval[0]:{sign}.2f}, {interval[1]:{sign}.2f}]</small>"
    return text.replace("-", "−")
