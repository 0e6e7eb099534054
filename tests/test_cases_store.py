"""The store: violations, review, outbox, pins, rule engines."""

import sqlite3
import stat
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from cases import (
    AttemptOutcome,
    Delivery,
    DeliveryState,
    Evidence,
    LeaseLost,
    NotFound,
    PinnedLook,
    Review,
    Store,
    StoreBroken,
    StoreBusy,
    StoreError,
    StoreFull,
    StoreMissing,
    ViolationState,
    WrongState,
)
from tests.small_disk import fill, small_disk
from tests.violations import NOON, SetClock, make_violation


@pytest.fixture
def clock() -> SetClock:
    """Noon, until a test moves it."""
    return SetClock()


@pytest.fixture
def store(tmp_path: Path, clock: SetClock) -> Iterator[Store]:
    """Open a new store."""
    with Store.open(tmp_path / "store.sqlite3", site_id="site", clock=clock) as opened:
        yield opened


def confirmed(store: Store, number: int = 0) -> str:
    """Confirm a violation and return its id."""
    violation = make_violation(number)
    store.confirm(violation, None, {"number": number})
    return violation.violation_id


def claimed(store: Store, owner: str = "courier", lease_s: float = 30.0) -> Delivery:
    """Claim the one message that is due."""
    (delivery,) = store.claim(owner, lease_s=lease_s)
    return delivery


def test_a_violation_comes_back_as_it_was(store: Store) -> None:
    """Every field, boxes, moments and absences included, survives the round trip exactly."""
    violation = make_violation()
    assert store.open_violation(violation)
    case = store.case(violation.violation_id).case
    assert case.violation == violation
    assert (case.state, case.review) == (ViolationState.OPENED, Review.NONE)


def test_opening_twice_is_opening_once(store: Store) -> None:
    """The second call says that it changed nothing."""
    assert store.open_violation(make_violation())
    assert not store.open_violation(make_violation())
    assert len(store.cases()) == 1


def test_a_second_confirmation_changes_nothing_and_says_so(store: Store) -> None:
    """The payload that was frozen first is the one that is sent."""
    violation = make_violation()
    evidence = Evidence(Path("/evidence/x"), (), "ab" * 32)
    first = store.confirm(violation, evidence, {"text": "机动车乱停放"})
    again = store.confirm(violation, None, {"text": "other"})
    assert (first.first, again.first) == (True, False)
    assert first.delivery_id == again.delivery_id
    (delivery,) = store.deliveries()
    assert delivery.payload == {"text": "机动车乱停放"}
    case = store.case(violation.violation_id).case
    assert (case.evidence_folder, case.manifest_sha256) == (Path("/evidence/x"), "ab" * 32)


def test_uniqueness_is_the_databases(store: Store, tmp_path: Path) -> None:
    """A second report of a violation is refused by a constraint, not only by our code."""
    confirmed(store)
    with sqlite3.connect(tmp_path / "store.sqlite3") as raw:
        columns = [row[1] for row in raw.execute("PRAGMA table_info(deliveries)")]
        kept = ", ".join(name for name in columns if name != "delivery_id")
        with pytest.raises(sqlite3.IntegrityError, match=r"violation_id, deliveries\.message"):
            raw.execute(
                f"INSERT INTO deliveries (delivery_id, {kept}) "  # noqa: S608 - column names
                f"SELECT 'other', {kept} FROM deliveries"
            )
    raw.close()


def test_a_payload_that_json_lacks_confirms_nothing(store: Store) -> None:
    """The violation and its message are one transaction: neither is there after a failure."""
    violation = make_violation()
    with pytest.raises(ValueError, match="JSON"):
        store.confirm(violation, None, {"score": float("nan")})
    assert store.cases() == ()
    assert store.deliveries() == ()


def test_a_life_as_far_as_cleared_and_back(store: Store) -> None:
    """A return after clearing stands again, and can be cleared again; each step is history."""
    violation = make_violation()
    store.open_violation(violation)
    store.confirm(violation, None, {})
    store.update(violation, "still there")
    assert store.clear(violation, "three clear looks")
    assert not store.clear(violation)
    store.update(violation, "came back")
    detail = store.case(violation.violation_id)
    assert detail.case.state is ViolationState.CONFIRMED
    assert [entry.what for entry in detail.history] == [
        "opened",
        "confirmed",
        "updated",
        "cleared",
        "updated",
    ]
    assert [entry.reason for entry in detail.history][2:] == [
        "still there",
        "three clear looks",
        "came back",
    ]


