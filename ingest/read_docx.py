"""Word (.docx): the text as it prints with all tracked changes accepted, its notes linked.

Written against the format itself: converters to HTML number notes in their own way and lose notes'
own marks ("*"), cross-references to notes, hidden text and what a change deleted. Macros, links,
pictures and embedded files are never opened.
"""

import re
from collections import Counter
from dataclasses import dataclass, field

from lxml import etree

from ingest.document import Block, Read, Ref
from ingest.docx_notes import (
    NAMESPACES,
    NoteId,
    NoteNames,
    W,
    is_deleted,
    is_double,
    is_on,
    name_notes,
    short,
    symbol_of,
    value_of,
)  # fmt: skip
from ingest.docx_numbers import Numbers
from ingest.docx_parts import Package, Style, is_raised, read_styles, style_of, words_of
from ingest.footnotes import as_shown, link_printed_notes
from ingest.markers import BREAK, raise_text
from ingest.office import Builder, finish, open_zip, without_notes_heading

SUFFIXES = (".docx", ".docm", ".dotx", ".doc")
"""A .doc is opened only to say what it is: some are .docx files by another name."""

SIGNS = {
    "w:tab": "\t", "w:ptab": "\t", "w:br": BREAK, "w:cr": BREAK, "m:den": "/", "m:sup": "^", "m:sub": "_",
    "w:noBreakHyphen": "-",  # and not U+2011, which nobody types into a search
}  # fmt: skip
PROPERTIES = frozenset(f"w:{name}Pr" for name in ("p", "r", "sect", "tbl", "tr", "tc", "sdt"))
UNREAD = {
    "w:altChunk": "embedded document", "w:subDoc": "linked document", "w:object": "embedded object",
    "c:chart": "chart", "dgm:relIds": "diagram",
}  # fmt: skip

OFFICE_NOTE = re.compile(r"_Ref[FE]\d+")
"""LibreOffice's bookmarks around notes' markers, which it writes REF to, where Word writes NOTEREF."""


def read(data: bytes, name: str) -> Read:
    """A reader of `ingest.read`."""
    package = Package(open_zip(data, name), name)
    kinds = {"footnote": package.part("footnotes"), "endnote": package.part("endnotes")}
    sources = {
        (kind, node.get(f"{W}id", "")): node
        for kind, root in kinds.items()
        for node in ([] if root is None else root.findall(f"w:{kind}", NAMESPACES))
        if node.get(f"{W}type", "normal") == "normal"
    }
    parts = [package.main, *(root for root in kinds.values() if root is not None)]
    names = name_notes(parts, package.part("settings"))
    missing = [label for note, label in names.labels.items() if note not in sources]
    for note in sources:
        if note not in names.labels and note not in names.deleted:
            names.labels[note] = names.namer.take(note[1])
    styles = package.part("styles")
    walk = _Walk(names, read_styles(styles), Numbers(package.part("numbering"), styles))
    walk.walk(package.main)
    body = finish(walk.builder.blocks)
    notes = [b for note in names.labels if note in sources for b in walk.note(note, sources[note])]
    return Read(
        title=package.title(),
        blocks=as_shown((*without_notes_heading(body), *notes))
        if notes
        else link_printed_notes(body, headed=True),
        left_out=(*walk.everything_left_out(), *package.beside_the_text()),
        warnings=(*(f"marker [{label}] has no note in the file" for label in missing), *walk.warnings()),
    )


