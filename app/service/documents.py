"""`/v1/documents`: list, show and delete documents; app/service/adding.py adds them."""

import base64
import json
from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import PlainTextResponse, Response

from app.access.principal import require_editor
from app.service import adding
from app.service import documents_schema as schema
from app.service.problems import Refused
from app.service.service import Service, as_json
from app.terminal import document_to_json
from index.catalog import Entry


def routes(router: APIRouter, service: Service) -> None:
    """Add the routes."""
    _listing(router, service)
    _showing(router, service)
    adding.routes(router, service)
    _deleting(router, service)


def _listing(router: APIRouter, service: Service) -> None:
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


def _showing(router: APIRouter, service: Service) -> None:
    library, work = service.answerer.library, service.work

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


def _deleting(router: APIRouter, service: Service) -> None:
    library, work = service.answerer.library, service.work

    @router.delete(
        "/documents/{document_id}", status_code=204, tags=["documents"], summary="Delete a document",
        responses={404: {}},
    )  # fmt: skip
    async def delete(document_id: str) -> Response:
        """It is found and shown no more; answers that cited it keep their quotations."""
        require_editor()
        await work.do(library.delete, document_id)
        return Response(status_code=204)


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
