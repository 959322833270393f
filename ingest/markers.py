"""What in a text may be the marker of a footnote: "[1]", "¹", "(1)" at a word, "*" behind one."""

import re
from collections.abc import Iterable

from ingest.document import Ref

RAISED, LOWERED, GOES_ON = "\ufdd0", "\ufdd1", "\ufdd2"
"""Noncharacters, which Unicode keeps for a program's own use: a reader of a format with superscripts
puts the first two around one, around "#3." at the start of the third item of a numbered list ("##3." where
the list prints no numbers), and the last at the start of a later paragraph of the same item. They are gone
from what is read."""
HIDDEN = re.compile(f"[{RAISED}{LOWERED}{GOES_ON}]")
ITEM = re.compile(rf"{RAISED}#([^{RAISED}{LOWERED}]*){LOWERED}\s*")
BREAK = "\u2028"
"""A line break that is written, where a line's end in the file is only white space."""
SYMBOLS = "*†‡§¶"
SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")
POWERS = str.maketrans("0123456789-−+", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁻⁺")
NUMBER = r"[-−+]?[0-9]+(?:[.,;–-][0-9]+)*"
RAISED_NUMBER = re.compile(rf"(?<=\S)(?<![^\W\d_]){RAISED}({NUMBER}){LOWERED}")
"""Behind a digit or a sign, where as plain digits it would make another number: 10⁶, 1743¹, "1801.²"."""
NO_POWER = r"(?<!\b[A-Za-zµ])(?<!\b[kcmdnµ]m)(?<!\b10)"
"""What is raised after a single letter, a metre or a ten is a power: x², km², 10⁶."""
MARKERS = re.compile(
    rf"""{RAISED}\#[^{RAISED}{LOWERED}]*{LOWERED}
      | \^?\[\^?(?P<bracket>\w{{1,24}}|[{SYMBOLS}]{{1,3}})\]
      | {NO_POWER}{RAISED}(?P<raised>[^{RAISED}{LOWERED}\#]{{1,6}}){LOWERED}
      | {NO_POWER}(?<=\S)(?P<superscript>[⁰¹²³⁴-⁹]{{1,4}})
      | {NO_POWER}(?<=[^\W\d_]|[.,;!?”"’])\((?P<round>\d{{1,3}})\)
      | (?<=[^\W\d_])[ ]\((?P<apart>\d{{1,3}})\)(?=[.,;:!?]|$)
      | (?<=[\w.,;:!?)\]”"’»])(?P<symbol>\*{{1,3}}|[†‡§¶]{{1,3}})(?![\w{SYMBOLS}])""",
    re.VERBOSE,
)
"""The first is an item's number, which is passed over whole: "Ref [1]", "1.(1)"."""
OPENS = re.compile(rf"[\[({RAISED}{SYMBOLS}⁰¹²³⁴-⁹]")
"""What every marker begins with, and most paragraphs hold none of: on a manual of 450,000 characters this
takes 2 ms and MARKERS 150 ms."""
EMPHASIS = re.compile(r"(?<![\w*])\*{1,3}(?=[^\s*])")
"""An asterisk that opens *emphasis*; where one does, an asterisk behind a word closes it."""
NO_WORD = re.compile(r"[/\\$<>=_]|\w\.\w")
"""In a file's name or address, an asterisk behind which stands for any other."""
CITES = re.compile(r"(?:sections?|paragraphs?|articles?|clauses?|equations?|eqs?\.?|and|or|in|see)$", re.I)
"""Words before "(1)" that make it the name of a part, a formula or a list's item."""


def raise_text(pieces: list[str | Ref], text: str) -> None:
    """Add raised text to a text; it may come in several pieces."""
    last = pieces[-1] if pieces else None
    if isinstance(last, str) and last.endswith(LOWERED):
        pieces[-1] = f"{last[:-1]}{text}{LOWERED}"
    else:
        pieces.append(f"{RAISED}{text}{LOWERED}" if text.strip() else text)


def shown(content: Iterable[str | Ref]) -> tuple[str | Ref, ...]:
    """A text whose markers are found, as it is read: a raised number that is none is written as Unicode
    does where it would else go on with the number before it, and behind a letter in plain digits: km2."""
    out: list[str | Ref] = []
    before = ""
    for piece in content:
        if isinstance(piece, str):
            raised = RAISED_NUMBER.sub(lambda match: match[1].translate(POWERS), before + piece)
            piece = HIDDEN.sub("", ITEM.sub(_item_number, raised[len(before) :]))
        if piece != "":
            out.append(piece)
            before = piece[-1] if isinstance(piece, str) else "]"
    return tuple(out)


def _item_number(mark: re.Match[str]) -> str:
    """What an item's mark prints: its number, "" where its text begins with that itself."""
    number = mark[1]
    own = rf"[\[(]?{re.escape(number.strip('()[].: '))}[\]).:]+\s"
    hidden = not number or number.startswith("#") or re.match(own, mark.string[mark.end() :])
    return "" if hidden else f"{number} "


def name_again(label: str, times: int) -> str:
    """The name of a note whose label so many notes before it have: "1", "1′", "1′′"; from the tenth on the
    count is written out, "1′10"."""
    return label + "′" * times if times < 10 else f"{label}′{times}"


def find_markers(text: str) -> list[tuple[int, int, str, str]]:
    """(start, end, label, form) of everything in a text that may be a marker, in order."""
    found: list[tuple[int, int, str, str]] = []
    if not OPENS.search(text):
        return found
    emphasis = "*" in text and EMPHASIS.search(text)
    for match in MARKERS.finditer(text):
        form = match.lastgroup
        if form is None:
            continue
        label = match[form].translate(SUPERSCRIPTS).strip("()[]. ") if form != "symbol" else match[form]
        start = match.start() + (form == "apart")
        if form == "symbol" and "*" in label and emphasis:
            continue
        if form == "symbol" and NO_WORD.search(text[max(0, start - 40) : start].rpartition(" ")[2]):
            continue
        if form in ("round", "apart") and CITES.search(text[max(0, start - 12) : start].rstrip()):
            continue
        found.append((start, match.end(), label, form))
    return found
