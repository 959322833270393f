"""Where sentences begin and end: half-open character offsets into a text.

Splitting is sentencex's work; what it cuts too early (short list below) is merged again. Knows
nothing of documents.
"""

import re

import sentencex

NEVER_FINAL = re.compile(
    r"(?:^|[\s(\[“‘\"'])"
    r"(?:approx|art|arts|ca|ch|chs|cf|ed|eds|fn|nn|nos?|op|pp?|paras?|sec|ser|tr|vols?|viz|al"
    r"|avg|chaps?|eqs?|est|figs|incl|refs|sect|tel|thm|abb|abs|anm|bd|kap"
    r"|(?-i:Apps?|Def|Fax|max|Prop|Tabs?))\.$",  # in lower case these are words
    re.IGNORECASE,
)
"""Abbreviations that sentencex takes for an end, followed here by a number or a lower-case word."""
CONTINUES = re.compile(r"[a-z0-9(§]")
BEFORE_SMALL = re.compile(r"(?:\b[IVXLC]{2,}|\b([A-Z])\1|\b[^\W\d_a-z]|\b(?:Hist|Max|Min|resp))\.$")
"""Ordinals, initials and abbreviations that a word in small letters follows: "XIV. starb", "1799 г. в". Any
other short word may end a sentence before "npm" or "eBay"."""
GOES_ON = re.compile(
    r"""(?:^|[\s(])(?:
        \d{1,2}\.\ (?:Januar|Jänner|Februar|März|Mai|Juni|Juli|Oktober|Dezember|Jahrhundert)
      | (?:am|vom|zum|bis|den|dem|der|ab|seit|und)\ \d{1,2}\.\ (?:April|August|September|November)\b
      | (?-i:Apps?\.\ [A-HJ-Z]\b | ([A-Z])\1\.\ ([A-Z])\2\.) | vgl\.\ \w
    )""",
    re.VERBOSE | re.IGNORECASE,
)
"""German dates and centuries, "App. B", "Vgl. Abb." and "EE. UU."; the English names of months need a German
word before the day, for a sentence may end with a number and the next begin with a month."""
SEAM = 14
"""Characters on either side of a cut in which abbreviations and dates are looked for."""
LOOKED_AT = 400
"""Characters before a cut that count; all of them would take minutes on a text of abbreviations."""
NUMBER = re.compile(r"\d{1,2}\.")
"""Alone, the number of a list's item."""
NOTE_MARKERS = re.compile(r"(?:(?:\[[^\[\]\s]{1,40}\]|[⁰¹²³⁴-⁹])\s*)+")
"""Markers right behind a sentence's end belong to that sentence, those without a note, too."""


LATE_MARKERS = re.compile(r"[.!?…][\"”’»]+(?:\[[^\[\]\s]{1,40}\])+(?=\s+[\"“‘«(]?([^\W\d_]))")
"""Markers behind a closing quote hide the end of a sentence from sentencex."""


def split_sentences(text: str, language: str = "en") -> list[tuple[int, int]]:
    """Return the sentences of `text` in order as `[start, end)`, without surrounding white space.

    White space between sentences belongs to none of them. A text of white space has no sentence.
    """
    spans: list[tuple[int, int]] = []
    for boundary in sentencex.get_sentence_boundaries(language, text):
        start, end = _trim(text, boundary["start_index"], boundary["end_index"])
        if spans and (markers := NOTE_MARKERS.match(text, start, end)) and start == spans[-1][1]:
            spans[-1] = (spans[-1][0], start + len(markers.group().rstrip()))
            start, end = _trim(text, markers.end(), end)
        for late in LATE_MARKERS.finditer(text, start, end):
            if late.group(1).isupper():
                start = _add(text, spans, start, late.end())
        _add(text, spans, start, end)
    return spans


def _add(text: str, spans: list[tuple[int, int]], start: int, end: int) -> int:
    """Add a sentence, or the end of the last one; returns where the next may begin."""
    start, stop = _trim(text, start, end)
    if start < stop and spans and _belongs_to_previous(text, spans[-1], start, stop):
        spans[-1] = (spans[-1][0], stop)
    elif start < stop:
        spans.append((start, stop))
    return end


def _belongs_to_previous(text: str, previous: tuple[int, int], start: int, end: int) -> bool:
    before, piece = text[max(previous[0], previous[1] - LOOKED_AT) : previous[1]], text[start:end]
    if "\n\n" in text[previous[1] : start]:
        return False
    if NOTE_MARKERS.fullmatch(piece):
        return True
    left = before[-SEAM:]
    if NUMBER.fullmatch(before) or (CONTINUES.match(piece) and NEVER_FINAL.search(left)):
        return True
    if piece[0].islower() and BEFORE_SMALL.search(left):
        return True
    return any(m.start() < len(left) < m.end() - 1 for m in GOES_ON.finditer(f"{left} {piece[:SEAM]}"))


def _trim(text: str, start: int, end: int) -> tuple[int, int]:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end
