"""The tools: each calls what the command line calls, and gives the same JSON with a text to read.

Knows nothing of the protocol: arguments in, a result out; a CitedError says what went wrong.
"""

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from app.answer import Answer, Answerer, checked, document_order, hit_to_json
from app.incoming import is_url
from app.ingesting import Wishes, ingest_paths
from app.mcp import arguments as given
from app.progress import Bar
from app.report import Done
from app.terminal import document_to_json, place
from index.catalog import Entry
from index.search import search
from index.visible import allowed
from ingest.errors import QuestionError, SourceUnreadable
from ingest.formats import named
from ingest.read import readers

if TYPE_CHECKING:
    from index.search import Hit

AT_ONCE = 50
"""Documents of a list."""
CHARACTERS = 20_000
"""Of a document's text, where no end is asked for: some 5,000 tokens."""


@dataclass(frozen=True, slots=True)
class Result:
    """content: the JSON of the other interfaces. text: the same for reading. failed: nothing was done."""

    content: dict[str, Any]
    text: str
    failed: bool = False


@dataclass(frozen=True, slots=True)
class Tool:
    """takes: its arguments, whose docstring describes it. gives: names and JSON types of its result's
    fields. changes: whether it changes the library, and destroys: whether something may be lost by it."""

    call: Callable[[Answerer, Any], Result]
    takes: type[given.Arguments]
    title: str
    gives: dict[str, str]
    changes: bool = False
    destroys: bool = False


def tools_of(read_only: bool, paths: bool) -> dict[str, Tool]:
    """The tools by name. read_only: none that changes the library. paths: may read files of this machine."""
    answer = {
        "question": "string", "answer": "string", "answered": "boolean", "confidence": "number",
        "citations": "array", "passages": "array", "mode": "string",
    }  # fmt: skip
    document = {
        "id": "string", "title": "string", "sections": "array", "footnotes": "array", "text": "string",
        "start_char_index": "integer", "end_char_index": "integer",
    }  # fmt: skip
    tools = {
        "ask_question": Tool(ask_question, given.AskQuestion, "Ask the documents", answer),
        "search_documents": Tool(
            search_documents, given.SearchDocuments, "Search the documents", {"passages": "array"}
        ),
        "list_documents": Tool(
            list_documents, given.ListDocuments, "List the documents", {"documents": "array"}
        ),
        "get_document": Tool(get_document, given.GetDocument, "Read a document", document),
    }
    if read_only:
        return tools
    adding = given.AddLocalDocument if paths else given.AddDocument
    added = {"lines": "array", "summary": "object"}
    tools["add_document"] = Tool(add_document, adding, "Add a document", added, changes=True)
    tools["delete_document"] = Tool(
        delete_document, given.DeleteDocument, "Delete a document", {"deleted": "string"}, True, True
    )
    return tools


def ask_question(answerer: Answerer, asked: given.AskQuestion) -> Result:
    """An answer with citations, or a refusal with the nearest passages."""
    documents = _named(answerer, asked.documents)
    answer = answerer.answer(asked.question, asked.history, documents, asked.mode)
    return Result(answer.to_json(), _answer_text(answer))


def search_documents(answerer: Answerer, asked: given.SearchDocuments) -> Result:
    """Passages, best first."""
    documents = _named(answerer, asked.documents)
    hits = search(answerer.library, checked(asked.question), asked.k, documents)
    order = document_order(hits)
    rows = [hit_to_json(hit, order[hit.passage.document_id]) for hit in hits]
    return Result({"passages": rows}, _hits_text(hits) or "The library has no such passages.")


def list_documents(answerer: Answerer, asked: given.ListDocuments) -> Result:
    """Some documents, and where to go on."""
    entries, following = page_of(answerer.library.entries(), asked.cursor)
    text = "\n".join(f"{e.title} (id {e.id}, {e.characters:,} characters)" for e in entries)
    content = {"documents": [asdict(entry) for entry in entries], "next_cursor": following}
    more = "\nThere are more: ask again with next_cursor." if following else ""
    return Result(content, (text or "The library is empty.") + more)


