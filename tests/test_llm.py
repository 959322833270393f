"""The connection to language models, against a real HTTP server that answers as it is told."""

import gc
import json
import logging
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import openai
import pytest

from app.llm import LanguageModel, Message, connect, line
from app.llm.endpoint import Patience
from app.llm.line import is_loopback
from app.llm.stream import without_thoughts
from ingest.errors import LanguageModelError, SettingsError
from tests.conftest import ROOT
from tests.scripted_endpoint import DONE, Endless, Endpoint, Raw, Reply, Status, Text, event, scripted

QUESTION = [Message("system", "Answer briefly."), Message("user", "When was the bridge opened?")]
ANSWER = "It was opened in 1932 [1]. Die Brücke über den Fluß: 横跨河流的铁桥 🌉."
HURRIED = Patience(connect=1, first=0.5, between=0.3)
KEY = "sk-very-secret-0123456789"


def written(endpoint: Endpoint, most_tokens: int = 100, **given: Any) -> str:
    return "".join(connect("scripted", endpoint.url, **given).stream(QUESTION, most_tokens))


def refusal(*replies: Reply, names: Sequence[str] = ("scripted",), **given: Any) -> str:
    """The message when nothing was written."""
    with scripted(*replies, names=names) as endpoint, pytest.raises(LanguageModelError) as caught:
        written(endpoint, **given)
    return str(caught.value)


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_the_pieces_together_are_the_text(size):
    with scripted(Text(ANSWER, size)) as endpoint:
        pieces = list(connect("scripted", endpoint.url).stream(QUESTION, 100))
    assert "".join(pieces) == ANSWER
    assert len(pieces) == -(-len(ANSWER) // size)


def test_a_question_is_sent_as_the_interface_has_it_and_says_nothing_of_this_machine(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-the-environment")
    monkeypatch.setenv("OPENAI_ORG_ID", "org-of-the-environment")
    with scripted(Text("Yes.")) as endpoint:
        written(endpoint, 77)
        written(endpoint, 77, api_key=KEY)
    keyless, keyed = endpoint.asked
    assert keyless.body == {
        "model": "scripted",
        "messages": [
            {"role": "system", "content": "Answer briefly."},
            {"role": "user", "content": "When was the bridge opened?"},
        ],
        "max_tokens": 77,
        "temperature": 0.0,
        "stream": True,
    }
    assert keyed.headers["authorization"] == f"Bearer {KEY}"
    assert "authorization" not in keyless.headers
    assert "of-the-environment" not in str(keyless.headers) + str(keyed.headers)
    assert not [name for name in keyed.headers if name.startswith(("x-stainless", "openai"))]


def test_half_a_character_in_a_question_is_sent_as_a_replacement():
    with scripted(Text("Yes.")) as endpoint:
        list(connect("scripted", endpoint.url).stream([Message("user", "a\ud83db")], 9))
    assert endpoint.asked[0].body["messages"] == [{"role": "user", "content": "a\ufffdb"}]


def test_the_official_client_reads_the_scripted_endpoint_as_we_do():
    with scripted(Text(ANSWER, 5), names=("a", "b")) as endpoint:
        client = openai.OpenAI(base_url=endpoint.url, api_key="none", max_retries=0)
        with client:
            stream = client.chat.completions.create(
                model="a", messages=[{"role": "user", "content": "?"}], stream=True
            )
            chunks = list(stream)
            assert [model.id for model in client.models.list()] == ["a", "b"]
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == ANSWER
    assert [chunk.choices[0].finish_reason for chunk in chunks][-2:] == [None, "stop"]


def test_a_character_that_is_cut_between_two_reads_comes_whole():
    body = event({"content": "Brücke 横跨 🌉"}) + event({}, "stop") + DONE
    with scripted(Raw(body, size=1)) as endpoint:
        assert written(endpoint) == "Brücke 横跨 🌉"


def test_bytes_that_are_no_utf8_become_replacement_characters():
    body = event({"content": "Br~cke"}).replace(b"~", b"\xfc") + event({"content": " cut"}) + DONE
    with scripted(Raw(body)) as endpoint:
        assert written(endpoint) == "Br\ufffdcke cut"


def test_what_is_no_text_is_left_out():
    events = [
        event({"role": "assistant", "content": None}),
        event({"content": None, "reasoning_content": "Let me think."}),
        event({"content": ""}),
        b": a comment to keep the line open\n\n",
        event({"content": "In 1932."}),
        b'data: {"id": "1", "object": "chat.completion.chunk", "choices": [], "usage": null}\n\n',
        event({}, "stop"),
        DONE,
    ]
    with scripted(Raw(b"".join(events))) as endpoint:
        assert written(endpoint) == "In 1932."


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("<think>The bridge…</think>\n\nIn 1932.", "In 1932."),
        ("\n<think></think>In 1932.", "In 1932."),
        ("  In 1932 <think>here</think>.", "In 1932 <think>here</think>."),
        ("<thinker> is no tag.", "<thinker> is no tag."),
        ("<th", "<th"),
        ("<think>It never ends", ""),
        ("", ""),
    ],
)
@pytest.mark.parametrize("size", [1, 3, 100])
def test_thoughts_at_the_beginning_are_left_out(text, left, size):
    pieces = (text[at : at + size] for at in range(0, len(text), size))
    assert "".join(without_thoughts(pieces)) == left


