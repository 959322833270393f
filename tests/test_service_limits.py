"""What the HTTP interface does with too much, too slow, too often, and with what takes too long."""

import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from urllib.parse import urlsplit

import httpx
import pytest

from app.answer import Answer, Answerer
from app.service.limits import MOST_CLIENTS, Buckets, Limits, is_loopback
from index.library import Library
from tests.test_service_api import QUESTION, offered

WHO = {"question": "Who?"}


@pytest.fixture(scope="module")
def answerer(sample_library: Library) -> Answerer:
    made = Answerer(sample_library)
    made.warm_up()
    return made


@contextmanager
def sent(client: httpx.Client, *pieces: bytes, pause: float = 0.0) -> Iterator[socket.socket]:
    """A connection on which this was sent, a piece after the other, as long as the server reads."""
    at = urlsplit(str(client.base_url))
    assert at.hostname
    assert at.port
    with socket.create_connection((at.hostname, at.port), timeout=30) as opened:
        try:
            for piece in pieces:
                opened.sendall(piece)
                time.sleep(pause)
        except OSError:
            pass  # the server has hung up, and what it said before that is what counts
        yield opened


def status(opened: socket.socket) -> int:
    """Of the response on a connection, which the server closes."""
    said = b""
    try:
        while piece := opened.recv(65536):
            said += piece
    except ConnectionResetError:
        pass
    return int(said.split(b" ")[1])


def head(length: int | None, kind: str = "application/json", path: str = "/v1/ask") -> bytes:
    """Of a request with a body."""
    size = "Transfer-Encoding: chunked" if length is None else f"Content-Length: {length}"
    return f"POST {path} HTTP/1.1\r\nHost: a\r\nContent-Type: {kind}\r\n{size}\r\n\r\n".encode()


def chunk(data: bytes) -> bytes:
    return f"{len(data):x}\r\n".encode() + data + b"\r\n"


def test_a_body_that_says_it_is_too_large_is_refused_before_it_is_read(answerer):
    with offered(answerer) as client, sent(client, head(1_000_001)) as opened:
        assert status(opened) == 413


def test_a_body_that_does_not_say_how_large_it_is_is_refused_while_it_is_read(answerer):
    pieces = [chunk(b" " * 100_000)] * 11  # and no end
    with offered(answerer) as client, sent(client, head(None), *pieces) as opened:
        assert status(opened) == 413


def test_only_a_file_may_be_large(answerer, library):
    limits = Limits(body_bytes=1000, upload_bytes=50_000)
    with offered(Answerer(library, answerer.reader), limits=limits) as client:
        text = b"# Bridges\n\n" + b"The bridge was opened in 1932. " * 1000
        assert client.post("v1/documents", files={"file": ("bridge.md", text)}).status_code == 201
        assert client.post("v1/documents", files={"file": ("bridge.md", text * 2)}).status_code == 413
        assert client.post("v1/ask", files={"file": ("bridge.md", text)}).status_code == 413
        response = client.post("v1/ask", json={"question": "w" * 1000})
        assert response.status_code == 413
        assert response.json()["detail"] == "the body has more than 0.001 MB, which is the limit"


@pytest.mark.parametrize("pieces", [[], [b"{"], [b" "] * 12])
def test_a_body_that_does_not_come_is_not_waited_for(answerer, pieces):
    with (
        offered(answerer, limits=Limits(patience=0.5)) as client,
        sent(client, head(100), *pieces, pause=0.1) as opened,
    ):
        begun = time.monotonic()
        assert status(opened) == 408
        assert time.monotonic() - begun < 3


def test_a_body_that_comes_steadily_may_take_longer(answerer):
    body = b'{"question": "' + b"w" * 1000 + b'?"}'
    pieces = [body[at : at + 100] for at in range(0, len(body), 100)]
    once = head(len(body)).replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
    with (
        offered(answerer, limits=Limits(patience=0.3, slowest=500)) as client,
        sent(client, once, *pieces, pause=0.1) as opened,
    ):
        assert status(opened) == 200


