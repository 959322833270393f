"""`ingest.fetch` against real servers: redirects, slow, endless and wrong answers, private addresses."""

import gzip
import io
import re
import socket
import ssl
import subprocess
import threading
import time
import zipfile
import zlib
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest

from ingest import connection
from ingest.addresses import Doors, checked_address, is_public
from ingest.errors import SourceMissing, SourceTooLarge, SourceUnreadable
from ingest.fetch import Fetched, Patience, fetch
from ingest.formats import named, suffix_of
from ingest.read import read_bytes

PAGE = b"""<!doctype html><html><head><title>The bridge</title></head><body><h1>The bridge</h1>
<p>The iron bridge over the Tarn was opened in 1932.</p></body></html>"""
HURRIED = Patience(connect=1, read=0.5, total=1.5)


class Site:
    """A web server on 127.0.0.1 whose pages are functions of the request; remembers what was asked."""

    def __init__(self) -> None:
        self.pages: dict[str, Callable[[BaseHTTPRequestHandler], None]] = {}
        self.asked: list[tuple[str, str]] = []
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                site.asked.append((self.headers["Host"], self.path))
                site.headers = self.headers
                page = site.pages.get(self.path.partition("?")[0])
                if page is None:
                    self.send_error(404)
                    return
                try:
                    page(self)
                except OSError:  # the reader has left
                    self.close_connection = True

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_port
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def url(self, path: str, host: str = "127.0.0.1") -> str:
        return f"http://{host}:{self.port}{path}"

    def add(
        self, path: str, body: bytes = PAGE, kind: str | None = "text/html", status: int = 200, **headers: str
    ) -> str:
        """A page; returns its URL. Underscores in header names stand for hyphens."""

        def answer(to: BaseHTTPRequestHandler) -> None:
            to.send_response(status)
            if kind is not None:
                to.send_header("Content-Type", kind)
            for name, value in headers.items():
                to.send_header(name.replace("_", "-"), value)
            to.send_header("Content-Length", str(len(body)))
            to.end_headers()
            to.wfile.write(body)

        self.pages[path] = answer
        return self.url(path)

    @property
    def doors(self) -> Doors:
        return Doors(allowed=(f"127.0.0.1:{self.port}",))

    def fetch(self, url: str, most_bytes: int = 1_000_000, patience: Patience = HURRIED) -> Fetched:
        return fetch(url, most_bytes, doors=self.doors, patience=patience)


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    site = Site()
    yield site
    site.server.shutdown()
    site.server.server_close()


# What comes


def test_a_page_comes_with_its_name_and_its_address(site):
    url = site.add("/history/bridge.html")
    got = site.fetch(f"{url}?lang=en#part-2")
    assert got == Fetched(PAGE, "bridge.html", f"{url}?lang=en")
    assert site.asked == [(f"127.0.0.1:{site.port}", "/history/bridge.html?lang=en")]
    document = read_bytes(got.data, name=got.name, source=got.source)
    assert document.title == "The bridge"
    assert document.source == f"{url}?lang=en"
    assert "opened in 1932" in document.text


def test_nothing_that_a_page_refers_to_is_fetched(site):
    page = PAGE.replace(
        b"<p>", b'<img src="/a.png"><script src="/b.js"></script><iframe src="/c"></iframe><p>'
    )
    site.fetch(site.add("/page", page))
    assert [path for _, path in site.asked] == ["/page"]


def test_redirects_are_followed_to_the_final_address(site):
    end = site.add("/end", PAGE)
    site.add("/one", b"", status=301, location="/two")
    site.add("/two", b"", status=302, location=end + "#x")
    assert site.fetch(site.url("/one")).source == end
    assert [path for _, path in site.asked] == ["/one", "/two", "/end"]


def test_cookies_of_a_redirect_are_sent_on(site):
    site.add("/end")
    site.fetch(site.add("/one", b"", status=302, location="/end", set_cookie="seen=yes"))
    assert site.headers["Cookie"] == "seen=yes"


