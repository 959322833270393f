"""What the routes share: the answerer, where work is done, and the figures."""

import json
from dataclasses import dataclass

from starlette.responses import Response

from app.answer import Answerer
from app.chat.evaluations import Evaluations
from app.chat.library_jobs import Jobs
from app.service.limits import Limits
from app.service.metrics import Metrics
from app.service.work import Work


@dataclass(frozen=True)
class Service:
    """work: quick calls; answering: questions, which must not keep them waiting; writing: answers that a
    language model writes, which must not keep questions waiting."""

    answerer: Answerer
    evaluations: Evaluations | None
    jobs: Jobs
    limits: Limits
    metrics: Metrics
    work: Work
    answering: Work
    writing: Work

    def work_for(self, mode: str) -> Work:
        """Where an answer of this mode is made."""
        return self.writing if mode == "model" else self.answering


def service_of(answerer: Answerer, evaluations: Evaluations | None, jobs: Jobs, limits: Limits) -> Service:
    """A service with its threads and figures."""
    metrics = Metrics(answerer.library)
    most, gauge = limits.in_flight, metrics.in_flight
    work = Work("service", limits.threads, most, limits.seconds, gauge)
    answering = Work("answering", limits.answering_threads, most, limits.seconds, gauge)
    writing = Work("writing", limits.writing_threads, most, limits.writing_seconds, gauge)
    return Service(answerer, evaluations, jobs, limits, metrics, work, answering, writing)


def as_json(value: object, status: int = 200) -> Response:
    """A value as a response; make it in a thread where it is large."""
    return Response(json.dumps(value, ensure_ascii=False), status, media_type="application/json")
