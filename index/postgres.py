"""The same as index/database.py in PostgreSQL: connections, transactions, and errors that say what to do.

Queries are written once, in SQL that both databases understand, and spelled for psycopg here. An
object-relational mapper would have put a third language in between; two sets of queries would have drifted
apart.

Connections are pooled and looked at before each use, so that a server that was started again is found again
without a restart here. A query that its connection did not survive is asked once more; a change is not.
"""

import logging
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from threading import local
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict
from psycopg.types.string import StrDumperUnknown
from psycopg_pool import ConnectionPool, PoolTimeout

from index.database import AMONG, Connection, Cursor, Database
from index.place import UNCLEAR, is_clear, shown
from ingest.errors import LibraryDamaged, LibraryError, LibraryMismatch, SettingsError

# What it says with each attempt to connect, the error at the end says once.
logging.getLogger("psycopg.pool").setLevel(logging.ERROR)
PARAMETER = re.compile(r"\?|(?<![:\w]):([a-z_]+)")
CONNECTIONS = 8
"""At most, of one process; the server's own limit is 100 by default, for all of them."""
PATIENCE = 5.0
"""Seconds to wait for a connection: a restart of the server takes one or two."""
OLDEST = 130000
"""Version 13, the first with what is used here."""
LIMITS = {
    "statement_timeout": "60s",
    "idle_in_transaction_session_timeout": "300s",  # whoever hangs in a change does not keep others waiting
    "tcp_keepalives_idle": "30",  # so that a machine that is gone is a writer that is gone
    "tcp_keepalives_interval": "10",
    "tcp_keepalives_count": "3",
    "jit": "off",  # compiling takes longer than our longest query
}
"""Of a session, where the URL says nothing else."""
CONNECTING = {
    "connect_timeout": "5",
    "application_name": "cited",
    "keepalives_idle": "30",
    "keepalives_interval": "10",
    "keepalives_count": "3",
}
TRY_LOCK = "SELECT pg_try_advisory_lock(hashtextextended(current_schema() || ' ' || ?, 0))"
LOCK_SCHEMA = "SELECT pg_advisory_xact_lock(hashtextextended(current_schema(), 0))"


