"""The largest number of cameras that a system holds: doubling, then halving the gap."""

from collections.abc import Callable

from benchmarks.cameras.trial import BUSY_MS, Result

GAP = 0.05
"""Share of the number at which the search ends."""
MOST = 400
AGAIN = 2
"""Tries more where a trial failed while something else had the processors."""


def largest(
    attempt: Callable[[int], Result], start: int, most_trials: int
) -> tuple[int, list[Result]]:
    """Return the largest number held among those tried, and every trial."""
    tried: list[Result] = []

    def holds(cameras: int) -> bool:
        for _ in range(1 + AGAIN):
            tried.append(attempt(cameras))
            if tried[-1].holds or tried[-1].others_ms < BUSY_MS or len(tried) >= most_trials:
                break
        return tried[-1].holds

    low, high, cameras, step = 0, MOST + 1, max(1, start), 2.0
    while high - low > max(1, round(GAP * low)) and len(tried) < most_trials:
        if holds(cameras):
            low = cameras
            cameras = min(high - 1, round(low * step)) if high > MOST else (low + high) // 2
            cameras = max(low + 1, cameras)
        else:
            high = cameras
            cameras = (low + high) // 2 if low else max(1, high // 2)
            if high == 1:
                break
    return low, tried


def around(
    attempt: Callable[[int], Result], known: int, most_trials: int
) -> tuple[int, list[Result]]:
    """Search again where the answer was: a tenth up or down, then between."""
    tried: list[Result] = []
    step = max(1, round(0.08 * known))
    low, high, cameras = 0, MOST + 1, max(1, known)
    while high - low > max(1, round(GAP * low)) and len(tried) < most_trials:
        tried.append(attempt(cameras))
        if tried[-1].holds:
            low = cameras
            cameras = low + step if high > MOST else (low + high) // 2
        else:
            high = cameras
            cameras = max(1, high - step) if not low else (low + high) // 2
            if high == 1:
                break
    return low, tried
