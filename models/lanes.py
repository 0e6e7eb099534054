"""Runs side by side: each prepared, computed and read by one thread, so that no other one waits."""

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from queue import LifoQueue

import numpy as np
from numpy.typing import NDArray

from models.backends import Session
from models.detections import Detections
from models.feed import Feed, Run

Outputs = list[NDArray[np.float32]]
Read = Callable[[Run, int, Outputs], list[Detections]]
"""Turns a run, the pictures its input held, and its outputs into boxes."""


class Lanes:
    """Threads that take run after run through one session; none where there is only one run.

    There is a lane for each run that the session takes at a time: preparing a picture takes the
    time of the core that will compute it, and stops nobody else. Where the session takes one, there
    are two lanes, so that the next is prepared meanwhile.
    """

    def __init__(self, session: Session, feed: Feed) -> None:
        """Take the session, and where its inputs come from."""
        self._session, self._feed = session, feed
        self._turns = threading.Semaphore(session.depth)
        """Runs that the session takes at a time."""
        self._free: LifoQueue[int] = LifoQueue()
        """Input tensors that no lane uses; the one used last is still in a cache."""
        for place in reversed(range(self.count)):
            self._free.put(place)
        self._threads: ThreadPoolExecutor | None = None

    @property
    def count(self) -> int:
        """Return how many runs are worked at, at a time."""
        return max(2, self._session.depth)

    def each(self, runs: Sequence[Run], read: Read) -> Iterator[list[Detections]]:
        """Yield what is read of every run, in order; raises what a run raises, once all rest."""
        if len(runs) == 1:
            yield self._through(runs[0], read)
            return
        if self._threads is None:
            self._threads = ThreadPoolExecutor(self.count, thread_name_prefix="lane")
        started = [self._threads.submit(self._through, run, read) for run in runs]
        try:
            for one in started:
                yield one.result()
        finally:
            for one in started:
                one.cancel()
            wait(started)

    def close(self) -> None:
        """End the threads."""
        if self._threads is not None:
            self._threads.shutdown()
            self._threads = None

    def _through(self, run: Run, read: Read) -> list[Detections]:
        place = self._free.get()
        try:
            blob = self._feed.fill(run, place)
            with self._turns:
                outputs = self._session.run(blob)
        finally:
            self._free.put(place)
        return read(run, len(blob), outputs)
