"""What the page's server says of a language model and while one writes, over the real endpoint's wire."""

import json
import time
from collections.abc import Iterator

import httpx
import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from app.answer import Answerer
from app.chat import model_settings, writing
from app.llm import connect
from index.library import Library
from ingest.read import read_bytes
from tests.conftest import served
from tests.scripted_endpoint import Status, Text, scripted

TEXT = (
    "# The harbour\n\nThe lighthouse of Cape Marrow was finished in 1871. It has a red lamp.[^1]\n\n"
    "[^1]: The lamp was green until the great storm of 1890.\n"
)
QUESTION = {"question": "When was the lighthouse of Cape Marrow finished?"}
TRUE = "The lighthouse of Cape Marrow was finished in 1871."
FALSE = "The lighthouse of Cape Marrow was finished in 1971."


@pytest.fixture(scope="module")
def answerer(tmp_path_factory: pytest.TempPathFactory, embedder) -> Iterator[Answerer]:
    with Library(tmp_path_factory.mktemp("writing") / "library", embedder) as library:
        library.add(read_bytes(TEXT.encode(), name="harbour.md", source="harbour.md"))
        yield Answerer(library)


@pytest.fixture
def address(answerer: Answerer) -> Iterator[str]:
    app = FastAPI()
    writing.routes(app, answerer)
    with served(app) as at:
        yield f"{at}write"
    answerer.model = None


def events(body: str) -> list[tuple[str, dict]]:
    """The events of a stream, comments left out."""
    blocks = [block.split("\n") for block in body.split("\n\n") if block and not block.startswith(":")]
    return [(name.removeprefix("event: "), json.loads(data.removeprefix("data: "))) for name, data in blocks]


def test_each_checked_sentence_is_an_event_and_the_whole_turn_the_last(address: str, answerer: Answerer):
    with scripted(Text(f"{TRUE} [1] {FALSE} [1]")) as endpoint:
        answerer.model = connect("scripted", endpoint.url)
        response = httpx.post(address, json=QUESTION, timeout=30)
    assert response.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert response.headers["cache-control"] == "no-store"
    (first, part), (second, left_out), (last, turn) = events(response.text)
    assert (first, second, last) == ("part", "left-out", "turn")
    assert (part["text"], part["markers"], part["begins"]) == (TRUE, [1], True)
    assert [(card["marker"], card["quoted"]) for card in part["cards"]] == [(1, TRUE)]
    assert left_out["text"] == FALSE
    assert left_out["reason"]
    assert turn["cards"] == part["cards"]
    assert turn["parts"] == [{"text": TRUE, "markers": [1], "begins": True}]
    assert (turn["mode"], turn["unsupported"], turn["notice"]) == ("scripted", [left_out], None)


def test_a_card_of_a_footnote_names_the_sentence_that_refers_to_it_at_once(address: str, answerer: Answerer):
    with scripted(Text(f"{TRUE} [1] The lamp was green until the great storm of 1890. [2]")) as endpoint:
        answerer.model = connect("scripted", endpoint.url)
        *_, (_, part), (_, turn) = events(httpx.post(address, json=QUESTION, timeout=30).text)
    assert [(card["kind"], card["referring"]) for card in part["cards"]] == [
        ("footnote", "It has a red lamp.")
    ]
    assert turn["cards"][1:] == part["cards"]


def test_errors_are_told_as_an_event(address: str, answerer: Answerer):
    with scripted(Text("Yes.")) as endpoint:
        answerer.model = connect("scripted", endpoint.url)
        ((name, said),) = events(httpx.post(address, json={"question": " "}, timeout=30).text)
    assert (name, said) == ("error", {"error": "the question is empty; ask something in words"})
    answerer.model = None
    ((name, said),) = events(httpx.post(address, json=QUESTION, timeout=30).text)
    assert (name, "no language model" in said["error"]) == ("error", True)


@pytest.mark.parametrize(
    ("body", "kind"),
    [(b"[1]", "application/json"), (b"{", "application/json"), (b'{"question": "a"}', "text/plain")],
)
def test_what_is_no_json_object_is_refused(address: str, body: bytes, kind: str):
    assert httpx.post(address, content=body, headers={"Content-Type": kind}).status_code == 422


