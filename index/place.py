"""Where a library is: in a folder, or on servers. Knows nothing of what is there.

A library on servers has two addresses: of the database that holds the catalog and the users, and of the
Chroma server that holds the vectors.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeGuard
from urllib.parse import parse_qsl, urlencode, urlsplit

from ingest.errors import SettingsError

DATABASE = ("postgresql://", "postgres://")
VECTORS = ("http://", "https://")
TOLD = ("host", "port", "user", "dbname", "service", "options")
"""Of an address's query, what may be shown, and which tells one library from another."""

UNCLEAR = (
    "the address of the library is not clear: write postgresql://USER:PASSWORD@HOST:PORT/DATABASE with %40 "
    "for an @ in the user or password, %2F for a / and %3A for a :, or keep the password in PGPASSWORD or "
    "~/.pgpass"
)


@dataclass(frozen=True, slots=True)
class Servers:
    """catalog: URL of a PostgreSQL database, as libpq reads it; may hold a password. vectors: URL of a Chroma
    server. token: for that. Shown, as text, without secrets."""

    catalog: str = field(repr=False)
    vectors: str = field(repr=False)
    token: str | None = field(default=None, repr=False)

    @property
    def name(self) -> str:
        """The library in messages: the URL of its catalog, without a password."""
        return shown(self.catalog)

    def __str__(self) -> str:
        return self.name


Place = Path | Servers


def is_url(library: object) -> TypeGuard[str]:
    """Whether this is the address of a database, and no folder."""
    return isinstance(library, str) and library.startswith(DATABASE)


def place_of(library: Path | str, vectors: str | None = None, token: str | None = None) -> Place:
    """What --library and --vectors mean. Raises SettingsError where they do not fit together."""
    if not is_url(library):
        if vectors:
            raise SettingsError(
                f"the vectors of a library in a folder are in that folder, and --vectors {shown(vectors)} is "
                "for a library in PostgreSQL; leave it out, or add --library postgresql://USER@HOST/DATABASE"
            )
        return Path(library)
    if not is_clear(library):
        raise SettingsError(UNCLEAR)
    if not vectors:
        raise SettingsError(
            f"the library {shown(library)} needs a Chroma server for its vectors; "
            "add --vectors http://HOST:PORT (CITED_VECTORS), where `chroma run` is"
        )
    if not vectors.startswith(VECTORS) or not urlsplit(vectors).hostname:
        raise SettingsError(
            f"--vectors is the URL of a Chroma server, http://HOST:PORT, not {shown(vectors)}"
        )
    return Servers(library, vectors, token)


def is_clear(url: str) -> bool:
    """Whether there is no doubt where a password in a URL ends: at the only @, which is before any / or ?."""
    rest = url.partition("://")[2]
    return rest.count("@") == re.split("[/?#]", rest)[0].count("@") <= 1


def shown(url: str) -> str:
    """A URL without its password, and without what else of it may be secret."""
    scheme, _, rest = url.partition("://")
    if not is_clear(url):
        return f"{scheme}://…"
    place, _, query = rest.partition("?")
    authority, slash, path = place.partition("/")
    login, at, host = authority.rpartition("@")
    told = urlencode([(name, value) for name, value in parse_qsl(query) if name in TOLD], safe="/")
    user = login.partition(":")[0]
    return f"{scheme}://{user}{at}{host}{slash}{path}{'?' if told else ''}{told}"
