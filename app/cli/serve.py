"""`cited serve`: the page, the HTTP interface and MCP in one process."""

from collections.abc import Callable
from contextlib import closing
from typing import TYPE_CHECKING

import click

from app.cli.base import answerer_of, cited, library_options, model_options, opened, reader_options, say

if TYPE_CHECKING:
    from app.answer import Answerer
    from app.chat.evaluations import Evaluations
    from app.settings import Settings


def server_options(command: Callable) -> Callable:
    """Where to listen, and what to tell of it; of `settings`."""
    levels = click.Choice(["debug", "info", "warning", "error"])
    options = (
        click.option("--host", metavar="NAME", help="Where to listen (CITED_HOST) [default: 127.0.0.1]."),
        click.option("--port", type=click.IntRange(0, 65535),
                     help="0: any that is free (CITED_PORT) [default: 7860]."),
        click.option("--unix", metavar="PATH", help="Listen at a Unix socket in their place (CITED_UNIX)."),
        click.option("--certificate", metavar="FILE", help="PEM file, for TLS (CITED_CERTIFICATE)."),
        click.option("--certificate-key", metavar="FILE", help="Its key (CITED_CERTIFICATE_KEY)."),
        click.option("--behind-proxy", multiple=True, metavar="NETWORK",
                     help="Believe the forwarded headers of these proxies (CITED_BEHIND_PROXY); repeat."),
        click.option("--log-format", type=click.Choice(["text", "json"]), help="(CITED_LOG_FORMAT)"),
        click.option("--log-level", type=levels, help="The least that is told (CITED_LOG_LEVEL)."),
        click.option("--log-questions", is_flag=True, default=None,
                     help="Questions may stand in the log (CITED_LOG_QUESTIONS)."),
        click.option("--traces", metavar="URL", help="Where OpenTelemetry traces go (CITED_TRACES)."),
    )  # fmt: skip
    for option in reversed(options):
        command = option(command)
    return command


@cited.command()
@server_options
@click.option("--no-authentication", is_flag=True,
              help="Let everybody who reaches the server read, change and delete everything.")  # fmt: skip
@click.option("--samples", is_flag=True, help="Put the sample articles into an empty library first.")
@library_options
@reader_options
@model_options
@click.pass_obj
def serve(
    evaluations_of: "Callable[[Answerer], Evaluations] | None",
    no_authentication: bool,
    samples: bool,
    settings: "Settings",
) -> None:
    """Open the page, the HTTP interface (/docs) and MCP (/mcp)."""
    from app import logs, tracing
    from app.listening import listen

    logs.begin(settings.log_format, settings.log_level, settings.log_questions)
    if settings.traces:
        tracing.begin(settings.traces)
    listening = listen(
        settings.host, settings.port, unix=settings.unix,
        certificate=settings.certificate, key=settings.certificate_key,
    )  # fmt: skip
    from app.ingesting import ingest_paths, samples_folder
    from app.serving import access_of
    from app.serving import serve as serve_all

    try:
        access = access_of(settings, no_authentication)
        with closing(access.store), opened(settings, make=True) as library:
            library.own()
            if samples and not library.entries():
                say("adding the sample articles")
                ingest_paths(library, [samples_folder()])
            serve_all(answerer_of(library, settings), evaluations_of, settings, access, listening)
    finally:
        listening.close()
        tracing.end()
