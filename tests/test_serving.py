"""Everything that is served, with users and without, over real sockets."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, expect

from app.access.store import AccessStore
from app.answer import Answerer
from app.settings import Settings
from eval.for_page import PageEvaluations
from index.library import Library
from ingest.errors import SettingsError
from ingest.read import read_bytes
from tests.conftest import SAMPLES, served

PASSWORD = "a long enough one"
OPEN = "# The harbour\n\nThe harbour of Marrow was dug in 1871. It holds forty ships.\n"
HIDDEN = "# Zebulon\n\nThe lamp of Marrow was lit in 1902. It burns paraffin.\n"
QUESTION = "When was the lamp of Marrow lit?"
MCP = {"Accept": "application/json, text/event-stream"}


def everything(library: Library, **settings):
    from app.serving import access_of, application

    told = Settings(library.folder, **settings)
    answerer = Answerer(library)
    return application(answerer, PageEvaluations(answerer), access_of(told))


@pytest.fixture
def marrow(library) -> Library:
    library.add(read_bytes(OPEN.encode(), name="harbour.md", source="/papers/harbour.md"))
    library.add(read_bytes(HIDDEN.encode(), name="lamp.md", source="/papers/lamp.md"), collection="lamps")
    return library


@pytest.fixture
def alone(marrow, browser: Browser) -> Iterator[str]:
    app = everything(marrow)
    with served(app) as at:
        yield at.rstrip("/")
    app.state.jobs.close()


@pytest.fixture
def guarded(marrow, browser: Browser) -> Iterator[tuple[str, dict[str, str]]]:
    store = AccessStore(marrow.folder)
    store.add_user("rex", PASSWORD, "reader", ["nautical"])
    store.add_user("ada", PASSWORD, "editor")
    keys = {name: store.add_key(name) for name in ("rex", "ada")}
    app = everything(marrow)
    with served(app) as at:
        yield at.rstrip("/"), keys
    app.state.jobs.close()
    store.close()
    marrow.catalog.scope = lambda: None
    marrow.before_change = lambda: None


def called(at: str, name: str, arguments: dict, **headers: str) -> httpx.Response:
    body = {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "tools/call",
        "params": {"name": name, "arguments": arguments},
    }
    return httpx.post(f"{at}/mcp", json=body, headers=MCP | headers, timeout=30)


def test_page_http_openai_and_mcp_answer_alike_in_one_process(alone):
    over_http = httpx.post(f"{alone}/v1/ask", json={"question": QUESTION}, timeout=30).json()
    chat = {"model": "cited", "messages": [{"role": "user", "content": QUESTION}]}
    over_openai = httpx.post(f"{alone}/v1/chat/completions", json=chat, timeout=30).json()["cited"]
    over_mcp = called(alone, "ask_question", {"question": QUESTION}).json()["result"]["structuredContent"]
    for answer in (over_http, over_openai, over_mcp):
        assert [c["cited_text"] for c in answer["citations"]] == ["The lamp of Marrow was lit in 1902."]
        answer.pop("timings_ms")
    assert over_http == over_openai == over_mcp
    assert httpx.get(alone).status_code == httpx.get(f"{alone}/docs").status_code == 200
    assert httpx.get(f"{alone}/ready").json() == {"status": "ready"}


def test_answers_are_counted_once_by_the_interface_that_they_were_asked_through(alone):
    httpx.post(f"{alone}/v1/ask", json={"question": QUESTION}, timeout=30)
    httpx.post(f"{alone}/v1/ask", json={"question": QUESTION, "stream": True}, timeout=30)
    chat = {"model": "cited", "messages": [{"role": "user", "content": QUESTION}]}
    httpx.post(f"{alone}/v1/chat/completions", json=chat, timeout=30)
    called(alone, "ask_question", {"question": QUESTION})
    httpx.post(f"{alone}/write", json={"question": QUESTION, "mode": "quote"}, timeout=30)
    httpx.post(f"{alone}/gradio_api/run/ask", json={"data": [QUESTION, []], "session_hash": "s"}, timeout=30)
    figures = httpx.get(f"{alone}/metrics").text
    told = dict(
        re.findall(r'cited_answers_total{answered="true",interface="(\w+)",mode="quote"} (\S+)', figures)
    )
    assert told == {"http": "2.0", "openai": "1.0", "mcp": "1.0", "page": "2.0"}
    assert 'cited_stage_seconds_count{stage="total"} 6.0' in figures


def test_a_name_that_was_pointed_here_reaches_nothing(alone):
    for path in ("/", "/v1/documents", "/strings.json", "/reading/x"):
        assert httpx.get(alone + path, headers={"Host": "evil.example"}).status_code == 403
    for origin in ("https://evil.example", "null"):
        refused = httpx.post(f"{alone}/v1/ask", json={"question": "x"}, headers={"Origin": origin})
        assert refused.status_code == 403


def test_with_users_nothing_answers_without_a_key_but_whether_it_is_up(guarded):
    at, _ = guarded
    for path in ("/v1/documents", "/v1/models", "/metrics", "/openapi.json", "/strings.json", "/config"):
        assert httpx.get(at + path).status_code == 401, path
    assert httpx.post(f"{at}/v1/ask", json={"question": QUESTION}).status_code == 401
    assert called(at, "list_documents", {}).status_code == 401
    assert httpx.get(f"{at}/health").status_code == httpx.get(f"{at}/ready").status_code == 200
    page = httpx.get(at, headers={"Accept": "text/html"})
    assert page.headers["location"].startswith("/login")


def test_no_interface_tells_a_reader_of_what_is_not_theirs(guarded):
    at, keys = guarded
    rex = {"Authorization": f"Bearer {keys['rex']}"}
    answers = [
        httpx.post(f"{at}/v1/ask", json={"question": QUESTION}, headers=rex, timeout=30),
        httpx.post(f"{at}/v1/search", json={"question": QUESTION}, headers=rex, timeout=30),
        httpx.get(f"{at}/v1/documents", headers=rex),
        called(at, "ask_question", {"question": QUESTION}, **rex),
        called(at, "search_documents", {"question": QUESTION}, **rex),
        called(at, "list_documents", {}, **rex),
    ]
    assert [answer.status_code for answer in answers] == [200] * 6
    told = " ".join(answer.text.lower() for answer in answers).replace(QUESTION.lower(), "")
    assert "harbour" in told
    assert not re.search("zebulon|1902|paraffin", told)


def test_a_reader_changes_nothing_and_an_editor_does(guarded, marrow):
    at, keys = guarded
    rex, ada = ({"Authorization": f"Bearer {keys[name]}"} for name in ("rex", "ada"))
    listed = httpx.get(f"{at}/v1/documents", headers=ada).json()["documents"]
    harbour = next(document["id"] for document in listed if document["title"] == "The harbour")
    file = {"file": ("tides.md", (SAMPLES / "coffee.md").read_bytes())}
    assert httpx.post(f"{at}/v1/documents", files=file, headers=rex).status_code == 403
    assert httpx.delete(f"{at}/v1/documents/{harbour}", headers=rex).status_code == 403
    assert called(at, "delete_document", {"id": harbour}, **rex).json()["result"]["isError"]
    assert httpx.post(f"{at}/v1/documents", files=file, headers=ada, timeout=60).status_code == 201
    assert httpx.delete(f"{at}/v1/documents/{harbour}", headers=ada).status_code == 204
    lines = [json.loads(line) for line in (marrow.folder / "audit.jsonl").read_text().splitlines()]
    assert {line["who"] for line in lines} >= {"ada"}
    assert "delete" in {line["action"] for line in lines}


def test_an_editor_logs_in_asks_and_adds_a_document_on_the_page(guarded, browser: Browser, tmp_path: Path):
    at, _ = guarded
    page = browser.new_context(locale="en-GB").new_page()
    page.goto(at)
    page.get_by_label("Name").fill("ada")
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.locator("#question").fill(QUESTION)
    page.keyboard.press("Enter")
    expect(page.locator(".turn .cite").first).to_be_visible(timeout=30_000)
    new = tmp_path / "mole.md"
    new.write_text("# The mole\n\nThe mole of Marrow was built in 1955 by Ida Holm.\n")
    page.get_by_role("tab", name="Library").click()
    page.locator("input[type=file]").first.set_input_files(new)
    expect(page.get_by_role("rowheader", name="The mole")).to_be_visible(timeout=30_000)
    page.get_by_role("tab", name="Evaluation").click()
    expect(page.get_by_role("button", name="Run", exact=True)).to_be_enabled(timeout=30_000)
    page.context.close()


def test_what_others_could_reach_does_not_start_without_users(marrow):
    from app.serving import access_of

    for settings in ({"host": "0.0.0.0"}, {"host": "192.0.2.7"}, {"behind_proxy": ("127.0.0.1",)}):
        with pytest.raises(SettingsError, match="cited user add"):
            access_of(Settings(marrow.folder, **settings))
        assert not access_of(Settings(marrow.folder, **settings), no_authentication=True).guarded


def test_a_server_open_to_the_network_is_called_by_any_name(marrow, browser: Browser):
    from app.serving import access_of, application

    settings = Settings(marrow.folder, host="0.0.0.0")
    app = application(Answerer(marrow), None, access_of(settings, no_authentication=True))
    with served(app) as at:
        for host in ("192.0.2.5:7860", "cited.example"):
            told = called(at.rstrip("/"), "list_documents", {}, Host=host)
            assert told.status_code == 200, told.text
    app.state.jobs.close()


def test_the_server_is_up_answers_and_ends_in_order(marrow, tmp_path):
    marrow.close()
    command = [
        *(sys.executable, "-c", "from eval.cli import main; main()"),
        *("serve", "--library", str(marrow.folder), "--port", "0"),
    ]
    process = subprocess.Popen(
        command, stderr=subprocess.PIPE, text=True, env={**os.environ, "HF_HUB_OFFLINE": "1"}
    )
    assert process.stderr is not None
    line = process.stderr.readline()
    at = re.search(r"http://\S+", line)
    assert at, line
    begun = time.monotonic()
    while time.monotonic() - begun < 30:
        try:
            answer = httpx.post(f"{at.group()}/v1/ask", json={"question": QUESTION}, timeout=30)
            break
        except httpx.ConnectError:
            time.sleep(0.1)
    assert answer.json()["citations"][0]["cited_text"] == "The lamp of Marrow was lit in 1902."
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 0
    process.stderr.close()
