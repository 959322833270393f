"""Real prose of this machine, for libraries that are large: its documentation, each paragraph once.

Pages, manual pages and texts below the given folders, without code, tables and what is hardly made of words.
Gigabytes of pages are read by regular expressions, some five times as fast as by the project's own reader.
Where that is not enough, documents are made of runs of sentences of different documents, and counted. Knows
nothing of vectors or libraries.
"""

import gzip
import hashlib
import json
import re
import sys
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from html import unescape
from itertools import count
from pathlib import Path
from random import Random

from index.write import Progress, untold
from ingest.document import Block, Document, Read
from ingest.errors import EvaluationError, IngestError
from ingest.normalise import normalise
from ingest.read import document_id, read_bytes
from ingest.sentences import split_sentences

FOLDERS = tuple(
    map(
        Path,
        ("/usr/share/doc", "/usr/share/man", "/usr/share/info", "/usr/share/perl", "/usr/lib", sys.prefix),
    )
)
READABLE = (".html", ".htm", ".xhtml", ".md", ".txt", ".rst", ".pod", ".info", ".py")
MANUAL = re.compile(r"\.[1-8]\w{0,5}$")
BLOCK = re.compile(
    r"<(h[1-4]|p|li|dd)\b[^>]*>((?:(?!<(?:h[1-4]|p|li|dd|ul|ol|pre|table|dl)\b).){3,8000}?)</\1>", re.S | re.I
)
DOCSTRING = re.compile(r'"""(.{80,8000}?)"""', re.S)
TAG = re.compile(r"<[^>]*>")
ELSEWHERE = re.compile(r"/(?:class-use|_sources|src|(?!en)[a-z]{2}(?:-[A-Z]{2})?)/")
"""In paths of pages that say what stands elsewhere, or in other languages."""
MOST_BYTES = 3_000_000
"""Of a file; larger ones are dumps of data."""
FEWEST_WORDS, MOST_WORDS = 150, 12_000
"""Of a document; longer ones are cut there into several."""
RUN = 2
"""Sentences in a row that a recombined paragraph takes of one document."""
SHUFFLED, PARAGRAPHS = 20_000, 60
"""Runs that are shuffled together, and paragraphs of a recombined document."""
SEED = 20261122

Paragraphs = list[tuple[str, str]]
"""(kind of block, text)."""


def files(folders: Sequence[Path]) -> Iterator[Path]:
    """Readable files below folders, small enough, in a fixed order that mixes what stands together."""
    found = [path for folder in folders for path in folder.rglob("*") if _suffix(path)]
    found.sort(key=lambda path: hashlib.sha256(str(path).encode()).digest())
    return (path for path in found if path.is_file() and not path.is_symlink())


def _suffix(path: Path) -> str:
    """That of the reader for a file, "" where it is not one of ours."""
    if ELSEWHERE.search(str(path)):
        return ""
    name = path.name.removesuffix(".gz")
    if MANUAL.search(name) and "/man/man" in str(path):
        return ".man"
    suffix = Path(name).suffix.lower()
    return suffix if suffix in READABLE else ".txt" if name.startswith("README") else ""


def paragraphs(path: Path) -> Paragraphs:
    """Headings and prose of a file; nothing where it cannot be read."""
    try:
        data = path.read_bytes()
        data = gzip.decompress(data) if path.suffix == ".gz" else data
        if not 500 < len(data) < MOST_BYTES:
            return []
        suffix = _suffix(path)
        if suffix in (".man", ".pod", ".info", ".py"):
            data = _plain(data.decode("utf-8", "replace"), suffix).encode()
        if "htm" in suffix:
            return list(_page(data.decode("utf-8", "replace")))
        document = read_bytes(data, name="a.md" if suffix == ".md" else "a.txt", source=str(path))
    except (OSError, EOFError, zlib.error, IngestError):
        return []
    told = ((part.kind, document.text[part.start : part.end]) for part in document.parts)
    return [(kind, text) for kind, text in told if _is_heading(kind) or _is_prose(kind, text)]


def _page(text: str) -> Iterator[tuple[str, str]]:
    """Headings and prose of a page."""
    for match in BLOCK.finditer(text):
        words = " ".join(unescape(TAG.sub("", match[2])).replace("¶", "").split())
        kind = "heading" if match[1].lower().startswith("h") else "paragraph"
        if words and (_is_heading(kind) or _is_prose(kind, words)):
            yield kind, words


def _plain(text: str, suffix: str) -> str:
    """A manual page without its requests and fonts, a page of Perl without its marks, the docstrings of a
    module of Python."""
    if suffix == ".man":
        text = re.sub(r"\\\*?\((?:lq|rq|aq|dq)|\\\(em|\\f(?:\[\w*\]|\(..|.)|\\[&%/,c|^]", "", text)
        text = re.sub(r"\\-", "-", re.sub(r"\\[(*]..", " ", text))
        text = re.sub(r"^\.(?:PP|P|LP|TP|IP|SS|SH|sp|br|Pp)\b.*$", "\n", text, flags=re.M)
        return re.sub(r"^[.'](?:(?:B|I|BR|IR|RB|RI|BI|IB)\s+(.*)|.*)$", r"\1", text, flags=re.M)
    if suffix == ".pod":
        return re.sub(r"[A-Z]<+\s*(.*?)\s*>+", r"\1", re.sub(r"^=\w+ ?", "\n", text, flags=re.M))
    if suffix == ".py":
        return "\n\n".join(match[1] for match in DOCSTRING.finditer(text))
    return text


