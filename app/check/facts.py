"""Numbers of a text: figures and words, with magnitude and unit; years, decades, centuries, labels.

Figures are understood in any language, words in English only.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from app.check.number_words import FRACTIONS, MAGNITUDES, MEASURES, MONTHS, ORDINALS, ROMAN, SIGNS, SMALL
from app.check.tokens import Token
from app.suggest.verbs import words

LISTED_MOST = 5
APPROXIMATE = words("about around approximately roughly some nearly almost circa ca")
OVER = words("over above exceeding")
UNDER = frozenset(["under", "below"])


@dataclass(frozen=True, slots=True)
class Number:
    """value: with its magnitude; a percentage as a share. kind: "count", "year", "span" (a decade or a
    century: value to end) or "label" (a numeral that names: Phase II, OPLAN 5055). unit: of measure, "%",
    or the stem of the next word, "" where there is none. limit: 1 for more than, -1 for less than, else 0.
    first, last: indices of its tokens."""

    value: float
    kind: str
    unit: str
    text: str
    first: int
    last: int
    end: float = 0.0
    limit: int = 0
    approximate: bool = False
    measured: bool = False

    @property
    def small_word(self) -> bool:
        """Whether it is a count that a list of things may stand for."""
        return self.kind == "count" and 2 <= self.value <= LISTED_MOST and self.text.isalpha()


def numbers_of(tokens: Sequence[Token]) -> list[Number]:
    """The numbers of a text, in order. «one» counts only before a unit of measure, or as a figure."""
    found: list[Number] = []
    i = 0
    while i < len(tokens):
        number = _number(tokens, i)
        if number:
            found.append(number)
            i = number.last
        i += 1
    return found


def _number(tokens: Sequence[Token], i: int) -> Number | None:
    token = tokens[i]
    low, following = token.low, tokens[i + 1].low if i + 1 < len(tokens) else ""
    if low[0].isdigit():
        return _figure(tokens, i)
    if token.text in ROMAN and i and tokens[i - 1].end + 1 == token.start and tokens[i - 1].capital:
        return Number(
            ROMAN[token.text], "label", tokens[i - 1].stem, f"{tokens[i - 1].text} {token.text}", i, i
        )
    if low in ORDINALS and following in ("century", "centuries"):
        return _century(ORDINALS[low], f"{low} century", i)
    if low in ORDINALS and low not in ("first", "second") and following not in ("of", ""):
        return Number(ORDINALS[low], "ordinal", "", low, i, i)
    if (
        low == "second"
        and i
        and tokens[i - 1].low in ("the", "a", "his", "her", "its", "their", "on", "from")
    ):
        return Number(2, "ordinal", "", low, i, i) if following and following not in ("of",) else None
    if low in ("half", "quarter") and not (i and tokens[i - 1].low in ("first", "second", "last")):
        return _with_unit(tokens, i, i, FRACTIONS[low], low)
    if low in FRACTIONS and following == "of" and i and tokens[i - 1].low in ("a", "one"):
        return _with_unit(tokens, i, i, FRACTIONS[low], f"a {low}")
    if low in SMALL or (low in MAGNITUDES and i and tokens[i - 1].low in ("a", "an", "one")):
        return _spelled(tokens, i)
    return None


def _figure(tokens: Sequence[Token], i: int) -> Number:
    low = tokens[i].low
    digits = re.match(r"[\d.,]+", low)
    plain = (digits.group() if digits else low).rstrip(".,")
    plain = plain.replace(",", "") if re.fullmatch(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?", plain) else plain
    try:
        value = float(plain.replace(",", "."))
    except ValueError:  # a section number such as 1.2.3, or digits of another script
        return Number(-1.0, "label", "", low, i, i)
    whole = low.isdigit()
    if low.endswith("s") and value >= 1000:
        return Number(value, "span", "", low, i, i, value + (99 if value % 100 == 0 else 9))
    following = tokens[i + 1].low if i + 1 < len(tokens) else ""
    if low[-1].isalpha() and following in ("century", "centuries"):
        return _century(int(value), f"{low} century", i)
    if low[-1].isalpha() or (i and tokens[i - 1].low in MONTHS and value <= 31) or following in MONTHS:
        return Number(value, "ordinal", "", low, i, i)
    signed = i and tokens[i - 1].text in SIGNS
    if whole and len(low) == 4 and 1000 <= value < 2200 and not signed and following not in MEASURES:
        labelled = (
            i and tokens[i - 1].capital and tokens[i - 1].low not in MONTHS and not tokens[i - 1].initial
        )
        if not (labelled and tokens[i - 1].text.isupper()) and following not in MAGNITUDES:
            return Number(value, "year", "", low, i, i)
    return _with_unit(tokens, i, i, value, low)


def _century(n: int, text: str, i: int) -> Number:
    return Number(100.0 * (n - 1), "span", "", text, i, i + 1, 100.0 * n)


def _spelled(tokens: Sequence[Token], i: int) -> Number | None:
    """«twenty-one», «two hundred and fifty», «two-thirds», «a hundred»."""
    total, current, last, j = 0.0, 0.0, i, i
    while j < len(tokens):
        low = tokens[j].low
        if low in SMALL and (j == i or tokens[j].at == tokens[last].at + 1 or tokens[j - 1].low == "and"):
            if j > i and SMALL[low] >= 10 and current % 100:
                break
            current += SMALL[low]
        elif low in MAGNITUDES and j - last <= 1:
            current = (current or 1.0) * MAGNITUDES[low]
            if MAGNITUDES[low] >= 1000:
                total, current = total + current, 0.0
        elif low == "and" and j > i and tokens[j - 1].low in ("hundred", "thousand") and j + 1 < len(tokens):
            j += 1
            continue
        else:
            break
        last = j
        j += 1
    value = total + current
    following = tokens[last + 1] if last + 1 < len(tokens) else None
    if following and following.low in FRACTIONS and following.low.endswith("s") and value < 100:
        return _with_unit(tokens, i, last + 1, value * FRACTIONS[following.low], "-".join(
            t.low for t in tokens[i : last + 2]))  # fmt: skip
    if value == 1 and i == last and not (following and following.low in MEASURES):
        return None
    return _with_unit(tokens, i, last, value, " ".join(t.low for t in tokens[i : last + 1]))


def _with_unit(tokens: Sequence[Token], first: int, last: int, value: float, text: str) -> Number:
    before = [t.low for t in tokens[max(0, first - 3) : first]]
    after = [t for t in tokens[last + 1 : last + 4] if t.at <= tokens[last].at + 4]
    while after and after[0].low in MAGNITUDES and after[0].low not in ("decade", "decades"):
        value *= MAGNITUDES[after[0].low]
        text = f"{text} {after[0].low}"
        last, after = last + 1, after[1:]
    unit, measured = "", False
    if first and tokens[first - 1].text in SIGNS:
        unit, measured = MEASURES[tokens[first - 1].text], True
        text = tokens[first - 1].text + text
    elif after and after[0].low == "per" and len(after) > 1 and after[1].low == "cent":
        unit, measured, text = "%", True, f"{text} per cent"
    else:
        near = next((t for t in after[:2] if t.low in MEASURES and (t.low != "ad" or t.text.isupper())), None)
        if near and after[0].low not in ("of", "and", "to", "or"):
            unit, measured, text = MEASURES[near.low], True, f"{text} {near.low}"
        elif after and after[0].content:
            unit = after[0].stem
    if unit == "%":
        value /= 100
    limit = 1 if OVER & set(before[-1:]) or before[-2:] in (["more", "than"], ["at", "least"]) else 0
    if UNDER & set(before[-1:]) or before[-2:] in (["less", "than"], ["fewer", "than"], ["at", "most"],
                                                   ["up", "to"]):  # fmt: skip
        limit = -1
    named = first and tokens[first - 1].capital and tokens[first - 1].low not in MONTHS and not measured
    kind = "label" if named and text.isdigit() and not tokens[first - 1].initial else "count"
    near_value = bool(APPROXIMATE & set(before[-1:]))
    return Number(value, kind, unit, text, first, last, 0.0, limit, near_value, measured)


def agrees(claim: Number, source: Number) -> bool:
    """Whether the source's number bears the claim's out."""
    if "span" in (claim.kind, source.kind):
        if claim.kind == source.kind:
            return claim.value == source.value and claim.end == source.end
        return claim.kind == "span" and source.kind == "year" and claim.value <= source.value <= claim.end
    if claim.measured and source.measured and claim.unit != source.unit and not _decades(claim, source):
        return False
    if claim.limit * source.limit < 0:
        return False
    if (claim.limit and not source.limit) or (source.limit < 0 and not claim.limit and claim.approximate):
        return _same(claim, source) and claim.limit >= 0 and source.limit >= 0 and claim.kind != "count"
    return _same(claim, source)


def _decades(claim: Number, source: Number) -> bool:
    return {claim.unit, source.unit} <= {"year", "decade", ""}


def _same(claim: Number, source: Number) -> bool:
    kinds = {claim.kind, source.kind}
    if "ordinal" in kinds and len(kinds) == 2 and "label" not in kinds and not claim.text[0].isdigit():
        return False
    slack = 0.02 if claim.approximate else 1e-6
    return abs(claim.value - source.value) <= slack * max(abs(claim.value), abs(source.value))


def rivals(claim: Number, source: Number) -> bool:
    """Whether the source's number could stand in the claim's place, with another value."""
    if claim.kind == "span" or source.kind == "span":
        return {claim.kind, source.kind} <= {"span", "year"}
    if claim.kind != source.kind:
        return False
    return not (claim.measured and source.measured) or claim.unit == source.unit


TRIPLE = re.compile(r"\b(?:tri(?:lateral|partite)|triple)\b", re.IGNORECASE)
PAIR = re.compile(r"\b(?:both|bilateral|mutual|each other)\b", re.IGNORECASE)
LIST = re.compile(r"(?:[^,;:.]{1,60}, ){0,5}[^,;:.]{1,60}?,? (?:and|or) ")


def lists(text: str) -> set[int]:
    """How many things the text's lists may have: of «A, B and C» 3, and 2 of «B and C»."""
    found_in = ({3} if TRIPLE.search(text) else set()) | ({2} if PAIR.search(text) else set())
    return found_in | {
        n for found in LIST.finditer(text) for n in range(2, found.group().rstrip("and or,").count(", ") + 3)
    }