def get_document(answerer: Answerer, asked: given.GetDocument) -> Result:
    """A document, and the characters that were asked for."""
    document = answerer.library.document(answerer.library.find(asked.id))
    length = len(document.text)
    end = min(length, asked.start + CHARACTERS if asked.end is None else asked.end)
    if not asked.start <= end:
        raise QuestionError(
            f"{asked.start} to {asked.end or end} is no part of {document.id}, which has {length} characters"
        )
    text = document.text[asked.start : end]
    place = {"start_char_index": asked.start, "end_char_index": end}
    following = {"next_start": end if end < length else None}
    return Result(document_to_json(document) | {"text": text} | place | following, text)


def add_document(answerer: Answerer, asked: given.AddDocument) -> Result:
    """What became of each source; failed where nothing was added."""
    if asked.collection is not None:
        allowed(answerer.library.catalog, asked.collection)  # before anything is fetched
    with TemporaryDirectory(prefix="cited-") as folder:
        source: str | Path
        wishes = Wishes(collection=asked.collection)
        if asked.text is not None:
            name = _file_name(asked.name or "")
            source = Path(folder) / name
            source.write_bytes(asked.text.encode("utf-8", "replace"))
            wishes = replace(wishes, uploads={str(source.resolve()): name})
        elif asked.url is not None:
            if not (is_url(asked.url) and asked.url.lower().startswith(("http://", "https://"))):
                raise SourceUnreadable(f"{asked.url} is no http or https address")
            source = asked.url
        else:
            assert isinstance(asked, given.AddLocalDocument)
            source = Path(asked.path or "").expanduser()
        done = ingest_paths(answerer.library, [source], wishes=wishes, bar=Bar())
    content = {"lines": [line.to_json() for line in done.lines], "summary": done.summary()}
    wrong = done.count("failed") + done.count("passed over")
    return Result(content, _done_text(done), failed=bool(wrong) and wrong == len(done.lines))


def delete_document(answerer: Answerer, asked: given.DeleteDocument) -> Result:
    """The id of the document that is gone."""
    answerer.library.delete(asked.id)
    return Result({"deleted": asked.id}, f"deleted {asked.id}")


def page_of(entries: Sequence[Entry], cursor: str | None) -> tuple[list[Entry], str | None]:
    """The documents after a cursor, and the cursor after them. It names the last title and id that were
    told, so documents that come and go in between change nothing else. Raises QuestionError."""
    after = _place_of(cursor) if cursor else ("", "")
    rest = [entry for entry in entries if (entry.title, entry.id) > after]
    told = rest[:AT_ONCE]
    if len(rest) <= AT_ONCE:
        return told, None
    last = json.dumps([told[-1].title, told[-1].id]).encode()
    return told, base64.urlsafe_b64encode(last).decode()


def _place_of(cursor: str) -> tuple[str, str]:
    try:
        title, name = json.loads(base64.b64decode(cursor, altchars=b"-_", validate=True))
        return str(title), str(name)
    except (binascii.Error, ValueError, TypeError, RecursionError) as error:
        raise QuestionError(f"{cursor!r} is no cursor; leave it out to begin at the first") from error


def _named(answerer: Answerer, names: Sequence[str]) -> list[str]:
    return [answerer.library.find(name) for name in names]


def _file_name(name: str) -> str:
    """A file name in a folder of its own; a name without a suffix that a reader knows is a plain text's."""
    known = Path(name).suffix.lower()
    return named(Path(name).name, known if known in readers() else ".txt")


def _answer_text(answer: Answer) -> str:
    lines = [answer.notice, ""] if answer.notice else []
    lines += [answer.text, ""]
    lines += [
        f"[{c.marker}] {place(c.passage, c.start, c.end)} (document {c.passage.document_id})"
        for c in answer.citations
    ]
    lines += [f"Left out: {u.text} ({u.reason})" for u in answer.unsupported]
    if not answer.answered and answer.passages:
        lines += ["The nearest passages:", _hits_text(answer.passages[:3])]
    return "\n".join(lines).strip()


def _hits_text(hits: "Sequence[Hit]") -> str:
    found = [hit.passage for hit in hits]
    return "\n\n".join(f"{place(p, p.start, p.end)} (document {p.document_id})\n{p.text}" for p in found)


def _done_text(done: Done) -> str:
    told = [
        f"{line.outcome}: {line.title or line.source}"
        + (f" (id {line.document_id})" if line.document_id else "")
        + (f": {line.reason}" if line.reason else "")
        for line in done.lines
    ]
    return "\n".join(told) or "There was nothing to add."
