"""Find a case among all requests of a time, on a server that lists only so many at once.

How many it lists is not told. But a server that has once listed n requests lists at least n, so
a shorter list is whole; any other is asked for again in halves.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from cases.open311.replies import mentions, requested_at
from cases.open311.transport import ReplyTooLarge
from cases.system import DeliveryError, Permanent, Transient

Row = Mapping[str, Any]
Ask = Callable[[datetime, datetime], list[Row]]
"""Requests received in [start, end], both whole seconds; raises `DeliveryError`."""

SPAN: Final = timedelta(days=80)
"""GeoReport servers may refuse more than 90 days at once."""

_SMALLEST_PAGE: Final = 10
"""No server is known that lists fewer."""
_NARROWEST: Final = timedelta(seconds=2)
_OVERLAP: Final = timedelta(seconds=1)
"""Halves overlap: whether a server counts the bounds in is not specified."""
_DAY_AND_ZONE: Final = timedelta(hours=36)
"""Some servers filter by whole days of their own time zone."""
_QUESTIONS: Final = 64


class Search:
    """Looks for keys on one server; remembers the longest list that it has ever seen there."""

    def __init__(self) -> None:
        self._longest = 0

    def find(self, ask: Ask, key: str, start: datetime, end: datetime) -> Row | None:
        """Return the request that mentions the key; None when it is certainly not listed.

        Raises `Transient` where this cannot be told now, `Permanent` where it never can.
        """
        budget = [_QUESTIONS]
        windows = list(_windows(start, end))
        while windows:
            window = windows.pop()
            found = self._ask(ask, window, budget)
            hit = _hit(found, key)
            if hit is not None:
                return hit
            if found is not None and self._learn(ask, window, found, budget):
                continue
            windows += _halves(window, found)
        return None

    def _ask(
        self, ask: Ask, window: tuple[datetime, datetime], budget: list[int]
    ) -> list[Row] | None:
        """None: the list is too large to be read."""
        if budget[0] <= 0:
            raise Transient(f"not settled after {_QUESTIONS} questions")
        budget[0] -= 1
        try:
            found = ask(*window)
        except ReplyTooLarge:
            return None
        self._longest = max(self._longest, len(found))
        return found

    def _learn(
        self, ask: Ask, window: tuple[datetime, datetime], found: list[Row], budget: list[int]
    ) -> bool:
        """Tell whether a list is whole; a longer list of a longer time may prove it."""
        if not found or len(found) < self._longest:
            return True
        if window[1] - window[0] >= SPAN / 2:
            return False
        try:
            self._ask(ask, (window[1] - SPAN, window[1]), budget)
        except DeliveryError:
            return False  # it was only asked to save questions
        return len(found) < self._longest


def _windows(start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
    while start < end:
        until = min(end, start + SPAN)
        yield start, until
        start = until


def _hit(found: list[Row] | None, key: str) -> Row | None:
    return next((row for row in found or () if mentions(row, key)), None)


def _halves(
    window: tuple[datetime, datetime], found: list[Row] | None
) -> list[tuple[datetime, datetime]]:
    start, end = window
    if end - start > 2 * _NARROWEST:
        middle = (start + (end - start) / 2).replace(microsecond=0)
        return [(start, middle + _OVERLAP), (middle - _OVERLAP, end)]
    if found is None:
        raise Transient("the list of a few seconds is too large to be read")
    if len(found) < _SMALLEST_PAGE:
        return []
    times = [at for row in found if (at := requested_at(row)) is not None]
    if any(at < start - _DAY_AND_ZONE or at > end + _DAY_AND_ZONE for at in times):
        raise Permanent("the server does not list requests by time: a case cannot be looked up")
    raise Transient("the server may list fewer requests than it received in a few seconds")
