"""Standard output and error as they are: in whatever encoding, to a disk that may be full."""

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from errno import EDQUOT, EFBIG, EIO, ENOSPC, EPIPE
from io import TextIOWrapper
from typing import TextIO

import click

ERROR = 1
UNWRITABLE = (EDQUOT, EFBIG, EIO, ENOSPC, EPIPE)
"""What writing to an open file may fail with; errors of files that we open ourselves name the file."""


def spell_out() -> None:
    """Let signs that the encoding of an output lacks be written as escapes."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # and not what a program that calls us put in its place
            stream.reconfigure(errors="backslashreplace")


def to_json(value: object, indent: int | None = None) -> str:
    """A value as JSON, in ASCII where standard output is not UTF-8: other escapes would be no JSON."""
    encoding = (getattr(sys.stdout, "encoding", None) or "utf-8").lower()
    return json.dumps(value, ensure_ascii=not encoding.startswith("utf"), indent=indent)


@contextmanager
def written_out() -> Iterator[None]:
    """See that all that is printed is written. Where it cannot be, the program ends with status 1, and says
    why, but for a reader that has stopped reading."""
    try:
        try:
            yield
        finally:
            if sys.stdout is not None:
                sys.stdout.flush()
    except OSError as error:
        if error.filename is not None or error.errno not in UNWRITABLE:
            raise
        _let_go(sys.stdout)
        if error.errno != EPIPE:
            click.echo(f"cited: the output cannot be written: {error.strerror}", err=True)
        sys.exit(ERROR)


def _let_go(stream: TextIO) -> None:
    """Let the interpreter, which writes at its end what is left, write that to nowhere."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)
