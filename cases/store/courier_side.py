"""The store as a courier needs it: claims, what became of them, and what came afterwards."""

from collections.abc import Callable
from datetime import UTC, datetime

from sqlalchemy import Connection

from cases.store import follow_rows, order_rows, outbox, violation_rows
from cases.store.database import Database
from cases.store.follow_rows import RemoteWord
from cases.store.rows import Delivery
from cases.store.states import Channel, Message, Review

Clock = Callable[[], datetime]
"""Returns the host's time, aware."""


class CourierSide:
    """Part of `Store`: every method is one transaction and may be called by any thread."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def now(self) -> datetime:
        """Time on the clock that leases and due times are measured with, UTC."""
        return self._clock().astimezone(UTC)

    # The outbox

    def claim(
        self, owner: str, *, lease_s: float, limit: int = 1, channel: Channel = Channel.CASE
    ) -> tuple[Delivery, ...]:
        """Take due messages of a channel, the longest due first, until now + lease_s.

        An expired claim of anybody is taken as well; `maybe_sent` says that its post may have left.
        """
        with self._database.write() as connection:
            return outbox.claim(
                connection, owner, lease_s=lease_s, now=self.now(), limit=limit, channel=channel
            )

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
            order_rows.put_in_order(connection, claimed.violation_id, now)
            return True

    def retry_later(
        self, claimed: Delivery, *, next_at: datetime, error: str, maybe_sent: bool
    ) -> None:
        """Give back, to be tried at `next_at`. LeaseLost.

        `maybe_sent=False` only when the case system certainly has not taken it: otherwise the
        next claim is told to look it up first.
        """
        now = self.now()
        with self._database.write() as connection:
            outbox.retry_later(
                connection,
                claimed,
                next_at=next_at,
                error=error,
                maybe_sent=maybe_sent,
                now=now,
            )
            if claimed.message is Message.OPENED:  # the case may have come meanwhile
                order_rows.put_in_order(connection, claimed.violation_id, now)

    def dead(self, claimed: Delivery, *, error: str) -> None:
        """Stop: refused for good, and certainly not taken. LeaseLost."""
        self._stop(claimed, outbox.dead, error)

    def unresolved(self, claimed: Delivery, *, error: str) -> None:
        """Stop: perhaps taken, and nobody can be asked; only a person posts it again. LeaseLost."""
        self._stop(claimed, outbox.unresolved, error)

    def keep(self, claimed: Delivery, *, reason: str) -> None:
        """Stop: the case system has no place for it, so it is only shown here. LeaseLost."""
        self._stop(claimed, outbox.keep, reason)

    def hold(self, claimed: Delivery, *, reason: str) -> None:
        """Give a report that cannot be posted as it is to a person. LeaseLost."""
        now = self.now()
        with self._database.write() as connection:
            outbox.hold(connection, claimed, reason, now)
            violation_rows.set_review(connection, claimed.violation_id, Review.HELD, now)
            violation_rows.add_history(connection, claimed.violation_id, "held", now, reason=reason)

    def _stop(
        self,
        claimed: Delivery,
        how: Callable[[Connection, Delivery, str, datetime], None],
        text: str,
    ) -> None:
        now = self.now()
        with self._database.write() as connection:
            how(connection, claimed, text, now)
            order_rows.put_in_order(connection, claimed.violation_id, now)

    def release(self, owner: str) -> int:
        """Give back every claim of this owner (a courier that stops, or starts after a crash)."""
        with self._database.write() as connection:
            return outbox.release(connection, owner, self.now())

    def requeue(self, delivery_id: str, *, by: str, reason: str = "") -> None:
        """Post again, now, because a person says so: dead, unresolved or waiting ones.

        One that may be there is looked up first where that is possible and posted where it is not
        (`Delivery.post_again_by`). NotFound; WrongState for any other state.
        """
        now = self.now()
        with self._database.write() as connection:
            outbox.requeue(connection, delivery_id, by, now)
            violation_id = outbox.one(connection, delivery_id).violation_id
            violation_rows.add_history(
                connection, violation_id, "requeued", now, by=by, reason=reason
            )
            order_rows.put_in_order(connection, violation_id, now)

    # After the delivery

    def posted_since(
        self, since: datetime, channel: Channel = Channel.CASE
    ) -> tuple[datetime, ...]:
        """Return when posts left at or after `since`, by any courier, oldest first."""
        with self._database.read() as connection:
            return follow_rows.posted_since(connection, since, channel)

    def shown(
        self, since: datetime, channel: Channel = Channel.CASE, *, numbered: bool = True
    ) -> tuple[str, datetime] | None:
        """Return (case key, since when it is there) of the newest case that has arrived.

        With a number, or `numbered=False`: of those without. None: none.
        """
        with self._database.read() as connection:
            return follow_rows.shown(connection, since, channel, numbered=numbered)

    def first_doubtful(self, channel: Channel = Channel.CASE) -> tuple[str, int] | None:
        """Return (id, posts so far) of the oldest report that may have arrived, unsettled."""
        with self._database.read() as connection:
            return follow_rows.first_doubtful(connection, channel)

    def numberless(
        self, since: datetime, *, limit: int, channel: Channel = Channel.CASE
    ) -> tuple[tuple[str, str], ...]:
        """Return (delivery id, token) of cases confirmed since then that have a token only."""
        with self._database.read() as connection:
            return follow_rows.numberless(connection, since, limit, channel)

    def going_on(
        self, since: datetime, *, limit: int, channel: Channel = Channel.CASE
    ) -> tuple[tuple[str, str], ...]:
        """Return (number, violation id) of delivered cases that have not ended, newest first."""
        with self._database.read() as connection:
            return follow_rows.going_on(connection, since, limit, channel)

    def numbered(self, delivery_id: str, remote_case_id: str) -> bool:
        """Store the number that a token became. False: it has one already."""
        with self._database.write() as connection:
            return follow_rows.numbered(connection, delivery_id, remote_case_id, self.now())

    def note_remote_state(
        self,
        violation_id: str,
        word: RemoteWord,
        *,
        channel: Channel = Channel.CASE,
        silence_s: float = 0.0,
    ) -> bool:
        """Append what the case system says of a case to its history. False: it said so before.

        Dealt with asks for a second look; a false alarm is a verdict, and silences the place.
        """
        with self._database.write() as connection:
            return follow_rows.note(
                connection, violation_id, word, channel, self.now(), silence_s=silence_s
            )