# What goes wrong before the first piece


def test_a_busy_endpoint_is_asked_again_until_it_answers():
    with scripted(Status(503), Status(500), Text("In 1932.")) as endpoint:
        assert written(endpoint) == "In 1932."
    assert len(endpoint.asked) == 3


def test_three_tries_are_enough():
    with scripted(Status(502, b"bad gateway")) as endpoint, pytest.raises(LanguageModelError) as caught:
        written(endpoint)
    assert len(endpoint.asked) == 3
    assert str(caught.value) == f"scripted at {endpoint.url} answers with status 502: bad gateway"


def test_a_server_that_says_when_to_come_back_is_heard():
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=3), usegmt=True)
    replies = Status(429, headers={"Retry-After": "0.2"}), Status(429, headers={"Retry-After": soon})
    with scripted(*replies, Text("In 1932.")) as endpoint:
        began = time.monotonic()
        assert written(endpoint) == "In 1932."
    assert 1.2 < time.monotonic() - began < 9


def test_a_server_that_wants_to_be_left_alone_for_long_is_not_asked_again():
    reply = Status(429, {"error": {"message": "Quota used up"}}, {"Retry-After": "3600"})
    with scripted(reply) as endpoint, pytest.raises(LanguageModelError, match="Quota used up"):
        written(endpoint)
    assert len(endpoint.asked) == 1


def test_an_endpoint_that_is_not_running_is_said_to_be_unreachable():
    with socket.socket() as taken:  # bound, and not listening: every connection is refused
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/v1"
        model = connect("scripted", url)
        with pytest.raises(LanguageModelError, match=f"can be reached at {url}: .*refused.*Is it running"):
            next(model.stream(QUESTION, 10))
        with pytest.raises(LanguageModelError, match="Is it running"):
            model.models()


@pytest.mark.parametrize(
    ("status", "key", "told"),
    [
        (401, KEY, "refuses the API key: Wrong key; check CITED_API_KEY"),
        (403, KEY, "refuses the API key: Wrong key; check CITED_API_KEY"),
        (401, None, "refuses to answer without an API key: Wrong key; set CITED_API_KEY"),
    ],
)
def test_a_refused_key_is_told_and_not_tried_again(status, key, told):
    reply = Status(status, {"error": {"message": "Wrong key"}})
    with scripted(reply) as endpoint, pytest.raises(LanguageModelError) as caught:
        written(endpoint, api_key=key)
    assert str(caught.value) == f"{endpoint.url} {told}"
    assert len(endpoint.asked) == 1


