"""Close looks within a budget, slots that keep them, and the word for overload."""

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.metrics import exposition
from detectors import Attention, Level, Outcome
from pipeline import CameraStatus
from pipeline.attention import AHEAD_S, REST_SHARE, SLICE_S, CloseBudget, Grant
from pipeline.load import SHED_SHARE, SHED_WINDOW_S, LoadKeeper, Shedding
from pipeline.slots import CLOSE_WAITING, Slots
from streams import Frame
from tests.site_status import site_status
from tests.site_text import site_of, spoiled


def budget(priorities: dict[str, float], **options: float) -> CloseBudget:
    """Make a budget."""
    chosen: dict[str, float] = {"seconds_a_minute": 60.0, "at_once": 1, "most_s": 1e6, **options}
    return CloseBudget(
        priorities,
        seconds_a_minute=chosen["seconds_a_minute"],
        at_once=int(chosen["at_once"]),
        most_s=chosen["most_s"],
    )


def always(_camera_id: str, _now_s: float) -> bool:
    """Ask at every look."""
    return True


def run(
    purse: CloseBudget, seconds: float, wants: Callable[[str, float], bool], *, step_s: float = 0.2
) -> list[tuple[float, Grant]]:
    """Let cameras that want it ask all the time; return the grants with their time."""
    grants: list[tuple[float, Grant]] = []
    for step in range(int(seconds / step_s)):
        now_s = step * step_s
        for camera_id in purse.granted_s:
            if wants(camera_id, now_s):
                purse.want(camera_id, at_s=100.0 + now_s, until_s=105.0 + now_s, arrival_s=now_s)
        grants += [(now_s, grant) for grant in purse.grants(now_s)]
    return grants


def test_a_lone_wish_is_granted_at_once_and_prolonged() -> None:
    """On the camera's timeline, in slices, without a gap, as long as it is asked for."""
    purse = budget({"a": 1.0, "b": 1.0})
    grants = run(purse, 20.0, lambda camera_id, now_s: camera_id == "a" and now_s < 10.0)
    assert grants[0] == (0.0, Grant("a", 100.0 + SLICE_S))
    ends = [0.0, *(grant.until_s - 100.0 for _, grant in grants)]
    for (now_s, _), end_s in zip(grants[1:], ends[1:-1], strict=True):
        assert end_s - AHEAD_S <= now_s <= end_s - AHEAD_S + 0.21
    assert ends[-1] == pytest.approx(14.8)  # the last wish was made at 9.8, for five seconds
    assert purse.granted_s["a"] == pytest.approx(14.8)
    assert purse.running == frozenset()


def test_the_purse_bounds_what_is_spent() -> None:
    """Three cameras that never stop asking get what the site may spend, and no more."""
    purse = budget({"a": 1.0, "b": 1.0, "c": 1.0}, seconds_a_minute=12.0, at_once=3)
    run(purse, 600.0, always)
    assert sum(purse.granted_s.values()) == pytest.approx(12.0 * 11, abs=2 * SLICE_S)
    assert min(purse.granted_s.values()) > 0.8 * 12.0 * 11 / 3


def test_priority_shares_and_starves_nobody() -> None:
    """One place for three: seconds follow the priorities."""
    purse = budget({"a": 1.0, "b": 1.0, "high": 3.0})
    run(purse, 600.0, always)
    spent = purse.granted_s
    assert spent["a"] == pytest.approx(spent["b"], rel=0.1)
    assert spent["high"] == pytest.approx(3 * spent["a"], rel=0.2)


def test_who_asks_for_the_first_time_goes_before_who_had_much() -> None:
    """A camera that keeps asking gives way at the end of its slice."""
    purse = budget({"a": 1.0, "b": 1.0})
    grants = run(purse, 30.0, lambda camera_id, now_s: camera_id == "a" or now_s >= 20.0)
    first = next(now_s for now_s, grant in grants if grant.camera_id == "b")
    assert first - 20.0 <= SLICE_S


def test_a_close_look_is_bounded() -> None:
    """After most_s in a row it ends, rests, and begins anew."""
    purse = budget({"a": 1.0}, most_s=10.0, seconds_a_minute=6000.0)
    grants = run(purse, 30.0, always)
    ends = [grant.until_s - 100.0 for _, grant in grants]
    assert max(end_s for end_s in ends if end_s <= 10.1) == pytest.approx(10.0)
    again = next(now_s for now_s, grant in grants if grant.until_s > 110.1)
    assert again == pytest.approx(10.0 + REST_SHARE * 10.0, abs=0.41)


def test_a_wish_in_vain_is_counted() -> None:
    """With nothing to spend nothing is granted, and that can be seen."""
    purse = budget({"a": 1.0}, seconds_a_minute=0.0)
    assert run(purse, 20.0, lambda _, now_s: now_s < 1.0) == []
    assert purse.refused == {"a": 1}


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.floats(0.05, 3.0), st.sampled_from("abcd"), st.floats(-2.0, 12.0), st.booleans()
        ),
        max_size=80,
    ),
    st.floats(0.0, 120.0),
    st.integers(1, 3),
)
def test_whatever_is_asked_the_bounds_hold(
    asked: list[tuple[float, str, float, bool]], minute_s: float, at_once: int
) -> None:
    """Never more than the purse, never past what was asked, never more cameras than places.

    One slice that runs out may overlap with the one that follows it.
    """
    purse = budget(dict.fromkeys("abcd", 1.0), seconds_a_minute=minute_s, at_once=at_once)
    now_s, latest = 0.0, dict.fromkeys("abcd", 0.0)
    for wait_s, camera_id, for_s, wanted in asked:
        now_s += wait_s
        if wanted:
            purse.want(camera_id, at_s=now_s, until_s=now_s + for_s, arrival_s=now_s)
            latest[camera_id] = max(latest[camera_id], now_s + for_s)
        for grant in purse.grants(now_s):
            assert now_s < grant.until_s <= latest[grant.camera_id] + 1e-6
        assert len(purse.running) <= at_once + 1
        assert purse.left_s >= 0.0
    assert sum(purse.granted_s.values()) <= minute_s * (1 + now_s / 60.0) + 1e-6


