"""Bursts are held for a person, and so are places where one was rejected, on both databases."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from cases import Confirmation, DeliveryState, Limits, NotFound, Review, Store, WrongState
from detectors import Violation
from tests.case_payloads import make_case
from tests.case_server import CaseServer
from tests.stores import Where
from tests.test_cases_courier import WIDE, courier, wait_until
from tests.violations import SetClock, make_violation

CAPS = Limits(camera_kind=10, site=50, per_s=3600.0)
DAY_S = 86400.0


def confirm(store: Store, violation: Violation, limits: Limits | None = CAPS) -> Confirmation:
    """Confirm a violation under the caps."""
    return store.confirm(violation, None, {}, limits=limits)


def test_five_hundred_cameras_shaken_at_once_post_at_most_the_cap(store: Store) -> None:
    """The site's cap arrives, everything else is held and listed as a burst."""
    for number in range(500):
        violation = make_violation(number, camera=f"camera-{number:03d}")
        store.confirm(violation, None, make_case(number).to_json(), limits=CAPS)
    counts = store.counts().deliveries
    assert (counts[DeliveryState.PENDING], counts[DeliveryState.HELD]) == (50, 450)
    held = store.cases(reviews=[Review.HELD])
    assert {case.reason.partition(":")[0] for case in held} == {"burst"}
    with CaseServer() as server, courier(store, server, settings=WIDE):
        wait_until(lambda: not store.counts().deliveries[DeliveryState.PENDING])
        wait_until(lambda: store.counts().deliveries[DeliveryState.DELIVERED] == 50)
        assert len(server.stored) == 50


def test_one_camera_is_capped_by_kind(store: Store) -> None:
    """The cap of another camera, and of another kind, is its own."""
    told = [confirm(store, make_violation(number)).held_for for number in range(12)]
    assert [bool(why) for why in told] == [False] * 10 + [True] * 2
    assert told[-1] == "burst: 10 of illegal_parking from road-01 in 3600 s"
    assert confirm(store, make_violation(100, camera="road-02")).held_for == ""
    other = replace(make_violation(101), kind="street_stall", violation_id="other")
    assert confirm(store, other).held_for == ""


def test_a_cap_holds_through_a_restart_and_ends_with_its_time(
    place: Where, clock: SetClock
) -> None:
    """What counts is in the store; an hour later the same camera is heard again."""
    with Store.open(place, clock=clock) as store:
        for number in range(10):
            confirm(store, make_violation(number))
    with Store.open(place, clock=clock) as store:
        assert confirm(store, make_violation(10)).held_for
        clock.pass_s(3601.0)
        assert not confirm(store, make_violation(11)).held_for


def test_a_held_burst_is_lifted_case_by_case(store: Store) -> None:
    """A person approves, and it goes out; what a person has approved uses up no cap."""
    for number in range(11):
        confirm(store, make_violation(number))
    held = make_violation(10).violation_id
    store.approve(held, by="li", reason="real")
    assert store.delivery(f"{held}-report").state is DeliveryState.PENDING
    assert confirm(store, make_violation(50, camera="road-02")).held_for == ""


def test_without_limits_nothing_is_held(store: Store) -> None:
    """Null in the site file: as many as come."""
    none = Limits(camera_kind=None, site=None, per_s=3600.0)
    assert not any(confirm(store, make_violation(n), none).held_for for n in range(30))


def test_a_second_confirmation_is_still_known(store: Store) -> None:
    """A burst between the two changes nothing about it."""
    first = confirm(store, make_violation(0))
    for number in range(1, 12):
        confirm(store, make_violation(number))
    assert confirm(store, make_violation(0)) == replace(first, first=False)


def test_a_rejected_case_silences_its_place(store: Store, clock: SetClock) -> None:
    """The same camera, zone, kind and box: held with the reason, for as long as was said."""
    rejected = make_violation(0)
    store.confirm(rejected, None, {}, review=Review.HELD)
    store.reject(rejected.violation_id, by="li", reason="a bus stop", silence_s=DAY_S)
    (silence,) = store.silences.listed()
    assert (silence.by, silence.reason, silence.box) == ("li", "a bus stop", rejected.box)
    why = confirm(store, make_violation(60)).held_for
    assert why.startswith("silenced until")
    assert rejected.violation_id in why
    assert store.claim("courier", lease_s=30) == ()
    clock.pass_s(DAY_S + 1)
    assert store.silences.listed() == ()
    assert confirm(store, make_violation(90_000)).held_for == ""


