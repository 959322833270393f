"""The names of a Word file's notes: the labels that Word prints, which the file does not hold.

A file says only "here is note 7" and "lower roman, anew in each section"; this counts as Word counts.
Also what is gone once tracked changes are accepted, for a deleted marker counts for nothing.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from lxml import etree

from ingest.item_numbers import spell
from ingest.office import Namer

NAMESPACES = {
    "w": "http://schemas.openxmlformats.org/wordprocessingml/2006/main",
    "m": "http://schemas.openxmlformats.org/officeDocument/2006/math",
    "mc": "http://schemas.openxmlformats.org/markup-compatibility/2006",
    "c": "http://schemas.openxmlformats.org/drawingml/2006/chart",
    "dgm": "http://schemas.openxmlformats.org/drawingml/2006/diagram",
}
PREFIXES = {address: prefix for prefix, address in NAMESPACES.items()}
W = f"{{{NAMESPACES['w']}}}"
SYMBOLS = dict(
    zip(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz*-£³±´¹»®¬°·¥Ö§",
        "ΑΒΧΔΕΦΓΗΙϑΚΛΜΝΟΠΘΡΣΤΥςΩΞΨΖαβχδεφγηιϕκλμνοπθρστυϖωξψζ*−≤≥±×≠≈→←°•∞√♣",
        strict=True,
    )
)
"""Adobe's Symbol font, by which Word writes Greek letters, signs and the "*" of a note."""

NoteId = tuple[str, str]
"""("footnote" or "endnote", its number in the file)"""


@dataclass
class NoteNames:
    """labels: of every note that has a marker, in the order of the markers. bookmarks: name to the note
    whose marker it is around. deleted: notes whose markers are all deleted."""

    labels: dict[NoteId, str] = field(default_factory=dict)
    custom: set[NoteId] = field(default_factory=set)
    bookmarks: dict[str, NoteId] = field(default_factory=dict)
    deleted: set[NoteId] = field(default_factory=set)
    namer: Namer = field(default_factory=Namer)
    paged: bool = False
    """Whether notes are counted anew on each page, and the file does not say where its pages begin."""


@dataclass(frozen=True)
class _Marker:
    note: NoteId
    mark: str
    section: int
    page: int


@lru_cache(4096)
def short(tag: str) -> str:
    """ "w:p" for a tag with its namespace written out."""
    address, _, name = tag[1:].rpartition("}")
    return f"{PREFIXES.get(address, '')}:{name}"


def value_of(node: etree._Element | None, path: str) -> str | None:
    """The w:val of an element below the node, "" where it has none, None where there is no element."""
    found = None if node is None else node.find(path, NAMESPACES)
    return None if found is None else found.get(f"{W}val", "")


def is_on(value: str | None) -> bool:
    """A switch such as <w:vanish/>, which may say that it is off."""
    return value is not None and value.lower() not in ("0", "false", "off", "none")


def is_deleted(node: etree._Element) -> bool:
    """Whether the element goes when tracked changes are accepted."""
    match short(node.tag):
        case "w:del" | "w:moveFrom":
            return node.getparent() is None or short(node.getparent().tag) not in ("w:rPr", "w:trPr")
        case "w:tr":
            return node.find("w:trPr/w:del", NAMESPACES) is not None
        case "w:tc":
            return node.find("w:tcPr/w:cellDel", NAMESPACES) is not None
    return False


def is_double(node: etree._Element) -> bool:
    """Whether the element says for old programs what its neighbour has said already."""
    before = node.getprevious()
    return short(node.tag) == "mc:Fallback" and before is not None and short(before.tag) == "mc:Choice"


