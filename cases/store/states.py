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
    """Kind of message about a violation.

    There is one report, one pre-alarm and one clip; a place may clear, and be looked at again,
    several times.
    """

    REPORT = "report"
    """The case itself, or the alarm of a kind that is no case."""
    OPENED = "opened"
    """Pre-alarm: something dwells, and may be put right before it is a case."""
    CLIP = "clip"
    """Update: the clip that follows the stills."""
    CLEARED = "cleared"
    """Update: the place is clear, or a pre-alarm has come to nothing."""
    ANSWER = "answer"
    """Update: what a second look has found."""

    @property
    def is_update(self) -> bool:
        """Whether it says something about a message before it, and waits for that."""
        return self in {Message.CLIP, Message.CLEARED, Message.ANSWER}


class Channel(StrEnum):
    """Whom a message is for; each has a courier of its own."""

    CASE = "case"
    """The city's case system."""
    ALARM = "alarm"
    """The receiver of alarms, for kinds that have no code, and of pre-alarms."""


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
    WAITING = "waiting"
    """For the message before it: an update never overtakes its case."""
    KEPT = "kept"
    """Never posted, only shown here; its error says why."""


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
    FOLLOW = "follow"
    KEEP = "keep"
    HOLD = "hold"


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
    KEPT = "kept"
    """The case system has no place for it."""
    HELD = "held"
    """It cannot be posted as it is."""


class Answer(StrEnum):
    """What a second look has found."""

    CLEARED = "cleared"
    STILL_THERE = "still_there"
    CANNOT_TELL = "cannot_tell"


class Standing(StrEnum):
    """What a case system's own word for a case's state means here."""

    RECEIVED = "received"
    WORKING = "working"
    DEALT_WITH = "dealt_with"
    """Said to be put right: the camera looks again."""
    CLOSED = "closed"
    """Nothing more is expected, and nobody asks for another look."""
    FALSE_ALARM = "false_alarm"
    """There was nothing to act upon: a verdict, as a person's here."""
    DUPLICATE = "duplicate"
    REFUSED = "refused"
    """Not taken up, for a reason that says nothing about the pictures."""

    @property
    def ends(self) -> bool:
        """Whether the case is not asked for again."""
        return self in {Standing.CLOSED, Standing.FALSE_ALARM, Standing.DUPLICATE, Standing.REFUSED}


WITNESS = "witness"
"""In the history of a violation: a second camera saw it too (by), as the violation named."""
WITNESS_OF = "witness of"
"""In the history of that one: the violation that it is."""

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
        Move.KEEP: DeliveryState.KEPT,
    },
    DeliveryState.WAITING: {
        Move.FOLLOW: DeliveryState.PENDING,
        Move.KEEP: DeliveryState.KEPT,
    },
    DeliveryState.CLAIMED: {
        Move.CLAIM: DeliveryState.CLAIMED,  # only after the lease has expired
        Move.RELEASE: DeliveryState.PENDING,
        Move.RETRY: DeliveryState.PENDING,
        Move.DELIVER: DeliveryState.DELIVERED,
        Move.BURY: DeliveryState.DEAD,
        Move.DOUBT: DeliveryState.UNRESOLVED,
        Move.KEEP: DeliveryState.KEPT,
        Move.HOLD: DeliveryState.HELD,
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
    DeliveryState.KEPT: {},
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