@pytest.mark.parametrize(
    ("other", "silenced"),
    [
        (replace(make_violation(60), box=(605.0, 150.0, 645.0, 192.0)), True),  # IoU 0.66
        (replace(make_violation(60), box=(625.0, 147.0, 665.0, 189.0)), False),  # IoU 0.23
        (replace(make_violation(60), zone_id="pavement"), False),
        (replace(make_violation(60), kind="street_stall"), False),
        (make_violation(60, camera="road-02"), False),
    ],
)
def test_another_place_is_not_silenced(store: Store, other: Violation, silenced: bool) -> None:
    """Half of both boxes together has to be shared; zone, kind and camera are the same."""
    store.confirm(make_violation(0), None, {})
    store.refute(make_violation(0).violation_id, by="li", reason="no", silence_s=DAY_S)
    assert bool(confirm(store, other).held_for) is silenced


def test_other_cameras_of_a_place_are_silenced(store: Store) -> None:
    """Wherever in their zone it seems to stand; not another zone or kind, and no second witness."""
    store.confirm(make_violation(0), None, {})
    store.refute(make_violation(0).violation_id, by="li", reason="no", silence_s=DAY_S)
    seen = replace(make_violation(60, camera="road-02"), box=(0.0, 0.0, 40.0, 40.0))
    place = [("road-03", "kerb"), ("road-01", "kerb")]
    why = store.confirm(seen, None, {}, same_place=place).held_for
    assert why.endswith(f"{make_violation(0).violation_id} was rejected here, as road-01 saw it")
    for number, (violation, where) in enumerate(
        [
            (seen, [("road-01", "pavement"), ("road-04", "kerb")]),
            (replace(seen, kind="street_stall"), place),
        ]
    ):
        other = replace(violation, violation_id=f"other-{number}")
        assert store.confirm(other, None, {}, same_place=where).held_for == ""
    first = make_violation(70, camera="road-03")
    store.confirm(first, None, {})
    witness = replace(seen, violation_id="witness")
    linked = store.confirm(witness, None, {}, witness_of=first.violation_id, same_place=place)
    assert linked.held_for == ""
    (silence,) = store.silences.listed()
    store.silences.lift(silence.silence_id, by="wang")
    again = replace(seen, violation_id="again")
    assert store.confirm(again, None, {}, same_place=place).held_for == ""


def test_a_silence_is_lifted_by_a_person(store: Store) -> None:
    """Once; afterwards cases go out again, and the history says who did it."""
    store.confirm(make_violation(0), None, {})
    store.refute(make_violation(0).violation_id, by="li", reason="no", silence_s=DAY_S)
    (silence,) = store.silences.listed()
    store.silences.lift(silence.silence_id, by="wang")
    assert store.silences.listed() == ()
    assert store.silences.listed(lifted=True)[0].lifted_by == "wang"
    assert confirm(store, make_violation(60)).held_for == ""
    with pytest.raises(WrongState, match="has ended"):
        store.silences.lift(silence.silence_id, by="wang")
    with pytest.raises(NotFound, match="cases silences"):
        store.silences.lift(77, by="wang")
    history = store.case(make_violation(0).violation_id).history
    assert [(entry.what, entry.by) for entry in history][-1] == ("silence lifted", "wang")


def test_rejecting_twice_is_one_verdict(store: Store) -> None:
    """A false alarm that is told again adds neither verdict nor silence."""
    store.confirm(make_violation(0), None, {})
    violation_id = make_violation(0).violation_id
    assert store.refute(violation_id, by="li", reason="no", silence_s=DAY_S)
    assert not store.refute(violation_id, by="li", reason="no", silence_s=DAY_S)
    assert len(store.silences.listed()) == 1
    assert store.case(violation_id).case.review is Review.REJECTED


def test_silence_of_no_seconds_is_none(store: Store) -> None:
    """0 in the site file switches it off."""
    store.confirm(make_violation(0), None, {}, review=Review.HELD)
    store.reject(make_violation(0).violation_id, by="li", reason="no", silence_s=0.0)
    assert store.silences.listed() == ()


def test_confirmations_at_the_same_time_share_the_cap(place: Where) -> None:
    """Sixteen threads, as several processes on one database: not one more than the cap."""
    with Store.open(place) as store, ThreadPoolExecutor(16) as pool:
        cameras = [make_violation(n, camera=f"camera-{n:03d}") for n in range(120)]
        held = list(pool.map(lambda each: bool(confirm(store, each).held_for), cameras))
        assert held.count(False) == 50
