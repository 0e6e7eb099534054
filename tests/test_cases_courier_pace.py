"""How fast cases go out: limits, quiet hours, and from a confirmation to its receipt."""

import itertools
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from datetime import time as clock_time
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cases import Courier, CourierSettings, Delivery, DeliveryState, Store
from cases.desk import Desk
from cases.open311 import Open311
from cases.pace import Pace, Quiet
from detectors import Window
from tests.case_payloads import make_case
from tests.case_server import CaseServer
from tests.stores import Where
from tests.test_cases_courier import DEADLINE_S, FAST, confirm, courier, states, wait_until
from tests.violations import make_violation

SHANGHAI = ZoneInfo("Asia/Shanghai")
NIGHT = Window(frozenset(range(7)), clock_time(22, 0), clock_time(6, 0))


@given(
    per_minute=st.floats(0.2, 200.0),
    waits_s=st.lists(st.floats(0.0, 40.0), max_size=120),
)
def test_no_minute_has_more_turns_than_allowed(per_minute: float, waits_s: list[float]) -> None:
    """Whenever turns are asked for, any 60 s hold at most the limit (and at least one is given)."""
    pace = Pace(per_minute)
    now_s = 1000.0
    taken: list[float] = []
    for wait_s in waits_s:
        now_s += wait_s
        if pace.take(now_s) <= 0.0:
            taken.append(now_s)
    for first_s in taken:
        assert sum(first_s <= at < first_s + 60.0 for at in taken) <= max(1.0, per_minute)
    assert bool(taken) == bool(waits_s)


def test_a_flood_is_spread_over_the_minute() -> None:
    """Half the minute's cases at once, the others one by one, and then the limit is kept up."""
    pace = Pace(10.0)
    now_s = 0.0
    taken: list[float] = []
    while len(taken) < 40:
        wait_s = pace.take(now_s)
        if wait_s <= 0.0:
            taken.append(now_s)
        else:
            now_s += wait_s
    gaps = [round(after - before, 6) for before, after in itertools.pairwise(taken)]
    assert gaps[:9] == [0.0] * 4 + [6.0] * 5
    assert min(gaps[5:]) == 6.0
    assert taken[-1] <= 40 * 6.0


def test_an_unused_turn_is_free_again() -> None:
    """Looking into an empty outbox costs nothing."""
    pace = Pace(1.0)
    for at_s in range(100):
        assert pace.take(float(at_s)) == 0.0
        pace.give_back(float(at_s))
    assert pace.take(100.0) == 0.0
    assert pace.take(101.0) == 59.0


def test_a_restart_lifts_no_limit() -> None:
    """What an earlier run posted in the last minute counts."""
    pace = Pace(4.0)
    pace.remember([-50.0, -40.0, -3.0, -2.0])
    assert pace.take(0.0) == 13.0
    assert pace.take(13.0) == 0.0


@pytest.mark.parametrize(
    ("at", "quiet"),
    [
        ("2026-03-01T21:59:59+08:00", False),
        ("2026-03-01T22:00:00+08:00", True),
        ("2026-03-02T05:59:59+08:00", True),
        ("2026-03-02T06:00:00+08:00", False),
        ("2026-03-01T14:30:00+00:00", True),  # 22:30 at the site
    ],
)
def test_quiet_hours_are_the_sites(at: str, quiet: bool) -> None:
    """They start and end on the site's clock, over midnight too."""
    assert Quiet((NIGHT,), SHANGHAI).holds(datetime.fromisoformat(at)) is quiet


class Clock:
    """The host's time as a test wants it."""

    def __init__(self, text: str) -> None:
        self.ahead_s = datetime.fromisoformat(text).timestamp() - time.time()

    def __call__(self) -> datetime:
        """Tell the time."""
        return datetime.fromtimestamp(time.time() + self.ahead_s, UTC)


@pytest.fixture
def clock() -> Clock:
    """Return a clock that shows night."""
    return Clock("2026-03-01T23:00:00+08:00")


@pytest.fixture
def store(place: Where, clock: Clock) -> Iterator[Store]:
    """Open a store on that clock, on each of the databases in turn."""
    with Store.open(place, clock=clock) as opened:
        yield opened


