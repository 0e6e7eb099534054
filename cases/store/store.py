"""The store: violations, pins, rule engines and the outbox in one database."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from sqlalchemy import Connection, Engine, select
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from cases.errors import StoreBroken, StoreError, StoreFull, StoreMissing, WrongState
from cases.evidence import Evidence
from cases.migrations import MIGRATIONS, Migration, current_version, migrate
from cases.store import follow_rows, outbox, pin_rows, schema, violation_rows
from cases.store.adding import add_new
from cases.store.database import BUSY_TIMEOUT_S, Database, open_engine, translated
from cases.store.rows import (
    Case,
    CaseDetail,
    Confirmation,
    Counts,
    Delivery,
    PinnedLook,
    SavedWatch,
)
from cases.store.states import DeliveryState, Message, Move, Review, ViolationState
from detectors import Change, Violation

Clock = Callable[[], datetime]
"""Returns the host's time, aware."""


def utc_now() -> datetime:
    """Return the host's time."""
    return datetime.now(UTC)


class Store:
    """Durable state of a site. Every method is one transaction and may be called by any thread.

    Several processes may have the same store open. Raises the branches of `cases.StoreError`.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

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
        _prepare_file(url, create=create)
        engine = open_engine(url, busy_timeout_s=busy_timeout_s)
        try:
            with translated():
                if not create:
                    _expect_store(engine)
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

    def now(self) -> datetime:
        """Time on the clock that leases and due times are measured with, UTC."""
        return self._clock().astimezone(UTC)

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

    def open_violation(self, violation: Violation) -> bool:
        """Store a violation when it is opened. False: known before, nothing changed."""
        with self._database.write() as connection:
            return violation_rows.add_opened(connection, violation, self.now())

    def confirm(
        self,
        violation: Violation,
        evidence: Evidence | None,
        payload: Mapping[str, Any],
        *,
        review: Review = Review.NONE,
        reason: str = "",
    ) -> Confirmation:
        """Confirm a violation and put its report into the outbox, in one transaction.

        A second confirmation of the same violation changes nothing and says so (`first`).
        `Review.HELD` holds the report, for `reason`, until a person approves it. A violation that
        was never opened here is opened first. `payload` is any JSON object; it is frozen.
        """
        if review not in {Review.NONE, Review.HELD}:
            raise ValueError(f"review: expected none or held, got {review}")
        violation_id = violation.violation_id
        delivery_id = outbox.delivery_id_of(violation_id, Message.REPORT)
        now = self.now()
        with self._database.write() as connection:
            if not violation_rows.add_confirmed(
                connection, violation, evidence, review, reason, now
            ):
                violation_rows.locked_state(connection, violation_id)
                if outbox.exists(connection, delivery_id):
                    return Confirmation(delivery_id, first=False)
                violation_rows.change(connection, violation, Change.CONFIRMED, reason, now)
                violation_rows.set_confirmed(connection, violation_id, evidence, review, now)
            held = review is Review.HELD
            if held:
                violation_rows.add_history(connection, violation_id, "held", now, reason=reason)
            outbox.enqueue(connection, violation_id, Message.REPORT, payload, held=held, now=now)
        return Confirmation(delivery_id, first=True)

    def update(self, violation: Violation, reason: str = "") -> None:
        """Store a violation's newer facts; one that had cleared stands again."""
        self._change(violation, Change.UPDATED, reason)

    def clear(self, violation: Violation, reason: str = "") -> bool:
        """Store that the place is clear again. False: it was, and nothing changed."""
        return self._change(violation, Change.CLEARED, reason)

    def discard(self, violation: Violation, reason: str = "") -> bool:
        """Store that it came to nothing. False: it had, and nothing changed."""
        return self._change(violation, Change.DISCARDED, reason)

    def _change(self, violation: Violation, what: Change, reason: str) -> bool:
        with self._database.write() as connection:
            return violation_rows.change(connection, violation, what, reason, self.now())

    # Review by a person

    def approve(self, violation_id: str, *, by: str, reason: str = "") -> None:
        """Let a held case go out. NotFound; WrongState where it is not held."""
        self._review(violation_id, Move.APPROVE, Review.APPROVED, by, reason)

    def reject(self, violation_id: str, *, by: str, reason: str) -> None:
        """Refuse a held case for good. NotFound; WrongState where it is not held."""
        self._review(violation_id, Move.REJECT, Review.REJECTED, by, reason)

    def _review(self, violation_id: str, move: Move, verdict: Review, by: str, reason: str) -> None:
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

    # The outbox, for couriers

    def claim(self, owner: str, *, lease_s: float, limit: int = 1) -> tuple[Delivery, ...]:
        """Take due messages, the longest due first, until now + lease_s.

        An expired claim of anybody is taken as well; `maybe_sent` says that its post may have left.
        """
        with self._database.write() as connection:
            return outbox.claim(connection, owner, lease_s=lease_s, now=self.now(), limit=limit)

    def sending(self, claimed: Delivery) -> datetime:
        """Call on the last line before a post leaves: returns the end of the lease. LeaseLost."""
        with self._database.write() as connection:
            return outbox.sending(connection, claimed, self.now())

    def delivered(
        self, claimed: Delivery, remote_case_id: str | None, *, remote_token: str | None = None
    ) -> bool:
        """Settle as arrived, even past the lease. False: settled so before, nothing changed."""
        now = self.now()
        with self._database.write() as connection:
            if not outbox.delivered(connection, claimed, remote_case_id, remote_token, now):
                return False
            what = f"{claimed.message} delivered"
            violation_rows.add_history(
                connection, claimed.violation_id, what, now, reason=remote_case_id or ""
            )
            return True

    def retry_later(
        self, claimed: Delivery, *, next_at: datetime, error: str, maybe_sent: bool
    ) -> None:
        """Give back, to be tried at `next_at`. LeaseLost.

        `maybe_sent=False` only when the case system certainly has not taken it: otherwise the
        next claim is told to look it up first.
        """
        with self._database.write() as connection:
            outbox.retry_later(
                connection,
                claimed,
                next_at=next_at,
                error=error,
                maybe_sent=maybe_sent,
                now=self.now(),
            )

    def dead(self, claimed: Delivery, *, error: str) -> None:
        """Stop: refused for good, and certainly not taken. LeaseLost."""
        with self._database.write() as connection:
            outbox.dead(connection, claimed, error, self.now())

    def unresolved(self, claimed: Delivery, *, error: str) -> None:
        """Stop: perhaps taken, and nobody can be asked; only a person posts it again. LeaseLost."""
        with self._database.write() as connection:
            outbox.unresolved(connection, claimed, error, self.now())

    def release(self, owner: str) -> int:
        """Give back every claim of this owner (a courier that stops, or starts after a crash)."""
        with self._database.write() as connection:
            return outbox.release(connection, owner, self.now())

    def requeue(self, delivery_id: str, *, by: str, reason: str = "") -> None:
        """Post again, now, because a person says so: dead, unresolved or waiting ones.

        An unresolved one is looked up first where that is possible and posted where it is not
        (`Delivery.post_again_by`). NotFound; WrongState for any other state.
        """
        now = self.now()
        with self._database.write() as connection:
            outbox.requeue(connection, delivery_id, by, now)
            violation_id = outbox.one(connection, delivery_id).violation_id
            violation_rows.add_history(
                connection, violation_id, "requeued", now, by=by, reason=reason
            )

    # After the delivery

    def posted_since(self, since: datetime) -> tuple[datetime, ...]:
        """Return when posts left at or after `since`, by any courier, oldest first."""
        with self._database.read() as connection:
            return follow_rows.posted_since(connection, since)

    def numberless(self, since: datetime, *, limit: int) -> tuple[tuple[str, str], ...]:
        """Return (delivery id, token) of cases confirmed since then that have a token only."""
        with self._database.read() as connection:
            return follow_rows.numberless(connection, since, limit)

    def numbered(self, delivery_id: str, remote_case_id: str) -> bool:
        """Store the number that a token became. False: it has one already."""
        with self._database.write() as connection:
            return follow_rows.numbered(connection, delivery_id, remote_case_id, self.now())

    def note_remote_state(self, violation_id: str, said: str) -> bool:
        """Append what the case system says of a case to its history. False: it said so before."""
        with self._database.write() as connection:
            return follow_rows.note_remote_state(connection, violation_id, said, self.now())

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
            return Counts(
                violations=violation_rows.counts(connection),
                deliveries=outbox.counts(connection),
                oldest_due_at=outbox.oldest_due_at(connection),
            )


