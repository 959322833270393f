"""The container's recipe and the service of systemd: as far as can be told without either running."""

import json
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import httpx
import pytest

from app.running import GRACE, LAST
from app.settings import PREFIX, SETTINGS
from eval.cli import cited
from tests.conftest import ROOT

CONTAINERFILE = ROOT / "Containerfile"
UNIT = ROOT / "packaging" / "cited.service"
INSTALLED = "/opt/cited/bin/cited"
STATE = "/var/lib/cited"
NOBODY = 65534


def instructions() -> list[tuple[str, str]]:
    """(instruction, its words), continued lines joined, comments left out."""
    lines = [line for line in CONTAINERFILE.read_text().splitlines() if line.strip() and line[0] != "#"]
    joined = "\n".join(lines).replace("\\\n", " ")
    return [(line.split(None, 1)[0], line.split(None, 1)[1].strip()) for line in joined.splitlines()]


def of(name: str) -> list[str]:
    return [words for instruction, words in instructions() if instruction == name]


def unit() -> dict[str, list[str]]:
    """Values by key; of a key that stands twice, both."""
    found: dict[str, list[str]] = {}
    for line in UNIT.read_text().splitlines():
        if match := re.fullmatch(r"(\w+)=(.*)", line):
            found.setdefault(match[1], []).append(match[2])
    return found


def environment() -> dict[str, str]:
    return dict(pair.split("=", 1) for line in unit()["Environment"] for pair in line.split())


def test_the_recipe_has_known_instructions_and_two_stages():
    known = {"FROM", "RUN", "WORKDIR", "COPY", "ENV", "VOLUME", "USER", "EXPOSE", "STOPSIGNAL"}
    assert {name for name, _ in instructions()} <= known | {"HEALTHCHECK", "ENTRYPOINT", "CMD"}
    assert [words.split(" AS ")[0] for words in of("FROM")] == ["docker.io/library/python:3.11-slim"] * 2


def test_everything_that_is_copied_is_there_and_every_layer_is_copied():
    copied = [words.split() for words in of("COPY")]
    sources = [name for words in copied if not words[0].startswith("--from") for name in words[:-1]]
    assert all((ROOT / name).exists() for name in sources)
    assert {"ingest", "index", "app", "eval", "pyproject.toml", "requirements.lock"} <= set(sources)
    assert [words for words in copied if words[0].startswith("--from")] == [
        ["--from=build", "/opt/cited", "/opt/cited"]
    ]


def test_the_container_runs_the_server_as_a_user_without_rights_and_holds_no_secret():
    assert json.loads(of("ENTRYPOINT")[0]) == ["cited"]
    command, *options = json.loads(of("CMD")[0])
    assert set(options[::2]) <= {name for p in cited.commands[command].params for name in p.opts}
    assert int(of("USER")[0]) >= 1000
    assert [n for n, _ in instructions()].index("USER") > [n for n, _ in instructions()].index("VOLUME")
    assert not re.search(r"(?i)api_key|password|token|secret", " ".join(of("ENV") + of("RUN")))


def test_the_settings_of_the_container_and_the_unit_are_settings():
    known = {PREFIX + name.upper() for name in SETTINGS}
    in_container = set(re.findall(r"CITED_\w+(?==)", of("ENV")[0]))
    in_unit = {name for name in environment() if name.startswith(PREFIX)}
    assert in_container == in_unit == {"CITED_LIBRARY", "CITED_LOG_FORMAT", "CITED_LOG_LEVEL"}
    assert in_container <= known
    assert of("VOLUME") == [STATE]
    assert environment()["CITED_LIBRARY"] == f"{STATE}/library"


def test_the_health_check_asks_for_the_port_that_is_served():
    words = of("HEALTHCHECK")[0]
    code = json.loads(words[words.index("[") :])[2]
    compile(code, "HEALTHCHECK", "exec")
    assert f"http://127.0.0.1:{of('EXPOSE')[0]}/health" in code


def test_the_extras_that_are_installed_exist():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    if "tracing" not in project["optional-dependencies"]:
        pytest.skip("pyproject.toml does not have the extra `tracing`")
    (extras,) = re.findall(r'"\.\[([\w,]+)\]"', " ".join(of("RUN")))
    assert set(extras.split(",")) <= set(project["optional-dependencies"])


def test_systemd_finds_nothing_to_say_about_the_unit(tmp_path):
    analyze = shutil.which("systemd-analyze")
    if not analyze:
        pytest.skip("systemd-analyze is not installed")
    copy = tmp_path / "cited.service"
    copy.write_text(UNIT.read_text().replace(INSTALLED, shutil.which("true") or "/bin/true"))
    done = subprocess.run([analyze, "verify", "--man=no", copy], capture_output=True, text=True)
    about_it = [line for line in done.stderr.splitlines() if "cited.service" in line]
    assert about_it == []
    assert done.returncode == 0


def test_the_unit_stops_later_than_the_server_cuts_off():
    assert int(unit()["TimeoutStopSec"][0]) > LAST * GRACE


def test_what_the_unit_runs_serves_without_rights_from_a_tree_that_is_not_its_own():
    """As systemd would run it: a user without rights, the environment of the unit, a folder of state."""
    as_nobody = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "--no-new-privs",
                 "--bounding-set=-all"]  # fmt: skip
    if "run_server" not in (ROOT / "app" / "chat" / "page.py").read_text():
        pytest.skip("`cited serve` is not run by app.running")
    if os.geteuid():
        pytest.skip("it takes root to become another user")
    if subprocess.run([*as_nobody, sys.executable, "-c", "import app"], cwd=ROOT).returncode:
        pytest.skip("another user may not run this Python")
    assert not ROOT.stat().st_mode & 0o022
    state = Path("/tmp") / f"cited-state-{os.getpid()}"
    state.mkdir(mode=0o700)
    os.chown(state, NOBODY, NOBODY)
    told = {name: value.replace(STATE, str(state)) for name, value in environment().items()}
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    program, *words = shlex.split(unit()["ExecStart"][0])
    assert program == INSTALLED
    ours = str(Path(sys.executable).with_name("cited"))
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(state / "notify"))
        os.chown(state / "notify", NOBODY, NOBODY)
        manager.settimeout(120)
        process = subprocess.Popen(
            [*as_nobody, ours, *words, "--port", str(port)],
            cwd="/", env={"PATH": os.environ["PATH"], "NOTIFY_SOCKET": str(state / "notify"), **told},
            stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        try:
            assert manager.recv(100) == b"READY=1"
            assert httpx.get(f"http://127.0.0.1:{port}/health").status_code == 200
            assert (state / "library" / "catalog.sqlite").stat().st_uid == NOBODY
            begun = time.monotonic()
            process.send_signal(signal.SIGTERM)
            said = process.communicate(timeout=30)[1]
            assert time.monotonic() - begun < 10
            assert manager.recv(100) == b"STOPPING=1"
        finally:
            process.kill()
            process.communicate()
            shutil.rmtree(state)
    assert process.returncode == 0, said
    assert not (state / "library" / "owner.json").exists()
