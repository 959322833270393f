"""How results look in a terminal, and as JSON where they have no shape of their own."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from rich.console import Console

    from app.answer import Answer
    from index.catalog import Entry
    from index.search import Hit
    from ingest.document import Document
    from ingest.passages import Passage


MOST_IN_TABLE = 1000
"""Documents; of 40,000 it takes 20 seconds to lay one out."""


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
    for c in answer.citations:
        where = place(c.passage, c.start, c.end)
        out.print(Text.assemble((f"[{c.marker}]", "bold"), " ", (where, "dim")))
    if answer.unsupported:
        out.print(f"\nLeft out, for no document supports it ({len(answer.unsupported)}):", style="dim")
        for unsupported in answer.unsupported:
            out.print(f"– {unsupported.text} ({unsupported.reason})", style="dim")
    if not answer.answered and answer.passages:
        out.print("\nThe nearest passages:", style="dim")
        for hit in answer.passages[:3]:
            words = " ".join(hit.passage.text.split())
            out.print(Text.assemble(("– ", "dim"), f"{words[:160]}{'…' if len(words) > 160 else ''}"))


def print_hits(hits: "Sequence[Hit]") -> None:
    """Passages, each under the line that says where it stands."""
    for hit in hits:
        p = hit.passage
        click.echo(place(p, p.start, p.end))
        click.echo(f"  {' '.join(p.text.split())}\n")


def print_entries(entries: "Sequence[Entry]") -> None:
    """The list of documents as a table; a long one as lines with tabs between the columns."""
    from rich.table import Table

    collections = ["collection"] if any(entry.collection for entry in entries) else []
    rows = [
        (
            e.id,
            e.title,
            f"{e.characters:,}",
            str(e.notes),
            e.added[:16],
            *([e.collection] if collections else []),
        )
        for e in entries
    ]
    if len(rows) > MOST_IN_TABLE:
        click.echo("\n".join("\t".join(" ".join(cell.split()) for cell in row) for row in rows))
        return
    table = Table()
    table.add_column("id", no_wrap=True)
    for name in ("title", "characters", "notes", "added", *collections):
        table.add_column(name)
    for row in rows:
        table.add_row(*row)
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
