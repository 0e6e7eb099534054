"""The courier between a real store and real servers: each case once, or known to be undecided."""

import logging
import random
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cases import (
    AttemptOutcome,
    Backoff,
    Courier,
    CourierSettings,
    Delivery,
    DeliveryState,
    Review,
    Store,
)
from cases.open311 import Open311
from tests.case_payloads import make_case
from tests.case_server import API_KEY, LOSING, STORING, CaseServer, preload_days
from tests.stores import Where, requeued
from tests.violations import make_violation

DEADLINE_S = 0.6
FAST = CourierSettings(
    lease_s=2.0,
    settle_s=0.9,
    poll_s=0.05,
    row=Backoff(base_s=0.05, cap_s=0.2),
    pause=Backoff(base_s=0.02, cap_s=0.1),
)

WIDE = replace(FAST, threads=8)


@pytest.fixture
def store(place: Where) -> Iterator[Store]:
    """Open a store, on each of the databases in turn."""
    with Store.open(place) as opened:
        yield opened


def confirm(store: Store, count: int, *, review: Review = Review.NONE) -> list[str]:
    """Put the cases of `count` violations into the outbox; returns their keys."""
    first = len(store.cases())
    keys = []
    for number in range(first, first + count):
        case = make_case(number)
        store.confirm(make_violation(number), None, case.to_json(), review=review)
        keys.append(case.case_key)
    return keys


@contextmanager
def courier(
    store: Store,
    server: CaseServer,
    *,
    settings: CourierSettings = FAST,
    on_delivered: Callable[[Delivery], None] | None = None,
    deadline_s: float = DEADLINE_S,
) -> Iterator[Courier]:
    """Run a courier; afterwards its threads have ended."""
    system = Open311(server.url, api_key=API_KEY, deadline_s=deadline_s)
    running = Courier(store, system, on_delivered=on_delivered, settings=settings)
    running.start()
    try:
        yield running
    finally:
        running.stop(timeout_s=10.0)


def states(store: Store) -> Mapping[DeliveryState, int]:
    """Count deliveries by state, without the empty ones."""
    return {state: n for state, n in store.counts().deliveries.items() if n}


def wait_until(true: Callable[[], bool], timeout_s: float = 30.0) -> None:
    """Wait until something is so."""
    end_s = time.monotonic() + timeout_s
    while not true():
        assert time.monotonic() < end_s, "waited in vain"
        time.sleep(0.02)


def reach(store: Store, wanted: Mapping[DeliveryState, int], timeout_s: float = 30.0) -> None:
    """Wait until the deliveries are in these states; says what became of each otherwise."""
    end_s = time.monotonic() + timeout_s
    while states(store) != wanted:
        left = [
            f"{row.state} after {row.attempts}: {row.last_error}"
            for row in store.deliveries()
            if row.state is not DeliveryState.DELIVERED
        ]
        assert time.monotonic() < end_s, f"waited in vain for {wanted}; {left}"
        time.sleep(0.02)


def test_a_confirmed_case_arrives_and_is_told(store: Store) -> None:
    """Delivered once, its number stored, the listener called with the row as stored."""
    told: list[Delivery] = []
    (key,) = confirm(store, 1)
    long = CourierSettings.for_deadline(20.0)  # on a slow machine, too, one attempt has to do
    with (
        CaseServer() as server,
        courier(store, server, on_delivered=told.append, settings=long, deadline_s=20.0),
    ):
        wait_until(lambda: bool(told))
        assert server.keys == [key]
    (row,) = store.deliveries()
    assert (row.state, row.remote_case_id, row.attempts) == (DeliveryState.DELIVERED, "1", 1)
    assert told == [row]


def test_a_case_that_is_confirmed_later_is_taken_at_once(store: Store) -> None:
    """A courier that waits is woken: the next look into the outbox need not come."""
    slow = replace(FAST, poll_s=60.0)
    with CaseServer() as server, courier(store, server, settings=slow) as running:
        time.sleep(0.3)
        confirm(store, 1)
        began_s = time.monotonic()
        running.wake()
        wait_until(lambda: len(server.stored) == 1)
        assert time.monotonic() - began_s < 5.0