class PostgresDatabase(Database):
    """One PostgreSQL database, or one schema of it (`?options=-csearch_path%3DNAME`); safe to use from
    several threads and processes at once. Raises as Database does, and SettingsError for a URL that is none.

    No message holds a password.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self._mine = local()
        self._how = _how(url)
        with self._translated():
            # Once by hand: the pool tells nobody why it has no connection.
            with self.connected() as db:
                encoding, version = db.info.parameter_status("server_encoding"), db.info.server_version
            self._pool: ConnectionPool[psycopg.Connection] = ConnectionPool(
                kwargs={**self._how, "autocommit": True, "prepare_threshold": None},
                min_size=1,
                max_size=CONNECTIONS,
                timeout=PATIENCE,
                reconnect_timeout=PATIENCE,
                check=ConnectionPool.check_connection,
                configure=_configured,
                open=True,
            )
        try:
            if encoding != "UTF8" or version < OLDEST:
                raise LibraryMismatch(
                    f"{self.name} is PostgreSQL {version // 10000} with encoding {encoding}, and Cited needs "
                    "13 or later and UTF8; make another: createdb --encoding=UTF8 --template=template0 NAME"
                )
            self._bring_up_to_date()
        except BaseException:
            self.close()
            raise

    @property
    def name(self) -> str:
        """The database in messages: its URL without a password."""
        return shown(self.url)

    def connected(self) -> psycopg.Connection:
        """A connection beside the pool, to be closed; each statement is a transaction."""
        connection = psycopg.connect(**self._how, autocommit=True)
        _configured(connection)
        return connection

    @contextmanager
    def only_one(self, name: str) -> Iterator[bool]:
        """Whether nobody else is within this, of the same name, for as long as it lasts."""
        with self._translated():
            line = self.connected()
            try:
                yield bool(line.execute(spelled(TRY_LOCK), (name,)).fetchall()[0][0])
            finally:
                line.close()

    def _made_by(self) -> str | None:
        there = "SELECT 1 FROM pg_tables WHERE schemaname = current_schema() AND tablename = 'about'"
        return self.about(self.version_name) if self.rows(there) else None

    @contextmanager
    def _change_of_schema(self) -> Iterator[Connection]:
        with self.change() as db:
            db.execute(LOCK_SCHEMA)
            db.execute("SET LOCAL statement_timeout = 0")
            yield db

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except (psycopg.errors.DataCorrupted, psycopg.errors.IndexCorrupted) as error:
            raise LibraryDamaged(
                f"the {self.kind} {self.name} is damaged ({_said(error)}); {self.way_out}"
            ) from error
        except (psycopg.IntegrityError, psycopg.DataError):  # a mistake of ours
            raise
        except psycopg.Error as error:
            raise LibraryError(
                f"the {self.kind} {self.name} cannot be used ({_said(error)}); see that PostgreSQL runs "
                "there and that this user may use the database, and try again"
            ) from error

    @contextmanager
    def _connection(self) -> Iterator[psycopg.Connection]:
        """That of the change under way in this thread, or one of the pool."""
        if under_way := getattr(self._mine, "change", None):
            yield under_way
            return
        try:
            connection = self._pool.getconn()
        except PoolTimeout:
            self.connected().close()  # raises what is the matter, if it is not that all are in use
            raise
        try:
            yield connection
        finally:
            self._pool.putconn(connection)

    @contextmanager
    def change(self) -> Iterator[Connection]:
        """One transaction: all of it, or nothing. One within another is a part of it."""
        before = getattr(self._mine, "change", None)
        with self._translated(), self._connection() as connection, connection.transaction():
            self._mine.change = connection
            try:
                yield _Change(connection)
            finally:
                self._mine.change = before

    def close(self) -> None:
        """Close the connections."""
        self._pool.close()

    def rows(self, query: str, *values: object, **named: object) -> list[tuple]:
        """As in SQLite; within a change, what that sees."""
        query, given = spelled(query), named or values or None
        with self._translated():
            with self._connection() as connection:
                try:
                    return connection.execute(query, given, binary=True).fetchall()
                except psycopg.errors.QueryCanceled:  # It took too long, and would again.
                    raise
                except psycopg.OperationalError:
                    if getattr(self._mine, "change", None):
                        raise
            with self._connection() as connection:
                return connection.execute(query, given, binary=True).fetchall()


class _Change:
    """A transaction under way, asked in the SQL of both databases."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self._connection = connection

    def execute(self, query: str, values: Sequence = (), /) -> Cursor:
        """Run a statement, with values for its `?`."""
        return self._connection.execute(spelled(query), values or None)

    def executemany(self, query: str, rows: Iterable[Sequence], /) -> None:
        """Run a statement for each row of values."""
        with self._connection.cursor() as cursor:
            cursor.executemany(spelled(query), rows)


class Text(StrDumperUnknown):
    """Texts as PostgreSQL takes them: a NUL, which it cannot hold, or half a character is replaced. No
    document has one; names and comments are from anyone."""

    def dump(self, obj: str) -> bytes:
        """As UTF-8."""
        return obj.replace("\0", "\ufffd").encode("utf-8", "replace")


def _configured(connection: psycopg.Connection) -> None:
    connection.adapters.register_dumper(str, Text)


@lru_cache(1000)
def spelled(query: str) -> str:
    """A query of both databases for psycopg: `?` and `:name` as its placeholders, `IN :names` as an array."""
    query = AMONG.sub(r"= ANY(\1)", query)
    return PARAMETER.sub(lambda found: f"%({found[1]})s" if found[1] else "%s", query)


def _how(url: str) -> dict[str, Any]:
    """How to connect. Raises SettingsError, which does not say what libpq does: that quotes the password."""
    try:
        said = {name: value for name, value in conninfo_to_dict(url).items() if value is not None}
    except psycopg.ProgrammingError:
        raise SettingsError(UNCLEAR) from None
    if not is_clear(url):
        raise SettingsError(UNCLEAR)
    options = " ".join(f"-c {name}={value}" for name, value in LIMITS.items())
    return {
        **CONNECTING,
        **said,
        "options": f"{options} {said.get('options', '')}",
        "client_encoding": "UTF8",
    }


def _said(error: psycopg.Error) -> str:
    """What PostgreSQL says, in one line."""
    return " ".join(str(error).split()) or type(error).__name__
