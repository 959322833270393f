"""The command line: `cited`. Results go to standard output, messages to standard error.

Exit status: 0 done, 1 an error that the message explains, 2 wrong usage, 3 a gate that failed,
130 broken off with Ctrl-C.
Imports of everything slow stand inside the commands, so that --help answers at once.
"""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from app import terminal
from ingest.errors import CitedError, DocumentUnknown, QuestionError, SourceUnreadable

if TYPE_CHECKING:
    from app.answer import Answerer
    from app.chat.evaluations import Evaluations
    from app.settings import Settings
    from index.library import Library

ERROR = 1
BROKEN_OFF = 130


def library_options(command: Callable) -> Callable:
    """--library and --model, handed on as one `settings`."""

    @click.option("--library", metavar="FOLDER", help="Folder of the library (CITED_LIBRARY).")
    @click.option("--model", metavar="NAME", help="Embedding model, by name or folder (CITED_MODEL).")
    @wraps(command)
    def with_settings(**given: Any) -> Any:
        from app.settings import NAMES, load

        asked = {name: given.pop(name) for name in NAMES if name in given}
        return command(settings=load(**asked), **given)

    return with_settings


def reader_options(command: Callable) -> Callable:
    """--reader and --threshold; of `settings` where library_options stands above."""
    reader = click.option("--reader", metavar="NAME", help="Reader, by name or folder (CITED_READER).")
    threshold = click.option(
        "--threshold", metavar="P", help="Refuse below this confidence, 0 to 1 (CITED_THRESHOLD)."
    )
    return reader(threshold(command))


json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@contextmanager
def opened(settings: "Settings") -> "Iterator[Library]":
    """The library of the settings, closed afterwards."""
    from index.embed import Embedder
    from index.library import Library

    with Library(settings.library, Embedder(settings.model)) as library:
        yield library


def answerer_of(library: "Library", settings: "Settings") -> "Answerer":
    """What answers from the library, with the reader of the settings."""
    from app.answer import Answerer
    from app.reader import load_reader

    return Answerer(library, load_reader(settings.reader), settings.threshold)


def say(message: str) -> None:
    """A message for the person at the keyboard."""
    click.echo(message, err=True)


