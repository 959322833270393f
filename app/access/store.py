"""Users, API keys and sessions, in a file of their own in the library's folder; of a library on servers,
app/access/shared.py keeps them.

Nothing in it lets anyone in: of passwords, keys and sessions only hashes are kept. There is no user until
one is added.
"""

import json
import os
import re
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from app.access.audit import Audit
from app.access.passwords import digest, fits, hashed, new_key, new_session
from app.access.principal import ROLES, Principal, Role
from app.access.throttle import Throttle
from index.database import Database
from index.place import Place, Servers
from index.visible import COLLECTION
from ingest.errors import LibraryError, SettingsError

FILE = "access.sqlite"
OWN_ONLY = 0o600
NAME = re.compile(r"[a-z0-9][a-z0-9._@-]{0,62}")
SESSION_SECONDS = 7 * 86_400
SCHEMA = """
CREATE TABLE IF NOT EXISTS about (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS users (
    name TEXT PRIMARY KEY, role TEXT NOT NULL, collections TEXT, password TEXT NOT NULL, made TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS keys (
    hash TEXT PRIMARY KEY, user TEXT NOT NULL, made TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS sessions (
    hash TEXT PRIMARY KEY, user TEXT NOT NULL, expires REAL NOT NULL
) WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True)
class User:
    """A line of the list of users. collections: None for all. made: UTC, ISO 8601."""

    name: str
    role: Role
    collections: frozenset[str] | None
    made: str

    @property
    def principal(self) -> Principal:
        """Who asks, when this user does."""
        return Principal(self.name, self.role, self.collections)


@dataclass(frozen=True, slots=True)
class Key:
    """An API key as it is listed. id: names it, and opens nothing."""

    id: str
    user: str
    made: str


class AccessStore(Database):
    """The users of a library, by its folder. Several processes may have it open; what one changes, the others
    hold to at once."""

    kind = "list of users"
    schema, schema_version, upgrades = SCHEMA, "1", {}
    way_out = f"restore it from a copy, or remove {FILE} and add the users again"

    def __init__(self, folder: Path) -> None:
        path = folder / FILE
        try:
            folder.mkdir(parents=True, exist_ok=True)
            if os.access(folder, os.W_OK):
                os.close(os.open(path, os.O_CREAT | os.O_RDWR, OWN_ONLY))
                path.chmod(OWN_ONLY)
        except OSError as error:
            raise LibraryError(f"the list of users {path} cannot be opened: {error.strerror}") from error
        super().__init__(path)

    @property
    def audit(self) -> Audit:
        """The audit log that belongs to these users."""
        return Audit(self.path.parent)

    def throttle(self, kind: str, longest: float) -> Throttle:  # noqa: ARG002  # of use where it is shared
        """Counts attempts by keys of this kind; each one that is asked for counts by itself."""
        return Throttle(longest)

    # Users

    def add_user(self, name: str, password: str, role: Role, collections: Iterable[str] = ()) -> User:
        """Add a user, who sees these collections beside everyone's, or all where none is named. Raises
        SettingsError."""
        if not NAME.fullmatch(name):
            raise SettingsError(f"{name!r} cannot name a user; use small letters, digits and . _ @ - (to 63)")
        if role not in ROLES:
            raise SettingsError(f"there is no role {role}; there are {' and '.join(ROLES)}")
        names = sorted(set(collections))
        if wrong := [c for c in names if not COLLECTION.fullmatch(c)]:
            raise SettingsError(f"{wrong[0]!r} cannot name a collection")
        if self.user(name):
            raise SettingsError(f"there is a user {name}; `cited user passwd {name}` sets the password anew")
        made, kept = _now(), hashed(password)
        with self.change() as db:
            row = (name, role, json.dumps(names) if names else None, kept, made)
            db.execute("INSERT INTO users VALUES (?, ?, ?, ?, ?)", row)
        return User(name, role, frozenset(names) or None, made)

    def users(self) -> list[User]:
        """All users, by name."""
        return [_user(*row) for row in self.rows(f"{USERS} ORDER BY name")]

    def user(self, name: str) -> User | None:
        """A user by name."""
        rows = self.rows(f"{USERS} WHERE name = ?", name)
        return _user(*rows[0]) if rows else None

    def set_password(self, name: str, password: str) -> None:
        """Set a password anew, and end the user's sessions. Raises SettingsError."""
        self._need(name)
        kept = hashed(password)
        with self.change() as db:
            db.execute("UPDATE users SET password = ? WHERE name = ?", (kept, name))
            db.execute('DELETE FROM sessions WHERE "user" = ?', (name,))

    def remove_user(self, name: str) -> None:
        """Remove a user, with keys and sessions. Raises SettingsError."""
        self._need(name)
        with self.change() as db:
            for statement in (
                "DELETE FROM users WHERE name = ?",
                'DELETE FROM keys WHERE "user" = ?',
                'DELETE FROM sessions WHERE "user" = ?',
            ):
                db.execute(statement, (name,))

    def _need(self, name: str) -> None:
        if not self.user(name):
            raise SettingsError(f"there is no user {name}; `cited user list` shows who there is")

    # Keys

    def add_key(self, user: str) -> str:
        """A new API key of a user; this is the only time that it is told. Raises SettingsError."""
        self._need(user)
        key = new_key()
        with self.change() as db:
            db.execute("INSERT INTO keys VALUES (?, ?, ?)", (digest(key), user, _now()))
        return key

    def keys(self) -> list[Key]:
        """All keys, by user and time."""
        rows = self.rows('SELECT substr(hash, 1, 12), "user", made FROM keys ORDER BY "user", made, hash')
        return [Key(*row) for row in rows]

    def revoke_key(self, key_id: str) -> None:
        """Let a key open nothing any more. Raises SettingsError."""
        if key_id not in {key.id for key in self.keys()}:
            raise SettingsError(f"there is no key {key_id}; `cited key list` shows which there are")
        with self.change() as db:
            db.execute("DELETE FROM keys WHERE substr(hash, 1, 12) = ?", (key_id,))

    def of_key(self, key: str) -> Principal | None:
        """Whose key this is."""
        joined = f'{USERS} JOIN keys ON keys."user" = users.name WHERE keys.hash = ?'
        rows = self.rows(joined, digest(key))
        return _user(*rows[0]).principal if rows else None

    # Sessions

    def log_in(self, name: str, password: str) -> str | None:
        """The name of a new session, None where name and password do not fit; takes as long either way."""
        rows = self.rows("SELECT password FROM users WHERE name = ?", name)
        if not fits(password, rows[0][0] if rows else None):
            return None
        session, now = new_session(), time.time()
        row = (digest(session), name, now + SESSION_SECONDS)
        with self.change() as db:
            db.execute("DELETE FROM sessions WHERE expires < ?", (now,))
            db.execute("INSERT INTO sessions VALUES (?, ?, ?)", row)
        return session

    def of_session(self, session: str) -> Principal | None:
        """Whose session this is, while it lasts."""
        joined = f'{USERS} JOIN sessions s ON s."user" = users.name WHERE s.hash = ? AND s.expires > ?'
        rows = self.rows(joined, digest(session), time.time())
        return _user(*rows[0]).principal if rows else None

    def log_out(self, session: str) -> None:
        """End a session."""
        with self.change() as db:
            db.execute("DELETE FROM sessions WHERE hash = ?", (digest(session),))


def open_store(place: Place) -> AccessStore:
    """The users of a library. Raises LibraryError."""
    if isinstance(place, Servers):
        from app.access.shared import SharedAccessStore

        return SharedAccessStore(place.catalog)
    return AccessStore(place)


USERS = "SELECT users.name, users.role, users.collections, users.made FROM users"


def _user(name: str, role: Role, collections: str | None, made: str) -> User:
    return User(name, role, None if collections is None else frozenset(json.loads(collections)), made)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
