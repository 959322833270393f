from pathlib import Path

import pytest

from app.settings import SETTINGS, Settings, describe, load, service_manager
from ingest.errors import SettingsError


@pytest.fixture
def written(tmp_path: Path):
    """Writes a file of settings, for its owner's eyes only."""

    def write(text: str, mode: int = 0o600) -> Path:
        file = tmp_path / "config.toml"
        file.write_text(text, encoding="utf-8")
        file.chmod(mode)
        return file

    return write


def test_without_anything_set_the_library_is_in_the_users_data_folder():
    settings = load({})
    assert settings == Settings(settings.library, "all-MiniLM-L6-v2", None)
    assert settings.library.parts[-2:] == ("cited", "library")


def test_the_environment_is_read_and_the_command_line_overrules_it():
    environment = {
        "CITED_LIBRARY": "/a", "CITED_EMBEDDING_MODEL": "m", "CITED_THRESHOLD": "0.25", "HOME": "/root",
    }  # fmt: skip
    assert load(environment) == Settings(Path("/a"), "m", 0.25)
    assert load(environment, library="/b", embedding_model=None) == Settings(Path("/b"), "m", 0.25)
    assert load(environment, threshold="1").threshold == 1.0


def test_an_empty_variable_is_one_that_is_not_set():
    empty = {"CITED_THRESHOLD": "", "CITED_MODEL": "", "CITED_LIBRARY": "", "CITED_CONFIG": ""}
    assert load(empty) == load({})


def test_an_unknown_variable_is_refused_with_the_known_ones_named():
    with pytest.raises(SettingsError, match=r"CITED_LIBARY; .*CITED_LIBRARY, CITED_EMBEDDING_MODEL"):
        load({"CITED_LIBARY": "/a"})


@pytest.mark.parametrize("value", ["-0.1", "1.1", "half", "nan", "inf", "0,5"])
def test_a_threshold_that_is_no_probability_is_refused_and_named(value):
    with pytest.raises(SettingsError, match=r"^CITED_THRESHOLD: .*between 0 and 1") as raised:
        load({"CITED_THRESHOLD": value})
    assert value in str(raised.value)


@pytest.mark.parametrize("value", ["0", "1", "0.5", " 0.5 "])
def test_the_ends_of_the_range_are_probabilities(value):
    assert load({"CITED_THRESHOLD": value}).threshold == float(value)


def test_a_library_in_the_home_folder_may_be_written_with_a_tilde():
    assert load({"CITED_LIBRARY": "~/papers"}).library == Path.home() / "papers"


def test_the_endpoint_may_come_from_variables_that_other_programs_read():
    assert load({"OPENAI_BASE_URL": "http://a/v1"}).endpoint == "http://a/v1"
    assert load({"OLLAMA_BASE_URL": "http://b/"}).endpoint == "http://b/v1"
    both = {"OPENAI_API_BASE": "http://a/v1", "CITED_ENDPOINT": "http://c/v1"}
    assert load(both).endpoint == "http://c/v1"


def test_the_command_line_goes_before_the_environment_that_before_the_file_that_before_defaults(written):
    file = written('reader = "of the file"\nport = 1111\nhost = "file"\n')
    settings = load(
        {"CITED_CONFIG": str(file), "CITED_HOST": "environment", "CITED_PORT": "2222"}, port=3333, host=None
    )
    assert (settings.port, settings.host, settings.reader) == (3333, "environment", "of the file")
    assert settings.context == 4096


def test_a_file_given_on_the_command_line_goes_before_the_one_that_the_environment_names(written):
    file = written("context = 8192")
    assert load({"CITED_CONFIG": "/nowhere.toml"}, config=file).context == 8192


def test_what_the_file_says_goes_before_other_programs_variables(written):
    file = written('endpoint = "http://here:8080/v1"')
    assert load({"OPENAI_BASE_URL": "http://there/v1"}, config=file).endpoint == "http://here:8080/v1"


