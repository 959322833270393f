"""What can be set: on the command line, in the environment, in a file. The only reader of the environment.

The command line goes before the environment, that before the file, that before what other programs'
variables say, and that before the defaults.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from hashlib import sha256
from pathlib import Path
from typing import Any

import platformdirs

from app.config import SECRETS, default_file, read_config, understood
from index.place import Place, is_url, place_of, shown
from ingest.errors import SettingsError

PREFIX = "CITED_"
CONFIG = PREFIX + "CONFIG"


@dataclass(frozen=True, slots=True)
class Settings:
    """library: folder of the library, or URL of a PostgreSQL database (CITED_LIBRARY; default: the user's
    data folder). vectors: of a library in PostgreSQL, URL of the Chroma server (CITED_VECTORS).
    vectors_token: for it (CITED_VECTORS_TOKEN; never on a command line, where others can read it).
    embedding_model: by name or folder (CITED_EMBEDDING_MODEL). threshold: confidence below which
    Cited refuses, a probability in [0, 1] (CITED_THRESHOLD; default: the one fitted with the reader).
    reader: a question-answering model of transformers, by name or folder, or a folder of weights of
    our own kind (CITED_READER; default: Cited's own).
    model: the language model, by its name at the endpoint, or a GGUF file (CITED_MODEL; default: none).
    endpoint: URL of an OpenAI-compatible interface (CITED_ENDPOINT, else OPENAI_API_BASE or
    OPENAI_BASE_URL, else OLLAMA_BASE_URL). api_key: for it (CITED_API_KEY, else OPENAI_API_KEY; never on a
    command line). context: tokens that the model takes (CITED_CONTEXT).
    ask_anyway: ask the model even where the reader finds no answer (CITED_ASK_ANYWAY).

    Of the server: host and port, or unix, a socket's path, in their place. certificate, certificate_key:
    PEM files for TLS. behind_proxy: networks whose word on the client's address is taken.
    Of its reports: log_format, text or json. log_level: the least that is told. log_questions: questions
    may stand in the log. traces: where OpenTelemetry traces go, a URL (else OTEL_EXPORTER_OTLP_ENDPOINT).

    sources: where each was set, for those that were.
    """

    library: Path | str = field(repr=False)
    embedding_model: str = "all-MiniLM-L6-v2"
    threshold: float | None = None
    reader: str | None = None
    model: str | None = None
    endpoint: str | None = None
    api_key: str | None = field(default=None, repr=False)
    context: int = 4096
    ask_anyway: bool = False
    host: str = "127.0.0.1"
    port: int = 7860
    unix: Path | None = None
    certificate: Path | None = None
    certificate_key: Path | None = None
    behind_proxy: tuple[str, ...] = ()
    log_format: str = "text"
    log_level: str = "warning"
    log_questions: bool = False
    traces: str | None = None
    vectors: str | None = field(default=None, repr=False)
    vectors_token: str | None = field(default=None, repr=False)
    sources: Mapping[str, str] = field(default_factory=dict, repr=False, compare=False)

    @property
    def place(self) -> Place:
        """Where the library is. Raises SettingsError where library and vectors do not fit together."""
        return place_of(self.library, self.vectors, self.vectors_token)


SETTINGS = tuple(field.name for field in fields(Settings) if field.name != "sources")
NAMES = (*SETTINGS, "config")
"""What load() may be given."""
OF_OTHERS = {
    "endpoint": ("OPENAI_API_BASE", "OPENAI_BASE_URL", "OLLAMA_BASE_URL"),
    "api_key": ("OPENAI_API_KEY",),
    "traces": ("OTEL_EXPORTER_OTLP_ENDPOINT",),
}
"""Variables that other programs know these settings by, the first that is set."""


def load(environment: Mapping[str, str] | None = None, **given: object) -> Settings:
    """Settings from the environment and the file, overruled by what is given and not None. config, or
    CITED_CONFIG, names the file.

    Raises SettingsError for a CITED_ variable that is no setting, for a value that makes no sense, and
    for a file that read_config refuses.
    """
    environment = os.environ if environment is None else environment
    known = {PREFIX + name.upper(): name for name in SETTINGS}
    unknown = [name for name in environment if name.startswith(PREFIX) and name not in (*known, CONFIG)]
    if unknown:
        raise SettingsError(f"there is no setting {unknown[0]}; there are {', '.join((*known, CONFIG))}")
    named = given.pop("config", None) or environment.get(CONFIG)
    file = Path(str(named)).expanduser() if named else default_file()
    told = _told_by_others(environment)
    if file:
        told |= read_config(file, SETTINGS)
    told |= {name: (environment[key], key) for key, name in known.items() if environment.get(key)}
    told |= {
        name: (value, "--" + name.replace("_", "-"))
        for name, value in given.items()
        if value is not None and value != ()
    }
    values: dict[str, Any] = {name: understood(name, value, where) for name, (value, where) in told.items()}
    if file:  # so that it means the same from wherever Cited is started
        values |= {
            name: file.absolute().parent / value
            for name, value in values.items()
            if isinstance(value, Path) and told[name][1].startswith(str(file))
        }
    values.setdefault("library", platformdirs.user_data_path("cited") / "library")
    settings = Settings(**values, sources={name: where for name, (_, where) in told.items()})
    _ = settings.place  # says now what does not fit
    return settings


def folder_for(place: Place) -> Path:
    """Where this machine keeps what belongs to a library, and is no part of it: its own folder, or, of one on
    servers, one of the user's that is named after it."""
    if isinstance(place, Path):
        return place
    readable = "-".join(re.findall(r"[\w.]+", place.name.partition("://")[2]))
    digest = sha256(place.name.encode()).hexdigest()[:8]
    return platformdirs.user_state_path("cited") / f"{readable}-{digest}"


def describe(settings: Settings) -> list[tuple[str, str, str]]:
    """Each setting's name, its value in words, and where it was set. Secrets are not shown."""
    return [
        (name, _shown(name, getattr(settings, name)), settings.sources.get(name, "default"))
        for name in SETTINGS
    ]


def service_manager(environment: Mapping[str, str] | None = None) -> tuple[str | None, float | None]:
    """The socket at which systemd waits to be told how it goes, and the seconds after which it takes
    silence for a standstill; None for what it did not ask."""
    environment = os.environ if environment is None else environment
    limit = environment.get("WATCHDOG_USEC", "")
    for_us = environment.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
    seconds = int(limit) / 1e6 if limit.isdigit() and for_us else None
    return environment.get("NOTIFY_SOCKET") or None, seconds


def _shown(name: str, value: Any) -> str:
    if value is None:
        return ""
    if name in SECRETS:
        return "••••"
    if name == "library" and is_url(value):
        return shown(value)
    if isinstance(value, tuple):
        return ", ".join(value)
    return re.sub(r"//[^/@]*@", "//••••@", str(value))


def _told_by_others(environment: Mapping[str, str]) -> dict[str, tuple[object, str]]:
    """What other programs' variables say. Ollama's address lacks the interface's path."""
    told: dict[str, tuple[object, str]] = {}
    for name, others in OF_OTHERS.items():
        found = next((other for other in others if environment.get(other)), None)
        if found is None:
            continue
        value = environment[found]
        if found == "OLLAMA_BASE_URL" and not value.rstrip("/").endswith("/v1"):
            value = value.rstrip("/") + "/v1"
        told[name] = (value, found)
    return told