def test_transitions_that_do_not_exist_are_refused(store: Store) -> None:
    """A discarded violation stays discarded; an unknown one is not updated into being."""
    violation = make_violation()
    store.open_violation(violation)
    assert store.discard(violation, "left")
    assert not store.discard(violation)
    with pytest.raises(WrongState):
        store.update(violation)
    with pytest.raises(WrongState):
        store.confirm(violation, None, {})
    assert store.deliveries() == ()
    with pytest.raises(NotFound):
        store.clear(make_violation(99))


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


def test_a_held_case_goes_out_only_after_approval(store: Store, clock: SetClock) -> None:
    """Held: never claimed. Approved: due at once, with name and reason in the history."""
    violation = make_violation()
    store.confirm(violation, None, {}, review=Review.HELD, reason="rule asks for a person")
    clock.pass_s(3600)
    assert store.claim("courier", lease_s=30) == ()
    store.approve(violation.violation_id, by="li", reason="clear")
    assert claimed(store).violation_id == violation.violation_id
    detail = store.case(violation.violation_id)
    assert detail.case.review is Review.APPROVED
    assert detail.case.reason == "rule asks for a person"
    assert (detail.history[-1].what, detail.history[-1].by) == ("approved", "li")


def test_a_rejected_case_never_goes_out(store: Store) -> None:
    """The first verdict stands; a second is refused and says why."""
    violation = make_violation()
    store.confirm(violation, None, {}, review=Review.HELD)
    store.reject(violation.violation_id, by="li", reason="loading")
    assert store.claim("courier", lease_s=30) == ()
    with pytest.raises(WrongState, match="rejected"):
        store.approve(violation.violation_id, by="wang")
    with pytest.raises(WrongState):
        store.requeue(store.deliveries()[0].delivery_id, by="wang")
    with pytest.raises(NotFound):
        store.approve("nothing", by="wang")


def test_a_case_that_is_not_held_has_nothing_to_approve(store: Store) -> None:
    """Approving it says so instead of pretending."""
    violation_id = confirmed(store)
    with pytest.raises(WrongState, match="not held"):
        store.approve(violation_id, by="li")


def test_pins_are_shared_and_dropped_when_the_last_lets_go(store: Store) -> None:
    """One file a look: it is given up only when no violation needs it."""
    shared, own = Path("/spool/1.packets"), Path("/spool/2.packets")
    assert store.pin(PinnedLook("a", "road-01", 1.0, shared))
    assert not store.pin(PinnedLook("a", "road-01", 1.0, shared))
    assert store.pin(PinnedLook("b", "road-01", 1.0, shared))
    assert store.pin(PinnedLook("a", "road-01", 0.5, own))
    assert [look.at_s for look in store.pins_of("a")] == [0.5, 1.0]
    assert store.drop_pins("a") == (own,)
    assert [look.violation_id for look in store.pins()] == ["b"]
    assert store.drop_pins("b") == (shared,)
    assert store.drop_pins("b") == ()


def test_rule_engines_are_replaced_and_read_back(store: Store, clock: SetClock) -> None:
    """The newest snapshot of each camera, with the time it was saved."""
    store.save_watch("road-01", {"tracks": [1]})
    clock.pass_s(5)
    store.save_watch("road-01", {"tracks": [1, 2], "name": "路"})
    store.save_watch("road-02", {})
    watches = store.load_watches()
    assert set(watches) == {"road-01", "road-02"}
    assert watches["road-01"].snapshot == {"tracks": [1, 2], "name": "路"}
    assert watches["road-01"].saved_at == NOON + timedelta(seconds=5)


def test_a_transaction_is_all_or_nothing(store: Store) -> None:
    """Several calls in one block leave nothing behind when the block fails."""

    def half_done() -> None:
        with store.transaction():
            store.open_violation(make_violation())
            store.save_watch("road-01", {})
            assert len(store.cases()) == 1
            raise RuntimeError

    with pytest.raises(RuntimeError):
        half_done()
    assert store.cases() == ()
    assert store.load_watches() == {}
    with store.transaction():
        store.open_violation(make_violation())
        store.confirm(make_violation(), None, {})
    assert len(store.deliveries()) == 1


def test_lists_are_newest_first_and_filtered(store: Store, clock: SetClock) -> None:
    """By state, review, camera and time, as `cases list` and the API ask."""
    ids = []
    for number in range(4):
        ids.append(confirmed(store, number))
        clock.pass_s(1)
    held = make_violation(9, camera="road-02")
    store.confirm(held, None, {}, review=Review.HELD)
    assert [case.violation.violation_id for case in store.cases(limit=3)] == [
        held.violation_id,
        ids[3],
        ids[2],
    ]
    assert [case.review for case in store.cases(reviews=[Review.HELD])] == [Review.HELD]
    assert len(store.cases(camera_id="road-01")) == 4
    assert len(store.cases(before=NOON + timedelta(seconds=2))) == 2
    assert store.cases(states=[ViolationState.CLEARED]) == ()
    assert [row.violation_id for row in store.deliveries(limit=2)] == [held.violation_id, ids[3]]
    assert [row.violation_id for row in store.deliveries(states=[DeliveryState.HELD])] == [
        held.violation_id
    ]
    assert store.deliveries(violation_id=ids[0])[0].camera_id == "road-01"