def print_json(value: object) -> None:
    """A result as JSON on standard output."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=2))


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="cited", message="%(package)s %(version)s")
def cited() -> None:
    """Answers questions about your documents, and every answer carries citations you can check."""


@cited.command()
@click.argument("paths", nargs=-1, required=True, metavar="PATH|URL|-…")
@click.option("--max-mb", type=click.FloatRange(min=0, min_open=True), default=20, show_default=True,
              help="Largest file read.")  # fmt: skip
@click.option(
    "--glob", "globs", multiple=True, metavar="PATTERN", help="Of folders, only such files; repeat."
)
@click.option("--ignore", "ignored", multiple=True, metavar="PATTERN", help="Of folders, no such files.")
@click.option("--name", default="", metavar="FILE", help="Title and format of standard input: notes.md.")
@click.option("--prune", is_flag=True, help="Remove documents whose files are gone from the folders.")
@click.option("--reread", is_flag=True, help="Read files again that have not changed since.")
@click.option("--ocr", is_flag=True, help="Recognise the pages of PDFs that have no text (scans).")
@click.option("--ocr-language", default="", metavar="LANGUAGES",
              help="What the scans are written in: eng (default), or several: eng+kor.")  # fmt: skip
@click.option("--allow-private", is_flag=True, help="Fetch from this machine and private networks, too.")
@json_option
@library_options
def ingest(
    paths: tuple[str, ...], max_mb: float, globs: tuple[str, ...], ignored: tuple[str, ...], name: str,
    prune: bool, reread: bool, ocr: bool, ocr_language: str, allow_private: bool, as_json: bool,
    settings: "Settings",
) -> None:  # fmt: skip
    """Add files, every readable file of a folder, web pages, or standard input (-). What has not changed
    is left alone. Patterns are for names, or for paths below the folder where they hold a slash."""
    from app.ingesting import Wishes, ingest_paths
    from app.report import report
    from ingest.folders import Choice
    from ingest.ocr import Ocr

    if ocr_language and not ocr:
        raise click.UsageError("--ocr-language is for OCR: add --ocr")
    if name and "-" not in paths:
        raise click.UsageError("--name is for standard input: add - to the paths")
    recognising = Ocr(ocr_language or "eng") if ocr else None
    wishes = Wishes(Choice(globs, ignored), name, allow_private, prune, reread, ocr=recognising)
    try:
        with opened(settings) as library:
            done = ingest_paths(library, paths, int(max_mb * 1e6), wishes)
    except KeyboardInterrupt:
        say("stopped at once; the same command goes on with what is not in the library yet")
        sys.exit(BROKEN_OFF)
    if as_json:
        print_json([line.to_json() for line in done.lines])
        say(json.dumps({"summary": done.summary()}, ensure_ascii=False))
    else:
        report(done)
    if done.left:
        sys.exit(BROKEN_OFF)
    if done.count("failed"):
        sys.exit(ERROR)


@cited.command()
@click.argument("question", required=False)
@click.option("--input", "questions", type=click.Path(path_type=Path, allow_dash=True),
              help="Answer every line of a JSON Lines file: {\"id\": …, \"question\": …}.")  # fmt: skip
@json_option
@library_options
@reader_options
def ask(question: str | None, questions: Path | None, as_json: bool, settings: "Settings") -> None:
    """Answer a question from the library, with citations, or say that the documents do not."""
    if (question is None) == (questions is None):
        raise click.UsageError("give one question, or --input with a file of them")
    with opened(settings) as library:
        need_documents(library)
        answerer = answerer_of(library, settings)
        if questions is not None:
            answer_lines(answerer, questions)
            return
        answer = answerer.answer(question or "")
    if as_json:
        print_json(answer.to_json())
    else:
        terminal.print_answer(answer)


def need_documents(library: "Library") -> None:
    """Raises DocumentUnknown for an empty library, with the command that fills it."""
    if not library.catalog.passage_count():
        raise DocumentUnknown(
            f"the library {library.folder} is empty; add documents with `cited ingest PATH`"
        )


def answer_lines(answerer: "Answerer", path: Path) -> None:
    """Answer a file of questions, one JSON line each; a line that is no question gets an error line."""
    try:
        text = sys.stdin.read() if str(path) == "-" else path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SourceUnreadable(f"the questions in {path} cannot be read: {error}") from error
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        row = None
        try:
            row = json.loads(line)
            if not isinstance(row, dict) or not isinstance(row.get("question"), str):
                raise ValueError("it has no field question that is a string")
            result = {"id": row.get("id"), **answerer.answer(row["question"]).to_json()}
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


@cited.command("list")
@json_option
@library_options
def list_documents(as_json: bool, settings: "Settings") -> None:
    """List the documents of the library."""
    with opened(settings) as library:
        entries = library.entries()
    if as_json:
        print_json([asdict(entry) for entry in entries])
    elif entries:
        terminal.print_entries(entries)
    else:
        say(f"the library {settings.library} is empty; add documents with `cited ingest PATH`")


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
@click.argument("documents", nargs=-1, required=True, metavar="DOCUMENT…")
@library_options
def delete(documents: tuple[str, ...], settings: "Settings") -> None:
    """Delete documents, by id, title or path."""
    with opened(settings) as library:
        for name in dict.fromkeys([library.find(name) for name in documents]):
            library.delete(name)
            say(f"deleted {name}")


@cited.command()
@library_options
def rebuild(settings: "Settings") -> None:
    """Cut and embed every document again, from the catalog: after a change of model, or damage."""
    from app.progress import progress_bar

    with opened(settings) as library, progress_bar("passages") as advance:
        count = library.rebuild(advance)
    say(f"rebuilt {count} passages with {settings.model}")


@cited.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", type=click.IntRange(0, 65535), default=7860, show_default=True)
@click.option("--samples", is_flag=True, help="Put the sample articles into an empty library first.")
@library_options
@reader_options
@click.pass_obj
def serve(
    evaluations_of: "Callable[[Answerer], Evaluations] | None",
    host: str,
    port: int,
    samples: bool,
    settings: "Settings",
) -> None:
    """Open the page: ask and read, the library, evaluations."""
    from app.chat.page import serve as serve_page
    from app.ingesting import ingest_paths, samples_folder

    with opened(settings) as library:
        library.own()
        if samples and not library.entries():
            say("adding the sample articles")
            ingest_paths(library, [samples_folder()])
        answerer = answerer_of(library, settings)
        serve_page(answerer, host, port, evaluations_of(answerer) if evaluations_of else None)


@cited.command()
@library_options
@reader_options
def doctor(settings: "Settings") -> None:
    """Check that everything Cited needs is there and fits together."""
    from app.doctor import examine
    from app.reader import load_reader

    with opened(settings) as library:
        healthy = examine(library, load_reader(settings.reader))
    if not healthy:
        sys.exit(ERROR)


def main(evaluations_of: "Callable[[Answerer], Evaluations] | None" = None) -> None:
    """Run the command line: every CitedError becomes a message and exit status 1. evaluations_of: makes the
    evaluations of the page, which this room knows nothing of."""
    try:
        cited(prog_name="cited", obj=evaluations_of)
    except CitedError as error:
        say(f"cited: {error}")
        sys.exit(ERROR)
