"""The OWASP API Security Top 10 of 2023, point by point, against the whole server over real sockets.

What other files test already is named here and not repeated:

| tests here | what else tests the point |
| --- | --- |
| test_api1_… object level authorization | test_collections, test_access_page (every route), test_serving |
| test_api2_… authentication | test_access_guard (login, throttle), test_access_store (hashes, keys) |
| test_api3_… object property level authorization | test_service_api (fields that are not described) |
| test_api4_… resource consumption | test_service_limits (of /v1), test_fetch, test_workers |
| test_api5_… function level authorization | test_access_page, test_service_api, test_mcp |
| test_api6_… sensitive flows | test_access_guard (attempts at once); nothing is sold or booked here |
| test_api7_… server side request forgery | test_fetch (redirects, rebinding, proxies, more spellings) |
| test_api8_… misconfiguration | test_running (TLS, forwarded headers), test_page, test_logs |
| test_api9_… inventory | test_service_schema (made-up requests) |
| test_api10_… consumption of other APIs | test_llm (huge, endless, redirected answers), test_fetch |
"""

import base64
import gzip
import json
import re
import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from starlette.routing import Mount, Route

from app.access import login
from app.access.principal import LOCAL_OWNER, acting_as
from app.connections import Connection
from app.llm import connect
from app.service.limits import Limits
from eval.for_page import PageEvaluations
from tests.house import (
    DUG,
    LIT,
    MCP,
    PASSWORD,
    SECRETS,
    House,
    called,
    component,
    everything,
    house,
    served,
    tool,
)
from tests.scripted_endpoint import Endless, Status, scripted
from tests.test_access_page import routes_of
from tests.test_service_limits import chunk


@pytest.fixture(scope="module")
def home(tmp_path_factory, embedder, browser) -> Iterator[House]:
    """browser: gradio takes the event loop that it brings, and would leave one of its own unclosed."""
    with house(tmp_path_factory.mktemp("owasp"), embedder) as made:
        yield made


def told(*answers: httpx.Response | dict | str) -> list[str]:
    """The secrets that stand in answers."""
    text = " ".join(a.text if isinstance(a, httpx.Response) else json.dumps(a) for a in answers).lower()
    return [word for word in SECRETS if word in text]


def raw(address: str, *pieces: bytes, pause: float = 0.0, wait: float = 20.0) -> bytes:
    """What a server says to these bytes until it closes the connection."""
    at, said = urlsplit(address), b""
    with socket.create_connection((at.hostname, at.port), timeout=wait) as opened:
        with suppress(OSError):  # the server may hang up before it has read everything
            for piece in pieces:
                opened.sendall(piece)
                time.sleep(pause)
        with suppress(ConnectionResetError):
            while piece := opened.recv(65536):
                said += piece
    return said


# API1: broken object level authorization


def test_api1_broken_object_level_authorization_documents_of_others_are_none_on_every_interface(home):
    with home.client("rex") as rex, home.client("zoe") as zoe:
        for path in ("", "/text", "/report"):
            mine, none = (rex.get(f"/v1/documents/{name}{path}") for name in (home.lamp, "lamp-00000000"))
            assert (mine.status_code, none.status_code) == (404, 404)
            assert mine.json()["detail"].replace(home.lamp, "X") == none.json()["detail"].replace(
                "lamp-00000000", "X"
            )
            assert zoe.get(f"/v1/documents/{home.lamp}{path}").status_code == 200
        assert rex.get(f"/reading/{home.lamp}").status_code == 404
        assert zoe.get(f"/reading/{home.lamp}").status_code == 200
        asked = [
            rex.post("/v1/ask", json={"question": LIT, "documents": [home.lamp]}),
            rex.post("/v1/search", json={"question": LIT, "documents": [home.lamp]}),
            rex.post(
                "/v1/chat/completions",
                json={"model": "cited", "messages": [{"role": "user", "content": LIT}]},
            ),
            rex.post("/gradio_api/run/ask", json={"data": [LIT, []], "session_hash": "s"}),
            rex.post("/write", json={"question": LIT, "mode": "quote"}),
            component(rex, "suggest", "room", documents=[home.lamp]),
            called(rex, "resources/read", uri=f"cited://documents/{home.lamp}"),
            called(rex, "resources/list"),
            called(rex, "tools/call", name="get_document", arguments={"id": home.lamp}),
            called(rex, "tools/call", name="get_document", arguments={"id": "Zebulon"}),
        ]
        words = [
            a.text.replace(home.lamp, "").replace("Zebulon;", "").replace("document Zebulon", "")
            for a in asked
        ]
        assert told(*words) == []
        assert told(zoe.post("/v1/ask", json={"question": LIT})) == ["zebulon", "1902", "paraffin"]


