"""The parts of a Word file: which member of the zip is what, and what its styles mean."""

import posixpath
import re
from dataclasses import dataclass
from typing import Literal

from lxml import etree

from ingest.document import BlockKind
from ingest.docx_notes import NAMESPACES, W, value_of
from ingest.errors import SourceUnreadable
from ingest.office import Archive, parse_xml

STRICT = {
    b"http://purl.oclc.org/ooxml/wordprocessingml/main": NAMESPACES["w"].encode(),
    b"http://purl.oclc.org/ooxml/officeDocument/math": NAMESPACES["m"].encode(),
}
"""Names of the same elements in files that Word saves as "Strict Open XML"."""
KINDS: dict[str, BlockKind] = {
    "title": "title", "quote": "quote", "intense quote": "quote", "block text": "quote",
    "quotations": "quote",
    "source code": "code", "html preformatted": "code", "preformatted text": "code", "code": "code",
}  # fmt: skip
"""Names of styles; in the file they are English whatever the language of Word."""
CONTENTS = re.compile(
    r"(?:toc|index) (?:\d|heading)|(?:table of figures|index heading|table of authorities)$"
)
"""Styles of the lists that Word makes of headings and page numbers."""
LONGEST_CHAIN = 20
"""Styles that are based on each other; Word itself allows 11."""


@dataclass(frozen=True)
class Style:
    """What a paragraph of a style is; "contents" is a line of a table of contents."""

    kind: BlockKind | Literal["contents"] = "paragraph"
    level: int = 0


class Package:
    """The parts of a Word file, found by what they are to each other and not by their usual names."""

    def __init__(self, archive: Archive, name: str) -> None:
        self.archive = archive
        self.name = name
        self.package = self._related("")
        self.path = next(iter(self.package.get("officeDocument", [])), "word/document.xml")
        if self.path not in archive:
            raise SourceUnreadable(f"{name} is no Word document: it is a zip file without {self.path}")
        self.main = self._parse(self.path)
        self.related = self._related(self.path)

    def part(self, kind: str) -> etree._Element | None:
        """The first part of a kind, such as "footnotes"; None where the document has none."""
        return next((self._parse(path) for path in self.related.get(kind, [])), None)

    def title(self) -> str:
        """The title among the file's properties, "" where it has none."""
        for path in self.package.get("core-properties", []):
            found = self._parse(path).find("{http://purl.org/dc/elements/1.1/}title")
            return (found.text or "").strip() if found is not None else ""
        return ""

    def beside_the_text(self) -> list[str]:
        """What stands in comments and in the pages' headers and footers, each text once."""
        found: dict[str, None] = {}
        for kind in ("header", "footer"):
            for path in self.related.get(kind, []):
                found[words_of(self._parse(path))] = None
        for path in self.related.get("comments", []):
            for node in self._parse(path).iter(f"{W}comment"):
                found[words_of(node)] = None
        return [words for words in found if words]

    def _parse(self, path: str) -> etree._Element:
        data = self.archive.read(path)
        for strict, usual in STRICT.items():
            data = data.replace(strict, usual)
        return parse_xml(data, self.name, path)

    def _related(self, path: str) -> dict[str, list[str]]:
        """Kind to the members that a part names as such; what is not in the file is passed over."""
        folder, base = posixpath.split(path)
        at = posixpath.join(folder, "_rels", f"{base}.rels")
        found: dict[str, list[str]] = {}
        for node in parse_xml(self.archive.read(at), self.name, at) if at in self.archive else ():
            target = posixpath.normpath(posixpath.join("/", folder, node.get("Target", ""))).lstrip("/")
            if node.get("TargetMode") != "External" and target in self.archive:
                found.setdefault(node.get("Type", "").rpartition("/")[2], []).append(target)
        return found


def words_of(node: etree._Element) -> str:
    """All text below the node, deleted text too, every white space one space."""
    words = [" " if n.tag in (f"{W}p", f"{W}tab") else n.text or "" for n in node.iter(*TEXTS)]
    return " ".join("".join(words).split())


def is_raised(text: etree._Element) -> bool:
    """Whether the run that a text stands in is a superscript."""
    return value_of(text.getparent(), "w:rPr/w:vertAlign") == "superscript"


TEXTS = tuple(f"{W}{name}" for name in ("t", "delText", "p", "tab"))


def read_styles(root: etree._Element | None) -> dict[str, Style]:
    """Paragraph styles by their id, with what they take over from the styles they are based on."""
    nodes = [] if root is None else root.findall("w:style", NAMESPACES)
    by_id = {node.get(f"{W}styleId", ""): node for node in nodes if node.get(f"{W}type") == "paragraph"}
    styles = {}
    for name, node in by_id.items():
        chain: list[etree._Element] = []
        above: etree._Element | None = node
        while above is not None and len(chain) < LONGEST_CHAIN:
            chain.append(above)
            above = by_id.get(value_of(above, "w:basedOn") or "")
        styles[name] = next((style for node in chain if (style := _style(node))), Style())
    return styles


def style_of(paragraph: etree._Element, styles: dict[str, Style]) -> Style:
    """The paragraph's style, with what it says otherwise itself."""
    properties = paragraph.find("w:pPr", NAMESPACES)
    style = styles.get(value_of(properties, "w:pStyle") or "", Style())
    if style.kind in ("paragraph", "item", "heading") and (level := _outline(properties)) is not None:
        style = Style("heading", level) if level else Style()
    number = value_of(properties, "w:numPr/w:numId")
    if number is not None and style.kind in ("paragraph", "item"):
        style = Style("item" if number != "0" else "paragraph")
    return style


def _style(node: etree._Element) -> Style | None:
    """What the style itself says, None where the one it is based on decides."""
    name = (value_of(node, "w:name") or "").lower()
    if name in KINDS:
        return Style(KINDS[name])
    if CONTENTS.match(name):
        return Style("contents")
    if heading := re.fullmatch(r"heading (\d)", name):
        return Style("heading", int(heading[1]))
    properties = node.find("w:pPr", NAMESPACES)
    if (level := _outline(properties)) is not None:
        return Style("heading", level) if level else Style()
    if (number := value_of(properties, "w:numPr/w:numId")) is not None:
        return Style("item") if number != "0" else Style()
    return None


def _outline(properties: etree._Element | None) -> int | None:
    """Level of a heading, 1 the highest; 0 for "body text", None where nothing is said."""
    value = value_of(properties, "w:outlineLvl")
    if value is None or value not in "0123456789" or not value:
        return None
    return (int(value) + 1) % 10
