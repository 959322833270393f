"""PDF: the text in reading order, with its pages, headings, tables and notes.

A PDF says only which letter stands where; everything else is inferred, each step in its own module:

    glyphs (pdf_pages) ─ words, lines (pdf_lines) ─ running heads off (pdf_furniture) ─ columns, tables
    (pdf_layout) ─ contents off (pdf_contents) ─ notes off (pdf_notes) ─ paragraphs
    (pdf_paragraphs) ─ end notes off (pdf_endnotes) ─ text (pdf_text) ─ blocks

A page that is only a picture has no text here but what OCR finds (`ingest.ocr`), if it is asked for; it is
reported.
"""

from collections.abc import Sequence
from dataclasses import replace

from ingest.document import Block, Read, Ref
from ingest.errors import SourceUnreadable
from ingest.markers import LOWERED, RAISED, shown
from ingest.ocr import NO_TEXT_LAYER, RECOGNISED, Ocr, has_letters, recognise
from ingest.pdf_contents import without_contents
from ingest.pdf_endnotes import without_end_notes
from ingest.pdf_furniture import without_furniture
from ingest.pdf_layout import columns_of
from ingest.pdf_lines import lines_of, without_underlines
from ingest.pdf_notes import Links, Notes
from ingest.pdf_pages import Page, opened, pages_of, runs_leftward, title_of
from ingest.pdf_paragraphs import Paragraph, Style, joined, paragraphs_of, style_of, with_levels
from ingest.pdf_text import Hyphens, Mark, Turn, labels_of, parted, text_of

SUFFIXES = (".pdf",)
MOST_WARNINGS = 20
"""Markers without a note that are named one by one."""


def read(data: bytes, name: str, ocr: Ocr | None = None) -> Read:
    """A reader of `ingest.read`. ocr: for pages without text. Raises SourceUnreadable, SourceTooLarge."""
    with opened(data, name) as document:
        title = title_of(document)
        pages = pages_of(document, name)
        recognised = recognise(document, pages, ocr, name) if ocr else []
    warnings = _unread(pages, name, ocr, recognised)
    lines, left_out = without_furniture(pages, [lines_of(p.glyphs, p.number, p.rules) for p in pages])
    for page, on_page in zip(pages, lines, strict=True):
        page.rules = without_underlines(page.rules, on_page)
    laid_out = [columns_of(found, page.rules) for page, found in zip(pages, lines, strict=True)]
    laid_out, contents = without_contents(laid_out)
    columns = list(zip(pages, laid_out, strict=True))
    style = style_of(column for _, found in columns for column in found)
    notes = Notes()
    paragraphs: list[Paragraph] = []
    for page, found in columns:
        labels = labels_of(line for column in found for line in column)
        for column in found:
            paragraphs += paragraphs_of(notes.cut(column, page.rules, style, labels), style)
    paragraphs, back = without_end_notes(with_levels(joined(paragraphs), style), notes)
    hyphens = Hyphens(line for found in lines for line in found)
    blocks, orphans = _blocks(paragraphs, notes, style, hyphens)
    aside = tuple(dict.fromkeys(p.aside.strip() for p in pages if p.aside.strip()))
    gone = (*left_out, *contents, *aside, *(["↩︎"] if back else []))
    return Read(title, tuple(blocks), gone, (*warnings, *_without_notes(orphans)))


def _unread(pages: Sequence[Page], name: str, ocr: Ocr | None, recognised: Sequence[int]) -> tuple[str, ...]:
    """What is to be said of pages that have no text, letters without a meaning or in the wrong
    order, or what OCR found.

    Raises SourceUnreadable where no page has text."""
    garbled = [p.number for p in pages if p.unmapped * 5 > max(1, len(p.glyphs))]
    scanned = [p.number for p in pages if p.image and not has_letters(p)]
    advice = f"OCR ({ocr.languages}) found no text that it is sure of" if ocr else NO_TEXT_LAYER
    if not any(has_letters(p) for p in pages):
        if not scanned:
            raise SourceUnreadable(
                f"{name} holds no text: none of its {_count(len(pages))} has a letter or a picture, or it "
                "is damaged; open it in a viewer and save it again"
            )
        raise SourceUnreadable(
            f"{name} holds no text: {_count(len(scanned))} of {len(pages)} are pictures, as of a scan; "
            f"{advice}"
        )
    warnings = []
    if ocr and recognised:
        warnings.append(
            f"{_count(len(recognised))} {RECOGNISED} ({ocr.languages}) and may hold its errors "
            f"({_numbers(recognised)})"
        )
    if scanned:
        warnings.append(
            f"{_count(len(scanned))} without text, only pictures, left out ({_numbers(scanned)}); {advice}"
        )
    if garbled:
        warnings.append(f"letters that the file does not name, or a damaged page ({_numbers(garbled)})")
    if leftward := [p.number for p in pages if runs_leftward(p)]:
        warnings.append(
            f"text that runs from right to left may stand in the wrong order ({_numbers(leftward)}); "
            "a version as .docx, .odt or .html is read as written"
        )
    return tuple(warnings)


