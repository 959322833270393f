"""`cited list`, `cited show` and `cited delete`: the documents of the library."""

import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from app import terminal
from app.cli.base import cited, json_option, library_options, opened, print_json, say
from ingest.errors import DocumentUnknown
from ingest.folders import source_of

if TYPE_CHECKING:
    from app.settings import Settings
    from index.library import Library


@cited.command("list")
@click.option("--fingerprint", "as_one", is_flag=True, help="Print one figure for everything that is there.")
@json_option
@library_options
def list_documents(as_one: bool, as_json: bool, settings: "Settings") -> None:
    """List the documents of the library."""
    with opened(settings) as library:
        entries = library.entries()
        if as_one:
            from index.fingerprint import fingerprint, holdings

            click.echo(fingerprint(holdings(library.catalog).values()))
            return
    if as_json:
        print_json([asdict(entry) for entry in entries])
    elif entries:
        terminal.print_entries(entries)
    else:
        say(f"the library {settings.place} is empty; add documents with `cited ingest PATH`")


@cited.command()
@click.argument("document")
@click.option("--text", "as_text", is_flag=True, help="Print the text exactly, to check offsets against.")
@json_option
@library_options
def show(document: str, as_text: bool, as_json: bool, settings: "Settings") -> None:
    """Show a document, by id, title or path: its sections, footnotes, and what was left out."""
    with opened(settings) as library:
        found = library.document(library.find(document))
    if as_text:
        sys.stdout.reconfigure(encoding="utf-8", newline="")  # type: ignore[union-attr]
        sys.stdout.write(found.text)
    elif as_json:
        print_json(terminal.document_to_json(found))
    else:
        terminal.print_document(found)


@cited.command()
@click.argument("documents", nargs=-1, required=True, metavar="DOCUMENT|FOLDER…")
@library_options
def delete(documents: tuple[str, ...], settings: "Settings") -> None:
    """Delete documents, by id, title or path, or all whose files are, or were, in a folder."""
    with opened(settings) as library:
        sources = {entry.id: entry.source for entry in library.entries()}
        for name in dict.fromkeys(name for named in documents for name in meant(library, named)):
            library.delete(name)
            say(f"deleted {name} ({sources[name]})")


def meant(library: "Library", name: str) -> list[str]:
    """The id of the document of that name, or of all whose sources lie in the folder of that name, which
    may be gone. Raises DocumentUnknown, also where the name may be the folder's or a document's."""
    path = source_of(Path(name).resolve())
    below = library.catalog.sources_below(path) if name else {}
    if not below:
        return [library.find(name)]
    file = None if name.endswith("/") else path
    named = [
        entry for entry in library.entries()
        if entry.id.startswith(name) or entry.title == name or entry.source == file
        or f"/{entry.source}".endswith(f"/{name}")
    ]  # fmt: skip
    if not named:
        return list(below)
    if len(named) == 1 and (named[0].id == name or named[0].source in (name, file)):
        return [named[0].id]
    start = "" if name.startswith("/") else "./"
    raise DocumentUnknown(
        f"{name} is a folder, and may mean {', '.join(entry.id for entry in named)}; write "
        f"{start}{Path(name)}/ for the folder, or the document's id"
    )
