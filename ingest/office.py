"""What Word, OpenDocument and EPUB readers share: zip files and XML from anyone, and blocks from events.

Nothing here trusts a file: sizes are bounded before and while it is unpacked, and XML entities and
addresses are not followed.
"""

import io
import lzma
import struct
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from lxml import etree

from ingest.document import Block, BlockKind, Ref
from ingest.errors import SourceTooLarge, SourceUnreadable
from ingest.footnotes import NOTES_HEADING
from ingest.html_walk import LONGEST_ROW
from ingest.item_numbers import item_mark

MOST_UNPACKED = 200_000_000
"""Bytes that the members of one archive may have unpacked, all of them together."""
MOST_MEMBERS = 20_000
MOST_RATIO = 400
RATIO_COUNTS_FROM = 20_000_000
"""Unpacked bytes. Articles shrink to an eighth, a Word file of 20,000 equal table rows (11 MB) to 1/169;
deflate can do 1/1032, which only bombs come near to."""
DAMAGED = (
    zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, EOFError, KeyError, NotImplementedError,
    OSError, OverflowError, RuntimeError, ValueError,
)  # fmt: skip
"""What `zipfile` and what it calls raise over broken and hostile files."""
OLE = bytes.fromhex("d0cf11e0a1b11ae1")
"""First bytes of the container of Word 97 to 2003, and of newer files with a password."""


class Archive:
    """A zip file in memory; `read` gives a member's bytes. Messages begin with `name`."""

    def __init__(self, data: bytes, name: str) -> None:
        self.name = name
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(data))
            members = self._zip.infolist()
        except DAMAGED as error:
            raise SourceUnreadable(f"{name} is damaged ({error}); get a whole copy of it") from error
        self.names = frozenset(member.filename for member in members)
        size = sum(member.file_size for member in members)
        self._check_size(size)
        if len(members) > MOST_MEMBERS:
            raise SourceTooLarge(f"{name} has {len(members)} members; the limit is {MOST_MEMBERS}")
        if size > RATIO_COUNTS_FROM and size > MOST_RATIO * len(data):
            raise SourceTooLarge(
                f"{name} grows {size // len(data)} times when unpacked, as no real document does; "
                f"the limit is {MOST_RATIO} times"
            )
        self._unpacked = 0

    def __contains__(self, member: str) -> bool:
        return member in self.names

    def read(self, member: str) -> bytes:
        """The member's bytes. Raises SourceUnreadable where it is absent, damaged or has a password, and
        SourceTooLarge where all that was read comes to more than MOST_UNPACKED."""
        if member not in self.names:
            raise SourceUnreadable(f"{self.name} is damaged: {member} is not in it; get a whole copy of it")
        try:
            with self._zip.open(member) as stream:
                data = stream.read(MOST_UNPACKED - self._unpacked + 1)
        except DAMAGED as error:
            if "password" in str(error):
                raise SourceUnreadable(f"{self.name} has a password; take it off and try again") from error
            message = f"{self.name} is damaged: {member} cannot be unpacked ({error}); get a whole copy of it"
            raise SourceUnreadable(message) from error
        self._unpacked += len(data)
        self._check_size(self._unpacked)
        return data

    def _check_size(self, size: int) -> None:
        if size > MOST_UNPACKED:
            raise SourceTooLarge(
                f"{self.name} has {size / 1e6:.0f} MB or more when unpacked; "
                f"the limit is {MOST_UNPACKED / 1e6:.0f} MB. Split it"
            )


def open_zip(data: bytes, name: str) -> Archive:
    """Open a zip file, bounded. Raises SourceUnreadable for what is none, and says what it is instead;
    SourceTooLarge for what would unpack to too much."""
    if data.startswith(OLE):
        if "EncryptedPackage".encode("utf-16-le") in data:
            raise SourceUnreadable(f"{name} is protected by a password; save it without one and try again")
        raise SourceUnreadable(f"{name} is a file of Word 97–2003 or older; save it as .docx and try again")
    if data.startswith(b"{\\rtf"):
        raise SourceUnreadable(f"{name} is RTF by its content; save it as .docx or .odt and try again")
    if not data.startswith(b"PK"):
        raise SourceUnreadable(
            f"{name} is damaged, or no Word, OpenDocument or EPUB file: those are zip files, this is none"
        )
    return Archive(data, name)


def parse_xml(data: bytes, name: str, member: str = "") -> etree._Element:
    """The root element; comments and processing instructions are gone. Raises SourceUnreadable for what
    is not XML, nests more than 256 deep or declares entities."""
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True,
        remove_pis=True, collect_ids=False,
    )  # fmt: skip
    where = f"{name}: {member}" if member else name
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise SourceUnreadable(f"{where} is damaged: its XML cannot be read ({error})") from error
    dtd = root.getroottree().docinfo.internalDTD
    if dtd is not None and any(dtd.iterentities()):
        raise SourceUnreadable(f"{where} declares XML entities, which no writer of documents does; not read")
    return root


