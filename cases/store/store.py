"""The store: violations, pins, rule engines and the outbox in one database."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from sqlalchemy import Connection, select
from sqlalchemy.engine import URL

from cases.errors import StoreBroken, StoreBusy, StoreFull, WrongState
from cases.evidence import Evidence
from cases.migrations import MIGRATIONS, Migration, migrate
from cases.store import (
    admission,
    follow_rows,
    order_rows,
    outbox,
    pin_rows,
    schema,
    silences,
    tallies,
    violation_rows,
)
from cases.store.adding import add_new
from cases.store.admission import Limits
from cases.store.courier_side import Clock, CourierSide
from cases.store.database import BUSY_TIMEOUT_S, Database, open_engine, translated
from cases.store.location import expect_store, prepare_file, store_url
from cases.store.rows import (
    Case,
    CaseDetail,
    Confirmation,
    Counts,
    Delivery,
    PinnedLook,
    SavedWatch,
)
from cases.store.second_looks import SecondLooks
from cases.store.silences import Silences, Where
from cases.store.states import Channel, DeliveryState, Message, Move, Review, ViolationState
from detectors import Change, Violation


def utc_now() -> datetime:
    """Return the host's time."""
    return datetime.now(UTC)


class Store(CourierSide):
    """Durable state of a site. Every method is one transaction and may be called by any thread.

    Several processes may have the same store open. Raises the branches of `cases.StoreError`.
    `silences` and `second_looks` are parts of it.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        super().__init__(database, clock)
        self.silences = Silences(database, self.now)
        self.second_looks = SecondLooks(database, self.now)

    # Opening and closing

    @classmethod
    def open(
        cls,
        where: str | Path,
        *,
        site_id: str | None = None,
        create: bool = True,
        clock: Clock = utc_now,
        username: str | None = None,
        password: str | None = None,
        busy_timeout_s: float = BUSY_TIMEOUT_S,
        steps: Sequence[Migration] = MIGRATIONS,
    ) -> Self:
        """Open a store by its path or `postgresql://` URL, migrating it where it is older.

        With `site_id` a new store is marked as this site's and another site's is refused. With
        `create=False` a missing one is StoreMissing. StoreTooNew when a newer program wrote it.
        `username` and `password` are PostgreSQL's, and are never shown.
        """
        url = store_url(where, username, password)
        prepare_file(url, create=create)
        engine = open_engine(url, busy_timeout_s=busy_timeout_s)
        try:
            with translated():
                if not create:
                    expect_store(engine)
                migrate(engine, steps)
            store = cls(Database(engine), clock)
            if site_id is not None:
                store._claim_site(site_id, url)
        except BaseException:
            engine.dispose()
            raise
        return store

    def close(self) -> None:
        """Close every connection. Idempotent."""
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def site_id(self) -> str | None:
        """Name of the site that this store belongs to."""
        with self._database.read() as connection:
            return _site_id(connection)

    def _claim_site(self, site_id: str, url: URL) -> None:
        with self._database.write() as connection:
            add_new(connection, schema.meta, {"key": "site_id", "value": site_id})
            found = _site_id(connection)
            if found != site_id:
                raise StoreBroken(
                    f"{url.database} belongs to the site {found!r}, not to {site_id!r}: "
                    "give each site its own data folder"
                )

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Make every call of this thread inside the block one transaction: all or nothing."""
        with self._database.write():
            yield

    # The life of a violation

    def open_violation(
        self,
        violation: Violation,
        alarm: Mapping[str, Any] | None = None,
        *,
        channel: Channel = Channel.CASE,
    ) -> bool:
        """Store a violation when it is opened. False: known before, nothing changed.

        With `alarm`, the payload of a pre-alarm, that goes into the outbox with it.
        """
        now = self.now()
        with self._database.write() as connection:
            if not violation_rows.add_opened(connection, violation, now):
                return False
            if alarm is not None:
                outbox.enqueue(
                    connection,
                    violation.violation_id,
                    Message.OPENED,
                    alarm,
                    state=DeliveryState.PENDING,
                    channel=channel,
                    now=now,
                )
            return True

    def confirm(
        self,
        violation: Violation,
        evidence: Evidence | None,
        payload: Mapping[str, Any],
        *,
        review: Review = Review.NONE,
        reason: str = "",
        channel: Channel = Channel.CASE,
        limits: Limits | None = None,
        keep: str = "",
        witness_of: str = "",
        same_place: Iterable[Where] = (),
    ) -> Confirmation:
        """Confirm a violation and put its report into the outbox, in one transaction.

        A second one of the same violation changes nothing and says so (`first`). `Review.HELD`
        holds the report, for `reason`, until a person approves it; so do `limits` and silenced
        places. `keep` says why it is told to nobody. A violation that was never opened here is
        opened first. `payload` is any JSON object; it is frozen. `witness_of` is
        another violation that this one is, seen by a second camera: both are linked, and the
        second is told to nobody. NotFound where there is none. `same_place` are zones of other
        cameras that show its place: what was rejected there silences it as well.
        """
        keep = f"second witness of {witness_of}" if witness_of else keep
        if review not in {Review.NONE, Review.HELD}:
            raise ValueError(f"review: expected none or held, got {review}")
        violation_id, now = violation.violation_id, self.now()
        delivery_id = outbox.delivery_id_of(violation_id, Message.REPORT)
        with self._database.write() as connection:
            if not keep:
                why = admission.reason_to_hold(connection, violation, limits, now, same_place)
                review, reason = _held_as_well(review, reason, why)
            new = violation_rows.add_confirmed(connection, violation, evidence, review, reason, now)
            if not new:
                violation_rows.locked_state(connection, violation_id)
                if outbox.exists(connection, delivery_id):
                    return Confirmation(delivery_id, first=False)
                violation_rows.change(connection, violation, Change.CONFIRMED, reason, now)
                violation_rows.set_confirmed(connection, violation_id, evidence, review, now)
            violation_rows.link_witness(connection, witness_of, violation, now)
            if held := review is Review.HELD:
                violation_rows.add_history(connection, violation_id, "held", now, reason=reason)
            state = DeliveryState.HELD if held else DeliveryState.PENDING
            if not held and not new and not keep:  # it may have a pre-alarm
                state = order_rows.report_state(connection, violation_id, channel, now)
            outbox.enqueue(
                connection,
                violation_id,
                Message.REPORT,
                payload,
                state=DeliveryState.KEPT if keep else state,
                channel=channel,
                now=now,
                error=keep,
                entered=ViolationState.CONFIRMED if new else None,
            )
        return Confirmation(
            delivery_id, first=True, held_for=reason if held else "", witness_of=witness_of
        )

    def update(self, violation: Violation, reason: str = "") -> None:
        """Store a violation's newer facts; one that had cleared stands again."""
        self._change(violation, Change.UPDATED, reason)

    def clear(
        self, violation: Violation, reason: str = "", update: Mapping[str, Any] | None = None
    ) -> bool:
        """Store that the place is clear again. False: it was, and nothing changed.

        `update` is told to everybody who was told of the violation.
        """
        return self._change(violation, Change.CLEARED, reason, update)

    def discard(
        self, violation: Violation, reason: str = "", update: Mapping[str, Any] | None = None
    ) -> bool:
        """Store that it came to nothing. False: it had, and nothing changed. `update`: as above."""
        return self._change(violation, Change.DISCARDED, reason, update)

    def add_update(
        self, violation_id: str, message: Message, payload: Mapping[str, Any]
    ) -> tuple[str, ...]:
        """Put an update into the outbox for everybody who was told; returns the ids.

        It waits for the message before it. A second clip changes nothing. NotFound; WrongState
        where nobody was told of the violation.
        """
        with self._database.write() as connection:
            return order_rows.add_update(connection, violation_id, message, payload, self.now())

    def _change(
        self,
        violation: Violation,
        what: Change,
        reason: str,
        update: Mapping[str, Any] | None = None,
    ) -> bool:
        now = self.now()
        with self._database.write() as connection:
            if not violation_rows.change(connection, violation, what, reason, now):
                return False
            if update is not None and order_rows.anybody_told(connection, violation.violation_id):
                order_rows.add_update(
                    connection, violation.violation_id, Message.CLEARED, update, now
                )
            return True

    # Review by a person

    def approve(self, violation_id: str, *, by: str, reason: str = "") -> None:
        """Let a held case go out. NotFound; WrongState where it is not held."""
        self._review(violation_id, Move.APPROVE, Review.APPROVED, by, reason)

    def reject(self, violation_id: str, *, by: str, reason: str, silence_s: float = 0.0) -> None:
        """Refuse a held case for good, and silence its place for so long.

        NotFound; WrongState where it is not held.
        """
        self._review(violation_id, Move.REJECT, Review.REJECTED, by, reason, silence_s)

    def refute(self, violation_id: str, *, by: str, reason: str, silence_s: float = 0.0) -> bool:
        """Store that a case which went out was a false alarm. False: rejected before.

        NotFound; WrongState where it is held: such a case is rejected.
        """
        with self._database.write() as connection:
            if violation_rows.one(connection, violation_id, locked=True).review is Review.HELD:
                raise WrongState(f"case {violation_id} is held and has not gone out: reject it")
            return follow_rows.refute(
                connection,
                violation_id,
                by=by,
                reason=reason,
                now=self.now(),
                silence_s=silence_s,
            )

    def _review(
        self,
        violation_id: str,
        move: Move,
        verdict: Review,
        by: str,
        reason: str,
        silence_s: float = 0.0,
    ) -> None:
        now = self.now()
        with self._database.write() as connection:
            case = violation_rows.one(connection, violation_id, locked=True)
            if case.review is not Review.HELD:
                raise WrongState(
                    f"case {violation_id} is not held (review: {case.review}): "
                    f"there is nothing to {move}"
                )
            outbox.review(connection, violation_id, move, now)
            violation_rows.set_review(connection, violation_id, verdict, now)
            violation_rows.add_history(
                connection, violation_id, verdict.value, now, by=by, reason=reason
            )
            if verdict is Review.REJECTED:
                silences.add(
                    connection, case.violation, by=by, reason=reason, now=now, for_s=silence_s
                )
            order_rows.put_in_order(connection, violation_id, now)

    # Looks on the spool, and rule engines

    def pin(self, look: PinnedLook) -> bool:
        """Remember a look whose packets have been spooled. False: known before."""
        with self._database.write() as connection:
            return pin_rows.pin(connection, look)

    def pins_of(self, violation_id: str) -> tuple[PinnedLook, ...]:
        """Return a violation's pinned looks in time order."""
        with self._database.read() as connection:
            return pin_rows.pins_of(connection, violation_id)

    def pins(self) -> tuple[PinnedLook, ...]:
        """Return every pinned look; a spooled file that is not named here can be deleted."""
        with self._database.read() as connection:
            return pin_rows.all_pins(connection)

    def drop_pins(self, violation_id: str) -> tuple[Path, ...]:
        """Forget a violation's pins; returns the spooled files that nobody needs any more."""
        with self._database.write() as connection:
            return pin_rows.drop_pins(connection, violation_id)

    def save_watch(self, camera_id: str, snapshot: Mapping[str, Any]) -> None:
        """Save a camera's rule engine, replacing the one before."""
        with self._database.write() as connection:
            pin_rows.save_watch(connection, camera_id, snapshot, self.now())

    def load_watches(self) -> dict[str, SavedWatch]:
        """Return the saved rule engine of every camera, by camera id."""
        with self._database.read() as connection:
            return pin_rows.load_watches(connection)

    # Reading

    def delivery(self, delivery_id: str) -> Delivery:
        """Return one message of the outbox. NotFound."""
        with self._database.read() as connection:
            return outbox.one(connection, delivery_id)

    def deliveries(
        self,
        *,
        states: Iterable[DeliveryState] | None = None,
        violation_id: str | None = None,
        limit: int = 1000,
    ) -> tuple[Delivery, ...]:
        """Return messages of the outbox, the newest first."""
        with self._database.read() as connection:
            return outbox.listed(connection, states=states, violation_id=violation_id, limit=limit)

    def cases(
        self,
        *,
        states: Iterable[ViolationState] | None = None,
        reviews: Iterable[Review] | None = None,
        camera_id: str | None = None,
        before: datetime | None = None,
        limit: int = 1000,
    ) -> tuple[Case, ...]:
        """Return violations, the newest opened first, opened before `before`."""
        with self._database.read() as connection:
            return violation_rows.listed(
                connection,
                states=states,
                reviews=reviews,
                camera_id=camera_id,
                before=before,
                limit=limit,
            )

    def case(self, violation_id: str) -> CaseDetail:
        """Return everything about one violation. NotFound."""
        with self._database.read() as connection:
            return CaseDetail(
                case=violation_rows.one(connection, violation_id),
                deliveries=outbox.listed(
                    connection, states=None, violation_id=violation_id, limit=1000
                ),
                attempts=outbox.attempts_of(connection, violation_id),
                history=violation_rows.history_of(connection, violation_id),
            )

    def counts(self) -> Counts:
        """Count for metrics."""
        with self._database.read() as connection:
            found, piled = tallies.totals(connection)
            counts = Counts(
                violations=tallies.violation_counts(found),
                deliveries=tallies.delivery_counts(found),
                oldest_due_at=outbox.oldest_due_at(connection),
            )
        if piled > tallies.FOLD_AT:
            with suppress(StoreBusy, StoreFull):
                self.fold_counts()
        return counts

    def fold_counts(self) -> int:
        """Add what has piled up to the counts; returns how many changes that were."""
        with self._database.write() as connection:
            return tallies.fold(connection)


def _site_id(connection: Connection) -> str | None:
    found: str | None = connection.execute(
        select(schema.meta.c.value).where(schema.meta.c.key == "site_id")
    ).scalar_one_or_none()
    return found


def _held_as_well(review: Review, reason: str, why: str) -> tuple[Review, str]:
    """Hold a case for `why` beside what it is held for already; not at all where that is empty."""
    if not why:
        return review, reason
    return Review.HELD, f"{reason}; {why}" if review is Review.HELD and reason else why
