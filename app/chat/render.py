"""Answers as the page shows them. Pure functions; every word of a document is escaped here.

A marker is made from a citation, never found in a text: what looks like one in a document stays text.
"""

import html
import re
from collections.abc import Sequence

from app.answer import Answer, quotation
from app.cite import Citation
from index.search import Hit
from ingest.passages import Passage

MARKUP = re.compile(r"[\\`*_{}\[\]<>&#|~$=^@]|^[-+]|^\d+(?=[.)])|:(?=//)|(?<=www)\.", re.MULTILINE)
"""What Markdown or HTML might give a meaning to; it becomes entities, and addresses no links."""
NOTHING_NEAR = '<p class="hint">No passage comes near this question.</p>'
AROUND = 700
"""Characters of a passage shown at most on either side of a quotation."""


def message(answer: Answer, turn: int) -> str:
    """The answer as Markdown for the conversation, each marker a link to its card in the panel."""
    if not answer.answered:
        return f"{answer.text}\n\nThe nearest passages are shown beside."
    lines = []
    if len(answer.citations) == 1 and (short := answer.citations[0].short_answer):
        words = answer.citations[0].passage.plain(short).strip()
        lines.append(f"**{literally(words[:1].upper() + words[1:])}**")
    lines += [
        f"“{literally(quotation(c))}” [{c.marker}](#{card_id(turn, c.marker)})" for c in answer.citations
    ]
    return "\n\n".join(lines)


def literally(text: str) -> str:
    """Text that Markdown and HTML show as it is."""
    return MARKUP.sub(lambda match: "".join(f"&#{ord(c)};" for c in match.group()), text)


def card_id(turn: int, marker: int) -> str:
    """The name of a citation's card within the page."""
    return f"cite-{turn}-{marker}"


def panel(answers: Sequence[Answer]) -> str:
    """The evidence of the conversation as HTML, the newest answer open, the earlier ones folded."""
    if not answers:
        return '<p class="hint">The passages that an answer rests on appear here.</p>'
    sections = []
    for turn in range(len(answers), 0, -1):
        answer = answers[turn - 1]
        title = "Evidence" if answer.answered else "Nearest passages"
        cards = (
            [_card(c, turn, answer) for c in answer.citations]
            if answer.answered
            else [_nearest(hit) for hit in answer.passages[:3]]
        )
        opened = " open" if turn == len(answers) else ""
        sections.append(
            f'<details class="turn"{opened}><summary>{title}: {html.escape(answer.question)}</summary>'
            f"{''.join(cards) or NOTHING_NEAR}</details>"
        )
    return "".join(sections)


def _card(citation: Citation, turn: int, answer: Answer) -> str:
    passage = citation.passage
    referring = ""
    if passage.kind == "footnote":
        linked = [p for hit in answer.passages if hit.passage.id == passage.id for p in hit.linked]
        linked += [h.passage for h in answer.passages if passage.label in h.passage.notes]
        referring = _referring(passage, linked)
    return (
        f'<article class="card" id="{card_id(turn, citation.marker)}" tabindex="-1">'
        f'<header><span class="number">{citation.marker}</span>{_place(passage)}</header>'
        f"<p>{_highlighted(citation)}</p>{referring}"
        f"<footer>characters {citation.start}–{citation.end}</footer></article>"
    )


def _nearest(hit: Hit) -> str:
    words = " ".join(hit.passage.text.split())
    cut = words if len(words) <= AROUND else words[:AROUND].rsplit(" ", 1)[0] + " …"
    return (
        f'<article class="card"><header>{_place(hit.passage)}</header><p>{html.escape(cut)}</p>'
        f"<footer>characters {hit.passage.start}–{hit.passage.end}</footer></article>"
    )


def _place(passage: Passage) -> str:
    """Title, section or footnote, and page."""
    kind = f"Footnote {passage.label}" if passage.kind == "footnote" else passage.section
    page = f"page {passage.page}" if passage.page is not None else ""
    where = " · ".join(html.escape(part) for part in (kind, page) if part)
    badge = f'<span class="kind {passage.kind}">{passage.kind}</span>'
    return f'<span class="where"><b>{html.escape(passage.title)}</b><br>{where}</span>{badge}'


def _highlighted(citation: Citation) -> str:
    """The passage with the quoted span marked, and the short answer inside it more strongly."""
    passage, offset = citation.passage, citation.passage.start
    start, end = citation.start - offset, citation.end - offset
    before, after = passage.text[max(0, start - AROUND) : start], passage.text[end : end + AROUND]
    quoted = html.escape(passage.text[start:end])
    if short := citation.short_answer:
        a, b = short.start - offset, short.end - offset
        quoted = (
            f"{html.escape(passage.text[start:a])}<strong>{html.escape(passage.text[a:b])}</strong>"
            f"{html.escape(passage.text[b:end])}"
        )
    return f"{html.escape(before)}<mark>{quoted}</mark>{html.escape(after)}"


def _referring(note: Passage, linked: Sequence[Passage]) -> str:
    """The sentence that refers to a footnote."""
    for body in linked:
        for sentence in body.sentences:
            if body.kind == "body" and any(sentence.start <= at < sentence.end for at in note.marked_at):
                text = html.escape(body.plain(sentence).strip())
                return f'<p class="referring">Note to: {text}</p>'
    return ""


def documents_table(entries: Sequence) -> str:
    """The library's documents as HTML."""
    if not entries:
        return '<p class="hint">The library is empty. Add a text, HTML, PDF, Word or EPUB file below.</p>'
    rows = "".join(
        f"<tr><td>{html.escape(e.title)}</td><td>{e.characters:,}</td><td>{e.notes}</td>"
        f"<td>{html.escape(e.added[:10])}</td></tr>"
        for e in entries
    )
    head = "<tr><th>Title</th><th>Characters</th><th>Footnotes</th><th>Added</th></tr>"
    return f'<table class="documents"><thead>{head}</thead><tbody>{rows}</tbody></table>'