def _is_heading(kind: str) -> bool:
    return kind in ("title", "heading")


def _is_prose(kind: str, text: str) -> bool:
    """Enough words in a row, and made of letters."""
    letters = sum(map(str.isalpha, text)) + text.count(" ")
    ascii_letters = sum(c.isascii() for c in text)
    return (
        kind in ("paragraph", "item", "quote", "note")
        and len(text.split()) >= 6
        and letters > 0.85 * len(text)
        and ascii_letters > 0.97 * len(text)
    )


def collect(folders: Sequence[Path], output: Path, most_words: int, progress: Progress = untold) -> int:
    """Write the prose below folders to a file, a document a line, each paragraph once; returns its words.

    A file that is there is kept as it is. Raises EvaluationError where there is no prose.
    """
    if output.exists():
        return sum(document["words"] for document in _lines(output))
    seen: set[bytes] = set()
    words = 0
    part = output.with_suffix(".part")
    with part.open("w", encoding="utf-8") as file:
        for path in files(folders):
            new = [(kind, text) for kind, text in paragraphs(path) if _is_new(kind, text, seen)]
            for number, piece in enumerate(_cut(new)):
                size = sum(len(text.split()) for _, text in piece)
                words += size
                source = f"{path}#{number}" if number else str(path)
                file.write(json.dumps({"source": source, "words": size, "blocks": piece}) + "\n")
            progress(min(words, most_words), most_words)
            if words >= most_words:
                break
    if not words:
        raise EvaluationError(f"there is no prose in {', '.join(map(str, folders))}; name other folders")
    part.rename(output)
    return words


def _is_new(kind: str, text: str, seen: set[bytes]) -> bool:
    if _is_heading(kind):
        return True
    key = hashlib.blake2b(text.encode(), digest_size=8).digest()
    if key in seen:
        return False
    seen.add(key)
    return True


def _cut(blocks: Paragraphs) -> Iterator[Paragraphs]:
    """Paragraphs in documents of at most about MOST_WORDS words; too short ones are left out."""
    piece: Paragraphs = []
    words = 0
    for kind, text in blocks:
        piece.append((kind, text))
        words += 0 if _is_heading(kind) else len(text.split())
        if words >= MOST_WORDS:
            yield piece
            piece, words = [], 0
    if words >= FEWEST_WORDS:
        yield piece


def _lines(file: Path) -> Iterator[dict]:
    with file.open(encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def documents(file: Path, known: Callable[[str], bool]) -> Iterator[tuple[Document, bool]]:
    """The documents of a file of prose, and then without end ones recombined of them; True for those. known:
    whether a document need not be made, by its id."""
    for line in _lines(file):
        if not known(document_id(line["source"])):
            yield _document(line["source"], line["blocks"]), False
    for number in count():
        recombined = 0
        for blocks in _mixed(_lines(file), Random(SEED + number)):
            source = f"recombined/{number}/{recombined}"
            recombined += 1
            if not known(document_id(source)):
                yield _document(source, blocks), True
        if not recombined:
            return


def _document(source: str, blocks: Iterable[Sequence[str]]) -> Document:
    content = [Block(kind, (text,)) for kind, text in blocks]  # type: ignore[arg-type]
    version = hashlib.sha256("\n".join(text for _, text in blocks).encode()).hexdigest()
    title = Path(source.split("#")[0]).name.removesuffix(".gz")
    return normalise(
        Read("", tuple(content)),
        document_id=document_id(source),
        source=source,
        version=version,
        fallback_title=title,
    )


def _mixed(lines: Iterable[dict], random: Random) -> Iterator[Paragraphs]:
    """Documents whose paragraphs have two runs of sentences each, of documents not far apart in the file."""
    held: list[str] = []
    for line in lines:
        for kind, text in line["blocks"]:
            if not _is_heading(kind):
                spans = split_sentences(text)
                held += [
                    text[run[0][0] : run[-1][1]]
                    for run in (spans[at : at + RUN] for at in range(0, len(spans), RUN))
                ]
        if len(held) >= SHUFFLED:
            yield from _shuffled(held, random)
            held = []
    yield from _shuffled(held, random)


def _shuffled(runs: list[str], random: Random) -> Iterator[Paragraphs]:
    random.shuffle(runs)
    pairs = [" ".join(pair) for pair in zip(runs[::2], runs[1::2], strict=False)]
    for at in range(0, len(pairs), PARAGRAPHS):
        yield [("paragraph", text) for text in pairs[at : at + PARAGRAPHS]]
