"""The first screen of the report as Markdown, for a pull request or a mail."""

import re
from collections.abc import Mapping, Sequence

from eval.report.build import Report
from eval.report.changes import Changes
from eval.report.reasons import Reason
from eval.report.words import difference_words, fail_words, moment, verdict, writing

MARKUP = re.compile(r"[\\`*_{}\[\]<>#|~$&@]|:(?=//)")


def literally(text: str) -> str:
    """Text that Markdown shows as it is, on one line."""
    return MARKUP.sub(lambda match: f"&#{ord(match.group())};", " ".join(text.split()))


def code(text: str) -> str:
    """A name in code type; what code cannot hold is escaped outside of it."""
    return f"`{text}`" if re.fullmatch(r"[\w.:/ -]+", text) and text.strip() == text else literally(text)


def markdown(report: Report, told: Mapping[str, Sequence[Reason]]) -> str:
    """Verdict, key figures with intervals, what fails, remarks, and what changed since the baseline. told:
    remarks on questions, by id."""
    share, (low, high) = report.share
    lines = [f"# Evaluation of {literally(report.title)}", "", f"**{literally(verdict(report))}**", ""]
    if report.writer:
        fallen = f" {_ids(report.writer.fallen)}" if report.writer.fallen else ""
        lines += [literally(writing(report.writer)) + fallen, ""]
    for _, words, ids in report.fails:
        lines.append(f"- {fail_words(words, len(ids))}: {_ids(ids)}")
    lines += [f"- {code(name)}: {literally(remark.text)}" for name, said in told.items() for remark in said]
    lines += ["", *_row("Figure", "Value", "95 % interval", "Questions"), "|---|---:|---|---:|"]
    lines += _row("Questions right", f"{share:.3f}", f"{low:.3f} to {high:.3f}", str(len(report.questions)))
    for f in report.key:
        lines += _row(f.label, f.text, f.interval_text or "–", "–" if f.n is None else str(f.n))
    if report.changes:
        lines += _changes(report.changes)
    return "\n".join([*lines, "", f"Run of {literally(moment(report.date))}.", ""])


def _changes(changed: Changes) -> list[str]:
    lines = [
        "",
        f"## Since the baseline of {literally(moment(changed.date))}",
        "",
        difference_words(changed),
        "",
    ]
    parts = {name: getattr(changed, name) for name in ("broke", "fixed", "added", "removed")}
    lines += [f"- {len(ids)} {name}: {_ids(ids)}" for name, ids in parts.items() if ids]
    if changed.first:
        lines += ["", *_row("Figure", "Before", "Now", "Difference", "Judgement"), "|---|---:|---:|---:|---|"]
    for m in changed.first:
        judgement = ("better" if m.better else "worse") + (", beyond the interval" if m.beyond else "")
        lines += _row(m.label, m.before, m.now, m.difference, judgement)
    if changed.further:
        lines += ["", f"Further figures that moved, within their intervals: {len(changed.further)}."]
    if changed.made:
        lines += ["", *_row("Made differently", "Before", "Now"), "|---|---|---|"]
    for row in changed.made:
        lines += _row(*row)
    return lines


def _ids(ids: Sequence[str]) -> str:
    return ", ".join(code(name) for name in ids)


def _row(*cells: str) -> list[str]:
    return ["| " + " | ".join(literally(cell) for cell in cells) + " |"]
