"""`cited copy`: a library to another place."""

from pathlib import Path
from typing import Any

import click

from app.cli.base import cited, say
from app.report import counted


@cited.command("copy")
@click.argument("source", metavar="FROM")
@click.argument("target", metavar="TO")
@click.option("--merge", is_flag=True, help="Whatever the target holds; its other documents stay.")
@click.option("--vectors", metavar="URL", help="Chroma server, of the one in PostgreSQL (CITED_VECTORS).")
@click.option("--from-vectors", metavar="URL", help="Chroma server of FROM, where both are in PostgreSQL.")
@click.option("--config", metavar="FILE", help="File of settings, TOML (CITED_CONFIG).")
@click.option("--embedding-model", metavar="NAME",
              help="Embedding model, by name or folder (CITED_EMBEDDING_MODEL).")  # fmt: skip
def copy_library(source: str, target: str, merge: bool, from_vectors: str | None, **given: Any) -> None:
    """Copy a library, folder or postgresql://USER@HOST/DATABASE, to another place, which is empty or holds a
    part of it: documents and vectors, collections, feedback, users and keys. May be run again where it was
    interrupted."""
    from app.copying import copy
    from app.progress import progress_bar
    from app.settings import load
    from index.embed import Embedder
    from index.place import Place, is_url, place_of

    on_servers = next((name for name in (target, source) if is_url(name)), None)
    settings = load(library=on_servers, **given)

    def place(named: str, vectors: str | None) -> Place:
        if not is_url(named):
            return Path(named).expanduser()
        return place_of(named, vectors, settings.vectors_token)

    giving, taking = place(source, from_vectors or settings.vectors), place(target, settings.vectors)
    with progress_bar("passages") as advance:
        done = copy(giving, taking, Embedder(settings.embedding_model), merge, advance)
    say(
        f"copied {counted(done.documents, 'document')} with {counted(done.passages, 'passage')} to {taking}, "
        f"of which {done.present} were there; {counted(done.remarks, 'remark')} of readers, "
        f"{counted(done.users, 'user')}"
    )
    say(f"checked: everything is there, with its vectors; fingerprint {done.fingerprint}")
