"""Weekly windows of local time."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors import Schedule, Window
from detectors.schedule import parse_clock, parse_days

SHANGHAI = ZoneInfo("Asia/Shanghai")
BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("mon-sun", {0, 1, 2, 3, 4, 5, 6}),
        ("mon-fri", {0, 1, 2, 3, 4}),
        ("sat,sun", {5, 6}),
        ("fri-mon", {4, 5, 6, 0}),  # over the week's end
        ("Wed", {2}),
        ("mon-tue, thu", {0, 1, 3}),
    ],
)
def test_days_are_read(text: str, days: set[int]) -> None:
    """Ranges, lists, single days, and ranges over the week's end."""
    assert parse_days(text) == days


@pytest.mark.parametrize("text", ["", "monday", "mon-", "mon--fri", "0-6", "mon;tue"])
def test_unknown_days_are_refused(text: str) -> None:
    """What is no day raises, with the days there are."""
    with pytest.raises(ValueError, match="mon, tue"):
        parse_days(text)


@pytest.mark.parametrize("text", ["7", "25:00", "12:60", "24:01", "12:5", "-1:00", "noon"])
def test_unreadable_times_are_refused(text: str) -> None:
    """What is no time of day raises."""
    with pytest.raises(ValueError, match="unreadable time"):
        parse_clock(text)


def test_the_midnight_that_ends_a_day() -> None:
    """24:00 is read as the end of the day: 18:00 to 24:00 holds the whole evening."""
    evening = Window.parse("mon", "18:00", "24:00")
    assert parse_clock("24:00") == time(0, 0)
    assert evening.holds(datetime(2026, 1, 5, 23, 59))  # noqa: DTZ001 - wall clock
    assert not evening.holds(datetime(2026, 1, 6, 0, 0))  # noqa: DTZ001 - wall clock


NIGHT = Window.parse("fri", "22:00", "06:00")


@pytest.mark.parametrize(
    ("local", "inside"),
    [
        ("2026-01-09T21:59:59", False),  # Friday, just before
        ("2026-01-09T22:00:00", True),  # starts on the minute
        ("2026-01-10T00:00:00", True),  # midnight belongs to Friday's window
        ("2026-01-10T05:59:59", True),
        ("2026-01-10T06:00:00", False),  # half-open
        ("2026-01-10T22:00:00", False),  # Saturday is not named
        ("2026-01-09T03:00:00", False),  # Thursday's night is not named
    ],
)
def test_a_window_over_midnight_belongs_to_the_day_it_starts_on(
    local: str, *, inside: bool
) -> None:
    """Friday 22:00 to 06:00 ends on Saturday morning."""
    assert NIGHT.holds(datetime.fromisoformat(local)) is inside


def test_equal_times_are_a_whole_day() -> None:
    """A window from 06:00 to 06:00 lasts 24 hours."""
    day = Window.parse("mon", "06:00", "06:00")
    assert day.holds(datetime(2026, 1, 5, 6, 0))  # noqa: DTZ001 - wall clock
    assert day.holds(datetime(2026, 1, 6, 5, 59))  # noqa: DTZ001 - wall clock
    assert not day.holds(datetime(2026, 1, 6, 6, 0))  # noqa: DTZ001 - wall clock


def test_times_are_the_sites_own() -> None:
    """22:00 in Shanghai is 14:00 UTC."""
    schedule = Schedule(SHANGHAI, (Window.parse("mon-sun", "22:00", "06:00"),))
    assert not schedule.forbids(datetime(2026, 1, 5, 14, 0, tzinfo=UTC))
    assert schedule.forbids(datetime(2026, 1, 5, 13, 59, tzinfo=UTC))


def test_hours_switch_the_rule_off_outside() -> None:
    """Outside its hours a rule forbids nothing."""
    schedule = Schedule(SHANGHAI, hours=(Window.parse("mon-fri", "07:00", "19:00"),))
    assert schedule.forbids(datetime(2026, 1, 5, 4, 0, tzinfo=UTC))  # Monday noon
    assert not schedule.forbids(datetime(2026, 1, 5, 12, 0, tzinfo=UTC))  # 20:00
    assert not schedule.forbids(datetime(2026, 1, 10, 4, 0, tzinfo=UTC))  # Saturday


def test_a_permit_that_ends_between_two_looks_is_cut_exactly() -> None:
    """Of 10 s with the permit's end 4 s in, 6 s are forbidden."""
    schedule = Schedule(SHANGHAI, (Window.parse("mon-sun", "22:00", "06:00"),))
    end = datetime(2026, 1, 5, 22, 0, tzinfo=UTC)  # 06:00 in Shanghai
    start = end - timedelta(seconds=4)
    assert schedule.forbidden_share(start, start + timedelta(seconds=10)) == pytest.approx(0.6)


def test_a_clock_that_steps_back_is_judged_by_where_it_is() -> None:
    """No interval, no division: the later look decides."""
    schedule = Schedule(SHANGHAI, (Window.parse("mon-sun", "22:00", "06:00"),))
    noon, night = datetime(2026, 1, 5, 4, tzinfo=UTC), datetime(2026, 1, 5, 15, tzinfo=UTC)
    assert schedule.forbidden_share(night, noon) == 1.0
    assert schedule.forbidden_share(night, night) == 0.0


CLOCKS = st.times().map(lambda clock: clock.replace(second=0, microsecond=0, fold=0))
WINDOWS = st.builds(Window, st.frozensets(st.integers(0, 6), min_size=1), CLOCKS, CLOCKS)


@given(
    allow=st.lists(WINDOWS, max_size=3),
    hours=st.none() | st.lists(WINDOWS, min_size=1, max_size=2),
    # the week of the change to summer time in Berlin, and an ordinary one
    start=st.integers(0, 6 * 1440).map(
        lambda m: datetime(2026, 3, 26, tzinfo=UTC) + timedelta(minutes=m)
    ),
    minutes=st.integers(1, 300),
)
def test_the_share_is_that_of_a_minute_by_minute_count(
    allow: list[Window], hours: list[Window] | None, start: datetime, minutes: int
) -> None:
    """Cutting at the windows' edges gives what asking about every minute gives."""
    schedule = Schedule(BERLIN, tuple(allow), None if hours is None else tuple(hours))
    asked = [schedule.forbids(start + timedelta(minutes=minute)) for minute in range(minutes)]
    share = schedule.forbidden_share(start, start + timedelta(minutes=minutes))
    assert share == pytest.approx(sum(asked) / minutes)
