"""`cited ask` and `cited search`: questions to the library."""

import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from app import terminal
from app.cli.base import (
    ERROR,
    answerer_of,
    cited,
    given,
    json_option,
    library_options,
    model_options,
    opened,
    print_json,
    reader_options,
)
from app.cli.output import to_json
from ingest.errors import DocumentUnknown, QuestionError, SourceUnreadable

if TYPE_CHECKING:
    from app.answer import Answerer
    from app.settings import Settings
    from index.library import Library


def documents_options(command: Callable) -> Callable:
    """--document and --collection: what to answer from."""
    document = click.option("--document", "documents", multiple=True, metavar="DOCUMENT",
                            help="Only from this one, by id, title or path; repeat.")  # fmt: skip
    collection = click.option("--collection", "collections", multiple=True, metavar="NAME",
                              help="Only from documents of this collection; repeat.")  # fmt: skip
    return document(collection(command))


@cited.command()
@click.argument("question", required=False, metavar="QUESTION|-")
@click.option("--input", "questions", type=click.Path(path_type=Path, allow_dash=True),
              help="Answer every line of a JSON Lines file: {\"id\": …, \"question\": …}.")  # fmt: skip
@click.option("--mode", type=click.Choice(["quote", "model"]),
              help="Quote, or let the model write [default: model with --model, else quote].")  # fmt: skip
@documents_options
@json_option
@library_options
@reader_options
@model_options
def ask(
    question: str | None, questions: Path | None, mode: str | None, documents: tuple[str, ...],
    collections: tuple[str, ...], as_json: bool, settings: "Settings",
) -> None:  # fmt: skip
    """Answer a question, or the one on standard input (-), from the library, with citations, or say that the
    documents do not. With --input, exit status 1 says that a line failed: its answer is an error."""
    if (question is None) == (questions is None):
        raise click.UsageError("give one question, or --input with a file of them")
    mode = mode or ("model" if given("model") else "quote")
    if mode == "quote":
        settings = replace(settings, model=None)
    with opened(settings) as library:
        need_documents(library)
        among = chosen(library, documents, collections)
        answerer = answerer_of(library, settings)
        if questions is not None:
            if not answer_lines(answerer, questions, mode, among):
                sys.exit(ERROR)
            return
        answer = answerer.answer(asked(question or ""), documents=among, mode=mode)
    if as_json:
        print_json(answer.to_json())
    else:
        terminal.print_answer(answer)


def need_documents(library: "Library") -> None:
    """Raises DocumentUnknown for an empty library, with the command that fills it."""
    if not library.catalog.passage_count():
        raise DocumentUnknown(f"the library {library.name} is empty; add documents with `cited ingest PATH`")


def chosen(library: "Library", documents: Sequence[str], collections: Sequence[str]) -> list[str]:
    """The ids of the documents that are named, and of those in the collections; none for all there are.
    Raises DocumentUnknown."""
    among = [library.find(name) for name in documents]
    for collection in collections:
        within = [entry.id for entry in library.entries() if entry.collection == collection]
        if not within:
            raise DocumentUnknown(
                f"there is no document in a collection {collection}; `cited collection list` shows them"
            )
        among += within
    return list(dict.fromkeys(among))


def asked(question: str) -> str:
    """The question, or for - what stands on standard input."""
    return typed("question") if question == "-" else question


def typed(what: str) -> str:
    """All of standard input. Raises SourceUnreadable."""
    if sys.stdin is None:
        raise SourceUnreadable(f"the {what} cannot be read: standard input is closed; pipe text into it")
    try:
        return sys.stdin.read()
    except (OSError, UnicodeDecodeError) as error:
        raise SourceUnreadable(f"the {what} on standard input cannot be read: {error}") from error


def answer_lines(answerer: "Answerer", path: Path, mode: str, documents: Sequence[str]) -> bool:
    """Answer a file of questions, one JSON line each; a line that is no question gets an error line. Gives
    whether there was no such line."""
    try:
        text = typed("questions") if str(path) == "-" else path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SourceUnreadable(f"the questions in {path} cannot be read: {error}") from error
    whole = True
    for number, line in enumerate(text.removeprefix("\ufeff").split("\n"), 1):
        if not line.strip():
            continue
        row = None
        try:
            row = json.loads(line)
            if not isinstance(row, dict) or not isinstance(row.get("question"), str):
                raise ValueError("it has no field question that is a string")
            answer = answerer.answer(row["question"], documents=documents, mode=mode)
            result = {"id": row.get("id"), **answer.to_json()}
        except (ValueError, QuestionError) as error:
            name = row.get("id") if isinstance(row, dict) else None
            wrong = " is no JSON" if isinstance(error, json.JSONDecodeError) else ""
            result, whole = {"id": name, "error": f"line {number}{wrong}: {error}"}, False
        click.echo(to_json(result))
    return whole


@cited.command()
@click.argument("question", metavar="QUESTION|-")
@click.option("-k", "most", type=click.IntRange(1, 100), default=6, show_default=True, help="Passages.")
@documents_options
@json_option
@library_options
def search(
    question: str, most: int, documents: tuple[str, ...], collections: tuple[str, ...], as_json: bool,
    settings: "Settings",
) -> None:  # fmt: skip
    """Find passages and their linked footnotes, best first, for a question, or the one on standard input
    (-)."""
    from app.answer import checked, document_order, hit_to_json
    from index.search import search as find

    with opened(settings) as library:
        need_documents(library)
        hits = find(library, checked(asked(question)), most, chosen(library, documents, collections))
    order = document_order(hits)
    if as_json:
        print_json([hit_to_json(hit, order[hit.passage.document_id]) for hit in hits])
        return
    terminal.print_hits(hits)
