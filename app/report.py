"""What became of the sources of an ingest, as a person or a program reads it."""

import sys
from dataclasses import asdict, dataclass
from unicodedata import category

SHOWN_ONE_BY_ONE = 20
"""Sources; of more, only what went wrong is told one by one, and a table says the rest."""
OUTCOMES = ("added", "replaced", "unchanged", "removed", "failed")
TOLD = {
    "unchanged": "unchanged, skipped",
    "removed": "removed: their files are gone",
    "notes_linked": "footnotes linked",
    "notes_without_marker": "footnotes without a marker",
    "left_out": "pieces left out as boilerplate",
}


@dataclass(frozen=True, slots=True)
class Line:
    """What became of one source. outcome: added, replaced, unchanged, removed (its file is gone), failed,
    or passed over. notes: footnotes; orphans: those without a marker; both 0 for a file that was not read
    again. left_out: pieces taken for boilerplate. warnings: what could not be linked or kept. reason: of
    a failure, or of passing over. error: the name of a failure's error, such as source-too-large."""

    source: str
    outcome: str
    document_id: str | None = None
    title: str = ""
    notes: int = 0
    orphans: int = 0
    left_out: tuple[str, ...] = ()
    reason: str = ""
    warnings: tuple[str, ...] = ()
    error: str = ""

    def to_json(self) -> dict:
        """All fields."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Done:
    """The lines in the order of what was asked. passed_over: files that no reader reads, by suffix.
    left: sources that were not reached, as the user broke off."""

    lines: tuple[Line, ...]
    passed_over: dict[str, int]
    left: int = 0

    def count(self, outcome: str) -> int:
        """How many sources came out so."""
        return sum(line.outcome == outcome for line in self.lines)

    def summary(self) -> dict:
        """The figures of the report."""
        orphans = sum(line.orphans for line in self.lines)
        return {outcome: self.count(outcome) for outcome in OUTCOMES} | {
            "notes_linked": sum(line.notes for line in self.lines) - orphans,
            "notes_without_marker": orphans,
            "left_out": sum(len(line.left_out) for line in self.lines),
            "passed_over": self.passed_over,
            "left": self.left,
        }


def report(done: Done) -> None:
    """Results on standard output, what failed or was passed over on standard error: a line a source, or
    a table where they are many."""
    for line in done.lines:
        if line.outcome in ("failed", "passed over"):
            print(f"{line.outcome:<10} {line.reason}", file=sys.stderr)
        elif len(done.lines) <= SHOWN_ONE_BY_ONE:
            print(_told(line))
    counts = [f"{count} {kind}" for kind in OUTCOMES if (count := done.count(kind))]
    nothing_new = bool(done.lines) and done.count("unchanged") == len(done.lines)
    if len(done.lines) > SHOWN_ONE_BY_ONE and not nothing_new:
        _print_table(done)
    elif len(done.lines) > 1 and counts:
        print(("nothing new: " if nothing_new else "") + ", ".join(counts))
    if done.passed_over:
        print(f"passed over {_suffixes(done)}, which no reader reads", file=sys.stderr)
    if done.left:
        print(f"{done.left} left; the same command goes on where this one ended", file=sys.stderr)


def counted(number: int, what: str) -> str:
    """So many of something, in words: 1 footnote, 2 footnotes."""
    return f"{number} {what}{'' if number == 1 else 's'}"


def _told(line: Line) -> str:
    extras = [counted(line.notes, "footnote")] if line.notes else []
    extras += [f"{line.orphans} of them without a marker"] if line.orphans else []
    extras += [f"left out {counted(len(line.left_out), 'piece')} of boilerplate"] if line.left_out else []
    others = len(line.warnings) - line.orphans  # each of these is a warning, too
    extras += [f"{counted(others, 'warning')} (see `cited show`)"] if others > 0 else []
    return f"{line.outcome:<10} {line.title} ({line.document_id})" + "".join(f", {e}" for e in extras)


def _suffixes(done: Done) -> str:
    return ", ".join(f"{n} {suffix or 'without suffix'}" for suffix, n in sorted(done.passed_over.items()))


def _print_table(done: Done) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(show_header=False)
    table.add_column(justify="right")
    table.add_column()
    for name, value in done.summary().items():
        if isinstance(value, int) and value:
            table.add_row(f"{value:,}", TOLD.get(name, name))
    Console().print(table)


def printable(text: str) -> str:
    """A text on one line, without control characters and what is no Unicode, which are escaped."""
    odd = ("Cc", "Cs", "Zl", "Zp")
    return "".join(c.encode("unicode_escape").decode() if category(c) in odd else c for c in text)
