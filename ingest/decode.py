"""Bytes become text: byte order marks, UTF-16, UTF-8, what the file declares, then a guess."""

import codecs
import re

from charset_normalizer import from_bytes

from ingest.errors import SourceUnreadable

MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
LATIN = dict.fromkeys(("iso-8859-1", "latin-1", "latin1", "us-ascii", "ascii"), ("cp1252", "latin-1"))
"""What pages call Latin-1 is cp1252 (https://encoding.spec.whatwg.org/#names-and-labels)."""
CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
MOST_CONTROL = 0.002
"""Share of control bytes above which bytes are no text; a random file has about 0.11."""
FEW_CONTROL = 4
"""So many stray control bytes do not make a short text binary."""


def decode(data: bytes, name: str, declared: str = "") -> str:
    """The text of the bytes. declared: the encoding that the file names; it counts where the bytes are
    not UTF-8. Raises SourceUnreadable, naming `name`, for bytes that are no text."""
    for mark, encoding in MARKS:
        if data.startswith(mark):
            return _strictly(data, encoding, name)
    if encoding := _utf16_without_mark(data):
        return _strictly(data, encoding, name)
    if len(CONTROL.findall(data)) > max(MOST_CONTROL * len(data), min(FEW_CONTROL, len(data) / 10)):
        raise SourceUnreadable(f"{name} holds binary data, not text; save it as text, Markdown or HTML first")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        pass
    for encoding in () if declared.lower().startswith("utf") else LATIN.get(declared.lower(), (declared,)):
        try:
            return data.decode(encoding)
        except (LookupError, UnicodeDecodeError):
            continue
    return data.decode(_guess(data, name))


def _strictly(data: bytes, encoding: str, name: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise SourceUnreadable(
            f"{name} says it is {encoding} and is not (byte {error.start}); save it again as UTF-8"
        ) from error


def _utf16_without_mark(data: bytes) -> str:
    """UTF-16 of mostly ASCII text has a zero in every other byte."""
    sample = data[:4000]
    half = len(sample) // 2
    if half < 2:
        return ""
    for encoding, at in (("utf-16-le", 1), ("utf-16-be", 0)):
        zeros, others = sample[at::2], sample[1 - at :: 2]
        if zeros.count(0) > 0.6 * half and others.count(0) < 0.05 * half:
            return encoding
    return ""


def _guess(data: bytes, name: str) -> str:
    """cp1252 (Latin-1 as it is written) where that is plausible; short texts fit many others."""
    matches = from_bytes(data[:200_000])
    best = matches.best()
    if best is None:
        raise SourceUnreadable(f"{name} is in no character encoding that can be told; save it as UTF-8")
    western = {"cp1252", "latin_1", "iso8859_15"} & {m.encoding for m in matches}
    chosen = "cp1252" if western else best.encoding
    try:
        data.decode(chosen)
    except UnicodeDecodeError:
        return "latin-1" if western else _refuse(name)
    return chosen


def _refuse(name: str) -> str:
    raise SourceUnreadable(f"{name} mixes character encodings; save it as UTF-8")
