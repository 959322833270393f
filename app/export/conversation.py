"""A conversation as the page keeps it, checked, and with its citations as footnotes.

Every string here is on one line and
fit for any format (`app.export.text.plain`).
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from app.export.shape import CARD, CONVERSATION, TURN, WRITTEN, check_size, checked, moment, wrong
from app.export.text import balanced, on_one_line, plain
from ingest.errors import QuestionError

NOTHING = "–"
"""In the place of an empty title or question, where formats need some text."""
MOST_MARKERS = 10_000
"""Of footnotes; each is 40 times as long in HTML as in an answer."""
REFUSAL = "I could not find this in the documents."
"""The answer where the documents have none; `app.answer` says the same."""
QUOTE = "quote"
"""The mode of an answer made of quotations; `app.answer` says the same."""

QUOTED_MARKER = re.compile(r"(?<=”) ?\[(\d{1,4})\]$")
"""In an answer made of quotations: at the end of its line. What looks like a marker in one is its text."""
WRITTEN_MARKER = re.compile(r" ?\[(\d{1,4})\]")
"""In an answer that a language model wrote: anywhere."""


@dataclass(frozen=True, slots=True)
class Quotation:
    """An exact quotation and its place: half-open character offsets `[start, end)` into the text of that
    version (SHA-256, hexadecimal). footnote: label of the note that is quoted, "" where it has none,
    None in the body; referring: the sentence that refers to it. number: of its footnote, through the
    conversation, 0 where it is only near. uses: how many markers it has."""

    title: str
    section: str
    footnote: str | None
    page: int | None
    quoted: str
    referring: str
    start: int
    end: int
    version: str
    number: int = 0
    uses: int = 0


@dataclass(frozen=True, slots=True)
class Marker:
    """The use-th marker, from 1, of a footnote."""

    number: int
    use: int


@dataclass(frozen=True, slots=True)
class Turn:
    """A question and its answer. understood: the question as it was understood, "" for as it stands.
    lines: the answer; of a refusal what it says beyond that. notes: what it cites, in the order of the
    markers; nearest: the passages beside a refusal. writer: the language model's name, "" where the answer is
    made of quotations; notice: what the reader was told beside it, ""; left_out: how many of the model's
    sentences were; stopped: the reader did not let it finish."""

    question: str
    understood: str
    at: datetime
    answered: bool
    lines: tuple[tuple[str | Marker, ...], ...]
    notes: tuple[Quotation, ...]
    nearest: tuple[Quotation, ...]
    writer: str
    notice: str
    left_out: int
    stopped: bool


@dataclass(frozen=True, slots=True)
class Conversation:
    """Times are UTC."""

    title: str
    created: datetime
    turns: tuple[Turn, ...]

    @property
    def notes(self) -> Iterator[Quotation]:
        """All footnotes, by number."""
        return (note for turn in self.turns for note in turn.notes)


def read_conversation(value: object) -> Conversation:
    """Raises QuestionError for what is no conversation, holds no question yet, or is too large."""
    check_size(value)
    fields = checked(value, CONVERSATION, "the conversation")
    for i, document in enumerate(fields["documents"]):
        if not isinstance(document, str):
            raise wrong(f"documents[{i}]", "a document's id")
    if not fields["turns"]:
        raise QuestionError("the conversation has no questions yet; ask one, then export it")
    turns: list[Turn] = []
    notes = 0
    for i, turn in enumerate(fields["turns"]):
        turns.append(_turn(turn, f"turns[{i}]", notes))
        notes += len(turns[-1].notes)
    if (markers := sum(note.uses for turn in turns for note in turn.notes)) > MOST_MARKERS:
        raise QuestionError(
            f"the conversation has {markers} citations, and {MOST_MARKERS} can be exported; start a new one, "
            "and ask there what you need in the file"
        )
    title = plain(fields["title"]) or turns[0].question
    return Conversation(title, moment(fields["created"], "created"), tuple(turns))


def _turn(value: object, where: str, before: int) -> Turn:
    """before: footnotes of the turns before."""
    fields = checked(value, TURN, where)
    checked(value, {name: kind for name, kind in WRITTEN.items() if name in fields}, where)
    answered, writes = fields["answered"], fields["mode"] != QUOTE
    cards = [_card(card, f"{where}.cards[{i}]", answered) for i, card in enumerate(fields["cards"])]
    markers = [card["marker"] for card in fields["cards"]] if answered else []
    if len(set(markers)) < len(markers):
        raise wrong(f"{where}.cards", "one card for each marker")
    question, asked = plain(fields["question"]) or NOTHING, plain(fields["asked"])
    by_marker = dict(zip(markers, cards, strict=False))  # of a refusal: no marker
    said = "" if fields["answer"] == REFUSAL and not answered else fields["answer"]
    lines, uses = _lines(said, not writes, by_marker, before)
    notes = tuple(
        Quotation(**by_marker[marker], number=before + i, uses=count)
        for i, (marker, count) in enumerate(uses.items(), 1)
    )
    return Turn(
        question=question,
        understood="" if asked == question else asked,
        at=moment(fields["at"], f"{where}.at"),
        answered=answered,
        lines=lines,
        notes=notes,
        nearest=() if answered else tuple(Quotation(**card) for card in cards),
        writer=(plain(fields["mode"]) or NOTHING) if writes and answered else "",
        notice=plain(fields.get("notice") or ""),
        left_out=len(fields.get("unsupported", ())),
        stopped=fields.get("stopped", False),
    )


def _lines(
    answer: str, quotes: bool, markers: Mapping[int, dict], before: int
) -> tuple[tuple[tuple[str | Marker, ...], ...], dict[int, int]]:
    """The answer's lines, cut at markers; and how often each marker stands there, by first appearance, as
    the formats number footnotes. A card that no marker names gets one at the end."""
    uses: dict[int, int] = {}
    numbers: dict[int, int] = {}
    lines: list[tuple[str | Marker, ...]] = []

    def marker(name: int) -> Marker:
        uses[name] = uses.get(name, 0) + 1
        return Marker(before + numbers.setdefault(name, len(uses)), uses[name])

    for line in filter(None, map(on_one_line, answer.split("\n"))):
        pieces: list[str | Marker] = []
        cursor = 0
        for match in (QUOTED_MARKER if quotes else WRITTEN_MARKER).finditer(line):
            if (name := int(match[1])) in markers:
                pieces += [balanced(line[cursor : match.start()]), marker(name)]
                cursor = match.end()
        pieces.append(balanced(line[cursor:]))
        lines.append(tuple(piece for piece in pieces if piece != ""))
    if rest := [marker(name) for name in markers if name not in uses]:
        lines[-1:] = [(*(lines[-1] if lines else ()), *rest)]
    return tuple(lines), uses


def _card(value: object, where: str, answered: bool) -> dict:
    """The fields of a Quotation."""
    fields = checked(value, CARD, where)
    if (fields["marker"] is not None) != answered:
        raise wrong(f"{where}.marker", "a number where the question is answered, and only there")
    if fields["kind"] not in ("body", "footnote"):
        raise wrong(f"{where}.kind", '"body" or "footnote"')
    if not fields["start"] < fields["end"]:
        raise wrong(f"{where}.end", "greater than start")
    if not re.fullmatch(r"[0-9a-f]{64}", fields["version"]):
        raise wrong(f"{where}.version", "a SHA-256 in hexadecimal")
    return {
        "title": plain(fields["title"]) or plain(fields["document_id"]) or NOTHING,
        "section": plain(fields["section"]),
        "footnote": plain(fields["footnote"] or "") if fields["kind"] == "footnote" else None,
        "page": fields["page"],
        "quoted": plain(fields["quoted"]),
        "referring": plain(fields["referring"] or ""),
        "start": fields["start"],
        "end": fields["end"],
        "version": fields["version"],
    }
