"""`/v1` in a process of its own, as `cited serve` has it and without the page, so that it is up sooner:
`python -m tests.faults_server LIBRARY`."""

import sys
from pathlib import Path

from fastapi import FastAPI

from app.answer import Answerer
from app.chat.library_jobs import Jobs
from app.listening import listen
from app.running import run_server
from app.service.api import routes
from index.embed import Embedder
from index.library import Library
from ingest.errors import CitedError


def main(folder: Path) -> None:
    """Serve a library until told to end."""
    listening = listen("127.0.0.1", 0)
    with Library(folder, Embedder()) as library:
        library.own()
        answerer = Answerer(library)
        answerer.warm_up()
        jobs, app = Jobs(lambda: None), FastAPI()
        routes(app, answerer, None, jobs)
        run_server(app, listening, on_stop=lambda: jobs.close(10))


if __name__ == "__main__":
    try:
        main(Path(sys.argv[1]))
    except CitedError as error:
        sys.exit(f"cited: {error}")
