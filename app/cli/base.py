"""What the commands share: the group, the options, the opened library, how results and messages are said."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from app.cli.output import ERROR, to_json
from ingest.errors import LibraryError

if TYPE_CHECKING:
    from app.answer import Answerer
    from app.settings import Settings
    from index.library import Library

__all__ = [
    "BROKEN_OFF", "ERROR", "answerer_of", "cited", "given", "json_option", "library_options", "model_options",
    "need_library", "opened", "print_json", "reader_options", "say",
]  # fmt: skip

BROKEN_OFF = 130


def library_options(command: Callable) -> Callable:
    """--library, --vectors and --embedding-model, handed on as one `settings`."""

    @click.option("--config", metavar="FILE", help="File of settings, TOML (CITED_CONFIG).")
    @click.option(
        "--library",
        metavar="FOLDER|URL",
        help="Folder of the library, or postgresql://USER@HOST/DATABASE (CITED_LIBRARY).",
    )
    @click.option(
        "--vectors", metavar="URL", help="Chroma server, of a library in PostgreSQL (CITED_VECTORS)."
    )
    @click.option("--embedding-model", metavar="NAME",
                  help="Embedding model, by name or folder (CITED_EMBEDDING_MODEL).")  # fmt: skip
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


def model_options(command: Callable) -> Callable:
    """--model, --endpoint, --context and --ask-anyway; of `settings` where library_options stands above."""
    options = (
        click.option("--model", metavar="NAME", help="Language model, or a GGUF file (CITED_MODEL)."),
        click.option("--endpoint", metavar="URL", help="OpenAI-compatible interface (CITED_ENDPOINT)."),
        click.option("--context", metavar="TOKENS", help="Tokens that the model takes (CITED_CONTEXT)."),
        click.option("--ask-anyway", is_flag=True, default=None,
                     help="Ask the model even where the reader finds no answer (CITED_ASK_ANYWAY)."),
    )  # fmt: skip
    for option in reversed(options):
        command = option(command)
    return command


def given(option: str) -> bool:
    """Whether an option of the running command stands on its command line."""
    from click.core import ParameterSource

    return click.get_current_context().get_parameter_source(option) == ParameterSource.COMMANDLINE


json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@contextmanager
def opened(settings: "Settings", make: bool = False) -> "Iterator[Library]":
    """The library of the settings, closed afterwards. make: also where there is none in the folder yet, which
    else raises LibraryError."""
    from index.embed import Embedder
    from index.library import Library

    if not make:
        need_library(settings)
    with Library(settings.place, Embedder(settings.embedding_model)) as library:
        yield library


def need_library(settings: "Settings", *files: str) -> None:
    """Raises LibraryError where the folder has no library, nor one of these files; says what to do."""
    from index.library import CATALOG, is_library

    place = settings.place
    if not isinstance(place, Path) or any(is_library(place, file) for file in (CATALOG, *files)):
        return
    if "library" not in settings.sources:
        raise LibraryError(f"there is no library yet in {place}; begin with `cited ingest PATH`")
    raise LibraryError(
        f"there is no library in {place}; name another folder with --library, or begin one there with "
        f"`cited ingest PATH --library {place}`"
    )


def answerer_of(library: "Library", settings: "Settings") -> "Answerer":
    """What answers from the library, with the reader and the language model of the settings."""
    from app.answer import Answerer
    from app.reader import load_reader

    answerer = Answerer(library, load_reader(settings.reader), settings.threshold)
    if settings.model:
        from app.llm import connect

        answerer.model = connect(settings.model, settings.endpoint, settings.api_key, settings.context)
        answerer.ask_anyway = settings.ask_anyway
    return answerer


def say(message: str) -> None:
    """A message for the person at the keyboard."""
    click.echo(message, err=True)


def print_json(value: object) -> None:
    """A result as JSON on standard output."""
    click.echo(to_json(value, indent=2))


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="cited", message="%(package)s %(version)s")
def cited() -> None:
    """Answers questions about your documents, and every answer carries citations you can check."""
