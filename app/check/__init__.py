"""Checks what a language model wrote: a claim is shown only with the sentences that support it."""

from app.check.checker import Checker, Support, Verdict

__all__ = ["Checker", "Support", "Verdict"]
