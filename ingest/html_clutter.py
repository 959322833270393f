"""Where the article of a page is, and what in it is no part of it: navigation, prompts, comments.

Judged by an element's kind, its role and its name, and by whether it holds running prose.
"""

import re

from selectolax.lexbor import LexborNode

from ingest.boilerplate import SHORT, is_sentence
from ingest.html_notes import BLOCK_TAGS, HEADINGS, address_of, words_of
from ingest.html_page import outermost

CLUTTER = (
    "nav,footer,button,select,.mw-editsection,.mw-jump-link,.cite-accessibility-label,[role=navigation],"
    "[role=contentinfo],[role=search],div.navheader,div.navfooter,div.toc,div.contents.topic,ul.docnav"
)
WRAPPERS = "form,menu,dialog,[role=banner],[role=dialog],[role=alert],[aria-hidden=true],[hidden]"
"""Clutter unless it holds most of the page, as one form does in many an old one."""
NOT_SHOWN = re.compile(r"(?:^|;)\s*(?:display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse))\b", re.I)
CLUTTER_NAMES = re.compile(
    r"(?:^|[\s_-])(?:cookies?|consent|comments?|breadcrumbs?|sidebar|navbar|popup|modal|skip-link)(?:[\s_-]|$)",
    re.IGNORECASE,
)
GENERATED = re.compile(r"section|(?:level|sect)\d")
"""Classes that generators give every section (docutils, pandoc, DocBook)."""
PROMO = "aside:not(.admonition):not(.topic),[role=complementary]"
PROMO_NAMES = re.compile(
    r"(?:^|[\s_-])(?:share|sharing|social|newsletter|subscri(?:b|ption)\w*|signup|related|adverts?|ads?|promo|menu|toolbar)"
    r"(?:[\s_-]|$)",
    re.IGNORECASE,
)
"""Names that content has too ("related-work", "social-history"): clutter only without running prose."""


def main_of(body: LexborNode) -> LexborNode:
    """The element that holds the article: an article or main element with half of the page's text.
    Of several articles with running prose none is the page's article."""
    sizes, prose = _measure(body)
    for query in ("article", "main,[role=main]"):
        found = sorted(outermost(body, body.css(query)), key=lambda node: -sizes[node.mem_id])
        if not found or sizes[found[0].mem_id] * 2 < sizes[body.mem_id]:
            continue
        if not any(node.mem_id in prose for node in found[1:]):
            return found[0]
    return body


def clutter_of(main: LexborNode) -> list[LexborNode]:
    """What is no part of the article by its element, its role or its name."""
    sizes, prose = _measure(main)
    sure = [
        n for n in main.css(CLUTTER) if n.tag != "button" or n.parent is None or n.parent.tag not in HEADINGS
    ]
    sure += paragraph_numbers(main)
    likely, promo = main.css(WRAPPERS) + not_shown(main), main.css(PROMO)
    for node in main.css("[class],[id]"):
        name = f"{node.attributes.get('class') or ''} {_own_id(node)}"
        if node.tag not in HEADINGS and node.tag not in ("main", "article", "body"):
            likely += [node] if CLUTTER_NAMES.search(name) else []
            promo += [node] if PROMO_NAMES.search(name) else []
    likely += [node for node in promo if node.mem_id not in prose]
    return sure + [node for node in likely if sizes.get(node.mem_id, 0) * 2 < sizes[main.mem_id]]


def _own_id(node: LexborNode) -> str:
    """The element's id, "" where a generator made it of the words of the section's heading."""
    name = node.attributes.get("id") or ""
    classes = (node.attributes.get("class") or "").split()
    generated = all(map(GENERATED.fullmatch, classes)) and (node.tag == "section" or classes)
    head = node.css_first("h1,h2,h3,h4,h5,h6") if name and generated else None
    slug = re.sub(r"\W+", "-", words_of(head).lower()) if head is not None else ""
    return "" if slug and slug.endswith(name.lower()) else name


def not_shown(root: LexborNode) -> list[LexborNode]:
    """Elements whose own style hides them. Not those with a formula, of which a page may show an image."""
    hidden = [node for node in root.css("[style]") if NOT_SHOWN.search(node.attributes.get("style") or "")]
    return [node for node in hidden if node.tag != "math" and node.css_first("math") is None]


def paragraph_numbers(root: LexborNode) -> list[LexborNode]:
    """Elements that hold nothing but a number, which is a link to the element behind them."""
    found = []
    for link in root.css("a[href*='#']"):
        words = (link.text() or "").strip()
        holder = link.parent
        if not words.isdecimal() or holder is None or (holder.text() or "").strip() != words:
            continue
        behind = holder.next
        while behind is not None and behind.is_text_node and not (behind.text(deep=False) or "").strip():
            behind = behind.next
        if behind is not None and (behind.attributes.get("id") or "") == address_of(link) != "":
            found.append(holder)
    return found


def _measure(root: LexborNode) -> tuple[dict[int, int], set[int]]:
    """By `mem_id`: the characters of text in every element, and which hold running prose: a block whose
    own text is too long for a prompt and ends as a sentence. In one pass, however deep the page."""
    order: list[tuple[LexborNode, int, int]] = []
    waiting = [(root, 0, root.mem_id)]
    own: dict[int, list[str]] = {}
    sizes: dict[int, int] = {}
    above: dict[int, int] = {}
    while waiting:
        node, parent, block = waiting.pop()
        if node.is_text_node:
            words = " ".join(node.text(deep=False).split())
            if words:
                own.setdefault(block, []).append(words)
                sizes[parent] += len(words) + 1
            continue
        here, sizes[node.mem_id], above[node.mem_id] = node.mem_id, 0, parent
        order.append((node, parent, here))
        block = here if node.tag in BLOCK_TAGS else block
        waiting += [(child, here, block) for child in reversed(list(node.iter(include_text=True)))]
    for _, parent, here in reversed(order):
        if parent:
            sizes[parent] += sizes[here]
    prose: set[int] = set()
    for block, pieces in own.items():
        words = " ".join(pieces)
        at = block if len(words) > SHORT and is_sentence(words) else 0
        while at and at not in prose:
            prose.add(at)
            at = above[at]
    return sizes, prose
