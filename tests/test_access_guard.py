"""The guard as programs and browsers meet it, over real sockets."""

import json
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
import uvicorn
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, expect
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from app.access.guard import AccessGuard
from app.access.login import path_here
from app.access.principal import LOCAL_OWNER, acting_for, current, require_editor
from app.access.proxies import Proxies
from app.access.rules import refuse_open
from app.access.store import AccessStore
from app.access.throttle import Throttle, network_of
from index.library import Library
from ingest.errors import AccessDenied, NotLoggedIn, SettingsError

PASSWORD = "the tide is out"
PAGE = {"Accept": "text/html,*/*"}


def who(request: Request) -> JSONResponse:
    """Runs in a thread, as most of the page does."""
    started: list[str] = []
    thread = threading.Thread(target=lambda: started.append(current().name))
    thread.start()
    thread.join()
    address = request.client.host if request.client else ""
    forwarded = [name for name in request.headers if "forwarded" in name]
    found = {"name": current().name, "thread": started[0], "address": address, "forwarded": forwarded}
    return JSONResponse(found | {"scheme": request.url.scheme, "host": request.headers["host"]})


def inner() -> Starlette:
    methods = ["GET", "POST", "PUT", "PATCH", "DELETE"]
    paths = (
        "/",
        "/health",
        "/ready",
        "/x",
        "/gradio_api/upload",
        "/v1/documents",
        "/v1/ask",
        "/mcp",
        "/model",
    )
    return Starlette(routes=[Route(path, who, methods=methods) for path in paths])


