"""Whether a place still looks as it did."""

import numpy as np
import pytest
from numpy.typing import NDArray

from detectors import Box
from detectors.appearance import LOOKS_CHANGED, LOOKS_SAME, Signature, likeness, take
from tests.looks import ROAD, Car, paint

PLACE: Box = (280.0, 230.0, 360.0, 280.0)


def _picture(number: int, box: Box = PLACE) -> NDArray[np.uint8]:
    return paint([(Car(box, paint=number), box)])


def _likeness(then: NDArray[np.uint8], now: NDArray[np.uint8], box: Box = PLACE) -> float:
    found = likeness(take(then, box), now)
    assert found is not None
    return found


@pytest.mark.parametrize("number", range(12))
def test_the_same_car_looks_the_same(number: int) -> None:
    """Also with other noise, two pixels off, darker, brighter, warmer, or in a half shadow."""
    car = _picture(number).astype(np.float64)
    noise = np.random.default_rng(number).normal(0.0, 8.0, car.shape)
    half = car.copy()
    half[:, : int(PLACE[0] + PLACE[2]) // 2] *= 0.5
    changed = {
        "noise": car + noise,
        "shift": np.roll(car, (1, 2), (0, 1)),
        "dark": car * 0.5,
        "bright": car * 1.3,
        "warm": car * [1.15, 1.0, 0.8],
        "half shadow": half,
    }
    for name, now in changed.items():
        picture = np.clip(now, 0, 255).astype(np.uint8)
        assert _likeness(_picture(number), picture) >= LOOKS_SAME, name


@pytest.mark.parametrize("number", range(1, 12))
def test_another_car_looks_different(number: int) -> None:
    """Twelve cars in one place, each unlike the first."""
    assert _likeness(_picture(0), _picture(number)) < LOOKS_SAME


@pytest.mark.parametrize("number", range(12))
def test_an_empty_place_looks_changed(number: int) -> None:
    """A car that left, or one that came: the place has changed."""
    assert _likeness(_picture(number), paint([])) < LOOKS_CHANGED
    assert _likeness(paint([]), _picture(number)) < LOOKS_CHANGED


def _block(colour: tuple[int, int, int]) -> NDArray[np.uint8]:
    picture = np.full((360, 640, 3), ROAD, np.uint8)
    picture[230:280, 280:360] = colour
    return picture


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ((200, 30, 30), (30, 30, 200), False),  # red and blue, the same shape
        ((240, 240, 240), (20, 20, 20), False),  # white and black
        ((240, 240, 240), (150, 150, 150), False),  # white and grey
        ((200, 30, 30), (190, 35, 30), True),
        ((110, 110, 110), (110, 110, 110), True),  # nothing there to tell apart
    ],
)
def test_cars_of_one_shape_are_told_apart_by_colour(
    one: tuple[int, int, int], other: tuple[int, int, int], *, same: bool
) -> None:
    """The same model in another colour is another car."""
    assert (_likeness(_block(one), _block(other)) >= LOOKS_SAME) is same


def test_the_picture_may_be_smaller_than_the_source() -> None:
    """Boxes are in source pixels whatever the size of the picture for comparing."""
    small = {number: _picture(number)[::2, ::2] for number in (0, 1)}
    assert _likeness(small[0], small[0]) == pytest.approx(1.0, abs=1e-3)
    assert _likeness(small[0], small[1]) < LOOKS_SAME


def test_a_box_over_the_edge_can_be_compared() -> None:
    """A car cut by the picture's edge still looks like itself, and unlike another."""
    box = (600.0, 230.0, 660.0, 280.0)
    assert _likeness(_picture(3, box), _picture(3, box), box) == pytest.approx(1.0, abs=1e-3)
    assert _likeness(_picture(3, box), _picture(4, box), box) < LOOKS_SAME


@pytest.mark.parametrize(
    "box", [(100.0, 100.0, 106.0, 104.0), (636.0, 100.0, 700.0, 140.0), (900.0, 10.0, 990.0, 60.0)]
)
def test_too_little_to_compare_is_unknown(box: Box) -> None:
    """A handful of pixels, or none in the picture, give no signature."""
    assert take(_picture(0), box) is None


def test_without_a_picture_nothing_is_known() -> None:
    """No picture, no verdict."""
    assert take(None, PLACE) is None
    assert likeness(take(_picture(0), PLACE), None) is None
    assert likeness(None, _picture(0)) is None


def test_a_signature_survives_json() -> None:
    """What a restart reads back compares exactly as before."""
    signature = take(_picture(5), PLACE)
    assert signature is not None
    again = Signature.from_json(signature.to_json())
    assert likeness(again, _picture(6)) == likeness(signature, _picture(6))