def _count(pages: int) -> str:
    return f"{pages} page" if pages == 1 else f"{pages:,} pages"


def _numbers(pages: Sequence[int]) -> str:
    """Page numbers, runs of them as ranges: "pages 2, 4–9"."""
    runs: list[list[int]] = []
    for page in pages:
        if runs and page == runs[-1][1] + 1:
            runs[-1][1] = page
        else:
            runs.append([page, page])
    said = ", ".join(str(a) if a == b else f"{a}–{b}" for a, b in runs)
    return f"page{'s' if len(pages) > 1 else ''} {said}"


def _blocks(
    paragraphs: Sequence[Paragraph], notes: Notes, style: Style, hyphens: Hyphens
) -> tuple[list[Block], list[Mark]]:
    """Blocks of the text and of the notes, markers linked; and the markers without a note."""
    notes.name()
    drafts: list[tuple[Block, list[str | Mark | Turn]]] = [
        (Block(p.kind, (), p.level, page=p.page), text_of(p.lines, hyphens)) for p in paragraphs
    ]
    for note in notes.found:
        if not note.lines:
            drafts.append((Block("note", (), label=note.name, page=note.page), [f"[{note.label}]"]))
        drafts += [
            (Block("note", (), label=note.name, page=p.page), text_of(p.lines, hyphens))
            for p in joined(paragraphs_of(note.lines, style, note.right))
        ]
    drafts = [(block, parted(text, notes.labels_for)) for block, text in drafts]
    meant = _meant(drafts, notes)
    orphans = [
        piece
        for _, text in drafts
        for piece in text
        if isinstance(piece, Mark) and piece.sure and piece.raised and piece.label.isdigit()
        if id(piece) not in meant
    ]
    if not notes.found and "1" not in {mark.label for mark in orphans}:
        orphans = []  # a power in a formula
    lost = {id(mark) for mark in orphans}

    def placed(piece: str | Mark) -> str | Ref:
        if isinstance(piece, str):
            return piece
        if id(piece) in meant:
            return Ref(meant[id(piece)])
        if id(piece) in lost:
            return f"[{piece.label}]"
        return f"{RAISED}{piece.printed}{LOWERED}" if piece.raised else piece.printed

    blocks = []
    for block, text in drafts:
        content: list[str | Ref] = []
        turns: list[tuple[int, int]] = []
        for piece in text:
            if isinstance(piece, Turn):
                turns.append((len(content), piece.page))
            else:
                content.append(placed(piece))
        blocks.append(replace(block, content=shown(content), turns=tuple(turns)))
    return blocks, orphans


def _meant(drafts: Sequence[tuple[Block, list[str | Mark | Turn]]], notes: Notes) -> dict[int, str]:
    """`id` of a mark to the name of the note that it means. A mark that may be a power means a note only
    if no other mark does."""
    body = (p for block, text in drafts if block.kind != "note" for p in text if isinstance(p, Mark))
    links = Links(notes.found, body)
    meant: dict[int, str] = {}
    doubtful: list[tuple[int, str]] = []
    for place, (block, text) in enumerate(drafts):
        for piece in text:
            note = links.note_of(piece, place) if isinstance(piece, Mark) else None
            if note is None or note.name == block.label:
                continue
            if isinstance(piece, Mark) and piece.sure:
                meant[id(piece)] = note.name
            else:
                doubtful.append((id(piece), note.name))
    linked = set(meant.values())
    return meant | {key: name for key, name in doubtful if name not in linked}


def _without_notes(lost: Sequence[Mark]) -> tuple[str, ...]:
    """What is to be said of markers without a note."""
    said = [f"marker [{mark.label}] on page {mark.page} has no note" for mark in lost[:MOST_WARNINGS]]
    more = len(lost) - MOST_WARNINGS
    return (*said, f"{more} more markers have no note") if more > 0 else tuple(said)
