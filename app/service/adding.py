"""`POST /v1/documents`: a file, or a page on the web, becomes a document."""

import shutil
from collections.abc import Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager, nullcontext
from contextvars import copy_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, BinaryIO, TypeVar

from fastapi import APIRouter, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError
from starlette.datastructures import UploadFile
from starlette.responses import Response

from app.access.principal import require_editor
from app.chat.library_jobs import Job
from app.incoming import no_room
from app.ingesting import Wishes, ingest_paths
from app.report import Done
from app.service import documents_schema as schema
from app.service.problems import Refused, refused_source
from app.service.service import Service, as_json
from app.service.work import finished
from app.uploads import on_disk, plain_name
from index.visible import allowed

BODY = {
    "required": True,
    "content": {
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "properties": {
                    "file": {"type": "string", "format": "binary"},
                    "collection": schema.Upload.model_json_schema()["properties"]["collection"],
                },
                "required": ["file"],
                "additionalProperties": False,
            }
        },
        "application/json": {"schema": {"$ref": "#/components/schemas/Address"}},
    },
}
"""What POST takes; FastAPI has no words for one body of two kinds."""
M = TypeVar("M", bound=BaseModel)


def routes(router: APIRouter, service: Service) -> None:
    """Add the route."""

    @router.post(
        "/documents", response_model=schema.Line, status_code=201, tags=["documents"],
        summary="Add a document", openapi_extra={"requestBody": BODY},
        responses={200: {"model": schema.Line, "description": "It was there already."},
                   413: {}, 415: {}, 502: {}},
    )  # fmt: skip
    async def add(request: Request) -> Response:
        """A file, or a page on the web. The same content again, by the same name or address, changes
        nothing; other content by that name replaces the document. Without a collection a document stays where
        it is, and a new one is everyone's, or in the only collection that you have."""
        require_editor()
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind == "application/json":
            line = await _page(service, await request.body())
        elif kind == "multipart/form-data":
            line = await _file(service, request)
        else:
            raise Refused(415, "send a file as multipart/form-data, or an address as application/json")
        return as_json(line, 200 if line["outcome"] == "unchanged" else 201)


async def _page(service: Service, body: bytes) -> dict[str, Any]:
    """What became of a page."""
    asked = _checked(schema.Address, body)
    wishes = _wishes(service, asked.collection)
    return await _ingested(service, "pages", asked.url, [asked.url], wishes)


async def _file(service: Service, request: Request) -> dict[str, Any]:
    """What became of an uploaded file."""
    try:
        async with request.form(max_files=1, max_fields=1) as form:
            fields = dict(form.multi_items())
            file = fields.pop("file", None)
            if not isinstance(file, UploadFile) or len(form.multi_items()) != len(fields) + 1:
                raise Refused(422, "send one file, in a field called file")
            wishes = _wishes(service, _checked(schema.Upload, fields).collection)
            name = plain_name(file.filename or "")
            folder = TemporaryDirectory(prefix="cited-uploads-")  # gone when the change is done
            path = Path(folder.name).resolve() / on_disk(name)
            await service.work.do(_kept, file.file, path)
    except OSError as error:  # a part of the form is kept there while it is read, too
        raise no_room(error) from error
    wishes = Wishes(uploads={str(path): name}, collection=wishes.collection)
    return await _ingested(service, "files", name, [path], wishes, folder)


def _wishes(service: Service, collection: str | None) -> Wishes:
    """Refuses a collection that whoever asks has not, before anything is fetched or kept."""
    if collection is not None:
        allowed(service.answerer.library.catalog, collection)
    return Wishes(collection=collection)


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
    done.set_running_or_notify_cancel()  # whoever waits no longer must not cancel what goes on

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
        raise refused_source(line.error, line.reason)
    return line.to_json()


def _kept(file: BinaryIO, path: Path) -> None:
    with path.open("wb") as kept:
        shutil.copyfileobj(file, kept)


def _checked(model: type[M], given: bytes | dict[str, Any]) -> M:
    """A body of JSON, or the fields of a form, as a model."""
    try:
        return model.model_validate_json(given) if isinstance(given, bytes) else model.model_validate(given)
    except ValidationError as error:
        raise RequestValidationError(
            [{**e, "loc": ("body", *e["loc"])} for e in error.errors(include_input=False, include_url=False)]
        ) from error
