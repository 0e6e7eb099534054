"""The store: violations, review, pins, rule engines, opening and lasting."""

import sqlite3
import stat
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from cases import (
    Delivery,
    DeliveryState,
    Evidence,
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
from tests.stores import Where
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


def test_uniqueness_is_the_databases(sqlite_store: Store, tmp_path: Path) -> None:
    """A second report of a violation is refused by a constraint, not only by our code."""
    confirmed(sqlite_store)
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


def test_the_database_is_as_durable_as_promised(tmp_path: Path, sqlite_store: Store) -> None:
    """Write-ahead log, a sync at every commit, foreign keys, and nobody else may read it."""
    confirmed(sqlite_store)
    path = tmp_path / "store.sqlite3"
    assert path.with_name("store.sqlite3-wal").exists()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with sqlite_store._database.read() as connection:
        said = {
            pragma: connection.exec_driver_sql(f"PRAGMA {pragma}").scalar()
            for pragma in ("journal_mode", "synchronous", "foreign_keys")
        }
    assert said == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}


def test_a_store_of_another_site_is_refused(place: Where) -> None:
    """Two sites in one data folder, or one database, would send each other's cases."""
    Store.open(place, site_id="one").close()
    with pytest.raises(StoreBroken, match="'one', not to 'two'"):
        Store.open(place, site_id="two")
    with Store.open(place) as store:
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
