"""Seconds that count, as far as they lie within the last so many."""

from collections.abc import Iterable
from typing import Any

MOST_STRETCHES = 128
"""Bounds memory; the two oldest stretches become one."""


class Sliding:
    """A sum over a sliding window, kept as stretches of time."""

    def __init__(self, length_s: float) -> None:
        self._length_s = length_s
        self._stretches: list[list[float]] = []
        """Start, end, and the seconds of it that count."""

    def add(self, start_s: float, end_s: float, counted_s: float) -> None:
        """Count seconds between two moments; later stretches come later."""
        if counted_s <= 0:
            return
        last = self._stretches[-1] if self._stretches else None
        whole = counted_s >= end_s - start_s
        if last and whole and last[1] == start_s and last[2] >= last[1] - last[0]:
            last[1], last[2] = end_s, last[2] + counted_s
        else:
            self._stretches.append([start_s, end_s, counted_s])
        self._bound()

    def cut(self, from_s: float) -> None:
        """Forget what was counted after a moment."""
        self._stretches = [
            [
                start_s,
                min(end_s, from_s),
                counted_s * min(1.0, (from_s - start_s) / (end_s - start_s)),
            ]
            for start_s, end_s, counted_s in self._stretches
            if start_s < from_s
        ]

    def take_over(self, other: "Sliding") -> None:
        """Add the stretches of another, which are later ones."""
        self._stretches += other.to_json()
        self._bound()

    def _bound(self) -> None:
        while len(self._stretches) > MOST_STRETCHES:
            (start, _, first), (_, end, second), *rest = self._stretches
            self._stretches = [[start, end, first + second], *rest]

    def total_s(self, now_s: float) -> float:
        """Sum what lies in the window that ends now."""
        begin_s = now_s - self._length_s
        self._stretches = [one for one in self._stretches if one[1] > begin_s]
        return sum(
            counted_s * (end_s - max(start_s, begin_s)) / (end_s - start_s)
            for start_s, end_s, counted_s in self._stretches
        )

    def to_json(self) -> list[list[float]]:
        """State as JSON-able data."""
        return [list(one) for one in self._stretches]

    def take_up(self, data: Iterable[Any]) -> None:
        """Undo to_json()."""
        self._stretches = [[float(value) for value in one] for one in data]
