"""How far a step is: a bar on a terminal, a line now and then elsewhere."""

import sys
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

Count = Callable[[], int]
LINE_EVERY_S = 60.0
LOOK_EVERY_S = 2.0


class Waiting:
    """Shows the progress of something that runs elsewhere."""

    def __init__(self, name: str, total: int, done: Count | None) -> None:
        """`done` says how many of `total` are there; None: nobody knows."""
        self._name, self._total, self._done = name, total, done
        self._bar: Progress | None = None
        self._begun = self._said = self._looked = time.monotonic()

    def __enter__(self) -> Self:
        """Say what begins."""
        if sys.stderr.isatty():
            columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn()
            self._bar = Progress(*columns, TimeElapsedColumn(), console=Console(stderr=True))
            self._bar.start()
            self._task = self._bar.add_task(self._name, total=self._total or None)
        else:
            print(f"{self._name} ...", file=sys.stderr, flush=True)
        return self

    def look(self) -> None:
        """See how far it is; cheap enough to be called all the time."""
        now = time.monotonic()
        if now - self._looked < LOOK_EVERY_S:
            return
        self._looked = now
        count = self._done() if self._done is not None else 0
        if self._bar is not None:
            self._bar.update(self._task, completed=count)
        elif now - self._said >= LINE_EVERY_S:
            self._said = now
            far = f" {count}/{self._total}" if self._total else ""
            print(f"{self._name}{far} {now - self._begun:.0f} s", file=sys.stderr, flush=True)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Say how long it took."""
        if self._bar is not None:
            if error is None and self._total:
                self._bar.update(self._task, completed=self._total)
            self._bar.stop()
        elif error is None:
            took = time.monotonic() - self._begun
            print(f"{self._name}: {took:.0f} s", file=sys.stderr, flush=True)
