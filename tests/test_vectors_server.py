"""Vectors on a real Chroma server, behind a proxy that knows tokens and TLS where that matters."""

import http.client
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from uuid import uuid4

import pytest

from index import vectors_server
from index.place import Servers
from index.vectors import BATCH
from index.vectors_server import ServerVectors, version_of
from ingest.errors import LibraryDamaged, LibraryError
from tests.test_vectors import unit


def on(url: str, name: str, token: str | None = None, new: bool = True) -> ServerVectors:
    return ServerVectors(Servers("postgresql:///x", url, token), lambda: name, new)


@pytest.fixture
def name() -> str:
    """Of a collection that nobody else has."""
    return f"cited-{uuid4().hex}"


@pytest.fixture
def vectors(chroma_server, name) -> Iterator[ServerVectors]:
    opened = on(chroma_server.url, name)
    yield opened
    opened.remove(name)
    opened.close()


def test_vectors_are_written_found_listed_and_deleted_as_in_a_folder(vectors):
    assert (vectors.count(), vectors.search(unit(1)[0], 5)) == (0, [])
    count = BATCH + 7
    drawn, ids = unit(count), [f"v{n}" for n in range(count)]
    vectors.add(ids, drawn)
    assert vectors.search(drawn[BATCH], 1) == [(f"v{BATCH}", pytest.approx(1, abs=1e-6))]
    assert len(vectors.search(drawn[0], 100)) == 100
    assert vectors.ids() == set(ids)
    vectors.add(["v0"], drawn[1][None])
    assert vectors.count() == count
    vectors.delete([*ids[1:], "never there"])
    assert vectors.search(drawn[1], 3) == [("v0", pytest.approx(1, abs=1e-6))]


def test_two_that_are_open_see_each_others_vectors_at_once(vectors, chroma_server, name):
    other = on(chroma_server.url, name)
    vectors.add(["a"], unit(1))
    assert other.search(unit(1)[0], 1)[0][0] == "a"
    other.delete(["a"])
    assert vectors.search(unit(1)[0], 1) == []
    other.close()


def test_libraries_on_one_server_do_not_see_each_other(vectors, chroma_server, name):
    other = on(chroma_server.url, f"{name}-other")
    vectors.add(["a"], unit(1, 8))
    other.add(["b"], unit(1, 4))
    assert (vectors.ids(), other.ids()) == ({"a"}, {"b"})
    other.remove(f"{name}-other")
    assert vectors.count() == 1
    other.close()


def test_a_collection_that_is_gone_is_damage_and_one_of_the_same_name_is_used(vectors, chroma_server, name):
    other = on(chroma_server.url, name)
    vectors.remove(name)
    vectors.remove(name)
    with pytest.raises(LibraryDamaged, match="cited doctor --repair"):
        other.search(unit(1)[0], 1)
    with pytest.raises(LibraryDamaged, match="cited doctor --repair"):
        on(chroma_server.url, name, new=False)
    vectors.make(name)
    assert other.count() == 0
    other.close()


def test_a_vector_of_another_size_is_damage_that_names_the_server(vectors, chroma_server):
    vectors.add(["a"], unit(1, 8))
    with pytest.raises(LibraryDamaged, match=rf"{chroma_server.url}.*dimension of 8, got 4"):
        vectors.search(unit(1, 4)[0], 1)


def test_a_server_that_is_not_there_is_an_error_that_says_what_to_do(name):
    with pytest.raises(LibraryError, match=r"http://127.0.0.1:9 does not answer .*try again") as raised:
        on("http://127.0.0.1:9", name)
    assert not isinstance(raised.value, LibraryDamaged)


def test_a_password_in_the_address_is_not_told(name):
    with pytest.raises(LibraryError) as raised:
        on("http://me:secret@127.0.0.1:9", name)
    assert "secret" not in str(raised.value)


class Proxy(BaseHTTPRequestHandler):
    """Passes on what has the token; answers else as proxies do. said: in place of passing anything on."""

    upstream: str
    said: tuple[int, str, bytes] | None = None

    def handle_all(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        tokens = {self.headers.get("Authorization"), self.headers.get("X-Chroma-Token")}
        if self.said:
            status, kind, answer = self.said
        elif tokens != {"Bearer open sesame", "open sesame"}:
            status, kind, answer = 401, "text/html", b"<h1>Who are you?</h1>"
        else:
            line = http.client.HTTPConnection(self.upstream.removeprefix("http://"))
            line.request(self.command, self.path, body, {"Content-Type": "application/json"})
            response = line.getresponse()
            status, kind, answer = response.status, "application/json", response.read()
            line.close()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    do_GET = do_POST = do_DELETE = do_PUT = handle_all  # noqa: N815

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def proxied(upstream: str, said=None, context: ssl.SSLContext | None = None) -> Iterator[str]:
    """The address of a proxy."""
    handler = type("Handler", (Proxy,), {"upstream": upstream, "said": said})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    if context:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"{'https' if context else 'http'}://localhost:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_the_token_opens_a_proxy_that_refuses_without_it(chroma_server, name):
    with proxied(chroma_server.url) as url:
        with pytest.raises(
            LibraryError, match="answers 401 Unauthorized; give its token in CITED_VECTORS_TOKEN"
        ):
            on(url, name)
        opened = on(url, name, "open sesame")
        opened.add(["a"], unit(1))
        assert opened.search(unit(1)[0], 1)[0][0] == "a"
        opened.remove(name)
        opened.close()


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ((502, "text/html", b"<h1>Bad Gateway</h1>"), "answers 502 Bad Gateway"),
        ((503, "application/json", b"{}"), "answers 503 Service Unavailable"),
        ((404, "text/html", b"no such page"), "answers 404 Not Found"),
        ((301, "text/html", b""), "answers 301 Moved Permanently"),
        ((200, "text/html", b"<h1>Welcome</h1>"), "failed"),
        ((500, "application/json", b'{"error": "InternalError", "message": "disk"}'), r"failed \(disk\)"),
    ],
)
def test_what_no_chroma_server_says_is_an_error_that_can_be_tried_again(name, said, words):
    with proxied("", said) as url, pytest.raises(LibraryError, match=words) as raised:
        on(url, name)
    assert type(raised.value) is LibraryError
    assert "try again" in str(raised.value)


def test_tls_is_checked_and_a_certificate_can_be_trusted(chroma_server, name, tmp_path, monkeypatch):
    files = ["-keyout", str(tmp_path / "key.pem"), "-out", str(tmp_path / "cert.pem")]
    subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *subject, *files]
    subprocess.run(command, check=True, capture_output=True)
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")
    with proxied(chroma_server.url, context=serving) as url:
        with pytest.raises(LibraryError, match="certificate verify failed"):
            on(url, name, "open sesame")
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "cert.pem"))
        opened = on(url, name, "open sesame")
        assert opened.count() == 0
        assert version_of(Servers("", url, "open sesame"))
        opened.remove(name)
        opened.close()


def test_after_a_restart_of_the_server_the_next_call_succeeds(vectors, chroma_server):
    vectors.add(["a"], unit(1))
    chroma_server.stop()
    try:
        with pytest.raises(LibraryError, match="does not answer"):
            vectors.count()
    finally:
        chroma_server.start()
    assert vectors.search(unit(1)[0], 1) == [("a", pytest.approx(1, abs=1e-6))]


def test_a_call_while_the_server_starts_again_is_tried_again(vectors, chroma_server, monkeypatch):
    vectors.add(["a"], unit(1))
    chroma_server.kill()
    monkeypatch.setattr(vectors_server, "sleep", lambda _: chroma_server.start())
    assert vectors.count() == 1
