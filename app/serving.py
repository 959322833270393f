"""What `cited serve` offers, as one application: the page, HTTP, MCP, and the guard before them."""

from collections.abc import Callable
from dataclasses import dataclass

from fastapi import FastAPI

from app.access.evaluations import GuardedEvaluations
from app.access.guard import AccessGuard
from app.access.rules import is_loopback, refuse_open
from app.access.store import AccessStore, open_store
from app.answer import Answer, Answerer
from app.chat import page
from app.chat.evaluations import Evaluations
from app.listening import Listening
from app.logs import Routed, asked
from app.mcp import mount
from app.running import run_server
from app.service.api import PATHS, routes
from app.service.limits import USUAL, Limited
from app.settings import Settings

BEHIND = "an address behind a proxy, or at a socket,"


@dataclass(frozen=True)
class Access:
    """Who may come in. store: users and keys. guarded: there are users, and everybody logs in; without, all
    who reach the server may do everything. alone: only this machine reaches it. Made by `access_of`."""

    store: AccessStore
    guarded: bool
    alone: bool


def access_of(settings: Settings, no_authentication: bool = False) -> Access:
    """The access to a server with these settings. Raises SettingsError for one that others could reach and
    that would ask nobody who they are, unless that was asked for."""
    store = open_store(settings.place)
    reached = BEHIND if settings.behind_proxy or settings.unix else settings.host
    refuse_open(reached, store, no_authentication)
    return Access(store, bool(store.users()) and not no_authentication, is_loopback(reached))


def application(answerer: Answerer, evaluations: Evaluations | None, access: Access) -> FastAPI:
    """Everything; its state has the `jobs` of the library, to be closed before the library is."""
    library = answerer.library
    audit = access.store.audit
    if access.guarded and evaluations:
        evaluations = GuardedEvaluations(evaluations, audit)
    # Where everybody needs a key, a page whose name was pointed here gains nothing by it; and by which names
    # a server is called that is open to the network, nobody here knows.
    names = () if access.alone and not access.guarded else None

    def beside(app: FastAPI) -> None:
        metrics = routes(app, answerer, evaluations, app.state.jobs)
        mount(app, answerer, hosts=names)

        def told(answer: Answer) -> None:
            asked(answer.question, answer.answered, answer.mode, answer.timings["total"])
            metrics.answered(answer)
            if access.guarded:
                audit.note("question")

        answerer.told = told

    app = page.application(
        answerer, evaluations, access.alone and not access.guarded, beside, here_only=names == ()
    )
    app.add_middleware(Limited, limits=USUAL, but=PATHS)
    app.add_middleware(Routed)
    if access.guarded:
        app.add_middleware(AccessGuard, store=access.store, library=library)
    return app


def serve(
    answerer: Answerer,
    evaluations_of: Callable[[Answerer], Evaluations] | None,
    settings: Settings,
    access: Access,
    listening: Listening,
) -> None:
    """Serve until told to end. The models are loaded first, so that the first answer is quick."""
    answerer.warm_up()
    app = application(answerer, evaluations_of(answerer) if evaluations_of else None, access)
    run_server(
        app,
        listening,
        trusted_proxies=settings.behind_proxy,
        on_stopping=page.end_of_streams(app),
        on_stop=lambda: app.state.jobs.close(10),
    )
