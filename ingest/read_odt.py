"""OpenDocument text (.odt, and .fodt in one XML file): all tracked changes accepted, notes linked.

The file holds each note at its marker with the label that is printed. Macros, links, pictures and
embedded files are never opened, but for formulas, whose text is read.
"""

import re
from collections import Counter
from dataclasses import dataclass, field

from lxml import etree

from ingest.document import BlockKind, Read, Ref
from ingest.errors import SourceUnreadable
from ingest.footnotes import as_shown, link_printed_notes
from ingest.markers import BREAK, raise_text
from ingest.odt_numbers import Numbers
from ingest.odt_parts import (
    NAMESPACES,
    TEXT,
    Spans,
    Styles,
    beside_the_text,
    formula_of,
    name_notes,
    number_of,
    read_styles,
    refuse_encrypted,
    short,
    words_of,
)  # fmt: skip
from ingest.office import Archive, Builder, finish, open_zip, parse_xml, without_notes_heading

SUFFIXES = (".odt", ".ott", ".fodt")

SIGNS = {"text:tab": "\t", "text:line-break": BREAK}
MOST_SPACES = 80
"""Of one <text:s>, which says how many it stands for: a file may say a billion."""
NO_TEXT = frozenset(
    (
        *("text:tracked-changes", "text:note-citation", "text:sequence-decls", "text:variable-decls"),
        *("text:user-field-decls", "office:forms", "office:scripts", "office:event-listeners"),
        *("office:binary-data", "svg:title", "svg:desc", "table:covered-table-cell"),
    )
)
"""Deleted text, settings, and the description of pictures."""
CONTENTS = frozenset(
    f"text:{name}"
    for name in (
        "table-of-content", "illustration-index", "table-index", "object-index", "user-index",
        "alphabetical-index",
    )
)  # fmt: skip


def read(data: bytes, name: str) -> Read:
    """A reader of `ingest.read`."""
    archive = None
    if data.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"<"):
        content = styles = meta = parse_xml(data, name)
    else:
        archive = open_zip(data, name)
        refuse_encrypted(archive)
        content, styles, meta = (
            parse_xml(archive.read(f"{part}.xml"), name, f"{part}.xml") if f"{part}.xml" in archive else None
            for part in ("content", "styles", "meta")
        )
    root = None if content is None else content.find("office:body/office:text", NAMESPACES)
    if root is None:
        raise SourceUnreadable(f"{name} is no OpenDocument text; save it as .odt and try again")
    notes = name_notes(root)
    walk = _Walk(notes, read_styles(content, styles), Numbers(content, styles), archive)
    walk.walk(root)
    body = finish(walk.builder.blocks)
    note_blocks = []
    for note, label in notes.items():
        walk.builder = Builder(label)
        for part in note.findall("text:note-body", NAMESPACES):
            walk.walk(part)
        note_blocks += walk.builder.blocks
    body = without_notes_heading(body) if note_blocks else body
    found = None if meta is None else meta.find(".//{http://purl.org/dc/elements/1.1/}title")
    return Read(
        title="" if found is None else (found.text or "").strip(),
        blocks=as_shown((*body, *note_blocks)) if note_blocks else link_printed_notes(body, headed=True),
        left_out=(*walk.left_out, *beside_the_text(styles)),
        warnings=tuple(walk.warnings(root)),
    )


