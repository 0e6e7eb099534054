"""Where pictures wait for the model: one slot a camera, the newest picture wins.

Pictures of a close look are evidence one after the other: they queue instead, up to a bound.
"""

import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence

from streams import Frame

CLOSE_WAITING = 16
"""Pictures of a close look that wait for one camera: three seconds' worth; then the oldest goes."""

_NEVER = float("-inf")


class Slots:
    """Pictures of every camera, handed out in batches, longest unserved camera first.

    Thread-safe. A picture that is replaced before it was taken is counted as dropped.
    """

    def __init__(
        self,
        on_gone: Callable[[Sequence[str]], None] | None = None,
        priorities: Mapping[str, float] | None = None,
    ) -> None:
        """Tell on_gone the camera of every picture that was taken or dropped.

        Who takes pictures is served in proportion to the priority (1 where not given).
        """
        self._on_gone = on_gone
        self._priorities = priorities or {}
        self._changed = threading.Condition()
        self._waiting: dict[str, deque[Frame]] = {}
        self._served: dict[str, float] = {}
        self._dropped: Counter[str] = Counter()
        self._closed = False

    def put(self, frame: Frame) -> None:
        """Offer a picture; an older one of the same camera that still waits is dropped.

        Those of close looks are dropped only when too many wait.
        """
        dropped = 0
        with self._changed:
            waiting = self._waiting.setdefault(frame.camera_id, deque())
            if waiting and not waiting[-1].close and not frame.close:
                waiting.pop()
                dropped += 1
            waiting.append(frame)
            if len(waiting) > CLOSE_WAITING:
                waiting.popleft()
                dropped += 1
            self._dropped[frame.camera_id] += dropped
            self._changed.notify()
        self._gone([frame.camera_id] * dropped)

    def take(self, most: int, *, window_s: float, wait_s: float) -> list[Frame]:
        """Return up to `most` pictures, the longest unserved camera first, a camera's in order.

        Waits up to wait_s for the first picture, then up to window_s more for the batch to fill.
        It never waits for a particular camera. Empty when nothing came or the slots were closed.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._closed, wait_s)
            if 0 < self._count() < most and window_s > 0:
                self._changed.wait_for(lambda: self._count() >= most or self._closed, window_s)
            taken: list[Frame] = []
            while self._waiting and len(taken) < most:
                taken += self._take_round(most - len(taken))
        self._gone([frame.camera_id for frame in taken])
        return taken

    def _take_round(self, most: int) -> list[Frame]:
        """Take one picture of each camera that waits."""
        now = time.monotonic()

        def patience(camera_id: str) -> tuple[float, float]:
            waited_s = now - self._served.get(camera_id, _NEVER)
            first = self._waiting[camera_id][0]
            return -waited_s * self._priorities.get(camera_id, 1.0), first.arrival_s

        order = sorted(self._waiting, key=patience)[:most]
        taken = []
        for camera_id in order:
            self._served[camera_id] = now
            taken.append(self._waiting[camera_id].popleft())
            if not self._waiting[camera_id]:
                del self._waiting[camera_id]
        return taken

    def _count(self) -> int:
        return sum(map(len, self._waiting.values()))

    def _gone(self, cameras: Sequence[str]) -> None:
        if cameras and self._on_gone is not None:
            self._on_gone(cameras)

    def close(self) -> None:
        """Wake whoever waits; what still waits can be taken."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def dropped(self) -> Mapping[str, int]:
        """Pictures replaced before a model saw them, by camera."""
        with self._changed:
            return dict(self._dropped)
