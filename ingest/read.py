"""A file becomes a document: which reader reads it, and what its identity is.

Each format is one module `ingest/read_<format>.py` with SUFFIXES (lower case, with the dot) and
`read(data: bytes, name: str) -> Read`; a new module is found by itself. That of PDF takes an Ocr, too.
"""

import hashlib
import importlib
import os
import pkgutil
import re
from functools import cache
from pathlib import Path
from types import ModuleType

import ingest
from ingest.decode import decode
from ingest.document import Document
from ingest.errors import SourceMissing, SourceTooLarge, SourceUnreadable
from ingest.normalise import normalise
from ingest.ocr import RECOGNISED, Ocr
from ingest.read_text import read_text

MOST_BYTES = 20_000_000
"""Largest file read, in bytes: some 3 million words, an hour of embedding on two cores."""


@cache
def readers() -> dict[str, ModuleType]:
    """The reader module of each file suffix."""
    table: dict[str, ModuleType] = {}
    for module in pkgutil.iter_modules(ingest.__path__, "ingest."):
        if module.name.startswith("ingest.read_"):
            reader = importlib.import_module(module.name)
            table |= dict.fromkeys(reader.SUFFIXES, reader)
    return table


def suffix_of(path: str) -> str:
    """The suffix of a file's name in small letters; the end of a version is none: "Apache-2.0"."""
    suffix = Path(path).suffix.lower()
    return "" if re.search(r"\d\.\d+$", path) else suffix


def content_of(path: Path, most_bytes: int = MOST_BYTES) -> bytes:
    """What is in a file. Raises SourceMissing, SourceTooLarge."""
    try:
        with path.open("rb") as file:
            data = file.read(most_bytes + 1)  # a log may grow while it is read
            size = os.fstat(file.fileno()).st_size
    except OSError as error:
        raise SourceMissing(f"{path} cannot be read: {error.strerror}") from error
    if len(data) > most_bytes:
        raise SourceTooLarge(
            f"{path} has {_megabytes(max(size, len(data)))}; the limit is {_megabytes(most_bytes)}. "
            "Split it, or raise the limit with --max-mb"
        )
    return data


def _megabytes(size: int) -> str:
    """So many bytes in words, in two digits or more: 0.02 MB, 3.5 MB, 120 MB."""
    if size < 1000:
        return f"{size} bytes"
    return f"{size / 1e6:.0f} MB" if size >= 1e7 else f"{size / 1e6:.2g} MB"


def read_file(path: Path, most_bytes: int = MOST_BYTES, ocr: Ocr | None = None) -> Document:
    """Read one file. ocr: for the pages of a PDF that have no text. Raises an IngestError that names it."""
    path = path.resolve()
    data = content_of(path, most_bytes)
    # A name that is not UTF-8 can be neither printed nor stored as it is.
    source = os.fsencode(path).decode("utf-8", "backslashreplace")
    return read_bytes(data, name=Path(source).name, source=source, ocr=ocr)


def read_bytes(data: bytes, *, name: str, source: str, ocr: Ocr | None = None) -> Document:
    """Read a file's content. name: with the suffix that tells the format. source: its identity.

    The version is the content's SHA-256, or where OCR recognised pages that of the content and of which
    pages in which languages: with it and without it the same content is two versions."""
    suffix = suffix_of(name)
    if suffix == ".rtf":
        raise SourceUnreadable(
            f"{source} is an RTF file, which Cited does not read; save it as .docx or .odt"
        )
    if not data.strip():
        raise SourceUnreadable(f"{source} is empty")
    reader = readers().get(suffix)
    version = hashlib.sha256(data)
    if ocr and suffix == ".pdf":
        read = readers()[suffix].read(data, source, ocr)
        version.update("".join(said for said in read.warnings if RECOGNISED in said).encode())
    else:
        read = reader.read(data, source) if reader else read_text(decode(data, source))
    stem = Path(name).stem if suffix else Path(name).name
    document = normalise(
        read,
        document_id=document_id(source),
        source=source,
        version=version.hexdigest(),
        fallback_title=stem.replace("_", " ").replace("-", " ").strip() or name,
    )
    if not any(part.kind not in ("title", "heading") for part in document.parts):
        raise SourceUnreadable(f"{source} holds no text to cite: only a title, headings or markup")
    return document


def document_id(source: str) -> str:
    """A stable name for a source: the file's name, made plain, and eight hexadecimal digits."""
    stem = Path(source.split("?")[0].rstrip("/")).stem.lower()
    plain = "-".join("".join(c if c.isalnum() else " " for c in stem).split())[:40]
    return f"{plain or 'document'}-{hashlib.sha256(source.encode()).hexdigest()[:8]}"