@dataclass
class _Walk:
    """Elements to blocks, in reading order."""

    names: NoteNames
    styles: dict[str, Style]
    numbers: Numbers
    builder: Builder = field(default_factory=Builder)
    contents: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    unread: Counter[str] = field(default_factory=Counter)
    boxes: list[etree._Element] = field(default_factory=list)
    style: Style = field(default_factory=Style)
    """Of the paragraph that this is in."""
    fields: list[list[str]] = field(default_factory=list)
    """The instructions of the fields that are open here."""
    silent: str = ""
    """The element, "w:r" or "w:p", up to whose end the text is a marker's own and not the document's."""

    def note(self, note: NoteId, root: etree._Element) -> list[Block]:
        """The blocks of a note, without the mark that it may print itself."""
        label = self.names.labels[note]
        self.builder = Builder(label)
        self.walk(root)
        blocks = self.builder.blocks
        if note in self.names.custom and blocks:
            words = "".join(piece for piece in blocks[0].content if isinstance(piece, str))
            mark = label.partition("′")[0]
            if words.lstrip().startswith(mark):
                blocks[0] = _without(blocks[0], len(words) - len(words.lstrip()) + len(mark))
        return blocks

    def everything_left_out(self) -> list[str]:
        """Hidden texts and the like, and the table of contents as one."""
        return ["\n".join(self.contents), *self.left_out] if self.contents else self.left_out

    def warnings(self) -> list[str]:
        """What is not in the blocks and was not left out as boilerplate."""
        found = [f"{n} × {what}: not read" for what, n in self.unread.items() if n and what != "deletion"]
        if n := self.unread["deletion"]:
            found.append(f"tracked changes are taken as accepted: {n} × deleted text is left out")
        if self.names.paged:
            found.append("notes are numbered anew on each page, and the file does not say where pages begin")
        return found

    def walk(self, root: etree._Element) -> None:
        """Add what is below an element."""
        events = etree.iterwalk(root, events=("start", "end"))
        passed = None
        for event, node in events:
            if event == "end" and node is not passed:
                self._end(node, short(node.tag))
            elif event == "start" and node is not root and self._passes_over(node, short(node.tag)):
                passed = node
                events.skip_subtree()
            elif event == "start":
                self._start(node, short(node.tag))
        self.builder.end_paragraph()
        self._walk_boxes()

    def _passes_over(self, node: etree._Element, tag: str) -> bool:
        """Whether what is below the element is no text at this place; reports it where need be."""
        if is_deleted(node):
            self.unread["deletion"] += bool(words_of(node))
        elif tag == "w:txbxContent":
            self.boxes.append(node)
        elif tag == "w:p":
            self.style = style_of(node, self.styles)
            self.contents += [words_of(node)] if self.style.kind == "contents" else []
            return self.style.kind == "contents"
        elif (
            tag == "w:rt"
            or (tag == "w:sdt" and is_on(value_of(node, "w:sdtPr/w:showingPlcHdr")))
            or (tag == "w:r" and is_on(value_of(node, "w:rPr/w:vanish")))
        ):
            self.left_out += [words] if (words := words_of(node)) else []
        elif tag == "w:fldSimple":
            return self._cites(node.get(f"{W}instr", ""))
        else:
            return is_double(node) or tag in PROPERTIES
        return True

    def _start(self, node: etree._Element, tag: str) -> None:
        match tag:
            case "w:t" | "m:t":
                self._say(node.text or "", raised=is_raised(node))
            case "w:sym":
                sign = symbol_of(node)
                self._say(sign)
                self.unread[f"sign of the font {node.get(f'{W}font')} that Unicode lacks"] += not sign
            case "w:footnoteReference" | "w:endnoteReference":
                note = (tag[2:].removesuffix("Reference"), node.get(f"{W}id", ""))
                self.builder.pieces.append(Ref(self.names.labels[note]))
                self.silent = self.silent or ("w:r" if note in self.names.custom else "")
            case "w:fldChar":
                self._field(node.get(f"{W}fldCharType"))
            case "w:instrText" if self.fields:
                self.fields[-1].append(node.text or "")
            case "w:tr":
                self.builder.begin_row()
            case "w:tc":
                self.builder.begin_cell()
            case _ if tag in SIGNS:
                self._say(SIGNS[tag])
            case _ if tag in UNREAD:
                self.unread[UNREAD[tag]] += 1

    def _end(self, node: etree._Element, tag: str) -> None:
        if tag in (self.silent, "w:p"):
            self.silent = ""
        if tag == "w:tr":
            self.builder.end_row()
        elif tag == "w:p":
            mark = node.find("w:pPr/w:rPr", NAMESPACES)
            if mark is not None and any(short(child.tag) in ("w:del", "w:moveFrom") for child in mark):
                return  # a deleted end of a paragraph: the next one goes on with its text
            kind = self.style.kind
            kind = "paragraph" if kind == "contents" else kind
            self.builder.end_paragraph(kind, self.style.level, self.numbers.next(node))
            self._walk_boxes()

    def _walk_boxes(self) -> None:
        """Text boxes stand behind the paragraph that they are anchored in."""
        boxes, self.boxes = self.boxes, []
        for box in boxes:
            self.walk(box)

    def _say(self, text: str, raised: bool = False) -> None:
        if not text or self.silent:
            return
        if raised and (self.builder.label is None or self.builder.pieces):
            raise_text(self.builder.pieces, text)
        else:  # what is raised at the start of a note is its mark
            self.builder.pieces.append(text)

    def _field(self, step: str | None) -> None:
        """A field is its instruction, "separate", its result and "end"; cross-references to notes are
        markers, of all others the result is text."""
        if step == "begin":
            self.fields.append([])
        elif step == "separate" and self.fields:
            if self._cites("".join(self.fields[-1])):
                self.silent = "w:p"
        elif step == "end" and self.fields:
            self.fields.pop()
            self.silent = "" if self.silent == "w:p" else self.silent

    def _cites(self, instruction: str) -> bool:
        """Add a marker where the instruction is that of a cross-reference to a note."""
        name, bookmark, *_ = *instruction.split(), "", ""
        if name.upper() == "NOTEREF" or (name.upper() == "REF" and OFFICE_NOTE.fullmatch(bookmark)):
            note = self.names.bookmarks.get(bookmark)
            self.builder.pieces += [Ref(self.names.labels[note])] if note else []
            return note is not None
        return False


def _without(block: Block, count: int) -> Block:
    """The block less the first characters of its text."""
    pieces: list[str | Ref] = []
    for piece in block.content:
        if isinstance(piece, str):
            count, piece = max(0, count - len(piece)), piece[count:]
        pieces.append(piece)
    return Block(block.kind, tuple(pieces), block.level, block.label)
