"""The HTTP interface, over real sockets, with a real library and reader."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from app.access.principal import Principal, acting_as
from app.answer import Answer, Answerer
from app.chat.evaluations import Evaluations
from app.chat.library_jobs import Jobs
from app.llm import connect
from app.service import schema
from app.service.api import routes
from app.service.limits import USUAL, Limits
from app.service.runs_schema import Results
from index.feedback import all_feedback
from index.library import Library
from tests.conftest import SAMPLES, served
from tests.scripted_endpoint import Status, Text, scripted

QUESTION = "How much caffeine a day is considered safe for adults?"
SAFE = "The European Food Safety Authority regards up to 400 milligrams a day as safe for most adults."
FALSE = "Napoleon Bonaparte founded the Authority on the island of Elba in 1814."


@contextmanager
def offered(
    answerer: Answerer, evaluations: Evaluations | None = None, limits: Limits = USUAL, **given: Any
) -> Iterator[httpx.Client]:
    """A client of the interface."""
    app, jobs = FastAPI(openapi_url=None, docs_url=None, redoc_url=None), Jobs(lambda: None)
    answerer.told = routes(app, answerer, evaluations, jobs, limits, **given).answered
    with served(app) as at, httpx.Client(base_url=at, timeout=60) as client:
        yield client
    jobs.close()


@pytest.fixture(scope="module")
def answerer(sample_library: Library) -> Answerer:
    made = Answerer(sample_library)
    made.warm_up()
    return made


@pytest.fixture(scope="module")
def client(answerer: Answerer) -> Iterator[httpx.Client]:
    with offered(answerer) as opened:
        yield opened


@pytest.fixture
def own(library: Library, answerer: Answerer) -> Iterator[httpx.Client]:
    """A client of a library that may be changed."""
    with offered(Answerer(library, answerer.reader)) as opened:
        yield opened


def without_time(answer: dict) -> dict:
    return {name: value for name, value in answer.items() if name != "timings_ms"}


def events(text: str) -> list[tuple[str, dict]]:
    """Of an event stream, name and value of each."""
    frames = [frame.split("\n") for frame in text.split("\n\n") if frame and not frame.startswith(":")]
    return [(a.removeprefix("event: "), json.loads(b.removeprefix("data: "))) for a, b in frames]


@pytest.mark.parametrize(
    "asked",
    [
        {"question": QUESTION},
        {"question": "And in pregnancy?", "history": [QUESTION]},
        {"question": "Who won the 1998 World Cup?"},
        {"question": "What is it about?", "documents": ["no-such-document"]},
        {"question": "  Where was  longitude\ncounted from? "},
    ],
)
def test_an_answer_over_http_is_the_answer_in_process(client, answerer, asked):
    here = answerer.answer(asked["question"], asked.get("history", ()), asked.get("documents", ()))
    there = client.post("v1/ask", json=asked)
    assert there.status_code == 200
    assert without_time(there.json()) == without_time(json.loads(json.dumps(here.to_json())))
    schema.Answer.model_validate(there.json())


def test_every_citation_is_the_documents_text_as_http_gives_it(client):
    answer = client.post("v1/ask", json={"question": QUESTION}).json()
    assert answer["citations"]
    for c in answer["citations"]:
        text = client.get(f"v1/documents/{c['document_id']}/text").text
        assert text[c["start_char_index"] : c["end_char_index"]] == c["cited_text"]


def test_search_finds_what_the_command_line_finds(client):
    found = client.post("v1/search", json={"question": QUESTION, "k": 2}).json()["passages"]
    assert len(found) == 2
    assert "400 milligrams" in found[0]["text"]


def test_a_stream_ends_with_the_answer(client):
    for more in ({"json": {"question": QUESTION, "stream": True}},
                 {"json": {"question": QUESTION}, "headers": {"Accept": "text/event-stream"}}):  # fmt: skip
        response = client.post("v1/ask", **more)
        assert response.headers["content-type"].startswith("text/event-stream")
        [(name, answer)] = events(response.text)
        assert (name, answer["answered"]) == ("answer", True)


def test_a_written_answer_is_streamed_sentence_by_sentence(answerer, client):
    with scripted(Text(f"{SAFE} [1] {FALSE} [1]")) as endpoint:
        answerer.model = connect("scripted", endpoint.url)
        told = events(
            client.post("v1/ask", json={"question": QUESTION, "mode": "model", "stream": True}).text
        )
    answerer.model = None
    assert [name for name, _ in told] == ["part", "left_out", "answer"]
    part, left_out, answer = (value for _, value in told)
    assert (part["text"], part["markers"], part["begins"]) == (SAFE, [1], True)
    assert part["citations"] == answer["citations"]
    assert left_out["text"] == FALSE
    assert answer["unsupported"] == [left_out]
    assert (answer["mode"], answer["answer"]) == ("scripted", f"{SAFE} [1]")


def test_without_a_language_model_the_mode_is_refused_also_as_a_stream(client):
    for stream in (False, True):
        response = client.post("v1/ask", json={"question": QUESTION, "mode": "model", "stream": stream})
        assert response.status_code == 409
        assert response.headers["content-type"] == "application/problem+json"
        assert response.json()["type"] == "urn:cited:problem:settings-error"


def test_a_model_that_is_down_gives_quotations_and_a_notice(answerer, client):
    with scripted(Status(401)) as endpoint:
        answerer.model = connect("scripted", endpoint.url)
        answer = client.post("v1/ask", json={"question": QUESTION, "mode": "model"}).json()
    answerer.model = None
    assert answer["mode"] == "quote"
    assert "401" in answer["notice"] or "key" in answer["notice"]


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "kind"),
    [
        ("POST", "v1/ask", {"question": "?!"}, 422, "urn:cited:problem:question-error"),
        ("POST", "v1/ask", {"question": "x" * 2001}, 422, "urn:cited:problem:question-error"),
        ("POST", "v1/ask", {"question": 5}, 422, "about:blank"),
        ("POST", "v1/ask", {"question": "Who?", "colour": "red"}, 422, "about:blank"),
        ("POST", "v1/ask", {}, 422, "about:blank"),
        ("POST", "v1/search", {"question": "Who?", "k": 101}, 422, "about:blank"),
        ("GET", "v1/documents/none-00000000", None, 404, "urn:cited:problem:document-unknown"),
        ("GET", "v1/documents/%00%ff/text", None, 404, "urn:cited:problem:document-unknown"),
        ("GET", "v1/documents/none/report", None, 404, "urn:cited:problem:document-unknown"),
        ("DELETE", "v1/documents/none-00000000", None, 404, "urn:cited:problem:document-unknown"),
        ("GET", "v1/documents?cursor=W10", None, 422, "urn:cited:problem:cursor-unknown"),
        ("GET", "v1/documents?limit=0", None, 422, "about:blank"),
        ("GET", "v1/documents?page=2", None, 422, "about:blank"),
        ("GET", "v1/evaluations", None, 404, "about:blank"),
        ("GET", "v1/nothing", None, 404, "about:blank"),
        ("PUT", "v1/ask", {}, 405, "about:blank"),
        ("POST", "v1/documents", {"url": "file:///etc/passwd"}, 422, "about:blank"),
        ("POST", "v1/documents", {"url": "http://127.0.0.1:1/a"}, 403, "urn:cited:problem:address-refused"),
    ],
)
def test_what_goes_wrong_is_told_as_a_problem(client, method, path, body, status, kind):
    response = client.request(method, path, json=body, headers={"X-Request-ID": "mine-1"})
    problem = response.json()
    assert (response.status_code, problem["status"], problem["type"]) == (status, status, kind)
    assert response.headers["content-type"] == "application/problem+json"
    assert problem["instance"] == response.headers["x-request-id"] == "mine-1"
    assert problem["detail"]
    schema.Problem.model_validate(problem)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{", 400),
        (b"\xff\xfe", 400),
        (b'{"question": "\\ud800 who?"}', 422),
        (b'{"\\ud800": 1, "question": "who?"}', 422),
        (b'{"question": "who?", "history": ["\\udfff"]}', 422),
        (b'{"question": "who?", "k": ' + b"9" * 5000 + b"}", 400),
        (b'{"question": "who?", "documents": ["\\udfff"]}', 422),
        (b"[" * 100_000, 400),
        (b"", 422),
    ],
)
def test_bodies_that_are_no_json_of_ours_are_refused(client, body, status):
    response = client.post("v1/ask", content=body, headers={"Content-Type": "application/json"})
    assert response.status_code == status
    assert response.json()["detail"]


def test_a_request_id_that_could_spoil_a_log_is_replaced(client):
    for spoilt in ("a b", "x" * 200, "<script>"):
        made = client.get("health", headers={"X-Request-ID": spoilt}).headers["x-request-id"]
        assert len(made) == 32


def test_a_mistake_of_ours_tells_the_id_and_nothing_else(answerer, client, monkeypatch, caplog):
    def broken(*_: object) -> Answer:
        raise RuntimeError("a secret of the house")

    monkeypatch.setattr(answerer, "answer", broken)
    response = client.post("v1/ask", json={"question": QUESTION}, headers={"X-Request-ID": "lost-7"})
    assert response.status_code == 500
    assert response.json()["instance"] == "lost-7"
    assert "secret" not in response.text
    deadline = time.monotonic() + 5  # it is logged once it is told
    while "request lost-7 failed: POST /v1/ask" not in caplog.text:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    monkeypatch.undo()
    assert client.post("v1/ask", json={"question": QUESTION}).status_code == 200


def test_documents_are_listed_a_part_at_a_time(client, sample_library):
    seen, cursor, turns = [], None, 0
    while turns == 0 or cursor:
        part = client.get("v1/documents", params={"limit": 2} | ({"cursor": cursor} if cursor else {})).json()
        seen += [entry["id"] for entry in part["documents"]]
        cursor, turns = part["next"], turns + 1
    assert (seen, turns) == ([entry.id for entry in sample_library.entries()], 2)


def test_a_document_is_shown_with_its_positions(client, sample_library):
    name = sample_library.entries()[0].id
    shown = client.get(f"v1/documents/{name}").json()
    text = client.get(f"v1/documents/{name}/text").text
    assert text == sample_library.document(name).text
    assert shown["characters"] == len(text)
    note = shown["footnotes"][0]
    marker = note["markers"][0]
    assert text[marker["start_char_index"] : marker["end_char_index"]].strip("[]") == note["label"]
    report = client.get(f"v1/documents/{name}/report").json()
    assert report == {"id": name, "left_out": shown["left_out"], "warnings": shown["warnings"]}


def test_a_file_is_added_once_replaced_and_deleted(own, library):
    data = (SAMPLES / "coffee.md").read_bytes()

    def sent(data: bytes) -> httpx.Response:
        return own.post("v1/documents", files={"file": ("../notes/coffee.md", data)})

    first = sent(data)
    assert first.status_code == 201
    line = first.json()
    assert (line["outcome"], line["source"], line["notes"]) == ("added", "coffee.md", 16)
    again = sent(data)
    assert (again.status_code, again.json()["outcome"]) == (200, "unchanged")
    assert again.json()["document_id"] == line["document_id"]
    changed = sent(data + b"\n\nA last word about tea.\n")
    assert (changed.status_code, changed.json()["outcome"]) == (201, "replaced")
    [entry] = own.get("v1/documents").json()["documents"]
    assert (entry["id"], entry["source"]) == (line["document_id"], "upload:coffee.md")
    assert own.post("v1/ask", json={"question": QUESTION}).json()["answered"] is True
    assert own.delete(f"v1/documents/{line['document_id']}").status_code == 204
    assert own.delete(f"v1/documents/{line['document_id']}").status_code == 404
    assert library.entries() == []


@pytest.mark.parametrize(
    ("given", "status", "said"),
    [
        ({"files": {"file": ("a.md", b"")}}, 422, "is empty"),
        ({"files": {"file": ("a.pdf", b"%PDF-1.7 nonsense")}}, 422, "a.pdf"),
        ({"files": {"other": ("a.md", b"x")}}, 422, "a field called file"),
        ({"files": [("file", ("a.md", b"x")), ("file", ("b.md", b"x"))]}, 400, "Too many files"),
        ({"files": {"file": ("a.md", b"x")}, "data": {"more": "1"}}, 422, "body.more"),
        ({"content": b"x", "headers": {"Content-Type": "multipart/form-data"}}, 400, "boundary"),
        ({"content": b"x", "headers": {"Content-Type": "text/plain"}}, 415, "multipart/form-data"),
        ({"json": {"url": "/etc/passwd"}}, 422, "body.url"),
        ({"json": {"url": "https://a.example/", "name": "x"}}, 422, "body.name"),
        ({"content": b"{", "headers": {"Content-Type": "application/json"}}, 400, "no JSON"),
    ],
)
def test_what_is_no_document_is_refused_with_its_reason(own, given, status, said):
    response = own.post("v1/documents", **given)
    assert response.status_code == status
    assert said in response.json()["detail"]
    assert "/tmp" not in response.text
    assert own.get("v1/documents").json() == {"documents": [], "next": None}


def test_a_thumb_and_a_comment_are_kept_with_the_answer(own, library):
    answer = own.post("v1/ask", json={"question": QUESTION}).json()
    said = {"answer": answer, "good": False, "comment": " not at all "}
    assert own.post("v1/feedback", json=said).status_code == 204
    assert own.post("v1/feedback", json=said | {"answer": answer | {"more": 1}}).status_code == 422
    [kept] = all_feedback(library.catalog)
    assert (kept.good, kept.comment, kept.answer) == (False, "not at all", answer)


def test_a_reader_may_ask_and_not_change_anything(answerer):
    app, jobs = FastAPI(), Jobs(lambda: None)
    routes(app, answerer, None, jobs)

    async def as_reader(scope: Any, receive: Any, send: Any) -> None:
        with acting_as(Principal("ann", "reader", None)):
            await app(scope, receive, send)

    with served(as_reader) as at, httpx.Client(base_url=at, timeout=60) as client:  # type: ignore[arg-type]
        assert client.post("v1/ask", json={"question": QUESTION}).json()["answered"] is True
        name = client.get("v1/documents").json()["documents"][0]["id"]
        refusals = [
            client.delete(f"v1/documents/{name}"),
            client.post("v1/documents", files={"file": ("a.md", b"# A\n\nText of it.")}),
            client.post("v1/documents", json={"url": "https://a.example/"}),
        ]
        assert [r.status_code for r in refusals] == [403, 403, 403]
        assert refusals[0].json()["type"] == "urn:cited:problem:access-denied"
        assert client.get(f"v1/documents/{name}").status_code == 200


def test_health_readiness_and_figures(answerer):
    loaded = False
    with offered(answerer, ready=lambda: loaded) as client:
        assert client.get("health").json() == {"status": "alive"}
        waiting = client.get("ready")
        assert (waiting.status_code, waiting.headers["retry-after"]) == (503, "2")
        loaded = True
        assert client.get("ready").json() == {"status": "ready"}
        client.post("v1/ask", json={"question": QUESTION})
        client.post("v1/ask", json={"question": "Who won the 1998 World Cup?", "stream": True})
        client.get("v1/documents/none")
        client.get("v1/made/up/path")
        figures = client.get("metrics").text.splitlines()
    assert 'cited_answers_total{answered="true",interface="http",mode="quote"} 1.0' in figures
    assert 'cited_answers_total{answered="false",interface="http",mode="quote"} 1.0' in figures
    assert 'cited_requests_total{method="POST",route="/v1/ask",status="200"} 2.0' in figures
    assert (
        'cited_requests_total{method="GET",route="/v1/documents/{document_id}",status="404"} 1.0' in figures
    )
    assert 'cited_requests_total{method="GET",route="unknown",status="404"} 1.0' in figures
    assert 'cited_stage_seconds_count{stage="search"} 2.0' in figures
    assert "cited_documents 3.0" in figures
    assert "cited_in_flight 1.0" in figures  # the figures themselves
    assert any(line.startswith("process_resident_memory_bytes ") for line in figures)


def test_the_description_is_of_these_routes_and_its_page_needs_nothing_from_elsewhere(client):
    described = client.get("openapi.json").json()
    assert described["openapi"].startswith("3.1")
    assert set(described["paths"]) == {
        *("/v1/ask", "/v1/search", "/v1/feedback", "/v1/documents", "/v1/documents/{document_id}"),
        *("/v1/documents/{document_id}/text", "/v1/documents/{document_id}/report"),
        *("/v1/models", "/v1/models/{name}", "/v1/chat/completions"),
    }
    page = client.get("docs").text
    assert "POST /v1/ask" in page
    assert "Where the request is wrong." in page
    assert not any(outside in page for outside in ("http:", "https://cdn", "<script", "src=", "@import"))


def test_a_path_of_the_page_is_left_to_the_page(answerer):
    app, jobs = FastAPI(openapi_url=None), Jobs(lambda: None)
    routes(app, answerer, None, jobs)
    app.get("/v1extra")(lambda: "the page's")
    with served(app) as at:
        assert httpx.get(f"{at}v1extra").json() == "the page's"
        assert "x-request-id" not in httpx.get(f"{at}else").headers


def test_a_set_is_run_and_its_results_are_read(library: Library, answerer: Answerer, tmp_path: Path):
    from eval.for_page import PageEvaluations

    (tmp_path / "coffee.md").write_bytes((SAMPLES / "coffee.md").read_bytes())
    asked = Answerer(library, answerer.reader)
    evaluations = PageEvaluations(asked)
    with offered(asked, evaluations) as client:
        client.post("v1/documents", files={"file": ("coffee.md", (SAMPLES / "coffee.md").read_bytes())})
        rows = [{"id": "1", "question": QUESTION, "evidence": [{"quote": SAFE}]}]
        (tmp_path / "mine.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
        evaluations.add_set(tmp_path / "mine.jsonl")
        assert "mine" in client.get("v1/evaluations").json()["sets"]
        assert client.post("v1/evaluations", json={"set": "none"}).status_code == 404
        assert client.post("v1/evaluations", json={"set": "mine"}).status_code == 202
        while (state := client.get("v1/evaluations").json())["state"]["stage"] == "running":
            assert client.post("v1/evaluations", json={"set": "mine"}).status_code in (202, 409)
        [run, *_] = state["runs"]
        assert (run["set"], run["questions"]) == ("mine", 1)
        shown = client.get(f"v1/evaluations/{run['name']}").json()
        Results.model_validate(shown)
        assert {"evidence_recall", "correct"} <= {figure["name"] for figure in shown["figures"]}
        report = client.get(f"v1/evaluations/{run['name']}/report")
        assert report.headers["content-security-policy"].endswith("sandbox allow-scripts")
        assert report.text.startswith("<!doctype html>")
        assert client.get("v1/evaluations/none").status_code == 404
        assert client.get(f"v1/evaluations/{run['name']}?against=none").status_code == 404