def frame(camera_id: str, number: int, *, close: bool = False) -> Frame:
    """Make a picture."""
    return Frame(
        camera_id=camera_id,
        session=0,
        seq=number,
        at_s=float(number),
        captured_at=datetime(2026, 1, 5, tzinfo=UTC),
        width=4,
        height=4,
        picture=np.zeros((4, 4, 3), np.uint8),
        arrival_s=float(number),
        key=not close,
        close=close,
    )


def taken(slots: Slots, most: int) -> list[tuple[str, int]]:
    """Take a batch."""
    return [(one.camera_id, one.seq) for one in slots.take(most, window_s=0, wait_s=0)]


def test_close_pictures_queue_and_others_are_replaced() -> None:
    """The newest look wins; those of a close look follow each other, up to a bound."""
    gone: Counter[str] = Counter()
    slots = Slots(gone.update)
    for number in range(3):
        slots.put(frame("idle", number))
    slots.put(frame("near", 0))
    for number in range(1, 5):
        slots.put(frame("near", number, close=True))
    slots.put(frame("near", 5))
    assert slots.dropped() == {"idle": 2, "near": 0}
    assert taken(slots, 3) == [("near", 0), ("idle", 2), ("near", 1)]
    assert taken(slots, 8) == [("near", number) for number in (2, 3, 4, 5)]
    assert gone == {"idle": 3, "near": 6}
    for number in range(CLOSE_WAITING + 3):
        slots.put(frame("near", 10 + number, close=True))
    assert slots.dropped()["near"] == 3
    assert taken(slots, 1) == [("near", 13)]


def test_the_camera_that_waited_longest_is_first() -> None:
    """A close camera's queue does not keep the others waiting."""
    slots = Slots()
    for number in range(6):
        slots.put(frame("near", number, close=True))
    slots.put(frame("a", 10))
    slots.put(frame("b", 11))
    assert taken(slots, 4) == [("near", 0), ("a", 10), ("b", 11), ("near", 1)]


def test_shedding_is_said_while_it_lasts() -> None:
    """A third of the looks lost is shedding; half a minute after the last loss it is over."""
    shedding = Shedding()
    for second in range(40):
        shedding.note(float(second), 20 * second, 10 * second)
    assert shedding.share == pytest.approx(1 / 3)
    for second in range(40, 41 + int(SHED_WINDOW_S)):
        shedding.note(float(second), 800 + 30 * (second - 40), 390)
    assert shedding.share <= SHED_SHARE
    shedding.note(100.0, 5, 0)  # a worker was started again
    assert shedding.share == 0.0


def told(keeper: LoadKeeper, camera_id: str) -> list[str]:
    """Return the lines of the metrics that tell what a keeper did for its one camera."""
    one = CameraStatus(
        camera_id=camera_id,
        stream=None,
        since=datetime(2026, 1, 5, tzinfo=UTC),
        looks=1,
        failures=0,
        dropped=0,
        staleness_s=None,
        attention=keeper.level(camera_id),
        close_s=keeper.close_s()[camera_id],
        close_refused=keeper.refused()[camera_id],
    )
    status = replace(site_status(one), load=keeper.load())
    return exposition(lambda: status).decode().splitlines()


@pytest.mark.parametrize(("minute_s", "refused"), [(0, 1.0), (60, 0.0)])
def test_a_rule_that_asks_in_vain_can_be_seen(
    tmp_path: Path, minute_s: int, refused: float
) -> None:
    """A wish that lapses is counted where there is no budget, granted and spent where there is."""
    attention = f"attention: {{close_s_a_minute: {minute_s}}}"
    site = site_of(spoiled("sampling: {interval_s: 2}", attention), tmp_path)
    granted: list[str] = []
    name = site.cameras[0].id
    keeper = LoadKeeper(
        site, look_closely=lambda one, *_: granted.append(one), tally=lambda: (1, 0)
    )
    asked = replace(frame(name, 7), arrival_s=time.monotonic())
    keeper.note(asked, Outcome(attention=Attention(Level.CLOSE, asked.at_s + 0.5)))
    meanwhile = told(keeper, name)
    time.sleep(0.55)
    keeper.tick()
    lines = told(keeper, name)
    spent_s = keeper.close_s()[name]
    camera = f'{{camera="{name}"}}'
    assert granted == ([] if refused else [name])
    assert (spent_s > 0.0) is not bool(refused)
    level = "watching" if refused else "close"
    assert f'streetwarden_camera_attention{{camera="{name}",level="{level}"}} 1.0' in meanwhile
    assert f"streetwarden_close_cameras {1.0 - refused}" in meanwhile
    assert "streetwarden_close_cameras 0.0" in lines
    assert f"streetwarden_close_refused_total{camera} {refused}" in lines
    assert f"streetwarden_close_seconds_total{camera} {spent_s}" in lines
