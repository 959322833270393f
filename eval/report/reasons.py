"""Is the answer to a question right, and if not, what is wrong? Pure functions over one line of a
results file; page, Markdown and JUnit all say the same. Right is what the run graded as correct, as gates
and comparisons have it."""

from dataclasses import dataclass

from eval.measures.answers import facts_present, stated
from eval.measures.citations import place
from eval.measures.spans import same_place

KINDS = {
    "refused": "answerable, and refused",
    "answered": "unanswerable, and answered",
    "quote": "a quote is not exact",
    "evidence": "evidence is not fully cited",
    "fact": "a fact is missing",
    "label": "a footnote is misnamed",
}
"""Every way to fail, in the order in which they are told."""
GRADED = {
    "fabricated_quotes": (0.0, "quote", "A quote stands in no document."),
    "misattributed_quotes": (0.0, "quote", "A quote stands elsewhere than it says."),
    "exact_quotes": (1.0, "quote", "A quote is not what stands at its place."),
    "exact_passages": (1.0, "quote", "A passage found is not what stands at its place."),
    "right_labels": (1.0, "label", "A citation names the wrong footnote, or none, or one for the body."),
}
"""Grades by the run, which had the documents: what each is when all is well, and what to say if not."""


@dataclass(frozen=True, slots=True)
class Reason:
    """One thing that is wrong. kind: a key of KINDS. text: a sentence for people."""

    kind: str
    text: str


UNTOLD = Reason("evidence", "The run graded the answer as not correct.")
"""Of results that were graded by other rules than those of today."""


def reasons(row: dict) -> list[Reason]:
    """Why an answer is not right; nothing for one that is graded as correct."""
    return [] if is_right(row) else wrongs(row) or [UNTOLD]


def remarks(row: dict) -> list[Reason]:
    """What is wrong with an answer that is right all the same."""
    return wrongs(row) if is_right(row) else []


def is_right(row: dict) -> bool:
    """Whether the run graded the answer as correct (see eval.grade)."""
    return bool(row["grades"]["correct"] == 1)


def wrongs(row: dict) -> list[Reason]:
    """All that is wrong with an answer. An unanswerable question is to be refused, an answerable one to be
    answered; of an answer every needed place is to be cited (of alternatives one; same_place), every fact to
    be stated, and every quote to be what stands at its place, under the right footnote."""
    answered, needed = row["answer"]["answered"], row["evidence"]
    if needed and not answered:
        return [Reason("refused", "The documents answer this, and it was refused.")]
    if not needed and answered:
        told = [Reason("answered", "The documents do not answer this, and it was answered.")]
        return told + inexact(row)
    return inexact(row) + uncited(row) + absent(row)


def inexact(row: dict) -> list[Reason]:
    """Quotes that differ from the passage they were taken from, and what the run graded as wrong."""
    wrong = [c["marker"] for c in row["answer"]["citations"] if not is_exact(c, row["answer"]["passages"])]
    found = []
    if wrong:
        marks = ", ".join(f"[{n}]" for n in wrong)
        found.append(Reason("quote", f"Not what stands at the place it names: quote {marks}."))
    for name, (well, kind, text) in GRADED.items():
        grade = row["grades"].get(name)
        if grade is not None and float(grade) != well:
            found.append(Reason(kind, text))
    told_apart = any(row["grades"].get(n) for n in ("fabricated_quotes", "misattributed_quotes"))
    return [r for r in found if not (told_apart and r.text == GRADED["exact_quotes"][2])]


def is_exact(citation: dict, passages: list[dict]) -> bool:
    """Whether a quote has the length of its span and is what its passage holds there. A quote of a
    passage that the results do not carry is taken at the run's word (see GRADED)."""
    start, end = citation["start_char_index"], citation["end_char_index"]
    home = holder(citation, passages)
    if home is None:
        return end - start == len(citation["cited_text"])
    at = home["start_char_index"]
    return bool(home["text"][start - at : end - at] == citation["cited_text"])


def holder(span: dict, passages: list[dict]) -> dict | None:
    """The first passage that holds the whole span, None where none does."""
    name, wanted = place(span)
    for passage in passages:
        document, held = place(passage)
        if document == name and held.start <= wanted.start and wanted.end <= held.end:
            return passage
    return None


def uncited(row: dict) -> list[Reason]:
    """Needed places of which no alternative is cited."""
    cited = [place(c) for c in row["answer"]["citations"]]
    missed = [
        item for item in row["evidence"] if not any(same_place(place(one), c) for one in item for c in cited)
    ]
    if not missed:
        return []
    quotes = "; ".join(f"«{shortened(item[0]['text'])}»" for item in missed)
    number = f"{len(missed)} of {len(row['evidence'])} needed places not cited"
    return [Reason("evidence", f"{number}: {quotes}.")]


def absent(row: dict) -> list[Reason]:
    """Facts of which no wording stands in the answer."""
    missing = [fact for fact in row["facts"] if row["evidence"] and not is_present(fact, row)]
    if not missing:
        return []
    words = "; ".join(" or ".join(f"“{wording}”" for wording in fact) for fact in missing)
    return [Reason("fact", f"{len(missing)} of {len(row['facts'])} facts not in the answer: {words}.")]


def is_present(fact: list[str], row: dict) -> bool:
    """Whether some wording of the fact stands in the answer; a refusal states none."""
    return row["answer"]["answered"] and facts_present([fact], stated(row["answer"])) == 1


def shortened(text: str, most: int = 90) -> str:
    """One line of at most `most` characters, cut at a space."""
    line = " ".join(text.split())
    return line if len(line) <= most else (line[:most].rpartition(" ")[0] or line[:most]) + " …"
