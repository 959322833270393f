"""Work in a process of its own."""

from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import active_children, get_context
from typing import TypeVar

from ingest.errors import EvaluationError

Made = TypeVar("Made")


def apart(work: Callable[..., Made], *given: object) -> Made:
    """What `work` returns or raises, in a process that begins anew; where this one is broken off, that ends,
    too. Raises EvaluationError where something else ends it."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        running = pool.submit(work, *given)
        try:
            return running.result()
        except BrokenProcessPool as error:
            raise EvaluationError(
                "the process that measures was ended, as for want of memory; free some and run this again"
            ) from error
        finally:
            if not running.done():  # else the pool waits for it
                for process in active_children():
                    process.terminate()
