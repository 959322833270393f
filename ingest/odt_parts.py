"""The parts of an OpenDocument file around its text: styles, names of notes, formulas, passwords."""

import posixpath
import re
from dataclasses import dataclass, field
from functools import lru_cache

from lxml import etree

from ingest.document import BlockKind
from ingest.errors import SourceUnreadable
from ingest.office import Archive, Namer, parse_xml

NAMESPACES = {
    name: f"urn:oasis:names:tc:opendocument:xmlns:{part}:1.0"
    for name, part in (
        ("office", "office"), ("text", "text"), ("table", "table"), ("draw", "drawing"), ("style", "style"),
        ("manifest", "manifest"), ("form", "form"), ("svg", "svg-compatible"),
    )
}  # fmt: skip
MATH = "http://www.w3.org/1998/Math/MathML"
NAMESPACES |= {"xlink": "http://www.w3.org/1999/xlink", "math": MATH}
PREFIXES = {address: prefix for prefix, address in NAMESPACES.items()}
TEXT, TABLE, STYLE, MANIFEST = (f"{{{NAMESPACES[name]}}}" for name in ("text", "table", "style", "manifest"))
HREF = f"{{{NAMESPACES['xlink']}}}href"

KINDS: dict[str, BlockKind] = {
    "Title": "title", "Quotations": "quote", "Quote": "quote", "Preformatted_20_Text": "code",
    "Source_20_Code": "code",
}  # fmt: skip
"""Names of styles; in the file they are English whatever the language of LibreOffice."""
MOST_COLUMNS = 64
"""Spanned by one cell."""
RAISED = re.compile(r"super|[1-9]")
"""A position of text, "super 58%" or "33% 58%"; below the line it is "sub" or negative, and on it 0%."""
LONGEST_CHAIN = 20
"""Styles that are based on each other."""


def number_of(node: etree._Element, attribute: str, most: int) -> int:
    """The number in an attribute, at most `most`; 1 where there is none."""
    given = node.get(attribute, "1")
    return min(int(given), most) if re.fullmatch(r"\d{1,9}", given) else 1


@dataclass
class Spans:
    """Which columns of a table's rows are covered by cells of rows above. The elements that a file may
    have in the place of covered cells are not needed, and not every writer writes them."""

    row: int = 0
    column: int = 0
    until: dict[int, int] = field(default_factory=dict)
    """Column to the first row that is free again."""

    def begin_row(self) -> None:
        """Go on to the next row."""
        self.row += 1
        self.column = 0

    def place(self, cell: etree._Element) -> int:
        """Give a cell the next free columns; how many covered ones stand before it."""
        first = self.column
        while self.until.get(self.column, 0) > self.row:
            self.column += 1
        covered = self.column - first
        rows = number_of(cell, f"{TABLE}number-rows-spanned", 10**9)
        for _ in range(number_of(cell, f"{TABLE}number-columns-spanned", MOST_COLUMNS)):
            self.until[self.column] = self.row + rows
            self.column += 1
        return covered


@dataclass
class Styles:
    """kinds: paragraph style to what its paragraphs are. hidden: styles of text that is not shown. raised:
    those of superscripts."""

    kinds: dict[str, tuple[BlockKind, int]] = field(default_factory=dict)
    hidden: set[str] = field(default_factory=set)
    raised: set[str] = field(default_factory=set)


@lru_cache(4096)
def short(tag: str) -> str:
    """ "text:p" for a tag with its namespace written out."""
    address, _, name = tag[1:].rpartition("}")
    return f"{PREFIXES.get(address, '')}:{name}"


def words_of(node: etree._Element) -> str:
    """All text in the paragraphs below the node, every white space one space."""
    return " ".join(" ".join("".join(p.itertext()) for p in node.iter(f"{TEXT}p", f"{TEXT}h")).split()) or (
        " ".join("".join(node.itertext()).split())
    )


