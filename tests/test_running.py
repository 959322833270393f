"""The server as a process of its own, over real sockets."""

import datetime
import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
import trustme
from starlette.applications import Starlette

from app.listening import listen
from app.running import run_server
from ingest.errors import SettingsError
from tests.conftest import ROOT

PROGRAM = """
import asyncio, json, os, sys, time
from contextlib import asynccontextmanager
from pathlib import Path
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, StreamingResponse
from starlette.routing import Route
from app import logs
from app.listening import listen
from app.running import run_server
from ingest.errors import SettingsError

told = json.loads(sys.argv[1])
stopping = None

async def who(request):
    client = request.client and request.client.host
    return JSONResponse({"client": client, "scheme": request.url.scheme})

async def slow(request):
    await run_in_threadpool(time.sleep, float(request.path_params["seconds"]))
    return JSONResponse("slept")

async def endless(request):
    async def beats():
        while not stopping.is_set():
            yield "beat"
            await asyncio.sleep(0.05)
    return StreamingResponse(beats())

@asynccontextmanager
async def lifespan(app):
    global stopping
    stopping = asyncio.Event()
    yield
    print("lifespan over", flush=True)

routes = [Route("/who", who), Route("/slow/{seconds}", slow), Route("/endless", endless)]
app = Starlette(routes=routes, lifespan=lifespan)
logs.begin("json", "info")
paths = {name: Path(told.pop(name)) for name in ("unix", "certificate", "key") if name in told}
try:
    place = listen(told.pop("host", "127.0.0.1"), told.pop("port", 0), **paths)
    def close():
        time.sleep(float(os.environ.get("HOLD", "0")))
        print("closed", flush=True)
    run_server(app, place, on_stopping=lambda: stopping.set(), on_stop=close, **told)
except SettingsError as error:
    sys.exit(f"cited: {error}")
print("done", flush=True)
"""


class Running:
    """A server process. address: where it says that it is."""

    def __init__(self, errors: Path, told: dict, environment: dict) -> None:
        self._errors = errors
        with errors.open("w") as written:
            self.process = subprocess.Popen(
                [sys.executable, "-c", PROGRAM, json.dumps(told)],
                cwd=ROOT, env=os.environ | environment, text=True, stdout=subprocess.PIPE, stderr=written,
            )  # fmt: skip
        self.address = self._wait_for("Cited is at ").split("Cited is at ")[1].split(" (")[0]

    def _wait_for(self, words: str, seconds: float = 30) -> str:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            line = next((line for line in self.said().splitlines() if words in line), None)
            if line:
                return line
            if self.process.poll() is not None:
                break
            time.sleep(0.02)
        pytest.fail(f"the server did not say {words!r}:\n{self.said()}")

    def said(self) -> str:
        return self._errors.read_text()

    def requests(self) -> list[dict]:
        lines = [json.loads(line) for line in self.said().splitlines() if line.startswith("{")]
        return [line for line in lines if line["logger"] == "cited.request"]

    def end(self, with_signal: int = signal.SIGTERM) -> tuple[int, str, float]:
        """Exit status, standard output, seconds that it took."""
        begun = time.monotonic()
        self.process.send_signal(with_signal)
        output, _ = self.process.communicate(timeout=60)
        return self.process.returncode, output, time.monotonic() - begun


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Callable[..., Running]]:
    started: list[Running] = []

    def begin(environment: dict | None = None, **told) -> Running:
        started.append(Running(tmp_path / f"said-{len(started)}", told, environment or {}))
        return started[-1]

    yield begin
    for one in started:
        if one.process.poll() is None:
            one.process.kill()
        one.process.communicate()


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def issued(authority: trustme.CA, tmp_path: Path) -> Callable[..., tuple[Path, Path]]:
    """Makes a certificate for localhost, and its key."""

    def issue(name: str = "good", begins: int = -1, ends: int = 90) -> tuple[Path, Path]:
        now = datetime.datetime.now(datetime.UTC).replace(tzinfo=None)
        days = datetime.timedelta
        made = authority.issue_cert("localhost", not_before=now + days(begins), not_after=now + days(ends))
        certificate, key = tmp_path / f"{name}.pem", tmp_path / f"{name}.key"
        certificate.write_bytes(b"".join(one.bytes() for one in made.cert_chain_pems))
        made.private_key_pem.write_to_path(key)
        return certificate, key

    return issue


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_server_in_order_with_status_0(run, number):
    server = run()
    assert httpx.get(f"{server.address}/who").json() == {"client": "127.0.0.1", "scheme": "http"}
    status, output, seconds = server.end(number)
    assert status == 0
    assert output.split("\n") == ["lifespan over", "closed", "done", ""]
    assert seconds < 8


