"""A file of settings, in TOML: `name = value`, a line each; and what a setting's value may be."""

import difflib
import ipaddress
import os
import re
import stat
import tomllib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import platformdirs

from index.place import is_url, shown
from ingest.errors import SettingsError

SECRETS = ("api_key", "vectors_token")
FEWEST_TOKENS = 1024
"""Less context holds no passage beside the instructions."""
YES, NO = {"1", "true", "yes", "on"}, {"0", "false", "no", "off"}
LOG_FORMATS = ("text", "json")
LOG_LEVELS = ("debug", "info", "warning", "error")


def default_file() -> Path | None:
    """`cited/config.toml` in the user's folder of configurations, where it exists."""
    path = platformdirs.user_config_path("cited") / "config.toml"
    try:
        return path if path.is_file() else None
    except PermissionError:  # another user's folder, as after a change of user without one of HOME
        return None


def read_config(path: Path, known: Sequence[str]) -> dict[str, tuple[object, str]]:
    """By name: the value, and where it stands ("FILE, line 3").

    Raises SettingsError for a file that cannot be read or is no TOML, for a name that is not known, and for
    a file with a secret that others may read.
    """
    try:
        text = path.read_text(encoding="utf-8")
        values = tomllib.loads(text)
    except OSError as error:
        raise SettingsError(f"the settings in {path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise SettingsError(f"the settings in {path} are not UTF-8 text: {error}") from error
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"the settings in {path} are no TOML: {error}") from error
    for name in values:
        if name not in known:
            near = difflib.get_close_matches(name, known, 1)
            hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(known)}"
            raise SettingsError(f"{place(path, text, name)}: there is no setting {name}; {hint}")
    if secret := next((name for name, value in values.items() if is_secret(name, value)), None):
        _refuse_open_to_others(path, secret)
    return {name: (value, place(path, text, name)) for name, value in values.items()}


def place(path: Path, text: str, name: str) -> str:
    """The file, and the line where a name or a table of it is set, as far as a look at the lines tells."""
    written = re.compile(rf"\s*\[*\s*[\"']?{re.escape(name)}[\"']?\s*[=.\]]")
    for number, line in enumerate(text.splitlines(), 1):
        if written.match(line):
            return f"{path}, line {number}"
    return str(path)


def is_secret(name: str, value: object) -> bool:
    """Whether a setting is a secret, or the address of a library with a password in it."""
    return name in SECRETS or (name == "library" and is_url(value) and shown(value) != value)


def _refuse_open_to_others(path: Path, name: str) -> None:
    mode = stat.S_IMODE(path.stat().st_mode)
    if os.name == "posix" and mode & 0o077:
        raise SettingsError(
            f"{path} sets {name}, and others may open it (mode {mode:04o}); close it with `chmod 600 {path}`"
        )


def understood(name: str, value: object, where: str) -> object:
    """The value that is meant. where: what set it. Raises SettingsError, which names both."""
    try:
        return UNDERSTOOD.get(name, _text)(name, value)
    except SettingsError as error:
        raise SettingsError(f"{where}: {error}") from error


def _text(name: str, value: object) -> str:
    if not isinstance(value, str | Path) or not str(value).strip():
        raise SettingsError(f"{name} is text, not {value!r}")
    return str(value)


def _path(name: str, value: object) -> Path:
    return Path(_text(name, value)).expanduser()


def _library(name: str, value: object) -> Path | str:
    return str(value) if is_url(value) else _path(name, value)


def _yes(name: str, value: object) -> bool:
    word = str(value).strip().lower()
    if word not in YES | NO:
        raise SettingsError(f"{name} is yes or no, not {value!r}")
    return word in YES


def _tokens(_: str, value: object) -> int:
    tokens = _whole(value)
    if tokens is None or tokens < FEWEST_TOKENS:
        raise SettingsError(f"the context is a number of tokens, {FEWEST_TOKENS} or more, not {value!r}")
    return tokens


def _port(_: str, value: object) -> int:
    port = _whole(value)
    if port is None or port > 65535:
        raise SettingsError(f"the port is a number from 0 (any that is free) to 65535, not {value!r}")
    return port


def _whole(value: object) -> int | None:
    text = str(value).strip()
    return int(text) if text.isascii() and text.isdigit() else None


def _probability(_: str, value: object) -> float:
    try:
        number = float(str(value))
    except ValueError:
        number = -1.0
    if not 0 <= number <= 1:
        raise SettingsError(f"the threshold is a probability between 0 and 1, not {value!r}")
    return number


def _one_of(words: tuple[str, ...]) -> Callable[[str, object], str]:
    def understood(name: str, value: object) -> str:
        word = str(value).strip().lower()
        if word not in words:
            raise SettingsError(f"{name} is {', '.join(words[:-1])} or {words[-1]}, not {value!r}")
        return word

    return understood


def _networks(name: str, value: object) -> tuple[str, ...]:
    """Networks, or addresses; of one text, between commas."""
    written = value.split(",") if isinstance(value, str) else value
    if not isinstance(written, list | tuple):
        raise SettingsError(f"{name} is a list of networks, not {value!r}")
    try:
        return tuple(str(ipaddress.ip_network(str(one).strip(), strict=False)) for one in written)
    except ValueError as error:
        raise SettingsError(f"{name} takes networks such as 10.0.0.0/8, or addresses: {error}") from error


UNDERSTOOD: Mapping[str, Callable[[str, object], object]] = {
    "library": _library,
    "threshold": _probability,
    "context": _tokens,
    "ask_anyway": _yes,
    "port": _port,
    "unix": _path,
    "certificate": _path,
    "certificate_key": _path,
    "behind_proxy": _networks,
    "log_format": _one_of(LOG_FORMATS),
    "log_level": _one_of(LOG_LEVELS),
    "log_questions": _yes,
}
"""How values are read; all others are text."""
