"""What several tests share."""

import logging
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.secrecy import Listener

pytest_plugins = ["tests.stores"]

REPOSITORY = Path(__file__).resolve().parent.parent


LONG = ("test_run_killed", "test_cases_courier_adverse")
"""Files that wait for minutes; started first, while the other workers fill the cores. Two of them:
were they more than half of the workers, the cores would wait too."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Bring the long files to the front (the order inside a file stays)."""
    items.sort(key=lambda item: LONG.index(item.path.stem) if item.path.stem in LONG else len(LONG))


@pytest.fixture(scope="session")
def log_listener() -> Iterator[Listener]:
    """Listen to all logs of this process."""
    listener = Listener()
    logging.getLogger().addHandler(listener)
    yield listener
    logging.getLogger().removeHandler(listener)


@pytest.fixture(autouse=True)
def no_secret_is_logged(log_listener: Listener) -> Iterator[None]:
    """Fail a test during which a log line had one of the tests' secrets in it."""
    root = logging.getLogger()
    if log_listener not in root.handlers:  # a test has set logging up anew
        root.addHandler(log_listener)
    yield
    told = log_listener.taken()
    assert not told, told


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of real inputs (videos, weights, images); the test skips where it is missing."""
    folder = Path(os.environ.get("STREETWARDEN_DATA", REPOSITORY / ".." / "shared" / "data"))
    if not (folder / "videos" / "street.mp4").is_file():
        pytest.skip(f"no real inputs in {folder} (set STREETWARDEN_DATA)")
    return folder.resolve()