@contextmanager
def served(app: AccessGuard) -> Iterator[str]:
    """Its address. Uvicorn itself reads no forwarded headers: it would believe whoever is on this machine."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = uvicorn.Server(uvicorn.Config(app, proxy_headers=False, log_level="warning"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.02)
        yield "http://{}:{}/".format(*listening.getsockname())
        server.should_exit = True
        thread.join(timeout=10)


@pytest.fixture
def store(tmp_path: Path, library: Library) -> Iterator[AccessStore]:
    opened = AccessStore(library.folder)
    opened.add_user("ada", PASSWORD, "editor")
    opened.add_user("rex", PASSWORD, "reader", ["a"])
    yield opened
    opened.close()


@pytest.fixture
def guard(store: AccessStore, library: Library) -> AccessGuard:
    return AccessGuard(inner(), store, library)


@pytest.fixture
def address(guard: AccessGuard) -> Iterator[str]:
    with served(guard) as at:
        yield at.rstrip("/")


@pytest.fixture
def client(address: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=address) as opened:
        yield opened


def log_in(client: httpx.Client, name: str, password: str = PASSWORD, **more: str) -> httpx.Response:
    return client.post("/login", data={"name": name, "password": password, **more})


def audited(library: Library) -> list[tuple[str, str, str]]:
    lines = (library.folder / "audit.jsonl").read_text().splitlines()
    return [(line["who"], line["action"], line["outcome"]) for line in map(json.loads, lines)]


def test_without_key_or_session_programs_get_401_and_browsers_the_login(client):
    refused = client.post("/v1/ask")
    assert (refused.status_code, refused.headers["content-type"]) == (401, "application/problem+json")
    assert refused.headers["www-authenticate"].startswith("Bearer")
    assert refused.json()["status"] == 401
    led = client.get("/x?document=1&start=2", headers=PAGE)
    assert (led.status_code, led.headers["location"]) == (303, "/login?next=%2Fx%3Fdocument%3D1%26start%3D2")
    for path in ("/", "/x", "/v1/documents", "/mcp", "/health/../x", "/HEALTH", "//health", "/docs"):
        assert client.get(path).status_code == 401
    for path in ("/health", "/ready"):
        assert client.get(path).json()["name"] == "(nobody)"


def test_a_key_says_who_asks_and_a_revoked_one_nothing_at_once(client, store):
    key = store.add_key("rex")
    headers = {"Authorization": f"Bearer {key}"}
    found = client.get("/x", headers=headers)
    assert found.json()["name"] == "rex"
    assert found.headers["cache-control"] == "private"
    assert "Authorization" in found.headers["vary"]
    assert client.get("/x", headers={"Authorization": f"Bearer {key}x"}).status_code == 401
    assert client.get("/x", headers={"Authorization": "Bearer"}).status_code == 401
    assert client.get("/x", headers={"Authorization": "Basic cmV4OnJleA=="}).status_code == 401
    store.revoke_key(store.keys()[0].id)
    assert client.get("/x", headers=headers).status_code == 401


def test_a_thread_that_no_request_began_is_nobody(client, store):
    found = client.get("/x", headers={"Authorization": f"Bearer {store.add_key('ada')}"}).json()
    assert (found["name"], found["thread"]) == ("ada", "(nobody)")


def test_a_session_lasts_from_login_to_logout(client, library):
    got = log_in(client, " Ada ", next="/x?document=1")
    assert (got.status_code, got.headers["location"]) == (303, "/x?document=1")
    cookie = got.headers["set-cookie"]
    assert all(part in cookie for part in ("HttpOnly", "SameSite=lax", "Path=/", "Max-Age=604800"))
    assert "Secure" not in cookie
    assert client.get("/x").json()["name"] == "ada"
    session = client.cookies["cited_session"]
    assert session not in (library.folder / "access.sqlite").read_bytes().decode("latin-1")
    out = client.post("/logout")
    assert (out.status_code, out.headers["location"]) == (303, "/login")
    assert client.get("/x", headers={"Cookie": f"cited_session={session}"}).status_code == 401
    assert client.get("/logout").status_code == 405
    assert audited(library) == [("ada", "login", "ok"), ("ada", "logout", "ok")]


def test_a_login_makes_a_new_session_whatever_cookie_came_along(client):
    client.cookies["cited_session"] = "chosen-by-someone-else"
    log_in(client, "ada")
    assert "chosen-by-someone-else" not in {
        cookie.value for cookie in client.cookies.jar if cookie.path == "/x"
    }
    assert httpx.get(
        f"{client.base_url}/x", headers={"Cookie": "cited_session=chosen-by-someone-else"}
    ).status_code == 401  # fmt: skip


def test_an_unknown_name_and_a_wrong_password_get_the_same_answer(client, library):
    answers = [log_in(client, *pair) for pair in (("ada", "wrong"), ("eve", "wrong"), ("", ""))]
    assert [a.status_code for a in answers] == [401, 401, 401]
    bodies = {
        a.text.replace('value="ada"', "").replace('value="eve"', "").replace('value=""', "") for a in answers
    }
    assert len(bodies) == 1
    assert "Name and password do not fit" in answers[0].text
    assert "wrong" not in (library.folder / "audit.jsonl").read_text()


def test_attempts_that_fail_make_the_next_one_wait(client, guard):
    for _ in range(5):
        assert log_in(client, "ada", "wrong").status_code == 401
    late = log_in(client, "ada")
    assert late.status_code == 429
    assert int(late.headers["retry-after"]) >= 1
    assert "Too many attempts" in late.text
    guard.addresses.forget("127.0.0.1")
    assert log_in(client, "ada").status_code == 429  # the name waits, wherever the next one comes from


def test_many_attempts_at_once_are_counted_as_many(client, address):
    with ThreadPoolExecutor(12) as pool:
        fields = {"name": "ada", "password": "x"}
        tried = [pool.submit(httpx.post, f"{address}/login", data=fields, timeout=60) for _ in range(12)]
        assert sorted(t.result().status_code for t in tried) == [401] * 5 + [429] * 7


def test_a_throttle_doubles_its_waits_to_a_limit_and_forgets():
    now = [0.0]
    throttle = Throttle(longest=60, clock=lambda: now[0])
    waits = []
    for _ in range(13):
        while wait := throttle.attempt("ada"):
            waits.append(wait)
            now[0] += wait
    assert waits == [4, 8, 16, 32, 60, 60, 60, 60]
    assert throttle.attempt("rex") == 0
    now[0] += 121
    assert throttle.attempt("ada") == 0
    assert throttle.attempt("ada") == 0


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.7"), ("2001:db8:1:2:3::4", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"), ("testclient", "testclient"),
    ],
)  # fmt: skip
def test_addresses_of_one_customer_count_together(address, network):
    assert network_of(address) == network


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_another_site_changes_nothing_with_the_cookie_of_a_visitor(client, method):
    log_in(client, "ada")
    assert client.request(method, "/x").status_code == 200
    own = str(client.base_url).rstrip("/")
    assert client.request(method, "/x", headers={"Origin": own}).status_code == 200
    for headers in (
        {"Origin": "https://evil.example"}, {"Origin": "null"}, {"Origin": "http://127.0.0.1:1"},
        {"Sec-Fetch-Site": "cross-site"}, {"Authorization": "Basic x", "Origin": "https://evil.example"},
    ):  # fmt: skip
        refused = client.request(method, "/x", headers=headers)
        assert (refused.status_code, refused.headers["content-type"]) == (403, "application/problem+json")


def test_another_site_neither_logs_in_nor_out(client):
    assert log_in(client, "ada").status_code == 303
    for path in ("/login", "/logout"):
        answer = client.post(
            path, data={"name": "rex", "password": PASSWORD}, headers={"Origin": "https://evil.example"}
        )
        assert answer.status_code == 403
    assert client.get("/x").json()["name"] == "ada"


def test_a_reader_posts_questions_and_no_changes(client, store):
    headers = {"Authorization": f"Bearer {store.add_key('rex')}"}
    for path in ("/gradio_api/upload", "/v1/documents", "/model"):
        assert client.post(path, headers=headers).status_code == 403
    for method in ("PUT", "PATCH", "DELETE"):
        assert client.request(method, "/x", headers=headers).status_code == 403
    assert client.post("/v1/ask", headers=headers).json()["name"] == "rex"
    assert client.delete("/mcp", headers=headers).status_code == 200
    assert client.get("/v1/documents", headers=headers).status_code == 200


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ("/x?a=1#b", "/x?a=1#b"), ("//e.example", "/"), ("/\\e.example", "/"), ("https://e.example", "/"),
        ("javascript:alert(1)", "/"), ("", "/"), ("/a\r\nb", "/"), ("///e.example", "/"), ("/\t/e.com", "/"),
    ],
)  # fmt: skip
def test_a_login_leads_to_a_path_of_this_site(given, path):
    assert path_here(given) == path


def test_the_form_is_escaped_and_bounded(client):
    shown = client.get('/login?next=/"><script>x</script>').text
    assert "<script>" not in shown
    assert "<script>" not in log_in(client, '"><script>x</script>').text
    assert client.post("/login", content=b"name=" + b"a" * 20_000).status_code == 413


@pytest.mark.parametrize(
    ("language", "title"), [("en", "Log in"), ("ko-KR,en", "로그인"), ("ja", "ログイン"), ("fr", "Log in")]
)
def test_the_login_speaks_the_language_of_the_browser(client, language, title):
    page = client.get("/login", headers={"Accept-Language": language})
    assert title in page.text
    assert page.headers["cache-control"] == "no-store"
    assert "default-src 'none'" in page.headers["content-security-policy"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_person_logs_in_without_scripts_on_a_page_without_barriers(
    browser: Browser, address: str, scheme: str
):
    context = browser.new_context(color_scheme=scheme, viewport={"width": 390, "height": 800}, locale="en-US")
    page = context.new_page()
    page.goto(f"{address}/x?document=7")
    page.get_by_label("Name").fill("ada")
    page.get_by_label("Password").fill("not it at all")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_have_text("Name and password do not fit.")
    assert Axe().run(page).response["violations"] == []
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url("**/x?document=7")
    assert '"name":"ada"' in page.content()
    context.close()
    still = browser.new_context(java_script_enabled=False).new_page()
    still.goto(f"{address}/x")
    still.get_by_label("Name").fill("ada")
    still.get_by_label("Password").fill(PASSWORD)
    still.get_by_role("button").click()
    still.wait_for_url("**/x")
    assert '"name":"ada"' in still.content()
    still.context.close()


FORWARDED = {
    "X-Forwarded-For": "6.6.6.6, 203.0.113.9, 10.0.0.2", "X-Forwarded-Proto": "https",
    "X-Forwarded-Host": "cited.example",
}  # fmt: skip


def test_what_anyone_claims_to_have_forwarded_counts_for_nothing(client, store):
    key = {"Authorization": f"Bearer {store.add_key('ada')}"}
    found = client.get("/x", headers=FORWARDED | key).json()
    assert (found["address"], found["scheme"], found["forwarded"]) == ("127.0.0.1", "http", [])


def test_a_named_proxy_is_believed_and_what_stands_before_it_is_not(store, library):
    guard = AccessGuard(inner(), store, library, ["127.0.0.1", "10.0.0.0/8"])
    with served(guard) as at, httpx.Client(base_url=at) as client:
        key = {"Authorization": f"Bearer {store.add_key('ada')}"}
        found = client.get("/x", headers=FORWARDED | key).json()
        assert (found["address"], found["scheme"], found["host"]) == ("203.0.113.9", "https", "cited.example")
        fields = {"name": "ada", "password": PASSWORD}
        got = client.post("/login", data=fields, headers=FORWARDED | {"Origin": "https://cited.example"})
        assert "Secure" in got.headers["set-cookie"]
    assert '"address": "203.0.113.9"' in (library.folder / "audit.jsonl").read_text()
    with pytest.raises(SettingsError, match="'proxy' is no address"):
        Proxies(["proxy"])


def test_after_the_server_everything_is_the_local_owners_again(guard):
    with served(guard):
        assert current().name == "(nobody)"
        with pytest.raises(NotLoggedIn):
            require_editor()
    assert current() == LOCAL_OWNER


def test_a_queue_that_lost_the_context_finds_the_principal_in_its_request(store):
    rex = store.user("rex").principal
    request = Request({"type": "http", "cited.principal": rex, "client": ("192.0.2.1", 5)})
    with acting_for(request):
        assert current() == rex
        with pytest.raises(AccessDenied, match="rex may read and ask"):
            require_editor()


@pytest.mark.parametrize(
    ("host", "users", "insecure", "opens"),
    [
        ("127.0.0.1", False, False, True), ("::1", False, False, True), ("localhost", False, False, True),
        ("0.0.0.0", False, False, False), ("192.168.1.5", False, False, False), ("::", False, False, False),
        ("cited.example", False, False, False), ("0.0.0.0", True, False, True),
        ("0.0.0.0", False, True, True),
    ],
)  # fmt: skip
def test_a_server_that_asks_nobody_is_for_this_machine_only(tmp_path, host, users, insecure, opens):
    store = AccessStore(tmp_path)
    if users:
        store.add_user("ada", PASSWORD, "editor")
    if opens:
        refuse_open(host, store, insecure)
    else:
        with pytest.raises(SettingsError, match=r"everybody on the network.*--no-authentication"):
            refuse_open(host, store, insecure)
    store.close()