def test_counts_name_every_state(store: Store, clock: SetClock) -> None:
    """States without rows are 0; the oldest waiting message gives the age of the outbox."""
    assert store.counts().oldest_due_at is None
    confirmed(store, 1)
    clock.pass_s(5)
    confirmed(store, 2)
    counts = store.counts()
    assert set(counts.deliveries) == set(DeliveryState)
    assert counts.deliveries[DeliveryState.PENDING] == 2
    assert counts.violations[ViolationState.CONFIRMED] == 2
    assert counts.violations[ViolationState.OPENED] == 0
    assert counts.oldest_due_at == NOON


def test_naive_times_are_refused(store: Store) -> None:
    """A time without its zone never reaches the database."""
    confirmed(store)
    with pytest.raises(ValueError, match="aware"):
        store.retry_later(
            claimed(store),
            next_at=datetime(2026, 1, 5),  # noqa: DTZ001 - naive is the point
            error="",
            maybe_sent=False,
        )


def test_the_database_is_as_durable_as_promised(tmp_path: Path, store: Store) -> None:
    """Write-ahead log, a sync at every commit, foreign keys, and nobody else may read it."""
    confirmed(store)
    path = tmp_path / "store.sqlite3"
    assert path.with_name("store.sqlite3-wal").exists()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with store._database.read() as connection:
        said = {
            pragma: connection.exec_driver_sql(f"PRAGMA {pragma}").scalar()
            for pragma in ("journal_mode", "synchronous", "foreign_keys")
        }
    assert said == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}


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


def test_a_store_of_another_site_is_refused(tmp_path: Path) -> None:
    """Two sites in one data folder would send each other's cases."""
    path = tmp_path / "store.sqlite3"
    Store.open(path, site_id="one").close()
    with pytest.raises(StoreBroken, match="'one', not to 'two'"):
        Store.open(path, site_id="two")
    with Store.open(path) as store:
        assert store.site_id() == "one"


def test_a_missing_store_is_not_made_by_a_reader(tmp_path: Path) -> None:
    """`cases list` on a wrong path says so instead of showing an empty store."""
    path = tmp_path / "none" / "store.sqlite3"
    with pytest.raises(StoreMissing, match="no store at"):
        Store.open(path, create=False)
    assert not path.parent.exists()


def test_a_file_that_is_no_store_is_refused(tmp_path: Path) -> None:
    """A text file in its place is named, not overwritten."""
    path = tmp_path / "store.sqlite3"
    path.write_text("not a database, but long enough to be looked at as one" * 20)
    with pytest.raises(StoreBroken):
        Store.open(path)
    assert path.read_text().startswith("not a database")


def test_a_store_in_memory_is_refused() -> None:
    """It could not be shared by threads and processes, and would not survive."""
    with pytest.raises(StoreError, match="has to be a file"):
        Store.open("sqlite://")


def test_a_writer_that_is_kept_out_is_told_in_time(tmp_path: Path) -> None:
    """Another process holds the write lock: StoreBusy after the time-out; readers go on."""
    path = tmp_path / "store.sqlite3"
    with Store.open(path, busy_timeout_s=0.1) as store:
        confirmed(store)
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreBusy):
            store.open_violation(make_violation(5))
        assert len(store.cases()) == 1
        other.execute("COMMIT")
        other.close()
        assert store.open_violation(make_violation(5))


def test_a_full_disk_loses_nothing(tmp_path: Path) -> None:
    """StoreFull, the store goes on being read, and the same confirmation works with room again."""
    with (
        small_disk(tmp_path / "disk") as disk,
        Store.open(disk / "store.sqlite3") as store,
    ):
        confirmed(store, 0)
        fill(disk / "ballast")
        violation = make_violation(1)
        with pytest.raises(StoreFull):
            store.confirm(violation, None, {"text": "x" * 100_000})
        assert len(store.cases()) == len(store.deliveries()) == 1
        (disk / "ballast").unlink()
        assert store.confirm(violation, None, {"text": "x" * 100_000}).first


def test_a_folder_that_cannot_be_made_is_a_store_error(tmp_path: Path) -> None:
    """One sentence, not a traceback of the driver."""
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreError, match="no store can be made"):
        Store.open(tmp_path / "file" / "store.sqlite3")
