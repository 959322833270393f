"""Two users at the page, over real sockets: neither learns of the other's collection, by any route."""

import json
import re
from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from starlette.routing import Mount, Route

from app.access.guard import AccessGuard
from app.access.principal import LOCAL_OWNER, acting_as
from app.access.store import AccessStore
from app.answer import Answerer
from app.llm import connect
from index.embed import Embedder
from index.library import Library
from ingest.read import read_bytes
from tests.conftest import served
from tests.scripted_endpoint import Text, scripted

PASSWORD = "the tide is out"
HARBOUR = (
    "# The harbour\n\nThe harbour of Marrow was dug in 1871.[^1] It holds forty ships.\n\n[^1]: By A. Berg.\n"
)
LAMP = "# Zebulon\n\nThe lamp of Marrow was lit in 1902.[^1] It burns paraffin.\n\n[^1]: By Otto Lind.\n"
SECRETS = ("zebulon", "1902", "paraffin", "otto lind")
"""Words of the document that rex may not see."""
SECONDS = 30_000


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory, embedder: Embedder) -> Iterator[Library]:
    with Library(tmp_path_factory.mktemp("access") / "library", embedder) as opened:
        for text, name, collection in ((HARBOUR, "harbour.md", "a"), (LAMP, "lamp.md", "b")):
            opened.add(read_bytes(text.encode(), name=name, source=f"/papers/{name}"), collection=collection)
        yield opened


@pytest.fixture(scope="module")
def answerer(library: Library) -> Answerer:
    return Answerer(library)


@pytest.fixture(scope="module")
def app(library: Library, answerer: Answerer, browser: Browser):
    """browser: gradio takes the event loop that it brings, and would leave one of its own unclosed."""
    from app.chat.page import application

    store = AccessStore(library.folder)
    store.add_user("rex", PASSWORD, "reader", ["a"])
    store.add_user("zoe", PASSWORD, "reader", ["b"])
    store.add_user("ada", PASSWORD, "editor")
    made = application(answerer, may_configure=True)
    made.add_middleware(AccessGuard, store=store, library=library)
    yield made
    made.state.jobs.close()
    store.close()
    library.catalog.scope = lambda: None
    library.before_change = lambda: None


@pytest.fixture(scope="module")
def address(app) -> Iterator[str]:
    with served(app) as at:
        yield at.rstrip("/")


@pytest.fixture(scope="module")
def keys(library: Library) -> dict[str, dict[str, str]]:
    store = AccessStore(library.folder)
    made = {name: {"Authorization": f"Bearer {store.add_key(name)}"} for name in ("rex", "zoe", "ada")}
    store.close()
    return made


class Caller:
    """Calls what the browser calls. said: everything that ever came back."""

    def __init__(self, address: str, headers: dict[str, str]) -> None:
        self.client = httpx.Client(base_url=address, headers=headers, timeout=30)
        self.config = self.client.get("/config").json()
        self.said: list[str] = []

    def get(self, path: str, method: str = "GET", **more: object) -> tuple[int, str]:
        """Status and body; of what never ends, what comes within a moment."""
        text = ""
        status = 0
        try:
            with self.client.stream(method, path, timeout=2, **more) as answer:  # type: ignore[arg-type]
                status = answer.status_code
                for chunk in answer.iter_text():
                    text += chunk
        except httpx.TransportError:  # out of time, or cut off by a refusal before the body was read
            pass
        self.said.append(text)
        return status, text

    def call(self, name: str, component: str, **given: object) -> dict:
        """A function of a component, by its element's id."""
        number = next(c["id"] for c in self.config["components"] if c["props"].get("elem_id") == component)
        body = {"data": given, "component_id": number, "fn_name": name, "session_hash": "s"}
        answer = self.client.post("/gradio_api/component_server", json=body)
        self.said.append(answer.text)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def told(self, secrets: tuple[str, ...]) -> list[str]:
        return [word for word in secrets if any(word in text.lower() for text in self.said)]


@pytest.fixture
def rex(address, keys) -> Iterator[Caller]:
    caller = Caller(address, keys["rex"])
    yield caller
    caller.client.close()


@pytest.fixture
def zoe(address, keys) -> Iterator[Caller]:
    caller = Caller(address, keys["zoe"])
    yield caller
    caller.client.close()


@pytest.fixture
def lamp(library: Library) -> str:
    with acting_as(LOCAL_OWNER):
        return library.find("Zebulon")


