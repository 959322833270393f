"""`/v1/evaluations`: start runs, watch them, read their results."""

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import HTMLResponse, Response

from app.access.principal import require_editor, require_everything
from app.chat.evaluations import BASELINE, Evaluations, Run
from app.service import runs_schema as schema
from app.service.problems import Refused
from app.service.service import Service, as_json

POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'self'; sandbox allow-scripts"
)
"""Of a report, which brings its own style and script: in an origin of its own."""


def routes(router: APIRouter, service: Service) -> None:
    """Add the routes, where evaluations can be made."""
    if service.evaluations is not None:
        _running(router, service, service.evaluations)
        _reading(router, service, service.evaluations)


def _running(router: APIRouter, service: Service, evaluations: Evaluations) -> None:
    work = service.work

    @router.get(
        "/evaluations", response_model=schema.Evaluations, tags=["evaluations"], summary="Sets and runs"
    )
    async def runs() -> Response:
        """What can be run, the run under way or the last one, and the finished ones."""
        require_everything()
        return await work.do(lambda: as_json(_overview(evaluations)))

    @router.post(
        "/evaluations", response_model=schema.State, status_code=202, tags=["evaluations"],
        summary="Start a run", responses={404: {}, 409: {}},
    )  # fmt: skip
    async def start(asked: schema.StartRun) -> Response:
        """One at a time; GET /v1/evaluations tells how far it is."""
        require_editor()
        require_everything()

        def begun() -> Response:
            if asked.set not in evaluations.sets():
                raise Refused(404, f"there is no set {asked.set}", code="set-unknown")
            if not evaluations.start(asked.set):
                raise Refused(
                    409, f"{evaluations.state().name} is being run; wait for it", code="run-under-way"
                )
            return as_json(asdict(evaluations.state()), 202)

        return await work.do(begun)


def _reading(router: APIRouter, service: Service, evaluations: Evaluations) -> None:
    work = service.work

    @router.get(
        "/evaluations/{run}", response_model=schema.Results, tags=["evaluations"],
        summary="The figures of a run", responses={404: {}},
    )  # fmt: skip
    async def results(run: str, compared: Annotated[schema.Compared, Query()]) -> Response:
        """Beside those of another run, where one is named."""
        require_everything()

        def made() -> Response:
            _known(evaluations, run)
            if compared.against and compared.against not in evaluations.others(run):
                said = f"{run} cannot be compared with {compared.against}"
                raise Refused(404, said, code="run-unknown")
            found = evaluations.results(run, compared.against)
            return as_json(asdict(found) | {"run": _run(found.run)})

        return await work.do(made)

    @router.get(
        "/evaluations/{run}/report", tags=["evaluations"], summary="The report of a run",
        response_class=HTMLResponse, responses={404: {}},
    )  # fmt: skip
    async def run_report(run: str) -> Response:
        """A page that needs nothing else."""
        require_everything()

        def made() -> Response:
            _known(evaluations, run)
            page = evaluations.report(run).read_bytes()
            return HTMLResponse(page, headers={"Content-Security-Policy": POLICY})

        return await work.do(made)


def _known(evaluations: Evaluations, run: str) -> None:
    if run not in {one.name for one in evaluations.runs()} or run == BASELINE:
        raise Refused(404, f"there is no run {run}", code="run-unknown")


def _overview(evaluations: Evaluations) -> dict:
    return {
        "sets": list(evaluations.sets()),
        "state": asdict(evaluations.state()),
        "runs": [_run(run) for run in evaluations.runs()],
    }


def _run(run: Run) -> dict:
    return asdict(run) | {"date": run.date.isoformat()}
