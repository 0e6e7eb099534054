"""What closed hours say of a shop: what belongs to the place, and until when they are believed."""

from datetime import UTC, datetime, timedelta

from detectors.instant import Instant
from detectors.opening import ClosedHours
from detectors.spots import Spot
from tests.looks import SHANGHAI, window

PLANTER = (100.0, 250.0, 160.0, 300.0)
EVENING = datetime(2026, 1, 5, 15, 0, tzinfo=UTC)  # 23:00 in Shanghai
STEP_S = 20.0
TEN_MINUTES_S = 600.0
DAY_S = 86_400.0
EIGHT_DAYS_S = 8 * DAY_S


def _instant(now_s: float) -> Instant:
    return Instant(now_s, now_s, EVENING + timedelta(seconds=now_s), 0, 1.0)


def _watched(closed: ClosedHours, from_s: float, for_s: float, *, there: bool) -> float:
    """Watch a planter, or its empty place, for some closed time; when that was over."""
    since = _instant(from_s)
    for index in range(int(for_s / STEP_S) + 1):
        now_s = from_s + STEP_S * index
        spot = Spot(PLANTER, since, now_s, "goods", 1, 0.8, seen=index + 1)
        closed.learn(_instant(now_s), STEP_S if index else None, [spot] if there else [])
    return now_s


def _closed() -> ClosedHours:
    return ClosedHours([window("mon-sun", "08:00", "22:00")], SHANGHAI)


def test_what_was_carried_off_by_night_belongs_to_the_place_no_more() -> None:
    """Ten closed minutes without it: put out again, it is goods. A few minutes say nothing."""
    closed = _closed()
    end_s = _watched(closed, 0.0, TEN_MINUTES_S + STEP_S, there=True)
    assert closed.holds(PLANTER)
    end_s = _watched(closed, end_s, TEN_MINUTES_S / 2, there=False)
    assert closed.holds(PLANTER)
    end_s = _watched(closed, end_s, TEN_MINUTES_S / 2 - STEP_S, there=True)
    end_s = _watched(closed, end_s, TEN_MINUTES_S - STEP_S, there=False)
    assert closed.holds(PLANTER)  # it was seen in between
    _watched(closed, end_s, TEN_MINUTES_S, there=False)
    assert not closed.holds(PLANTER)


def test_closed_hours_of_long_ago_say_nothing() -> None:
    """A shop that was not seen closed for eight days has no reference, and learns a new one."""
    closed = _closed()
    end_s = _watched(closed, 0.0, TEN_MINUTES_S + STEP_S, there=True)
    assert closed.is_known(end_s + EIGHT_DAYS_S)
    assert not closed.is_known(end_s + EIGHT_DAYS_S + 1.0)
    later_s = end_s + EIGHT_DAYS_S + DAY_S - end_s % DAY_S
    now_s = _watched(closed, later_s, TEN_MINUTES_S / 2, there=False)
    assert not closed.is_known(now_s)
    assert not closed.holds(PLANTER)
    assert closed.is_known(_watched(closed, now_s, TEN_MINUTES_S, there=False))
