"""The command line: `cited`. Results go to standard output, messages to standard error.

Exit status: 0 done, 1 an error that the message explains, 2 wrong usage, 3 a gate that failed,
130 broken off with Ctrl-C.
Imports of everything slow stand inside the commands, so that --help answers at once.
"""

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from app.cli import ask, care, copy, documents, ingest, mcp, serve, users
from app.cli.base import ERROR, cited, say
from app.cli.output import spell_out, written_out
from ingest.errors import CitedError

if TYPE_CHECKING:
    from app.answer import Answerer
    from app.chat.evaluations import Evaluations

__all__ = ["ask", "care", "cited", "copy", "documents", "ingest", "main", "mcp", "serve", "users"]


def main(evaluations_of: "Callable[[Answerer], Evaluations] | None" = None) -> None:
    """Run the command line: every CitedError becomes a message and exit status 1. evaluations_of: makes the
    evaluations of the page, which this room knows nothing of."""
    spell_out()
    try:
        with written_out():
            cited(prog_name="cited", obj=evaluations_of)
    except CitedError as error:
        say(f"cited: {error}")
        sys.exit(ERROR)
