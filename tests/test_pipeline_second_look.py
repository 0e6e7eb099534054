"""A second look: what few looks tell of a place, and that the answer goes out once."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cases import (
    Answer,
    CaseMedia,
    DeliveryState,
    Message,
    RemoteWord,
    SecondLook,
    Standing,
    Store,
    ViolationState,
)
from configs import parse_site
from detectors import Basis, Box, Look, PictureState
from models import VOCABULARY, Detections
from pipeline.second_look import GIVE_UP, Finding, SecondLookJudge, Seen
from pipeline.second_looks import SecondLooks
from tests.site_text import GOOD
from tests.violations import NOON, SetClock, make_violation

VIOLATION = make_violation()
PLACE = VIOLATION.box
Thing = tuple[str, Box, float]
CAR: Thing = ("car", PLACE, 0.8)
TRUCK_BEFORE: Thing = ("person", (590.0, 100.0, 660.0, 200.0), 0.9)


def look(
    at_s: float,
    *things: Thing,
    state: PictureState = PictureState.OK,
    basis: Basis = Basis.OBSERVED,
    camera: str = "road-01",
) -> Look:
    """Return the look that was taken `at_s` after noon."""
    boxes = np.array([box for _, box, _ in things], np.float32).reshape(-1, 4)
    labels = [VOCABULARY.index(label) for label, _, _ in things]
    found = Detections(
        boxes,
        np.array([score for _, _, score in things], np.float32),
        np.array(labels, np.int32),
    )
    at = NOON + timedelta(seconds=at_s)
    return Look(camera, "default", 1, at_s, at, 1280, 720, found, basis, state)


def judged(looks: Sequence[Look]) -> tuple[SecondLookJudge, Seen | None]:
    """Return what a judge says after these looks, at the first that settles it."""
    judge = SecondLookJudge(VIOLATION, NOON)
    for each in looks:
        seen = judge.see(each)
        if seen is not None:
            return judge, seen
    return judge, None


def finding(*looks: Look, state: ViolationState = ViolationState.CONFIRMED) -> Finding | None:
    """Return the finding of looks that agree; None while they do not."""
    judge, seen = judged(looks)
    return None if seen is None else judge.finding(state)


def test_three_clear_looks_over_a_minute_that_show_nothing_clear_it() -> None:
    """Not sooner, and not for two."""
    assert finding(look(1.0), look(40.0), look(60.0)) is None
    assert finding(look(1.0), look(61.0)) is None
    found = finding(look(1.0), look(31.0), look(61.0))
    assert found is not None
    assert found.answer is Answer.CLEARED
    assert found.why == "nothing of the kind there in 3 clear looks in 60 s"


def test_what_stands_there_still_stands_there() -> None:
    """A box that has moved a little is the same; the rules are not asked for it."""
    near: Thing = ("truck", (605.0, 149.0, 648.0, 192.0), 0.5)
    found = finding(look(1.0, CAR), look(31.0, near), look(61.0, CAR))
    assert found is not None
    assert (found.answer, found.look.at_s if found.look else None) == (Answer.STILL_THERE, 61.0)


def test_another_thing_in_its_place_is_not_it() -> None:
    """The rules saw the first one leave: that is the answer, whatever stands there now."""
    found = finding(*(look(at, CAR) for at in (1.0, 31.0, 61.0)), state=ViolationState.CLEARED)
    assert found is not None
    assert found.answer is Answer.CLEARED
    assert "another" in found.why


def test_a_look_that_is_not_clear_counts_for_nothing() -> None:
    """Dark, carried, hidden, faint: none of them says gone; the next clear ones do."""
    dim: Thing = ("car", PLACE, 0.2)
    looks = [
        look(1.0),
        look(20.0, state=PictureState.DARK),
        look(30.0, TRUCK_BEFORE),
        look(40.0, dim),
        look(50.0, basis=Basis.CARRIED),
        look(61.0),
    ]
    assert finding(*looks) is None
    assert finding(*looks, look(62.0)) is not None


@pytest.mark.parametrize(
    ("looks", "why"),
    [
        ([], "no picture has come from the camera"),
        ([look(at, state=PictureState.COVERED) for at in range(5)], "the picture is covered"),
        ([look(at, TRUCK_BEFORE) for at in range(5)], "a person stands before it"),
        ([look(1.0), look(2.0)], "fewer than 3 clear looks in 15 min"),
    ],
)
def test_after_a_while_it_cannot_tell_and_says_why(looks: list[Look], why: str) -> None:
    """The most frequent hindrance is the reason."""
    judge, seen = judged(looks)
    assert seen is None
    assert judge.overdue(NOON + GIVE_UP - timedelta(seconds=1)) is None
    found = judge.overdue(NOON + GIVE_UP)
    assert found is not None
    assert (found.answer, found.why) == (Answer.CANNOT_TELL, why)


def test_what_only_passed_cannot_be_looked_at_again() -> None:
    """It is said at once."""
    passing = replace(VIOLATION, kind="uncovered_muck_truck", label="muck_truck_open")
    found = SecondLookJudge(passing, NOON).overdue(NOON)
    assert found is not None
    assert "only passed" in found.why


def test_where_the_zone_is_the_identity_the_rule_answers() -> None:
    """A crowd, bikes, a shop: clear looks, and what the rule believes."""
    for state, answer in (
        (ViolationState.CLEARED, Answer.CLEARED),
        (ViolationState.CONFIRMED, Answer.STILL_THERE),
    ):
        judge = SecondLookJudge(replace(VIOLATION, kind="crowd_density", label="person"), NOON)
        assert [judge.see(look(at)) is not None for at in (1.0, 31.0, 61.0)] == [False, False, True]
        assert judge.finding(state).answer is answer


@given(
    st.lists(
        st.tuples(st.floats(0.1, 40.0), st.sampled_from(["there", "gone", "dark", "carried"])),
        max_size=40,
    )
)
def test_an_answer_rests_on_looks_that_agree(steps: list[tuple[float, str]]) -> None:
    """Whatever comes: the last three clear looks or more, over a minute or more, say the same."""
    at_s, looks, names = 0.0, [], []
    for wait_s, what in steps:
        at_s += wait_s
        names.append((at_s, what))
        looks.append(
            look(at_s, CAR)
            if what == "there"
            else look(
                at_s,
                state=PictureState.DARK if what == "dark" else PictureState.OK,
                basis=Basis.CARRIED if what == "carried" else Basis.OBSERVED,
            )
        )
    judge = SecondLookJudge(VIOLATION, NOON)
    for index, each in enumerate(looks):
        seen = judge.see(each)
        if seen is None:
            continue
        clear = [(at, what) for at, what in names[: index + 1] if what in {"there", "gone"}]
        tail: list[float] = []
        for at, what in reversed(clear):
            if what != seen.value:
                break
            tail.append(at)
        assert len(tail) >= 3
        assert tail[0] - tail[-1] >= 60.0
        return


# In the store, and out again


@pytest.fixture
def store(tmp_path: Path, clock: SetClock) -> Iterator[Store]:
    """Open a store that holds a delivered case."""
    with Store.open(tmp_path / "store.sqlite3", clock=clock) as opened:
        opened.confirm(VIOLATION, None, {})
        (row,) = opened.claim("courier", lease_s=30)
        opened.sending(row)
        opened.delivered(row, "77")
        yield opened


def looks_of(store: Store, clock: SetClock, stills: list[float]) -> SecondLooks:
    """Make the second looks of the good site; `stills` hears which looks were kept."""
    site = parse_site(GOOD, Path("site.yaml"), {"CAM_PASSWORD": "x", "API_TOKEN": "y"})

    def still(_request: SecondLook, taken: Look) -> CaseMedia | None:
        stills.append(taken.at_s)
        return CaseMedia(path="answer.jpg", sha256="0" * 64)

    return SecondLooks(site, store, still=still, clock=clock)


def dealt_with(store: Store) -> None:
    """Let the case system say so."""
    word = RemoteWord("closed: swept", Standing.DEALT_WITH)
    assert store.note_remote_state(VIOLATION.violation_id, word)


def test_dealt_with_is_answered_with_a_fresh_still(store: Store, clock: SetClock) -> None:
    """Asked for by the case system's word, answered from looks, told as an update, once."""
    dealt_with(store)
    stills: list[float] = []
    asking = looks_of(store, clock, stills)
    asking.work()
    for at_s in (1.0, 31.0, 61.0, 91.0):
        asking.see(look(at_s, camera="road-02"))
        asking.see(look(at_s))
    clock.pass_s(91.0)
    asking.work()
    asking.work()
    (done,) = store.second_looks.of(VIOLATION.violation_id)
    assert (done.answer, done.asked_by) == (Answer.CLEARED, "case system")
    assert stills == [61.0]
    (answer,) = [row for row in store.deliveries() if row.message is Message.ANSWER]
    assert answer.state is DeliveryState.PENDING
    assert answer.payload["outcome"] == "cleared"
    assert answer.payload["media"] == [{"path": "answer.jpg", "sha256": "0" * 64}]


