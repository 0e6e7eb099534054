"""The store under kill -9 and under several processes."""

import random
import subprocess
import sys
import time

from cases import DeliveryState, Store, ViolationState
from tests.stores import Where
from tests.violations import make_violation

KILLED_AT_EVERY_STATEMENT = """
import os, signal, sys
from sqlalchemy import event
from cases import Store
from tests.violations import make_violation

def confirm(number, die_at):
    # Confirms in a child that kills itself before its die_at-th statement; commits count as one.
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    store = Store.open(sys.argv[1], create=False)
    left = [die_at]
    def step(*ignored):
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        left[0] -= 1
    engine = store._database._engine
    event.listen(engine, "before_cursor_execute", step)
    event.listen(engine, "commit", step)
    store.confirm(make_violation(number), None, {"number": number})
    os._exit(0)

number = 0
while confirm(number, die_at=number):
    number += 1
print(number)
"""

CONFIRMS_UNTIL_KILLED = """
import sys
from cases import Store
from tests.violations import make_violation

with Store.open(sys.argv[1]) as store:
    number = len(store.cases())
    while True:
        store.confirm(make_violation(number), None, {"number": number})
        print(make_violation(number).violation_id, flush=True)
        number += 1
"""

CLAIMS_ALL = """
import sys
from cases import Store

owner = sys.argv[2]
with Store.open(sys.argv[1], create=False) as store:
    sys.stdin.readline()
    empty = 0
    while empty < 3:
        taken = store.claim(owner, lease_s=60, limit=2)
        empty = 0 if taken else empty + 1
        for delivery in taken:
            store.sending(delivery)
            store.delivered(delivery, owner)
            print(delivery.delivery_id)
"""


def python(code: str, *arguments: str) -> "subprocess.Popen[str]":
    """Run code in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def both_or_neither(store: Store) -> set[str]:
    """Check that confirmed violations and messages are the same set; return it."""
    confirmed = {
        case.violation.violation_id for case in store.cases(states=[ViolationState.CONFIRMED])
    }
    queued = [delivery.violation_id for delivery in store.deliveries()]
    assert sorted(queued) == sorted(confirmed)
    return confirmed


def test_killed_at_any_statement_of_a_confirmation(place: Where) -> None:
    """Before every single statement and before the commit: violation and message, or neither."""
    Store.open(place).close()
    done, _ = python(KILLED_AT_EVERY_STATEMENT, str(place)).communicate(timeout=120)
    statements = int(done)
    assert statements >= 4  # three inserts and the commit
    with Store.open(place, create=False) as store:
        assert both_or_neither(store) == {make_violation(statements).violation_id}
        assert len(store.cases()) == 1


def test_killed_at_random_what_was_acknowledged_is_there(place: Where) -> None:
    """Kill -9 at random moments of a stream of confirmations: none that returned is lost."""
    chance = random.Random(7)
    told: set[str] = set()
    for _ in range(3):
        process = python(CONFIRMS_UNTIL_KILLED, str(place))
        assert process.stdout is not None
        assert process.stdin is not None
        told.add(process.stdout.readline().strip())
        time.sleep(chance.uniform(0.0, 0.15))
        process.kill()
        rest = process.stdout.read()
        # The last line may have been cut by the kill.
        told.update(line.strip() for line in rest.splitlines(keepends=True) if line[-1] == "\n")
        process.stdin.close()
        process.stdout.close()
        process.wait()
    with Store.open(place, create=False) as store:
        kept = both_or_neither(store)
    assert told <= kept
    assert len(kept) <= len(told) + 3


def test_two_processes_never_claim_the_same_message(place: Where) -> None:
    """Two couriers on one store: every message goes to exactly one of them."""
    with Store.open(place) as store:
        for number in range(30):
            store.confirm(make_violation(number), None, {})
        couriers = [python(CLAIMS_ALL, str(place), owner) for owner in ("a", "b")]
        for courier in couriers:
            assert courier.stdin is not None
            courier.stdin.write("go\n")
            courier.stdin.flush()
        taken = [courier.communicate(timeout=60)[0].split() for courier in couriers]
        assert len(taken[0]) + len(taken[1]) == len({*taken[0], *taken[1]}) == 30
        assert store.counts().deliveries[DeliveryState.DELIVERED] == 30
