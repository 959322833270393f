"""Runs of `/v1/evaluations` as pydantic models."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from app.service.schema import Strict


class StartRun(Strict):
    """Which evaluation to run."""

    set: str = Field(min_length=1, max_length=300, examples=["samples"])


class State(BaseModel):
    """The run under way, or the last one."""

    stage: Literal["idle", "running", "stopping", "done", "stopped", "failed"]
    name: str = Field(description="Of its set.")
    done: int
    total: int
    left: float | None = Field(description="Seconds, about.")
    told: str = Field(description="The finished run's name, or why it failed.")


class Run(BaseModel):
    """A finished run."""

    name: str
    set: str
    date: str = Field(description="ISO 8601, with its zone.")
    questions: int


class Evaluations(BaseModel):
    """What can be run, what runs, and what ran, newest first."""

    sets: list[str]
    state: State
    runs: list[Run]


class Compared(BaseModel):
    """A run beside another one."""

    model_config = ConfigDict(extra="forbid")

    against: str = Field("", max_length=300, description="Another run, or `baseline`.")


class Figure(BaseModel):
    """A figure of a run, and of what it is compared with."""

    name: str
    unit: str
    value: float | None
    interval: list[float] | None
    before: float | None
    before_interval: list[float] | None
    difference: float | None
    difference_interval: list[float] | None
    judged: Literal["better", "worse", ""]


class Results(BaseModel):
    """A run's figures. broke, fixed, alone: questions, each as its id and words; gates: each rule, whether it
    was kept, and why."""

    run: Run
    against: str
    figures: list[Figure]
    broke: list[list[str]]
    fixed: list[list[str]]
    alone: list[list[str]]
    gates: list[tuple[str, bool, str]]
