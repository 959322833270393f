"""What an EPUB says of itself: title, authors, its chapters in order, and their titles in the contents."""

import posixpath
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from lxml import etree
from selectolax.lexbor import LexborHTMLParser

from ingest.decode import decode
from ingest.errors import SourceUnreadable
from ingest.html_notes import words_of
from ingest.html_page import parse
from ingest.office import Archive, parse_xml

FONT_SCRAMBLING = ("http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC")
"""Fonts are scrambled in many an open book; anything else in encryption.xml is a lock."""
APPARATUS = frozenset(
    (
        *("cover", "toc", "landmarks", "page-list", "loi", "lot", "titlepage", "title-page", "halftitlepage"),
        *("copyright-page", "copyright", "imprint", "nav", "contents"),
    )
)
"""Types (of epub:type and the guide) and file names of what stands around a book's text."""
NOTES_FILE = re.compile(r"(?:^|[\W\d_])(?:end|foot|rear)?notes?(?:[\W\d_]|$)", re.IGNORECASE)
UNNAMED = frozenset(("", "untitled", "unknown", "no title"))


@dataclass
class Chapter:
    """A file of the spine. key: begins its addresses in the one page; it says "note" where the file's name
    does, since a link there is a marker (`ingest.html_notes`). label: from the contents."""

    path: str
    key: str
    label: str = ""
    apparatus: bool = False
    tree: LexborHTMLParser | None = None


@dataclass
class Book:
    """What the package file says, and what is wrong with it."""

    title: str
    author: str
    chapters: list[Chapter]
    warnings: list[str] = field(default_factory=list)


def read_book(archive: Archive, name: str) -> Book:
    """The book of an archive. Raises SourceUnreadable for one that is damaged or locked."""
    container = _xml(archive, "META-INF/container.xml", name)
    roots = _all(container, "rootfile")
    path = path_inside("", roots[0].get("full-path") or "") if roots else None
    if path is None:
        raise SourceUnreadable(f"{name} is damaged: its container names no package file; get a whole copy")
    package = _xml(archive, path, name)
    base = posixpath.dirname(path)
    items = {item.get("id"): item for item in _all(package, "item")}
    apparatus = {
        path_inside(base, ref.get("href") or "")
        for ref in _all(package, "reference")
        if (ref.get("type") or "").lower() in APPARATUS
    }
    texts = {
        tag: [" ".join("".join(e.itertext()).split()) for e in _all(package, tag)]
        for tag in ("title", "creator")
    }
    title = next(iter(texts["title"]), "")
    book = Book("" if title.lower() in UNNAMED else title, ", ".join(filter(None, texts["creator"])), [])
    seen: set[str] = set()
    for ref in _all(package, "itemref"):
        item = items.get(ref.get("idref"))
        file = None if item is None else path_inside(base, item.get("href") or "")
        if item is None or file is None:
            book.warnings.append(f"a chapter ({ref.get('idref')}) has no file in the book, and is left out")
        elif file not in seen:
            seen.add(file)
            stem = posixpath.basename(file).partition(".")[0].lower()
            hint = "-note" if NOTES_FILE.search(stem) else ""
            around = file in apparatus or "nav" in (item.get("properties") or "").split() or stem in APPARATUS
            book.chapters.append(Chapter(file, f"{_letters(len(book.chapters))}{hint}!", apparatus=around))
    _refuse_locked(archive, {path} | seen, name)
    labels = _labels(archive, list(items.values()), base, name)
    for chapter in book.chapters:
        chapter.label = labels.get(chapter.path, "")
    return book


def _refuse_locked(archive: Archive, content: set[str], name: str) -> None:
    if "META-INF/encryption.xml" not in archive:
        return
    root = _xml(archive, "META-INF/encryption.xml", name)
    for entry in _all(root, "EncryptedData"):
        methods = {method.get("Algorithm") for method in _all(entry, "EncryptionMethod")}
        paths = {path_inside("", ref.get("URI") or "") for ref in _all(entry, "CipherReference")}
        if not methods & set(FONT_SCRAMBLING) and paths & content:
            raise SourceUnreadable(
                f"{name} is locked by its seller (DRM) and cannot be read; get a copy without it"
            )


def _labels(archive: Archive, items: Sequence[etree._Element], base: str, name: str) -> dict[str, str]:
    """Path of each chapter to its title in the table of contents: EPUB 3's, else that of EPUB 2."""
    found: list[tuple[str | None, str]] = []
    for item in sorted(items, key=lambda item: "nav" not in (item.get("properties") or "").split()):
        path = path_inside(base, item.get("href") or "")
        if path is None or path not in archive:
            continue
        here = posixpath.dirname(path)
        if "nav" in (item.get("properties") or "").split():
            tree = parse(decode(archive.read(path), f"{name}: {path}"), xml=True)
            links = tree.css("nav[epub\\:type~=toc] a[href]")
            found += [
                (path_inside(here, link.attributes.get("href") or ""), words_of(link)) for link in links
            ]
        elif item.get("media-type") == "application/x-dtbncx+xml" and not found:
            for point in _all(_xml(archive, path, name), "navPoint"):
                words = next(("".join(e.itertext()) for e in _all(point, "text")), "")
                source = next((e.get("src") or "" for e in _all(point, "content")), "")
                found.append((path_inside(here, source), " ".join(words.split())))
    labels: dict[str, str] = {}
    for path, label in found:
        if path is not None and label:
            labels.setdefault(path, label)
    return labels


def _xml(archive: Archive, path: str, name: str) -> etree._Element:
    """The root of a member. Without its document type, as EPUB 2's contents have one: parsed without
    collecting ids, lxml 6.1 asks for what it names, and the network is closed to it."""
    data = re.sub(rb"<!DOCTYPE[^<>\[]*>", b"", archive.read(path), count=1)
    return parse_xml(data, name, path)


def _all(node: etree._Element, name: str) -> list[etree._Element]:
    """The elements of a local name below the node, in order, whatever their namespace."""
    return list(node.iter(f"{{*}}{name}"))


def path_inside(base: str, address: str) -> str | None:
    """Path in the archive of an address in a file of the folder; None for one that leads out of it."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return None
    path = unquote(parts.path)
    if parts.scheme or parts.netloc or not path or path.startswith("/") or "\\" in path:
        return None
    path = posixpath.normpath(posixpath.join(base, path))
    return None if path.startswith("../") or path in ("..", ".") else path


def _letters(number: int) -> str:
    """A name without digits, which would make every id look like a note's."""
    return re.sub(r"\d", lambda digit: "abcdefghij"[int(digit[0])], str(number))