def routes_of(routes, prefix="") -> Iterator[tuple[str, set[str]]]:
    """Every path with its methods, those of mounted applications and routers, too."""
    for route in routes:
        path = prefix + (getattr(route, "path", "") or "")
        inner = getattr(route, "routes", None) or getattr(
            getattr(route, "original_router", None), "routes", None
        )
        if isinstance(route, Mount) and inner:
            yield from routes_of(inner, path)
        elif isinstance(route, Route):
            yield path, set(route.methods or {"GET"})
        elif inner:
            yield from routes_of(inner, path)
        elif getattr(route, "methods", None):
            yield path, set(route.methods)


def test_each_user_finds_and_opens_the_own_collection(rex, zoe, lamp):
    """What the other tests miss is there, for those who may see it."""
    assert [d["title"] for d in rex.call("documents", "room")["documents"]] == ["The harbour"]
    assert [d["title"] for d in zoe.call("documents", "library")["documents"]] == ["Zebulon"]
    assert "1902" in zoe.call("ask", "room", question="When was the lamp of Marrow lit?")["answer"]
    assert "1871" in rex.call("ask", "room", question="When was the harbour of Marrow dug?")["answer"]
    assert zoe.get(f"/reading/{lamp}")[0] == 200
    assert set(SECRETS) <= set(zoe.told(SECRETS))


def test_no_function_of_the_page_tells_of_the_other_collection(rex, zoe, lamp):
    zoe.call("suggest", "room", documents=[lamp])  # kept by the server, for those who may see it
    for question in ("When was the lamp of Marrow lit?", "What does the lamp burn?", "Otto"):
        for documents in ([], [lamp]):
            rex.call("ask", "room", question=question, documents=documents)
            rex.call("suggest", "room", question=question, documents=documents)
            rex.call("suggest", "room", documents=documents)
    answer = rex.call("ask", "room", question="When was the lamp of Marrow lit?", documents=[lamp])
    assert answer["answered"] is False
    rex.call("documents", "library")
    rex.call("look", "library", ids=[lamp])
    cited = {"document_id": lamp}
    turn = {"question": "?", "answer": "!", "answered": True, "citations": [cited], "passages": [cited]}
    rex.call("judge", "room", turn=turn, good=True)
    asked = [word for word in rex.told(SECRETS) if word != "otto lind"]
    assert [word for word in asked if any(word in said.lower() for said in rex.said)] == []


def test_reading_an_unseen_document_is_reading_none(rex, lamp):
    answers = {rex.get(f"/reading/{name}") for name in (lamp, "lamp-00000000")}
    assert len(answers) == 1
    assert answers.pop()[0] == 404


def test_no_route_of_the_application_tells_of_the_other_collection(rex, app, lamp):
    found = sorted({(path, method) for path, methods in routes_of(app.routes) for method in methods})
    assert {("/reading/{document_id}", "GET"), ("/gradio_api/component_server", "POST")} <= set(found)
    assert len(found) > 50
    for path, method in found:
        filled = path
        for part in [p for p in path.split("/") if "{" in p]:
            filled = filled.replace(part, lamp)
        more = {} if method in ("GET", "HEAD", "DELETE") else {"json": {"data": [lamp], "session_hash": "s"}}
        rex.get(filled, method, **more)
    for name in ("ask", "documents", "suggest"):
        for prefix in ("run", "api", "call"):
            data = ["When was the lamp of Marrow lit?", []]
            status, text = rex.get(
                f"/gradio_api/{prefix}/{name}", "POST", json={"data": data, "session_hash": "s"}
            )
            if prefix == "call" and status == 200:
                rex.get(f"/gradio_api/call/{name}/{json.loads(text)['event_id']}")
    assert rex.told(SECRETS) == []


def test_what_gradio_serves_beside_the_page_is_not_there(rex, zoe, app):
    """Histories of runs, kept at its makers' with the token of the machine's owner; recordings."""
    needed = re.compile(
        r"/gradio_api/(info|app_id|startup-events|theme\.css|heartbeat|component_server|upload|upload_progress"
        r"|queue/(join|data|status)|run/|api/|call/|cancel|reset|file=)"
    )
    further = {
        (path, method)
        for path, methods in routes_of(app.routes)
        for method in methods
        if path.startswith("/gradio_api/") and not needed.match(path)
    }
    assert ("/gradio_api/process_recording", "POST") in further
    further |= {("/gradio_api/run-history/connect", "POST"), ("/gradio_api/runs", "GET")}
    for caller in (rex, zoe):
        for path, method in sorted(further):
            filled = re.sub(r"{[^}]*}", "x", path)
            assert caller.get(filled, method)[0] == 404, filled
        assert caller.config["run_history"] is False


