"""Templates of a folder, which escape every value for HTML and XML."""

from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from app.export.text import is_right_to_left


@cache
def templates(folder: Path) -> Environment:
    """The folder's templates, compiled once. They may test whether a text `is right_to_left`."""
    environment = Environment(
        autoescape=True,
        loader=FileSystemLoader(folder),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.tests["right_to_left"] = is_right_to_left
    return environment
