"""Answers that a language model wrote: its sentences shown and left out, and how long they took.

An answer's JSON in a run with a language model has "parts" (text, markers, begins) in addition; so has one
that fell back to quotations, and one that is a refusal. In a run without one it has none, and nothing here
applies.
"""

from collections.abc import Mapping

QUOTE = "quote"
"""app.answer.QUOTE; that module would bring the reader along."""


def with_model(answer: Mapping) -> bool:
    """Whether the answer is of a run with a language model."""
    return "parts" in answer


def fell_back(answer: Mapping) -> bool:
    """Whether quotations, or a refusal, took the place of what a language model wrote or should have
    written: it could not be reached, or too little of its answer was supported. A question that was refused
    before the model was asked has not fallen back."""
    return with_model(answer) and answer["mode"] == QUOTE and answer.get("notice") is not None


def sentences(answer: Mapping) -> tuple[int, int]:
    """Sentences of the model that are shown, and that were left out. Quotations are none of its own; the
    few supported sentences of an answer that fell back are neither shown nor recorded."""
    is_written = with_model(answer) and answer["answered"] and answer["mode"] != QUOTE
    return (len(answer["parts"]) if is_written else 0), len(answer.get("unsupported") or ())


def writing_measures(answer: Mapping) -> dict[str, float | None]:
    """sentences_shown and sentences_left_out, as counts; left_out_share: of both, the sentences left out, so
    the share of unsupported claims in the answer as the model wrote it; unsupported_shown: of the sentences
    shown, those without a citation; fell_back: 0 or 1.

    unsupported_shown is 0 by construction, for a sentence is shown with a span or not at all: it guards
    that, and says nothing of claims that the checker passes wrongly. `cited eval bench claims` measures
    those. All but fell_back are None where the model wrote nothing.
    """
    shown, left_out = sentences(answer)
    bare = sum(not part["markers"] for part in answer["parts"]) if shown else 0
    wrote = bool(shown + left_out)
    return {
        "sentences_shown": float(shown) if wrote else None,
        "sentences_left_out": float(left_out) if wrote else None,
        "left_out_share": left_out / (shown + left_out) if wrote else None,
        "unsupported_shown": bare / shown if shown else None,
        "fell_back": float(fell_back(answer)),
    }


def timings(answer: Mapping) -> dict[str, float]:
    """Milliseconds by stage; check_per_sentence beside check, where the model wrote something."""
    told: dict[str, float] = dict(answer["timings_ms"])
    wrote = sum(sentences(answer)) if with_model(answer) else 0
    return told | {"check_per_sentence": told["check"] / wrote} if wrote and "check" in told else told