@pytest.mark.parametrize(
    ("names", "told"),
    [
        (("llama", "qwen"), "; it has llama, qwen"),
        (tuple("abcdefg"), "; it has a, b, c, d, e and 2 more"),
        ((), ", and no list of models. Does the address end as it should? Most end in /v1"),
    ],
)
def test_a_model_that_is_not_there_is_answered_with_those_that_are(names, told):
    message = refusal(Status(404, {"error": {"message": "unknown"}}), names=names)
    assert message.startswith("there is no model scripted at http://127.0.0.1:")
    assert message.endswith(told)


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({"error": {"message": "The prompt is\ttoo\x1b[31m long\n"}}, "The prompt is too [31m long"),
        ({"error": "model is loading"}, "model is loading"),
        ({"detail": "no such field"}, "no such field"),
        (b"plain words", "plain words"),
        ({"error": {"message": "m" * 5000}}, "m" * 299 + "…"),
        ({"error": {"message": f"the key {KEY} is for reading"}}, "the key [key] is for reading"),
    ],
)
def test_the_servers_own_words_are_repeated_short_clean_and_without_the_key(body, told):
    assert refusal(Status(400, body), api_key=KEY).endswith(f"answers with status 400: {told}")


def test_nobody_is_sent_on_to_another_host():
    with scripted(Text("stolen")) as other:
        where = other.url.replace("127.0.0.1", "localhost") + "/chat/completions"
        for code in (301, 302, 307, 308):
            message = refusal(Status(code, headers={"Location": where}), api_key=KEY)
            assert f"sends on to {where}, which is not followed" in message
    assert other.requests == []


@pytest.mark.parametrize(
    "reply",
    [
        Raw(b"<!doctype html><title>Welcome</title><p>A page.</p>", kind="text/html"),
        Raw(b'{"choices": [{"message": {"content": "not streamed"}}]}', kind="application/json"),
        Raw(b""),
        Raw(b"data: no json\n\n"),
        Raw(b'data: {"choices": 5}\n\n'),
        Raw(b'data: {"choices": [7]}\n\n'),
        Raw(b'data: {"choices": [{"delta": {"content": ["a", "list"]}}]}\n\n'),
        Raw(b'data: {"choices": [{"delta": {"role": "nobody", "content": "x"}}]}\n\n'),
        Raw(b"data: 5\n\n"),
        Raw(b"data: null\n\n"),
        Raw(b"data: []\n\n"),
        Raw(b"data: {}\n\n"),
    ],
)
def test_what_is_no_such_interface_is_said_so(reply):
    assert "does not answer as the OpenAI interface does" in refusal(reply)


def test_an_error_inside_the_stream_is_told():
    body = b'data: {"error": {"message": "out of memory", "code": 500}}\n\n'
    assert refusal(Raw(body)).endswith("stopped: out of memory")


@pytest.mark.parametrize(
    ("sent", "text"), [(("a\\ud83d", "\\ude00b"), "a😀b"), (("a\\ud83d", "b\\ude00"), "a\ufffdb\ufffd")]
)
def test_halves_of_a_character_become_one_or_are_replaced(sent, text):
    body = b"".join(event({"content": "~"}).replace(b"~", half.encode()) for half in sent)
    with scripted(Raw(body + DONE)) as endpoint:
        assert written(endpoint) == text


# What goes wrong later


def test_a_connection_that_is_cut_breaks_off_and_is_not_asked_again():
    body = event({"content": "It was "}) + event({"content": "opened in"}) + event({"content": " 1932."})
    with scripted(Raw(body, cut=len(body) - 20)) as endpoint:
        writing = connect("scripted", endpoint.url).stream(QUESTION, 100)
        assert [next(writing), next(writing)] == ["It was ", "opened in"]
        with pytest.raises(LanguageModelError, match=r"^scripted at \S+ broke off: "):
            next(writing)
    assert len(endpoint.asked) == 1