def refuse_encrypted(archive: Archive) -> None:
    """Raises SourceUnreadable for a file with a password, whose manifest says so."""
    at = "META-INF/manifest.xml"
    encrypted = "encrypted-package" in archive
    if at in archive:
        manifest = parse_xml(archive.read(at), archive.name, at)
        encrypted = encrypted or next(manifest.iter(f"{MANIFEST}encryption-data"), None) is not None
    if encrypted:
        raise SourceUnreadable(
            f"{archive.name} is protected by a password; save it without one and try again"
        )


def read_styles(content: etree._Element, styles: etree._Element | None) -> Styles:
    """The named styles and those made for single paragraphs ("P1"), which are based on them."""
    named = [] if styles is None else styles.findall("office:styles/style:style", NAMESPACES)
    nodes = [*named, *content.findall("office:automatic-styles/style:style", NAMESPACES)]
    above = {n.get(f"{STYLE}name", ""): n.get(f"{STYLE}parent-style-name", "") for n in nodes}
    found = Styles({name: (kind, 0) for name, kind in KINDS.items()})  # some writers define none of them
    for node in nodes:
        name = at = node.get(f"{STYLE}name", "")
        properties = node.find("style:text-properties", NAMESPACES)
        if properties is not None and properties.get(f"{TEXT}display") == "none":
            found.hidden.add(name)
        position = None if properties is None else properties.get(f"{STYLE}text-position")
        if RAISED.match(position or "") or (position is None and above[name] in found.raised):
            found.raised.add(name)
        for _ in range(LONGEST_CHAIN):
            heading = re.fullmatch(r"Heading_20_(\d{1,2})", at)
            if at in KINDS or heading:
                found.kinds[name] = ("heading", int(heading[1])) if heading else (KINDS[at], 0)
                break
            at = above.get(at, "")
    return found


def name_notes(root: etree._Element) -> dict[etree._Element, str]:
    """The notes in the order of their markers, with the labels that they print; deleted ones are not
    among them."""
    namer = Namer()
    notes: dict[etree._Element, str] = {}
    events = etree.iterwalk(root, events=("start",))
    for _, node in events:
        if node.tag == f"{TEXT}tracked-changes":
            events.skip_subtree()
        elif node.tag == f"{TEXT}note":
            citation = node.find("text:note-citation", NAMESPACES)
            printed = "" if citation is None else citation.get(f"{TEXT}label") or "".join(citation.itertext())
            notes[node] = namer.take(" ".join(printed.split()) or str(len(notes) + 1))
    return notes


def beside_the_text(styles: etree._Element | None) -> list[str]:
    """The pages' headers and footers, each text once."""
    places = ("header", "footer", "header-left", "footer-left", "header-first", "footer-first")
    nodes = [] if styles is None else styles.iter(*(f"{STYLE}{place}" for place in places))
    return [words for words in dict.fromkeys(words_of(node) for node in nodes) if words]


def formula_of(holder: etree._Element, archive: Archive | None) -> str:
    """The text of an embedded formula, "" for any other object. Fractions are written "a/b"."""
    math = holder.find(".//math:math", NAMESPACES)
    at = posixpath.normpath(posixpath.join(holder.get(HREF, "."), "content.xml"))
    if math is None and archive is not None and at in archive:
        math = parse_xml(archive.read(at), archive.name, at)
    if math is None or math.tag != f"{{{MATH}}}math":
        return ""
    signs: dict[etree._Element, str] = {}
    for name, sign in (("mfrac", "/"), ("msup", "^"), ("msub", "_")):
        signs |= {node[1]: sign for node in math.iter(f"{{{MATH}}}{name}") if len(node) > 1}
    words = [
        signs.get(node, "") + (node.text or "").strip()
        for node in math.iter()
        if node.tag not in (f"{{{MATH}}}annotation", f"{{{MATH}}}annotation-xml")
    ]
    return "".join(words)
