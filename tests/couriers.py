"""Couriers in processes of their own, to be stopped and killed."""

import os
import signal
import subprocess
import sys

from tests.conftest import REPOSITORY
from tests.stores import Where


class Couriers:
    """Starts couriers, one at a time, and kills them."""

    def __init__(self, where: Where, url: str, owner: str = "courier") -> None:
        self.parent = subprocess.Popen(
            [sys.executable, "-m", "tests.courier_process", str(where), url, owner],
            cwd=REPOSITORY,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.child = 0

    def start(self) -> None:
        """Start a courier and wait until it delivers."""
        assert self.parent.stdin is not None
        self.parent.stdin.write("\n")
        self.parent.stdin.flush()
        said = {self._line(), self._line()}  # in either order
        said.remove("ready")
        self.child = int(said.pop())

    def kill(self) -> None:
        """Kill it the hard way, and wait until it has gone."""
        os.kill(self.child, signal.SIGKILL)
        assert self._line() == "gone"
        self.child = 0

    def _line(self) -> str:
        assert self.parent.stdout is not None
        return self.parent.stdout.readline().strip()

    def close(self) -> None:
        """End everything."""
        if self.child:
            self.kill()
        self.parent.communicate("", timeout=10.0)
