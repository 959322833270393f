"""What page and Markdown say in the same words."""

from datetime import datetime

from eval.report.build import Report
from eval.report.changes import Changes
from eval.report.written import Writer


def verdict(report: Report) -> str:
    """The verdict in one sentence."""
    n, right = len(report.questions), report.right
    if right == n:
        return "The one question is right." if n == 1 else f"All {n} questions are right."
    be, end = ("is" if right == 1 else "are"), ("s" if n - right == 1 else "")
    return f"{right} of {n} questions {be} right; {n - right} fail{end}."


def writing(writer: Writer) -> str:
    """Which language model wrote the answers, and what became of its sentences."""
    wrote = writer.shown + writer.left_out
    told = f"Written by {writer.name} ({writer.where}), every sentence checked. "
    told += f"{_count(writer.shown, 'sentence')} shown in {_count(writer.answers, 'answer')}"
    share = f" ({writer.left_out / wrote:.0%} of what it wrote)" if wrote else ""
    told += f", {writer.left_out} left out{share}."
    if not writer.fallen:
        return told
    return f"{told} {_count(len(writer.fallen), 'answer')} fell back to quotations."


def left_out(n: int) -> str:
    """How many sentences of an answer were left out."""
    return f"{_count(n, 'sentence')} of the model {'was' if n == 1 else 'were'} left out"


def fail_words(words: str, n: int) -> str:
    """How many questions fail in one way."""
    return f"{n} × {words}"


def difference_words(changed: Changes) -> str:
    """What changed since the baseline, in a sentence or two."""
    if changed.nothing:
        return "No figure moved and no question changed its verdict."
    broke, fixed = len(changed.broke), len(changed.fixed)
    beyond = [m.label for m in changed.moves if m.beyond and not m.better]
    told = f"{_questions(broke)} broke, {fixed} {'was' if fixed == 1 else 'were'} fixed."
    if beyond:
        told += f" Worse beyond the baseline's interval: {', '.join(beyond)}."
    return told


def moment(date: str) -> str:
    """An ISO date and time to the minute, in words that people read; other text as it is."""
    try:
        then = datetime.fromisoformat(date)
    except ValueError:
        return date
    return f"{then:%d %B %Y, %H:%M} {then.tzname() or ''}".strip().removeprefix("0")


def _count(n: int, noun: str) -> str:
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"


def _questions(n: int) -> str:
    return f"{n} question" if n == 1 else f"{n or 'No'} questions"
