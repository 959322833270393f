"""`cited doctor`: is everything there, and does it fit together? What can be mended, it mends."""

import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

from app.reader import load_reader
from app.reader.choose import Decision
from app.reader.model import Window
from ingest.errors import CitedError, LanguageModelError, LibraryError, ModelError

if TYPE_CHECKING:
    from app.settings import Settings
    from index.embed import Embedder

OK, PROBLEM, REPAIRED = "ok", "problem", "repaired"
PACKAGES = ("chromadb", "gradio", "llama-index-core", "mcp", "onnxruntime", "numpy")
"""Those whose version explains most of what goes wrong."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found of one thing. status: OK, PROBLEM or REPAIRED."""

    name: str
    status: str
    message: str

    def to_json(self) -> dict:
        """All fields."""
        return asdict(self)


def examine(settings: "Settings", repair: bool = False) -> Iterator[Finding]:
    """One finding after the other. repair: mend what can be mended without losing anything.

    Raises LibraryError where the library's folder cannot be made."""
    from app.doctor_library import examine_library
    from index.embed import Embedder

    embedder = Embedder(settings.embedding_model)

    yield found("program", program)
    yield found("embedding model", lambda: _embeds(embedder))
    yield found("reader", lambda: _reads(settings))
    yield found("language model", lambda: _writes(settings))
    yield found("ocr", _recognises)
    yield from examine_library(settings.place, embedder, repair)


def found(name: str, look: Callable[[], str | tuple[str, str]]) -> Finding:
    """What a look at something says: a message, or a status and a message. A CitedError is a problem."""
    try:
        told = look()
    except CitedError as error:
        return Finding(name, PROBLEM, str(error))
    return Finding(name, OK, told) if isinstance(told, str) else Finding(name, *told)


def program() -> str:
    """The versions of Cited, Python and the packages that matter most."""
    try:
        packages = [f"{name} {version(name)}" for name in PACKAGES]
        own = version("cited")
    except PackageNotFoundError as error:
        raise LibraryError(f"the package {error.name} is not installed; install Cited again") from error
    python = ".".join(map(str, sys.version_info[:3]))
    return f"Cited {own}, Python {python}, {', '.join(packages)}"


def _embeds(embedder: "Embedder") -> str:
    return f"{embedder.fingerprint}, {len(embedder.question('test'))} dimensions"


def _reads(settings: "Settings") -> str:
    reader = load_reader(settings.reader)
    window = Window("", ("The bridge was opened in 1932.", "Rain fell all day."))
    reading = reader.read("When was the bridge opened?", [window])[0]
    if reading.evidence[0] <= reading.evidence[1]:
        raise ModelError("the reader takes the wrong sentence for evidence; install Cited again")
    threshold = Decision.load(reader.decision, settings.threshold).threshold
    return f"{reader.fingerprint}, reads, refuses below {threshold:.2f}"


def _writes(settings: "Settings") -> str:
    if not settings.model:
        return "none, answers are quotations"
    from app.llm import connect

    model = connect(settings.model, settings.endpoint, settings.api_key, settings.context)
    try:
        there = model.models()
    finally:
        model.close()
    if model.name not in there:
        offered = ", ".join(there) or "none"
        raise LanguageModelError(f"{model.address} offers no model {model.name}; it offers {offered}")
    return f"{model.name} at {model.address}"


def _recognises() -> str:
    from ingest.ocr import check

    if shutil.which("tesseract") is None:
        return "tesseract is not installed, which only --ocr needs"
    return check("eng")