def test_nothing_leaves_in_quiet_hours(
    store: Store, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not a post and not a question; when they end the case goes out."""
    monkeypatch.setattr("cases.courier.LONGEST_WAIT_S", 0.05)
    keys = confirm(store, 2)
    quiet = replace(FAST, quiet=(NIGHT,), timezone=SHANGHAI)
    with CaseServer() as server, courier(store, server, settings=quiet):
        time.sleep(0.5)
        assert server.hits == []
        assert states(store) == {DeliveryState.PENDING: 2}
        clock.ahead_s += 8 * 3600.0
        wait_until(lambda: states(store) == {DeliveryState.DELIVERED: 2})
        assert sorted(server.keys) == sorted(keys)


def test_a_limit_holds_through_a_restart(store: Store) -> None:
    """Ten a minute: five at once, no more from the next courier either."""
    confirm(store, 12)
    limited = replace(FAST, rate_per_minute=10.0)
    with CaseServer() as server:
        for _ in range(3):
            with courier(store, server, settings=limited):
                wait_until(lambda: len(server.stored) >= 5)
                time.sleep(0.3)
        assert len(server.stored) == 5


def test_a_limit_below_one_a_minute_holds_through_a_restart(store: Store, clock: Clock) -> None:
    """One in two minutes: 90 s after a post the next courier still waits, after 121 s it posts."""
    confirm(store, 2)
    limited = replace(FAST, rate_per_minute=0.5)
    with CaseServer() as server:
        for ahead_s, posts in ((0.0, 1), (90.0, 1), (31.0, 2)):
            clock.ahead_s += ahead_s
            with courier(store, server, settings=limited):
                wait_until(lambda posts=posts: len(server.stored) >= posts)  # type: ignore[misc]  # bound early
                time.sleep(0.3)
            assert len(server.stored) == posts


def test_a_post_that_was_held_up_does_not_leave(store: Store) -> None:
    """A process that stood still after its mark: somebody else may have the case by now."""
    (key,) = confirm(store, 1)

    class Stalling(Store):
        """Stands still once, right after the mark is committed."""

        stalls = 1

        def sending(self, claimed: Delivery) -> datetime:
            until = super().sending(claimed)
            if Stalling.stalls:
                Stalling.stalls = 0
                time.sleep(0.7)
            return until

    posts: list[str] = []
    stalling = Stalling(store._database, store._clock)
    with CaseServer() as server:
        server.on_post = posts.append
        with courier(stalling, server):
            wait_until(lambda: states(store) == {DeliveryState.DELIVERED: 1})
    (row,) = store.deliveries()
    first = store.case(row.violation_id).attempts[0]
    assert "before it could leave" in first.error
    assert posts == [key]


def test_times_follow_the_deadline() -> None:
    """A short deadline makes a short wait after a crash; the lease always fits."""
    assert CourierSettings.for_deadline(25.0) == CourierSettings()
    quick = CourierSettings.for_deadline(5.0)
    assert (quick.settle_s, quick.lease_s) == (10.0, 60.0)
    slow = CourierSettings.for_deadline(120.0)
    assert (slow.settle_s, slow.lease_s) == (125.0, 250.0)


def test_receipts_follow_confirmations_within_a_second(place: Where, tmp_path: Path) -> None:
    """200 violations, 25 a second: from the commit to the stored receipt p99 < 1 s.

    Review none, no limits. A city of 3,000 cases a day confirms one in half a minute.
    """
    confirmed: dict[str, float] = {}
    received: dict[str, float] = {}

    def told(row: Delivery) -> None:
        received[row.case_key] = time.monotonic()

    with (
        Store.open(place) as store,
        Desk(port=0, folder=tmp_path / "desk") as desk,
    ):
        system = Open311(f"{desk.url}/open311/v2", deadline_s=DEADLINE_S * 10)
        running = Courier(store, system, on_delivered=told, settings=CourierSettings())
        running.start()
        for number in range(200):
            case = make_case(number)
            store.confirm(make_violation(number), None, case.to_json())
            confirmed[case.case_key] = time.monotonic()
            running.wake()
            time.sleep(0.04)
        wait_until(lambda: len(received) == 200)
        running.stop()
    waits = sorted(received[key] - confirmed[key] for key in confirmed)
    assert waits[197] < 1.0, f"p50 {waits[100]:.3f} s, p99 {waits[197]:.3f} s"
