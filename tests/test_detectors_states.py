"""The presence engine's table."""

import itertools
import re
from pathlib import Path

import pytest

from detectors.states import TRANSITIONS, Input, State, UndefinedTransitionError, advance

DOCUMENT = Path(__file__).resolve().parent.parent / "docs" / "violations.md"

UNDEFINED = {
    # nothing that follows from sightings can come before the first one
    (State.ABSENT, Input.ENTERED),
    (State.ABSENT, Input.COMPLETED),
    (State.ABSENT, Input.LEFT),
    (State.ABSENT, Input.LAPSED),
    (State.ABSENT, Input.REPLACED),
    # what is not believed cannot be complete
    (State.ARRIVING, Input.COMPLETED),
    # what is believed is not believed again
    (State.DWELLING, Input.ENTERED),
    (State.CONFIRMED, Input.ENTERED),
    (State.CLEARING, Input.ENTERED),
    (State.UNSEEN, Input.ENTERED),
    # a dwell is completed by a sighting, once
    (State.CONFIRMED, Input.COMPLETED),
    (State.CLEARING, Input.COMPLETED),
    (State.UNSEEN, Input.COMPLETED),
    # only misses lead out, and they pass through clearing
    (State.DWELLING, Input.LEFT),
    (State.CONFIRMED, Input.LEFT),
    (State.UNSEEN, Input.LEFT),
    # a complete dwell does not lapse
    (State.CONFIRMED, Input.LAPSED),
}


@pytest.mark.parametrize(("state", "signal"), list(itertools.product(State, Input)))
def test_every_pair_is_defined_or_raises(state: State, signal: Input) -> None:
    """Each state answers each input with a state, or raises where nothing may happen."""
    if (state, signal) in UNDEFINED:
        with pytest.raises(UndefinedTransitionError, match=f"from {state} on {signal}"):
            advance(state, signal)
    else:
        assert isinstance(advance(state, signal), State)


def test_only_a_completed_dwell_confirms() -> None:
    """No way into confirmed but from dwelling on completed, or by staying."""
    ways = {
        (state, signal)
        for state, row in TRANSITIONS.items()
        for signal, after in row.items()
        if after is State.CONFIRMED and state is not State.CONFIRMED
    }
    assert ways == {(State.DWELLING, Input.COMPLETED)}


def test_a_look_that_saw_nothing_never_brings_closer_to_confirmation() -> None:
    """Missed, blind and unchanged looks lead to no state nearer to confirmed."""
    rank = {State.ABSENT: 0, State.ARRIVING: 1, State.CLEARING: 2, State.UNSEEN: 2}
    rank |= {State.DWELLING: 3, State.CONFIRMED: 4}
    for state in State:
        for signal in (Input.MISSED, Input.BLIND, Input.UNCHANGED):
            assert rank[advance(state, signal)] <= rank[state]


def test_a_gap_alone_is_neither_gone_nor_there() -> None:
    """Blind looks never end a presence, and never count as seeing it."""
    for state in (State.DWELLING, State.CONFIRMED, State.CLEARING, State.UNSEEN):
        assert advance(state, Input.BLIND) is State.UNSEEN


def test_the_document_shows_the_table() -> None:
    """docs/violations.md has exactly the transitions of the program."""
    text = DOCUMENT.read_text(encoding="utf-8")
    table = text[text.index("| state |") :].split("\n\n")[0]
    rows = re.findall(r"^\| (\w+) \|(.*)\|$", table, re.MULTILINE)
    shown = {name: [cell.strip() for cell in cells.split("|")] for name, cells in rows}
    columns = [Input(name) for name in shown.pop("state")]
    assert columns == list(Input)
    expected = {
        str(state): [str(TRANSITIONS[state].get(signal, "")) for signal in columns]
        for state in State
    }
    assert shown == expected
