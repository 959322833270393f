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
LONGEST_NAME = 80
"""Characters of a name on either side of a dot in it."""
NAME_BEFORE = re.compile(r"[^\s\"'“”‘’«»(\[]*$")
NAME_BEHIND = re.compile(r"[^\s\"'“”‘’«»)\]]*")
CODE = re.compile(r"_|[a-z][A-Z]|[^\W\d_]{2}\.[^\W\d_]{2}|[/\\@]|\w\($")
"""What names in programs, files' names and addresses have, and words do not."""
NAME_WITH_PARTS = re.compile(r"[\w-]+(?:\.[\w-]+)+|\w*_\w*|[^\s@/]+@[\w-]+")
"""Such a name may go on with a plain word: "os.path.Join", "my_app.Engine", "info@example.Org"."""
PLAIN_WORD = re.compile(r"(?:Ma?c)?[A-Z][a-z]+\s")
CAPITAL_NAME = re.compile("NET|COM|ORG|IO|EDU|GOV|INFO|JS|TXT|EXE|BAT|SYS|DLL|INI|PDF|DOC|HTML?|ZIP")
"""What follows the dot in a name in capitals: "ASP.NET", "README.TXT"."""
STARTERS = re.compile(
    "A|After|All|Also|An|And|As|At|Both|But|By|Each|For|From|He|Here|How|However|If|In|It|Its|No|Not|On|One|Our"
    "|She|So|Some|Such|That|The|Their|Then|There|These|They|This|Those|Thus|To|Two|We|What|When|Where|Which"
    "|While|Who|Why|With|You|Your|Der|Die|Das|Ein|Eine|Er|Es|Sie|Wir|Le|La|Les|Il|Elle|El|Los"
)
"""A dot before one of these ends a sentence whose space got lost."""
NUMBER = re.compile(r"\d{1,2}\.")
"""Alone, the number of a list's item."""
DIVISIONS = (
    "Art(?:icle)?|Sec(?:tion)?|Chapter|Part|Fig(?:ure)?|Table|Clause|Rule|Title|Annex|Appendix|Schedule|Exhibit"
    "|Paragraph|Step|Item|No|Book|Volume|Act|Scene|Amendment|Example|Theorem|Lemma|Question"
    "|Artikel|Kapitel|Abschnitt|Teil|Anhang|Anlage"
)
"""Words that the first number of a text may follow; behind others it ends a sentence: "Vitamin C."."""
FIRST_NUMBER = re.compile(
    rf"(?:(?:(?i:{DIVISIONS})\.?\s|§\s?)?\(?(?:\d{{1,3}}(?:\.\d{{1,3}}){{0,8}}|[ivxlc]{{1,8}}|[IVXLC]{{1,8}})"
    r"|[a-zA-Z])[.):]+"
)
"""The same at the start of a text: "100.", "1.1.", "iv.", "B.", "Article I."."""
LETTERED = re.compile(r"\s*\(\w{1,8}\)\s+")
"""The number of an item, "(a)"; behind one at the start of a text, sentencex ends no sentence any more."""
NOTE_MARKERS = re.compile(r"(?:(?:\[[^\[\]\s]{1,40}\]|[⁰¹²³⁴-⁹])\s*)+")
"""Markers right behind a sentence's end belong to that sentence, those without a note, too."""


LATE_MARKERS = re.compile(r"[.!?…][\"”’»]+(?:\[[^\[\]\s]{1,40}\])+(?=\s+[\"“‘«(]?([^\W\d_]))")
"""Markers behind a closing quote hide the end of a sentence from sentencex."""


def split_sentences(text: str, language: str = "en") -> list[tuple[int, int]]:
    """Return the sentences of `text` in order as `[start, end)`, without surrounding white space.

    White space between sentences belongs to none of them. A text of white space has no sentence.
    """
    spans: list[tuple[int, int]] = []
    lettered = LETTERED.match(text)
    skip = lettered.end() if lettered else 0
    for boundary in sentencex.get_sentence_boundaries(language, text[skip:]):
        start, end = _trim(text, boundary["start_index"] + skip, boundary["end_index"] + skip)
        start = start if spans else _trim(text, 0, end)[0]
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
    behind = text[start : start + LONGEST_NAME]
    if start == previous[1] and before.endswith(".") and _is_in_name(before[:-1], behind):
        return True
    left = before[-SEAM:]
    if NUMBER.fullmatch(before) or (previous[0] == 0 and FIRST_NUMBER.fullmatch(before)):
        return True
    if CONTINUES.match(piece) and NEVER_FINAL.search(left):
        return True
    if piece[0].islower() and BEFORE_SMALL.search(left):
        return True
    return any(m.start() < len(left) < m.end() - 1 for m in GOES_ON.finditer(f"{left} {piece[:SEAM]}"))


def _is_in_name(before: str, behind: str) -> bool:
    """Whether the dot between two texts is part of a name, "index.CitedRetriever", "ASP.NET", ".Xresources".
    Between two plain words it is not: texts from PDF have lost the space behind many a full stop."""
    left, right = NAME_BEFORE.search(before[-LONGEST_NAME:]), NAME_BEHIND.match(behind)
    if left is None or right is None or not right[0][:1].isalpha():
        return False
    word = right[0].rstrip(".,;:!?")
    if STARTERS.fullmatch(word):
        return False
    if not left[0] or (left[0].isupper() and CAPITAL_NAME.fullmatch(word)):
        return True
    if PLAIN_WORD.match(behind) and not NAME_WITH_PARTS.fullmatch(left[0]):
        return False
    return bool(CODE.search(left[0]) or CODE.search(word))


def _trim(text: str, start: int, end: int) -> tuple[int, int]:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end