@dataclass
class _Walk:
    """Elements to blocks, in reading order. notes: their elements, with their labels."""

    notes: dict[etree._Element, str]
    styles: Styles
    numbers: Numbers
    archive: Archive | None
    builder: Builder = field(default_factory=Builder)
    left_out: list[str] = field(default_factory=list)
    unread: Counter[str] = field(default_factory=Counter)
    boxes: list[etree._Element] = field(default_factory=list)
    lists: int = 0
    tables: list[Spans] = field(default_factory=lambda: [Spans()])
    """Those that are open."""
    inside: bool = False
    """Whether this is in a paragraph, where text is text and not the file's line breaks."""
    raised: int = 0
    """Superscripts that this is in."""
    by_id: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        self.by_id = {note.get(f"{TEXT}id", ""): label for note, label in self.notes.items()}

    def warnings(self, root: etree._Element) -> list[str]:
        """What is not in the blocks and was not left out as boilerplate."""
        found = [f"{n} × {what}: not read" for what, n in self.unread.items() if n]
        deletions = sum(bool(words_of(node)) for node in root.iter(f"{TEXT}deletion"))
        if deletions:
            found.append(f"tracked changes are taken as accepted: {deletions} × deleted text is left out")
        return found

    def walk(self, root: etree._Element) -> None:
        """Add what is below an element."""
        events = etree.iterwalk(root, events=("start", "end"))
        passed = None
        for event, node in events:
            tag = short(node.tag)
            if event == "start" and node is not root and self._passes_over(node, tag):
                passed = node
                events.skip_subtree()
            elif event == "start":
                self._start(node, tag)
                self._say(node.text)
            else:
                if node is not passed:
                    self._end(node, tag)
                if node is not root:
                    self._say(node.tail)
        self.builder.end_paragraph()

    def _passes_over(self, node: etree._Element, tag: str) -> bool:
        """Whether what is below the element is no text at this place; reports it where need be."""
        if tag == "text:note":
            self.builder.pieces += [Ref(self.notes[node])] if node in self.notes else []
        elif tag == "text:note-ref" and (label := self.by_id.get(node.get(f"{TEXT}ref-name", ""))):
            self.builder.pieces.append(Ref(label))
        elif tag == "draw:object":
            words = formula_of(node, self.archive)
            self.builder.pieces += [words] if words else []
            self.unread["embedded object"] += not words
        elif tag.startswith("draw:") and self.inside and node.find("draw:object", NAMESPACES) is None:
            self.boxes.append(node)
        elif (
            tag in CONTENTS
            or tag in ("office:annotation", "text:ruby-text")
            or node.get(f"{TEXT}display") == "none"
            or (tag == "text:span" and node.get(f"{TEXT}style-name") in self.styles.hidden)
        ):
            self.left_out += [words] if (words := words_of(node)) else []
        else:
            return tag in NO_TEXT
        return True

    def _start(self, node: etree._Element, tag: str) -> None:
        match tag:
            case "text:p" | "text:h":
                self.inside = True
            case "text:span":
                self.raised += self._is_raised(node)
            case "text:list" | "text:numbered-paragraph":
                self.lists += 1
                self.numbers.begin_list(node)
            case "text:list-item":
                self.numbers.begin_item(node)
            case "text:s":
                self.builder.pieces.append(" " * number_of(node, f"{TEXT}c", MOST_SPACES))
            case "table:table":
                self.tables.append(Spans())
            case "table:table-row":
                self.builder.begin_row()
                self.tables[-1].begin_row()
            case "table:table-cell":
                for _ in range(self.tables[-1].place(node) + 1):
                    self.builder.begin_cell()
            case _ if tag in SIGNS:
                self.builder.pieces.append(SIGNS[tag])

    def _end(self, node: etree._Element, tag: str) -> None:
        match tag:
            case "text:p" | "text:h":
                self.inside = False
                kind, level = self._kind_of(node, tag)
                self.builder.end_paragraph(kind, level, self.numbers.next(node))
                boxes, self.boxes = self.boxes, []
                for box in boxes:
                    self.walk(box)
            case "text:span":
                self.raised -= self._is_raised(node)
            case "text:list" | "text:numbered-paragraph":
                self.lists -= 1
                self.numbers.end_list()
            case "table:table-row":
                self.builder.end_row()
            case "table:table":
                self.tables.pop()

    def _kind_of(self, node: etree._Element, tag: str) -> tuple[BlockKind, int]:
        kind, level = self.styles.kinds.get(node.get(f"{TEXT}style-name", ""), ("paragraph", 0))
        if tag == "text:h" and kind != "title":
            given = node.get(f"{TEXT}outline-level", "1")
            return "heading", int(given) if re.fullmatch(r"\d{1,2}", given) else 1
        return ("item", 0) if self.lists and kind == "paragraph" else (kind, level)

    def _is_raised(self, span: etree._Element) -> bool:
        return span.get(f"{TEXT}style-name") in self.styles.raised

    def _say(self, text: str | None) -> None:
        if not text or not self.inside:
            return
        text = re.sub(r"\s+", " ", text)
        if self.raised:
            raise_text(self.builder.pieces, text)
        else:
            self.builder.pieces.append(text)