def test_a_stream_that_ends_without_saying_so_broke_off():
    told = "broke off: the connection ended before the answer did"
    with (
        scripted(Text("It was opened", finish=None, done=False)) as endpoint,
        pytest.raises(LanguageModelError, match=told),
    ):
        written(endpoint)


@pytest.mark.parametrize("ending", [{"finish": None}, {"done": False}, {"finish": "length"}])
def test_one_sign_of_the_end_is_enough(ending):
    with scripted(Text("In 1932.", **ending)) as endpoint:
        assert written(endpoint) == "In 1932."


def test_a_model_that_does_not_begin_is_not_waited_for_without_end():
    began = time.monotonic()
    message = refusal(Text("late", delay=5), timeout=HURRIED)
    assert 0.4 < time.monotonic() - began < 4
    assert message.endswith("said nothing for 0.5 seconds. Is the machine too slow for it?")


def test_a_model_that_falls_silent_broke_off():
    with (
        scripted(Text("It was opened in 1932.", pause=2)) as endpoint,
        pytest.raises(LanguageModelError, match=r"broke off: silence for 0.3 seconds"),
    ):
        written(endpoint, timeout=Patience(connect=1, first=50, between=0.3))
    assert endpoint.asked[0].left.wait(1)  # and not after 50 s


def test_a_slow_reader_is_not_the_models_silence():
    with scripted(Text("It was opened in 1932.")) as endpoint:
        writing = connect("scripted", endpoint.url, timeout=HURRIED).stream(QUESTION, 9)
        first = next(writing)
        time.sleep(0.6)
        assert first + "".join(writing) == "It was opened in 1932."


@pytest.mark.parametrize("piece", [": still here\n\n", event({"content": ""}).decode()])
def test_signs_of_life_without_a_word_do_not_count(piece):
    assert "said nothing for 0.5 s" in refusal(Endless(piece, pause=0.05, raw=True), timeout=HURRIED)


def test_the_first_piece_may_take_longer_than_the_next():
    with scripted(Text("In 1932.", delay=0.8)) as endpoint:
        assert written(endpoint, timeout=Patience(connect=1, first=10, between=0.3)) == "In 1932."


def test_an_endless_answer_ends_after_eight_characters_a_token():
    with scripted(Endless("and so on ")) as endpoint:
        assert written(endpoint, 16) == ("and so on " * 13)[:128]
        assert endpoint.asked[0].left.wait(1)


def test_endless_thoughts_end_too():
    thought = event({"content": None, "reasoning_content": "Hmm. "}).decode()
    with scripted(Endless(thought, raw=True)) as endpoint:
        assert written(endpoint, 16) == ""
        assert endpoint.asked[0].left.wait(1)


def test_endless_bytes_that_are_no_answer_are_stopped():
    assert "sends without end" in refusal(Endless("x" * 100_000, raw=True))


# Closing


def test_closing_closes_the_connection_at_once():
    with scripted(Endless(pause=0.02)) as endpoint:
        writing = connect("scripted", endpoint.url).stream(QUESTION, 1000)
        assert next(writing) == "and so on "
        assert not endpoint.asked[0].left.wait(0.2)
        writing.close()
        assert endpoint.asked[0].left.wait(1)
        assert list(writing) == []


def test_a_stream_that_is_dropped_closes_the_connection():
    with scripted(Endless(pause=0.02)) as endpoint:
        writing = connect("scripted", endpoint.url).stream(QUESTION, 1000)
        next(writing)
        del writing
        assert endpoint.asked[0].left.wait(1)
    gc.collect()  # and what openai left behind says nothing either


@pytest.mark.parametrize("reply", [Text("late", delay=1.5), Endless(": nothing\n\n", pause=0.1, raw=True)])
def test_another_thread_may_close_while_the_first_piece_is_awaited(reply):
    with scripted(reply) as endpoint, ThreadPoolExecutor(1) as pool:
        writing = connect("scripted", endpoint.url).stream(QUESTION, 1000)
        reading = pool.submit(list, writing)
        while not endpoint.asked:
            time.sleep(0.01)
        began = time.monotonic()
        writing.close()
        assert reading.result(timeout=1) == []
        assert time.monotonic() - began < 0.5
        assert endpoint.asked[0].left.wait(2)
    assert len(endpoint.asked) == 1


