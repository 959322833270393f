"""What can be set, from the environment or the command line. The only reader of the environment."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path

import platformdirs

from ingest.errors import SettingsError

PREFIX = "CITED_"


@dataclass(frozen=True, slots=True)
class Settings:
    """library: folder of the library (CITED_LIBRARY; default: the user's data folder).
    model: embedding model, by name or folder (CITED_MODEL). threshold: confidence below which
    Cited refuses, a probability in [0, 1] (CITED_THRESHOLD; default: the one fitted with the reader).
    reader: a question-answering model of transformers, by name or folder, or a folder of weights of
    our own kind (CITED_READER; default: Cited's own).
    """

    library: Path
    model: str = "all-MiniLM-L6-v2"
    threshold: float | None = None
    reader: str | None = None


NAMES = tuple(field.name for field in fields(Settings))


def load(environment: Mapping[str, str] | None = None, **given: object) -> Settings:
    """Settings from the environment, overruled by what is given and not None.

    Raises SettingsError for a CITED_ variable that is no setting, and for a value that makes no sense.
    """
    environment = os.environ if environment is None else environment
    known = {PREFIX + field.name.upper(): field.name for field in fields(Settings)}
    unknown = [name for name in environment if name.startswith(PREFIX) and name not in known]
    if unknown:
        raise SettingsError(f"there is no setting {unknown[0]}; there are {', '.join(known)}")
    values: dict = {known[name]: value for name, value in environment.items() if name in known and value}
    values |= {name: value for name, value in given.items() if value is not None}
    library = values.get("library") or platformdirs.user_data_path("cited") / "library"
    values["library"] = Path(str(library)).expanduser()
    if "threshold" in values:
        values["threshold"] = _probability(values["threshold"])
    return Settings(**values)


def _probability(value: object) -> float:
    try:
        number = float(str(value))
    except ValueError:
        number = -1.0
    if not 0 <= number <= 1:
        raise SettingsError(f"the threshold is a probability between 0 and 1, not {value!r}")
    return number
