"""Passwords and random secrets, and what is kept of them."""

import hmac
import unicodedata
from base64 import b64decode, b64encode
from hashlib import scrypt, sha256
from secrets import token_bytes, token_urlsafe

from ingest.errors import SettingsError

N, R, P = 2**15, 8, 3
"""Costs of scrypt (RFC 7914): 32 MiB and 0.2 s a password here, of the settings that the OWASP cheat sheet
of password storage takes for equal to N = 2**17, P = 1."""
SALT, LENGTH = 16, 32
MEMORY = 64 * 2**20
SHORTEST, LONGEST = 10, 256
"""Characters of a password."""
PREFIX = "cited_"
"""Of an API key, so that scanners of leaked secrets know one."""


def hashed(password: str) -> str:
    """What is kept of a password: algorithm, costs, salt and hash. Raises SettingsError."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise SettingsError(
            f"a password has {SHORTEST} to {LONGEST} characters; this one has {len(password)}"
        )
    salt = token_bytes(SALT)
    return "$".join(["scrypt", str(N), str(R), str(P), _text(salt), _text(_scrypt(password, salt, N, R, P))])


def fits(password: str, kept: str | None) -> bool:
    """Whether a password is the one that this was kept of; takes as long where there is none (None)."""
    _, n, r, p, salt, found = (kept or NOBODYS).split("$")
    made = _scrypt(password[: LONGEST + 1], b64decode(salt), int(n), int(r), int(p))
    return hmac.compare_digest(made, b64decode(found)) and kept is not None


def _scrypt(password: str, salt: bytes, n: int, r: int, p: int) -> bytes:
    # The same word may come composed or not, by the keyboard that it was typed on.
    data = unicodedata.normalize("NFC", password).encode("utf-8", "replace")
    return scrypt(data, salt=salt, n=n, r=r, p=p, maxmem=MEMORY, dklen=LENGTH)


def _text(data: bytes) -> str:
    return b64encode(data).decode()


def new_key() -> str:
    """An API key with 256 random bits."""
    return PREFIX + token_urlsafe(32)


def new_session() -> str:
    """The name of a session, 256 random bits."""
    return token_urlsafe(32)


def digest(secret: str) -> str:
    """What is kept of a random secret. It has more bits than anyone can try, so it needs no slow hash."""
    return sha256(secret.encode("utf-8", "replace")).hexdigest()


NOBODYS = "$".join(["scrypt", str(N), str(R), str(P), _text(bytes(SALT)), _text(bytes(LENGTH))])
