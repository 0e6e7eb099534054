"""Five hundred cases to a server that answers in every bad way; couriers killed and stopped."""

import os
import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.postgres import Cluster
from cases import (
    Backoff,
    CasePayload,
    Courier,
    DeliveryState,
    Receipt,
    Review,
    Store,
    StoreFull,
)
from cases.deadline import Deadline
from cases.open311 import Open311
from tests.case_payloads import make_case
from tests.case_server import API_KEY, LOSING, REFUSING, STORING, CaseServer, preload_days
from tests.courier_process import DEADLINE_S, SETTINGS
from tests.couriers import Couriers
from tests.small_disk import fill, small_disk
from tests.stores import Where
from tests.test_cases_courier import FAST, confirm, courier, reach, states, wait_until
from tests.violations import make_violation

CASES = 500
ANSWERS = (*STORING, *LOSING, *REFUSING)
ADVERSE = replace(
    FAST,
    threads=12,
    row=Backoff(base_s=0.02, cap_s=0.1),
    pause=Backoff(base_s=0.002, cap_s=0.02),
)
HELD_FROM = 1000
"""Number of the first held case; those that go out are counted from 0."""
HELD = 20


@pytest.fixture
def store(place: Where) -> Iterator[Store]:
    """Open a store, on each of the databases in turn."""
    with Store.open(place) as opened:
        yield opened


def ended(store: Store) -> bool:
    """Tell whether every case has come to an end."""
    found = states(store)
    return not ({DeliveryState.PENDING, DeliveryState.CLAIMED} & set(found))


def by_state(store: Store) -> dict[DeliveryState, set[str]]:
    """Return case keys by the state of their delivery."""
    found: dict[DeliveryState, set[str]] = {state: set() for state in DeliveryState}
    for row in store.deliveries():
        found[row.state].add(row.case_key)
    return found


def adverse(server: CaseServer, seed: int) -> None:
    """Give the first posts every answer in turn, and a third of the others any."""
    chance = random.Random(seed)
    first = list(ANSWERS)
    chance.shuffle(first)

    def choose() -> str:
        if first:
            return first.pop()
        return chance.choice(ANSWERS) if chance.random() < 0.3 else "answer"

    server.choose = choose
    server.store_delay_s = lambda: chance.choice([0.0] * 9 + [0.2])


@contextmanager
def adverse_server(seed: int) -> Iterator[CaseServer]:
    """Run a server that can be asked, with a past, and with every bad answer."""
    with CaseServer(hang_s=1.0) as server:
        preload_days(server)
        adverse(server, seed)
        yield server


def check_each_once(store: Store, server: CaseServer, keys: set[str]) -> None:
    """Delivered and there once, or dead and absent; nothing unresolved, doubled, lost, held up."""
    there = Counter(filter(None, server.keys))
    found = by_state(store)
    assert found[DeliveryState.UNRESOLVED] == set()
    assert found[DeliveryState.DELIVERED] | found[DeliveryState.DEAD] == keys
    assert set(there) == found[DeliveryState.DELIVERED]
    assert set(there.values()) == {1}
    assert len(found[DeliveryState.DEAD]) >= len(REFUSING)


def test_five_hundred_cases_through_every_answer(store: Store) -> None:
    """Each is delivered once, or dead and known absent; none is unresolved, doubled or lost."""
    keys = set(confirm(store, CASES))
    with adverse_server(31) as server:
        with courier(store, server, settings=ADVERSE) as running:
            wait_until(lambda: ended(store), timeout_s=150.0)
            counted = running.counters()
        check_each_once(store, server, keys)
    assert counted["unanswered"] >= len(STORING) // 2, "too little went wrong to prove anything"


def test_five_hundred_cases_through_kills(place: Where) -> None:
    """Kill -9 every second or two, before, during and after posts; what is held stays held."""
    chance = random.Random(20260105)
    marked = 0
    with adverse_server(33) as server, Store.open(place) as store:
        server.store_delay_s = lambda: chance.choice([0.0, 0.0, 0.25])
        keys = set(confirm(store, CASES))
        for number in range(HELD_FROM, HELD_FROM + HELD):
            payload = make_case(number).to_json()
            store.confirm(make_violation(number), None, payload, review=Review.HELD)
        with closing(Couriers(place, server.url)) as couriers:
            kills = 0
            while not ended(store):
                assert kills < 90, states(store)
                couriers.start()
                end_s = time.monotonic() + chance.uniform(0.5, 2.5)
                while time.monotonic() < end_s and not ended(store):
                    time.sleep(0.05)
                couriers.kill()
                kills += 1
                claimed = store.deliveries(states=[DeliveryState.CLAIMED])
                marked += sum(row.maybe_sent for row in claimed)
        found = by_state(store)
        assert len(found.pop(DeliveryState.HELD)) == HELD
        check_each_once(store, server, keys)
    assert marked >= 20, "the kills hit too few posts to prove anything"
    assert kills >= 5


def claims(store: Store) -> int:
    """Count the cases that couriers have in their hands."""
    return len(store.deliveries(states=[DeliveryState.CLAIMED]))


