"""When each picture was sent, as the cameras wrote it down; numpy alone."""

import time
from pathlib import Path

import numpy as np

from benchmarks.cameras.counter import COUNT

MOUNTS = 10
"""Cameras of ten phases: their key frames are 0.2 s apart."""


def make(file: Path) -> None:
    """Write an empty ledger."""
    np.full((MOUNTS, COUNT), np.nan).tofile(file)


class Ledger:
    """Read while the server writes."""

    def __init__(self, file: Path) -> None:
        self._sent_s = np.memmap(file, np.float64, "r", shape=(MOUNTS, COUNT))

    def staleness_s(self, mount: int, number: int) -> float:
        """Return how long ago the picture with this number was sent; NaN if it never was."""
        return time.monotonic() - float(self._sent_s[mount, number])
