"""When a connection's thread may sleep and let packets gather: reading them together costs less.

A thread that wakes for every picture finds its memory gone from the processor's caches; with a
hundred cameras that is 2500 times a second. It sleeps only after a packet that came as early as any
of the last seconds: then nothing waits behind it, and a camera can never fall behind by sleeping.
Pure arithmetic, no clock is read here.
"""

MOST_S = 0.2
"""Longest sleep: what a picture may come late by."""
INTERVAL_SHARE = 0.1
"""Of the interval between looks, for the same reason."""
LEAST_S = 0.05
"""Shorter ones gather no two pictures."""
GATHERED_BYTES = 64 * 1024
"""What may gather in a sleep: half of a socket's usual buffer. A camera whose data is not taken
drops pictures."""
FRESH_S = 0.02
"""A packet at most this much later than the earliest ones has nothing waiting behind it."""
STEADY_S = 4.0
"""No sleep in the first part of a connection: its times are still being settled."""
_BUCKET_S = 5.0


class Bursts:
    """One connection's pauses. Used by one thread."""

    def __init__(self, interval_s: float) -> None:
        """interval_s: between looks; 0 means every picture, and no pauses."""
        self._most_s = min(MOST_S, INTERVAL_SHARE * interval_s)
        self._started_s: float | None = None
        self._bucket_s = 0.0
        self._lags = (float("inf"), float("inf"))
        """Smallest arrival minus pts of the bucket before and of the present one."""
        self._bytes = 0
        self._bytes_s = 0.0
        """Bytes a second over the bucket before; 0 until it is known."""

    def pause_s(self, pts_s: float | None, arrival_s: float, size: int) -> float:
        """Take a packet (size in bytes); return how long to sleep before the next is read."""
        if self._most_s < LEAST_S or pts_s is None:
            return 0.0
        if self._started_s is None:
            self._started_s = self._bucket_s = arrival_s
        lag_s = arrival_s - pts_s
        if arrival_s - self._bucket_s >= _BUCKET_S:
            self._bytes_s = self._bytes / (arrival_s - self._bucket_s)
            self._bytes, self._bucket_s = 0, arrival_s
            self._lags = (self._lags[1], lag_s)
        self._bytes += size
        self._lags = (self._lags[0], min(self._lags[1], lag_s))
        fresh = lag_s <= min(self._lags) + FRESH_S
        if not fresh or not self._bytes_s or arrival_s - self._started_s < STEADY_S:
            return 0.0
        pause_s = min(self._most_s, GATHERED_BYTES / self._bytes_s)
        return pause_s if pause_s >= LEAST_S else 0.0
