"""What page and Markdown say in the same words."""

from datetime import datetime

from eval.report.build import Report
from eval.report.changes import Changes


def verdict(report: Report) -> str:
    """The verdict in one sentence."""
    n, right = len(report.questions), report.right
    if right == n:
        return "The one question is right." if n == 1 else f"All {n} questions are right."
    be, end = ("is" if right == 1 else "are"), ("s" if n - right == 1 else "")
    return f"{right} of {n} questions {be} right; {n - right} fail{end}."


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


def _questions(n: int) -> str:
    return f"{n} question" if n == 1 else f"{n or 'No'} questions"
