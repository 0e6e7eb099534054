"""A busy street: cars come and go in five places, others and buses pass close in front of them."""

from dataclasses import dataclass

import numpy as np
import pytest

from detectors import Change, Violation
from tests.looks import Car, Noise, Street, replay, rule, watch

SPOTS = (
    (40.0, 230.0, 120.0, 280.0),
    (150.0, 235.0, 235.0, 288.0),
    (270.0, 228.0, 352.0, 280.0),
    (400.0, 240.0, 490.0, 296.0),
    (520.0, 232.0, 600.0, 284.0),
)
DWELL_S = 40.0
UNTIL_S = 320.0
HIDDEN_S = 24.0
"""Traffic hides a parked car for less than this in all, so that one that stays longer shows."""


@dataclass(frozen=True)
class Stay:
    """The truth of one car in one place."""

    spot: int
    start_s: float
    end_s: float

    @property
    def parked(self) -> bool:
        """Whether it is a violation: none of the stays is between."""
        return self.end_s - self.start_s > DWELL_S


def _stays(random: np.random.Generator) -> list[Stay]:
    """Cars that stay well under or well over the dwell, some following at once on another."""
    stays = []
    for spot in range(len(SPOTS)):
        at_s = random.uniform(0.0, 30.0)
        while at_s < 200.0:
            drop_off = random.random() < 0.5
            low, high = (4.0, DWELL_S - 14.0) if drop_off else (DWELL_S + HIDDEN_S, DWELL_S + 90.0)
            stay = Stay(spot, at_s, at_s + random.uniform(low, high))
            stays.append(stay)
            at_s = stay.end_s + (0.5 if random.random() < 0.3 else random.uniform(6.0, 40.0))
    return stays


def _cars(stays: list[Stay], random: np.random.Generator, seed: int) -> list[Car]:
    cars = []
    for number, stay in enumerate(stays):
        x, y = random.uniform(-5.0, 5.0, 2)
        x0, y0, x1, y1 = SPOTS[stay.spot]
        box = (x0 + x, y0 + y, x1 + x, y1 + y)
        cars.append(Car(box, stay.start_s, stay.end_s, paint=1000 * seed + number))
    for number in range(40):
        start_s, speed = random.uniform(0.0, 240.0), random.uniform(40.0, 200.0)
        bus = random.random() < 0.25
        cars.append(
            Car(
                (-200.0, 200.0, -40.0, 330.0) if bus else (-100.0, 290.0, -10.0, 345.0),
                start_s,
                start_s + 840.0 / speed,
                "bus" if bus else "car",
                paint=1000 * seed + 500 + number,
                speed_px_s=speed,
            )
        )
    return cars


def _owner(violation: Violation, stays: list[Stay]) -> Stay:
    """Whose violation it is: the parked car that was there when it opened."""
    (owner,) = [
        stay
        for stay in stays
        if stay.parked
        and abs(SPOTS[stay.spot][0] - violation.box[0]) < 15.0
        and stay.start_s - 3.0 <= violation.opened_at_s <= stay.end_s
    ]
    return owner


@pytest.mark.parametrize("seed", range(6))
def test_each_parked_car_is_one_violation_and_no_other_is(seed: int) -> None:
    """Every car that parks is confirmed once, no drop-off, no passer-by, no successor for it."""
    random = np.random.default_rng(seed)
    stays = _stays(random)
    street = Street(_cars(stays, random, seed), painted=True, noise=Noise(seed, 0.1, 2.0))
    one = watch(rule(DWELL_S, again_after_s=5.0))
    events = [event for _, event in replay(one, street.looks(UNTIL_S))]
    confirmed = [event.violation for event in events if event.change is Change.CONFIRMED]
    owners = [_owner(violation, stays) for violation in confirmed]
    due = [stay for stay in stays if stay.parked and stay.start_s + DWELL_S + HIDDEN_S < UNTIL_S]
    assert len(set(owners)) == len(owners)
    assert set(due) <= set(owners)
    for violation, owner in zip(confirmed, owners, strict=True):
        assert violation.dwell_s <= owner.end_s - owner.start_s + 0.1
        assert violation.last_at_s >= owner.start_s + DWELL_S
