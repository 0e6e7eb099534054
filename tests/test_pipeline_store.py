"""A site's store: a file by default, or the database that the site file names."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from api.cli import app
from benchmarks.postgres import USER, Cluster
from cases import StoreBroken
from configs import ConfigError, Site, load_site
from pipeline import open_store
from tests.violations import make_violation

SITE = """\
version: 1
site: {id: small, timezone: Europe/Berlin}
cameras: [{id: one, url: "file:clip.mp4"}]
"""


def site_with(store: str, folder: Path, **environ: str) -> Site:
    """Load a small site whose store is written like this."""
    file = folder / "site.yaml"
    file.write_text(f"{SITE}store: {store}\n")
    return load_site(file, environ)


def test_without_a_word_it_is_a_file_in_the_data_folder(tmp_path: Path) -> None:
    """The default of a box."""
    file = tmp_path / "site.yaml"
    file.write_text(SITE)
    with open_store(load_site(file, {})) as store:
        assert store.site_id() == "small"
    assert (tmp_path / "small-data" / "store.sqlite3").is_file()


def test_a_site_runs_on_the_database_that_its_file_names(
    quick_cluster: Cluster, database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The password comes from the environment; the command line sees what the site has stored."""
    monkeypatch.setenv("STORE_PASSWORD", quick_cluster.password)
    url = f"postgresql://127.0.0.1:{quick_cluster.port}/{database}"
    written = f'{{url: "{url}", username: {USER}, password: "${{STORE_PASSWORD}}"}}'
    site = site_with(written, tmp_path, STORE_PASSWORD=quick_cluster.password)
    assert not site.warnings
    listing = ["cases", "list", "--json", "--site", str(tmp_path / "site.yaml")]
    assert "no store in the database" in str(CliRunner().invoke(app, listing).exception)
    with open_store(site) as store:
        store.confirm(make_violation(), None, {})
    told = CliRunner().invoke(app, listing)
    assert make_violation().violation_id in told.stdout
    assert not (tmp_path / "small-data").exists()
    other = site.model_copy(update={"site": site.site.model_copy(update={"id": "other"})})
    with pytest.raises(StoreBroken, match="'small', not to 'other'"):
        open_store(other)


def test_a_password_in_the_url_is_taken_out_and_warned_about(tmp_path: Path) -> None:
    """It works, is not shown, and the warning says where it belongs."""
    site = site_with('{url: "postgresql://sw:geheim-0815@db.example/cases"}', tmp_path)
    assert site.store is not None
    assert (site.store.url, site.store.username) == ("postgresql://db.example/cases", "sw")
    assert site.store.password is not None
    assert site.store.password.get_secret_value() == "geheim-0815"
    assert [warning.key for warning in site.warnings] == ["store.url"]
    assert "geheim-0815" not in f"{site!r} {site.warnings}"


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("postgresql://db.example:5432/cases", None),
        ("postgresql://[2001:db8::1]/cases?sslmode=verify-full", None),
        ("postgresql:///cases?host=/run/postgresql", None),
        ("sqlite:///cases.sqlite3", "postgresql"),
        ("mysql://db.example/cases", "postgresql"),
        ("postgresql:///cases", "names no host"),
        ("postgresql://db.example", "names no database"),
        ("postgresql://db.example/", "names no database"),
        ("postgresql://db.example/a?password=geheim-0815", "under password:"),
        ("postgresql://db.example:geheim-0815/a", "cannot be read"),
        ("postgresql://db.example/a?options=-cfsync=off", "leave only host"),
    ],
)
def test_addresses_of_a_store(url: str, says: str | None, tmp_path: Path) -> None:
    """What is no PostgreSQL address is refused with the fix, and no password is shown."""
    if says is None:
        store = site_with(f'{{url: "{url}"}}', tmp_path).store
        assert store is not None
        assert store.url == url
        return
    with pytest.raises(ConfigError, match=says) as caught:
        site_with(f'{{url: "{url}"}}', tmp_path)
    assert caught.value.key == "store.url"
    assert "geheim-0815" not in str(caught.value)