def test_api1_broken_object_level_authorization_nobody_changes_documents_of_others(home):
    before = home.entries()
    with home.client("eve") as eve:  # an editor of another collection
        assert eve.delete(f"/v1/documents/{home.lamp}").status_code == 404
        assert tool(eve, "delete_document", id=home.lamp)["isError"]
        job = component(eve, "delete", "library", ids=[home.lamp]).json()["job"]
        while (state := component(eve, "look", "library", ids=[job]).json()["jobs"][0])["state"] != "done":
            time.sleep(0.05)
        assert (state["summary"]["removed"], state["summary"]["failed"]) == (0, 1)
    assert home.entries() == before


def test_api1_broken_object_level_authorization_nobody_adds_to_collections_of_others(home):
    before = home.entries()
    with home.client("eve") as eve:
        file = {"file": ("new.md", b"# New\n\nA new one.\n")}
        for given in ({"files": file, "data": {"collection": "b"}},
                      {"json": {"url": "http://a.example/", "collection": "b"}}):  # fmt: skip
            refused = eve.post("/v1/documents", **given)
            assert (refused.status_code, refused.json()["type"]) == (403, "urn:cited:problem:access-denied")
        said = tool(eve, "add_document", text="A text.", name="a.md", collection="b")
        assert said["isError"]
        assert "you have no collection b" in said["content"][0]["text"]
        assert home.entries() == before
        added = eve.post("/v1/documents", files=file, data={"collection": "a"}).json()
        assert (added["document_id"], "upload:new.md", "a") in home.entries()
        more = tool(eve, "add_document", text="The pier is of oak.", name="pier.md", collection="a")
        line = more["structuredContent"]["lines"][0]
        assert (line["document_id"], "upload:pier.md", "a") in home.entries()
        for name in (added["document_id"], line["document_id"]):
            assert eve.delete(f"/v1/documents/{name}").status_code == 204
    assert home.entries() == before


def test_api1_broken_object_level_authorization_evaluations_quote_everything_and_are_for_who_sees_everything(
    home, tmp_path
):
    rows = [
        {
            "id": "1",
            "question": LIT,
            "evidence": [{"quote": "The lamp of Marrow was lit in 1902."}],
            "document": "lamp.md",
        }
    ]
    (tmp_path / "lamps.jsonl").write_text("\n".join(map(json.dumps, rows)))
    with acting_as(LOCAL_OWNER):
        PageEvaluations(home.answerer).add_set(tmp_path / "lamps.jsonl")
    with home.client("ada") as ada, home.client("eve") as eve:
        assert eve.post("/v1/evaluations", json={"set": "lamps"}).status_code == 403
        assert ada.post("/v1/evaluations", json={"set": "lamps"}).status_code == 202
        while (state := ada.get("/v1/evaluations").json())["state"]["stage"] == "running":
            time.sleep(0.05)
        assert state["state"]["stage"] == "done", state
        run = state["runs"][0]["name"]
        paths = (
            "/v1/evaluations",
            f"/v1/evaluations/{run}",
            f"/v1/evaluations/{run}/report",
            f"/evaluations/{run}.html",
        )
        for path in paths:
            assert ada.get(path).status_code == 200
            refused = eve.get(path)
            assert (refused.status_code, told(refused)) == (404 if path.endswith(".html") else 403, [])


def test_api1_broken_object_level_authorization_feedback_and_exports_give_back_what_was_sent_and_no_more(
    home,
):
    with home.client("rex") as rex:
        turn = component(rex, "ask", "room", question=DUG).json()
        mine = turn["citations"][0]["document_id"]
        turn = json.loads(
            json.dumps(turn).replace(mine, home.lamp)
        )  # as if the answer were of the other document
        said = [component(rex, "judge", "room", turn=turn, good=True)]
        conversation = {
            "id": "1",
            "title": "T",
            "created": turn["at"],
            "turns": [turn],
            "documents": [home.lamp],
        }
        for kind in ("md", "html", "json", "docx"):
            said.append(component(rex, "export", "room", conversation=conversation, format=kind))
            exported = base64.b64decode(said[-1].json()["data"])
            assert kind == "docx" or told(exported.decode()) == []
        assert told(*said) == []
        assert rex.get("/v1/feedback").status_code == 405


# API2: broken authentication


def test_api2_broken_authentication_a_changed_password_a_removed_user_and_a_logout_end_sessions_at_once(home):
    home.store.add_user("tim", PASSWORD, "reader", ["a"])
    with home.logged_in("tim") as first, home.logged_in("tim") as second:
        assert first.get("/account.json").json() == {"name": "tim"}
        assert first.post("/logout").status_code == 303
        assert (first.get("/account.json").status_code, second.get("/account.json").status_code) == (401, 200)
        home.store.set_password("tim", PASSWORD + "!")
        assert second.get("/account.json").status_code == 401
        assert second.post("/login", data={"name": "tim", "password": PASSWORD}).status_code == 401
        key = {"Authorization": f"Bearer {home.store.add_key('tim')}"}
        assert second.get("/account.json", headers=key).json() == {"name": "tim"}
        home.store.remove_user("tim")
        assert second.get("/account.json", headers=key).status_code == 401


