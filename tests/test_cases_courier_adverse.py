"""Five hundred cases to a server that answers in every bad way, and couriers that stand still."""

import os
import random
import signal
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from functools import partial

import pytest

from benchmarks.postgres import Cluster
from cases import Backoff, Courier, DeliveryState, Store
from cases.open311 import Open311
from tests.case_server import LOSING, REFUSING, STORING, CaseServer, preload_days
from tests.courier_process import SETTINGS
from tests.stores import Where
from tests.test_cases_courier import DEADLINE_S, FAST, confirm, courier, states, wait_until
from tests.test_cases_courier_kill import Couriers

CASES = 500
ANSWERS = (*STORING, *LOSING, *REFUSING)
ADVERSE = replace(
    FAST,
    threads=12,
    row=Backoff(base_s=0.02, cap_s=0.1),
    pause=Backoff(base_s=0.002, cap_s=0.02),
)


@pytest.fixture
def store(place: Where) -> Iterator[Store]:
    """Open a store, on each of the databases in turn."""
    with Store.open(place) as opened:
        yield opened


def all_delivered(store: Store, count: int) -> bool:
    """Tell whether so many cases have arrived and nothing else is there."""
    return states(store) == {DeliveryState.DELIVERED: count}


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


def test_five_hundred_cases_through_every_answer(store: Store) -> None:
    """Each is delivered once, or dead and known absent; none is unresolved, doubled or lost."""
    keys = set(confirm(store, CASES))
    with CaseServer(hang_s=1.0) as server:
        preload_days(server)
        adverse(server, 31)
        with courier(store, server, settings=ADVERSE) as running:
            wait_until(lambda: ended(store), timeout_s=150.0)
            counted = running.counters()
        there = Counter(filter(None, server.keys))
    found = by_state(store)
    assert found[DeliveryState.UNRESOLVED] == set()
    assert found[DeliveryState.DELIVERED] | found[DeliveryState.DEAD] == keys
    assert set(there) == found[DeliveryState.DELIVERED]
    assert set(there.values()) == {1}
    assert len(found[DeliveryState.DEAD]) >= len(REFUSING)
    assert counted["unanswered"] >= len(STORING) // 2, "too little went wrong to prove anything"


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


def test_a_courier_that_stood_still_past_its_lease_doubles_nothing(place: Where) -> None:
    """SIGSTOP at random moments, another courier takes over, SIGCONT while it delivers."""
    chance = random.Random(7)
    keys: list[str] = []
    held = 0
    with CaseServer(hang_s=1.0) as server, Store.open(place) as store:
        preload_days(server)
        server.store_delay_s = lambda: chance.choice([0.0, 0.05])
        with closing(Couriers(place, server.url)) as couriers:
            couriers.start()
            for _ in range(3):
                keys += confirm(store, 12)
                time.sleep(chance.uniform(0.0, 0.15))
                os.kill(couriers.child, signal.SIGSTOP)
                held += store.counts().deliveries[DeliveryState.CLAIMED]
                other = Courier(
                    store, Open311(server.url, deadline_s=DEADLINE_S), settings=SETTINGS, owner="b"
                )
                other.start()
                time.sleep(SETTINGS.lease_s + chance.uniform(0.0, 0.5))
                os.kill(couriers.child, signal.SIGCONT)
                wait_until(partial(all_delivered, store, len(keys)))
                other.stop(10.0)
        assert sorted(filter(None, server.keys)) == sorted(keys)
    assert held >= 1, "it was never stopped with a case in its hands"


def test_two_couriers_on_one_postgresql_never_post_the_same(
    quick_cluster: Cluster, database: str
) -> None:
    """Two processes, a server that answers badly to a third: each case arrives once."""
    url = quick_cluster.url_with_password(database)
    chance = random.Random(11)
    with CaseServer(hang_s=1.0) as server, Store.open(url) as store:
        preload_days(server)
        server.choose = lambda: (
            chance.choice((*STORING, *LOSING)) if chance.random() < 0.3 else "answer"
        )
        keys = confirm(store, 80)
        with (
            closing(Couriers(url, server.url, owner="one")) as one,
            closing(Couriers(url, server.url, owner="two")) as two,
        ):
            one.start()
            two.start()
            wait_until(partial(all_delivered, store, len(keys)), timeout_s=90.0)
        owners = {
            attempt.owner
            for row in store.deliveries()
            for attempt in store.case(row.violation_id).attempts
        }
        assert sorted(filter(None, server.keys)) == sorted(keys)
    assert owners == {"one", "two"}, "one of them has done nothing"