def test_port_0_takes_a_free_port_and_says_which(run):
    server = run(host="localhost")
    assert server.address.startswith("http://localhost:")
    assert not server.address.endswith(":0")
    assert httpx.get(f"{server.address}/who").status_code == 200


def test_a_request_in_flight_is_finished_and_a_new_one_is_not_taken(run):
    server = run()
    httpx.get(f"{server.address}/who")
    with ThreadPoolExecutor() as pool:
        slow = pool.submit(httpx.get, f"{server.address}/slow/1.5", timeout=10)
        time.sleep(0.3)
        server.process.send_signal(signal.SIGTERM)
        time.sleep(0.4)
        with pytest.raises(httpx.ConnectError):
            httpx.get(f"{server.address}/who")
        assert slow.result().json() == "slept"
    assert server.process.wait(10) == 0


def test_a_stream_without_an_end_is_told_and_does_not_hold_the_end_up(run):
    server = run()
    with httpx.stream("GET", f"{server.address}/endless") as response:
        next(response.iter_bytes())
        status, _, seconds = server.end()
    assert status == 0
    assert seconds < 8


def test_what_does_not_finish_within_the_grace_is_cut_off_and_said(run):
    server = run(grace=0.3)
    with ThreadPoolExecutor() as pool:
        pool.submit(httpx.get, f"{server.address}/slow/20", timeout=30)
        time.sleep(0.5)
        status, output, seconds = server.end()
    assert status == 0
    assert output.split("\n") == ["lifespan over", "closed", "done", ""]
    assert "something did not end in time and was cut off" in server.said()
    assert 0.9 <= seconds < 8


def test_an_end_that_never_comes_is_cut_off_with_status_1(run):
    server = run({"HOLD": "20"}, grace=0.3)
    status, output, seconds = server.end()
    assert status == 1
    assert "closed" not in output
    assert 0.9 <= seconds < 8


def test_a_second_signal_ends_at_once(run):
    server = run()
    with ThreadPoolExecutor() as pool:
        pool.submit(httpx.get, f"{server.address}/slow/20", timeout=30)
        time.sleep(0.5)
        server.process.send_signal(signal.SIGINT)
        time.sleep(0.3)
        status, output, seconds = server.end(signal.SIGINT)
    assert status == 130
    assert output == ""
    assert seconds < 8


def test_tls_serves_with_a_certificate_and_clients_verify_it(run, issued, authority):
    certificate, key = issued()
    server = run(host="localhost", certificate=str(certificate), key=str(key))
    assert server.address.startswith("https://localhost:")
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    assert httpx.get(f"{server.address}/who", verify=trusting).json()["scheme"] == "https"
    with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
        httpx.get(f"{server.address}/who")
    with pytest.raises(httpx.HTTPError):
        httpx.get(server.address.replace("https", "http") + "/who")
    assert server.end()[0] == 0


def test_a_certificate_and_key_in_one_file_will_do(issued):
    certificate, key = issued()
    certificate.write_bytes(certificate.read_bytes() + key.read_bytes())
    with_both = listen("127.0.0.1", 0, certificate=certificate)
    with_both.close()
    assert with_both.tls


