"""Users, sessions, failed attempts and the audit log of a library on servers: tables beside its catalog, so
that any number of `cited serve` hold to the same ones."""

from collections.abc import Mapping

from app.access.audit import Audit
from app.access.store import AccessStore
from app.access.throttle import Throttle
from index.postgres import PostgresDatabase

SCHEMA = """
CREATE TABLE IF NOT EXISTS about (name TEXT COLLATE "C" PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE users (
    name TEXT COLLATE "C" PRIMARY KEY, role TEXT NOT NULL, collections TEXT, password TEXT NOT NULL,
    made TEXT NOT NULL
);
CREATE TABLE keys (hash TEXT PRIMARY KEY, "user" TEXT COLLATE "C" NOT NULL, made TEXT NOT NULL);
CREATE TABLE sessions (hash TEXT PRIMARY KEY, "user" TEXT NOT NULL, expires DOUBLE PRECISION NOT NULL);
CREATE TABLE attempts (
    kind TEXT, key TEXT, count INTEGER NOT NULL, last DOUBLE PRECISION NOT NULL, PRIMARY KEY (kind, key)
);
CREATE INDEX attempts_by_time ON attempts (kind, last);
CREATE TABLE audit (
    number BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, at TEXT NOT NULL, who TEXT NOT NULL,
    address TEXT NOT NULL, action TEXT NOT NULL, what TEXT NOT NULL, outcome TEXT NOT NULL
)
"""
ADD_LINE = """
INSERT INTO audit (at, who, address, action, what, outcome) VALUES (?, ?, ?, ?, ?, ?) RETURNING number
"""
KEPT = 500_000
"""Lines of the audit log, as many as its files hold."""
NOW = "SELECT extract(epoch FROM clock_timestamp())::float8"
"""The server's clock, as those of several machines differ."""


class SharedAccessStore(PostgresDatabase, AccessStore):
    """The users of a library, by the URL of its catalog."""

    kind = "list of users"
    schema, schema_version, upgrades = SCHEMA, "1", {}
    version_name = "schema of users"
    way_out = "restore the database from a copy"

    @property
    def audit(self) -> "SharedAudit":
        """The audit log of the library."""
        return SharedAudit(self)

    def throttle(self, kind: str, longest: float) -> "SharedThrottle":
        """Counts attempts by keys of this kind, of all servers together."""
        return SharedThrottle(self, kind, longest)


class SharedAudit(Audit):
    """The audit log as a table."""

    def __init__(self, store: PostgresDatabase) -> None:
        self.store = store

    def _write(self, line: Mapping[str, str]) -> None:
        values = [line[name] for name in ("at", "who", "address", "action", "what", "outcome")]
        with self.store.change() as db:
            (number,) = db.execute(ADD_LINE, values).fetchone()
            if number % 1000 == 0:
                db.execute("DELETE FROM audit WHERE number <= ?", (number - KEPT,))


class SharedThrottle(Throttle):
    """Attempts as a table."""

    def __init__(self, store: PostgresDatabase, kind: str, longest: float) -> None:
        super().__init__(longest)
        self.store = store
        self.kind = kind

    def attempt(self, key: str) -> float:
        """As in one process."""
        with self.store.change() as db:
            new = "INSERT INTO attempts VALUES (?, ?, 0, 0) ON CONFLICT DO NOTHING"
            db.execute(new, (self.kind, key))
            before = "SELECT count, last FROM attempts WHERE kind = ? AND key = ? FOR UPDATE"
            count, last = db.execute(before, (self.kind, key)).fetchone()
            (now,) = db.execute(NOW).fetchone()
            left, count, last = self.judged(count, last, now)
            after = "UPDATE attempts SET count = ?, last = ? WHERE kind = ? AND key = ?"
            db.execute(after, (count, last, self.kind, key))
        with self.store.change() as db:
            db.execute(
                "DELETE FROM attempts WHERE kind = ? AND last < ?", (self.kind, now - 2 * self.longest)
            )
        return left

    def undo(self, key: str) -> None:
        """As in one process."""
        less = "UPDATE attempts SET count = greatest(0, count - 1) WHERE kind = ? AND key = ?"
        with self.store.change() as db:
            db.execute(less, (self.kind, key))

    def forget(self, key: str) -> None:
        """As in one process."""
        with self.store.change() as db:
            db.execute("DELETE FROM attempts WHERE kind = ? AND key = ?", (self.kind, key))
