"""A catalog and a list of users for each kind of database, so that one test holds both to the same."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.access.shared import SharedAccessStore
from app.access.store import AccessStore
from index.catalog import Catalog
from index.postgres import PostgresDatabase
from index.postgres_catalog import PostgresCatalog
from tests.servers import PostgresServer

BOTH = ("sqlite", "postgres")


def emptied(held: PostgresDatabase) -> None:
    """Take everything out of a database but what its schema says of itself, quicker than a new one."""
    tables = "SELECT tablename FROM pg_tables WHERE schemaname = current_schema() AND tablename <> 'about'"
    names = ", ".join(row[0] for row in held.rows(tables))
    with held.change() as db:
        db.execute(f"TRUNCATE {names} RESTART IDENTITY")
        db.execute("DELETE FROM about WHERE name NOT LIKE 'schema%'")


@pytest.fixture(scope="session")
def database(postgres: PostgresServer) -> str:
    """The address of a database that is emptied for each test with `catalog` or `store`."""
    return postgres.database()


@pytest.fixture(params=BOTH)
def catalog(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Catalog]:
    """An empty catalog, in SQLite and in PostgreSQL."""
    if request.param == "sqlite":
        opened = Catalog(tmp_path / "catalog.sqlite")
    else:
        opened = PostgresCatalog(request.getfixturevalue("database"))
        emptied(opened)
    yield opened
    opened.close()


@pytest.fixture(params=BOTH)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[AccessStore]:
    """An empty list of users, in SQLite and in PostgreSQL."""
    if request.param == "sqlite":
        opened = AccessStore(tmp_path)
    else:
        opened = SharedAccessStore(request.getfixturevalue("database"))
        emptied(opened)
    yield opened
    opened.close()
