"""What several tests share."""

import os
from pathlib import Path

import pytest

pytest_plugins = ["tests.stores"]

REPOSITORY = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of real inputs (videos, weights, images); the test skips where it is missing."""
    folder = Path(os.environ.get("STREETWARDEN_DATA", REPOSITORY / ".." / "shared" / "data"))
    if not (folder / "videos" / "street.mp4").is_file():
        pytest.skip(f"no real inputs in {folder} (set STREETWARDEN_DATA)")
    return folder.resolve()