def test_another_thread_may_close_a_connection_with_tls(tmp_path, monkeypatch):
    subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    files = ["-keyout", str(tmp_path / "key.pem"), "-out", str(tmp_path / "cert.pem")]
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *subject, *files]
    subprocess.run(command, check=True, capture_output=True)
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")
    trusting = ssl.create_default_context(cafile=str(tmp_path / "cert.pem"))
    monkeypatch.setattr(line, "ssl_context", lambda: trusting)
    left = threading.Event()

    def serve() -> None:
        connection, _ = listening.accept()
        with serving.wrap_socket(connection, server_side=True) as connection:
            connection.recv(65536)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n")
            connection.sendall(event({"content": "In "}))
            with suppress(OSError):
                while connection.recv(65536):
                    pass
            left.set()

    with socket.create_server(("127.0.0.1", 0)) as listening, ThreadPoolExecutor(2) as pool:
        pool.submit(serve)
        model = connect("scripted", f"https://localhost:{listening.getsockname()[1]}/v1")
        writing = model.stream(QUESTION, 100)
        assert next(writing) == "In "
        reading = pool.submit(list, writing)
        assert not left.wait(0.3)
        writing.close()
        assert reading.result(timeout=1) == []
        assert left.wait(1)


def test_another_thread_may_close_between_two_tries():
    with scripted(Status(503, headers={"Retry-After": "8"})) as endpoint, ThreadPoolExecutor(1) as pool:
        writing = connect("scripted", endpoint.url).stream(QUESTION, 1000)
        reading = pool.submit(list, writing)
        while not endpoint.asked:
            time.sleep(0.01)
        writing.close()
        assert reading.result(timeout=1) == []


def test_a_stream_closed_before_it_began_asks_nothing():
    with scripted() as endpoint:
        connect("scripted", endpoint.url).stream(QUESTION, 10).close()
    assert endpoint.requests == []


def test_many_may_ask_at_once_and_no_watch_stays():
    with scripted(Text(ANSWER, 4, pause=0.01)) as endpoint:
        model = connect("scripted", endpoint.url)
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda _: "".join(model.stream(QUESTION, 100)), range(16)))
    assert answers == [ANSWER] * 16
    time.sleep(0.1)
    assert [thread.name for thread in threading.enumerate() if thread.name == "cited-line"] == []


# Where it is


@pytest.mark.parametrize(
    ("endpoint", "told"),
    [
        ("localhost:11434/v1", "the endpoint 'localhost:11434/v1' does not begin with http:// or https://"),
        ("ftp://host/v1", "does not begin with http:// or https://"),
        ("http://", "names no machine"),
        (" ", "does not begin with"),
        ("", "it is not said where the language model scripted is"),
        ("http://host:99999/v1", "is no address"),
        ("http://[::1/v1", "is no address"),
        ("http://bücke\u0301..de/v1", "is no address"),
        ("http://me:hidden@host/v1", "the endpoint holds a name or a password"),
        ("me:hidden@host/v1", "the endpoint does not begin with"),
        ("http://host/v1?version=hidden", "holds a question mark"),
        ("http://ho st/v1", "a blank"),
    ],
)
def test_what_is_no_endpoint_is_refused_without_repeating_a_password(endpoint, told):
    with pytest.raises(SettingsError) as caught:
        connect("scripted", endpoint)
    assert told in str(caught.value)
    assert "me:hidden" not in str(caught.value)


def test_slashes_blanks_and_the_whole_path_of_the_interface_do_no_harm():
    with scripted(Text("Yes.")) as endpoint:
        for given in ("/", "//", " ", "/chat/completions", "/chat/completions/"):
            model = connect("scripted", endpoint.url + given)
            assert (model.address, "".join(model.stream(QUESTION, 5))) == (endpoint.url, "Yes.")


