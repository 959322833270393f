"""`cited doctor`: is everything there, and does it fit together?"""

from collections.abc import Callable

import click

from app.reader import AnyReader
from app.reader.choose import Decision
from app.reader.model import Window
from index.library import Library
from ingest.errors import CitedError, ModelError


def examine(library: Library, reader: AnyReader) -> bool:
    """Print a line a check; True where all passed."""
    checks: list[tuple[str, Callable[[], str]]] = [
        ("library", lambda: f"{library.folder}, {len(library.entries())} documents"),
        ("embedding model", lambda: f"{library.embedder.fingerprint}, {_dimension(library)} dimensions"),
        ("vectors", lambda: f"{library.vectors.count()} of {library.catalog.passage_count()} passages"),
        ("reader", lambda: f"{reader.fingerprint}, {_reads(reader)}"),
        ("decision", lambda: f"refuses below {Decision.load(reader.decision).threshold:.2f}"),
    ]
    healthy = True
    for name, check in checks:
        try:
            click.echo(f"ok      {name:<16} {check()}")
        except CitedError as error:
            healthy = False
            click.echo(f"FAILED  {name:<16} {error}")
    return healthy


def _dimension(library: Library) -> int:
    return len(library.embedder.question("test"))


def _reads(reader: AnyReader) -> str:
    window = Window("", ("The bridge was opened in 1932.", "Rain fell all day."))
    reading = reader.read("When was the bridge opened?", [window])[0]
    if reading.evidence[0] <= reading.evidence[1]:
        raise ModelError("the reader takes the wrong sentence for evidence; install Cited again")
    return "reads"
