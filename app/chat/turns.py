"""Turns: an answer as the page shows and keeps it. Plain JSON values; the browser makes elements of them.

A conversation lives in the reader's browser, so a turn holds all that its cards show, and the versions of
the documents that it quotes: it stays readable when a document is replaced. What comes back from a
browser is checked before it is used.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from app.answer import Answer
from app.cite import Citation, in_words
from app.parts import Part
from index.catalog import Catalog
from index.search import Hit
from ingest.errors import QuestionError
from ingest.passages import Passage

AROUND = 300
"""Characters of the passage shown at most on either side of a quotation."""
NEAREST = 3
"""Passages shown with a refusal."""
MOST_HISTORY = 50
"""Questions of a conversation that a follow-up can point back to."""


def turn_of(answer: Answer, catalog: Catalog) -> dict:
    """The answer's JSON with the time, and a card a citation or, of a refusal, for the nearest passages.

    parts: what the answer says, in order, each text with the markers that prove it. short: the short
    answer in words, None where there is none. The texts of the passages are left out: cards have what is
    shown.
    """
    shape = answer.to_json()
    for passage in shape["passages"]:
        del passage["text"], passage["linked"]
    short = answer.citations[0].short_answer if len(answer.citations) == 1 else None
    return shape | {
        "asked": answer.asked,
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "parts": [part_of(part) for part in answer.parts],
        "short": in_words(answer.citations[0].passage, short) if short else None,
        "cards": cards_of(answer.citations, answer.passages, catalog)
        if answer.answered
        else _dated([_nearest(hit) for hit in answer.passages[:NEAREST]], catalog),
    }


def part_of(part: Part) -> dict:
    """A sentence or quotation with its markers; begins: in a new paragraph."""
    return {"text": part.text, "markers": list(part.markers), "begins": part.begins}


def cards_of(citations: Sequence[Citation], hits: Sequence[Hit], catalog: Catalog) -> list[dict]:
    """A card a citation. hits: where the sentence that refers to a cited footnote is looked for."""
    return _dated([_quoted(citation, hits) for citation in citations], catalog)


def _dated(cards: list[dict], catalog: Catalog) -> list[dict]:
    versions = {card["document_id"]: catalog.version(card["document_id"]) for card in cards}
    return [card | {"version": versions[card["document_id"]] or ""} for card in cards]


def _quoted(citation: Citation, hits: Sequence[Hit]) -> dict:
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
        "referring": _referring(passage, hits),
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
                return in_words(body, sentence)
    return None


def asked_of(given: Mapping) -> tuple[str, list[str], list[str]]:
    """Question, history and documents of what a browser asks."""
    return (
        str(given.get("question", "")),
        strings_of(given, "history")[-MOST_HISTORY:],
        strings_of(given, "documents"),
    )


def strings_of(given: Mapping, name: str) -> list[str]:
    """The strings in a list that a browser sent; none where it sent something else."""
    values = given.get(name)
    return [value for value in values if isinstance(value, str)] if isinstance(values, list) else []


def checked(turn: object) -> Mapping:
    """A turn that a browser sent back, where it has the fields of an answer. Raises QuestionError."""
    fields = {"question": str, "answer": str, "answered": bool, "citations": list, "passages": list}
    sound = isinstance(turn, Mapping) and all(isinstance(turn.get(k), t) for k, t in fields.items())
    places = [*turn["citations"], *turn["passages"]] if sound and isinstance(turn, Mapping) else []
    if not sound or not all(isinstance(p, Mapping) and isinstance(p.get("document_id"), str) for p in places):
        raise QuestionError("this is no answer of Cited; load the page again")
    assert isinstance(turn, Mapping)
    return turn
