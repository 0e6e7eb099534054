"""Takes cases from the outbox to the case system: each once, through every kind of failure.

A post that may have left is marked in the store before it leaves. Whoever finds the mark looks the
case up before it posts again, and not before `settle_s` have passed: until then the first request
may still be on its way inside the case system. "Not there" is believed of a case system that has
shown, by another case of ours, that it can be asked; where it cannot be asked the delivery ends
`unresolved`, and only a person posts it again.

A process may be stopped at any line and go on much later. So a post leaves only within the time
that its mark stands for, counted from before the mark: whoever takes the claim over waits longer.
"""

import logging
import math
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Final

from cases.courier_settings import CourierSettings
from cases.deadline import Deadline
from cases.errors import LeaseLost, NotFound, StoreError
from cases.follow_up import FollowUp
from cases.meaning import Meaning
from cases.pace import LONGEST_WAIT_S, MINUTE_S, Pace, Quiet
from cases.parcel import Parcel, parcel_of
from cases.store import Delivery, Message, Store, delivery_id_of
from cases.system import (
    CaseSystem,
    DeliveryError,
    Followed,
    Incomplete,
    NoPlace,
    NumberedLater,
    Transient,
    Unanswered,
)
from cases.trust import Trust

logger = logging.getLogger(__name__)

UNKNOWN_STATES: Final = "unknown_states"
"""In `Courier.counters`: words of the case system that nobody has explained."""


