"""What is installed elsewhere is the whole product."""

import subprocess
import sys
import zipfile
from pathlib import Path

from tests.conftest import REPOSITORY

NEEDED = (
    "api/cli.py",
    "cases/desk/page/index.html",
    "configs/codes/gbt47678-2026.yaml",
    "configs/demo.yaml",
    "configs/demo/muck-pile.mp4",
    "configs/demo/muck-spill.mp4",
    "configs/demo/parked-car.mp4",
    "configs/demo/shop-goods.mp4",
    "configs/demo/street-stall.mp4",
    "configs/site.schema.json",
    "detectors/py.typed",
    "models/weights/manifest.json",
    "models/weights/street.onnx",
)

SMOKE = """
import sys
sys.path.insert(0, sys.argv[1])
import api.cli, configs, models
assert api.cli.__file__.startswith(sys.argv[1]), api.cli.__file__
registry = models.Registry(None)
entry = registry.find("street", None)
assert str(entry.file).startswith(sys.argv[1]), entry.file
registry.open(entry).close()
"""


def test_the_wheel_works_away_from_the_checkout(tmp_path: Path) -> None:
    """A wheel holds code, data and model, and works from another folder, isolated."""
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(build, cwd=REPOSITORY, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        archive.extractall(tmp_path / "installed")
    assert not [name for name in NEEDED if name not in names]
    assert not [name for name in names if name.startswith("tests/")]
    command = [sys.executable, "-I", "-c", SMOKE, str(tmp_path / "installed")]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
