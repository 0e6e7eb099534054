"""A car that something hides: the same one afterwards, or another one in its place."""

from dataclasses import replace

import numpy as np
import pytest

from detectors import Change
from tests.looks import NOON, Car, Street, confirmations, replay, rule, watch

PLACE = (280.0, 230.0, 360.0, 280.0)
BUS = (180.0, 170.0, 460.0, 330.0)
"""In front of PLACE, and larger."""

painted = pytest.mark.parametrize("with_pictures", [False, True], ids=["boxes", "pictures"])


@painted
def test_the_same_car_goes_on_behind_a_bus(*, with_pictures: bool) -> None:
    """20 s behind a bus are bridged, counted as unseen, and not as dwell."""
    street = Street([Car(PLACE), Car(BUS, 20.0, 40.0, "bus", paint=5)], painted=with_pictures)
    found = confirmations(watch(rule(30.0)), street.looks(100.0))
    assert len(found) == 1
    violation = found[0].violation
    # seen until 18 s, then from 40 s: 12 s more are needed
    assert violation.last_at_s == 52.0
    assert violation.dwell_s == pytest.approx(30.0)
    assert violation.unseen_s == pytest.approx(22.0)
    assert violation.opened_at == NOON


@painted
def test_a_moment_behind_a_bus_counts_where_pictures_show_the_same_car(
    *, with_pictures: bool
) -> None:
    """12 s behind a bus: with pictures the same pixels before and after tell that it stood."""
    street = Street([Car(PLACE), Car(BUS, 10.0, 22.0, "bus", paint=5)], painted=with_pictures)
    (event,) = confirmations(watch(rule(30.0)), street.looks(100.0))
    unseen_s = 0.0 if with_pictures else 14.0
    assert event.violation.last_at_s == 30.0 + unseen_s
    assert event.violation.unseen_s == pytest.approx(unseen_s)


def test_heavy_traffic_delays_a_confirmation_by_few_looks() -> None:
    """Buses hide the car for 8 s of every 12: confirmed when its time is over, by pictures."""
    buses = [Car(BUS, 4.0 + 12.0 * i, 12.0 + 12.0 * i, "bus", paint=i) for i in range(12)]
    street = Street([Car(PLACE), *buses], painted=True)
    (event,) = confirmations(watch(rule(120.0)), street.looks(170.0))
    assert 120.0 <= event.violation.last_at_s <= 126.0


def test_another_car_behind_the_bus_starts_a_dwell_of_its_own() -> None:
    """One leaves behind a bus, another takes its place: the second is timed from its own start."""
    cars = [
        Car(PLACE, 0.0, 26.0, paint=1),
        Car(PLACE, 26.0, paint=2),
        Car(BUS, 20.0, 32.0, "bus", paint=5),
    ]
    events = list(replay(watch(rule(30.0)), Street(cars, painted=True).looks(100.0)))
    found = [event.violation for _, event in events if event.change is Change.CONFIRMED]
    assert [(one.opened_at_s, one.last_at_s) for one in found] == [(32.0, 62.0)]
    reasons = [event.reason for _, event in events if event.change is Change.DISCARDED]
    assert "replaced" in reasons


def test_a_look_alike_that_stands_otherwise_is_another_car() -> None:
    """The same model and colour, a little larger and further back, comes from behind the bus."""
    alike = (PLACE[0] - 10.0, PLACE[1] - 2.5, PLACE[2], PLACE[3] + 2.5)
    cars = [
        Car(PLACE, 0.0, 26.0, paint=1),
        Car(alike, 26.0, paint=1),
        Car(BUS, 20.0, 32.0, "bus", paint=5),
    ]
    found = confirmations(watch(rule(30.0)), Street(cars, painted=True).looks(100.0))
    assert [event.violation.last_at_s for event in found] == [62.0]


def test_the_same_car_goes_on_though_it_is_boxed_otherwise() -> None:
    """The model draws a larger box from then on: the pixels tell that it is the same car."""
    cars = [Car(PLACE), Car(BUS, 20.0, 32.0, "bus", paint=5)]
    wider = np.array([-10.0, -2.5, 0.0, 2.5], np.float32)
    looks = []
    for look in Street(cars, painted=True).looks(100.0):
        if look.at_s >= 32.0:
            boxed = replace(look.detections, xyxy=look.detections.xyxy + wider)
            look = replace(look, detections=boxed)  # noqa: PLW2901
        looks.append(look)
    (event,) = confirmations(watch(rule(30.0)), looks)
    assert event.violation.opened_at_s == 0.0
    assert event.violation.last_at_s <= 44.0
