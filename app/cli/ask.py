"""`cited ask` and `cited search`: questions to the library."""

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from app import terminal
from app.cli.base import (
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
from ingest.errors import DocumentUnknown, QuestionError, SourceUnreadable

if TYPE_CHECKING:
    from app.answer import Answerer
    from app.settings import Settings
    from index.library import Library


@cited.command()
@click.argument("question", required=False)
@click.option("--input", "questions", type=click.Path(path_type=Path, allow_dash=True),
              help="Answer every line of a JSON Lines file: {\"id\": …, \"question\": …}.")  # fmt: skip
@click.option("--mode", type=click.Choice(["quote", "model"]),
              help="Quote, or let the model write [default: model with --model, else quote].")  # fmt: skip
@json_option
@library_options
@reader_options
@model_options
def ask(
    question: str | None, questions: Path | None, mode: str | None, as_json: bool, settings: "Settings"
) -> None:
    """Answer a question from the library, with citations, or say that the documents do not."""
    if (question is None) == (questions is None):
        raise click.UsageError("give one question, or --input with a file of them")
    mode = mode or ("model" if given("model") else "quote")
    if mode == "quote":
        settings = replace(settings, model=None)
    with opened(settings) as library:
        need_documents(library)
        answerer = answerer_of(library, settings)
        if questions is not None:
            answer_lines(answerer, questions, mode)
            return
        answer = answerer.answer(question or "", mode=mode)
    if as_json:
        print_json(answer.to_json())
    else:
        terminal.print_answer(answer)


def need_documents(library: "Library") -> None:
    """Raises DocumentUnknown for an empty library, with the command that fills it."""
    if not library.catalog.passage_count():
        raise DocumentUnknown(f"the library {library.name} is empty; add documents with `cited ingest PATH`")


def answer_lines(answerer: "Answerer", path: Path, mode: str) -> None:
    """Answer a file of questions, one JSON line each; a line that is no question gets an error line."""
    try:
        text = sys.stdin.read() if str(path) == "-" else path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SourceUnreadable(f"the questions in {path} cannot be read: {error}") from error
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        row = None
        try:
            row = json.loads(line)
            if not isinstance(row, dict) or not isinstance(row.get("question"), str):
                raise ValueError("it has no field question that is a string")
            result = {"id": row.get("id"), **answerer.answer(row["question"], mode=mode).to_json()}
        except (ValueError, QuestionError) as error:
            name = row.get("id") if isinstance(row, dict) else None
            result = {"id": name, "error": f"line {number}: {error}"}
        click.echo(json.dumps(result, ensure_ascii=False))


@cited.command()
@click.argument("question")
@click.option("-k", "most", type=click.IntRange(1, 100), default=6, show_default=True, help="Passages.")
@json_option
@library_options
def search(question: str, most: int, as_json: bool, settings: "Settings") -> None:
    """Find passages and their linked footnotes, best first."""
    from app.answer import checked, document_order, hit_to_json
    from index.search import search as find

    with opened(settings) as library:
        need_documents(library)
        hits = find(library, checked(question), most)
    order = document_order(hits)
    if as_json:
        print_json([hit_to_json(hit, order[hit.passage.document_id]) for hit in hits])
        return
    terminal.print_hits(hits)
