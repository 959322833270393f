"""How results look in a terminal, and as JSON where they have no shape of their own."""

import sys
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

import click

if TYPE_CHECKING:
    from rich.console import Console

    from app.answer import Answer
    from index.catalog import Entry
    from index.search import Hit
    from ingest.document import Document
    from ingest.passages import Passage


UNSURE = 0.45
"""Citations with a lower score are doubted, here as on the page (app/chat/static/turns.js)."""
DOUBT = "Uncertain: check it"
MOST_IN_TABLE = 1000
"""Documents; of 40,000 it takes 20 seconds to lay one out."""
NARROWEST = 60
"""Columns of a terminal; a table in fewer breaks every word."""


def place(passage: "Passage", start: int, end: int) -> str:
    """Where a span stands: title, section or footnote, and its offsets."""
    kind = f"footnote {passage.label}" if passage.kind == "footnote" else passage.section
    return " · ".join(part for part in (passage.title, kind, f"{start}–{end}") if part)


def console() -> "Console":
    """Of this terminal. It takes nothing in a document's text for markup, or for the name of an emoji."""
    from rich.console import Console

    return Console(highlight=False, soft_wrap=True, markup=False, emoji=False)


def print_answer(answer: "Answer") -> None:
    """An answer for people: the text, and where each citation stands."""
    from rich.text import Text

    out = console()
    if answer.notice:
        out.print(f"{answer.notice}\n", style="italic")
    out.print(answer.text)
    if answer.answered:
        out.print()
    alike = _alike(answer)
    for c in answer.citations:
        name = f" · {c.passage.document_id}" if c.passage.title in alike else ""
        doubt = f" · {DOUBT}" if c.score < UNSURE else ""
        where = place(c.passage, c.start, c.end) + name
        out.print(Text.assemble((f"[{c.marker}]", "bold"), " ", (where, "dim"), doubt))
    if answer.unsupported:
        out.print(f"\nLeft out, for no document supports it ({len(answer.unsupported)}):", style="dim")
        for unsupported in answer.unsupported:
            out.print(f"– {unsupported.text} ({unsupported.reason})", style="dim")
    if not answer.answered and answer.passages:
        out.print("\nThe nearest passages:", style="dim")
        for hit in answer.passages[:3]:
            words = " ".join(hit.passage.text.split())
            out.print(Text.assemble(("– ", "dim"), f"{words[:160]}{'…' if len(words) > 160 else ''}"))


def _alike(answer: "Answer") -> set[str]:
    """The titles that more than one of the documents found have."""
    passages = [c.passage for c in answer.citations] + [hit.passage for hit in answer.passages]
    titles = Counter(title for _, title in {(p.document_id, p.title) for p in passages})
    return {title for title, count in titles.items() if count > 1}


def print_hits(hits: "Sequence[Hit]") -> None:
    """Passages, each under the line that says where it stands."""
    for hit in hits:
        p = hit.passage
        click.echo(place(p, p.start, p.end))
        click.echo(f"  {' '.join(p.text.split())}\n")


def print_entries(entries: "Sequence[Entry]") -> None:
    """The list of documents: a table on a terminal; elsewhere, and where it is long, or the terminal narrow,
    a line for each with tabs between id, title, characters, notes, added, collection and source."""
    if sys.stdout.isatty() and len(entries) <= MOST_IN_TABLE and console().width >= NARROWEST:
        _print_table(entries)
        return
    for e in entries:
        cells = (e.id, e.title, f"{e.characters:,}", str(e.notes), e.added[:16], e.collection, e.source)
        click.echo("\t".join(" ".join(cell.split()) for cell in cells))


def _print_table(entries: "Sequence[Entry]") -> None:
    """A table in which nothing is cut; of documents with the same title it says where they come from."""
    from rich.table import Table

    collections = ["collection"] if any(entry.collection for entry in entries) else []
    count = Counter(entry.title for entry in entries)
    table = Table()
    for name in ("id", "title", "characters", "notes", "added", *collections):
        side: Literal["left", "right"] = "right" if name in ("characters", "notes") else "left"
        table.add_column(name, overflow="fold", justify=side)
    for e in entries:
        title = e.title if count[e.title] == 1 else f"{e.title}\n{e.source}"
        collection = [e.collection] if collections else []
        table.add_row(e.id, title, f"{e.characters:,}", str(e.notes), e.added[:10], *collection)
    console().print(table, soft_wrap=False)


def document_to_json(document: "Document") -> dict:
    """A document without its text, every position in characters of the text."""

    def span(x: Any, **more: object) -> dict:
        return {**more, "start_char_index": x.start, "end_char_index": x.end}

    return {
        "id": document.id,
        "title": document.title,
        "source": document.source,
        "version": document.version,
        "characters": len(document.text),
        "sections": [span(s, title=s.title) for s in document.sections],
        "pages": [span(p, number=p.number) for p in document.pages],
        "footnotes": [
            span(n, label=n.label, markers=[span(m) for m in n.markers]) for n in document.footnotes
        ],
        "left_out": list(document.left_out),
        "warnings": list(document.warnings),
    }


def print_document(document: "Document") -> None:
    """A document for people: each footnote with the sentence that refers to it."""
    from ingest.passages import sentences_of

    click.echo(f"{document.title}\n{document.id} · {document.source} · {len(document.text):,} characters\n")
    for section in document.sections:
        click.echo(f"  {section.start:>7}–{section.end:<7} {section.title or '(opening)'}")
    sentences = [s for part in document.parts for s in sentences_of(document.text, part)]
    for note in document.footnotes:
        click.echo(f"\n[{note.label}] {note.start}–{note.end}  {document.text[note.start : note.end]}")
        for marker in note.markers:
            sentence = next((s for s in sentences if s.start <= marker.start < s.end), marker)
            click.echo(f"    at {marker.start}: {document.text[sentence.start : sentence.end]}")
    for text in document.left_out:
        click.echo(f"\nleft out: {text}")
    for warning in document.warnings:
        click.echo(f"\nwarning: {warning}")
