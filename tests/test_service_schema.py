"""Requests made up from the description of the interface, good and bad: nothing breaks, and every response
is one that is described."""

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
)

from app.answer import Answerer
from index.library import Library
from ingest.read import read_file
from tests.conftest import SAMPLES
from tests.test_service_api import QUESTION, offered


def no_mistake_of_ours(_: object, response: schemathesis.Response, __: schemathesis.Case) -> None:
    """502 tells of another server: made-up addresses have none."""
    assert response.status_code != 500, response.text


CHECKS = [
    *(no_mistake_of_ours, status_code_conformance, content_type_conformance),
    *(response_schema_conformance, negative_data_rejection),
]
EXAMPLES = 12
"""Requests of each operation, good and bad ones each."""
QUIETLY = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.mark.heavy
def test_requests_made_up_from_the_description_are_answered_as_described(library: Library, monkeypatch):
    from eval.for_page import PageEvaluations

    library.add(read_file(SAMPLES / "coffee.md"))
    answerer = Answerer(library)
    evaluations = PageEvaluations(answerer)
    monkeypatch.setattr(evaluations, "start", lambda _: True)  # a run takes a minute
    seen: list[str] = []
    with offered(answerer, evaluations) as client:
        at = str(client.base_url).rstrip("/")
        described = schemathesis.openapi.from_dict(httpx.get(f"{at}/openapi.json").json())
        for found in described.get_all_operations():
            operation = found.ok()
            seen.append(operation.label)
            wrong = [GenerationMode.NEGATIVE] if list(operation.body) or list(operation.query) else []
            for mode in (GenerationMode.POSITIVE, *wrong):

                @QUIETLY
                @given(case=operation.as_strategy(generation_mode=mode))
                def made_up(case: schemathesis.Case) -> None:
                    case.call_and_validate(base_url=at, checks=CHECKS)

                made_up()
        assert client.post("v1/ask", json={"question": QUESTION}).status_code == 200
    assert len(seen) == 16