def test_api2_broken_authentication_the_session_cookie_is_out_of_reach_and_new_at_each_login(home):
    with home.client() as client:
        client.cookies["cited_session"] = "fixed-by-somebody"
        given = client.post("/login", data={"name": "rex", "password": PASSWORD})
        cookie = given.headers["set-cookie"]
        assert re.fullmatch(
            r"cited_session=[\w-]{43}; HttpOnly; Max-Age=604800; Path=/; SameSite=lax", cookie
        )
        fixed = httpx.get(
            f"{home.address}/account.json", headers={"Cookie": "cited_session=fixed-by-somebody"}
        )
        assert fixed.status_code == 401
        # A key that is wrong is not made up for by a cookie that is right.
        assert client.get("/account.json", headers={"Authorization": "Bearer cited_x"}).status_code == 401


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"}, {"Origin": "null"}, {"Origin": "http://["},
        {"Origin": "http://127.0.0.1:1"}, {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"},
    ],
)  # fmt: skip
def test_api2_broken_authentication_no_other_site_uses_the_cookie_of_a_visitor(home, headers):
    with home.logged_in("ada") as ada:
        before = home.entries()
        form = {"Content-Type": "application/x-www-form-urlencoded"} | headers
        answers = [
            ada.post("/v1/ask", json={"question": DUG}, headers=headers),
            ada.post("/v1/documents", files={"file": ("x.md", b"# X\n\nText.\n")}, headers=headers),
            ada.request("DELETE", f"/v1/documents/{home.lamp}", headers=headers),
            ada.post("/v1/feedback", content=b"a=b", headers=form),
            ada.post("/mcp", json={"jsonrpc": "2.0", "id": 1, "method": "tools/list"}, headers=MCP | headers),
            ada.post("/write", json={"question": DUG}, headers=headers),
            ada.post("/gradio_api/component_server", json={}, headers=headers),
            ada.post("/logout", headers=form),
            ada.post("/login", data={"name": "eve", "password": PASSWORD}, headers=headers),
        ]
        assert {a.status_code for a in answers} == {403}
        assert home.entries() == before
        assert ada.get("/account.json").json() == {"name": "ada"}
        # Programs send no Origin, and the page its own.
        assert ada.post("/v1/search", json={"question": DUG}).status_code == 200
        own = {"Origin": home.address, "Sec-Fetch-Site": "same-origin"}
        assert ada.post("/v1/search", json={"question": DUG}, headers=own).status_code == 200


def test_api2_broken_authentication_a_login_leads_nowhere_else(home):
    for then in (
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "//[",
        "http://[",
        "javascript:alert(1)",
    ):
        with home.client() as client:
            fields = {"name": "rex", "password": PASSWORD, "next": then}
            assert client.post("/login", data=fields).headers["location"] == "/"
            assert client.get("/login", params={"next": then}).status_code == 200


# API3: broken object property level authorization


def test_api3_broken_object_property_level_authorization_no_field_more_is_taken(home):
    with home.client("rex") as rex, home.client("eve") as eve:
        for more in ({"scope": ["b"]}, {"collections": ["b"]}, {"role": "editor"}, {"principal": "ada"}):
            for path in ("/v1/ask", "/v1/search", "/v1/feedback"):
                assert rex.post(path, json={"question": LIT} | more).status_code == 422
            chat = {"model": "cited", "messages": [{"role": "user", "content": LIT}]}
            assert rex.post("/v1/chat/completions", json=chat | more).status_code == 400
            assert tool(rex, "ask_question", question=LIT, **more)["isError"]
            assert told(component(rex, "ask", "room", question=LIT, **more).json() | {"question": ""}) == []
            assert eve.post("/v1/documents", json={"url": "http://a.example/"} | more).status_code == 422
        for field in ("id", "source", "document_id", "version"):
            file = {"file": ("x.md", b"# X\n\nText.\n")}
            assert eve.post("/v1/documents", files=file, data={field: home.lamp}).status_code == 422
    with home.client() as client:
        fields = {"name": "rex", "password": PASSWORD, "role": "editor", "collections": "b"}
        assert client.post("/login", data=fields).status_code == 303
        assert client.delete(f"/v1/documents/{home.lamp}").status_code == 403


NAMES = [
    "../../../escape.md", "..\\..\\escape.md", "/tmp/escape.md", "C:\\escape.md", "escape\x00.md",
    "%2e%2e%2fescape.md",
    "..%c0%af..%c0%afescape.md", "\u2215etc\u2215escape.md", "\uff0e\uff0e\uff0fescape.md", "..", ".",
    "~/escape.md",
    "e" * 5000 + ".md", "escape.md/..", "CON.md", "\u202edm.epacse.md", "-rf.md",
]  # fmt: skip


