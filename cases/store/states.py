"""States of violations, reviews and deliveries, and every transition that exists.

All transitions live in these tables; an undefined one raises `WrongState` and changes nothing.
"""

from collections.abc import Mapping
from enum import StrEnum

from cases.errors import WrongState
from detectors import Change


class ViolationState(StrEnum):
    """Where a violation stands."""

    OPENED = "opened"
    CONFIRMED = "confirmed"
    CLEARED = "cleared"
    DISCARDED = "discarded"


class Review(StrEnum):
    """Whether a person has to agree before a case is posted."""

    NONE = "none"
    HELD = "held"
    APPROVED = "approved"
    REJECTED = "rejected"


class Message(StrEnum):
    """Kind of message about a violation; each is sent at most once."""

    REPORT = "report"
    """The case itself."""


class DeliveryState(StrEnum):
    """Where a message to the case system stands."""

    HELD = "held"
    """Waits for a person; never posted."""
    PENDING = "pending"
    """Due at `next_attempt_at`."""
    CLAIMED = "claimed"
    """A courier has it until `lease_until`."""
    DELIVERED = "delivered"
    DEAD = "dead"
    """The case system refuses it for good; a person may requeue it."""
    UNRESOLVED = "unresolved"
    """Perhaps it arrived and nobody can be asked; only a person posts it again."""
    REJECTED = "rejected"
    """A person has refused it; never posted."""


class Move(StrEnum):
    """What can happen to a delivery."""

    CLAIM = "claim"
    RELEASE = "release"
    RETRY = "retry"
    DELIVER = "deliver"
    BURY = "bury"
    DOUBT = "doubt"
    APPROVE = "approve"
    REJECT = "reject"
    REQUEUE = "requeue"


class AttemptOutcome(StrEnum):
    """How an attempt to deliver ended."""

    DELIVERED = "delivered"
    RETRY = "retry"
    DEAD = "dead"
    UNRESOLVED = "unresolved"
    RELEASED = "released"
    """Given back by its owner before it was settled."""
    EXPIRED = "expired"
    """Its owner was never heard of again."""


VIOLATION_MOVES: Mapping[ViolationState, Mapping[Change, ViolationState]] = {
    ViolationState.OPENED: {
        Change.UPDATED: ViolationState.OPENED,
        Change.CONFIRMED: ViolationState.CONFIRMED,
        Change.CLEARED: ViolationState.CLEARED,
        Change.DISCARDED: ViolationState.DISCARDED,
    },
    ViolationState.CONFIRMED: {
        Change.UPDATED: ViolationState.CONFIRMED,
        Change.CLEARED: ViolationState.CLEARED,
        Change.DISCARDED: ViolationState.DISCARDED,
    },
    # A return within the rule's again_after_s updates the old case: it stands again.
    ViolationState.CLEARED: {Change.UPDATED: ViolationState.CONFIRMED},
    ViolationState.DISCARDED: {},
}

DELIVERY_MOVES: Mapping[DeliveryState, Mapping[Move, DeliveryState]] = {
    DeliveryState.HELD: {
        Move.APPROVE: DeliveryState.PENDING,
        Move.REJECT: DeliveryState.REJECTED,
    },
    DeliveryState.PENDING: {
        Move.CLAIM: DeliveryState.CLAIMED,
        Move.DELIVER: DeliveryState.DELIVERED,
        Move.REQUEUE: DeliveryState.PENDING,
    },
    DeliveryState.CLAIMED: {
        Move.CLAIM: DeliveryState.CLAIMED,  # only after the lease has expired
        Move.RELEASE: DeliveryState.PENDING,
        Move.RETRY: DeliveryState.PENDING,
        Move.DELIVER: DeliveryState.DELIVERED,
        Move.BURY: DeliveryState.DEAD,
        Move.DOUBT: DeliveryState.UNRESOLVED,
    },
    # A courier that was stopped past its lease may still bring the answer.
    DeliveryState.DEAD: {
        Move.REQUEUE: DeliveryState.PENDING,
        Move.DELIVER: DeliveryState.DELIVERED,
    },
    DeliveryState.UNRESOLVED: {
        Move.REQUEUE: DeliveryState.PENDING,
        Move.DELIVER: DeliveryState.DELIVERED,
    },
    DeliveryState.DELIVERED: {},
    DeliveryState.REJECTED: {},
}


def violation_after(state: ViolationState, change: Change) -> ViolationState:
    """State of a violation after a change; `WrongState` where the table has none."""
    try:
        return VIOLATION_MOVES[state][change]
    except KeyError:
        raise WrongState(f"a violation that is {state} cannot be {change}") from None


def delivery_after(state: DeliveryState, move: Move) -> DeliveryState:
    """State of a delivery after a move; `WrongState` where the table has none."""
    try:
        return DELIVERY_MOVES[state][move]
    except KeyError:
        raise WrongState(f"a delivery that is {state}: {move} is not possible") from None