def test_a_certificate_outside_its_time_is_refused_in_words(issued):
    for name, begins, ends, words in (("old", -9, -1, "has expired"), ("new", 1, 9, "is not valid yet")):
        certificate, key = issued(name, begins, ends)
        with pytest.raises(SettingsError, match=rf"certificate .*{name}\.pem {words}; renew it"):
            listen("127.0.0.1", 0, certificate=certificate, key=key)


def test_tls_files_that_do_not_fit_are_refused_in_words(issued, tmp_path):
    certificate, key = issued()
    _, other = issued("other")
    junk = tmp_path / "junk.pem"
    junk.write_bytes(b"\xff\xfe nothing")
    locked = tmp_path / "locked.key"
    command = ["openssl", "pkey", "-aes256", "-passout", "pass:word", "-in", key, "-out", locked]
    subprocess.run(command, check=True)

    def refusal(certificate: Path | None, key: Path | None) -> str:
        with pytest.raises(SettingsError) as raised:
            listen("127.0.0.1", 0, certificate=certificate, key=key)
        return str(raised.value).replace(f"{tmp_path}/", "")

    assert refusal(certificate, other).startswith("the key other.key is not that of the certificate good.pem")
    assert refusal(tmp_path / "no.pem", key) == "the file no.pem cannot be read: No such file or directory"
    assert refusal(junk, key).startswith("the file junk.pem holds no CERTIFICATE in PEM")
    assert refusal(certificate, junk).startswith("the file junk.pem holds no PRIVATE KEY in PEM")
    assert refusal(certificate, None).startswith("the file good.pem holds no PRIVATE KEY in PEM")
    assert refusal(key, certificate).startswith("the file good.key holds no CERTIFICATE in PEM")
    assert refusal(certificate, locked) == "the key locked.key has a password; the server needs one without"
    assert refusal(None, key) == "the key good.key lacks its certificate; give --certificate, too"


def test_forwarded_headers_are_believed_from_a_named_proxy_and_from_nobody_else(run):
    forwarded = {"X-Forwarded-For": "203.0.113.9, 198.51.100.7", "X-Forwarded-Proto": "https"}
    untrusting, elsewhere = run(), run(trusted_proxies=["10.0.0.0/8"])
    trusting = run(trusted_proxies=["127.0.0.0/8"])
    as_it_is = {"client": "127.0.0.1", "scheme": "http"}
    assert httpx.get(f"{untrusting.address}/who", headers=forwarded).json() == as_it_is
    assert httpx.get(f"{elsewhere.address}/who", headers=forwarded).json() == as_it_is
    # The last address is the proxy's own word; what stands before it, a client may have made up.
    said = httpx.get(f"{trusting.address}/who", headers=forwarded).json()
    assert said == {"client": "198.51.100.7", "scheme": "https"}


def test_the_environment_cannot_widen_whose_word_is_taken(run):
    server = run({"FORWARDED_ALLOW_IPS": "*"})
    said = httpx.get(f"{server.address}/who", headers={"X-Forwarded-For": "203.0.113.9"}).json()
    assert said["client"] == "127.0.0.1"


def test_a_unix_socket_serves_and_is_gone_afterwards(run, tmp_path):
    path = tmp_path / "cited.sock"
    server = run(unix=str(path), trusted_proxies=["127.0.0.1/32"])
    assert server.address == f"the socket {path}"
    assert path.stat().st_mode & 0o777 == 0o660
    with httpx.Client(transport=httpx.HTTPTransport(uds=str(path))) as client:
        assert client.get("http://cited/who").json()["client"] == "127.0.0.1"
        said = client.get("http://cited/who", headers={"X-Forwarded-For": "203.0.113.9"}).json()
    assert said["client"] == "203.0.113.9"
    with pytest.raises(SettingsError, match="another process listens there"):
        listen("", 0, unix=path)
    assert server.end()[0] == 0
    assert not path.exists()