def test_a_redirect_loop_ends_after_five(site):
    site.add("/a", b"", status=302, location="/b")
    site.add("/b", b"", status=302, location="/a")
    with pytest.raises(SourceUnreadable, match="leads on to other addresses more than 5 times"):
        site.fetch(site.url("/a"))
    assert len(site.asked) == 6


@pytest.mark.parametrize("location", ["file:///etc/passwd", "ftp://example.org/a", "gopher://127.0.0.1/x"])
def test_a_redirect_to_another_scheme_is_refused(site, location):
    with pytest.raises(SourceUnreadable, match="only http:// and https:// addresses can"):
        site.fetch(site.add("/a", b"", status=302, location=location))


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
def test_a_compressed_page_is_unpacked(site, encoding):
    body = {"gzip": gzip.compress, "deflate": zlib.compress}[encoding](PAGE)
    assert site.fetch(site.add("/a", body, content_encoding=encoding)).data == PAGE


@pytest.mark.parametrize("encoding", ["br", "gzip, gzip", "zstd"])
def test_another_compression_is_refused(site, encoding):
    with pytest.raises(SourceUnreadable, match=f"came compressed as {encoding}"):
        site.fetch(site.add("/a", PAGE, content_encoding=encoding))


@pytest.mark.parametrize(
    ("href", "own"),
    [
        ("/bridge", "/bridge"),
        ("bridge?id=1#top", "/old/bridge?id=1"),
        ("https://127.0.0.1/bridge", "https://127.0.0.1/bridge"),
        ("http://elsewhere.example/bridge", None),
        ("http://user:secret@127.0.0.1/bridge", None),
        ("javascript:alert(1)", None),
        ("http://[bad", None),
        ("/", None),
        ("/" + "x" * 3000, None),
    ],
)
def test_the_address_that_a_page_gives_as_its_own_counts_on_its_own_host(site, href, own):
    link = f'<link rel="Canonical" href="{href}"></head>'.encode()
    url = site.add("/old/page?", PAGE.replace(b"</head>", link))
    site.pages["/old/page"] = site.pages["/old/page?"]
    source = site.fetch(url.rstrip("?")).source
    assert source == {None: site.url("/old/page")}.get(own, own if "://" in str(own) else site.url(str(own)))


# Limits


def test_a_body_over_the_limit_ends_at_the_limit(site):
    sent = []

    def endless(to):
        to.send_response(200)
        to.send_header("Content-Type", "text/plain")
        to.end_headers()
        while True:
            sent.append(to.wfile.write(b"a sentence. " * 1000))

    site.pages["/endless"] = endless
    with pytest.raises(SourceTooLarge, match="more than the limit of 1 MB; raise it with --max-mb"):
        site.fetch(site.url("/endless"), patience=Patience(total=20))
    assert len(sent) < 2000


def test_a_compressed_body_counts_as_what_it_becomes(site):
    body = gzip.compress(b"a" * 5_000_000)
    with pytest.raises(SourceTooLarge):
        site.fetch(site.add("/a", body, content_encoding="gzip"))


def drip(to: BaseHTTPRequestHandler) -> None:
    to.send_response(200)
    to.end_headers()
    for _ in range(100):
        to.wfile.write(b"x")
        time.sleep(0.1)


def drip_headers(to: BaseHTTPRequestHandler) -> None:
    to.wfile.write(b"HTTP/1.1 200 OK\r\n")
    for n in range(100):
        to.wfile.write(f"X-{n}: y\r\n".encode())
        time.sleep(0.1)


def silence(to: BaseHTTPRequestHandler) -> None:
    time.sleep(3)


@pytest.mark.parametrize("page", [drip, drip_headers, silence])
def test_a_server_that_takes_too_long_is_given_up(site, page):
    site.pages["/slow"] = page
    start = time.monotonic()
    with pytest.raises(SourceMissing, match="did not answer in time"):
        site.fetch(site.url("/slow"))
    assert time.monotonic() - start < 2.8