def test_a_stored_case_is_never_posted_again(store: Store) -> None:
    """However the answer to it went wrong, it is found and not doubled."""
    keys = confirm(store, len(STORING))
    with CaseServer(STORING, hang_s=1.0) as server, courier(store, server, settings=WIDE):
        reach(store, {DeliveryState.DELIVERED: len(STORING)})
        assert not server.behaviours
        assert sorted(server.keys) == sorted(keys)


@pytest.mark.parametrize("behaviour", ["cut", "late"])
def test_a_case_that_is_found_gets_its_number(store: Store, behaviour: str) -> None:
    """Of the very first case too, where nothing else has ever been found on the server."""
    confirm(store, 1)
    with CaseServer([behaviour]) as server, courier(store, server):
        reach(store, {DeliveryState.DELIVERED: 1})
    assert store.deliveries()[0].remote_case_id == "1"


def test_a_lost_case_is_posted_again(store: Store) -> None:
    """Each twice lost in every way, then taken: one request is there of each in the end.

    One has arrived before. Of a server that has never shown a case, only the first one lost is
    posted again, and not without end: which posts are lost to whom is chance here.
    """
    keys = confirm(store, 1)
    with CaseServer() as server, courier(store, server, settings=WIDE):
        reach(store, {DeliveryState.DELIVERED: 1})
        server.behaviours.extend(LOSING * 2)
        keys += confirm(store, len(LOSING))
        reach(store, {DeliveryState.DELIVERED: 1 + len(LOSING)})
        assert sorted(server.keys) == sorted(keys)
        posts = [hit for hit in server.hits if hit.startswith("POST")]
        assert len(posts) == 1 + 3 * len(LOSING)


def test_a_server_that_is_down_is_waited_for(store: Store) -> None:
    """Nothing is lost while it is away, nothing is marked as sent, and it comes soon after."""
    with CaseServer() as server:
        server.stop()
        keys = confirm(store, 5)
        with courier(store, server):
            wait_until(lambda: all(row.attempts >= 2 for row in store.deliveries()))
            assert not any(
                row.maybe_sent for row in store.deliveries(states=[DeliveryState.PENDING])
            )
            server.start()
            reach(store, {DeliveryState.DELIVERED: 5})
        assert sorted(server.keys) == sorted(keys)


def test_a_refused_case_is_dead_and_says_why(store: Store) -> None:
    """One attempt, and the server's reason stands in the row; a person can have it posted again."""
    (key,) = confirm(store, 1)
    with CaseServer(["400"]) as server, courier(store, server):
        reach(store, {DeliveryState.DEAD: 1})
        (row,) = store.deliveries()
        assert row.last_error == "HTTP 400: lat/long is outside the city"
        (attempt,) = store.case(row.violation_id).attempts
        assert attempt.outcome is AttemptOutcome.DEAD
        store.requeue(row.delivery_id, by="li")
        reach(store, {DeliveryState.DELIVERED: 1})
        assert server.keys == [key]


def test_every_attempt_leaves_a_row(store: Store) -> None:
    """What was tried, when, and what came of it."""
    confirm(store, 1)
    with CaseServer(["503_wait", "cut"]) as server, courier(store, server):
        reach(store, {DeliveryState.DELIVERED: 1})
    attempts = store.case(store.deliveries()[0].violation_id).attempts
    outcomes = [attempt.outcome for attempt in attempts]
    assert outcomes == [AttemptOutcome.RETRY, AttemptOutcome.RETRY, AttemptOutcome.DELIVERED]
    assert "503" in attempts[0].error
    assert "Error" in attempts[1].error


def test_retry_after_holds_every_case(store: Store) -> None:
    """A server that asks for a second gets a second, from all of them."""
    confirm(store, 3)
    arrivals: list[float] = []
    one = replace(FAST, threads=1)
    with CaseServer(["429"]) as server:
        server.on_post = lambda _key: arrivals.append(time.monotonic())
        with courier(store, server, settings=one):
            reach(store, {DeliveryState.DELIVERED: 3})
    assert arrivals[1] - arrivals[0] >= 0.95


