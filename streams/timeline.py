"""A camera's timeline: media time inside a session, this machine's monotonic clock between them.

Pure arithmetic, no clock is read here. docs/time.md explains the why; in short:

- The ceiling is the monotonic clock minus all time that the media lost against it so far. Nothing
  is ever placed above the ceiling of its arrival: a picture is not younger than its packet.
- A session is anchored where arrival minus pts was smallest in its first second, so that a group
  of pictures that the server had kept, and sends all at once, gets the times at which it was seen.
- Media that runs faster is pressed against the ceiling, media that runs slower lowers it: a
  duration on the timeline is the smaller of the two clocks' durations, give or take a second.
- A pts that jumps starts a new anchor at the ceiling; the jump itself takes no time.
"""

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

SETTLE_S = 1.0
"""First part of a session that decides its anchor; the packets are held back for so long."""
BACKWARDS_S = 1.0
"""B-frames go back by less than this (16 pictures at 25 fps are 0.64 s); more is a jump."""
FORWARDS_S = 1.0
"""A single step that ends further than this above the ceiling is a jump, not a fast clock."""
BUCKET_S = 2.5
"""Lag and rate are judged on the smallest lag in buckets of this, so jitter does not matter."""
BUCKETS = 4
"""Buckets that a judgement spans: 10 s, so a network pause of less is not taken for lost media."""
CATCH_UP_S = 1.0
"""Media may lag by this and make it good again: the delay of a network wanders, and a ceiling that
followed it down would lose a little time with every turn."""
DECLARED = 0.02
"""Media and monotonic rate further apart than this are declared. Crystals differ by 0.0001."""


@dataclass(slots=True)
class _Bucket:
    start_s: float
    lag_s: float
    """Smallest lag behind the monotonic clock in the bucket."""
    ahead_s: float
    """Media time that was pressed away in this session before the bucket ended."""


class Timeline:
    """Places packets of one camera in time. Not safe for threads: one session at a time owns it."""

    def __init__(self, origin_s: float, started_s: float) -> None:
        """Show origin_s (seconds since the Unix epoch, or 0) at the monotonic time started_s."""
        self.jumps = 0
        """Times that pts jumped within a session."""
        self._clock_s = origin_s - started_s
        self._behind_s = 0.0
        self._reset()

    def _reset(self) -> None:
        """Forget the session."""
        self._anchor_s: float | None = None
        self._highest_pts_s = -math.inf
        self._last_at_s: float | None = None
        self._last_arrival_s = 0.0
        self._ahead_s = 0.0
        self._forget_rate()

    def _forget_rate(self) -> None:
        self._buckets: deque[_Bucket] = deque(maxlen=BUCKETS + 1)
        self._strikes = 0
        self.media_rate: float | None = None
        """Media seconds per monotonic second over the last 10 s of this session, once known."""

    @property
    def declared(self) -> bool:
        """True while media and monotonic rate have been too far apart twice in a row."""
        return self._strikes > 1

    def ceiling_s(self, arrival_s: float) -> float:
        """Latest time that a packet arriving at arrival_s (monotonic) can be placed at."""
        return arrival_s + self._clock_s - self._behind_s

    def begin(self, first: Sequence[tuple[float | None, float]]) -> None:
        """Start a session from its first (pts_s, arrival_s): those of about SETTLE_S.

        They are placed afterwards, one by one, like all others.
        """
        self._keep_lag_at_end()
        self._reset()
        highest_s = -math.inf
        for pts_s, arrival_s in first:
            if pts_s is None:
                continue
            if pts_s < highest_s - BACKWARDS_S:
                break  # a jump within the first second: place() starts a new anchor there
            highest_s = max(highest_s, pts_s)
            anchor_s = self.ceiling_s(arrival_s) - pts_s
            self._anchor_s = anchor_s if self._anchor_s is None else min(self._anchor_s, anchor_s)

    def place(self, pts_s: float | None, arrival_s: float) -> float:
        """Return at_s of the packet's picture; never above ceiling_s(arrival_s)."""
        if pts_s is None:
            at_s = self._place_by_clock(arrival_s)
        else:
            at_s = self._place_by_pts(pts_s, arrival_s)
        self._last_at_s, self._last_arrival_s = at_s, arrival_s
        self._judge(arrival_s, at_s)
        return at_s

    def _place_by_clock(self, arrival_s: float) -> float:
        """Let a packet without pts follow the one before as the monotonic clock says."""
        ceiling_s = self.ceiling_s(arrival_s)
        if self._last_at_s is None:
            return ceiling_s
        return min(ceiling_s, self._last_at_s + max(0.0, arrival_s - self._last_arrival_s))

    def _place_by_pts(self, pts_s: float, arrival_s: float) -> float:
        if pts_s < self._highest_pts_s - BACKWARDS_S:
            return self._jump(pts_s, arrival_s)
        self._highest_pts_s = max(self._highest_pts_s, pts_s)
        ceiling_s = self.ceiling_s(arrival_s)
        if self._anchor_s is None:
            self._anchor_s = ceiling_s - pts_s
        over_s = pts_s + self._anchor_s - ceiling_s
        if over_s > FORWARDS_S:
            return self._jump(pts_s, arrival_s)
        if over_s <= 0.0:
            return pts_s + self._anchor_s
        self._anchor_s -= over_s
        self._ahead_s += over_s
        return ceiling_s

    def _jump(self, pts_s: float, arrival_s: float) -> float:
        """Anchor anew at the ceiling; what the media lost before the jump stays lost."""
        self.jumps += 1
        self._keep_lag_at_end()
        self._forget_rate()
        ceiling_s = self.ceiling_s(arrival_s)
        self._anchor_s, self._highest_pts_s = ceiling_s - pts_s, pts_s
        return ceiling_s

    def _keep_lag(self) -> None:
        """Lower the ceiling towards the smallest lag of the last buckets: that time is lost."""
        lag_s = min(bucket.lag_s for bucket in self._buckets)
        self._behind_s = max(self._behind_s, lag_s - CATCH_UP_S)

    def _keep_lag_at_end(self) -> None:
        """Lower the ceiling to what the media lags at the end of a session, or before a jump."""
        if self._buckets:
            lag_s = min(bucket.lag_s for bucket in list(self._buckets)[-2:])
            self._behind_s = max(self._behind_s, lag_s)

    def _judge(self, arrival_s: float, at_s: float) -> None:
        """Note the lag behind the monotonic clock; at the end of a bucket, compare the rates."""
        lag_s = arrival_s + self._clock_s - at_s
        if self._buckets and arrival_s < self._buckets[-1].start_s + BUCKET_S:
            last = self._buckets[-1]
            last.lag_s = min(last.lag_s, lag_s)
            last.ahead_s = self._ahead_s
            return
        if len(self._buckets) > BUCKETS:
            self._compare_rates()
            self._keep_lag()
        self._buckets.append(_Bucket(arrival_s, lag_s, self._ahead_s))

    def _compare_rates(self) -> None:
        first, last = self._buckets[0], self._buckets[-1]
        gained_s = (last.ahead_s - first.ahead_s) - (last.lag_s - first.lag_s)
        self.media_rate = 1.0 + gained_s / (last.start_s - first.start_s)
        apart = abs(self.media_rate - 1.0) > DECLARED
        self._strikes = self._strikes + 1 if apart else 0
