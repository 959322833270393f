"""Citations inside their passages and the needed evidence beside them, coloured. Pure functions over
one line of a results file."""

from collections.abc import Mapping
from dataclasses import dataclass

from eval.measures.citations import place
from eval.measures.spans import same_place
from eval.report.marks import Piece, needed_places, pieces, trimmed
from eval.report.reasons import holder, is_exact, shortened


@dataclass(frozen=True, slots=True)
class Cited:
    """Citations of one passage. markers: their numbers. where: document, section, note. wrong: quotes
    that are not what stands there, as (marker, quote)."""

    markers: tuple[int, ...]
    where: str
    pieces: tuple[Piece, ...]
    wrong: tuple[tuple[int, str], ...]


@dataclass(frozen=True, slots=True)
class Needed:
    """One needed place. alternatives: (where, coloured text) of which one suffices. cited: whether one
    is. rank: of the first passage found that holds one, None where search found none."""

    alternatives: tuple[tuple[str, tuple[Piece, ...]], ...]
    cited: bool
    rank: int | None


@dataclass(frozen=True, slots=True)
class Found:
    """A passage that search found. needed: whether needed evidence stands in it."""

    where: str
    text: str
    score: float
    needed: bool


def where(row: dict, names: Mapping[str, str]) -> str:
    """Document, section, footnote and page as far as the row has them, then its offsets."""
    note = f"footnote {row['footnote']}" if row.get("footnote") else ""
    page = f"page {row['page']}" if row.get("page") else ""
    known = [names.get(row["document_id"], row["document_id"]), row.get("section") or "", note, page]
    span = f"{row['start_char_index']}–{row['end_char_index']}"
    return " · ".join([part for part in known if part] + [span])


def cited(row: dict, names: Mapping[str, str]) -> list[Cited]:
    """The citations, those of one passage together, in the order of their markers. A citation of a
    passage that the results do not carry stands alone."""
    answer = row["answer"]
    places = [place(c) for c in answer["citations"]]
    markers = [c["marker"] for c in answer["citations"]]
    gold = needed_places(row["evidence"], places)
    homes: dict[tuple, tuple[dict, list[dict]]] = {}
    for citation in answer["citations"]:
        home = holder(citation, answer["passages"]) or {**citation, "text": citation["cited_text"]}
        homes.setdefault(place(home), (home, []))[1].append(citation)
    return [
        Cited(
            markers=tuple(c["marker"] for c in group),
            where=where(home | {k: group[0].get(k) for k in ("section", "footnote", "page")}, names),
            pieces=trimmed(pieces(home["text"], at, places, gold, markers)),
            wrong=tuple((c["marker"], c["cited_text"]) for c in group if not is_exact(c, answer["passages"])),
        )
        for at, (home, group) in homes.items()
    ]


def needed(row: dict, names: Mapping[str, str]) -> list[Needed]:
    """The needed places with what of them is cited."""
    places = [place(c) for c in row["answer"]["citations"]]
    gold = needed_places(row["evidence"], places)
    passages = [place(p) for p in row["answer"]["passages"]]
    out = []
    for item in row["evidence"]:
        ranks = [n for n, p in enumerate(passages, 1) if any(same_place(place(one), p) for one in item)]
        texts = tuple((where(one, names), pieces(one["text"], place(one), places, gold)) for one in item)
        is_cited = any(same_place(place(one), c) for one in item for c in places)
        out.append(Needed(texts, is_cited, ranks[0] if ranks else None))
    return out


def found_passages(row: dict, names: Mapping[str, str]) -> list[Found]:
    """What search found, best first, a line each."""
    gold = [place(one) for item in row["evidence"] for one in item]
    return [
        Found(where(p, names), shortened(p["text"]), p["score"], any(same_place(g, place(p)) for g in gold))
        for p in row["answer"]["passages"]
    ]