def test_five_hundred_cases_with_couriers_that_stand_still(place: Where) -> None:
    """SIGSTOP with cases in its hands, another courier takes over, SIGCONT while it delivers."""
    chance = random.Random(7)
    held = stops = 0
    with adverse_server(34) as server, Store.open(place) as store:
        keys = set(confirm(store, CASES))
        with closing(Couriers(place, server.url)) as couriers:
            couriers.start()
            while stops < 4 or (held < 10 and stops < 8):
                stops += 1
                time.sleep(chance.uniform(0.2, 0.7))
                # between two rounds of posts it holds nothing, and a slow machine has long rounds
                wait_until(lambda: claims(store) >= 3 or ended(store), timeout_s=10.0)
                os.kill(couriers.child, signal.SIGSTOP)
                held += claims(store)
                system = Open311(server.url, api_key=API_KEY, deadline_s=DEADLINE_S)
                other = Courier(store, system, settings=SETTINGS, owner="other")
                other.start()
                time.sleep(SETTINGS.lease_s + chance.uniform(0.0, 0.5))
                os.kill(couriers.child, signal.SIGCONT)
                time.sleep(0.3)
                assert other.stop(10.0)
            wait_until(lambda: ended(store), timeout_s=150.0)
        check_each_once(store, server, keys)
    assert held >= 10, "it was hardly ever stopped with a case in its hands"


class StandsStill(Open311):
    """Does not begin its post before it is told to, as a process that is stopped just there."""

    def __init__(self, url: str) -> None:
        super().__init__(url, api_key=API_KEY, deadline_s=DEADLINE_S)
        self.go_on = threading.Event()

    def post(self, case: CasePayload, until: Deadline | None = None) -> Receipt:
        """Wait, then post."""
        assert self.go_on.wait(20.0)
        return super().post(case, until)


def test_a_courier_that_stands_still_before_its_post_sends_nothing_late(store: Store) -> None:
    """Another has looked the case up and posted it meanwhile: the first must not send it too."""
    keys = confirm(store, 1)
    with CaseServer() as server:
        preload_days(server)
        system = StandsStill(server.url)
        first = Courier(store, system, settings=replace(FAST, threads=1), owner="first")
        first.start()
        wait_until(lambda: DeliveryState.CLAIMED in states(store))
        with courier(store, server):
            keys += confirm(store, 1)  # shows that the server can be asked
            reach(store, {DeliveryState.DELIVERED: 2})
        posts = [hit for hit in server.hits if hit.startswith("POST")]
        system.go_on.set()
        assert first.stop(10.0)
        assert [hit for hit in server.hits if hit.startswith("POST")] == posts
        assert sorted(filter(None, server.keys)) == sorted(keys)


@contextmanager
def store_on_a_small_disk(
    kind: str, folder: Path, request: pytest.FixtureRequest
) -> Iterator[tuple[Store, Path]]:
    """Open a store on a disk of 32 MiB; gives the disk as well."""
    if kind == "sqlite":
        with (
            small_disk(folder / "disk", "32m") as disk,
            Store.open(disk / "store.sqlite3") as store,
        ):
            yield store, disk
        return
    running: Cluster = request.getfixturevalue("quick_cluster")
    with small_disk(running.folder / "disk", "32m") as disk:
        space = disk / "space"
        space.mkdir()
        running.own(disk)
        running.own(space)
        name = running.create(disk=space)
        try:
            with Store.open(running.url_with_password(name)) as store:
                yield store, disk
        finally:
            running.drop(name)


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_five_hundred_cases_on_a_disk_that_fills_up(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """Again and again no row fits any more, also between a post and its receipt."""
    with (
        store_on_a_small_disk(kind, tmp_path, request) as (store, disk),
        adverse_server(35) as server,
    ):
        ballast = disk / "ballast"
        keys = set(confirm(store, CASES))
        refused = 0
        with courier(store, server, settings=ADVERSE):
            for _ in range(4):
                fill(ballast)
                end_s = time.monotonic() + 1.5
                while time.monotonic() < end_s:
                    refused += no_room(store)
                    fill(ballast, more=True)
                ballast.unlink()
                time.sleep(0.5)
            wait_until(lambda: ended(store), timeout_s=150.0)
        check_each_once(store, server, keys)
    assert refused >= 4, "the disk was never full enough to refuse a row"


def no_room(store: Store) -> bool:
    """Try to add rows; tell whether there was no room for them."""
    try:
        store.save_watch("camera", {"pad": random.Random().randbytes(40_000).hex()})
    except StoreFull:
        return True
    return False


def test_where_the_server_cannot_be_asked_none_is_doubled(store: Store) -> None:
    """Each is delivered once, dead and absent, or unresolved and there at most once."""
    keys = set(confirm(store, 2 * len(ANSWERS)))
    with CaseServer(hang_s=1.0) as server:
        server.lists = "404"
        adverse(server, 32)
        with courier(store, server, settings=ADVERSE):
            wait_until(lambda: ended(store), timeout_s=60.0)
        there = Counter(filter(None, server.keys))
    found = by_state(store)
    doubtful = found[DeliveryState.UNRESOLVED]
    assert found[DeliveryState.DELIVERED] | found[DeliveryState.DEAD] | doubtful == keys
    assert doubtful
    assert set(there.values()) == {1}
    assert found[DeliveryState.DELIVERED] <= set(there)
    assert not found[DeliveryState.DEAD] & set(there)
    assert set(there) <= found[DeliveryState.DELIVERED] | doubtful


def test_two_couriers_on_one_postgresql_never_post_the_same(
    quick_cluster: Cluster, database: str
) -> None:
    """Two processes, a server that answers badly to a third: each case arrives once."""
    url = quick_cluster.url_with_password(database)
    with adverse_server(36) as server, Store.open(url) as store:
        keys = set(confirm(store, 200))
        with (
            closing(Couriers(url, server.url, owner="one")) as one,
            closing(Couriers(url, server.url, owner="two")) as two,
        ):
            one.start()
            two.start()
            wait_until(lambda: ended(store), timeout_s=90.0)
        owners = Counter(
            attempt.owner
            for row in store.deliveries()
            for attempt in store.case(row.violation_id).attempts
        )
        check_each_once(store, server, keys)
    assert set(owners) == {"one", "two"}
    assert min(owners.values()) >= 20, "one of them has hardly done anything"
