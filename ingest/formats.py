"""What format a content is in that came without a file name, told by itself; and a name for it."""

import codecs
import re
import zipfile
from io import BytesIO
from pathlib import PurePosixPath

from ingest.decode import decode
from ingest.errors import SourceUnreadable
from ingest.read import readers

TYPES = {
    "text/html": ".html",
    "application/xhtml+xml": ".html",
    "text/markdown": ".md",
    "text/plain": ".txt",
    "application/pdf": ".pdf",
    "application/epub+zip": ".epub",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
    "application/vnd.oasis.opendocument.text": ".odt",
    "application/msword": ".doc",
    "application/rtf": ".rtf",
}
TYPES_IN_BINARY = (".pdf", ".epub", ".docx", ".odt", ".doc", ".rtf")
SIGNS = ((b"%PDF-", ".pdf"), (b"{\\rtf", ".rtf"), (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", ".doc"))
MEMBERS = (("word/document.xml", ".docx"), ("META-INF/container.xml", ".epub"))
PICTURES = (
    (b"\x89PNG", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF8", "a GIF picture"),
    (b"PK\x03\x04", "a ZIP archive"),
    (b"\x1f\x8b", "a gzip archive"),
)
PROLOGUE = rb"(?:<\?xml[^>]*>\s*|<!--(?:(?!-->).)*-->\s*)*"
HTML = re.compile(PROLOGUE + rb"<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE | re.DOTALL)
CHARSETS = re.compile(r"iso8859|cp\d|koi8|mac_|gb|big5|shift_jis|euc|iso2022|utf-(?:8|16|32)")
"""Encodings of texts; Python has others, some of which take quadratic time."""


def suffix_of(data: bytes, *, said: str = "", name: str = "", source: str = "") -> str:
    """The file suffix of the format that a content is in, told by the content before what was said of it.

    said: a content type; name: a file name or path, whose suffix counts for texts, as those of all kinds
    are called text/plain. Raises SourceUnreadable, naming source, for what is no text and no known format.
    """
    start = data[:1024].lstrip(b"\xef\xbb\xbf \t\r\n\f")
    for sign, suffix in SIGNS:
        if start.startswith(sign):
            return suffix
    if data.startswith(b"PK\x03\x04") and (suffix := _zipped(data)):
        return suffix
    picture = next((what for sign, what in PICTURES if data.startswith(sign)), "")
    if picture or said.startswith(("image/", "audio/", "video/", "font/")):
        raise _unknown(source, said, picture or "something else")
    if HTML.match(start):
        return ".html"
    try:
        decode(data, source)
    except SourceUnreadable as error:
        raise _unknown(source, said, "binary data") from error
    own = PurePosixPath(name).suffix.lower()
    if said in ("text/html", "application/xhtml+xml", "text/markdown"):
        return TYPES[said]
    return own if own in readers() and own not in TYPES_IN_BINARY else ".txt"


def named(name: str, suffix: str = "") -> str:
    """A file name of what a page or a person calls a content: one line, no folder, with the suffix."""
    plain = "".join(c if c.isprintable() and c not in "/\\" else " " for c in name)
    plain = " ".join(plain.split()).strip(". ")
    stem = plain[: -len(suffix)] if suffix and plain.lower().endswith(suffix) else plain
    return (stem[:60].rstrip() or "document") + suffix


def recoded(data: bytes, charset: str | None, suffix: str, source: str) -> bytes:
    """A text as UTF-8 with its mark, where it is something else and only the server said what."""
    try:
        known = charset is not None and CHARSETS.match(codecs.lookup(charset).name) is not None
    except (LookupError, UnicodeError, ValueError):
        known = False
    if charset is None or not known or suffix in TYPES_IN_BINARY:
        return data
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return decode(data, source, charset).encode("utf-8-sig")
    return data


def _zipped(data: bytes) -> str:
    """The suffix of a document that is a ZIP archive, "" for another archive. Nothing is unpacked."""
    for said in ("application/epub+zip", "application/vnd.oasis.opendocument.text"):
        if said.encode() in data[30:200]:  # the first member, stored, is its type
            return TYPES[said]
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            members = set(archive.namelist())
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError):
        return ""
    return next((suffix for name, suffix in MEMBERS if name in members), "")


def _unknown(source: str, said: str, found: str) -> SourceUnreadable:
    sent = f"was sent as {said} and" if said else "has no content type and"
    return SourceUnreadable(f"{source} {sent} holds {found}: no text, and no format that Cited knows")
