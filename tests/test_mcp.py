"""The official client of the protocol asks a real process over stdio, and a real server over HTTP."""

import json
import subprocess
import sys
from contextlib import asynccontextmanager
from contextvars import ContextVar

import anyio
import httpx
import jsonschema
import pytest
from fastapi import FastAPI
from mcp import Client, MCPError, StdioServerParameters

from app.access.principal import Principal, acting_as
from app.answer import Answerer
from app.mcp import mount
from app.mcp.tools import page_of
from app.terminal import document_to_json
from index.catalog import Entry
from index.library import Library
from ingest.errors import QuestionError
from ingest.read import read_file
from tests.conftest import SAMPLES, served

QUESTION = "How much caffeine a day is considered safe for adults?"
BRIDGE = "# The bridge\n\nThe iron bridge over the Tarn was opened in 1932.\n"
READING = {"ask_question", "search_documents", "list_documents", "get_document"}
START = "import app.cli.mcp; from eval.cli import main; main()"
ADDRESS = "cited://documents/"


@pytest.fixture(scope="module")
def folder(tmp_path_factory, embedder):
    """A library of one sample, which tests leave as it is, closed."""
    folder = tmp_path_factory.mktemp("mcp") / "library"
    with Library(folder, embedder) as library:
        library.add(read_file(SAMPLES / "coffee.md"))
    return folder


@pytest.fixture
def answerer(library):
    """Over an empty library, or one of the coffee article."""
    return Answerer(library)


@pytest.fixture
def coffee(answerer):
    document = read_file(SAMPLES / "coffee.md")
    answerer.library.add(document)
    return document


@asynccontextmanager
async def connected(target, **more):
    async with Client(target, read_timeout_seconds=120, **more) as client:
        yield client


def program(folder, *words):
    command = ["-c", START, "mcp", "--library", str(folder), *words]
    return StdioServerParameters(command=sys.executable, args=command)


def over_http(answerer, talk, read_only=False, mode="auto", **more):
    """What a conversation with a served library gives."""
    app = FastAPI()
    mount(app, answerer, read_only, **more)

    async def run(address):
        async with connected(f"{address}mcp", mode=mode) as client:
            return await talk(client)

    with served(app) as address:
        return anyio.run(run, address)


def text_of(result):
    (content,) = result.content
    return content.text


def without_times(answer):
    return {name: value for name, value in answer.items() if name != "timings_ms"}


# Over stdio, a real process


def test_a_process_answers_lists_and_reads_and_says_nothing_but_the_protocol(folder, embedder, capfd):
    async def talk():
        async with connected(program(folder)) as client:
            tools = {tool.name: tool for tool in (await client.list_tools()).tools}
            listed = await client.call_tool("list_documents", {})
            asked = await client.call_tool("ask_question", {"question": QUESTION})
            name = listed.structured_content["documents"][0]["id"]
            part = await client.call_tool("get_document", {"id": name, "start": 7263, "end": 7357})
            return tools, listed, asked, part

    tools, listed, asked, part = anyio.run(talk)
    assert set(tools) == READING | {"add_document", "delete_document"}
    assert "path" in tools["add_document"].input_schema["properties"]
    assert [d["title"] for d in listed.structured_content["documents"]] == [
        "Coffee: The Seed That Had to Be Burnt"
    ]
    answer = asked.structured_content
    assert (answer["answered"], "400 milligrams" in answer["answer"]) == (True, True)
    assert text_of(asked).startswith(answer["answer"])
    (citation,) = answer["citations"]
    assert (citation["start_char_index"], citation["end_char_index"]) == (7263, 7357)
    assert part.structured_content["text"] == text_of(part) == citation["cited_text"]
    with Library(folder, embedder) as library:
        here = Answerer(library).answer(QUESTION).to_json()
    assert without_times(answer) == without_times(here)
    assert "Traceback" not in capfd.readouterr().err


def test_a_file_of_this_machine_can_be_added_and_deleted_over_stdio(tmp_path):
    (tmp_path / "bridge.md").write_text(BRIDGE)

    async def talk():
        async with connected(program(tmp_path / "library")) as client:
            added = await client.call_tool("add_document", {"path": str(tmp_path / "bridge.md")})
            missing = await client.call_tool("add_document", {"path": str(tmp_path / "nothing.md")})
            name = added.structured_content["lines"][0]["document_id"]
            deleted = await client.call_tool("delete_document", {"id": name})
            again = await client.call_tool("delete_document", {"id": name})
            return added, missing, name, deleted, again

    added, missing, name, deleted, again = anyio.run(talk)
    assert added.structured_content["summary"]["added"] == 1
    assert text_of(added) == f"added: The bridge (id {name})"
    assert missing.is_error
    assert "there is no file or folder" in text_of(missing)
    assert deleted.structured_content == {"deleted": name}
    assert again.is_error
    assert f"there is no document {name}" in text_of(again)


