"""Turns: an answer as the page shows and keeps it. Plain JSON values; the browser makes elements of them.

A conversation lives in the reader's browser, so a turn holds all that its cards show, and the versions of
the documents that it quotes: it stays readable when a document is replaced. What comes back from a
browser is checked before it is used.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from app.answer import Answer, quotation
from app.cite import Citation
from index.catalog import Catalog
from index.search import Hit
from ingest.document import Span
from ingest.errors import QuestionError
from ingest.passages import Passage

AROUND = 300
"""Characters of the passage shown at most on either side of a quotation."""
NEAREST = 3
"""Passages shown with a refusal."""


def turn_of(answer: Answer, catalog: Catalog) -> dict:
    """The answer's JSON with the time, and a card a citation or, of a refusal, for the nearest passages.

    parts: what the answer says, in order, each text with the markers that prove it. short: the short
    answer in words, None where there is none. The texts of the passages are left out: cards have what is
    shown.
    """
    shape = answer.to_json()
    for passage in shape["passages"]:
        del passage["text"], passage["linked"]
    cards = (
        [_quoted(citation, answer) for citation in answer.citations]
        if answer.answered
        else [_nearest(hit) for hit in answer.passages[:NEAREST]]
    )
    versions = {card["document_id"]: catalog.version(card["document_id"]) for card in cards}
    short = answer.citations[0].short_answer if len(answer.citations) == 1 else None
    return shape | {
        "asked": answer.asked,
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "parts": [{"text": f"“{quotation(c)}”", "markers": [c.marker]} for c in answer.citations],
        "short": answer.citations[0].passage.plain(short).strip() if short else None,
        "cards": [card | {"version": versions[card["document_id"]] or ""} for card in cards],
    }


def _quoted(citation: Citation, answer: Answer) -> dict:
    passage, offset = citation.passage, citation.passage.start
    start, end = citation.start - offset, citation.end - offset
    short = citation.short_answer
    return _place(passage, citation.start) | {
        "marker": citation.marker,
        "start": citation.start,
        "end": citation.end,
        "before": passage.text[max(0, start - AROUND) : start],
        "quoted": passage.text[start:end],
        "after": passage.text[end : end + AROUND],
        "short": [short.start - citation.start, short.end - citation.start] if short else None,
        "score": round(citation.score, 4),
        "referring": _referring(passage, answer.passages),
    }


def _nearest(hit: Hit) -> dict:
    passage = hit.passage
    return _place(passage, passage.start) | {
        "marker": None,
        "start": passage.start,
        "end": passage.end,
        "before": "",
        "quoted": passage.text,
        "after": "",
        "short": None,
        "score": round(hit.score, 4),
        "referring": None,
    }


def _place(passage: Passage, start: int) -> dict:
    return {
        "document_id": passage.document_id,
        "title": passage.title,
        "section": passage.section,
        "page": passage.page_at(start),
        "kind": passage.kind,
        "footnote": passage.label,
    }


def _referring(note: Passage, hits: Sequence[Hit]) -> str | None:
    """The sentence that refers to a footnote."""
    if note.kind != "footnote":
        return None
    linked = [p for hit in hits if hit.passage.id == note.id for p in hit.linked]
    linked += [hit.passage for hit in hits if note.label in hit.passage.notes]
    for body in linked:
        for sentence in body.sentences:
            if body.kind == "body" and any(sentence.start <= at < sentence.end for at in note.marked_at):
                return body.plain(Span(sentence.start, sentence.end)).strip()
    return None


def checked(turn: object) -> Mapping:
    """A turn that a browser sent back, where it has the fields of an answer. Raises QuestionError."""
    fields = {"question": str, "answer": str, "answered": bool, "citations": list, "passages": list}
    sound = isinstance(turn, Mapping) and all(isinstance(turn.get(k), t) for k, t in fields.items())
    places = [*turn["citations"], *turn["passages"]] if sound and isinstance(turn, Mapping) else []
    if not sound or not all(isinstance(p, Mapping) and isinstance(p.get("document_id"), str) for p in places):
        raise QuestionError("this is no answer of Cited; load the page again")
    assert isinstance(turn, Mapping)
    return turn
