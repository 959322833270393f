"""`cited mcp`: the library for an assistant that speaks the Model Context Protocol."""

from typing import TYPE_CHECKING

import click

from app.cli.base import answerer_of, cited, library_options, model_options, need_library, reader_options
from ingest.errors import LibraryBusy

if TYPE_CHECKING:
    from app.settings import Settings

PATIENCE = 2.0
"""Seconds to wait for another process; an assistant gives up on a server that is silent for long."""


@cited.command()
@click.option("--read-only", is_flag=True, help="Offer no tool that changes the library.")
@library_options
@reader_options
@model_options
def mcp(read_only: bool, settings: "Settings") -> None:
    """Serve the library to an assistant over standard input and output (Model Context Protocol)."""
    from app.mcp import serve_stdio
    from index.embed import Embedder
    from index.library import Library

    if read_only:
        need_library(settings)
    with Library(settings.place, Embedder(settings.embedding_model), PATIENCE) as library:
        try:
            library.own()
        except LibraryBusy as error:
            raise LibraryBusy(
                f"{error}. Where that is `cited serve`, connect to it in place of this program: its address "
                "with /mcp behind it (http://127.0.0.1:7860/mcp, or its own --host and --port)"
            ) from error
        serve_stdio(answerer_of(library, settings), read_only)
