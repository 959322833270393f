"""Which elements of a page are footnotes: what the links that look like markers lead to.

Pages mark their notes in many ways (Word, Wikipedia, Substack, DPUB roles, docutils, plain hand
work); common to most is a short link, "1" or "[a]", to an address in the same page. The first link in
reading order is the marker; a link from a note to where its marker stands is a link back. Sidenotes
stand in the text itself, behind their marker.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import unquote

from selectolax.lexbor import LexborNode

from ingest.footnotes import MOST_BETWEEN

BLOCK_TAGS = frozenset(
    (
        *("address", "article", "aside", "blockquote", "body", "caption", "center", "dd", "details", "div"),
        *("dl", "dt", "fieldset", "figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5"),
        *("h6", "header", "hgroup", "hr", "li", "main", "nav", "ol", "p", "pre", "section", "summary"),
        *("table", "tbody", "td", "tfoot", "th", "thead", "tr", "ul"),
    )
)
HEADINGS = frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))
MARKER_TEXT = re.compile(r"[\[(]?\s*(?:(?:note|fn)\s)?(\w{1,4}|[*†‡§¶]{1,3})\s*[\])]?", re.IGNORECASE)
NOTE_NAME = re.compile(
    r"(?:^|[\W_])(?:fn|ftn|edn|(?:foot|end|sdfoot|sdend|cite_?|side)?note)(?:[\W_]|def|\d)", re.IGNORECASE
)
"""In an address or id: the marker leads to a note; in the id of an element: it holds one."""
DECLARED = "[role=doc-footnote],[role=doc-endnote],[epub\\:type]"
DECLARED_TYPES = frozenset(("footnote", "endnote", "rearnote", "note"))
ASIDE = "span.sidenote,span.marginnote,.modern-footnotes-footnote__note"
"""Notes that stand in the text: Tufte's page style and WordPress's Modern Footnotes."""
BACK_CLASSES = frozenset(("backrefs", "fn-backref", "footnote-back", "mw-cite-backlink", "footnote-backref"))
PRINTED = re.compile(r"[\[(]?\s*(\w{1,4}|[*†‡§¶]{1,3})\s*[\]).:]")


@dataclass
class Notes:
    """elements: (element, label it begins with), in the order of their markers. labels: address of a
    note to its label. starts: `mem_id` of the element at which a note begins, to its label. asides:
    `mem_id` of the marker of a note in the text, to its label. orphans: what markers without a note say."""

    elements: list[tuple[LexborNode, str]] = field(default_factory=list)
    labels: dict[str, str] = field(default_factory=dict)
    starts: dict[int, str] = field(default_factory=dict)
    backs: set[str] = field(default_factory=set)
    """Addresses of markers, where notes link back to."""
    asides: dict[int, str] = field(default_factory=dict)
    orphans: dict[str, None] = field(default_factory=dict)
    used: dict[str, int] = field(default_factory=dict)
    """Label as printed, to how many notes have it."""

    def marked(self, link: LexborNode) -> str | None:
        """The label of the note that a marker's link leads to, None for any other link."""
        return self.labels.get(address_of(link)) if MARKER_TEXT.fullmatch(_close(link)) else None


def words_of(node: LexborNode) -> str:
    """The node's text, every white space one space."""
    return " ".join(node.text(separator=" ").split())


def address_of(link: LexborNode) -> str:
    """The part of a link's address behind "#", which names a place in the page."""
    return unquote((link.attributes.get("href") or "").partition("#")[2])


