"""Where the tests of the store put it: a file, and a real PostgreSQL."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.postgres import Cluster, cluster, missing
from cases import Store, WrongState
from tests.secrecy import register
from tests.violations import SetClock

Where = str | Path
"""What `Store.open` takes."""


@pytest.fixture(scope="session")
def quick_cluster() -> Iterator[Cluster]:
    """Run a PostgreSQL that forgets what a power cut would take; skips where there is none."""
    reason = missing()
    if reason is not None:
        pytest.skip(reason)
    with cluster(fsync=False) as running:
        register(running.password)
        yield running


@pytest.fixture
def database(quick_cluster: Cluster) -> Iterator[str]:
    """Make an empty database on the quick cluster; its name."""
    name = quick_cluster.create()
    yield name
    quick_cluster.drop(name)


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Where:
    """Say where a new store may be: on each of the databases in turn."""
    if request.param == "sqlite":
        return tmp_path / "store.sqlite3"
    running: Cluster = request.getfixturevalue("quick_cluster")
    return running.url_with_password(request.getfixturevalue("database"))


@pytest.fixture
def clock() -> SetClock:
    """Noon, until a test moves it."""
    return SetClock()


@pytest.fixture
def store(place: Where, clock: SetClock) -> Iterator[Store]:
    """Open a new store, on each of the databases in turn."""
    with Store.open(place, site_id="site", clock=clock) as opened:
        yield opened


@pytest.fixture
def sqlite_store(tmp_path: Path, clock: SetClock) -> Iterator[Store]:
    """Open a new store in a file."""
    with Store.open(tmp_path / "store.sqlite3", site_id="site", clock=clock) as opened:
        yield opened


def requeued(store: Store, delivery_id: str, by: str) -> bool:
    """Requeue a delivery; False where a courier holds it just now: ask again, as a person does."""
    try:
        store.requeue(delivery_id, by=by)
    except WrongState:
        return False
    return True