def test_the_mark_is_on_disk_before_the_request_leaves(tmp_path: Path) -> None:
    """While the server reads the post, another process's eyes see that it may have been sent."""
    path = tmp_path / "store.sqlite3"
    seen: list[object] = []

    def look(_key: str) -> None:
        with sqlite3.connect(path) as other:
            seen.append(other.execute("SELECT sent_at FROM deliveries").fetchone()[0])
        other.close()

    with Store.open(path) as store, CaseServer() as server:
        server.on_post = look
        confirm(store, 1)
        with courier(store, server):
            reach(store, {DeliveryState.DELIVERED: 1})
    assert len(seen) == 1
    assert seen[0] is not None


def test_a_held_case_is_not_posted(store: Store) -> None:
    """Until a person approves it nothing of it leaves."""
    confirm(store, 1, review=Review.HELD)
    with CaseServer() as server, courier(store, server):
        time.sleep(0.5)
        assert server.hits == []
        store.approve(make_violation(0).violation_id, by="li")
        reach(store, {DeliveryState.DELIVERED: 1})


@pytest.mark.parametrize("lists", ["404", "redirect"])
def test_where_nobody_can_be_asked_a_person_decides(store: Store, lists: str) -> None:
    """Unresolved, not doubled; a person's word is good for one post, and is then used up."""
    (key,) = confirm(store, 1)
    with CaseServer(["cut", "cut"]) as server, courier(store, server):
        server.lists = lists
        reach(store, {DeliveryState.UNRESOLVED: 1})
        assert server.keys == [key]
        (row,) = store.deliveries()
        assert "cannot be asked" in row.last_error
        store.requeue(row.delivery_id, by="li")
        wait_until(lambda: len(server.stored) == 2)
        reach(store, {DeliveryState.UNRESOLVED: 1})
        time.sleep(0.5)
        assert server.keys == [key, key]  # the person's second post, and no third


def test_a_server_that_hides_what_it_has_is_not_believed(store: Store) -> None:
    """A list without a case that was delivered says nothing about another one either."""
    keys = confirm(store, 1)
    with CaseServer() as server, courier(store, server):
        reach(store, {DeliveryState.DELIVERED: 1})
        server.hidden = True
        server.behaviours.append("cut")
        keys += confirm(store, 1)
        wait_until(lambda: DeliveryState.UNRESOLVED in states(store))
        assert server.keys == keys


def test_a_server_that_begins_to_hide_is_not_believed(store: Store) -> None:
    """What it once has shown proves nothing about today."""
    keys = confirm(store, 1)
    with CaseServer(["cut"]) as server, courier(store, server):
        reach(store, {DeliveryState.DELIVERED: 1})
        time.sleep(FAST.settle_s)
        server.hidden = True
        server.behaviours.append("cut")
        keys += confirm(store, 1)
        wait_until(lambda: DeliveryState.UNRESOLVED in states(store))
        assert server.keys == keys


def test_a_server_that_hides_all_and_answers_nothing_gets_few_doubles(store: Store) -> None:
    """Where no case has ever had a receipt one case alone is risked, a bounded number of times."""
    keys = confirm(store, 6)
    with CaseServer(["cut"] * 60) as server, courier(store, server):
        server.hidden = True
        wait_until(lambda: len(server.stored) >= 8)
        time.sleep(2.0)
        there = Counter(server.keys)
        assert set(there) == set(keys)
        assert sorted(there.values())[:5] == [1] * 5
        assert max(there.values()) <= 4
        assert set(states(store)) <= {DeliveryState.PENDING, DeliveryState.CLAIMED}