def find_notes(body: LexborNode) -> Notes:
    """Follow every link that looks like a marker to the element that it names."""
    targets: dict[str, LexborNode] = {}
    for node in body.css("[id],a[name]"):
        for name in ("id", "name"):
            if value := node.attributes.get(name):
                targets.setdefault(value, node)
    notes = Notes()
    holders: set[int] = set()
    elements: set[int] = set()
    for link in body.css("a[href*='#']"):
        address = address_of(link)
        match = MARKER_TEXT.fullmatch(_close(link))
        if match is None or address in notes.backs or not _is_marker(link, address):
            continue
        if address not in targets:
            if (link.attributes.get("href") or "").startswith("#"):
                notes.orphans[match.group(1)] = None
            continue
        around = {node.mem_id for node in _ancestors(link)}
        if address not in notes.labels:
            element = _note_element(targets[address], holders | around)
            if element.tag in HEADINGS or element.mem_id in holders | around:
                continue
            label = notes.labels[address] = _unused(match.group(1), notes)
            notes.starts[targets[address].mem_id] = label
            if element.mem_id not in elements:
                notes.elements += [(part, label) for part in _with_definition(element)]
                elements.add(element.mem_id)
        if not around & elements:
            holders |= around
            notes.backs.update(_names(link))
    notes.elements = list(_continued(notes, holders))
    notes.elements += list(_unmarked(notes, elements, holders))
    notes.elements += list(_declared(body, notes))
    notes.elements += list(_asides(body, notes))
    return notes


def _is_marker(link: LexborNode, address: str) -> bool:
    """A superscript, a bracketed number, a link that says what it is or whose address does."""
    says = " ".join(str(link.attributes.get(name) or "") for name in ("role", "epub:type", "class", "rel"))
    before, after = link.prev, link.next
    return not is_back_link(link) and (
        (link.parent is not None and link.parent.tag == "sup")
        or link.css_first("sup") is not None
        or "noteref" in says
        or "footnote" in says
        or _close(link)[:1] in "[(*†‡§¶"
        or bool(NOTE_NAME.search(address))
        or bool(before and after and before.text().rstrip()[-1:] + after.text().lstrip()[:1] == "[]")
    )


def is_back_link(link: LexborNode) -> bool:
    """Whether the link, or a list of links around it, says that it leads from a note to its markers."""
    around = link.parent
    classes = (
        f"{link.attributes.get('class') or ''} {(around.attributes.get('class') or '') if around else ''}"
    )
    role = link.attributes.get("role") or ""
    return "doc-backlink" in role or bool(set(classes.split()) & BACK_CLASSES)


def _close(link: LexborNode) -> str:
    """A link's text without space between its elements: "[", "1", "]" is "[1]"."""
    return " ".join(link.text(separator="").split())


def _ancestors(node: LexborNode) -> Iterator[LexborNode]:
    parent = node.parent
    while parent is not None:
        yield parent
        parent = parent.parent


def _names(link: LexborNode) -> Iterator[str]:
    """Addresses under which a note may link back to its marker: the link's, and what is around it up
    to its paragraph."""
    for node in (link, *_ancestors(link)):
        yield from (value for name in ("id", "name") if (value := node.attributes.get(name)))
        if node.tag in BLOCK_TAGS:
            return


def _note_element(target: LexborNode, holders: set[int]) -> LexborNode:
    """The block of a note's address, and the item, row or element named as a note around it."""
    nodes = [target, *_ancestors(target)]
    at = next((i for i, node in enumerate(nodes) if node.tag in BLOCK_TAGS), len(nodes) - 1)
    for i, node in enumerate(nodes[at + 1 :], at + 1):
        if _is_declared(nodes[at]):  # the one around it may be a list of notes
            break
        named = node.tag in ("div", "section") and re.search(r"\d", node.attributes.get("id") or "")
        holds = named and NOTE_NAME.search(f"{(node.attributes.get('id') or '').rpartition('!')[2]} ")
        if node.mem_id in holders or not (node.tag in ("li", "tr", "dd", "aside") or holds):
            break
        at = i
    return nodes[at]


def _is_declared(node: LexborNode) -> bool:
    """Whether the element says that it is a note."""
    role = node.attributes.get("role") or ""
    types = set((node.attributes.get("epub:type") or "").split())
    return role in ("doc-footnote", "doc-endnote") or bool(types & DECLARED_TYPES)


def _with_definition(element: LexborNode) -> Iterator[LexborNode]:
    """The element, and where it is a term (its label) the definitions that belong to it."""
    yield element
    follower = element.next if element.tag == "dt" else None
    while follower is not None and follower.tag != "dt":
        if follower.tag == "dd":
            yield follower
        follower = follower.next


