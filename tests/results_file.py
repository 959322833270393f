"""Results files for the tests of the report: made of the sample set and articles, with invented answers
(some right, some wrong in each way), so that no model is needed."""

import json
import random
from pathlib import Path

from eval.grade import grade, summarise
from eval.questions import SETS, Place, Question, load_set
from ingest.document import Document, Span
from ingest.read import read_bytes, read_file
from tests.conftest import SAMPLES

EVIL = "The lamp <script>document.title = 'HACKED'</script> was red & <b>bright</b>; “<img src=x>” 3 < 4."
REFUSAL = "I could not find this in the documents."


def note_at(document: Document, position: int) -> str | None:
    return next((n.label for n in document.footnotes if n.start <= position < n.end), None)


def at(document: Document, start: int, end: int) -> dict:
    return {
        "document_id": document.id,
        "document_title": document.title,
        "document_index": 0,
        "section": document.section_at(start),
        "kind": "footnote" if (note := note_at(document, start)) else "body",
        "footnote": note,
        "page": None,
        "start_char_index": start,
        "end_char_index": end,
    }


def passage(document: Document, span: Span, width: int = 900) -> dict:
    """A passage around a span, cut at spaces."""
    start = max(0, span.start - (width - (span.end - span.start)) // 2)
    start = 0 if start == 0 else document.text.index(" ", start) + 1
    start = min(start, span.start)
    end = max(span.end, min(len(document.text), start + width))
    return at(document, start, end) | {"text": document.text[start:end], "score": 0.5, "linked": []}


def answer(question: Question, places: list[Place], by_id: dict[str, Document], confidence: float) -> dict:
    """An answer that cites the places, or refuses where there are none."""
    citations = [
        at(by_id[p.document_id], p.start, p.end)
        | {"marker": n, "type": "char_location", "cited_text": by_id[p.document_id].text[p.start : p.end],
           "short_answer": None, "score": confidence}
        for n, p in enumerate(places, 1)
    ]  # fmt: skip
    near = [passage(by_id[p.document_id], p) for p in places]
    spare = next(iter(by_id.values()))
    near += [passage(spare, Span(at, at + 300)) for at in (1500, 3500, 5500, 7500)]
    return {
        "question": question.question,
        "answer": "\n".join(f"“{' '.join(c['cited_text'].split())}” [{c['marker']}]" for c in citations)
        or REFUSAL,
        "answered": bool(citations),
        "confidence": round(confidence, 4),
        "citations": citations,
        "passages": near[:6],
        "mode": "quote",
        "timings_ms": {"search": 20.5, "read": 31.0, "total": 51.5},
    }


def row(question: Question, document: str, given: dict, by_id: dict[str, Document]) -> dict:
    """A line of the results, without its grades."""
    return {
        "kind": "answer",
        "id": question.id,
        "question": question.question,
        "type": question.type,
        "half": question.half,
        "document": document,
        "answerable": question.answerable,
        "evidence": [
            [at(by_id[p.document_id], p.start, p.end) | {"text": by_id[p.document_id].text[p.start : p.end]}
             for p in item] for item in question.evidence
        ],
        "facts": [list(fact) for fact in question.facts],
        "answer": given,
    }  # fmt: skip


def sample_rows(seed: int) -> tuple[list[dict], dict[str, Document]]:
    """Rows for the samples set, one more for a document with markup in it, and one with a bad quote."""
    chance = random.Random(seed)
    documents = {path.name: read_file(path) for path in sorted(SAMPLES.iterdir())}
    text = (
        f"# <i>Lamp</i>\n\nIt stood on a cape. {EVIL} It was green before.\n\n"
        + "Nothing was told of it. " * 400
    )
    documents["evil<1>.txt"] = read_bytes(text.encode(), name="evil<1>.txt", source="evil<1>.txt")
    by_id = {d.id: d for d in documents.values()}
    named = {json.loads(line)["id"]: json.loads(line)["document"]
             for line in (SETS / "samples.jsonl").read_text(encoding="utf-8").splitlines()}  # fmt: skip
    evil = documents["evil<1>.txt"]
    start = evil.text.index("The lamp")
    lamp = Place(start, evil.text.index("3 < 4.") + 6, evil.id)
    asked = "What colour was <script>alert(1)</script> the lamp?"
    named['evil "1"'] = "evil<1>.txt"
    questions = load_set(SETS / "samples.jsonl", {n: d for n, d in documents.items() if n != "evil<1>.txt"})
    questions.append(Question('evil "1"', asked, "single", "tuning", ((lamp,),), (("red",),)))
    rows, planted = [], True
    for question in questions:
        places = invented(question, by_id, chance)
        given = answer(question, places, by_id, chance.betavariate(5, 2) if places else chance.random() / 3)
        total = round(40 + 50 * chance.random() ** 2, 1)
        given["timings_ms"] = {"search": 20.0, "read": round(total - 20, 1), "total": total}
        one = row(question, named[question.id], given, by_id)
        if planted and places:
            planted = shift(given["citations"][0])
        one["grades"] = grade(question, given, by_id)
        rows.append(one)
    return rows, documents


def shift(citation: dict) -> bool:
    """Plant a fault: the citation's offsets move by a character, its quote stays. Done: False."""
    citation["start_char_index"] += 1
    citation["end_char_index"] += 1
    return False


def invented(question: Question, by_id: dict[str, Document], chance: random.Random) -> list[Place]:
    """What an imaginary reader cites."""
    document = next(iter(by_id.values()))
    wrong = Place(400, 560, document.id)
    if not question.evidence:
        return [wrong] if chance.random() < 0.2 else []
    if question.id.startswith("evil"):
        return [item[0] for item in question.evidence]
    if chance.random() < 0.1:
        return []
    places = [item[0] for item in question.evidence if chance.random() < 0.9]
    places = [
        Place(p.start, min(p.end + chance.choice((0, 0, 40)), len(by_id[p.document_id].text)), p.document_id)
        for p in places
    ]
    return places + [wrong] * (chance.random() < 0.25) or [wrong]


def write(path: Path, seed: int = 1) -> Path:
    """Write a results file of the samples with answers that the seed invents."""
    rows, documents = sample_rows(seed)
    summary = {"kind": "summary", **summarise(rows), "memory_mb": 701.5}
    run = {
        "kind": "run",
        "schema": 1,
        "set": {"name": "samples", "file": "samples.jsonl", "sha256": "ab" * 32, "questions": len(rows)},
        "documents": [
            {"name": n, "id": d.id, "title": d.title, "version": d.version, "characters": len(d.text)}
            for n, d in documents.items()
        ],
        "settings": {"threshold": 0.13 + seed / 100, "most_hits": 6},
        "versions": {"cited": "0.1.0", "python": "3.11.7"},
        "model": "all-MiniLM-L6-v2@1234",
        "reader": "reader@5678",
        "machine": {"system": "Linux", "machine": "x86_64", "cores": 2},
        "date": f"2026-11-{20 + seed:02}T12:30:00+00:00",
    }
    return save(path, [run, *rows, summary])


def save(path: Path, rows: list[dict]) -> Path:
    path.write_text("".join(json.dumps(one, ensure_ascii=False) + "\n" for one in rows), encoding="utf-8")
    return path