class Namer:
    """Names for notes whose printed labels repeat: "1", "1′", "1′′". From the tenth on the count is
    written out, "1′10", for labels of a thousand notes "*" would fill the memory."""

    def __init__(self) -> None:
        self._times: Counter[str] = Counter()
        self._taken: set[str] = set()

    def take(self, label: str) -> str:
        """A name that was not given out before."""
        while True:
            times = self._times[label]
            self._times[label] += 1
            name = label + "′" * times if times < 10 else f"{label}′{times}"
            if name not in self._taken:
                self._taken.add(name)
                return name


@dataclass
class Builder:
    """Blocks from what a walk meets: text and markers, ends of paragraphs, rows and cells.

    label: of the note that is walked, None in the body; all blocks of a note are of kind "note".
    """

    label: str | None = None
    blocks: list[Block] = field(default_factory=list)
    pieces: list[str | Ref] = field(default_factory=list)
    _rows: list[list[list[Block]]] = field(default_factory=list)

    def end_paragraph(self, kind: BlockKind = "paragraph", level: int = 0, number: str = "") -> None:
        """What was added since the last end is a block, unless it is blank. number: printed before it; it is
        left out of headings, which are known by their words."""
        pieces, self.pieces = self.pieces, []
        if any(isinstance(piece, Ref) or piece.strip() for piece in pieces):
            numbered = kind not in ("title", "heading", "code") and self.label is None
            mark = item_mark(number) if numbered else ""
            self._add([self._block(kind, [mark, *pieces] if mark else pieces, level)])

    def begin_row(self) -> None:
        """A table row; it may lie in a cell of another one."""
        self.end_paragraph()
        self._rows.append([])

    def begin_cell(self) -> None:
        """A cell of the last row begun."""
        self.end_paragraph()
        if self._rows:
            self._rows[-1].append([])

    def end_row(self) -> None:
        """Cells of short texts are one block; others, which lay out a page, and boxes of several paragraphs
        are left as paragraphs."""
        self.end_paragraph()
        cells = self._rows.pop() if self._rows else []
        blocks = [block for cell in cells for block in cell]
        length = sum(len(piece) for block in blocks for piece in block.content if isinstance(piece, str))
        plain = all(block.kind in ("paragraph", "item", "quote", "note") for block in blocks)
        if plain and blocks and length <= LONGEST_ROW and (len(cells) > 1 or len(blocks) == 1):
            pieces = _join([_join([block.content for block in cell], " ") for cell in cells], " | ")
            while pieces and isinstance(pieces[-1], str) and not pieces[-1].strip(" |"):
                pieces.pop()
            blocks = [self._block("row", pieces, 0)]
        self._add(blocks)

    def _block(self, kind: BlockKind, pieces: Iterable[str | Ref], level: int) -> Block:
        if self.label is not None:
            kind, level = "note", 0
        return Block(kind, tuple(pieces), level, self.label)

    def _add(self, blocks: list[Block]) -> None:
        if self._rows and not self._rows[-1]:
            self._rows[-1].append([])
        (self._rows[-1][-1] if self._rows else self.blocks).extend(blocks)


def _join(parts: Iterable[Iterable[str | Ref]], separator: str) -> list[str | Ref]:
    joined: list[str | Ref] = []
    for i, part in enumerate(parts):
        joined += [separator, *part] if i else part
    return joined


def finish(blocks: Iterable[Block]) -> list[Block]:
    """The body's blocks as every format has them: lines of code that follow each other are one block,
    a later title is a heading, and where none is a title the first heading is, if it is the only one of
    level 1."""
    body: list[Block] = []
    code: list[str | Ref] = []
    for block in blocks:
        if block.kind == "code":
            code += ["\n", *block.content] if code else block.content
            continue
        if code:
            body.append(Block("code", tuple(code)))
            code = []
        if block.kind == "title" and any(b.kind != "title" for b in body[-1:]):
            block = Block("heading", block.content, 1)
        body.append(block)
    if code:
        body.append(Block("code", tuple(code)))
    heads = [i for i, block in enumerate(body) if block.kind in ("title", "heading")]
    first = [i for i in heads if body[i].level <= 1]
    if heads and body[heads[0]].kind == "heading" and first == heads[:1]:
        body[heads[0]] = Block("title", body[heads[0]].content)
    return body


def without_notes_heading(blocks: list[Block]) -> list[Block]:
    """The blocks less a last heading that says "Notes" above notes that stand elsewhere."""
    while blocks and blocks[-1].kind == "heading":
        words = "".join(piece for piece in blocks[-1].content if isinstance(piece, str)).strip()
        if not NOTES_HEADING.match(words):
            break
        blocks.pop()
    return blocks
