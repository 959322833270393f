"""Documents and passages as the catalog stores them: JSON there and back."""

import json
from dataclasses import asdict

from ingest.document import Document, Footnote, Page, Part, Section, Span
from ingest.passages import Passage


def structure_of(document: Document) -> str:
    """Everything of a document that has no column of its own, as JSON."""
    kept = ("parts", "sections", "footnotes", "pages", "left_out", "warnings")
    whole = asdict(document)
    return json.dumps({name: whole[name] for name in kept})


def document_from(
    document_id: str, title: str, source: str, version: str, text: str, structure: str
) -> Document:
    """A document from its columns, in this order."""
    s = json.loads(structure)
    return Document(
        id=document_id,
        title=title,
        source=source,
        version=version,
        text=text,
        parts=tuple(Part(**p) for p in s["parts"]),
        sections=tuple(Section(**x) for x in s["sections"]),
        footnotes=tuple(
            Footnote(n["start"], n["end"], n["label"], tuple(Span(**m) for m in n["markers"]))
            for n in s["footnotes"]
        ),
        pages=tuple(Page(**p) for p in s["pages"]),
        left_out=tuple(s["left_out"]),
        warnings=tuple(s["warnings"]),
    )


def passage_from(content: str) -> Passage:
    """A passage from its JSON."""
    values = json.loads(content)
    values["sentences"] = tuple(Span(**s) for s in values["sentences"])
    values["notes"] = tuple(values["notes"])
    values["marked_at"] = tuple(values["marked_at"])
    values["turns"] = tuple((at, number) for at, number in values.get("turns", ()))
    return Passage(**values)
