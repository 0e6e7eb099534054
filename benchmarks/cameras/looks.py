"""What a system under test says about each of its looks; numpy alone, the same for every system."""

import json
import sys
import threading
import time
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from benchmarks.cameras.counter import read
from benchmarks.cameras.ledger import MOUNTS, Ledger

Kind = Literal["network", "forced", "gated"]
TELL_S = 0.5


class Looks:
    """Collects looks and prints them twice a second: `{"looks": [[camera, at_s, age_s, kind]]}`.

    age_s is result time minus the time at which the picture was sent, by the counter in it; null
    where the counter cannot be read.
    """

    def __init__(self, ledger: Path) -> None:
        self._ledger = Ledger(ledger)
        self._lock = threading.Lock()
        self._rows: list[tuple[int, float, float | None, Kind]] = []
        threading.Thread(target=self._tell, daemon=True).start()

    def note(self, camera: int, picture: NDArray[np.uint8], kind: Kind = "network") -> None:
        """Count a result that exists now; `picture` is what was looked at, of any scale."""
        number = read(picture)
        age_s = None if number is None else self._ledger.staleness_s(camera % MOUNTS, number)
        with self._lock:
            self._rows.append((camera, time.monotonic(), age_s, kind))

    def _tell(self) -> None:
        while True:
            time.sleep(TELL_S)
            with self._lock:
                rows, self._rows = self._rows, []
            print(json.dumps({"looks": rows}), flush=True)


def say(**facts: object) -> None:
    """Print what the system is and how it is set."""
    print(json.dumps(facts), flush=True)
    sys.stdout.flush()
