"""Where a library is, as it is set and as it is shown."""

from pathlib import Path

import pytest
from click.testing import CliRunner

import app.cli.care  # noqa: F401  # its commands
from app.backup import in_folder
from app.cli import cited
from app.settings import describe, folder_for, load
from index.place import Servers, place_of, shown
from index.retriever import existing
from ingest.errors import LibraryError, SettingsError

URL = "postgresql://cited:mole-hill@db.example/library"
VECTORS = "http://vectors.example:8000"
HERE = {"CITED_LIBRARY": URL, "CITED_VECTORS": VECTORS, "CITED_VECTORS_TOKEN": "mole-rat"}


@pytest.mark.parametrize(
    ("url", "told"),
    [
        (URL, "postgresql://cited@db.example/library"),
        ("postgres://db/x", "postgres://db/x"),
        ("postgresql://u:p@a,b:5433/x?sslmode=require&password=s&user=v", "postgresql://u@a,b:5433/x?user=v"),
        ("postgresql:///x?host=/run/postgresql", "postgresql:///x?host=/run/postgresql"),
        ("postgresql://u:p@ss@db/x", "postgresql://…"),
        ("postgresql://u:p/ss@db/x", "postgresql://…"),
        ("postgresql://u:p?ss@db/x", "postgresql://…"),
        ("postgresql://u:p#ss@db/x", "postgresql://…"),
        ("https://token:x@vectors.example", "https://token@vectors.example"),
    ],
)
def test_an_address_is_shown_without_its_password(url, told):
    assert shown(url) == told


def test_a_library_is_in_a_folder_or_on_servers():
    assert place_of("papers") == place_of(Path("papers")) == Path("papers")
    place = place_of(URL, VECTORS, "mole-rat")
    assert place == Servers(URL, VECTORS, "mole-rat")
    assert str(place) == "postgresql://cited@db.example/library"
    assert "mole" not in repr(place)


@pytest.mark.parametrize(
    ("library", "vectors", "message"),
    [
        (URL, None, r"postgresql://cited@db\.example/library needs a Chroma server.*add --vectors"),
        ("papers", VECTORS, r"--vectors http://vectors.* is for a library in PostgreSQL; leave it out"),
        (URL, "vectors.example:8000", "--vectors is the URL of a Chroma server"),
        (URL, "http://", "--vectors is the URL of a Chroma server"),
        ("postgresql://u:mole@hill@db/x", VECTORS, "the address of the library is not clear.*%40 for an @"),
    ],
)
def test_what_does_not_fit_together_is_refused_with_what_to_add(library, vectors, message):
    with pytest.raises(SettingsError, match=message) as raised:
        load({}, library=library, vectors=vectors)
    assert "mole" not in str(raised.value)


def test_the_settings_of_a_library_on_servers_show_no_secret():
    settings = load(HERE)
    assert settings.place == Servers(URL, VECTORS, "mole-rat")
    assert "mole" not in repr(settings)
    told = {name: value for name, value, _ in describe(settings)}
    assert (told["library"], told["vectors"], told["vectors_token"]) == (
        "postgresql://cited@db.example/library", VECTORS, "••••",
    )  # fmt: skip
    shown_ones = CliRunner().invoke(cited, ["settings", "--json"], env=HERE)
    assert shown_ones.exit_code == 0
    assert "mole" not in shown_ones.output


@pytest.mark.parametrize("line", [f'library = "{URL}"', 'vectors_token = "mole-rat"'])
def test_a_file_with_a_password_is_the_users_alone(line, tmp_path):
    file = tmp_path / "config.toml"
    file.write_text(line)
    file.chmod(0o644)
    with pytest.raises(
        SettingsError, match=rf"others may open it \(mode 0644\).*`chmod 600 {file}`"
    ) as raised:
        load({"CITED_VECTORS": VECTORS}, config=file)
    assert "mole" not in str(raised.value)
    file.chmod(0o600)
    load({"CITED_VECTORS": VECTORS, "CITED_LIBRARY": URL}, config=file)


def test_an_address_without_a_password_may_stand_where_others_read(tmp_path):
    file = tmp_path / "config.toml"
    file.write_text(f'library = "postgresql://cited@db.example/library"\nvectors = "{VECTORS}"')
    file.chmod(0o644)
    assert load({}, config=file).library == "postgresql://cited@db.example/library"


def test_what_this_machine_keeps_of_a_library_on_servers_is_in_a_folder_named_after_it(tmp_path):
    assert folder_for(tmp_path) == tmp_path
    folder = folder_for(place_of(URL, VECTORS))
    assert folder.name.startswith("cited-db.example-library-")
    assert folder == folder_for(place_of(URL.replace("mole-hill", "another"), VECTORS))
    assert folder != folder_for(place_of(URL + "2", VECTORS))


def test_a_library_on_servers_is_kept_by_the_tools_of_its_database():
    with pytest.raises(LibraryError, match=r"pg_dump .*postgresql://cited@db\.example/library.*`cited copy`"):
        in_folder(place_of(URL, VECTORS))
    for command in ("backup", "restore"):
        told = CliRunner().invoke(cited, [command, "x.zip"], env=HERE)
        assert isinstance(told.exception, LibraryError)


def test_a_database_that_is_away_is_an_error_of_the_library():
    with pytest.raises(LibraryError, match=r"postgresql://127\.0\.0\.1:1/x cannot be used"):
        existing("postgresql://127.0.0.1:1/x", vectors=VECTORS)
