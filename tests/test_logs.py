import io
import json
import logging
import re

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.routing import Mount, Route
from starlette.testclient import TestClient

from app import logs
from app.access.principal import Principal, acting_as
from app.logs import RequestLog, Routed, asked, begin, request_id


@pytest.fixture
def told():
    """Begins a log into memory and gives it; puts everything back afterwards."""
    root = logging.getLogger()
    before = root.level, list(root.handlers)
    levels = {name: logging.getLogger(name).level for name in (*logs.QUIET, "uvicorn.error")}
    written = io.StringIO()

    def start(log_format: str = "json", log_level: str = "info", questions: bool = False) -> io.StringIO:
        begin(log_format, log_level, questions, written)
        return written

    yield start
    root.handlers[:] = before[1]
    root.setLevel(before[0])
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)
    logs._questions = False


def lines(written: io.StringIO) -> list[dict]:
    return [json.loads(line) for line in written.getvalue().splitlines()]


def page(request: Request) -> PlainTextResponse:
    return PlainTextResponse(request_id.get())


def fail(_: Request) -> PlainTextResponse:
    raise ValueError("the bridge was opened in 1932")


async def stream(_: Request) -> StreamingResponse:
    async def pieces():
        yield request_id.get()

    return StreamingResponse(pieces())


ROUTES = [
    Route("/reading/{name}", page),
    Route("/fail", fail),
    Route("/stream", stream),
    Mount("/page", routes=[Route("/inner/{part}", page)]),
]


@pytest.fixture
def client() -> TestClient:
    routed = Routed(Starlette(routes=ROUTES))

    async def guarded(scope, receive, send):
        """As access control does it: in the name of somebody, and with a scope of its own."""
        with acting_as(Principal("anna", "reader", None)):
            await routed({**scope}, receive, send)

    return TestClient(RequestLog(guarded), raise_server_exceptions=False)


def test_a_request_is_one_object_with_the_template_of_its_path(told, client):
    written = told()
    client.get("/reading/coffee-23a72f0e?q=secret", headers={"X-Request-ID": "a.b-1"})
    (line,) = lines(written)
    assert re.fullmatch(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00", line.pop("time"))
    assert 0 < line.pop("ms") < 1000
    assert line == {
        "level": "info", "logger": "cited.request", "message": "", "request_id": "a.b-1",
        "method": "GET", "path": "/reading/{name}", "status": 200, "principal": "anna",
    }  # fmt: skip


def test_what_no_route_takes_shows_only_the_beginning_of_its_path(told, client):
    written = told()
    client.get("/who%20wrote%20this/letter%0a")
    client.get("/a" + "b" * 100)
    assert [(line["path"], line["status"]) for line in lines(written)] == [
        ("/who wrote this/…", 404),
        ("/a" + "b" * 39, 404),
    ]


@pytest.mark.parametrize("path", ["/reading/x", "/stream", "/page/inner/x"])
def test_a_request_keeps_its_sane_id_and_the_answer_carries_it(told, client, path):
    told()
    answer = client.get(path, headers={"X-Request-ID": "5f0c-A"})
    assert answer.headers["X-Request-ID"] == "5f0c-A"
    assert answer.text == "5f0c-A"
    assert request_id.get() == ""


@pytest.mark.parametrize("name", ["", "a b", "x" * 65, 'a"b', "a\tb", "é".encode().decode("latin1")])
def test_an_id_that_could_be_anything_is_replaced(told, client, name):
    told()
    answer = client.get("/reading/x", headers={"X-Request-ID": name.encode("latin1")})
    assert re.fullmatch("[0-9a-f]{16}", answer.headers["X-Request-ID"])
    assert answer.text == answer.headers["X-Request-ID"]


def test_without_access_control_the_local_owner_asks(told):
    written = told()
    TestClient(RequestLog(Starlette(routes=ROUTES))).get("/page/inner/x")
    (line,) = lines(written)
    assert (line["principal"], line["path"]) == ("(local owner)", "/page/inner/{part}")


def test_what_is_below_finds_the_id_in_the_headers_and_the_state(told):
    told()

    async def below(scope, receive, send):
        headers = dict(scope["headers"])
        text = f"{headers[b'x-request-id'].decode()} {scope['state']['request_id']}"
        await PlainTextResponse(text)(scope, receive, send)

    answer = TestClient(RequestLog(below)).get("/")
    assert answer.text.split() == [answer.headers["X-Request-ID"]] * 2


def test_a_failure_is_an_error_that_says_where_and_not_what(told, client):
    written = told()
    assert client.get("/fail").status_code == 500
    (request,) = lines(written)
    assert (request["level"], request["status"], request["path"]) == ("error", 500, "/fail")
    try:
        fail(None)
    except ValueError:
        logging.getLogger("cited").exception("it failed")
    error = lines(written)[1]
    assert error["message"] == "it failed"
    assert error["error"] == "ValueError"
    assert error["frames"][-1].endswith(" fail")
    assert "1932" not in written.getvalue()


def test_questions_are_told_only_where_they_are_wanted(told):
    written = told()
    asked("When was it opened?", True, "quote", 31.26)
    told(questions=True)
    asked("When was it opened?", False, "quote", 20)
    without, with_question = lines(written)
    assert (without["message"], without["mode"], without["ms"]) == ("answered", "quote", 31.3)
    assert "question" not in without
    assert (with_question["message"], with_question["question"]) == ("refused", "When was it opened?")


def test_people_get_short_lines(told, client):
    written = told("text")
    client.get("/reading/x", headers={"X-Request-ID": "abc"})
    asked("When?", True, "quote", 31)
    first, second = written.getvalue().splitlines()
    assert re.fullmatch(
        r"\d\d:\d\d:\d\d info cited\.request GET /reading/\{name\} 200 \d+ ms anna abc", first
    )
    assert second.endswith("info cited.asked answered 31 ms answered=True mode='quote'")


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_a_line_stays_one_line_whatever_is_in_it(told, log_format):
    written = told(log_format)
    logging.getLogger("x").info("one\ntwo\x1b[31m\u2028three")
    assert len(written.getvalue().splitlines()) == 1
    assert "\x1b" not in written.getvalue()


@pytest.mark.parametrize("log_format", ["text", "json"])
@pytest.mark.parametrize("key", ["Bearer abcdefgh12345", "sk-proj-abcdefgh12345", "cited_abcdefgh12345"])
def test_keys_are_not_told(told, log_format, key):
    written = told(log_format)
    logging.getLogger("x").info("sent with %s to it", key)
    assert "abcdefgh12345" not in written.getvalue()
    assert "••••" in written.getvalue()


def test_the_level_is_the_least_that_is_told_and_other_libraries_requests_are_not(told, client):
    written = told(log_level="warning")
    client.get("/reading/x")
    logging.getLogger("cited").warning("look")
    told(log_level="debug")
    logging.getLogger("httpx").info("GET http://there/?question=secret")
    logging.getLogger("cited").debug("see")
    assert [line["message"] for line in lines(written)] == ["look", "see"]


def test_beginning_again_replaces_what_began_before(told):
    written = told("text")
    told("json")
    logging.getLogger("x").info("once")
    assert [line["message"] for line in lines(written)] == ["once"]
