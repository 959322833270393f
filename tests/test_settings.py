from pathlib import Path

import pytest

from app.settings import Settings, load
from ingest.errors import SettingsError


def test_without_anything_set_the_library_is_in_the_users_data_folder():
    settings = load({})
    assert settings == Settings(settings.library, "all-MiniLM-L6-v2", None)
    assert settings.library.parts[-2:] == ("cited", "library")


def test_the_environment_is_read_and_the_command_line_overrules_it():
    environment = {"CITED_LIBRARY": "/a", "CITED_MODEL": "m", "CITED_THRESHOLD": "0.25", "HOME": "/root"}
    assert load(environment) == Settings(Path("/a"), "m", 0.25)
    assert load(environment, library="/b", model=None) == Settings(Path("/b"), "m", 0.25)
    assert load(environment, threshold="1").threshold == 1.0


def test_an_empty_variable_is_one_that_is_not_set():
    assert load({"CITED_THRESHOLD": "", "CITED_MODEL": "", "CITED_LIBRARY": ""}) == load({})


def test_an_unknown_variable_is_refused_with_the_known_ones_named():
    with pytest.raises(SettingsError, match=r"CITED_LIBARY.*CITED_LIBRARY, CITED_MODEL, CITED_THRESHOLD"):
        load({"CITED_LIBARY": "/a"})


@pytest.mark.parametrize("value", ["-0.1", "1.1", "half", "nan", "inf", "0,5"])
def test_a_threshold_that_is_no_probability_is_refused_and_named(value):
    with pytest.raises(SettingsError, match="between 0 and 1") as raised:
        load({"CITED_THRESHOLD": value})
    assert value in str(raised.value)


@pytest.mark.parametrize("value", ["0", "1", "0.5", " 0.5 "])
def test_the_ends_of_the_range_are_probabilities(value):
    assert load({"CITED_THRESHOLD": value}).threshold == float(value)


def test_a_library_in_the_home_folder_may_be_written_with_a_tilde():
    assert load({"CITED_LIBRARY": "~/papers"}).library == Path.home() / "papers"
