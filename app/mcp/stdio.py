"""The MCP server on standard input and output, for an assistant that starts it as a program."""

import signal
import sys
from threading import Thread

import anyio
from mcp.server.stdio import stdio_server

from app.answer import Answerer
from app.mcp.server import server_of
from ingest.errors import CitedError


def serve_stdio(answerer: Answerer, read_only: bool = False) -> None:
    """Serve until standard input ends. Nothing but the protocol goes to standard output.

    The models load beside the first messages, which an assistant expects to be answered at once.
    """
    server = server_of(answerer, read_only, paths=True)

    async def serve() -> None:
        async with stdio_server() as (incoming, outgoing):
            await server.run(incoming, outgoing, server.create_initialization_options())

    # The thread that reads standard input cannot be woken; a library survives its process being ended.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    warming = Thread(target=_warm_up, args=(answerer,), name="models")
    warming.start()
    anyio.run(serve)
    warming.join()


def _warm_up(answerer: Answerer) -> None:
    try:
        answerer.warm_up()
    except CitedError as error:  # each question will be told, too
        print(f"cited: {error}", file=sys.stderr)
