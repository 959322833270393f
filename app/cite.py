"""Evidence becomes citations. The only way to make a Citation is from a span of a document's text, so
`document.text[start:end] == cited_text` holds by construction; nothing unresolvable passes."""

import re
from dataclasses import dataclass

from ingest.document import Span
from ingest.passages import Passage


@dataclass(frozen=True, slots=True)
class Citation:
    """One citation; offsets are half-open character offsets into the document's text.

    marker: the n of [n]. document_index: place of the document among those of the answer.
    score: probability in [0, 1] that the span is evidence. short_answer: the words that answer.
    """

    marker: int
    passage: Passage
    document_index: int
    cited_text: str
    start: int
    end: int
    score: float
    short_answer: Span | None = None

    def to_json(self) -> dict:
        """Fields as in the Anthropic citations API (char_location), and ours beside them."""
        short = self.short_answer
        return {
            "marker": self.marker,
            "type": "char_location",
            **position(self.passage, self.document_index, self.start, self.end),
            "cited_text": self.cited_text,
            "short_answer": short and {"start_char_index": short.start, "end_char_index": short.end},
            "score": round(self.score, 4),
        }


def cite(
    passage: Passage, span: Span, marker: int, document_index: int, score: float, short: Span | None = None
) -> Citation:
    """Cite a span that lies in the passage. Raises ValueError for one that does not."""
    if not passage.start <= span.start < span.end <= passage.end:
        raise ValueError(f"[{span.start}, {span.end}) is not in the passage {passage.id}")
    if short is not None and not span.start <= short.start < short.end <= span.end:
        short = None
    text = passage.text[span.start - passage.start : span.end - passage.start]
    return Citation(marker, passage, document_index, text, span.start, span.end, score, short)


def in_words(passage: Passage, span: Span) -> str:
    """A span of a passage for reading: on one line, its own lines apart by « / », without the document's
    footnote markers. Nothing else is changed in what the document says."""
    text = passage.text[span.start - passage.start : span.end - passage.start]
    for label in passage.notes:
        marker = rf"[ \t]*\[{re.escape(label)}\]"
        text = re.sub(marker, "", re.sub(rf"(?<=\w){marker}(?=\w)", " ", text))
    lines = (" ".join(line.split()) for line in text.splitlines())
    return " / ".join(line for line in lines if line)


def position(passage: Passage, document_index: int, start: int, end: int) -> dict:
    """Where a span is, in the fields that citations and passages share."""
    return {
        "document_id": passage.document_id,
        "document_title": passage.title,
        "document_index": document_index,
        "section": passage.section,
        "kind": passage.kind,
        "footnote": passage.label,
        "page": passage.page_at(start),
        "start_char_index": start,
        "end_char_index": end,
    }