def test_a_model_without_an_endpoint_is_told_how_to_set_one():
    with pytest.raises(SettingsError, match=r"CITED_ENDPOINT.*OPENAI_API_BASE.*OLLAMA_BASE_URL.*gguf"):
        connect("gpt-4o-mini")
    assert connect("gpt-4o-mini", api_key=KEY).address == "https://api.openai.com/v1"


def test_an_address_of_ipv6_is_an_endpoint_like_others():
    with pytest.raises(LanguageModelError, match=r"can be reached at http://\[::1\]:9/v1: "):
        next(connect("m", "http://[::1]:9/v1/").stream(QUESTION, 5))


def test_the_key_is_in_no_repr_message_or_log(caplog):
    caplog.set_level(logging.DEBUG)
    with scripted(Text("Yes."), Status(401), Status(500)) as endpoint:
        model = connect("scripted", endpoint.url, f" {KEY}\n")
        said = [repr(model), str(vars(model)), "".join(model.stream(QUESTION, 5))]
        for _ in range(2):
            with pytest.raises(LanguageModelError) as caught:
                next(model.stream(QUESTION, 5))
            said.append(str(caught.value))
    assert endpoint.asked[0].headers["authorization"] == f"Bearer {KEY}"
    assert "sk-very" not in " ".join(said) + caplog.text
    for wrong in ("sk-very secret", "sk-very\nsecret", "sk-verÿ"):
        with pytest.raises(SettingsError, match="holds a character") as refused:
            connect("scripted", endpoint.url, wrong)
        assert "sk-ver" not in str(refused.value)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.1.2.3", "::1", "0.0.0.0", "a.localhost"])
def test_this_machine_is_known_by_all_its_names(host):
    assert is_loopback(host)
    assert not is_loopback("128.0.0.1")
    assert not is_loopback("localhost.example.org")


def test_a_proxy_is_used_for_other_machines_and_never_for_this_one(monkeypatch):
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    with scripted(Text("by proxy")) as proxy, scripted(Text("direct")) as endpoint:
        monkeypatch.setenv("http_proxy", proxy.url.removesuffix("/v1"))
        assert written(endpoint) == "direct"
        assert "".join(connect("m", "http://models.example/v1").stream(QUESTION, 9)) == "by proxy"
        assert proxy.requests[0].path == "http://models.example/v1/chat/completions"
        monkeypatch.setenv("http_proxy", "nonsense://x")
        with pytest.raises(LanguageModelError, match="proxy that the environment names"):
            next(connect("m", "http://models.example/v1").stream(QUESTION, 9))


def test_an_endpoint_lists_its_models():
    with scripted(names=("llama-3.2", "qwen3")) as endpoint:
        model = connect("qwen3", endpoint.url, context=8192)
        assert model.models() == ["llama-3.2", "qwen3"]
        assert (model.name, model.context) == ("qwen3", 8192)
        assert repr(model) == f"LanguageModel('qwen3' at {endpoint.url})"
        model.close()


def test_an_endpoint_without_a_list_says_so():
    with scripted(names=()) as endpoint, pytest.raises(LanguageModelError, match="has no list of models"):
        connect("m", endpoint.url).models()


@pytest.mark.parametrize(
    ("text", "tokens"),
    [("", 0), ("It was opened", 4), ("1932.", 5), ("NATO", 2), ("Brücke", 4), ("铁桥", 5), ("a  b\n", 3)],
)
def test_tokens_are_counted_by_letters_signs_and_bytes(text, tokens):
    assert LanguageModel.count(connect("m", "http://localhost/v1"), text) == tokens


def test_importing_the_connection_is_quick():
    slow = "llama_index", "openai", "httpx", "xllamacpp"
    code = f"import app.llm, sys, json; print(json.dumps([m for m in {slow} if m in sys.modules]))"
    ran = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert json.loads(ran.stdout) == []