@pytest.mark.parametrize(
    ("status", "advice"),
    [(404, "see that the address is right"), (403, "save the page with a browser"), (503, "try again later")],
)
def test_a_status_that_is_no_success_is_told_with_what_to_do(site, status, advice):
    url = site.add("/a", PAGE, status=status)
    with pytest.raises(SourceMissing, match=rf"{url} answered {status} .*; {advice}"):
        site.fetch(url)


def test_a_server_that_is_not_there_is_told(site):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/"
        with pytest.raises(SourceMissing, match=f"{url} cannot be fetched"):
            fetch(url, doors=Doors(all=True), patience=HURRIED)


@pytest.mark.parametrize(
    "answer", [b"rubbish\r\n\r\n", b"", b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nx"]
)
def test_a_server_that_speaks_nonsense_is_told(site, answer):
    def nonsense(to):
        to.wfile.write(answer)
        to.close_connection = True

    site.pages["/a"] = nonsense
    with pytest.raises(SourceMissing, match="cannot be fetched"):
        site.fetch(site.url("/a"))


def test_a_name_without_address_is_told():
    with pytest.raises(SourceMissing, match=r"the name nothing\.invalid cannot be resolved"):
        fetch("http://nothing.invalid/a", patience=HURRIED)


@pytest.mark.parametrize(
    "url",
    ["ftp://example.org/a", "http://", "https:///a", "http://a:b:c/", "http://\udcff/", "http://0177.0.0.1/"],
)
def test_what_is_no_web_address_is_refused(url):
    with pytest.raises(SourceUnreadable, match="fetched"):
        fetch(url)


def test_a_password_in_an_address_is_refused_and_not_repeated():
    with pytest.raises(SourceUnreadable, match="name or password") as caught:
        fetch("https://anna:secret@example.org/a")
    assert "secret" not in str(caught.value)


# Addresses


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1", "localhost", "2130706433", "017700000001", "0x7f.1", "127.1", "0.0.0.0", "10.0.0.1",
        "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "224.0.0.1", "255.255.255.255", "[::1]",
        "[::]", "[::ffff:127.0.0.1]", "[::127.0.0.1]", "[fe80::1]", "[fd00::1]", "[ff02::1]", "[fec0::1]",
        "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "[2001:0:0:0:0:0:80ff:fffe]",
    ],
)  # fmt: skip
def test_an_address_that_is_not_public_is_refused_before_anything_is_sent(site, host):
    site.add("/a")
    with pytest.raises(SourceUnreadable, match="add --allow-private"):
        fetch(site.url("/a", host), patience=HURRIED)
    assert site.asked == []


@pytest.mark.parametrize("address", ["93.184.215.14", "2606:2800:21f:cb07::1", "64:ff9b::5db8:d70e"])
def test_a_public_address_is_one(address):
    assert is_public(address)


def test_a_redirect_to_a_private_address_is_refused(site):
    other = Site()
    try:
        for url in (other.add("/secret"), site.url("/b", "localhost"), "http://169.254.169.254/latest"):
            with pytest.raises(SourceUnreadable, match="add --allow-private"):
                site.fetch(site.add("/a", b"", status=302, location=url))
        assert other.asked == []
        site.add("/a", b"", status=302, location=other.url("/secret"))
        assert fetch(site.url("/a"), doors=Doors(all=True)).data == PAGE
    finally:
        other.server.shutdown()
        other.server.server_close()


def test_a_name_with_one_private_address_among_others_is_refused_and_resolved_once(site, monkeypatch):
    asked = []

    def resolve(host, port, **_):
        asked.append(host)
        return [(0, 0, 0, "", (address, port)) for address in ("93.184.215.14", "127.0.0.1")]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    with pytest.raises(SourceUnreadable, match=r"two-faced\.example is 127\.0\.0\.1"):
        fetch("http://two-faced.example/a", patience=HURRIED)
    assert asked == ["two-faced.example"]