def test_a_request_survives_a_restart(store: Store, clock: SetClock) -> None:
    """Looks from before it do not count: nobody knows what happened in between."""
    dealt_with(store)
    first = looks_of(store, clock, [])
    first.work()
    first.see(look(1.0))
    first.see(look(31.0))
    clock.pass_s(40.0)
    second = looks_of(store, clock, [])
    second.work()
    second.see(look(61.0))
    second.work()
    assert store.second_looks.open()
    for at_s in (91.0, 122.0):
        second.see(look(at_s))
    second.work()
    assert store.second_looks.open() == ()


def test_a_camera_that_says_nothing_is_given_up(store: Store, clock: SetClock) -> None:
    """The answer is that it cannot tell, without a picture; asked again, it is looked at again."""
    dealt_with(store)
    asking = looks_of(store, clock, [])
    asking.work()
    clock.pass_s(GIVE_UP.total_seconds() + 1)
    asking.work()
    (done,) = store.second_looks.of(VIOLATION.violation_id)
    assert (done.answer, done.why) == (Answer.CANNOT_TELL, "no picture has come from the camera")
    assert store.second_looks.ask(VIOLATION.violation_id, by="li")
    assert not store.second_looks.ask(VIOLATION.violation_id, by="wang")
    asking.work()
    clock.pass_s(GIVE_UP.total_seconds() + 1)
    asking.work()
    answers = [row for row in store.deliveries() if row.message is Message.ANSWER]
    assert len(answers) == 2


def test_a_rule_that_asks_for_little_is_answered_with_as_little() -> None:
    """What was confirmed at 0.2 is still there at 0.2, and not too faint, or gone."""
    judge = SecondLookJudge(VIOLATION, NOON, 0.15)
    looks = [look(at_s, ("car", VIOLATION.box, 0.2)) for at_s in (10.0, 40.0, 80.0)]
    assert [judge.see(each) for each in looks] == [None, None, Seen.THERE]
