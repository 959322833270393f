"""Citations against the documents: is each one where it says, does it say what stands there, and is
the evidence in footnotes cited too?

Takes citations and passages as the answer's JSON has them.
"""

from collections.abc import Mapping, Sequence
from typing import Literal

from eval.measures.spans import Needed, Placed, span_recall
from ingest.document import Document, Footnote, Span

Verdict = Literal["exact", "misattributed", "fabricated"]


def place(found: Mapping) -> Placed:
    """Where a citation or a passage says that it is."""
    return found["document_id"], Span(found["start_char_index"], found["end_char_index"])


def check_quote(text: str, where: Placed, documents: Mapping[str, Document]) -> Verdict:
    """What a quotation is worth. documents: by id, all that the answer may quote.

    exact: `documents[id].text[start:end]` is the quotation, character by character. misattributed: it
    is not, but the quotation stands in the text of that document at other offsets, or in another
    document. fabricated: it stands in none, white space and case included; an empty quotation is
    fabricated. Nothing is said of whether the quotation answers: that is evidence precision.
    """
    name, span = where
    if not text:
        return "fabricated"
    inside = name in documents and 0 <= span.start < span.end <= len(documents[name].text)
    if inside and documents[name].text[span.start : span.end] == text:
        return "exact"
    return "misattributed" if any(text in d.text for d in documents.values()) else "fabricated"


def right_label(found: Mapping, documents: Mapping[str, Document]) -> bool:
    """Whether `kind` and `footnote` name what stands there: the note that holds the span's beginning,
    by its label, or the body."""
    name, span = place(found)
    note = _note_at(documents[name], span.start) if name in documents else None
    kind, label = ("footnote", note.label) if note else ("body", None)
    return name in documents and (found["kind"], found["footnote"]) == (kind, label)


def footnote_recall(
    needed: Needed, cited: Sequence[Placed], documents: Mapping[str, Document]
) -> float | None:
    """Share of the needed items in footnotes that are cited, in [0, 1]; None where no item is in one.

    An item is in footnotes when every alternative begins in a footnote: one that the body could have
    answered does not call for the footnote. Cited as in `span_recall`. Not the share of the cited
    footnotes that are needed, and not whether the note's marker stands in a cited sentence.
    """
    notes = [
        item for item in needed if all(_note_at(documents[name], span.start) for name, span in item)
    ]  # fmt: skip
    return span_recall(notes, cited) if notes else None


def _note_at(document: Document, position: int) -> Footnote | None:
    return next((note for note in document.footnotes if note.start <= position < note.end), None)
