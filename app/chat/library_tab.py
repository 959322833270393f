"""The library tab: what documents there are; files and pages are added, documents deleted.

Its browser side is static/library.js, which calls the functions here; every one takes one JSON value and
returns one. A change of the library is a job. Jobs run one after the other in a thread beside the page:
nobody who asks a question waits for them, and they go on when the window that began them is closed.
"""

import re
import shutil
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, replace
from html import escape
from pathlib import Path
from tempfile import TemporaryDirectory

import gradio as gr
from gradio.utils import get_upload_folder

from app.access.principal import require_editor
from app.chat.calls import told
from app.chat.library_jobs import Job, Jobs
from app.ingesting import Wishes, ingest_paths, samples_folder
from app.report import Done, Line, printable
from app.uploads import on_disk, plain_name
from index.library import Library
from ingest.errors import DocumentUnknown, SourceUnreadable
from ingest.read import MOST_BYTES, readers

SKELETON = (Path(__file__).parent / "library.html").read_text(encoding="utf-8")
"""Without any words: static/library.js says them in the reader's language."""
START = (
    "import(new URL('page/library.js', document.baseURI)).then((tab) => tab.start(element, server, upload))"
)
MOST_FILES = 1000
MOST_ADDRESSES = 100
Call = Callable[[object], dict]


def library_tab(library: Library, changed: Callable[[], None] = lambda: None) -> Jobs:
    """The content of the tab, inside an open gr.Tab. changed: called in a thread after each change.

    Call close() of what is returned before the library is closed: it ends the job that runs.
    """
    jobs = Jobs(changed)
    suffixes = ",".join(sorted(readers()))
    gr.HTML(
        SKELETON.format(most_bytes=MOST_BYTES, suffixes=escape(suffixes)),
        js_on_load=START,
        server_functions=functions_of(library, jobs),
        elem_id="library",
        apply_default_css=False,
    )
    return jobs


def functions_of(library: Library, jobs: Jobs) -> list[Call]:
    """What the browser may call. Those that begin a job return its id, `{"job": …}`, at once."""

    def documents(_: object) -> dict:
        return {"documents": [asdict(entry) for entry in library.entries()]}

    def add_files(given: object) -> dict:
        require_editor()
        files = _among(given, "files", dict)
        if len(files) > MOST_FILES:
            raise SourceUnreadable(f"these are {len(files)} files; add at most {MOST_FILES} at once")
        folder = TemporaryDirectory(prefix="cited-uploads-")  # gone when the job is done
        uploads, refused = _taken(files, Path(folder.name).resolve())

        def work(job: Job) -> Done:
            with folder:
                wishes = Wishes(uploads=uploads)
                done = ingest_paths(library, list(uploads), wishes=wishes, bar=job, stopped=job.stopped)
            return replace(done, lines=(*refused, *done.lines))

        return {"job": jobs.add(Job("files", tuple(uploads.values()), work))}

    def add_pages(given: object) -> dict:
        require_editor()
        addresses = tuple(dict.fromkeys(map(_address, _among(given, "addresses", str))))
        if not 0 < len(addresses) <= MOST_ADDRESSES:
            raise SourceUnreadable(
                f"these are {len(addresses)} addresses; give 1 to {MOST_ADDRESSES} at once, one a word"
            )
        return {"job": jobs.add(Job("pages", addresses, ingested(addresses)))}

    def add_samples(_: object) -> dict:
        require_editor()
        paths = tuple(map(str, sorted(samples_folder().iterdir())))
        return {"job": jobs.add(Job("samples", paths, ingested(paths)))}

    def ingested(paths: tuple[str, ...]) -> Callable[[Job], Done]:
        return lambda job: ingest_paths(library, paths, bar=job, stopped=job.stopped)

    def delete(given: object) -> dict:
        require_editor()
        ids = tuple(dict.fromkeys(_among(given, "ids", str)))
        return {"job": jobs.add(Job("delete", ids, lambda job: _deleted(library, ids, job)))}

    def look(given: object) -> dict:
        return {"jobs": jobs.look(_among(given, "ids", str))}

    def stop(given: object) -> dict:
        require_editor()
        jobs.stop(_among(given, "ids", str))
        return {}

    return [told(call) for call in (documents, add_files, add_pages, add_samples, delete, look, stop)]


def _among(given: object, name: str, kind: type) -> list:
    """The values of that kind in a list that the browser sent."""
    values = given.get(name) if isinstance(given, Mapping) else None
    return [value for value in values if isinstance(value, kind)] if isinstance(values, list) else []


def _taken(files: list[dict], folder: Path) -> tuple[dict[str, str], list[Line]]:
    """Move uploads out of Gradio's cache, which would keep them. Returns the name of each by its new path,
    and a line for each that cannot be had."""
    uploads: dict[str, str] = {}
    refused = []
    for number, file in enumerate(files):
        name = plain_name(str(file.get("name", "")))
        found = _uploaded(str(file.get("path", "")))
        if name in uploads.values():
            refused.append(
                _refused(name, f"more than one of these files is named {name}; rename one, and add it")
            )
            if found:
                found.unlink()
        elif found is None:
            refused.append(_refused(name, f"the upload of {name} is not there any more; add it again"))
        else:
            path = folder / str(number) / on_disk(name)
            path.parent.mkdir()
            shutil.move(found, path)
            uploads[str(path)] = name
        if found:
            with suppress(OSError):  # Gradio's folder for files of this content
                found.parent.rmdir()
    return uploads, refused


def _refused(name: str, reason: str) -> Line:
    return Line(name, "failed", reason=reason)


def _uploaded(path: str) -> Path | None:
    """The file at a path that the browser says Gradio gave it; of other files of this machine, none."""
    with suppress(OSError, ValueError):
        found = Path(path).resolve()
        if found.parent.parent == Path(get_upload_folder()).resolve() and found.is_file():
            return found
    return None


def _address(word: str) -> str:
    """A web address as it is typed; nothing that might be a path."""
    word = printable(word.encode("utf-8", "replace").decode().strip())
    return word if re.match(r"[A-Za-z][A-Za-z0-9+.-]*://", word) else f"https://{word}"


def _deleted(library: Library, ids: tuple[str, ...], job: Job) -> Done:
    titles = {entry.id: entry.title for entry in library.entries()}
    lines = []
    for name in ids:
        if job.stopped():
            break
        title = titles.get(name, "")
        try:
            library.delete(name)
        except DocumentUnknown as error:
            lines.append(Line(title or printable(name), "failed", reason=str(error)))
        else:
            lines.append(Line(name, "removed", name, title))
        job.step()
    return Done(tuple(lines), {}, len(ids) - len(lines))