def test_the_queue_shows_nobodys_documents(rex, zoe):
    """It runs outside of every request, and must not run as whoever began it, or as the owner."""
    for caller in (zoe, rex):
        for number in range(len(caller.config["dependencies"])):
            body = {
                "data": ["When was the lamp of Marrow lit?", []],
                "fn_index": number,
                "session_hash": f"q{number}",
            }
            assert caller.get("/gradio_api/queue/join", "POST", json=body)[0] in (200, 400, 404, 422, 503)
            caller.get("/gradio_api/queue/data", params={"session_hash": f"q{number}"})
    assert rex.told(SECRETS) == []


def test_a_reader_neither_uploads_nor_adds_nor_deletes(rex, library):
    with acting_as(LOCAL_OWNER):
        before = library.entries()
        harbour = library.find("The harbour")
    assert rex.get("/gradio_api/upload", "POST", files={"files": ("x.md", b"# X\n\nA text.\n")})[0] == 403
    page = {"addresses": ["http://192.0.2.1/x"]}
    for name, given in (("delete", {"ids": [harbour]}), ("add_samples", {}), ("add_pages", page)):
        begun = rex.call(name, "library", **given)
        while "job" in begun:
            (job,) = rex.call("look", "library", ids=[begun["job"]])["jobs"]
            if job["state"] in ("done", "failed"):
                assert job["state"] == "failed" or job["summary"]["failed"] == len(job["lines"])
                break
        else:
            assert "error" in begun
    with acting_as(LOCAL_OWNER):
        assert library.entries() == before


def test_without_login_every_route_is_closed(app, address):
    with httpx.Client(base_url=address, timeout=5) as client:
        for path, methods in routes_of(app.routes):
            for method in methods:
                answer = client.request(method, path.replace("{", "").replace("}", ""))
                open_to_all = path in ("/health", "/ready", "/login", "/login/", "/logout", "/logout/")
                assert answer.status_code in (401, 403) or open_to_all, (method, path)


def test_a_reader_logs_in_asks_and_reads_in_the_browser(browser: Browser, address: str):
    context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="en-US")
    page = context.new_page()
    page.goto(address)
    page.get_by_label("Name").fill("rex")
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.locator("#question")).to_be_visible(timeout=SECONDS)
    page.locator("#question").fill("When was the harbour of Marrow dug?")
    page.locator("#question").press("Enter")
    expect(page.locator(".turn:not(.waiting) a.cite")).to_be_visible(timeout=SECONDS)
    page.locator(".turn a.cite").click()
    expect(page.locator(".pane mark").first).to_be_visible(timeout=SECONDS)
    assert not any(word in page.content().lower() for word in SECRETS)
    context.close()


