"""What the browser may call: functions of one JSON value that return one."""

from collections.abc import Callable
from functools import wraps

from ingest.errors import CitedError


def told(function: Callable[..., dict]) -> Callable[..., dict]:
    """The function with its errors told in place of a result: the page shows them where they belong."""

    @wraps(function)
    def call(*given: object) -> dict:
        try:
            return function(*given)
        except CitedError as error:
            return {"error": str(error)}

    return call