def test_the_file_in_the_users_folder_is_read_without_being_named(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    (tmp_path / "cited").mkdir()
    (tmp_path / "cited" / "config.toml").write_text("context = 2048")
    assert load({}).context == 2048


def test_paths_in_the_file_are_relative_to_it_and_others_to_the_working_folder(written):
    file = written('library = "papers"\ncertificate = "/etc/tls/cited.pem"\nunix = "~/cited.sock"')
    settings = load({"CITED_CERTIFICATE_KEY": "key.pem"}, config=file)
    assert settings.library == file.parent / "papers"
    assert settings.certificate == Path("/etc/tls/cited.pem")
    assert settings.unix == Path.home() / "cited.sock"
    assert settings.certificate_key == Path("key.pem")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('\n\nlibery = "a"', r"config\.toml, line 3: there is no setting libery; did you mean library\?"),
        ("[serve]\nport = 1", r"config\.toml, line 1: there is no setting serve; there are library, "),
        ("[[models]]", r"config\.toml, line 1: there is no setting models; "),
        ("# port\nport = true", r"config\.toml, line 2: the port is a number from 0 .* not True"),
        ("library = 5", r"config\.toml, line 1: library is text, not 5"),
        ('library = ""', r"config\.toml, line 1: library is text, not ''"),
        ('context = "1e4"', r"config\.toml, line 1: the context is a number of tokens, 1024 or more"),
        ("context = 1024.0", r"config\.toml, line 1: the context is a number of tokens, 1024 or more"),
        ("threshold = 2", r"config\.toml, line 1: the threshold is a probability between 0 and 1, not 2"),
        ('log_level = "loud"', r"line 1: log_level is debug, info, warning or error, not 'loud'"),
        ('log_questions = "perhaps"', r"line 1: log_questions is yes or no, not 'perhaps'"),
        ('behind_proxy = ["*"]', r"line 1: behind_proxy takes networks such as 10\.0\.0\.0/8"),
        ("behind_proxy = 10", r"line 1: behind_proxy is a list of networks, not 10"),
        ("port = 1\nport = 2\n", r"config\.toml are no TOML: .*line 2"),
        ("port: 1", r"config\.toml are no TOML: .*line 1"),
    ],
)
def test_what_makes_no_sense_in_the_file_is_refused_with_its_place(written, text, message):
    with pytest.raises(SettingsError, match=message):
        load({}, config=written(text))


def test_a_file_that_is_named_and_not_there_or_no_text_is_refused(tmp_path):
    with pytest.raises(SettingsError, match=r"none\.toml cannot be read: No such file"):
        load({}, config=tmp_path / "none.toml")
    with pytest.raises(SettingsError, match="cannot be read: Is a directory"):
        load({}, config=tmp_path)
    (tmp_path / "latin.toml").write_bytes(b'library = "caf\xe9"')
    with pytest.raises(SettingsError, match=r"latin\.toml are not UTF-8"):
        load({}, config=tmp_path / "latin.toml")


def test_a_file_with_a_key_that_others_may_read_is_refused_with_what_mends_it(written):
    text = 'api_key = "secret"'
    assert load({}, config=written(text)).api_key == "secret"
    for mode in (0o644, 0o640, 0o604):
        file = written(text, mode)
        with pytest.raises(SettingsError, match=rf"`chmod 600 {file}`") as raised:
            load({}, config=file)
        assert "secret" not in str(raised.value)
    assert load({}, config=written("port = 1", 0o644)).port == 1


def test_networks_are_a_list_in_the_file_and_stand_between_commas_in_the_environment(written):
    expected = ("10.0.0.0/8", "127.0.0.1/32", "fd00::/8")
    file = written('behind_proxy = ["10.1.2.3/8", "127.0.0.1", "fd00::/8"]')
    assert load({}, config=file).behind_proxy == expected
    assert load({"CITED_BEHIND_PROXY": "10.0.0.0/8, 127.0.0.1,fd00::/8"}).behind_proxy == expected
    assert load({}, config=file, behind_proxy=()).behind_proxy == expected
    assert load({}, config=file, behind_proxy=("::1",)).behind_proxy == ("::1/128",)


def test_the_description_says_where_each_value_came_from_and_shows_no_secret(written):
    file = written('api_key = "secret"\nlog_questions = true\nbehind_proxy = ["10.0.0.0/8", "::1"]')
    settings = load({"CITED_ENDPOINT": "http://me:pass@there/v1"}, config=file, port="8000")
    lines = {name: (value, where) for name, value, where in describe(settings)}
    assert tuple(lines) == SETTINGS
    assert lines["api_key"] == ("••••", f"{file}, line 1")
    assert lines["log_questions"] == ("True", f"{file}, line 2")
    assert lines["behind_proxy"] == ("10.0.0.0/8, ::1/128", f"{file}, line 3")
    assert lines["endpoint"] == ("http://••••@there/v1", "CITED_ENDPOINT")
    assert lines["port"] == ("8000", "--port")
    assert lines["unix"] == ("", "default")
    assert "secret" not in repr(settings)


def test_systemd_is_heard_when_it_asks_and_its_watchdog_when_it_means_this_process():
    assert service_manager({}) == (None, None)
    assert service_manager({"NOTIFY_SOCKET": "/run/n", "WATCHDOG_USEC": "30000000"}) == ("/run/n", 30.0)
    assert service_manager({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "1"}) == (None, None)