@pytest.fixture
def ada(browser: Browser, address: str) -> Iterator[Page]:
    """The page in a window of hers; afterwards no script has failed in it."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="en-US")
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(address)
    log_in(page)
    yield page
    context.close()
    assert errors == []


def log_in(page: Page) -> None:
    page.get_by_label("Name").fill("ada")
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.locator("#question")).to_be_enabled(timeout=SECONDS)


def end_session(context: BrowserContext, address: str) -> None:
    """At the server; the browser does not know of it."""
    session = next(c["value"] for c in context.cookies() if c["name"] == "cited_session")
    httpx.post(f"{address}/logout", headers={"Cookie": f"cited_session={session}"})


ENDED = "Your session has ended. Log in again"


def test_a_session_that_ended_is_told_wherever_it_is_noticed(ada: Page, address: str):
    expect(ada.get_by_role("button", name="Language model…")).to_be_visible(timeout=SECONDS)
    end_session(ada.context, address)
    ada.locator("#question").fill("When was the harbour of Marrow dug?")
    ada.locator("#question").press("Enter")
    expect(ada.locator(".composer .notice")).to_have_text(ENDED, timeout=SECONDS)
    expect(ada.locator("#question")).to_have_value("When was the harbour of Marrow dug?")
    expect(ada.locator(".turn")).to_have_count(0)
    with ada.expect_response("**/model") as asked:
        ada.evaluate("window.dispatchEvent(new Event('focus'))")
    assert asked.value.status == 401
    ada.get_by_role("button", name="Language model…").click()
    expect(ada.locator("dialog.model .status")).to_have_text(ENDED)
    expect(ada.locator(".mode")).to_be_hidden()
    ada.keyboard.press("Escape")
    ada.get_by_role("tab", name="Library").click()
    expect(ada.locator("#library .notice")).to_have_text(ENDED)
    file = {"name": "a.md", "mimeType": "text/markdown", "buffer": b"# A\n\nText.\n"}
    ada.locator("#library input[type=file]").set_input_files(files=[file])
    expect(ada.locator("#library .job .told")).to_have_text("Your session has ended.", timeout=SECONDS)
    expect(ada.locator("body")).not_to_contain_text("about:blank")


def test_the_link_at_the_end_of_a_session_leads_through_the_login_and_back(
    ada: Page, address: str, lamp: str
):
    end_session(ada.context, address)
    ada.evaluate("(id) => { location.hash = `#document=${id}&start=11&end=45`; }", lamp)
    told = ada.locator(".pane .reading-hint")
    expect(told).to_have_text(ENDED)
    told.get_by_role("link").click()
    log_in(ada)
    expect(ada.locator(".pane mark").first).to_contain_text("lamp of Marrow", timeout=SECONDS)


def test_a_session_that_ended_is_told_where_a_model_was_to_write(ada: Page, address: str, answerer: Answerer):
    with scripted(Text("Nothing is asked of it.")) as endpoint:
        answerer.model = connect("scripted", endpoint.url)
        try:
            ada.reload()
            ada.get_by_role("radio", name="Write").check(timeout=SECONDS)
            end_session(ada.context, address)
            ada.locator("#question").fill("When was the harbour of Marrow dug?")
            ada.locator("#question").press("Enter")
            expect(ada.locator(".composer .notice")).to_have_text(ENDED, timeout=SECONDS)
        finally:
            answerer.model = None
        assert endpoint.asked == []
    expect(ada.locator("#question")).to_have_value("When was the harbour of Marrow dug?")


@pytest.mark.parametrize(
    ("locale", "name", "word"),
    [
        ("en-US", "Name", "Log out (rex)"),
        ("ko-KR", "이름", "로그아웃 (rex)"),
        ("ja-JP", "名前", "ログアウト (rex)"),
    ],
)
def test_a_reader_logs_out_with_the_keyboard_and_the_next_one_sees_nothing_of_it(
    browser: Browser, address: str, locale: str, name: str, word: str
):
    context = browser.new_context(viewport={"width": 1280, "height": 900}, locale=locale)
    page = context.new_page()

    def log_in(who: str) -> None:
        page.get_by_label(name).fill(who)
        page.locator("#password").fill(PASSWORD)
        page.keyboard.press("Enter")
        expect(page.locator("#question")).to_be_enabled(timeout=SECONDS)

    page.goto(address)
    log_in("rex")
    page.locator("#question").fill("When was the harbour of Marrow dug?")
    page.locator("#question").press("Enter")
    expect(page.locator(".conversations .name")).to_have_count(1, timeout=SECONDS)
    leave = page.get_by_role("button", name=word)
    page.locator('[data-act="fresh"]').focus()
    for _ in range(10):
        if leave.evaluate("button => button === document.activeElement"):
            break
        page.keyboard.press("Tab")
    session = next(c["value"] for c in context.cookies() if c["name"] == "cited_session")
    page.keyboard.press("Enter")
    page.wait_for_url("**/login", timeout=SECONDS)
    assert [c for c in context.cookies() if c["name"] == "cited_session"] == []
    old = httpx.get(f"{address}/account.json", headers={"Cookie": f"cited_session={session}"})
    assert old.status_code == 401
    log_in("zoe")  # the same browser keeps the conversations of each
    expect(page.locator(".conversations .name")).to_have_count(0)
    context.close()


def test_the_audit_log_holds_no_text(library: Library, rex):
    rex.call("ask", "room", question="When was the harbour of Marrow dug?")
    path = library.folder / "audit.jsonl"
    text = path.read_text() if path.exists() else ""
    assert not any(word in text.lower() for word in (*SECRETS, "harbour of marrow", PASSWORD))