def test_silence_is_filled_with_comments(address: str, answerer: Answerer, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(writing, "HEARTBEAT", 0.1)
    with scripted(Text(TRUE, delay=1)) as endpoint:
        answerer.model = connect("scripted", endpoint.url)
        body = httpx.post(address, json=QUESTION, timeout=30).text
    assert body.startswith(": still at it\n\n: still at it\n\n")
    assert [name for name, _ in events(body)] == ["part", "turn"]


@pytest.mark.parametrize("reply", [Text(TRUE, size=1, pause=0.3), Text(TRUE, delay=0.5, pause=30)])
def test_the_model_is_stopped_within_a_second_when_the_browser_leaves(
    address: str, answerer: Answerer, reply: Text
):
    with scripted(reply) as endpoint:
        answerer.model = connect("scripted", endpoint.url)
        with httpx.stream("POST", address, json=QUESTION, timeout=30) as response:
            assert response.status_code == 200
            wait_for(endpoint)
            time.sleep(0.7)
        assert endpoint.asked[0].left.wait(1)


def wait_for(endpoint) -> None:
    """Wait until the endpoint is asked; the packages that ask take seconds to import."""
    end = time.monotonic() + 30
    while not endpoint.asked and time.monotonic() < end:
        time.sleep(0.02)


def settings_client(answerer: Answerer, may_configure: bool = True) -> TestClient:
    app = FastAPI()
    model_settings.routes(app, answerer, may_configure)
    return TestClient(app, base_url="http://127.0.0.1:7860")


@pytest.fixture
def client(answerer: Answerer) -> Iterator[TestClient]:
    yield settings_client(answerer)
    answerer.model = None


def test_a_model_is_connected_once_its_endpoint_answers_and_its_key_stays_here(
    client: TestClient, answerer: Answerer
):
    with scripted(Text(TRUE), names=("small",)) as endpoint:
        asked = {"endpoint": f"{endpoint.url}/", "model": "small", "api_key": "sk-secret-7"}
        assert client.post("/model/look", json=asked).json() == {"models": ["small"]}
        said = client.post("/model", json=asked)
        state = {
            "model": "small", "host": None, "may_configure": True, "endpoint": endpoint.url, "has_key": True,
        }  # fmt: skip
        assert said.json() == client.get("/model").json() == state
        again = client.post("/model", json={"endpoint": endpoint.url, "model": "small"})
        assert again.json() == state
        assert {request.headers["authorization"] for request in endpoint.requests} == {"Bearer sk-secret-7"}
    assert client.post("/model/remove", json={}).json()["model"] is None
    assert answerer.model is None


def test_a_key_is_not_sent_to_another_endpoint(client: TestClient):
    with scripted(names=("a",)) as one, scripted(names=("b",)) as other:
        client.post("/model", json={"endpoint": one.url, "model": "a", "api_key": "sk-secret-7"})
        assert client.post("/model", json={"endpoint": other.url, "model": "b"}).json()["has_key"] is False
        assert "sk-secret-7" not in json.dumps([request.headers for request in other.requests])


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, "name the model"),
        ({"model": "m"}, "give the endpoint's address"),
        ({"model": "/tmp/a.gguf"}, "named with --model"),
        ({"model": "m", "endpoint": "127.0.0.1:11434"}, "http://"),
        ({"model": "m", "endpoint": "http://user:pass@127.0.0.1/v1"}, "password"),
        ({"model": 1, "endpoint": []}, "name the model"),
    ],
)
def test_what_cannot_be_a_model_is_told_and_changes_nothing(
    client: TestClient, answerer: Answerer, given: dict, message: str
):
    assert message in client.post("/model", json=given).json()["error"]
    assert answerer.model is None


def test_an_endpoint_that_refuses_is_told_and_changes_nothing(client: TestClient, answerer: Answerer):
    with scripted(Status(500), names=()) as endpoint:
        said = client.post("/model", json={"endpoint": endpoint.url, "model": "m", "api_key": "sk-secret-7"})
    assert said.json()["error"]
    assert "sk-secret-7" not in said.text
    assert answerer.model is None


def test_who_may_not_configure_sees_the_model_and_no_more(answerer: Answerer):
    answerer.model = connect("m", "http://192.0.2.7:8000/v1")
    client = settings_client(answerer, may_configure=False)
    assert client.get("/model").json() == {"model": "m", "host": "192.0.2.7", "may_configure": False}
    assert client.post("/model", json={}).status_code == 405
    assert client.post("/model/remove", json={}).status_code == 404
    answerer.model = None


def test_a_page_from_elsewhere_that_points_its_name_here_cannot_configure(client: TestClient):
    for host in ("evil.example:7860", "0.0.0.0:7860", "[::]", ""):
        assert client.post("/model/remove", json={}, headers={"Host": host}).status_code == 403
    assert client.post("/model/remove", json={}, headers={"Host": "localhost:7860"}).status_code == 200


def test_only_a_loopback_address_is_reached_from_here_alone():
    for host in ("127.0.0.1", "127.8.0.1", "::1", "localhost"):
        assert model_settings.listens_here(host)
    for host in ("0.0.0.0", "::", "192.168.1.2", "example.org", ""):
        assert not model_settings.listens_here(host)
