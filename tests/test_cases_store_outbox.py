"""The outbox: claims, leases, and how an attempt ends."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from cases import (
    AttemptOutcome,
    Delivery,
    DeliveryState,
    LeaseLost,
    NotFound,
    Store,
    WrongState,
)
from tests.violations import NOON, SetClock, make_violation


def confirmed(store: Store, number: int = 0) -> str:
    """Confirm a violation and return its id."""
    violation = make_violation(number)
    store.confirm(violation, None, {"number": number})
    return violation.violation_id


def claimed(store: Store, owner: str = "courier", lease_s: float = 30.0) -> Delivery:
    """Claim the one message that is due."""
    (delivery,) = store.claim(owner, lease_s=lease_s)
    return delivery


def test_claims_take_the_longest_due_first(store: Store, clock: SetClock) -> None:
    """Order is by due time; nothing that is not due yet is taken."""
    ids = []
    for number in range(3):
        ids.append(confirmed(store, number))
        clock.pass_s(1)
    first = claimed(store)
    assert first.violation_id == ids[0]
    store.retry_later(first, next_at=clock() + timedelta(seconds=60), error="503", maybe_sent=False)
    rest = store.claim("courier", lease_s=30, limit=10)
    assert [delivery.violation_id for delivery in rest] == ids[1:]
    assert store.claim("courier", lease_s=30, limit=10) == ()
    clock.pass_s(60)
    # The leases of the two have run out as well; the longest due still comes first.
    again = store.claim("courier", lease_s=30, limit=10)
    assert [delivery.violation_id for delivery in again] == [ids[1], ids[2], ids[0]]


def test_a_delivered_message_is_settled_once(store: Store) -> None:
    """It has its remote number, its attempt its times, and is never claimed again."""
    violation_id = confirmed(store)
    delivery = claimed(store)
    store.sending(delivery)
    assert store.delivered(delivery, "2026-77", remote_token="t1")
    assert not store.delivered(delivery, "2026-78")
    row = store.delivery(delivery.delivery_id)
    assert (row.state, row.remote_case_id, row.remote_token) == (
        DeliveryState.DELIVERED,
        "2026-77",
        "t1",
    )
    assert not row.maybe_sent
    (attempt,) = store.case(violation_id).attempts
    assert (attempt.number, attempt.outcome, attempt.sent_at) == (
        1,
        AttemptOutcome.DELIVERED,
        NOON,
    )
    assert store.claim("courier", lease_s=30) == ()


def test_an_expired_claim_tells_whether_a_post_may_have_left(store: Store, clock: SetClock) -> None:
    """Killed before sending: not sent. Killed after: perhaps sent, and to be looked up."""
    confirmed(store, 1)
    confirmed(store, 2)
    quiet, sent = store.claim("old", lease_s=30, limit=2)
    store.sending(sent)
    assert store.claim("new", lease_s=30, limit=2) == ()
    clock.pass_s(30)
    taken = {row.delivery_id: row for row in store.claim("new", lease_s=30, limit=2)}
    assert not taken[quiet.delivery_id].maybe_sent
    assert taken[sent.delivery_id].maybe_sent
    attempts = store.case(sent.violation_id).attempts
    assert [attempt.outcome for attempt in attempts] == [AttemptOutcome.EXPIRED, None]


def test_whoever_lost_a_claim_cannot_move_it_but_may_bring_the_answer(
    store: Store, clock: SetClock
) -> None:
    """A courier stopped past its lease is refused before it posts; a receipt is never lost."""
    confirmed(store)
    old = claimed(store, "old")
    clock.pass_s(31)
    with pytest.raises(LeaseLost):
        store.sending(old)
    new = claimed(store, "new")
    for act in (
        lambda: store.sending(old),
        lambda: store.retry_later(old, next_at=clock(), error="", maybe_sent=False),
        lambda: store.dead(old, error=""),
        lambda: store.unresolved(old, error=""),
    ):
        with pytest.raises(LeaseLost):
            act()
    assert store.delivered(old, "77")
    with pytest.raises(LeaseLost):
        store.sending(new)
    assert not store.delivered(new, "78")
    assert store.delivery(old.delivery_id).remote_case_id == "77"


def test_the_same_owner_with_an_older_claim_is_refused(store: Store, clock: SetClock) -> None:
    """A claim is its owner and its number: a restart under the same name does not revive it."""
    confirmed(store)
    old = claimed(store, "courier")
    clock.pass_s(31)
    new = claimed(store, "courier")
    with pytest.raises(LeaseLost):
        store.sending(old)
    store.sending(new)


def test_sending_returns_the_end_of_the_lease(store: Store, clock: SetClock) -> None:
    """So that a request deadline can be kept inside it."""
    confirmed(store)
    delivery = claimed(store, lease_s=40)
    clock.pass_s(10)
    assert store.sending(delivery) == NOON + timedelta(seconds=40)


@pytest.mark.parametrize("maybe_sent", [True, False])
def test_a_retry_keeps_the_mark_unless_nothing_was_taken(store: Store, maybe_sent: bool) -> None:
    """Only a definite "not taken" lets the next attempt post without looking up."""
    confirmed(store)
    delivery = claimed(store)
    store.sending(delivery)
    store.retry_later(delivery, next_at=NOON, error="reset", maybe_sent=maybe_sent)
    again = claimed(store)
    assert again.maybe_sent is maybe_sent
    assert (again.last_error, again.attempts) == ("reset", 2)


def test_dead_and_unresolved_wait_for_a_person(store: Store) -> None:
    """Neither is claimed; a requeue by name posts again, an unresolved one is looked up first."""
    confirmed(store, 1)
    confirmed(store, 2)
    refused, doubted = store.claim("courier", lease_s=30, limit=2)
    store.sending(doubted)
    store.dead(refused, error="400 no such code")
    store.unresolved(doubted, error="no answer, and it cannot be asked")
    assert store.claim("courier", lease_s=30, limit=2) == ()
    store.requeue(refused.delivery_id, by="wang")
    store.requeue(doubted.delivery_id, by="wang", reason="not in the list")
    rows = {row.delivery_id: row for row in store.claim("courier", lease_s=30, limit=2)}
    assert (rows[refused.delivery_id].maybe_sent, rows[refused.delivery_id].post_again_by) == (
        False,
        None,
    )
    assert (rows[doubted.delivery_id].maybe_sent, rows[doubted.delivery_id].post_again_by) == (
        True,
        "wang",
    )
    last = store.case(doubted.violation_id).history[-1]
    assert (last.what, last.by, last.reason) == ("requeued", "wang", "not in the list")


def test_requeue_hurries_a_waiting_message_and_refuses_the_rest(store: Store) -> None:
    """A pending one becomes due now; one that is out or delivered is left alone."""
    confirmed(store)
    delivery = claimed(store)
    with pytest.raises(WrongState):
        store.requeue(delivery.delivery_id, by="wang")
    store.retry_later(delivery, next_at=NOON + timedelta(hours=1), error="", maybe_sent=False)
    store.requeue(delivery.delivery_id, by="wang")
    store.delivered(claimed(store), None)
    with pytest.raises(WrongState):
        store.requeue(delivery.delivery_id, by="wang")
    with pytest.raises(NotFound):
        store.requeue("nothing", by="wang")


def test_a_courier_that_stops_gives_back_only_its_own(store: Store) -> None:
    """The marks stay: what may have been sent is still known to the next."""
    confirmed(store, 1)
    confirmed(store, 2)
    mine = claimed(store, "a")
    store.sending(mine)
    other = claimed(store, "b")
    assert store.release("a") == 1
    again = claimed(store, "c")
    assert again.delivery_id == mine.delivery_id
    assert again.maybe_sent
    assert store.delivery(other.delivery_id).lease_owner == "b"


def test_threads_share_a_store(store: Store) -> None:
    """Recorders and couriers at once: every message is claimed exactly once."""
    recorded = threading.Event()

    def record(offset: int) -> list[str]:
        return [confirmed(store, offset + number) for number in range(20)]

    def deliver(owner: str) -> list[str]:
        taken: list[str] = []
        while not recorded.is_set() or store.counts().deliveries[DeliveryState.PENDING]:
            for delivery in store.claim(owner, lease_s=60, limit=3):
                taken.append(delivery.violation_id)
                store.delivered(delivery, owner)
        return taken

    with ThreadPoolExecutor(4) as pool:
        couriers = [pool.submit(deliver, owner) for owner in ("a", "b")]
        recorders = [pool.submit(record, offset) for offset in (0, 100)]
        made = [one for recorder in recorders for one in recorder.result()]
        recorded.set()
        taken = [one for courier in couriers for one in courier.result()]
    assert sorted(taken) == sorted(made)
