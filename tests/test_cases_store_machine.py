"""The store against a plain model of it, over random lives, claims, crashes and verdicts."""

import shutil
import tempfile
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    MultipleResults,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from benchmarks.postgres import Cluster
from cases import (
    Delivery,
    DeliveryState,
    LeaseLost,
    NotFound,
    Review,
    Store,
    ViolationState,
    WrongState,
)
from tests.violations import SetClock, make_violation

LEASE_S = 30.0
RESTARTS = (False,) * 9 + (True,)
NUMBERS = st.integers(0, 4)
"""Few violations, so that the same ones are met in every state."""


@dataclass
class ModelDelivery:
    """What the outbox should say about one message."""

    state: DeliveryState
    due: datetime
    claim: int = 0
    until: datetime | None = None
    sent: bool = False
    posts: int = 0


class StoreMachine(RuleBasedStateMachine):
    """Calls the real store and a dictionary, and compares what they say."""

    claims = Bundle("claims")

    def __init__(self) -> None:
        super().__init__()
        self._make()
        self.clock = SetClock()
        self.store = self._open()
        self.violations: dict[str, ViolationState] = {}
        self.outbox: dict[str, ModelDelivery] = {}

    def _make(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="store-machine-"))

    def _open(self) -> Store:
        return Store.open(self.folder / "store.sqlite3", clock=self.clock)

    def teardown(self) -> None:
        """Leave nothing behind."""
        self.store.close()
        self._remove()

    def _remove(self) -> None:
        shutil.rmtree(self.folder)

    @initialize()
    def begin(self) -> None:
        """Start with messages to claim: what follows a claim is what is worth meeting often."""
        for number in range(2):
            self.confirm(number, held=False)

    @rule(number=NUMBERS)
    def open_violation(self, number: int) -> None:
        """Open: first time only."""
        violation = make_violation(number)
        first = self.store.open_violation(violation)
        assert first == (violation.violation_id not in self.violations)
        self.violations.setdefault(violation.violation_id, ViolationState.OPENED)

    @rule(number=NUMBERS, held=st.booleans())
    def confirm(self, number: int, held: bool) -> None:
        """Confirm: once, from nothing or opened."""
        violation = make_violation(number)
        key = violation.violation_id
        review = Review.HELD if held else Review.NONE
        state = self.violations.get(key, ViolationState.OPENED)
        if key not in self.outbox and state is not ViolationState.OPENED:
            with pytest.raises(WrongState):
                self.store.confirm(violation, None, {}, review=review)
            return
        first = self.store.confirm(violation, None, {}, review=review).first
        assert first == (key not in self.outbox)
        if first:
            self.violations[key] = ViolationState.CONFIRMED
            began = DeliveryState.HELD if held else DeliveryState.PENDING
            self.outbox[key] = ModelDelivery(began, self.clock())

    @rule(number=NUMBERS, discard=st.booleans())
    def end(self, number: int, discard: bool) -> None:
        """Clear or discard: a second time is no change, an ended one cannot end otherwise."""
        violation = make_violation(number)
        wanted = ViolationState.DISCARDED if discard else ViolationState.CLEARED
        act = self.store.discard if discard else self.store.clear
        state = self.violations.get(violation.violation_id)
        if state is None:
            with pytest.raises(NotFound):
                act(violation)
        elif state in {ViolationState.OPENED, ViolationState.CONFIRMED}:
            assert act(violation)
            self.violations[violation.violation_id] = wanted
        elif state is wanted:
            assert not act(violation)
        else:
            with pytest.raises(WrongState):
                act(violation)

    @rule(target=claims, limit=st.integers(1, 3), owner=st.sampled_from("ab"))
    def claim(self, limit: int, owner: str) -> MultipleResults[Delivery]:
        """Claim: exactly what the model says is due, oldest first, marked as it should be."""
        now = self.clock()
        due = sorted(
            (delivery.due, key)
            for key, delivery in self.outbox.items()
            if (delivery.state is DeliveryState.PENDING and delivery.due <= now)
            or (delivery.state is DeliveryState.CLAIMED and (delivery.until or now) <= now)
        )
        taken = self.store.claim(owner, lease_s=LEASE_S, limit=limit)
        assert len(taken) == min(limit, len(due))
        assert [row.next_attempt_at for row in taken] == [at for at, _ in due[:limit]]
        for row in taken:
            model = self.outbox[row.violation_id]
            assert row.maybe_sent == model.sent
            model.state, model.until = DeliveryState.CLAIMED, now + timedelta(seconds=LEASE_S)
            model.claim += 1
            assert row.attempts == model.claim
        return multiple(*taken)

    def _ours(self, row: Delivery) -> bool:
        model = self.outbox[row.violation_id]
        return model.state is DeliveryState.CLAIMED and model.claim == row.attempts

    @rule(row=claims, how=st.sampled_from(("sure", "unsure", "dead", "unresolved", "delivered")))
    def settle(self, row: Delivery, how: str) -> None:
        """Bring an attempt to an end; with a post before it, or without."""
        if how == "delivered":
            self._deliver(row)
        else:
            self._fail(row, how)

    @rule(row=claims)
    def send(self, row: Delivery) -> None:
        """Mark as leaving."""
        self._send(row)

    @rule(row=claims, how=st.sampled_from(("sure", "unsure", "dead", "unresolved")))
    def send_and_fail(self, row: Delivery, how: str) -> None:
        """Mark as leaving and learn that it went wrong."""
        self._send(row)
        self._fail(row, how)

    def _send(self, row: Delivery) -> None:
        """Mark as leaving: only whoever holds the claim, and only inside the lease."""
        model = self.outbox[row.violation_id]
        if self._ours(row) and model.until is not None and self.clock() < model.until:
            self.store.sending(row)
            model.sent = True
            model.posts += 1
        else:
            with pytest.raises(LeaseLost):
                self.store.sending(row)

    def _deliver(self, row: Delivery) -> None:
        """Settle as arrived: always taken in, once."""
        model = self.outbox[row.violation_id]
        changed = self.store.delivered(row, "77")
        assert changed == (model.state is not DeliveryState.DELIVERED)
        model.state, model.sent = DeliveryState.DELIVERED, False

    def _fail(self, row: Delivery, how: str) -> None:
        """Settle otherwise: only whoever holds the claim."""
        next_at = self.clock() + timedelta(seconds=10)
        ours = self._ours(row)
        model = self.outbox[row.violation_id]
        try:
            if how == "dead":
                self.store.dead(row, error=how)
            elif how == "unresolved":
                self.store.unresolved(row, error=how)
            else:
                self.store.retry_later(row, next_at=next_at, error=how, maybe_sent=how == "unsure")
        except LeaseLost:
            assert not ours
            return
        assert ours
        if how in {"dead", "unresolved"}:
            model.state = DeliveryState(how)
        else:
            model.state, model.due = DeliveryState.PENDING, next_at
        if how in {"dead", "sure"}:
            model.sent = False

    @rule(number=NUMBERS, agree=st.booleans())
    def review(self, number: int, agree: bool) -> None:
        """Approve or reject: only what is held."""
        key = make_violation(number).violation_id
        held = key in self.outbox and self.outbox[key].state is DeliveryState.HELD
        try:
            if agree:
                self.store.approve(key, by="li")
            else:
                self.store.reject(key, by="li", reason="no")
        except (NotFound, WrongState):
            assert not held
            return
        assert held
        model = self.outbox[key]
        model.state = DeliveryState.PENDING if agree else DeliveryState.REJECTED
        model.due = self.clock()

    @rule(number=NUMBERS)
    def requeue(self, number: int) -> None:
        """Post again: only what waits or was given up."""
        key = make_violation(number).violation_id
        may = key in self.outbox and self.outbox[key].state in {
            DeliveryState.PENDING,
            DeliveryState.DEAD,
            DeliveryState.UNRESOLVED,
        }
        try:
            self.store.requeue(f"{key}-report", by="li")
        except (NotFound, WrongState):
            assert not may
            return
        assert may
        self.outbox[key].state, self.outbox[key].due = DeliveryState.PENDING, self.clock()

    @rule(
        seconds=st.sampled_from((1.0, 10.0, LEASE_S)),
        restart=st.sampled_from(RESTARTS),
    )
    def wait(self, seconds: float, restart: bool) -> None:
        """Let time pass, now and then over a restart: nothing is forgotten."""
        self.clock.pass_s(seconds)
        if restart:
            self.store.close()
            self.store = self._open()

    @invariant()
    def agrees(self) -> None:
        """Compare store and model; a message that a person holds is never posted."""
        cases = {case.violation.violation_id: case.state for case in self.store.cases()}
        assert cases == self.violations
        rows = {row.violation_id: row for row in self.store.deliveries()}
        assert {key: row.state for key, row in rows.items()} == {
            key: model.state for key, model in self.outbox.items()
        }
        for key, model in self.outbox.items():
            assert rows[key].maybe_sent == model.sent
            if model.state in {DeliveryState.HELD, DeliveryState.REJECTED}:
                assert model.posts == 0


SETTINGS = settings(
    max_examples=30,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
StoreMachine.TestCase.settings = SETTINGS
test_the_store_behaves_as_its_model = StoreMachine.TestCase


def test_the_store_on_postgresql_behaves_as_its_model(quick_cluster: Cluster) -> None:
    """The same lives, claims, crashes and verdicts, on databases of a real server."""
    empty = quick_cluster.create()
    Store.open(quick_cluster.url_with_password(empty)).close()

    class PostgresMachine(StoreMachine):
        def _make(self) -> None:
            self.name = quick_cluster.create(template=empty)

        def _open(self) -> Store:
            return Store.open(quick_cluster.url_with_password(self.name), clock=self.clock)

        def _remove(self) -> None:
            quick_cluster.drop(self.name)

    run_state_machine_as_test(
        PostgresMachine, settings=settings(SETTINGS, max_examples=6, stateful_step_count=30)
    )
    quick_cluster.drop(empty)
