"""A conversation as Markdown with footnotes `[^1]`, as GitHub, pandoc and most notebooks read them."""

import re

from app.export.conversation import Conversation, Marker, Quotation
from app.export.words import Words

MARKUP = re.compile(
    r"[\\`*_\[\]<>#|~$^@{}]|&(?=[\w#])"  # anywhere
    r"|:(?=//)|(?<=www)\."  # addresses would become links, and show the backslashes in them
    r"|^[-+=:%(]"  # items, rules, definitions; behind a marker, a note's text or a link
    r"|!$"  # would make the marker behind it an image
)
"""What Markdown gives a meaning to, in one dialect or another."""
ITEM = re.compile(r"^(?:\d+|[a-z]|[ivxlcdm]+)(?=[.)](?:\s|$))", re.IGNORECASE)
"""The number of an item in a list: so begins many an answer, with a year."""


def markdown(conversation: Conversation, words: Words) -> str:
    """The file's text."""
    blocks = [f"# {literally(conversation.title)}", conversation.created.isoformat()[:10]]
    for turn in conversation.turns:
        caption = [f"{turn.at.isoformat(' ')[:16]} UTC"]
        if turn.understood:
            caption.append(words.say("understood", question=literally(turn.understood)))
        blocks += [f"## {literally(turn.question)}", " · ".join(caption)]
        if turn.notice:
            blocks.append(literally(turn.notice))
        if not turn.answered:
            blocks.append(f"**{words.say('refusal')}**")
        blocks += ["".join(map(_piece, line)) for line in turn.lines]
        if remarks := words.remarks(turn):
            blocks.append(literally(remarks))
        if turn.nearest:
            blocks.append(words.say("nearest"))
            blocks.append("\n".join(f"- {_cited(passage, words)}" for passage in turn.nearest))
    if notes := [f"[^{note.number}]: {_cited(note, words)}" for note in conversation.notes]:
        blocks += ["---", words.say("explained"), *notes]
    return "\n\n".join(blocks) + "\n"


def literally(text: str) -> str:
    """Text on one line that Markdown shows as it is."""
    return ITEM.sub(_escaped_after, MARKUP.sub(_escaped, text))


def _escaped(match: re.Match[str]) -> str:
    return f"\\{match[0]}"


def _escaped_after(match: re.Match[str]) -> str:
    return f"{match[0]}\\"


def _piece(piece: str | Marker) -> str:
    return f"[^{piece.number}]" if isinstance(piece, Marker) else literally(piece)


def _cited(quotation: Quotation, words: Words) -> str:
    place = " · ".join((quotation.title, *words.place(quotation)))
    line = f"{place}: “{quotation.quoted}” ({words.position(quotation)})"
    referring = words.referring(quotation)
    return literally(f"{line}. {referring}" if referring else line)
