"""What a row is told on its command line; standard library alone."""

import sys
from dataclasses import dataclass
from pathlib import Path

from benchmarks.cameras.ledger import MOUNTS

INPUT_WIDTH, INPUT_HEIGHT = 512, 288
"""The rectangle that every system gives to the network: the street model's."""
CONF = 0.3


@dataclass(frozen=True, slots=True)
class Task:
    """Cameras to hold."""

    port: int
    ledger: Path
    cameras: int
    model: Path
    folder: Path

    @property
    def urls(self) -> list[str]:
        """Where the cameras are, camera n at place n."""
        return [f"rtsp://127.0.0.1:{self.port}/{n % MOUNTS}" for n in range(self.cameras)]


def task() -> Task:
    """Read the command line."""
    port, ledger, cameras, model, folder = sys.argv[1:6]
    return Task(int(port), Path(ledger), int(cameras), Path(model), Path(folder))