def test_a_persons_word_ends_the_waiting_for_a_proof(store: Store) -> None:
    """`cases retry` of a case in doubt: looked up, not there, and posted at that word."""
    confirm(store, 2)
    with CaseServer(["cut"] * 2) as server:
        server.hidden = True
        with courier(store, server):
            wait_until(lambda: len(server.stored) == 2)
            server.choose = lambda: "drop"
            other = max(store.deliveries(), key=lambda row: row.delivery_id).delivery_id
            wait_until(lambda: "nothing of ours" in store.delivery(other).last_error)
            server.choose = None
            wait_until(lambda: requeued(store, other, by="li"))
            wait_until(lambda: store.delivery(other).state is DeliveryState.DELIVERED)


def test_a_server_that_cannot_be_asked_for_long_is_left_to_a_person(store: Store) -> None:
    """Lists that fail while posts go through end in unresolved, not in another post."""
    keys = confirm(store, 1)
    doubting = replace(FAST, doubt_s=1.5)
    with CaseServer(["cut"]) as server, courier(store, server, settings=doubting):
        server.lists = "500"
        wait_until(lambda: len(server.stored) == 1)
        keys += confirm(store, 1)
        wait_until(lambda: DeliveryState.UNRESOLVED in states(store))
        assert server.keys == keys


def test_a_system_that_is_away_for_longer_than_doubt_is_waited_for(store: Store) -> None:
    """Behind a gateway that answers 502 for days: nothing is given up, and each arrives once."""
    keys = confirm(store, 4)
    doubting = replace(FAST, doubt_s=0.5)
    with CaseServer() as server, courier(store, server, settings=doubting):
        server.choose = lambda: "500"
        server.lists = "500"
        time.sleep(3.0)
        assert not {DeliveryState.UNRESOLVED, DeliveryState.DEAD} & set(states(store))
        server.choose, server.lists = None, None
        reach(store, {DeliveryState.DELIVERED: 4})
        assert sorted(server.keys) == sorted(keys)


def test_a_clock_set_forward_shortens_no_wait(tmp_path: Path) -> None:
    """A box that gets its time late: leases and waits seem over, the post is still on its way."""
    ahead = timedelta()

    def clock() -> datetime:
        return datetime.now(UTC) + ahead

    with (
        CaseServer(["answer"], hang_s=1.0) as server,
        Store.open(tmp_path / "store.sqlite3", clock=clock) as store,
    ):
        server.store_delay_s = lambda: 0.4
        confirm(store, 1)
        with courier(store, server):
            wait_until(lambda: any("POST" in hit for hit in server.hits))
            ahead = timedelta(days=3)
            reach(store, {DeliveryState.DELIVERED: 1})
        assert len(server.stored) == 1


def test_a_stopped_courier_leaves_its_post_to_the_next(store: Store) -> None:
    """Stop comes back within its time although a request hangs; the next run looks it up."""
    keys = confirm(store, 1)
    with CaseServer(["late"], hang_s=1.5) as server:
        system = Open311(server.url, api_key=API_KEY, deadline_s=2.0)
        settings = CourierSettings(lease_s=5.0, settle_s=2.5, poll_s=0.05)
        first = Courier(store, system, settings=settings)
        first.start()
        wait_until(lambda: len(server.stored) == 1)
        began_s = time.monotonic()
        assert first.stop(timeout_s=0.3) is False
        assert time.monotonic() - began_s < 1.0
        with courier(store, server, settings=settings):
            reach(store, {DeliveryState.DELIVERED: 1})
        assert server.keys == keys
        assert first.stop(timeout_s=5.0) is True


