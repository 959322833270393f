"""`cited user`, `cited key`, `cited collection`: who may use a library that is served, and see what of it."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from app.cli.base import cited, json_option, library_options, need_library, opened, print_json, say

if TYPE_CHECKING:
    from app.access.audit import Audit
    from app.access.store import AccessStore
    from app.settings import Settings

NONE_YET = "there are no users: whoever reaches `cited serve` may do everything"


@cited.group()
def user() -> None:
    """Users of a library that is served: once there is one, everybody must log in."""


@user.command("add")
@click.argument("name")
@click.option("--role", type=click.Choice(["reader", "editor"]), required=True,
              help="Editors change documents, readers ask and read.")  # fmt: skip
@click.option("--collection", "collections", multiple=True, metavar="NAME",
              help="See only this one, beside everyone's; repeat [default: all].")  # fmt: skip
@library_options
def add_user(name: str, role: str, collections: tuple[str, ...], settings: "Settings") -> None:
    """Add a user; the password comes from a prompt, or from standard input."""
    with _store(settings, make=True) as (store, audit):
        first = not store.users()
        store.add_user(name, _password(), role, collections)  # type: ignore[arg-type]  # click checks it
        audit.note("add user", name)
    say(
        f"added {name}, {role}" + (f", who sees {', '.join(sorted(set(collections)))}" if collections else "")
    )
    if first:
        say("from its next start on, `cited serve` asks everybody to log in")


@user.command("list")
@json_option
@library_options
def list_users(as_json: bool, settings: "Settings") -> None:
    """List the users."""
    with _store(settings) as (store, _):
        users = store.users()
    if as_json:
        rows = [asdict(u) | {"collections": u.collections and sorted(u.collections)} for u in users]
        print_json(rows)
        return
    for u in users:
        seen = "everything" if u.collections is None else ", ".join(sorted(u.collections))
        click.echo(f"{u.name}  {u.role}  {seen}  {u.made[:16]}")
    if not users:
        say(NONE_YET)


@user.command("remove")
@click.argument("name")
@library_options
def remove_user(name: str, settings: "Settings") -> None:
    """Remove a user, with keys and sessions."""
    with _store(settings) as (store, audit):
        store.remove_user(name)
        audit.note("remove user", name)
        left = store.users()
    say(f"removed {name}")
    if not left:
        say(NONE_YET)


@user.command("passwd")
@click.argument("name")
@library_options
def set_password(name: str, settings: "Settings") -> None:
    """Set a user's password anew, and end the user's sessions."""
    with _store(settings) as (store, audit):
        store.set_password(name, _password())
        audit.note("set password", name)
    say(f"set the password of {name}")


@cited.group()
def key() -> None:
    """API keys, for programs: each acts as its user."""


@key.command("add")
@click.argument("name")
@library_options
def add_key(name: str, settings: "Settings") -> None:
    """Make a key of a user and print it; it is never shown again."""
    with _store(settings) as (store, audit):
        made = store.add_key(name)
        audit.note("add key", name)
    click.echo(made)
    say("keep it now, it cannot be shown again; programs send it as «Authorization: Bearer KEY»")


@key.command("list")
@json_option
@library_options
def list_keys(as_json: bool, settings: "Settings") -> None:
    """List the keys by what names them, which opens nothing."""
    with _store(settings) as (store, _):
        keys = store.keys()
    if as_json:
        print_json([asdict(k) for k in keys])
        return
    for k in keys:
        click.echo(f"{k.id}  {k.user}  {k.made[:16]}")
    if not keys:
        say("there are no keys; `cited key add NAME` makes one")


@key.command("revoke")
@click.argument("key_id", metavar="ID")
@library_options
def revoke_key(key_id: str, settings: "Settings") -> None:
    """Let a key open nothing any more, by what names it in `cited key list`."""
    with _store(settings) as (store, audit):
        store.revoke_key(key_id)
        audit.note("revoke key", key_id)
    say(f"revoked {key_id}")


@cited.group()
def collection() -> None:
    """Collections: who may see a document; without one, everybody who may see the library."""


@collection.command("move")
@click.argument("document")
@click.argument("name")
@library_options
def move(document: str, name: str, settings: "Settings") -> None:
    """Put a document, by id, title or path, into a collection; "" is everyone's."""
    with opened(settings) as library:
        found = library.find(document)
        moved = library.move(found, name)
        if moved:
            with _store(settings) as (_, audit):
                audit.note("move", found)
    say(f"{'moved' if moved else 'unchanged:'} {found} {'to' if moved else 'is in'} {name or 'everyone’s'}")


@collection.command("list")
@json_option
@library_options
def list_collections(as_json: bool, settings: "Settings") -> None:
    """List the collections, with how many documents each has."""
    with opened(settings) as library:
        found = library.catalog.collections()
    if as_json:
        print_json([{"collection": name, "documents": count} for name, count in found.items()])
        return
    for name, count in found.items():
        click.echo(f"{name or '(everyone’s)'}  {count}")


@contextmanager
def _store(settings: "Settings", make: bool = False) -> "Iterator[tuple[AccessStore, Audit]]":
    """The users of the library, who may be there before it is. make: also where there is neither."""
    from app.access.store import FILE, open_store

    if not make:
        need_library(settings, FILE)
    store = open_store(settings.place)
    try:
        yield store, store.audit
    finally:
        store.close()


def _password() -> str:
    """From a prompt, twice, or the first line of standard input."""
    if sys.stdin.isatty():
        return click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    return sys.stdin.readline().rstrip("\r\n")