@pytest.fixture
def slow(answerer: Answerer, monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Answers wait for this."""
    go, answer = threading.Event(), answerer.answer

    def slowly(*given: object) -> Answer:
        go.wait(30)
        return answer(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(answerer, "answer", slowly)
    yield go
    go.set()


def test_an_upload_that_takes_longer_than_its_sender_waits_is_added_and_told_as_done(library, caplog):
    made = Answerer(library)
    with offered(made, limits=Limits(seconds=0.01)) as client:
        file = {"file": ("mole.md", b"# The mole\n\nThe mole of Marrow was built in 1955 by Ida Holm.\n")}
        assert client.post("v1/documents", files=file).status_code == 504
        until = time.monotonic() + 60
        while not client.get("v1/documents").json()["documents"] and time.monotonic() < until:
            time.sleep(0.1)
    assert [entry.title for entry in library.entries()] == ["The mole"]
    assert "failed" not in caplog.text


def test_who_waits_too_long_is_told_so_and_the_next_one_is_answered(answerer, slow):
    with offered(answerer, limits=Limits(seconds=0.3)) as client:
        begun = time.monotonic()
        late = client.post("v1/ask", json=WHO)
        assert (late.status_code, late.json()["title"]) == (504, "Gateway Timeout")
        assert time.monotonic() - begun < 5
        chat = {"model": "cited", "messages": [{"role": "user", "content": "Who?"}]}
        assert client.post("v1/chat/completions", json=chat).json()["error"]["type"] == "server_error"
        slow.set()
    with offered(answerer) as client:
        assert client.post("v1/ask", json={"question": QUESTION}).json()["answered"] is True


def test_what_is_too_much_at_once_is_refused_and_there_is_room_again_afterwards(answerer, slow):
    limits = Limits(threads=1, in_flight=3)
    with offered(answerer, limits=limits) as client, ThreadPoolExecutor(5) as several:
        asked = [several.submit(client.post, "v1/ask", json={"question": QUESTION}) for _ in range(5)]
        while sum(one.done() for one in asked) < 2:
            time.sleep(0.01)
        assert client.get("health").status_code == 200
        slow.set()
        answers = [one.result() for one in asked]
        assert sorted(one.status_code for one in answers) == [200, 200, 200, 503, 503]
        assert {one.headers.get("retry-after") for one in answers if one.status_code == 503} == {"2"}
        assert client.post("v1/ask", json={"question": QUESTION}).status_code == 200


def test_a_client_that_asks_too_often_is_told_when_to_ask_again(answerer):
    limits = Limits(rate=0.5, burst=3, limit_loopback=True)
    with offered(answerer, limits=limits) as client:
        answers = [client.get("v1/models") for _ in range(4)]
        assert [one.status_code for one in answers] == [200, 200, 200, 429]
        assert answers[-1].headers["retry-after"] in ("1", "2", "3")
        assert answers[-1].json()["error"]["type"] == "rate_limit_error"
        assert client.get("v1/documents").headers["content-type"] == "application/problem+json"
        assert client.get("health").status_code == 200
    with offered(answerer, limits=Limits(rate=0.5, burst=3)) as client:
        assert {client.get("v1/models").status_code for _ in range(10)} == {200}


def test_a_bucket_fills_again_and_not_beyond_its_size():
    buckets = Buckets(rate=2.0, burst=3)
    assert [buckets.take("a", 0.0) for _ in range(4)] == [0, 0, 0, 0.5]
    assert buckets.take("b", 0.0) == 0
    assert [buckets.take("a", 0.5), buckets.take("a", 0.5)] == [0, 0.5]
    assert [buckets.take("a", 100.0) for _ in range(4)] == [0, 0, 0, 0.5]


def test_no_more_clients_are_remembered_than_there_is_room_for():
    buckets = Buckets(rate=1.0, burst=1)
    for client in range(MOST_CLIENTS + 5):
        buckets.take(str(client), 0.0)
    assert len(buckets._left) == MOST_CLIENTS
    assert buckets.take("0", 0.0) == 0


def test_which_addresses_are_of_this_machine():
    here = ("127.0.0.1", "127.9.9.9", "::1", "")
    assert [is_loopback(address) for address in (*here, "10.0.0.1", "2001:db8::1", "client")] == [
        *(True, True, True, True),
        *(False, False, False),
    ]
