"""Find a case among all requests of a time, on a server that lists only so many at once.

How many it lists is not told. But a server that has once listed n requests lists at least n, so
a shorter list is whole; any other is asked for again in parts, cut where its requests lie.
"""

import math
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from cases.open311.replies import mentions, requested_at
from cases.system import DeliveryError, Permanent, Transient
from cases.transport import ReplyTooLarge

Row = Mapping[str, Any]
Window = tuple[datetime, datetime]
Ask = Callable[[datetime, datetime], list[Row]]
"""Requests received in [start, end], both whole seconds; raises `DeliveryError`."""

SPAN: Final = timedelta(days=80)
"""GeoReport servers may refuse more than 90 days at once."""

_SMALLEST_PAGE: Final = 10
"""No server is known that lists fewer."""
_OVERLAP: Final = timedelta(seconds=1)
"""Parts overlap: whether a server counts the bounds in is not specified."""
_NARROWEST: Final = 3 * _OVERLAP
"""Parts of anything shorter would not be shorter."""
_DAY_AND_ZONE: Final = timedelta(hours=36)
"""Some servers filter by whole days of their own time zone."""
_QUESTIONS: Final = 256
"""A bound; the client's deadline usually comes first."""


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
            windows += _parts(window, found)
        return None

    def _ask(self, ask: Ask, window: Window, budget: list[int]) -> list[Row] | None:
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

    def _learn(self, ask: Ask, window: Window, found: list[Row], budget: list[int]) -> bool:
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


def _windows(start: datetime, end: datetime) -> Iterator[Window]:
    while start < end:
        until = min(end, start + SPAN)
        yield start, until
        start = until


def _hit(found: list[Row] | None, key: str) -> Row | None:
    return next((row for row in found or () if mentions(row, key)), None)


def _parts(window: Window, found: list[Row] | None) -> list[Window]:
    """Cut a window whose list may not be whole; nothing left to ask where that is unlikely."""
    if found is None:
        if window[1] - window[0] <= _NARROWEST:
            raise Transient("the list of a few seconds is too large to be read")
        return _halves(window)
    around = _around(window, found)
    if around is None:
        parts, narrow = [], window
    else:
        parts, narrow = (
            [(window[0], around[0] + _OVERLAP), (around[1] - _OVERLAP, window[1])],
            around,
        )
    if narrow[1] - narrow[0] > _NARROWEST:
        return parts + _halves(narrow)
    if not _may_be_a_page(len(found)):
        return parts
    raise Transient("the server may list fewer requests than it received in a few seconds")


def _may_be_a_page(count: int) -> bool:
    """Tell whether a list of this length may be cut: pages have round lengths, nowhere below 10.

    The last resort, for a server that is nearly empty and got all it has within seconds.
    """
    power_of_two = count & (count - 1) == 0
    return count >= _SMALLEST_PAGE and (count % 10 == 0 or count % 25 == 0 or power_of_two)


def _halves(window: Window) -> list[Window]:
    start, end = window
    middle = (start + (end - start) / 2).replace(microsecond=0)
    return [(start, middle + _OVERLAP), (middle - _OVERLAP, end)]


def _around(window: Window, found: list[Row]) -> Window | None:
    """Return the part of the window that holds the listed requests, if it is much smaller.

    Raises `Permanent` where they lie so far outside that the server does not filter by time.
    """
    start, end = window
    times = [requested_at(row) for row in found]
    known = [at for at in times if at is not None]
    if any(at < start - _DAY_AND_ZONE or at > end + _DAY_AND_ZONE for at in known):
        raise Permanent("the server does not list requests by time: a case cannot be looked up")
    if len(known) < len(times):
        return None
    first = datetime.fromtimestamp(math.floor(min(known).timestamp()), UTC) - _OVERLAP
    last = datetime.fromtimestamp(math.ceil(max(known).timestamp()), UTC) + _OVERLAP
    if first < start or last > end or (last - first) * 2 > end - start:
        return None
    return first, last
