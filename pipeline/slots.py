"""Where pictures wait for the model: one slot a camera, the newest picture wins."""

import threading
import time
from collections import Counter
from collections.abc import Mapping

from streams import Frame

_NEVER = float("-inf")


class Slots:
    """Newest picture of every camera, handed out in batches, longest unserved camera first.

    Thread-safe. A picture that is replaced before it was taken is counted as dropped.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._waiting: dict[str, Frame] = {}
        self._served: dict[str, float] = {}
        self._dropped: Counter[str] = Counter()
        self._closed = False

    def put(self, frame: Frame) -> None:
        """Offer a picture; an older one of the same camera that still waits is dropped."""
        with self._changed:
            if frame.camera_id in self._waiting:
                self._dropped[frame.camera_id] += 1
            self._waiting[frame.camera_id] = frame
            self._changed.notify()

    def take(self, most: int, *, window_s: float, wait_s: float) -> list[Frame]:
        """Return up to `most` pictures, the longest unserved camera first.

        Waits up to wait_s for the first picture, then up to window_s more for the batch to fill.
        It never waits for a particular camera. Empty when nothing came or the slots were closed.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._closed, wait_s)
            if self._waiting and len(self._waiting) < most and window_s > 0:
                self._changed.wait_for(lambda: len(self._waiting) >= most or self._closed, window_s)
            order = sorted(
                self._waiting,
                key=lambda c: (self._served.get(c, _NEVER), self._waiting[c].arrival_s),
            )[:most]
            now = time.monotonic()
            for camera_id in order:
                self._served[camera_id] = now
            return [self._waiting.pop(camera_id) for camera_id in order]

    def close(self) -> None:
        """Wake whoever waits; what still waits can be taken."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def dropped(self) -> Mapping[str, int]:
        """Pictures replaced before a model saw them, by camera."""
        with self._changed:
            return dict(self._dropped)
