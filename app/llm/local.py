"""A GGUF file becomes an endpoint: llama.cpp's own server inside this process, through xllamacpp.

It listens on 127.0.0.1 at a port of its own and answers to a key that is known here only. One server per
file and context in a process; it ends when the last who holds it lets go, or with the process.
"""

import atexit
import secrets
from importlib import import_module
from pathlib import Path
from threading import Lock
from typing import Any
from weakref import WeakValueDictionary

from ingest.errors import LanguageModelError

AT_ONCE = 2
"""Questions that are answered at the same time, each with the whole context; more wait for their turn."""
PROMPTS_KEPT = 256
"""MiB of memory for prompts that may come again; llama.cpp's own limit is 8 GiB."""


class Local:
    """A running server. address: the URL of its interface. name: of the file, without its ending."""

    def __init__(self, path: Path, context: int, server: Any, key: str) -> None:
        self.path, self.context, self.name, self.key = path, context, path.stem, key
        self.address = f"{server.listening_address}/v1"
        self._server = server

    def stop(self) -> None:
        """End it now."""
        self._server = None


_running: "WeakValueDictionary[tuple[Path, int], Local]" = WeakValueDictionary()
_starting = Lock()


def run(file: str, context: int) -> Local:
    """The server of a GGUF file, started unless it runs. Raises LanguageModelError."""
    path = Path(file).expanduser().resolve()
    with _starting:
        found = _running.get((path, context))
        if found is None:
            found = _running[path, context] = _started(path, context)
        return found


@atexit.register
def _stop_all() -> None:
    for local in list(_running.values()):
        local.stop()


def _started(path: Path, context: int) -> Local:
    _check(path)
    try:
        xllamacpp = import_module("xllamacpp")
    except ImportError as error:
        raise LanguageModelError(
            f"running {path.name} needs a package more; run: pip install 'cited[gguf]' ({error})"
        ) from error
    from index.cores import cores

    key = secrets.token_urlsafe(32)
    params = xllamacpp.CommonParams()
    params.model.path = str(path)
    params.model_alias = {path.stem}
    params.n_ctx, params.n_parallel = context * AT_ONCE, AT_ONCE
    params.cpuparams.n_threads = cores()
    params.cache_ram_mib = PROMPTS_KEPT
    params.hostnames, params.api_keys = ["127.0.0.1"], [key]
    params.verbosity = -1
    params.ui = params.endpoint_slots = False
    try:
        server = xllamacpp.Server(params)
    except RuntimeError as error:
        raise LanguageModelError(
            f"llama.cpp cannot run {path}: the file is damaged or incomplete, of a kind that xllamacpp "
            f"{xllamacpp.__version__} does not know, or too large for the memory. Download it again, or name "
            "another"
        ) from error
    return Local(path, context, server, key)


def _check(path: Path) -> None:
    """Whether it looks like a GGUF file. Raises LanguageModelError."""
    try:
        with path.open("rb") as file:
            begins = file.read(4)
    except FileNotFoundError as error:
        raise LanguageModelError(f"there is no file {path}") from error
    except OSError as error:
        raise LanguageModelError(f"{path} cannot be read: {error.strerror}") from error
    if begins != b"GGUF":
        raise LanguageModelError(f"{path} is no GGUF file; a language model for llama.cpp is one")
