"""The ladder: the cheapest decoding that still gives a picture for every look."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.ladder import NONE_S, Budget, Ladder


def see_keys(ladder: Ladder, every_s: float, seconds: float, start_s: float = 0.0) -> list[str]:
    """Show a ladder a session at 10 pictures a second; return the modes it went through."""
    ladder.begin(start_s)
    modes: list[str] = [ladder.mode]
    for number in range(int(seconds * 10)):
        at_s = start_s + number / 10
        ladder.see(at_s, clean_key=every_s > 0 and number % round(every_s * 10) == 0)
        if ladder.mode != modes[-1]:
            modes.append(ladder.mode)
    return modes


def new_ladder(*, has_sub: bool = False, places: int = 1, interval_s: float = 2.0) -> Ladder:
    """Make a ladder with a budget of its own."""
    return Ladder(interval_s, has_sub=has_sub, budget=Budget(places))


@pytest.mark.parametrize("every_s", [0.1, 1.0, 2.0, 4.0])
def test_close_key_packets_are_enough(every_s: float) -> None:
    """Up to twice the interval, key packets alone are decoded."""
    ladder = new_ladder()
    assert see_keys(ladder, every_s, 60.0) == ["key"]
    assert ladder.key_interval_s == pytest.approx(every_s)


@pytest.mark.parametrize(
    ("has_sub", "places", "modes"),
    [
        (True, 1, ["key", "sub"]),  # first the second stream
        (False, 1, ["key", "all"]),  # then everything
        (False, 0, ["key", "long"]),  # without a place: the long interval
    ],
)
@pytest.mark.parametrize("every_s", [5.0, 0.0])
def test_the_way_up(has_sub: bool, places: int, modes: list[str], every_s: float) -> None:
    """Above twice the interval, or without any key packet in 10 s, the next step is taken."""
    seen = see_keys(new_ladder(has_sub=has_sub, places=places), every_s, NONE_S + 0.2)
    assert seen == modes


def test_a_second_stream_that_is_no_better() -> None:
    """The second stream's key packets are too far apart as well: everything of it is decoded."""
    ladder = new_ladder(has_sub=True)
    see_keys(ladder, 5.0, 6.0)
    assert (ladder.mode, ladder.on_sub) == ("sub", True)
    assert see_keys(ladder, 5.0, 12.0, start_s=100.0) == ["sub", "all"]
    assert ladder.on_sub


def test_a_second_stream_that_does_not_open() -> None:
    """It is given up for good: the first stream, completely."""
    ladder = new_ladder(has_sub=True)
    see_keys(ladder, 5.0, 6.0)
    ladder.sub_failed()
    assert (ladder.mode, ladder.on_sub) == ("all", False)
    assert see_keys(ladder, 5.0, 60.0, start_s=100.0) == ["all"]


def test_back_down_when_the_camera_was_set_right() -> None:
    """Three close intervals, and key packets alone are decoded again; the place is free."""
    budget = Budget(1)
    ladder, other = (Ladder(2.0, has_sub=False, budget=budget) for _ in range(2))
    assert see_keys(ladder, 5.0, 30.0) == ["key", "all"]
    assert see_keys(other, 5.0, 30.0) == ["key", "long"]
    assert see_keys(ladder, 2.0, 30.0, start_s=100.0) == ["all", "key"]
    assert see_keys(other, 5.0, 30.0, start_s=100.0) == ["long", "all"]


def test_every_picture_means_everything() -> None:
    """Interval 0 is decoded completely from the first packet on, and stays so."""
    ladder = new_ladder(interval_s=0.0)
    assert see_keys(ladder, 0.1, 60.0) == ["all"]


def test_a_camera_that_stops_gives_its_place_back() -> None:
    """release() frees the place for others."""
    budget = Budget(1)
    ladder = Ladder(2.0, has_sub=False, budget=budget)
    see_keys(ladder, 5.0, 30.0)
    assert not budget.take()
    ladder.release()
    assert budget.take()


@given(
    st.lists(
        st.tuples(st.integers(0, 3), st.sampled_from([0.0, 0.5, 2.0, 5.0, 12.0])), max_size=12
    ),
    st.integers(0, 3),
)
def test_the_budget_is_kept(moves: list[tuple[int, float]], places: int) -> None:
    """Whatever four cameras send, never more than the budget are decoded completely."""
    budget = Budget(places)
    ladders = [Ladder(2.0, has_sub=False, budget=budget) for _ in range(4)]
    clock_s = 0.0
    for number, every_s in moves:
        see_keys(ladders[number], every_s, 40.0, start_s=clock_s)
        clock_s += 100.0
        assert sum(ladder.decodes_all for ladder in ladders) <= places
    for ladder in ladders:
        ladder.release()
    assert [budget.take() for _ in range(places + 1)] == [True] * places + [False]
