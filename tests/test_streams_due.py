"""The due grid: one picture a slot, never two, and none missed that comes in time."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.due import EARLY, DueGrid, early_share

times = st.lists(st.floats(0.0, 500.0), max_size=200).map(sorted)
intervals = st.floats(0.1, 10.0)


def taken(grid: DueGrid, at_s: list[float], early: float = 0.0) -> list[float]:
    """Return the pictures that were due."""
    return [time_s for time_s in at_s if grid.take(time_s, early=early)]


@given(times, intervals, st.floats(0.0, EARLY))
def test_never_two_pictures_for_one_slot(
    at_s: list[float], interval_s: float, early: float
) -> None:
    """Whatever comes, no slot gets two: at most one picture more than slots have begun."""
    due = taken(DueGrid(interval_s), at_s, early)
    slots = [int((time_s - due[0]) / interval_s + early + 1e-6 / interval_s) for time_s in due]
    assert all(after > before for before, after in pairwise(slots))
    if due:
        assert len(due) <= (at_s[-1] - due[0]) / interval_s + 1 + EARLY + 1e-3


@given(intervals, st.floats(0.0, 1000.0))
def test_every_slot_gets_the_first_picture_at_or_after_its_time(
    interval_s: float, start_s: float
) -> None:
    """With many pictures none is early, and none later than the next one after the due time."""
    step_s = interval_s / 10.5
    at_s = [start_s + number * step_s for number in range(500)]
    for number, time_s in enumerate(taken(DueGrid(interval_s), at_s)):
        due_s = start_s + number * interval_s
        assert due_s - 1e-5 <= time_s < due_s + step_s + 1e-5


def test_key_frames_a_little_too_close_are_all_taken() -> None:
    """street.mp4 has a key frame every 1.997 s; looks every 2 s take each of them."""
    keys = [number * 1.997 for number in range(19)]
    assert taken(DueGrid(2.0), keys, early_share(2.0, 1.997)) == keys


@given(st.floats(0.5, 1.0))
def test_the_rate_is_never_above_the_interval(ratio: float) -> None:
    """Key frames every 1 to 2 s give one look every 2 s on average, not one each."""
    keys = [number * 2.0 * ratio for number in range(400)]
    due = taken(DueGrid(2.0), keys, early_share(2.0, 2.0 * ratio))
    assert len(due) <= keys[-1] / 2.0 + 1 + EARLY
    assert len(due) >= keys[-1] / 2.0 - 2


def test_where_every_packet_is_a_key_none_is_early() -> None:
    """MJPEG: the picture nearest to the due time is taken, not one a quarter interval before."""
    pictures = [number * 0.04 for number in range(500)]
    due = taken(DueGrid(2.0), pictures, early_share(2.0, 0.04))
    assert due == pytest.approx([0.0, 2.0, 4.0, 6.0, 8.0, 10.0, 12.0, 14.0, 16.0, 18.0], abs=0.021)


def test_interval_zero_takes_every_picture_once() -> None:
    """Every picture is due; one that is not after the last one never is."""
    grid = DueGrid(0.0)
    assert taken(grid, [0.0, 0.04, 0.04, 0.02, 0.08]) == [0.0, 0.04, 0.08]


def test_after_a_gap_the_next_picture_is_due_at_once() -> None:
    """A camera that returns is looked at with its first picture; missed slots are not made up."""
    grid = DueGrid(2.0)
    assert taken(grid, [0.0, 2.0, 31.3, 31.9, 32.0]) == [0.0, 2.0, 31.3, 32.0]
