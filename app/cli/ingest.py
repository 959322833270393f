"""`cited ingest`: documents into the library."""

import json
import math
import sys
from typing import TYPE_CHECKING

import click

from app.cli.base import BROKEN_OFF, ERROR, cited, json_option, library_options, opened, print_json, say

if TYPE_CHECKING:
    from app.settings import Settings


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
@click.option("--collection", metavar="NAME", help="Who may see them: users with this collection.")
@click.option("--allow-private", is_flag=True, help="Fetch from this machine and private networks, too.")
@click.option("--ray", metavar="ADDRESS",
              help="Read and embed over a Ray cluster: auto, local or HOST:PORT.")  # fmt: skip
@json_option
@library_options
def ingest(
    paths: tuple[str, ...], max_mb: float, globs: tuple[str, ...], ignored: tuple[str, ...], name: str,
    prune: bool, reread: bool, ocr: bool, ocr_language: str, collection: str | None, allow_private: bool,
    ray: str | None, as_json: bool, settings: "Settings",
) -> None:  # fmt: skip
    """Add files, every readable file of a folder, web pages, or standard input (-). What has not changed
    is left alone. Patterns are for names, or for paths below the folder where they hold a slash."""
    from app.ingesting import Wishes, ingest_paths
    from app.report import report
    from ingest.folders import Choice
    from ingest.ocr import Ocr

    if not math.isfinite(max_mb):
        raise click.BadParameter("a number of megabytes is needed", param_hint="--max-mb")
    if ocr_language and not ocr:
        raise click.UsageError("--ocr-language is for OCR: add --ocr")
    if name and "-" not in paths:
        raise click.UsageError("--name is for standard input: add - to the paths")
    recognising = Ocr(ocr_language or "eng") if ocr else None
    wishes = Wishes(
        Choice(globs, ignored),
        name,
        allow_private,
        prune,
        reread,
        ocr=recognising,
        collection=collection,
        ray=ray or "",
    )
    try:
        with opened(settings, make=True) as library:
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
