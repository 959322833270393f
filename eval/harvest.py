"""From use to test: what readers said of answers becomes candidate questions for a set.

A person must confirm each: a thumb up proposes the citations as evidence; any other only the question, with
what the answer cited in its note and without evidence, so that `cited eval check` asks for it.
"""

from eval.questions import file_name
from index.feedback import Feedback, all_feedback
from index.library import Library
from ingest.errors import DocumentUnknown


def candidates(library: Library) -> list[dict]:
    """One line of a set for each question that readers judged, the last word on it counting; comments
    stand in the notes. Evidence is given by quote, which outlives a change of the document elsewhere."""
    by_question: dict[str, list[Feedback]] = {}
    for said in all_feedback(library.catalog):
        by_question.setdefault(said.answer["question"], []).append(said)
    return [
        _candidate(f"harvest-{number:03}", library, said)
        for number, said in enumerate(by_question.values(), 1)
    ]


def _candidate(name: str, library: Library, said: list[Feedback]) -> dict:
    answer = said[-1].answer
    thumbs = [one.good for one in said if one.good is not None]
    good = thumbs[-1] if thumbs else None
    notes = [f"thumb {'up' if good else 'down'}"] if good is not None else []
    notes += [one.comment for one in said if one.comment]
    if answer["answered"] and not good:
        notes.append("it cited: " + " … ".join(c["cited_text"] for c in answer["citations"]))
    changed = [c["document_title"] for c in answer["citations"] if not _same_version(library, said[-1], c)]
    if changed:
        notes.append(f"replaced or deleted since: {', '.join(dict.fromkeys(changed))}")
    row: dict = {"id": name, "question": answer["question"], "note": "; ".join(notes)}
    if good:
        row["evidence"] = [
            {"quote": c["cited_text"], "document": _file_name(library, c)} for c in answer["citations"]
        ]
    first = next(iter(answer["citations"] or answer["passages"]), None)
    return row | ({"document": _file_name(library, first)} if first else {})


def _same_version(library: Library, said: Feedback, citation: dict) -> bool:
    name = citation["document_id"]
    return library.catalog.version(name) == said.versions.get(name)


def _file_name(library: Library, citation: dict) -> str:
    try:
        return file_name(library.document(citation["document_id"]).source)
    except DocumentUnknown:
        return str(citation["document_title"])
