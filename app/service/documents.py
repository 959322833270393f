"""`/v1/documents`: list, show, add and delete documents."""

import base64
import json
import shutil
from collections.abc import Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager, nullcontext
from contextvars import copy_context
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any, BinaryIO

from fastapi import APIRouter, Query, Request
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from starlette.datastructures import UploadFile
from starlette.responses import PlainTextResponse, Response

from app.access.principal import require_editor
from app.chat.library_jobs import Job
from app.ingesting import Wishes, ingest_paths
from app.report import Done
from app.service import documents_schema as schema
from app.service.problems import Refused
from app.service.service import Service, as_json
from app.service.work import finished
from app.terminal import document_to_json
from app.uploads import on_disk, plain_name
from index.catalog import Entry

BODY = {
    "required": True,
    "content": {
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "properties": {"file": {"type": "string", "format": "binary"}},
                "required": ["file"],
                "additionalProperties": False,
            }
        },
        "application/json": {"schema": {"$ref": "#/components/schemas/Address"}},
    },
}
"""What POST takes; FastAPI has no words for one body of two kinds."""


def routes(router: APIRouter, service: Service) -> None:
    """Add the routes."""
    library, work = service.answerer.library, service.work

    @router.get("/documents", response_model=schema.Listed, tags=["documents"], summary="List documents")
    async def documents(page: Annotated[schema.Page, Query()]) -> Response:
        """In the order of titles, a part at a time."""
        after = _after(page.cursor)

        def made() -> Response:
            rest = [entry for entry in library.entries() if after is None or _key(entry) > after]
            part = rest[: page.limit]
            return as_json(
                {
                    "documents": [asdict(entry) for entry in part],
                    "next": _cursor(part[-1]) if len(rest) > len(part) else None,
                }
            )

        return await work.do(made)

    @router.get(
        "/documents/{document_id}", response_model=schema.Document, tags=["documents"],
        summary="Show a document", responses={404: {}},
    )  # fmt: skip
    async def document(document_id: str) -> Response:
        """Its sections, pages and footnotes; every position counts in characters of its text."""
        return await work.do(lambda: as_json(document_to_json(library.document(document_id))))

    @router.get(
        "/documents/{document_id}/text", tags=["documents"], summary="The text of a document",
        response_class=PlainTextResponse, responses={404: {}},
    )  # fmt: skip
    async def text(document_id: str) -> Response:
        """Exactly, so that anyone can check the positions of citations."""
        return await work.do(lambda: PlainTextResponse(library.document(document_id).text))

    @router.get(
        "/documents/{document_id}/report", response_model=schema.LeftOut, tags=["documents"],
        summary="What was left out of a document", responses={404: {}},
    )  # fmt: skip
    async def report(document_id: str) -> Response:
        """What was taken for boilerplate, and warnings of its reader."""

        def made() -> Response:
            found = library.document(document_id)
            left_out = {"left_out": list(found.left_out), "warnings": list(found.warnings)}
            return as_json({"id": found.id, **left_out})

        return await work.do(made)

    @router.post(
        "/documents", response_model=schema.Line, status_code=201, tags=["documents"],
        summary="Add a document", openapi_extra={"requestBody": BODY},
        responses={200: {"model": schema.Line, "description": "It was there already."}, 413: {}, 415: {}},
    )  # fmt: skip
    async def add(request: Request) -> Response:
        """A file, or a page on the web. The same content again, by the same name or address, changes
        nothing; other content by that name replaces the document."""
        require_editor()
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind == "application/json":
            address = _address(await request.body())
            line = await _ingested(service, "pages", address, [address], Wishes())
        elif kind == "multipart/form-data":
            async with request.form(max_files=1, max_fields=1) as form:
                file = form.get("file")
                if not isinstance(file, UploadFile) or len(form.multi_items()) != 1:
                    raise Refused(422, "send one file, in a field called file")
                name = plain_name(file.filename or "")
                folder = TemporaryDirectory(prefix="cited-uploads-")  # gone when the change is done
                path = Path(folder.name).resolve() / on_disk(name)
                await work.do(_kept, file.file, path)
            wishes = Wishes(uploads={str(path): name})
            line = await _ingested(service, "files", name, [path], wishes, folder)
        else:
            raise Refused(415, "send a file as multipart/form-data, or an address as application/json")
        return as_json(line, 200 if line["outcome"] == "unchanged" else 201)

    @router.delete(
        "/documents/{document_id}", status_code=204, tags=["documents"], summary="Delete a document",
        responses={404: {}},
    )  # fmt: skip
    async def delete(document_id: str) -> Response:
        """It is found and shown no more; answers that cited it keep their quotations."""
        require_editor()
        await work.do(library.delete, document_id)
        return Response(status_code=204)


async def _ingested(
    service: Service,
    kind: str,
    name: str,
    paths: Sequence[Path | str],
    wishes: Wishes,
    folder: AbstractContextManager | None = None,
) -> dict[str, Any]:
    """What became of one source, after the changes of the library before it. Refuses with the reason.
    Where it takes too long, it goes on by itself. folder: of the source, gone afterwards."""
    library, context = service.answerer.library, copy_context()
    done: Future[Done] = Future()

    def change(job: Job) -> Done:
        try:
            with folder or nullcontext():
                told = context.run(ingest_paths, library, paths, wishes=wishes, bar=job, stopped=job.stopped)
        except BaseException as error:
            done.set_exception(error)
            raise
        done.set_result(told)
        return told

    service.jobs.add(Job(kind, (name,), change))
    told = await finished(done, service.limits.seconds)
    if not told.lines:
        raise Refused(503, "the server is being stopped; send this again", {"Retry-After": "5"})
    line = told.lines[0]
    if line.outcome == "failed":
        raise Refused(422, line.reason, code="source-unreadable")
    return line.to_json()


def _kept(file: BinaryIO, path: Path) -> None:
    with path.open("wb") as kept:
        shutil.copyfileobj(file, kept)


def _address(body: bytes) -> str:
    try:
        return schema.Address.model_validate_json(body).url
    except ValidationError as error:
        raise RequestValidationError(
            [{**e, "loc": ("body", *e["loc"])} for e in error.errors(include_input=False, include_url=False)]
        ) from error


def _key(entry: Entry) -> tuple[str, str]:
    """What the list is ordered by."""
    return entry.title, entry.id


def _cursor(entry: Entry) -> str:
    return base64.urlsafe_b64encode(json.dumps(_key(entry)).encode()).decode()


def _after(cursor: str | None) -> tuple[str, str] | None:
    if cursor is None:
        return None
    try:
        title, name = json.loads(base64.urlsafe_b64decode(cursor.encode("ascii")))
        return title + "", name + ""
    except (ValueError, TypeError, RecursionError) as error:
        raise Refused(422, "this is no cursor; begin without one", code="cursor-unknown") from error