@pytest.mark.heavy
def test_api3_the_name_of_an_upload_is_a_name_and_no_path(home, tmp_path):
    before = home.entries()
    parents = [
        home.library.folder.parent,
        home.library.folder,
        Path("/"),
        Path("/tmp"),
        Path.home(),
        Path.cwd(),
    ]
    there = [{p.name for p in parent.iterdir()} for parent in parents]
    with home.client("ada") as ada:
        for name in NAMES:
            quoted = name.encode().replace(b"\\", b"\\\\").replace(b'"', b"%22")
            body = b'--b\r\nContent-Disposition: form-data; name="file"; filename="%s"\r\n\r\n' % quoted
            body += b"# Escape\n\nThe escape of %d.\n\r\n--b--\r\n" % len(name)
            kind = {"Content-Type": "multipart/form-data; boundary=b"}
            added = ada.post("/v1/documents", content=body, headers=kind)
            assert added.status_code in (201, 422, 400), (name, added.text)
            if added.status_code == 201:
                source = added.json()["source"]
                assert not re.search(r"[/\\\x00]", source.replace("\\x00", "")), source
                assert len(source) <= 255
                assert ada.delete(f"/v1/documents/{added.json()['document_id']}").status_code == 204
        for name in NAMES:
            given = tool(ada, "add_document", text=f"# Escape\n\nThe escape of {len(name)}.\n", name=name)
            for line in given.get("structuredContent", {}).get("lines", []):
                assert "/" not in line["source"]
                ada.delete(f"/v1/documents/{line['document_id']}")
    new = [{p.name for p in parent.iterdir()} - was for parent, was in zip(parents, there, strict=True)]
    assert [name for names in new for name in names if "escape" in name.lower()] == []
    assert home.entries() == before


# API4: unrestricted resource consumption


