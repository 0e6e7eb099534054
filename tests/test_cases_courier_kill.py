"""A courier that is killed at random moments, over and over."""

import os
import random
import signal
import subprocess
import sys
import time
from contextlib import closing

from cases import DeliveryState, Review, Store
from tests.case_payloads import make_case
from tests.case_server import LOSING, STORING, CaseServer, preload_days
from tests.conftest import REPOSITORY
from tests.stores import Where
from tests.violations import make_violation

KILLS = 20
HELD_FROM = 1000
"""Number of the first held case; those that go out are counted from 0."""
CASES_A_RUN = 3
STORE_DELAY_S = 0.25
"""The server may store a post this long after it came in, also one whose sender is dead by then."""


class Couriers:
    """Starts couriers, one at a time, and kills them."""

    def __init__(self, where: Where, url: str, owner: str = "courier") -> None:
        self.parent = subprocess.Popen(
            [sys.executable, "-m", "tests.courier_process", str(where), url, owner],
            cwd=REPOSITORY,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.child = 0

    def start(self) -> None:
        """Start a courier and wait until it delivers."""
        assert self.parent.stdin is not None
        self.parent.stdin.write("\n")
        self.parent.stdin.flush()
        said = {self._line(), self._line()}  # in either order
        said.remove("ready")
        self.child = int(said.pop())

    def kill(self) -> None:
        """Kill it the hard way, and wait until it has gone."""
        os.kill(self.child, signal.SIGKILL)
        assert self._line() == "gone"
        self.child = 0

    def _line(self) -> str:
        assert self.parent.stdout is not None
        return self.parent.stdout.readline().strip()

    def close(self) -> None:
        """End everything."""
        if self.child:
            self.kill()
        self.parent.communicate("", timeout=10.0)


def test_every_case_arrives_once_through_twenty_kills(place: Where) -> None:
    """Kill -9 before, during and after posts, to a server that stores every post as a new one.

    Cases keep coming meanwhile, a third of the posts go wrong on top, and the server stores some
    only after their sender has been killed. What a person holds is never posted.
    """
    chance = random.Random(20260105)
    faults = [*STORING, *LOSING]
    keys: list[str] = []
    with CaseServer(hang_s=1.0) as server, Store.open(place) as store:
        preload_days(server)
        server.choose = lambda: chance.choice(faults) if chance.random() < 0.3 else "answer"
        server.store_delay_s = lambda: chance.uniform(0.0, STORE_DELAY_S)
        marked = 0
        with closing(Couriers(place, server.url)) as couriers:
            for number in range(KILLS):
                hold(store, HELD_FROM + number)
                for _ in range(CASES_A_RUN):
                    case = make_case(len(keys))
                    store.confirm(make_violation(len(keys)), None, case.to_json())
                    keys.append(case.case_key)
                couriers.start()
                time.sleep(chance.uniform(0.0, 0.6))
                couriers.kill()
                claimed = store.deliveries(states=[DeliveryState.CLAIMED])
                marked += sum(row.maybe_sent for row in claimed)
            couriers.start()
            wait_until_delivered(store, len(keys))
        assert store.counts().deliveries[DeliveryState.HELD] == KILLS
        assert sorted(filter(None, server.keys)) == sorted(keys)
        assert marked >= 5, "the kills hit too few posts to prove anything"


def hold(store: Store, number: int) -> None:
    """Confirm a case that a person has to approve."""
    payload = make_case(number).to_json()
    store.confirm(make_violation(number), None, payload, review=Review.HELD)


def wait_until_delivered(store: Store, count: int) -> None:
    """Wait until every case has a receipt."""
    end_s = time.monotonic() + 90.0
    while store.counts().deliveries[DeliveryState.DELIVERED] < count:
        assert time.monotonic() < end_s, store.counts().deliveries
        time.sleep(0.1)
