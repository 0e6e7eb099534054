"""The presence engine's states, its inputs, and the one table that joins them.

An identity (a thing, shop, zone, sign) is present or not, over time, as looks show it. Everything
that moves it from state to state is in TRANSITIONS; what is not in the table cannot happen and
raises. docs/violations.md shows this table, and a test holds the two together.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class State(StrEnum):
    """Where the presence of an identity stands."""

    ABSENT = "absent"
    """Not there: before the first sighting and after the last."""
    ARRIVING = "arriving"
    """Seen, but not yet often and long enough to be believed."""
    DWELLING = "dwelling"
    """There; forbidden seconds are counted."""
    CONFIRMED = "confirmed"
    """There, and the dwell is complete."""
    CLEARING = "clearing"
    """Looks show its place without it, not yet often and long enough to be believed."""
    UNSEEN = "unseen"
    """Looks cannot tell: neither gone nor still there."""


class Input(StrEnum):
    """What a look says about an identity (the first four), and what follows from the looks."""

    SEEN = "seen"
    """It was observed at its place and looks the same."""
    MISSED = "missed"
    """Its place was observed, and it was not there."""
    BLIND = "blind"
    """The look cannot tell: bad picture, something in front, something that looks different."""
    UNCHANGED = "unchanged"
    """Not observed, but its place has not changed: carried detections, or a blink of the model."""
    ENTERED = "entered"
    """Seen often and long enough to be believed."""
    COMPLETED = "completed"
    """Its forbidden seconds have reached the dwell."""
    LEFT = "left"
    """Missed often and long enough to be believed."""
    LAPSED = "lapsed"
    """Not observed for longer than the grace."""
    REPLACED = "replaced"
    """Something else has taken its place."""


class UndefinedTransitionError(RuntimeError):
    """An input came in a state that knows no answer to it: a fault in this program."""

    def __init__(self, state: State, signal: Input) -> None:
        super().__init__(f"no transition from {state} on {signal}")
        self.state = state
        self.signal = signal


TRANSITIONS: Mapping[State, Mapping[Input, State]] = MappingProxyType(
    {
        State.ABSENT: {
            Input.SEEN: State.ARRIVING,
            Input.MISSED: State.ABSENT,
            Input.BLIND: State.ABSENT,
            Input.UNCHANGED: State.ABSENT,
        },
        State.ARRIVING: {
            Input.SEEN: State.ARRIVING,
            Input.MISSED: State.ARRIVING,
            Input.BLIND: State.ARRIVING,
            Input.UNCHANGED: State.ARRIVING,
            Input.ENTERED: State.DWELLING,
            Input.LEFT: State.ABSENT,
            Input.LAPSED: State.ABSENT,
            Input.REPLACED: State.ABSENT,
        },
        State.DWELLING: {
            Input.SEEN: State.DWELLING,
            Input.MISSED: State.CLEARING,
            Input.BLIND: State.UNSEEN,
            Input.UNCHANGED: State.DWELLING,
            Input.COMPLETED: State.CONFIRMED,
            Input.LAPSED: State.ABSENT,
            Input.REPLACED: State.ABSENT,
        },
        # A complete dwell does not lapse: whether the thing is still there needs a clear look.
        State.CONFIRMED: {
            Input.SEEN: State.CONFIRMED,
            Input.MISSED: State.CLEARING,
            Input.BLIND: State.UNSEEN,
            Input.UNCHANGED: State.CONFIRMED,
            Input.REPLACED: State.ABSENT,
        },
        # Seen again leads to DWELLING; where the dwell was complete, COMPLETED follows at once.
        State.CLEARING: {
            Input.SEEN: State.DWELLING,
            Input.MISSED: State.CLEARING,
            Input.BLIND: State.UNSEEN,
            Input.UNCHANGED: State.CLEARING,
            Input.LEFT: State.ABSENT,
            Input.LAPSED: State.ABSENT,
            Input.REPLACED: State.ABSENT,
        },
        State.UNSEEN: {
            Input.SEEN: State.DWELLING,
            Input.MISSED: State.CLEARING,
            Input.BLIND: State.UNSEEN,
            Input.UNCHANGED: State.UNSEEN,
            Input.LAPSED: State.ABSENT,
            Input.REPLACED: State.ABSENT,
        },
    }
)
"""The next state of every state on every input that can come in it."""


def advance(state: State, signal: Input) -> State:
    """Return the next state; UndefinedTransitionError where the table has none."""
    try:
        return TRANSITIONS[state][signal]
    except KeyError:
        raise UndefinedTransitionError(state, signal) from None
