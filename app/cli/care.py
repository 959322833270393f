"""`cited backup`, `cited restore`, `cited doctor` and `cited rebuild`: keep a library, and mend it."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from app.cli.base import (
    ERROR,
    cited,
    json_option,
    library_options,
    model_options,
    opened,
    print_json,
    reader_options,
    say,
)
from app.report import counted

if TYPE_CHECKING:
    from app.settings import Settings

A_FILE = click.Path(path_type=Path)


@cited.command("settings")
@json_option
@library_options
@reader_options
@model_options
def show_settings(as_json: bool, settings: "Settings") -> None:
    """Show every setting, its value, and where it was set."""
    from app.settings import describe

    told = describe(settings)
    if as_json:
        print_json([{"name": name, "value": value, "from": source} for name, value, source in told])
    for name, value, source in () if as_json else told:
        click.echo(f"{name:18}{value:40} {source}")


@cited.command()
@library_options
def rebuild(settings: "Settings") -> None:
    """Cut and embed every document again, from the catalog: after a change of model, or damage."""
    from app.progress import progress_bar

    with opened(settings) as library, progress_bar("passages") as advance:
        count = library.rebuild(advance)
    say(f"rebuilt {counted(count, 'passage')} with {settings.embedding_model}")


@cited.command()
@click.argument("file", type=A_FILE)
@library_options
def backup(file: Path, settings: "Settings") -> None:
    """Write the library into one file, while a server may be running. A backup that is there is replaced."""
    from app.backup import back_up, in_folder

    made = back_up(in_folder(settings.place), file)
    say(
        f"backed up {counted(made.documents, 'document')} with {counted(made.passages, 'passage')} to {file} "
        f"({file.stat().st_size / 1e6:.1f} MB)"
    )


@cited.command()
@click.argument("file", type=A_FILE)
@click.option("--force", is_flag=True, help="Replace the library there, which is kept under another name.")
@library_options
def restore(file: Path, force: bool, settings: "Settings") -> None:
    """Make a library of a backup, in a new or empty folder."""
    from app.backup import in_folder
    from app.backup import restore as from_backup
    from app.progress import progress_bar
    from index.embed import Embedder

    with progress_bar("passages") as advance:
        folder = in_folder(settings.place)
        done = from_backup(file, folder, Embedder(settings.embedding_model), force, advance)
    made = done.manifest
    say(f"restored {counted(made.documents, 'document')} as of {made.made} to {settings.place}")
    if done.users:
        say(f"these users of the backup can log in: {', '.join(done.users)}")
    if done.rebuilt:
        say(f"every passage was embedded anew: the backup was made with {made.model}")
    if done.aside:
        say(f"the library that was there is now {done.aside}")


@cited.command()
@click.option("--repair", is_flag=True, help="Mend what can be mended without losing anything.")
@json_option
@library_options
@reader_options
@model_options
def doctor(repair: bool, as_json: bool, settings: "Settings") -> None:
    """Check that everything Cited needs is there and fits together."""
    from app.doctor import PROBLEM, examine

    findings = []
    for finding in examine(settings, repair):
        findings.append(finding)
        if not as_json:
            click.echo(f"{finding.status:<9} {finding.name:<16} {finding.message}")
    if as_json:
        print_json([finding.to_json() for finding in findings])
    if any(finding.status == PROBLEM for finding in findings):
        sys.exit(ERROR)
