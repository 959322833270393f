"""Bytes become text: byte order marks, UTF-16, UTF-8, UTF-8 with a few errors, what the file declares, then
a guess."""

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
UNREAD = "\ufffd"
MOST_UNREAD = 0.001
"""Share of characters, more than one, that may be wrong in UTF-8; five times as many must be right and not
ASCII, which no text in another encoding comes near."""
SIGNS = (
    (b"%PDF-", "a PDF by its content; rename it to .pdf and try again"),
    (b"{\\rtf", "RTF by its content; save it as .docx or .odt and try again"),
    (
        b"\xd0\xcf\x11\xe0",
        "an old file of Word, Excel or PowerPoint by its content; save it as .docx or .pdf",
    ),
    (
        b"PK\x03\x04",
        "a zip file by its content; name it .docx, .odt or .epub if it is one, else save it as .pdf",
    ),
)
"""First bytes of what is no text, and what to do with it."""
SAMPLE = 200_000
"""Bytes that are guessed from; more take seconds."""
WHOLE = re.compile(rb".*[\x00-/:-?]", re.DOTALL)
"""As much as ends with a byte that is in no encoding the second of a character."""


def decode(data: bytes, name: str, declared: str = "") -> str:
    """The text of the bytes. declared: the encoding that the file names; it counts where the bytes are
    not UTF-8. Raises SourceUnreadable, naming `name`, for bytes that are no text."""
    if sign := next((what for first, what in SIGNS if data.startswith(first)), ""):
        raise SourceUnreadable(f"{name} is {sign}")
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
    if (text := _nearly_utf8(data)) is not None:
        return text
    for encoding in () if declared.lower().startswith("utf") else LATIN.get(declared.lower(), (declared,)):
        try:
            return data.decode(encoding)
        except (LookupError, UnicodeDecodeError):
            continue
    return data.decode(_guess(data, name))


def unread(text: str) -> tuple[str, ...]:
    """What is to be said of characters that could not be read: one warning or none."""
    if not (count := text.count(UNREAD)):
        return ()
    said = "1 character is" if count == 1 else f"{count:,} characters are"
    return (f"{said} damaged or in another encoding than the rest, and shown as {UNREAD}",)


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


def _nearly_utf8(data: bytes) -> str | None:
    """UTF-8 into which another program wrote a few words, or that is cut off inside a character."""
    text = data.decode("utf-8", "replace")
    wrong = text.count(UNREAD) - data.count(UNREAD.encode())
    right = len(text) - len(text.encode("ascii", "ignore")) - wrong
    return text if wrong * 5 <= right and wrong <= max(1, MOST_UNREAD * len(text)) else None


def _guess(data: bytes, name: str) -> str:
    """cp1252 (Latin-1 as it is written) where that is plausible; short texts fit many others."""
    sample = data[:SAMPLE]
    if len(data) > SAMPLE and (whole := WHOLE.match(sample)):
        sample = whole.group()  # a character cut in two fits no encoding
    matches = from_bytes(sample)
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