def test_read_only_offers_no_tool_that_changes_anything(folder):
    async def talk():
        async with connected(program(folder, "--read-only")) as client:
            with pytest.raises(MCPError, match="there is no tool delete_document"):
                await client.call_tool("delete_document", {"id": "x"})
            return (await client.list_tools()).tools

    tools = anyio.run(talk)
    assert {tool.name for tool in tools} == READING
    assert all(tool.annotations.read_only_hint for tool in tools)


def test_every_line_on_standard_output_is_a_message_and_the_end_of_input_ends_it(folder):
    hello = {
        "jsonrpc": "2.0", "id": 1, "method": "initialize",
        "params": {
            "protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}
        },
    }  # fmt: skip
    ready = {"jsonrpc": "2.0", "method": "notifications/initialized"}
    ask = {
        "jsonrpc": "2.0", "id": 2, "method": "tools/call",
        "params": {"name": "search_documents", "arguments": {"question": QUESTION, "k": 1}},
    }  # fmt: skip
    command = [sys.executable, "-c", START, "mcp", "--library", str(folder)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        process.stdin.write("".join(json.dumps(m) + "\n" for m in (hello, ready)) + "no json\n")
        process.stdin.write(json.dumps(ask) + "\n")
        process.stdin.flush()
        messages = [json.loads(process.stdout.readline()) for _ in range(2)]
        while messages[-1].get("id") != 2:
            messages.append(json.loads(process.stdout.readline()))
        process.stdin.close()
        rest = process.stdout.read()
        assert process.wait(60) == 0
    assert rest == ""
    assert all(message["jsonrpc"] == "2.0" for message in messages)
    assert len(messages[-1]["result"]["structuredContent"]["passages"]) == 1


def test_where_another_process_has_the_library_the_program_says_how_to_reach_it(folder, embedder):
    with Library(folder, embedder) as library:
        library.own()
        command = [sys.executable, "-c", START, "mcp", "--library", str(folder)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, input="")
    assert (done.returncode, done.stdout) == (1, "")
    assert "is in use by" in done.stderr
    assert "http://127.0.0.1:7860/mcp" in done.stderr
    assert "Traceback" not in done.stderr


# Over HTTP, a real socket


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_over_http_the_answer_is_the_one_in_process(answerer, coffee, mode):
    async def talk(client):
        asked = await client.call_tool("ask_question", {"question": QUESTION, "documents": [coffee.id]})
        found = await client.call_tool("search_documents", {"question": QUESTION, "k": 3})
        return (await client.list_tools()).tools, asked, found

    tools, asked, found = over_http(answerer, talk, mode=mode)
    here = answerer.answer(QUESTION, documents=[coffee.id]).to_json()
    assert without_times(asked.structured_content) == without_times(here)
    assert len(found.structured_content["passages"]) == 3
    assert found.structured_content["passages"][0]["text"] in text_of(found)
    adding = next(tool for tool in tools if tool.name == "add_document")
    assert "path" not in adding.input_schema["properties"]


def test_no_path_of_the_server_can_be_read_over_http(answerer, tmp_path):
    secret = tmp_path / "secret.txt"
    secret.write_text("The key lies under the third stone.")

    async def talk(client):
        return [
            await client.call_tool("add_document", arguments)
            for arguments in (
                {"path": str(secret)},
                {"url": str(secret)},
                {"url": f"file://{secret}"},
                {"url": "-"},
                {"url": "http://127.0.0.1:1/x"},
                {"text": "A harmless text.", "name": str(secret)},
            )
        ]

    path, url, scheme, dash, own, named = over_http(answerer, talk)
    assert "path: Extra inputs are not permitted" in text_of(path)
    assert "is no http or https address" in text_of(url)
    assert "is no http or https address" in text_of(scheme)
    assert "is no http or https address" in text_of(dash)
    assert "a private network" in text_of(own)
    assert all(result.is_error for result in (path, url, scheme, dash, own))
    assert named.structured_content["lines"][0]["source"] == "secret.txt"
    (entry,) = answerer.library.entries()
    assert answerer.library.document(entry.id).text.strip() == "A harmless text."


def test_a_text_is_added_replaced_and_read_back_as_a_resource(answerer):
    async def talk(client):
        first = await client.call_tool("add_document", {"text": BRIDGE, "name": "bridge.md"})
        changed = BRIDGE.replace("1932", "1937")
        second = await client.call_tool("add_document", {"text": changed, "name": "bridge.md"})
        (resource,) = (await client.list_resources()).resources
        read = await client.read_resource(resource.uri)
        (template,) = (await client.list_resource_templates()).resource_templates
        with pytest.raises(MCPError, match="there is no document nothing"):
            await client.read_resource(ADDRESS + "nothing")
        with pytest.raises(MCPError, match="is no document"):
            await client.read_resource("file:///etc/passwd")
        return first, second, resource, read, template

    first, second, resource, read, template = over_http(answerer, talk)
    assert [r.structured_content["lines"][0]["outcome"] for r in (first, second)] == ["added", "replaced"]
    name = first.structured_content["lines"][0]["document_id"]
    assert (resource.uri, resource.title) == (ADDRESS + name, "The bridge")
    assert read.contents[0].text == answerer.library.document(name).text
    assert "opened in 1937" in read.contents[0].text
    assert template.uri_template == ADDRESS + "{id}"


def test_a_document_is_read_in_parts_that_make_up_its_text(answerer, coffee):
    async def talk(client):
        parts, start = [], 0
        while start is not None:
            read = await client.call_tool("get_document", {"id": coffee.id, "start": start})
            parts.append(read.structured_content)
            start = parts[-1]["next_start"]
        beyond = await client.call_tool("get_document", {"id": coffee.id, "start": 10**9})
        backwards = await client.call_tool("get_document", {"id": coffee.id, "start": 5, "end": 4})
        return parts, beyond, backwards

    parts, beyond, backwards = over_http(answerer, talk)
    assert "".join(part["text"] for part in parts) == coffee.text
    described = json.loads(json.dumps(document_to_json(coffee)))
    assert {name: parts[0][name] for name in described} == described
    assert f"which has {len(coffee.text)} characters" in text_of(beyond)
    assert backwards.is_error


WRONG = {
    "no question": ("ask_question", {}, "question: Field required"),
    "an empty question": ("ask_question", {"question": "?!"}, "the question is empty"),
    "an overlong question": ("search_documents", {"question": "why " * 900}, "ask in 2000 or fewer"),
    "another type": ("search_documents", {"question": "sea", "k": "3"}, "k: Input should be a valid integer"),
    "out of range": ("search_documents", {"question": "sea", "k": 0}, "greater than or equal to 1"),
    "an unknown argument": ("list_documents", {"page": 2}, "page: Extra inputs are not permitted"),
    "an unknown document": ("ask_question", {"question": "Who?", "documents": ["x"]}, "no document x"),
    "an unknown mode": ("ask_question", {"question": "Who?", "mode": "poem"}, "Input should be 'quote' or"),
    "no model": ("ask_question", {"question": "Who?", "mode": "model"}, "there is no language model"),
    "a false cursor": ("list_documents", {"cursor": "x"}, "'x' is no cursor"),
    "nothing to add": ("add_document", {}, "give exactly one of: url, text"),
    "two things to add": ("add_document", {"url": "https://a.org", "text": "b", "name": "c"}, "exactly"),
    "a text without a name": ("add_document", {"text": "Words."}, "a text needs a name"),
    "an empty text": ("add_document", {"text": " ", "name": "a.md"}, "is empty"),
}  # fmt: skip


def test_what_is_wrong_is_told_as_a_tools_error_that_names_it(answerer, coffee):
    async def talk(client):
        return {what: await client.call_tool(name, given) for what, (name, given, _) in WRONG.items()}

    results = over_http(answerer, talk)
    for what, (_, _, said) in WRONG.items():
        assert results[what].is_error, what
        assert said in text_of(results[what]), what
        assert results[what].structured_content is None


def test_the_schemas_are_strict_and_describe_every_argument_and_result(answerer, coffee):
    async def talk(client):
        found = await client.call_tool("search_documents", {"question": QUESTION})
        return (await client.list_tools()).tools, found

    tools, found = over_http(answerer, talk)
    for tool in tools:
        jsonschema.Draft202012Validator.check_schema(tool.input_schema)
        assert tool.input_schema["additionalProperties"] is False
        assert all(argument["description"] for argument in tool.input_schema["properties"].values())
        assert len(tool.description) > 50
        assert tool.annotations.destructive_hint is (tool.name == "delete_document")
    schema = next(tool.output_schema for tool in tools if tool.name == "search_documents")
    jsonschema.validate(found.structured_content, schema)


def entry(number):
    return Entry(f"id-{number:03}", f"Title {number % 7}", "s", "v", "2026", 1, 10, 0)


def test_a_long_list_comes_in_pages_that_leave_nothing_out_when_a_document_goes():
    entries = sorted(map(entry, range(120)), key=lambda e: (e.title, e.id))
    first, cursor = page_of(entries, None)
    assert first == entries[:50]
    second, cursor = page_of([e for e in entries if e not in first[-3:]], cursor)
    assert second == entries[50:100]
    assert page_of(entries, cursor) == (entries[100:], None)
    with pytest.raises(QuestionError):
        page_of(entries, "bm8=")


def test_an_empty_library_lists_finds_and_refuses(answerer):
    async def talk(client):
        listed = await client.call_tool("list_documents", {})
        found = await client.call_tool("search_documents", {"question": "sea"})
        asked = await client.call_tool("ask_question", {"question": "Where is the sea?"})
        return listed, found, asked, (await client.list_resources()).resources

    listed, found, asked, resources = over_http(answerer, talk)
    assert listed.structured_content == {"documents": [], "next_cursor": None}
    assert found.structured_content == {"passages": []}
    assert asked.structured_content["answered"] is False
    assert resources == []


# Who may come


MESSAGE = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}}
ACCEPT = {"accept": "application/json, text/event-stream", "content-type": "application/json"}


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"host": "localhost:7860"}, 200),
        ({"host": "cited.example"}, 200),
        ({"host": "evil.example"}, 421),
        ({"origin": "http://evil.example"}, 403),
        ({"origin": "http://cited.example"}, 200),
        ({"content-type": "text/plain"}, 400),
    ],
)
def test_requests_for_other_names_and_of_other_pages_are_refused(answerer, headers, status):
    app = FastAPI()
    mount(app, answerer, hosts=["cited.example"])
    with served(app) as address:
        answered = httpx.post(f"{address}mcp", json=MESSAGE, headers=ACCEPT | headers)
        assert answered.status_code == status
        for method in ("GET", "DELETE"):
            assert httpx.request(method, f"{address}mcp", headers=ACCEPT).status_code == 405
        huge = httpx.post(f"{address}mcp", content=b"x" * 8_000_001, headers=ACCEPT)
        assert huge.status_code == 413