class Courier:
    """Delivers due cases from a store to a case system until it is stopped.

    `on_delivered` is called by a courier thread, after the delivery has been committed, with the
    row as stored; what it raises is logged. `on_word` is called with a violation's id when its
    case system has said something new; `meaning` reads what. `owner` names this courier's claims:
    after a crash the next courier of that name takes its claims back at once. Raises `ValueError`
    where the case system's deadline does not fit into the lease.
    """

    def __init__(
        self,
        store: Store,
        system: CaseSystem,
        *,
        on_delivered: Callable[[Delivery], None] | None = None,
        on_word: Callable[[str], None] | None = None,
        meaning: Meaning | None = None,
        settings: CourierSettings | None = None,
        owner: str = "courier",
    ) -> None:
        self._store = store
        self._system = system
        self._on_delivered = on_delivered
        self._on_word = on_word
        self._meaning = meaning
        self._settings = settings or CourierSettings()
        self._trust = Trust(
            store,
            system,
            channel=self._settings.channel,
            doubt=timedelta(seconds=self._settings.doubt_s),
            proof_s=self._settings.settle_s,
        )
        self._owner = owner
        self._chance = random.Random()  # noqa: S311  # jitter, no secret
        self._counts: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._failures = 0
        self._pause_until_s = 0.0
        self._left_s: dict[str, float] = {}
        self._pace = Pace(self._settings.rate_per_minute)
        self._quiet = Quiet(self._settings.quiet, self._settings.timezone)
        self._stopping = threading.Event()
        self._wake = threading.Event()
        self._threads: tuple[threading.Thread, ...] = ()
        self._settings.check(system.deadline_s)

    def start(self) -> None:
        """Start delivering. Once only."""
        if self._threads:
            raise RuntimeError("the courier has been started before")
        try:
            self._store.release(self._owner)
        except StoreError as error:
            logger.warning("claims of an earlier run wait for their leases: %s", error)
        self._remember_turns()
        self._threads = tuple(
            threading.Thread(target=self._run, name=f"courier-{number}", daemon=True)
            for number in range(self._settings.threads)
        )
        if isinstance(self._system, (Followed, NumberedLater)):
            follow = FollowUp(
                self._store,
                self._system,
                lambda: self._turn() is not None,
                channel=self._settings.channel,
                silence_s=self._settings.silence_s,
                meaning=self._meaning,
                on_word=self._on_word,
            )
            following = threading.Thread(
                target=self._follow, args=(follow,), name="courier-follow", daemon=True
            )
            self._threads = (*self._threads, following)
        for thread in self._threads:
            thread.start()

    def wake(self) -> None:
        """Say that the outbox may have something due."""
        self._wake.set()

    def stop(self, timeout_s: float = 5.0) -> bool:
        """Stop claiming and wait for what is under way. False: a post was still under way.

        Such a post stays marked in the store, and is looked up by the next courier.
        """
        self._stopping.set()
        self._wake.set()
        end_s = time.monotonic() + timeout_s
        for thread in self._threads:
            thread.join(max(0.0, end_s - time.monotonic()))
        return not any(thread.is_alive() for thread in self._threads)

    def counters(self) -> Mapping[str, int]:
        """Count posts, look-ups and their outcomes since the start, for metrics."""
        unknown = {} if self._meaning is None else {UNKNOWN_STATES: self._meaning.unknown}
        with self._lock:
            return {**self._counts, **unknown}

    # The loop

    def _run(self) -> None:
        trouble = 0
        while not self._stopping.is_set():
            try:
                worked = self._work()
            except LeaseLost as error:
                logger.info("%s", error)
            except Exception as error:  # a courier thread that ends loses cases silently
                trouble += 1
                wait_s = self._settings.pause.delay_s(trouble, self._chance)
                unexpected = not isinstance(error, StoreError)
                logger.warning("the courier goes on after: %s", error, exc_info=unexpected)
                self._stopping.wait(wait_s)
            else:
                trouble = 0
                if not worked:
                    self._wake.wait(self._settings.poll_s)
                    self._wake.clear()

    def _work(self) -> bool:
        """Deliver one due case. False: nothing was due."""
        turn_s = self._turn()
        if turn_s is None:
            return False
        claimed: tuple[Delivery, ...] = ()
        try:
            claimed = self._store.claim(
                self._owner, lease_s=self._settings.lease_s, channel=self._settings.channel
            )
        finally:
            if not claimed:
                with self._lock:
                    self._pace.give_back(turn_s)
        for row in claimed:
            self._deliver(row)
        return bool(claimed)

    def _turn(self) -> float | None:
        """Wait until a case may be taken up; returns when that was. None: stopped meanwhile."""
        while not self._stopping.is_set():
            now_s = time.monotonic()
            wait_s = self._pause_until_s - now_s
            if wait_s <= 0.0 and self._quiet.holds(self._store.now()):
                wait_s = LONGEST_WAIT_S
            if wait_s <= 0.0:
                with self._lock:
                    wait_s = self._pace.take(now_s)
                if wait_s <= 0.0:
                    return now_s
            self._stopping.wait(min(wait_s, LONGEST_WAIT_S))
        return None

    def _remember_turns(self) -> None:
        """Count what an earlier run posted in the last minute: a restart lifts no limit."""
        rate = self._settings.rate_per_minute
        if rate is None:
            return
        now, now_s = self._store.now(), time.monotonic()
        try:
            posted = self._store.posted_since(
                now - timedelta(seconds=MINUTE_S / min(1.0, rate)), self._settings.channel
            )
        except StoreError as error:
            logger.warning("posts of an earlier run are not counted: %s", error)
            return
        self._pace.remember(now_s - max(0.0, (now - at).total_seconds()) for at in posted)

    def _deliver(self, row: Delivery) -> None:
        try:
            parcel = parcel_of(row, self._system, lambda: self._report(row))
        except NoPlace as error:
            self._keep(row, str(error))
            return
        except ValueError as error:
            self._store.dead(row, error=f"the stored message cannot be read: {error}"[:500])
            logger.exception("%s cannot be read", row.delivery_id)
            return
        if not row.maybe_sent or self._system.repeatable or self._absent(row, parcel):
            self._post(row, parcel)

    def _report(self, row: Delivery) -> Delivery | None:
        """Return the case that an update belongs to; a pre-alarm may have none."""
        try:
            return self._store.delivery(delivery_id_of(row.violation_id, Message.REPORT))
        except NotFound:
            return None

    def _keep(self, row: Delivery, why: str) -> None:
        self._count("kept")
        logger.info("%s is kept here: %s", row.delivery_id, why)
        self._store.keep(row, reason=why)

    def _follow(self, follow: FollowUp) -> None:
        """Ask what has become of delivered cases, until stopped."""
        states_at_s = time.monotonic() + self._settings.states_s
        while not self._stopping.wait(self._settings.follow_s):
            try:
                follow.numbers()
                if time.monotonic() >= states_at_s:
                    follow.states()
                    states_at_s = time.monotonic() + self._settings.states_s
            except Exception as error:  # what follows a delivery must not end with one bad answer
                unexpected = not isinstance(error, StoreError)
                logger.warning("following goes on after: %s", error, exc_info=unexpected)

    # A post that may have left

    def _absent(self, row: Delivery, parcel: Parcel) -> bool:
        """Settle an earlier post. True: it may be posted (again)."""
        assert row.sent_at is not None  # noqa: S101  # maybe_sent
        settled_at = self._settled_at(row, row.sent_at)
        if self._store.now() < settled_at:
            self._store.retry_later(
                row, next_at=settled_at, error="waits to be looked up", maybe_sent=True
            )
            return False
        self._count("looked_up")
        try:
            found = parcel.find(row.sent_at)
            if found is None:
                return self._believed(row) if parcel.proof else True
        except Transient as error:
            self._ask_again(row, error)
            return False
        except DeliveryError as error:
            return self._undecided(row, f"the case system cannot be asked: {error}")
        if parcel.proof:
            self._trust.shown()
        self._succeeded()
        self._settle(row, found.remote_id or None)
        return False

    def _settled_at(self, row: Delivery, sent_at: datetime) -> datetime:
        """When a post can no longer be on its way, also where the clock was set meanwhile."""
        ahead_s = -math.inf
        if (left_s := self._left_s.get(row.delivery_id)) is not None:
            ahead_s = left_s + self._settings.settle_s - time.monotonic()
        if ahead_s <= 0.0:
            self._left_s.pop(row.delivery_id, None)
            return sent_at + timedelta(seconds=self._settings.settle_s)
        return self._store.now() + timedelta(seconds=ahead_s)

    def _ask_again(self, row: Delivery, error: Transient) -> None:
        assert row.sent_at is not None  # noqa: S101  # maybe_sent
        if self._trust.gives_up(row.sent_at) and not row.post_again_by:
            self._unresolved(row, f"could not be looked up: {error}")
        else:
            self._later(row, error, error.retry_after_s, maybe_sent=True)

    def _believed(self, row: Delivery) -> bool:
        """Tell whether "not there" may be believed. Raises `Transient` while that is unknown."""
        try:
            if self._trust.believes(row):
                return True
        except Transient:
            if not row.post_again_by:
                raise
        return self._undecided(row, "the case system does not list what it has received")

    def _undecided(self, row: Delivery, why: str) -> bool:
        """Post where a person has said so, else leave it to a person. True: post."""
        if row.post_again_by:
            logger.info("%s is posted again: %s said so", row.delivery_id, row.post_again_by)
            return True
        self._unresolved(row, why)
        return False

    def _unresolved(self, row: Delivery, why: str) -> None:
        self._count("unresolved")
        logger.error("%s is unresolved, a person has to look: %s", row.delivery_id, why)
        self._store.unresolved(row, error=why)

    # Posting

    def _post(self, row: Delivery, parcel: Parcel) -> None:
        if self._quiet.holds(self._store.now()):
            self._store.retry_later(
                row,
                next_at=self._store.now(),
                error="waits for the end of the quiet hours",
                maybe_sent=row.maybe_sent,
            )
            return
        began_s = time.monotonic()
        until = Deadline(self._settings.settle_s)
        self._store.sending(row)  # committed before the request leaves; LeaseLost
        self._in_time(row, began_s)
        self._count("posted")
        self._left_s[row.delivery_id] = time.monotonic()
        try:
            receipt = parcel.send(until)
        except Unanswered as error:
            self._trust.failed()
            wait_s = max(self._settings.settle_s, error.retry_after_s or 0.0)
            self._later(row, error, wait_s, maybe_sent=True)
            return
        except DeliveryError as error:
            self._not_taken(row, error)
        else:
            self._trust.worked()
            self._succeeded()
            self._settle(row, receipt.remote_id, receipt.token)
        self._left_s.pop(row.delivery_id, None)

    def _not_taken(self, row: Delivery, error: DeliveryError) -> None:
        match error:
            case Transient():
                self._trust.failed()
                self._later(row, error, error.retry_after_s, maybe_sent=False)
            case NoPlace():
                self._keep(row, str(error))
            case Incomplete():
                self._hold(row, str(error))
            case _:
                self._count("refused")
                logger.error("%s is refused for good: %s", row.delivery_id, error)
                self._store.dead(row, error=str(error))

    def _hold(self, row: Delivery, why: str) -> None:
        self._count("held")
        logger.error("%s is held for a person: %s", row.delivery_id, why)
        self._store.hold(row, reason=why)

    def _in_time(self, row: Delivery, began_s: float) -> None:
        """Refuse to send where so much time has passed that the post would end past its mark.

        A stopped process or a slow disk. What comes later ends with the mark: see `post`.
        """
        spare_s = self._settings.settle_s - self._system.deadline_s
        late_s = time.monotonic() - began_s
        if late_s <= spare_s:
            return
        self._store.retry_later(
            row,
            next_at=self._store.now(),
            error=f"not sent: {late_s:.1f} s went by before it could leave",
            maybe_sent=row.maybe_sent,
        )
        raise LeaseLost(f"delivery {row.delivery_id}: {late_s:.1f} s went by, it is not sent")

    def _settle(self, row: Delivery, remote_id: str | None, token: str | None = None) -> None:
        if not self._store.delivered(row, remote_id, remote_token=token):
            return  # somebody else has brought the same answer
        self._count("delivered")
        logger.info("%s is delivered as %s", row.delivery_id, remote_id or token)
        if self._on_delivered is None:
            return
        try:
            self._on_delivered(self._store.delivery(row.delivery_id))
        except Exception:  # the delivery stands, whatever the listener does
            logger.exception("after the delivery of case %s", row.case_key)

    # Failures

    def _later(
        self, row: Delivery, error: DeliveryError, floor_s: float | None, *, maybe_sent: bool
    ) -> None:
        self._count("unanswered" if isinstance(error, Unanswered) else "postponed")
        self._failed(error)
        wait_s = self._settings.row.delay_s(row.attempts, self._chance, retry_after_s=floor_s)
        next_at = self._store.now() + timedelta(seconds=wait_s)
        logger.warning("%s again at %s: %s", row.delivery_id, next_at.isoformat("T"), error)
        self._store.retry_later(row, next_at=next_at, error=str(error), maybe_sent=maybe_sent)

    def _failed(self, error: DeliveryError) -> None:
        asked_s = error.retry_after_s if isinstance(error, Transient) else None
        with self._lock:
            self._failures += 1
            pause_s = self._settings.pause.delay_s(
                self._failures, self._chance, retry_after_s=asked_s
            )
            self._pause_until_s = max(self._pause_until_s, time.monotonic() + pause_s)

    def _succeeded(self) -> None:
        with self._lock:
            self._failures = 0

    def _count(self, what: str) -> None:
        with self._lock:
            self._counts[what] += 1