def store_url(where: str | Path, username: str | None, password: str | None) -> URL:
    """Read where a store is. StoreError without showing it: it may hold a password."""
    if not isinstance(where, str) or "://" not in where:
        return URL.create("sqlite", database=str(where))
    url: URL | None = None
    with suppress(ArgumentError, ValueError):
        url = make_url(where)
    if url is None:
        # Without the cause: a password with a colon reads as a port, and would be named.
        raise StoreError("the store's URL cannot be read: write postgresql://host:port/name")
    if username is not None:
        url = url.set(username=username)
    return url if password is None else url.set(password=password)


def _expect_store(engine: Engine) -> None:
    with engine.connect() as connection:
        if current_version(connection) == 0:
            raise StoreMissing(f"there is no store in the database {engine.url.database}")


def _prepare_file(url: URL, *, create: bool) -> None:
    if url.get_backend_name() != "sqlite":
        return
    if url.database in {None, "", ":memory:"}:
        raise StoreError("the store has to be a file: several threads and processes share it")
    path = Path(str(url.database))
    if path.exists():
        return
    if not create:
        raise StoreMissing(f"there is no store at {path}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Readable by its owner alone: it names people's cars and places.
        path.touch(mode=0o600)
    except OSError as error:
        branch = StoreFull if error.errno in {28, 122} else StoreError
        raise branch(f"no store can be made at {path}: {error.strerror}") from error


def _site_id(connection: Connection) -> str | None:
    found: str | None = connection.execute(
        select(schema.meta.c.value).where(schema.meta.c.key == "site_id")
    ).scalar_one_or_none()
    return found