@pytest.fixture(scope="module")
def hurried(tmp_path_factory, embedder, browser) -> Iterator[House]:
    """A house whose patience is short and whose clients are counted."""
    limits = Limits(
        body_bytes=10_000, long_bytes=20_000, patience=0.5, rate=0.5, burst=40, limit_loopback=True
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("app.serving.USUAL", limits)
        patch.setattr(login, "SECONDS", 0.5)
        with house(tmp_path_factory.mktemp("hurried"), embedder) as made:
            yield made


def request(home: House, path: str, *headers: str, who: str = "ada", method: str = "POST") -> bytes:
    """The head of a request."""
    key = home.keys[who]["Authorization"]
    lines = (f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", f"Authorization: {key}", *headers)
    return "".join(f"{line}\r\n" for line in (*lines, "")).encode()


JSON = "Content-Type: application/json"
BODIES = ("/write", "/mcp", "/gradio_api/component_server", "/gradio_api/upload", "/gradio_api/run/ask")


@pytest.mark.parametrize("path", BODIES)
def test_api4_unrestricted_resource_consumption_no_body_of_the_page_or_of_mcp_is_too_large(hurried, path):
    kind = "Content-Type: multipart/form-data; boundary=b" if path.endswith("upload") else JSON
    declared = raw(hurried.address, request(hurried, path, kind, "Content-Length: 99000000"))
    assert declared.startswith(b"HTTP/1.1 413 ")
    if not path.endswith("upload"):
        head = request(
            hurried, path, JSON, "Transfer-Encoding: chunked", "Accept: application/json, text/event-stream"
        )
        said = raw(hurried.address, head, *[chunk(b" " * 5000)] * (3 if path == "/write" else 5))
        assert said.split(b" ")[1] in (b"413", b"400")  # gradio says 400 to whatever it cannot read


@pytest.mark.parametrize("path", BODIES)
def test_api4_unrestricted_resource_consumption_no_body_is_waited_for_without_end(hurried, path):
    begun = time.monotonic()
    kind = "Content-Type: multipart/form-data; boundary=b" if path.endswith("upload") else JSON
    head = request(
        hurried,
        path,
        kind,
        "Content-Length: 100",
        "Accept: application/json, text/event-stream",
        "Connection: close",
    )
    said = raw(hurried.address, head, b"{")
    assert said.split(b" ")[1] in (b"408", b"400", b"500"), said
    assert time.monotonic() - begun < 5


def test_api4_unrestricted_resource_consumption_a_login_that_does_not_come_is_not_waited_for(hurried):
    head = b"POST /login HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nname="
    assert raw(hurried.address, head).startswith(b"HTTP/1.1 408 ")
    large = b"POST /login HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert raw(hurried.address, large, *[chunk(b"x" * 1000)] * 12).startswith(b"HTTP/1.1 413 ")


def test_api4_unrestricted_resource_consumption_page_and_mcp_count_as_requests_too(hurried):
    with hurried.client("rex") as rex, hurried.client("zoe") as zoe:
        answers = [called(rex, "tools/list") for _ in range(60)]
        late = next(a for a in answers if a.status_code != 200)
        assert (late.status_code, answers[-1].status_code) == (429, 429)
        assert int(late.headers["retry-after"]) >= 1
        assert rex.post("/write", json={}).status_code == 429
        assert rex.get("/strings.json").status_code == 200
        assert called(zoe, "tools/list").status_code == 200  # each user has a rate of their own


class Hurried(Connection):
    """Waits half a second for the head of a request."""

    seconds = 0.5


def test_api4_unrestricted_resource_consumption_the_head_of_a_request_comes_soon_and_is_small():
    async def app(scope, receive, send):
        if scope["type"] == "http":
            length = [(b"content-length", b"2")]
            await send({"type": "http.response.start", "status": 200, "headers": length})
            await send({"type": "http.response.body", "body": b"ok"})

    line = b"GET / HTTP/1.1\r\nHost: a\r\n"
    with served(app, Hurried) as address:
        assert raw(address) == b""  # nothing at all
        begun = time.monotonic()
        assert raw(address, line, *[b"X-A: 1\r\n"] * 20, pause=0.1) == b""  # a header at a time, without end
        assert time.monotonic() - begun < 4
        twice = raw(address, line + b"\r\n", line + b"Connection: close\r\n\r\n", pause=0.2)
        assert twice.count(b"200 OK") == 2
        at = urlsplit(address)
        with socket.create_connection((at.hostname, at.port), timeout=5) as opened:
            opened.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n")
            assert opened.recv(100).startswith(b"HTTP/1.1 200 ")
            begun = time.monotonic()
            with suppress(OSError):
                while time.monotonic() - begun < 10:
                    opened.sendall(b"x")
                    time.sleep(0.1)
            assert time.monotonic() - begun < 8  # what was answered is not read on without end
    with served(app) as address:
        assert raw(address, line, b"X-A: " + b"x" * 300_000, pause=0.05).startswith(b"HTTP/1.1 400 ")
        many = [b"".join(b"X-%d: 1\r\n" % (n * 1000 + i) for i in range(1000)) for n in range(30)]
        assert raw(address, line, *many, pause=0.02).startswith(b"HTTP/1.1 400 ")


def test_api4_unrestricted_resource_consumption_a_packed_body_is_not_unpacked(home):
    packed = gzip.compress(b" " * 10_000_000 + json.dumps({"question": DUG}).encode())
    headers = {"Content-Encoding": "gzip", "Content-Type": "application/json"}
    with home.client("rex") as rex:
        for path, refused in (
            ("/v1/ask", 400),
            ("/v1/chat/completions", 400),
            ("/write", 400),
            ("/mcp", 400),
        ):
            assert rex.post(path, content=packed, headers=MCP | headers).status_code == refused


def test_api4_unrestricted_resource_consumption_brackets_in_brackets_are_refused_everywhere(home):
    deep = b'{"a":' * 50_000
    with home.client("ada") as ada:
        for path in (
            "/v1/ask",
            "/v1/documents",
            "/v1/chat/completions",
            "/write",
            "/mcp",
            "/gradio_api/component_server",
        ):
            answer = ada.post(path, content=deep, headers=MCP | {"Content-Type": "application/json"})
            assert answer.status_code in (400, 422), (path, answer.status_code)
            assert "Traceback" not in answer.text
        cursor = base64.urlsafe_b64encode(b"[" * 50_000).decode()
        assert ada.get("/v1/documents", params={"cursor": cursor[:60_000]}).status_code == 422
        assert (
            called(ada, "resources/list", cursor=cursor)
            .json()["error"]["message"]
            .endswith("begin at the first")
        )


def test_api4_unrestricted_resource_consumption_lists_and_texts_in_a_question_are_bounded(home):
    with home.client("rex") as rex:
        for more in ({"documents": ["x"] * 1001}, {"history": ["x"] * 51}):
            assert rex.post("/v1/ask", json={"question": DUG} | more).status_code == 422
            assert tool(rex, "ask_question", question=DUG, **more)["isError"]
        begun = time.monotonic()
        long = {"question": "And when was it dug?", "history": ["The Harbour " * 50_000]}
        assert rex.post("/v1/ask", json=long).status_code == 200
        assert not tool(rex, "ask_question", **long)["isError"]
        assert component(rex, "ask", "room", **long).status_code == 200
        assert component(rex, "suggest", "room", question="harbour " * 50_000).status_code == 200
        assert time.monotonic() - begun < 30


# API5: broken function level authorization


def test_api5_broken_function_level_authorization_a_reader_calls_nothing_that_changes(home):
    before = home.entries()
    with home.client("rex") as rex:
        file = {"file": ("x.md", b"# X\n\nText.\n")}
        answers = [
            rex.post("/v1/documents", files=file), rex.post("/v1/documents", json={"url": "http://a.example/"}),
            rex.post("/v1/documents/", files=file), rex.delete(f"/v1/documents/{home.entries()[0][0]}"),
            rex.post("/v1/evaluations", json={"set": "samples"}), rex.post("/gradio_api/upload", files=file),
            rex.post("/model", json={"endpoint": "http://127.0.0.1:1/v1", "model": "x"}),
            rex.post("/model/remove", json={}),
            rex.get("/metrics"), rex.get("/v1/evaluations"),
        ]  # fmt: skip
        assert {a.status_code for a in answers} == {403}
        for name, given in (
            ("add_document", {"text": "T", "name": "a.md"}),
            ("delete_document", {"id": before[0][0]}),
        ):
            assert "takes the role editor" in tool(rex, name, **given)["content"][0]["text"]
        for name, given in (
            ("add_samples", {}),
            ("add_pages", {"addresses": ["a.example"]}),
            ("delete", {"ids": [before[0][0]]}),
        ):
            assert "takes the role editor" in component(rex, name, "library", **given).json()["error"]
    assert home.entries() == before


def test_api5_broken_function_level_authorization_with_users_nobody_sets_the_language_model_from_the_page(
    home,
):
    with home.client("ada") as ada:
        for path in ("/model", "/model/look", "/model/remove"):
            assert ada.post(path, json={"endpoint": "http://127.0.0.1:1/v1", "model": "x"}).status_code in (
                404,
                405,
            )
        assert ada.get("/model").json() == {"model": None, "host": None, "may_configure": False}


# API6: unrestricted access to sensitive business flows


def test_api6_sensitive_flows_guessing_a_password_is_slowed_and_leaves_a_trail(hurried):
    with hurried.client() as client:
        tried = [
            client.post("/login", data={"name": "zoe", "password": f"guess number {n}"}) for n in range(7)
        ]
    assert [t.status_code for t in tried] == [401] * 5 + [429] * 2
    trail = [(line["who"], line["outcome"]) for line in hurried.audited() if line["action"] == "login"]
    assert trail[-7:] == [("zoe", "failed")] * 5 + [("zoe", "too many attempts")] * 2


# API7: server side request forgery

INNER = [
    "http://127.0.0.1:{port}/", "http://localhost:{port}/", "http://[::1]:{port}/", "http://[::ffff:127.0.0.1]:{port}/",
    "http://2130706433:{port}/", "http://0x7f000001:{port}/", "http://017700000001:{port}/", "http://127.1:{port}/",
    "http://0.0.0.0:{port}/", "http://[::]:{port}/", "http://169.254.169.254/latest/meta-data/", "http://[fd00:ec2::254]/",
    "http://[64:ff9b::7f00:1]:{port}/", "http://[2002:7f00:1::]:{port}/", "http://inner.example:{port}/",
    "http://127.0.0.1.:{port}/", "http://\uff11\uff12\uff17.0.0.1:{port}/", "http://a.example@127.0.0.1:{port}/",
]  # fmt: skip
OTHER = [
    "file:///etc/passwd", "FILE:///etc/passwd", "gopher://127.0.0.1:1/", "ftp://a.example/",
    "data:text/plain,x",
    "jar:http://a.example!/", "dict://127.0.0.1:11211/", "http:///etc/passwd", "//127.0.0.1/", "/etc/passwd",
    "upload:lamp.md", "-",
]  # fmt: skip


def test_api7_server_side_request_forgery_no_inner_address_is_asked_however_it_is_written(home, monkeypatch):
    resolve, asked = socket.getaddrinfo, []
    monkeypatch.setattr(
        "ingest.addresses.socket.getaddrinfo",
        lambda host, *more, **named: resolve(
            "127.0.0.1" if host == "inner.example" else host, *more, **named
        ),
    )
    with scripted() as inner, home.client("ada") as ada:
        before = home.entries()
        for url in INNER:
            url = url.format(port=urlsplit(inner.url).port)
            refused = ada.post("/v1/documents", json={"url": url})
            assert refused.status_code in (403, 422, 502), (url, refused.text)
            said = tool(ada, "add_document", url=url)
            assert said["isError"], url
            asked.append((refused.status_code, said))
        for url in OTHER:
            assert ada.post("/v1/documents", json={"url": url}).status_code == 422, url
            assert tool(ada, "add_document", url=url)["isError"], url
        assert inner.requests == []
        assert home.entries() == before
    assert [number for number, _ in asked].count(403) >= 14


def test_api7_server_side_request_forgery_what_a_page_cannot_be_fetched_for_has_its_status(home):
    with home.client("ada") as ada:
        for url, number, code in (
            ("http://no-such-name.invalid/", 502, "source-unreachable"),
            ("http://10.0.0.1/", 403, "address-refused"),
            ("http://" + "a" * 300 + ".example/", 502, "source-unreachable"),
            ("http://no-such-name.invalid/" + "a" * 300, 502, "source-unreachable"),
        ):
            refused = ada.post("/v1/documents", json={"url": url})
            assert (refused.status_code, refused.json()["type"]) == (number, f"urn:cited:problem:{code}"), url


# API8: security misconfiguration


def test_api8_security_misconfiguration_every_answer_of_the_page_keeps_it_to_itself(home):
    with home.client("rex", Origin="https://evil.example") as rex:
        for path in (
            "/",
            "/config",
            "/strings.json",
            "/v1/documents",
            "/docs",
            "/page/room.js",
            "/reading/none",
        ):
            headers = rex.get(path).headers
            assert headers["x-content-type-options"] == "nosniff"
            assert headers["referrer-policy"] == "no-referrer"
            assert "default-src 'self'" in headers["content-security-policy"]
            assert "private" in headers["cache-control"] or "no-store" in headers["cache-control"]
            assert [name for name in headers if name.startswith("access-control-")] == []
            assert "server" not in headers
        asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}
        preflight = rex.options("/gradio_api/component_server", headers=asked | {"Host": "cited.example"})
        assert [name for name in preflight.headers if name.startswith("access-control-")] == []


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example", "[", "a b", ""]
)
def test_api8_security_misconfiguration_a_foreign_host_reaches_nothing_of_a_server_for_this_machine(
    library, browser, host
):
    from app.answer import Answerer

    with everything(library, Answerer(library)) as address:
        assert httpx.get(f"{address}/v1/documents").status_code == 200
        for path in ("/", "/v1/documents", "/config", "/strings.json", "/model", "/health"):
            head = f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode()
            assert raw(address, head).split(b" ")[1] in (b"403", b"400"), path
        call = b'{"jsonrpc":"2.0","id":1,"method":"tools/list"}'
        accept = "Accept: application/json, text/event-stream\r\nConnection: close"
        head = (
            f"POST /mcp HTTP/1.1\r\nHost: {host}\r\n{JSON}\r\n{accept}\r\nContent-Length: {len(call)}\r\n\r\n"
        )
        assert raw(address, head.encode() + call).split(b" ")[1] in (b"403", b"400", b"421")


def test_api8_security_misconfiguration_with_users_a_foreign_host_gains_nothing(home):
    for host in ("evil.example", "["):
        headers = {"Host": host, "Accept": "text/html"}
        led = httpx.get(home.address, headers=headers)
        assert (led.status_code, led.headers["location"]) == (303, "/login?next=%2F")
        assert host not in httpx.get(f"{home.address}/login", headers=headers).text
        assert httpx.get(f"{home.address}/v1/documents", headers={"Host": host}).status_code == 401


@pytest.mark.parametrize("method", ["TRACE", "TRACK", "DEBUG", "PROPFIND", "PUT", "PATCH", "BREW"])
def test_api8_security_misconfiguration_other_methods_do_nothing(home, method):
    for path in (
        "/",
        "/v1/ask",
        "/v1/documents",
        "/mcp",
        "/login",
        "/logout",
        "/health",
        f"/reading/{home.lamp}",
    ):
        said = raw(
            home.address,
            request(home, path, "X-Secret: seen", "Connection: close", "Content-Length: 0", method=method),
        )
        assert said.split(b" ")[1] in (b"400", b"403", b"404", b"405", b"501"), path
        assert b"seen" not in said


def test_api8_security_misconfiguration_errors_tell_nothing_of_the_inside(home, monkeypatch):
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError(f"a secret at {home.library.folder}")

    for name in ("entries", "document"):
        monkeypatch.setattr(home.library, name, broken)
    monkeypatch.setattr(home.answerer, "stream", broken)
    with home.client("ada", Connection="close") as ada:
        answers = [
            ada.get("/v1/documents"), ada.get(f"/v1/documents/{home.lamp}"),
            ada.post("/v1/ask", json={"question": DUG}),
            ada.post("/v1/ask", json={"question": DUG, "stream": True}),
            ada.post("/write", json={"question": DUG}),
            component(ada, "documents", "library"), component(ada, "ask", "room", question=DUG),
            ada.get(f"/reading/{home.lamp}"), called(ada, "resources/list"),
            called(ada, "resources/read", uri="cited://documents/x"),
            called(ada, "tools/call", name="list_documents", arguments={}),
            ada.post("/gradio_api/run/ask", json={"data": [DUG, []], "session_hash": "s"}),
        ]  # fmt: skip
    for answer in answers:
        assert "secret" not in answer.text, answer.request.url
        assert str(home.library.folder) not in answer.text
        assert "Traceback" not in answer.text


def test_api8_security_misconfiguration_no_file_of_the_machine_is_served(home):
    catalog = home.library.folder / "catalog.sqlite"
    with home.client("ada") as ada:
        for path in (catalog, home.library.folder / "access.sqlite", "/etc/passwd", Path(__file__)):
            for way in (
                *(
                    f"/gradio_api/file={path}",
                    f"/gradio_api/file/{path}",
                    f"/page/{path}",
                    f"/reading/{path}",
                ),
                *(
                    f"/page/../../{path}",
                    "/page/%2e%2e/%2e%2e/page.py",
                    f"/evaluations/..%2f..%2f{path}.html",
                ),
            ):
                assert ada.get(way).status_code in (400, 403, 404), way


def test_api8_security_misconfiguration_no_key_password_or_session_is_in_the_log_or_the_audit_trail(
    home, caplog
):
    caplog.set_level("DEBUG")
    with home.logged_in("ada") as ada, home.client("rex") as rex:
        session = ada.cookies["cited_session"]
        rex.post("/v1/ask", json={"question": DUG})
        httpx.post(f"{home.address}/login", data={"name": "ada", "password": "a wrong password"})
        httpx.get(f"{home.address}/v1/documents", headers={"Authorization": "Bearer cited_wrong-key"})
        component(rex, "ask", "room", question=DUG)
        ada.post("/logout")
    trail = (home.library.folder / "audit.jsonl").read_text()
    key = home.keys["rex"]["Authorization"].removeprefix("Bearer ")
    ours = "\n".join(
        r.getMessage() for r in caplog.records if not r.name.startswith(("httpcore", "httpx", "hpack"))
    )
    for secret in (PASSWORD, "a wrong password", session, key, "cited_wrong-key", DUG, "1871"):
        assert secret not in trail
        assert secret not in ours


def test_api8_security_misconfiguration_the_audit_trail_says_who_did_what(home):
    with home.client("eve") as eve:
        added = eve.post("/v1/documents", files={"file": ("trail.md", b"# Trail\n\nA trail.\n")}).json()[
            "document_id"
        ]
        eve.post("/v1/ask", json={"question": DUG})
        component(eve, "suggest", "room", documents=[])  # what the server asks itself is nobody's question
        eve.delete(f"/v1/documents/{added}")
        eve.get("/metrics")
    lines = [line for line in home.audited() if line["who"] == "eve"]
    assert [(line["action"], line["what"]) for line in lines[-3:]] == [
        ("add", added),
        ("question", ""),
        ("delete", added),
    ]
    assert {line["address"] for line in lines} == {"127.0.0.1"}


# API9: improper inventory management


def test_api9_improper_inventory_management_the_description_names_every_route_of_v1(home):
    from app.chat.library_jobs import Jobs
    from app.service.api import application
    from app.service.limits import USUAL
    from app.service.service import service_of

    evaluations = PageEvaluations(home.answerer)
    observed = application(service_of(home.answerer, evaluations, Jobs(lambda: None), USUAL), lambda: True)
    api = observed.app.app  # within what counts and what limits
    there = {
        (method, path)
        for path, methods in routes_of(api.routes)
        for method in methods
        if path.startswith("/v1")
    }
    with home.client("rex") as rex:
        described = rex.get("/openapi.json").json()["paths"]
        shown = rex.get("/docs").text
    assert {(method.upper(), path) for path, methods in described.items() for method in methods} == there
    assert all(path in shown for _, path in there)
    beside = {path for path, _ in routes_of(api.routes)} - set(described)
    assert beside == {"/openapi.json", "/docs", "/health", "/ready", "/metrics"}


def test_api9_improper_inventory_management_what_is_served_beside_it_is_known(home, library):
    from app.answer import Answerer
    from app.serving import access_of, application
    from app.settings import Settings

    settings = Settings(library.folder)
    app = application(Answerer(library), PageEvaluations(home.answerer), access_of(settings))
    own = {
        getattr(r, "path", "") for r in app.routes if isinstance(r, Route | Mount) or hasattr(r, "methods")
    }
    assert own == {
        *("/mcp", "/page", "/strings.json", "/account.json", "/reading/{document_id}", "/write", "/model"),
        *("/model/look", "/model/remove", "/evaluations/{run}.html", ""),
    }  # fmt: skip
    app.state.jobs.close()


# API10: unsafe consumption of APIs


@pytest.mark.parametrize(
    "reply",
    [
        Status(302, headers={"Location": "http://169.254.169.254/latest/meta-data/"}),
        Status(307, headers={"Location": "{inner}/chat/completions"}),
        Endless("<b>and so on</b> "), Endless("x" * 10_000, raw=True), Status(200, b"\x00" * 3_000_000),
        Status(500, b"<script>alert(1)</script>" * 1000),
    ],
)  # fmt: skip
def test_api10_unsafe_consumption_of_apis_a_hostile_model_endpoint_gives_quotations(home, reply):
    with scripted() as inner:
        if isinstance(reply, Status):
            headers = {name: value.format(inner=inner.url) for name, value in reply.headers.items()}
            reply = Status(reply.code, reply.body, headers)
        with scripted(reply) as endpoint, home.client("rex") as rex:
            home.answerer.model = connect("scripted", endpoint.url)
            try:
                answer = rex.post("/v1/ask", json={"question": DUG, "mode": "model"}).json()
            finally:
                home.answerer.model = None
        assert inner.requests == []  # nobody is sent on
    assert [c["cited_text"] for c in answer["citations"]] == ["The harbour of Marrow was dug in 1871."]
    assert (answer["mode"], bool(answer["notice"])) == ("quote", True)
    assert len(json.dumps(answer)) < 100_000
