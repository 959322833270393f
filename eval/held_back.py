"""The training articles that the reader never saw, as documents with questions to fit the decision on."""

import json
from collections import defaultdict
from collections.abc import Sequence
from html import escape
from pathlib import Path

from app.reader.training.examples import WRITTEN, load_written
from app.reader.training.split import held_back_groups
from eval.questions import Place, Question
from ingest.document import Document
from ingest.read import read_bytes


def held_back_articles(folder: Path = WRITTEN) -> list[tuple[Document, list[Question]]]:
    """Each article that was held back, read as a web page, and the questions about it."""
    titles = {group.split(":", 1)[1] for group in held_back_groups(load_written(folder))}
    articles: dict[str, list[dict]] = defaultdict(list)
    for path in sorted(folder.glob("*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            if row["title"] in titles and "footnote" in row:
                articles[row["title"]].append(row)
    return [_article(rows) for rows in articles.values()]


def _article(rows: Sequence[dict]) -> tuple[Document, list[Question]]:
    name = f"{rows[0]['title']}.html"
    document = read_bytes(page(rows).encode(), name=name, source=name)
    questions = []
    for number, row in enumerate(rows):
        for k, asked in enumerate(row["questions"]):
            places = [(number, i) for i in asked["evidence"]]
            places += [(p, i) for p, i in asked.get("also") or ()]
            evidence = [_place(document, rows[p]["sentences"][i]) for p, i in places]
            questions.append(
                Question(
                    id=f"{rows[0]['title']}-{number}-{k}",
                    question=asked["question"].strip(),
                    type="answerable" if evidence else "unanswerable",
                    half="tuning",
                    evidence=tuple((place,) for place in evidence if place),
                    document=name,
                )
            )
    return document, questions


def _place(document: Document, sentence: str) -> Place | None:
    at = document.text.find(sentence.strip())
    return Place(at, at + len(sentence.strip()), document.id) if at >= 0 else None


def page(rows: Sequence[dict]) -> str:
    """The passages of an article as HTML, its footnotes linked."""
    notes = [row["sentences"] for row in rows if row["footnote"]]
    lines, section = [f"<html><head><title>{escape(rows[0]['title'])}</title></head><body><article>",
                      f"<h1>{escape(rows[0]['title'])}</h1>"], ""  # fmt: skip
    for row in rows:
        if row["footnote"]:
            continue
        if row["section"] != section:
            section = row["section"]
            lines.append(f"<h2>{escape(section)}</h2>")
        text = escape(" ".join(s.strip() for s in row["sentences"]))
        for label, (referring, *_) in enumerate(notes, 1):
            mark = f'<sup><a href="#fn{label}" id="ref{label}">{label}</a></sup>'
            text = text.replace(escape(referring.strip()), escape(referring.strip()) + mark, 1)
        lines.append(f"<p>{text}</p>")
    lines.append("<h2>Notes</h2><ol>")
    for label, (_, *said) in enumerate(notes, 1):
        lines.append(f'<li id="fn{label}">{escape(" ".join(said))} <a href="#ref{label}">↩</a></li>')
    return "\n".join([*lines, "</ol></article></body></html>"])