def test_an_application_can_be_started_again_and_keeps_its_own_lifespan(answerer):
    begun = []

    @asynccontextmanager
    async def own(_):
        begun.append(True)
        yield

    app = FastAPI(lifespan=own)
    mount(app, answerer)
    for _ in range(2):
        with served(app) as address:
            assert httpx.post(f"{address}mcp", json=MESSAGE, headers=ACCEPT).status_code == 200
    assert begun == [True, True]


def test_what_a_middleware_says_of_a_request_is_known_to_its_tools_and_to_no_other(answerer, monkeypatch):
    asking = ContextVar("asking", default="nobody")

    class Asking:
        def __init__(self, app):
            self.app = app

        async def __call__(self, scope, receive, send):
            if scope["type"] == "http":
                asking.set(dict(scope["headers"]).get(b"x-name", b"nobody").decode())
            await self.app(scope, receive, send)

    seen = []
    entries = answerer.library.entries
    monkeypatch.setattr(answerer.library, "entries", lambda: seen.append(asking.get()) or entries())
    app = FastAPI()
    mount(app, answerer)
    app.add_middleware(Asking)
    call = MESSAGE | {"method": "tools/call", "params": {"name": "list_documents", "arguments": {}}}
    with served(app) as address:
        for name in ("anna", "berg"):
            done = httpx.post(f"{address}mcp", json=call, headers=ACCEPT | {"x-name": name})
            assert done.json()["result"]["structuredContent"]["documents"] == []
    assert seen == ["anna", "berg"]


def test_who_may_only_read_changes_nothing(answerer, coffee):
    class AsReader:
        def __init__(self, app):
            self.app = app

        async def __call__(self, scope, receive, send):
            with acting_as(Principal("anna", "reader", frozenset())):
                await self.app(scope, receive, send)

    app = FastAPI()
    mount(app, answerer)
    app.add_middleware(AsReader)
    with served(app) as address:
        for name, given in (
            ("add_document", {"text": BRIDGE, "name": "a.md"}),
            ("delete_document", {"id": coffee.id}),
        ):
            call = MESSAGE | {"method": "tools/call", "params": {"name": name, "arguments": given}}
            result = httpx.post(f"{address}mcp", json=call, headers=ACCEPT).json()["result"]
            assert result["isError"]
            assert "takes the role editor" in result["content"][0]["text"]
    assert [entry.id for entry in answerer.library.entries()] == [coffee.id]