def test_the_connection_goes_to_the_address_that_was_checked_under_the_name(site, monkeypatch):
    """A name server that gives another address the second time has nothing to gain."""
    real, asked = socket.getaddrinfo, []

    def resolve(host, port, *rest, **more):
        if host != "bridges.example":
            return real(host, port, *rest, **more)
        asked.append(host)
        return real("127.0.0.1" if len(asked) == 1 else "10.255.255.1", port, *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    site.add("/a")
    doors = Doors(allowed=(f"bridges.example:{site.port}",))
    got = fetch(site.url("/a", "bridges.example"), doors=doors, patience=HURRIED)
    assert got.source == site.url("/a", "bridges.example")
    assert asked == ["bridges.example"]
    assert site.asked == [(f"bridges.example:{site.port}", "/a")]


def test_the_certificate_is_checked_against_the_name(site, monkeypatch, tmp_path):
    subject = ["-subj", "/CN=bridges.example", "-addext", "subjectAltName=DNS:bridges.example"]
    files = ["-keyout", tmp_path / "key.pem", "-out", tmp_path / "cert.pem"]
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *subject, *files]
    subprocess.run(command, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")
    site.server.socket = context.wrap_socket(site.server.socket, server_side=True)
    site.server.handle_error = lambda *_: None
    trusting = ssl.create_default_context(cafile=str(tmp_path / "cert.pem"))
    monkeypatch.setattr(connection, "ssl_context", lambda: trusting)
    real = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", lambda host, *rest, **more: real("127.0.0.1", *rest, **more))
    site.add("/a")
    url = site.url("/a", "bridges.example").replace("http:", "https:")
    assert fetch(url, doors=Doors(all=True), patience=Patience(total=10)).source == url
    with pytest.raises(SourceMissing, match=r"cannot be fetched.*certificate"):
        fetch(url.replace("bridges", "others"), doors=Doors(all=True), patience=Patience(total=10))


def test_a_proxy_that_the_user_has_set_is_used_and_private_addresses_are_refused_still(site, monkeypatch):
    site.pages["http://bridges.invalid/a"] = site.pages.setdefault("/a", lambda to: None)
    site.add("http://bridges.invalid/a")
    monkeypatch.setenv("http_proxy", f"127.0.0.1:{site.port}")
    got = fetch("http://bridges.invalid/a", patience=HURRIED)
    assert (got.data, got.source) == (PAGE, "http://bridges.invalid/a")
    assert site.asked == [("bridges.invalid", "http://bridges.invalid/a")]
    with pytest.raises(SourceUnreadable, match="add --allow-private"):
        fetch("http://10.0.0.1/a", patience=HURRIED)
    monkeypatch.setenv("no_proxy", "10.0.0.1")
    with pytest.raises(SourceUnreadable, match="add --allow-private"):
        fetch("http://10.0.0.1/a", patience=HURRIED)
    assert len(site.asked) == 1


# What it is


def zipped(*names: str, first: bytes = b"") -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        if first:
            archive.writestr("mimetype", first)
        for name in names:
            archive.writestr(name, "x")
    return made.getvalue()


@pytest.mark.parametrize(
    ("data", "said", "path", "suffix"),
    [
        (b"%PDF-1.7 \xff\x00", "text/html", "/paper", ".pdf"),
        (b"%PDF-1.7 \xff\x00", "", "/paper.html", ".pdf"),
        (zipped("word/document.xml"), "application/octet-stream", "/x", ".docx"),
        (zipped("META-INF/container.xml", first=b"application/epub+zip"), "application/zip", "/x", ".epub"),
        (zipped("content.xml", first=b"application/vnd.oasis.opendocument.text"), "", "/x", ".odt"),
        (b"{\\rtf1 text}", "text/plain", "/x", ".rtf"),
        (PAGE, "application/pdf", "/paper.pdf", ".html"),
        (PAGE, "text/plain", "/raw/page.html", ".html"),
        (b"<!-- a --><?xml version='1.0'?>\n<HTML>", "", "/x", ".html"),
        (b"<p>A paragraph.</p>", "text/html", "/x.php", ".html"),
        (b"# A title\n\nText.", "text/plain", "/raw/README.md", ".md"),
        (b"# A title\n\nText.", "text/markdown", "/x", ".md"),
        (b"A sentence.", "text/plain", "/x", ".txt"),
        (b"A sentence.", "application/octet-stream", "/x.markdown", ".markdown"),
        (b"A sentence.", "", "/x.pdf", ".txt"),
        ("Größe".encode("utf-16"), "text/plain", "/x", ".txt"),
        (b"", "text/html", "/x", ".html"),
    ],
)
def test_the_format_is_told_by_the_content_first(data, said, path, suffix):
    assert suffix_of(data, said=said, name=path, source="u") == suffix


@pytest.mark.parametrize(
    ("data", "said", "found"),
    [
        (b"\x89PNG\r\n\x1a\n\x00", "text/html", "a PNG picture"),
        (b"\xff\xd8\xff\xe0", "", "a JPEG picture"),
        (zipped("a.txt"), "application/zip", "a ZIP archive"),
        (zipped("word/document.xml")[:40], "text/plain", "a ZIP archive"),
        (bytes(range(256)) * 8, "text/plain", "binary data"),
        (b"<svg xmlns='x'/>", "image/svg+xml", "something else"),
    ],
)
def test_what_is_neither_text_nor_known_is_refused_with_both_named(site, data, said, found):
    url = site.add("/a", data, said or None)
    with pytest.raises(
        SourceUnreadable, match=f"{url} .*{re.escape(said or 'no content type')}.*holds {found}"
    ):
        site.fetch(url)


def test_a_wrong_content_type_is_a_warning(site):
    (warning,) = site.fetch(site.add("/a", PAGE, "application/pdf")).warnings
    assert warning == "the server said that this is application/pdf; it was read as .html, which it is"
    assert site.fetch(site.add("/b.md", b"# T\n\nText.", "text/plain")).warnings == ()


def test_many_comments_before_a_page_take_no_time():
    start = time.monotonic()
    assert suffix_of(b"<!--a-->" * 120 + b"<htmx", said="text/plain") == ".txt"
    assert time.monotonic() - start < 1


@pytest.mark.parametrize("charset", ["iso-8859-2", "windows-1250", "utf-8", "punycode", "nothing", None])
def test_the_encoding_that_the_server_says_counts_where_it_is_one(site, charset):
    text = "Łódź jest dużym miastem i leży w środku Polski. Wąż żyje w żółtym gąszczu, a świt już świeci."
    data = text.encode("cp1250" if charset == "windows-1250" else "iso-8859-2")
    kind = "text/plain" + (f"; charset={charset}" if charset else "")
    got = site.fetch(site.add("/a.txt", data, kind))
    if charset in ("iso-8859-2", "windows-1250"):
        assert read_bytes(got.data, name=got.name, source=got.source).text == text
    else:
        assert got.data in (data, got.data)
    page = b"<meta charset=iso-8859-2><p>" + text.encode("iso-8859-2")
    got = site.fetch(site.add("/b", page))
    assert read_bytes(got.data, name=got.name, source=got.source).text == text


@pytest.mark.parametrize(
    ("name", "suffix", "file"),
    [
        ("bridge", ".html", "bridge.html"),
        ("Bridge.HTML", ".html", "Bridge.html"),
        ("../../etc/passwd", "", "etc passwd"),
        ("a\nb\x1b[31m\udcff", ".txt", "a b [31m.txt"),
        ("", ".txt", "document.txt"),
        ("...", "", "document"),
        ("ü" * 300, ".html", "ü" * 60 + ".html"),
    ],
)
def test_a_file_name_is_one_plain_line(name, suffix, file):
    assert named(name, suffix) == file


def test_a_name_in_another_script_is_one_address():
    assert str(checked_address("http://bücher.example/ä?ö=ü")) == str(
        httpx.URL("http://xn--bcher-kva.example/%C3%A4?%C3%B6=%C3%BC")
    )