def _continued(notes: Notes, holders: set[int]) -> Iterator[tuple[LexborNode, str]]:
    """The elements; behind a note that is a plain paragraph also its further ones, up to the next note."""
    ends = {element.mem_id for element, _ in notes.elements}
    text = holders | {node.mem_id for element, _ in notes.elements for node in _ancestors(element)}
    for element, label in notes.elements:
        yield element, label
        if element.tag == "p":
            begun = (notes.starts.get(node.mem_id) for node in element.css("[id],[name]"))
            last = [label, *filter(None, begun)][-1]
            yield from ((further, last) for further in _up_to_note(element, ends, text))


def _up_to_note(element: LexborNode, ends: set[int], text: set[int]) -> list[LexborNode]:
    """The blocks between a note and the next one beside it; none where there are many, or a heading, a
    rule, loose words or text with a marker."""
    between: list[LexborNode] = []
    follower = element.next
    while follower is not None and follower.mem_id not in ends:
        if follower.tag in BLOCK_TAGS - HEADINGS - {"hr"} and follower.mem_id not in text:
            between.append(follower)
        elif follower.is_element_node or (follower.text() or "").strip():
            return []
        if len(between) > MOST_BETWEEN:
            return []
        follower = follower.next
    return between if follower is not None else []


def _unmarked(notes: Notes, elements: set[int], holders: set[int]) -> Iterator[tuple[LexborNode, str]]:
    """Items without a marker in a list that is of notes for the rest."""
    lists = {}
    for element, _ in notes.elements:
        if element.tag == "li" and element.parent is not None:
            lists[element.parent.mem_id] = element.parent
    for parent in lists.values():
        items = [node for node in parent.iter() if node.tag == "li"]
        others = [(i, li) for i, li in enumerate(items, 1) if li.mem_id not in elements | holders]
        if len(others) * 2 <= len(items):
            for i, item in others:
                label = _unused(str(i), notes)
                notes.labels[f" {label}"] = label
                yield item, label


def _declared(body: LexborNode, notes: Notes) -> Iterator[tuple[LexborNode, str]]:
    """Elements that say they are notes, and that no marker leads to."""
    taken = {element.mem_id for element, _ in notes.elements}
    holders = {node.mem_id for element, _ in notes.elements for node in _ancestors(element)}
    for node in body.css(DECLARED):
        types = set((node.attributes.get("epub:type") or "").split())
        if types and not types & DECLARED_TYPES and "doc-" not in (node.attributes.get("role") or ""):
            continue
        inside = any(around.mem_id in taken for around in (node, *_ancestors(node)))
        if inside or node.mem_id in holders or node.tag not in BLOCK_TAGS:
            continue
        taken.add(node.mem_id)
        printed = PRINTED.match(words_of(node)[:40])
        label = _unused(printed.group(1) if printed else f"unmarked-{len(taken)}", notes)
        notes.labels[f" {label}"] = label
        yield node, label


def _asides(body: LexborNode, notes: Notes) -> Iterator[tuple[LexborNode, str]]:
    """Notes in the text, numbered as the page's style sheet numbers them, or as they are printed."""
    number = 0
    for node in body.css(ASIDE):
        marker = node.prev
        while marker is not None and not _is_aside_marker(marker):
            empty = marker.tag == "input" or not (marker.text() or "").strip()
            marker = marker.prev if empty else None
        if marker is None:
            continue
        match = MARKER_TEXT.fullmatch(words_of(marker))
        unnumbered = "marginnote" in (node.attributes.get("class") or "")
        number += not unnumbered
        label = match.group(1) if match else str(number)
        if unnumbered:
            label = f"margin-{len(notes.asides) - number + 1}"
        notes.asides[marker.mem_id] = label = _unused(label, notes)
        notes.labels[f" {label}"] = label
        yield node, label


def _is_aside_marker(node: LexborNode) -> bool:
    classes = (node.attributes.get("class") or "").split() if node.is_element_node else ()
    return ("margin-toggle" in classes and node.tag == "label") or "modern-footnotes-footnote" in classes


def _unused(label: str, notes: Notes) -> str:
    """The label, with a prime for each note before that is printed with the same."""
    before = notes.used[label] = notes.used.get(label, -1) + 1
    return label + "′" * before
