"""The OpenAI-compatible interface, through OpenAI's own client over a real socket."""

from collections.abc import Iterator

import httpx
import openai
import pytest

from app.answer import REFUSAL, Answerer
from app.llm import connect
from index.library import Library
from tests.scripted_endpoint import Status, Text, scripted
from tests.test_service_api import FALSE, QUESTION, SAFE, offered, without_time

ASKED = [{"role": "user", "content": QUESTION}]
SOURCE = f"[1] Coffee: The Seed That Had to Be Burnt · The borrowed hours: “{SAFE}”"


@pytest.fixture(scope="module")
def answerer(sample_library: Library) -> Answerer:
    made = Answerer(sample_library)
    made.warm_up()
    return made


@pytest.fixture(scope="module")
def plain(answerer: Answerer) -> Iterator[httpx.Client]:
    with offered(answerer) as opened:
        yield opened


@pytest.fixture(scope="module")
def client(plain: httpx.Client) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{plain.base_url}v1", api_key="none", max_retries=0) as opened:
        yield opened


@pytest.fixture
def writing(answerer: Answerer) -> Iterator[None]:
    with scripted(Text(f"{SAFE} [1] {FALSE} [1]")) as endpoint:
        answerer.model = connect("scripted", endpoint.url)
        yield
    answerer.model = None


def test_the_answer_is_readable_text_with_its_sources_at_the_end(client, answerer):
    made = client.chat.completions.create(model="cited", messages=ASKED)
    [choice] = made.choices
    assert choice.message.content == f"Up to 400 milligrams. “{SAFE}” [1]\n\n{SOURCE}"
    assert (choice.finish_reason, made.object, made.model) == ("stop", "chat.completion", "cited")
    here = answerer.answer(QUESTION)
    assert without_time(made.model_extra["cited"]) == without_time(here.to_json())
    [annotation] = choice.message.model_dump()["annotations"]
    assert (annotation["type"], annotation["file_id"]) == (
        "file_citation",
        here.citations[0].passage.document_id,
    )
    assert annotation["cited"] == here.citations[0].to_json()
    assert made.usage.total_tokens == made.usage.prompt_tokens + made.usage.completion_tokens
    assert made.usage.prompt_tokens == 11


def test_a_refusal_is_an_answer_without_sources(client):
    asked = [{"role": "user", "content": "Who won the 1998 World Cup?"}]
    assert client.chat.completions.create(model="cited-quote", messages=asked).choices[0].message.content == (
        REFUSAL
    )


def test_earlier_user_messages_are_the_history_and_the_others_change_nothing(client, answerer):
    messages = [
        {"role": "system", "content": "You are a pirate."},
        {"role": "user", "content": [{"type": "text", "text": "Who was John Harrison?"}]},
        {"role": "assistant", "content": "A clockmaker."},
        {"role": "user", "content": "Where was he born?"},
    ]
    made = client.chat.completions.create(model="cited", messages=messages)
    here = answerer.answer("Where was he born?", ["Who was John Harrison?"])
    assert without_time(made.model_extra["cited"]) == without_time(here.to_json())


def test_the_chunks_of_a_stream_together_are_the_answer(client):
    whole = client.chat.completions.create(model="cited", messages=ASKED)
    stream = client.chat.completions.create(
        model="cited", messages=ASKED, stream=True, stream_options={"include_usage": True}
    )
    chunks = list(stream)
    *told, last = chunks
    assert told[0].choices[0].delta.role == "assistant"
    assert "".join(c.choices[0].delta.content or "" for c in told) == whole.choices[0].message.content
    assert [c.choices[0].finish_reason for c in told][-2:] == [None, "stop"]
    assert told[-1].model_extra["cited"]["answered"] is True
    assert (last.choices, last.usage.model_dump(exclude_none=True)) == (
        [],
        whole.usage.model_dump(exclude_none=True),
    )
    assert {c.id for c in chunks} == {chunks[0].id}
    assert {c.object for c in chunks} == {"chat.completion.chunk"}


def test_the_wire_ends_with_done(plain):
    asked = {"model": "cited", "messages": ASKED, "stream": True}
    response = plain.post("v1/chat/completions", json=asked)
    frames = response.text.split("\n\n")
    assert response.headers["content-type"].startswith("text/event-stream")
    assert frames[-2:] == ["data: [DONE]", ""]
    assert '"usage"' not in response.text


def test_the_models_are_what_answers(client, writing):
    names = [model.id for model in client.models.list()]
    assert names == ["cited", "cited-quote", "cited-model"]
    assert client.models.retrieve("cited-model").owned_by == "cited"


def test_a_model_that_is_not_configured_is_not_there(client):
    assert [model.id for model in client.models.list()] == ["cited", "cited-quote"]
    with pytest.raises(openai.NotFoundError) as caught:
        client.models.retrieve("cited-model")
    assert (caught.value.code, caught.value.param) == ("model_not_found", "model")
    with pytest.raises(openai.NotFoundError):
        client.chat.completions.create(model="gpt-4o", messages=ASKED)


@pytest.mark.usefixtures("writing")
def test_what_a_model_writes_is_streamed_and_what_is_unsupported_is_not(client):
    stream = client.chat.completions.create(model="cited-model", messages=ASKED, stream=True)
    pieces = [c.choices[0].delta.content for c in stream if c.choices[0].delta.content]
    assert pieces == [f"{SAFE} [1]", f"\n\n{SOURCE}"]


def test_quotations_follow_where_the_model_cannot_be_asked(client, answerer):
    with scripted(Status(401)) as endpoint:
        answerer.model = connect("scripted", endpoint.url)
        stream = client.chat.completions.create(model="cited-model", messages=ASKED, stream=True)
        text = "".join(c.choices[0].delta.content or "" for c in stream)
    answerer.model = None
    assert text.startswith("Up to 400 milligrams. “")
    assert "These are quotations instead." in text
    assert text.endswith(SOURCE)


@pytest.mark.parametrize(
    ("more", "param", "said"),
    [
        ({"n": 2}, "n", "n"),
        ({"response_format": {"type": "json_object"}}, "response_format.type", "text"),
        ({"tool_choice": "required"}, "tool_choice", "none"),
        ({"logprobs": True}, "logprobs", "False"),
        ({"extra_body": {"colour": "red"}}, "colour", "Unrecognized request argument supplied: colour"),
        ({"messages": []}, "messages", "at least 1"),
        ({"messages": [{"role": "system", "content": "x"}]}, "messages", "no user message"),
        (
            {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "x"}}]}]},
            "messages.0.content",
            "only text is read, no image_url",
        ),
    ],
)
def test_what_would_be_another_kind_of_answer_is_refused(client, more, param, said):
    with pytest.raises(openai.BadRequestError) as caught:
        client.chat.completions.create(**({"model": "cited", "messages": ASKED} | more))
    assert (caught.value.param, caught.value.type) == (param, "invalid_request_error")
    assert said in caught.value.message


def test_a_question_that_cannot_be_asked_is_refused_also_as_a_stream(client):
    for stream in (False, True):
        with pytest.raises(openai.BadRequestError) as caught:
            client.chat.completions.create(
                model="cited", messages=[{"role": "user", "content": "?"}], stream=stream
            )
        assert caught.value.code == "question-error"


def test_what_only_steers_writing_changes_nothing(client):
    steered = client.chat.completions.create(
        model="cited", messages=ASKED, temperature=1.5, max_tokens=1, seed=7, stop=["a"], user="ann",
        tools=[{"type": "function", "function": {"name": "f"}}], tool_choice="auto",
    )  # fmt: skip
    assert steered.choices[0].message.content.endswith(SOURCE)