def symbol_of(node: etree._Element) -> str:
    """The character of a w:sym, "" where its font's signs have none in Unicode."""
    code = node.get(f"{W}char", "")
    number = int(code, 16) if len(code) <= 5 and code.isalnum() and code.isascii() else 0
    if 0xF000 <= number <= 0xF0FF or number < 0x100:
        found = SYMBOLS.get(chr(number & 0xFF), "")
        plain = chr(number & 0xFF) if chr(number & 0xFF) in "0123456789()+,./:;<=>[]{|}#%&! " else ""
        return (found or plain) if node.get(f"{W}font", "") == "Symbol" else ""
    return chr(number) if number < 0xD800 or 0xF900 <= number <= 0xFFFF else ""


def text_after(marker: etree._Element) -> str:
    """What a run says behind a marker: the marker's own sign, such as "*"."""
    signs = (symbol_of(n) if short(n.tag) == "w:sym" else n.text or "" for n in marker.itersiblings())
    return "".join(signs).strip()


def name_notes(parts: list[etree._Element], settings: etree._Element | None) -> NoteNames:
    """Count through the markers. parts: the document, then the parts with its notes."""
    names = NoteNames()
    markers: list[_Marker] = []
    sections: list[etree._Element] = []
    for part in parts:
        markers += _markers(part, names, sections)
    kept = {marker.note for marker in markers}
    names.deleted -= kept
    counters: dict[str, tuple[int, int]] = {}
    for marker in markers:
        kind = marker.note[0]
        if marker.note in names.labels:
            continue
        if marker.mark:
            names.custom.add(marker.note)
            names.labels[marker.note] = names.namer.take(marker.mark)
            continue
        section = sections[marker.section] if marker.section < len(sections) else None
        rules = [part.find(f"w:{kind}Pr", NAMESPACES) for part in (section, settings) if part is not None]

        def rule(name: str, rules: list[etree._Element | None] = rules) -> str:
            return next((value for part in rules if (value := value_of(part, f"w:{name}"))), "")

        restart = rule("numRestart")
        names.paged |= restart == "eachPage" and not any(marker.page for marker in markers[-1:])
        place = {"eachSect": marker.section, "eachPage": marker.page}.get(restart, 0)
        before, number = counters.get(kind, (place, 0))
        start = rule("numStart")
        first = int(start) if start.isdecimal() and len(start) < 6 else 1
        number = first if place != before or kind not in counters else number + 1
        counters[kind] = (place, number)
        spelled = spell(number, rule("numFmt") or ("lowerRoman" if kind == "endnote" else "decimal"))
        names.labels[marker.note] = names.namer.take(spelled)
    return names


def _markers(part: etree._Element, names: NoteNames, sections: list[etree._Element]) -> Iterator[_Marker]:
    """The markers of a part in order; adds its sections, bookmarks and deleted markers."""
    opened: dict[str, str] = {}
    page = 0
    events = etree.iterwalk(part, events=("start",))
    for _, node in events:
        tag = short(node.tag)
        if is_deleted(node):
            names.deleted |= {_note_of(n) for n in node.iter(f"{W}footnoteReference", f"{W}endnoteReference")}
            events.skip_subtree()
        elif is_double(node) or tag in ("w:sectPrChange", "w:pPrChange"):
            events.skip_subtree()
        elif tag == "w:bookmarkStart":
            opened[node.get(f"{W}id", "")] = node.get(f"{W}name", "")
        elif tag == "w:bookmarkEnd":
            opened.pop(node.get(f"{W}id", ""), None)
        elif tag in ("w:footnoteReference", "w:endnoteReference"):
            note = _note_of(node)
            for name in opened.values():
                names.bookmarks.setdefault(name, note)
            opened.clear()
            own = is_on(node.get(f"{W}customMarkFollows"))
            yield _Marker(note, text_after(node) if own else "", len(sections), page)
        elif tag == "w:lastRenderedPageBreak" or (tag == "w:br" and node.get(f"{W}type") == "page"):
            page += 1
        elif tag == "w:sectPr":
            sections.append(node)


def _note_of(marker: etree._Element) -> NoteId:
    return short(marker.tag)[2:].removesuffix("Reference"), marker.get(f"{W}id", "")