def test_a_socket_that_a_dead_process_left_is_taken_over_and_a_file_is_not(tmp_path):
    path = tmp_path / "cited.sock"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    listen("", 0, unix=path).close()
    path.write_text("mine")
    with pytest.raises(SettingsError, match=r"cannot listen at the socket .*cited\.sock: another process"):
        listen("", 0, unix=path)
    assert path.read_text() == "mine"
    with pytest.raises(SettingsError, match="No such file or directory"):
        listen("", 0, unix=tmp_path / "none" / "cited.sock")


def test_a_port_in_use_is_one_sentence_and_status_1(run):
    port = int(run().address.rsplit(":", 1)[1])
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, json.dumps({"port": port})],
        cwd=ROOT, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr == (
        f"cited: cannot listen at 127.0.0.1:{port}: another process listens there; "
        "end it, or choose another place\n"
    )


def test_whoever_listens_second_at_a_port_that_both_have_bound_is_told_so():
    first = listen("127.0.0.1", 0)
    second = listen("127.0.0.1", first.sockets[0].getsockname()[1])
    first.begin(1)
    with pytest.raises(SettingsError, match=rf"^cannot listen at {second.address}: another process"):
        run_server(Starlette(), second)
    first.close()


@pytest.mark.parametrize(
    ("host", "message"),
    [
        ("no-such-host.invalid", "there is no host 'no-such-host.invalid' to listen at"),
        ("256.1.1.1", "there is no host '256.1.1.1' to listen at"),
        ("a" * 300, "there is no host 'aaaa"),
        ("203.0.113.1", "this machine has no such address"),
    ],
)
def test_a_host_that_is_not_here_is_refused_in_words(host, message):
    with pytest.raises(SettingsError, match=message):
        listen(host, 0)


def test_a_port_of_the_system_is_refused_to_a_user_without_rights():
    code = (
        "from app.listening import listen\nfrom ingest.errors import SettingsError\n"
        "try: listen('127.0.0.1', 80)\nexcept SettingsError as e: print(e)\nelse: print('taken')"
    )
    least = Path("/proc/sys/net/ipv4/ip_unprivileged_port_start")
    if os.geteuid() or int(least.read_text()) <= 80:
        pytest.skip("it takes root to become another user, and a system that keeps port 80 for root")
    command = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--bounding-set=-all"]
    done = subprocess.run(
        [*command, sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout == (
        "cannot listen at 127.0.0.1:80: this user may not; choose a port above 1023, "
        "or a folder of its own for a socket\n"
    )


def test_systemd_is_told_that_it_is_ready_alive_and_stopping(run, tmp_path):
    path = tmp_path / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(path))
        manager.settimeout(20)
        server = run({"NOTIFY_SOCKET": str(path), "WATCHDOG_USEC": "3000000"})
        assert manager.recv(100) == b"READY=1"
        assert manager.recv(100) == b"WATCHDOG=1"
        assert manager.recv(100) == b"WATCHDOG=1"
        status, _, _ = server.end()
        said = []
        manager.settimeout(0.2)
        while not said or said[-1] != b"STOPPING=1":
            said.append(manager.recv(100))
    assert status == 0


def test_every_request_is_in_the_log_with_the_template_of_its_path(run):
    server = run()
    httpx.get(f"{server.address}/slow/0.01?question=secret", headers={"X-Request-ID": "abc-1"})
    httpx.get(f"{server.address}/secret/things")
    server.end()
    first, second = server.requests()
    assert (first["method"], first["path"], first["status"]) == ("GET", "/slow/{seconds}", 200)
    assert first["request_id"] == "abc-1"
    assert first["ms"] >= 10
    assert (second["path"], second["status"]) == ("/secret/…", 404)
    assert "question" not in server.said()
