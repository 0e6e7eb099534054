"""Environments of the peers: made once, kept under .venv-peers/, which git ignores."""

import os
import subprocess
import sys
import venv
from collections.abc import Mapping
from pathlib import Path

from benchmarks.cameras.clip import REPOSITORY
from benchmarks.cameras.free_batch import free_batch
from benchmarks.cameras.trial import System

FOLDER = REPOSITORY / ".venv-peers"
_PACKAGES: Mapping[str, tuple[str, ...]] = {
    "ultralytics": ("ultralytics-opencv-headless", "onnxruntime"),
    "roboflow": ("inference-cpu",),
    # ffmpeg 4.2: 9.0 shows a key frame only when the next one comes, 2 s later
    "ffmpeg": (
        *("imageio-ffmpeg==0.4.9", "setuptools<81"),
        *("onnxruntime", "opencv-python-headless", "numpy"),
    ),
}
_IMPORTS = {
    "ultralytics": "import ultralytics, onnxruntime",
    "roboflow": "from inference import InferencePipeline",
    "ffmpeg": "import imageio_ffmpeg, onnxruntime, cv2; imageio_ffmpeg.get_ffmpeg_exe()",
}
NAMES = ("ours", *_PACKAGES)


def system(name: str, model: Path) -> System | str:
    """Return a row ready to run; or, in words, why it is skipped.

    STREETWARDEN_PEER_<NAME> names a Python that has the peer already.
    """
    if name == "ours":
        return System(name, Path(sys.executable), "benchmarks.cameras.rows.ours", model)
    python = _python(name)
    if isinstance(python, str):
        return python
    given = free_batch(model) if name == "ultralytics" else model
    return System(name, python, f"benchmarks.cameras.rows.{name}_row", given)


def _python(name: str) -> Path | str:
    told = os.environ.get(f"STREETWARDEN_PEER_{name.upper()}")
    python = Path(told) if told else FOLDER / name / "bin" / "python"
    if not python.is_file():
        print(f"making an environment for {name}", flush=True)
        venv.create(FOLDER / name, with_pip=True)
        command = [str(python), "-m", "pip", "install", "--quiet", *_PACKAGES[name]]
        failure = _failure(command)
        if failure:
            python.unlink(missing_ok=True)
            return f"cannot be installed: {failure}"
    failure = _failure([str(python), "-W", "ignore", "-c", _IMPORTS[name]])
    return f"cannot be imported: {failure}" if failure else python


def _failure(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode == 0:
        return ""
    return (done.stderr.strip().splitlines() or ["it said nothing"])[-1][:200]