def test_a_listener_that_fails_stops_nothing(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    """The delivery stands and the next case goes out."""

    def fail(_row: Delivery) -> None:
        raise RuntimeError("the listener's own fault")

    confirm(store, 2)
    with CaseServer() as server, courier(store, server, on_delivered=fail):
        reach(store, {DeliveryState.DELIVERED: 2})
    assert sum("after the delivery" in record.message for record in caplog.records) == 2


def test_a_case_that_cannot_be_read_is_dead_and_others_go_on(store: Store) -> None:
    """A damaged row stops neither itself for ever nor its neighbours."""
    store.confirm(make_violation(90), None, {"nothing": "of a case"})
    confirm(store, 1)
    with CaseServer() as server, courier(store, server):
        reach(store, {DeliveryState.DEAD: 1, DeliveryState.DELIVERED: 1})


def test_a_busy_store_is_waited_for(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Another process that holds the database for a while ends no courier."""
    path = tmp_path / "store.sqlite3"
    with (
        caplog.at_level(logging.WARNING),
        Store.open(path, busy_timeout_s=0.1) as store,
        CaseServer() as server,
        courier(store, server),
    ):
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        wait_until(lambda: "the courier goes on after" in caplog.text)
        other.execute("ROLLBACK")
        other.close()
        confirm(store, 1)
        reach(store, {DeliveryState.DELIVERED: 1})


def test_forty_cases_through_every_fault_arrive_once_each(store: Store) -> None:
    """Three couriers, a server that stores every post as new and fails half of them."""
    chance = random.Random(5)
    faults = [*STORING, *LOSING]
    keys = confirm(store, 40)
    with CaseServer(hang_s=1.0) as server:
        preload_days(server)
        server.choose = lambda: chance.choice(faults) if chance.random() < 0.5 else "answer"
        server.store_delay_s = lambda: chance.choice([0.0, 0.0, 0.3])
        others = [
            Courier(
                store,
                Open311(server.url, api_key=API_KEY, deadline_s=DEADLINE_S),
                settings=FAST,
                owner=f"c{n}",
            )
            for n in range(2)
        ]
        with courier(store, server):
            for other in others:
                other.start()
            reach(store, {DeliveryState.DELIVERED: 40}, timeout_s=90.0)
            for other in others:
                other.stop(10.0)
        assert sorted(filter(None, server.keys)) == sorted(keys)


def test_times_that_do_not_fit_are_refused(store: Store) -> None:
    """A lease has to outlast a look-up and a post, and no look-up may overtake its post."""
    with CaseServer() as server:
        system = Open311(server.url, api_key=API_KEY, deadline_s=25.0)
        with pytest.raises(ValueError, match="lease of 50 s is too short"):
            Courier(store, system, settings=CourierSettings(lease_s=50.0))
        with pytest.raises(ValueError, match="settle_s 10 is not longer"):
            Courier(store, system, settings=CourierSettings(settle_s=10.0))
        Courier(store, system)


@given(
    failure=st.integers(0, 10_000),
    asked_s=st.none() | st.floats(0, 3600),
    seed=st.integers(0, 2**32),
)
def test_waits_stay_between_what_was_asked_and_the_cap(
    failure: int, asked_s: float | None, seed: int
) -> None:
    """Full jitter: never under the server's wish, never over it by more than the cap."""
    wait_s = Backoff(2.0, 900.0).delay_s(failure, random.Random(seed), retry_after_s=asked_s)
    assert (
        (asked_s or 0.0) <= wait_s <= (asked_s or 0.0) + min(900.0, 2.0 * 2.0 ** min(failure, 99))
    )


def test_waits_of_couriers_that_failed_together_differ() -> None:
    """A hundred waits after the tenth failure are spread over the whole range."""
    chance = random.Random(1)
    waits = sorted(Backoff(1.0, 512.0).delay_s(10, chance) for _ in range(100))
    assert waits[5] < 512.0 * 0.15
    assert waits[94] > 512.0 * 0.85


def test_counters_tell_what_happened(store: Store) -> None:
    """Posts, look-ups and outcomes are counted for metrics."""
    confirm(store, 2)
    with CaseServer(["cut", "400"]) as server:
        with courier(store, server) as running:
            wait_until(
                lambda: len(states(store)) == 2 and DeliveryState.PENDING not in states(store)
            )
            reach(store, {DeliveryState.DEAD: 1, DeliveryState.DELIVERED: 1})
        counted = running.counters()
    assert counted == {"posted": 2, "unanswered": 1, "refused": 1, "looked_up": 1, "delivered": 1}
