"""Boxes, zones and ground contact."""

import numpy as np
import pytest

from detectors import Zone
from detectors.place import (
    Area,
    ground_distances,
    hidden_share,
    in_place,
    leaders,
    overlaps,
    rivals,
)


def _boxes(*boxes: tuple[float, float, float, float]) -> np.ndarray:
    return np.asarray(boxes, np.float64).reshape(-1, 4)


def test_overlap_of_known_boxes() -> None:
    """Half-shifted squares share a third; touching ones nothing."""
    found = overlaps(
        _boxes((0, 0, 10, 10)), _boxes((5, 0, 15, 10), (10, 0, 20, 10), (0, 0, 10, 10))
    )
    assert found.tolist() == [[pytest.approx(1 / 3), 0.0, 1.0]]


def test_ground_is_measured_at_the_foot() -> None:
    """A tall and a low box with one foot stand on one ground."""
    assert ground_distances(_boxes((0, 0, 10, 100)), _boxes((0, 90, 10, 100)))[0, 0] < 7.0
    assert ground_distances(_boxes((0, 0, 10, 100)), _boxes((0, 0, 10, 50)))[0, 0] > 45.0


@pytest.mark.parametrize(
    ("seen", "stands"),
    [
        ((103, 203, 183, 253), True),  # 3 px of jitter
        ((97, 197, 186, 247), True),
        ((110, 200, 190, 250), True),  # an eighth of its length
        ((120, 200, 200, 250), False),  # a quarter: it moved
        ((100, 216, 180, 266), False),  # a lane further down
        ((100, 200, 130, 215), False),  # something small in its place
    ],
)
def test_what_stands_in_place(seen: tuple[float, float, float, float], *, stands: bool) -> None:
    """Jitter is standing, a quarter of a length is not."""
    assert in_place(_boxes((100, 200, 180, 250)), _boxes(seen))[0, 0] == stands


def test_small_boxes_may_jitter_as_many_pixels() -> None:
    """A detector's 3 px are a lot for a box of 24 x 21 px, and still standing."""
    assert in_place(_boxes((100, 100, 124, 121)), _boxes((103, 97, 127, 118)))[0, 0]


def test_second_boxes_follow_the_best() -> None:
    """Two labels of one group, or a part and its whole: one thing. A car before a bus is not."""
    boxes = _boxes(
        (0, 0, 100, 60),  # best
        (2, 1, 101, 62),  # the same, labelled otherwise
        (0, 20, 60, 60),  # its front half
        (200, 0, 500, 200),  # a bus
        (220, 150, 290, 195),  # a car before it: too small to be half a bus
        (1, 0, 99, 61),  # a person's box as large as the car: another group
    )
    groups = np.asarray([-1, -1, -1, -1, -1, 0], np.int32)
    assert leaders(boxes, groups).tolist() == [0, 0, 0, 3, 4, 5]


def test_only_what_stands_lower_hides() -> None:
    """A bus in front hides; one behind does not."""
    car = (100.0, 200.0, 180.0, 250.0)
    assert hidden_share(car, _boxes((60, 100, 260, 300))) == 1.0
    assert hidden_share(car, _boxes((60, 60, 260, 230))) == 0.0
    assert hidden_share(car, _boxes((140, 190, 260, 300))) == pytest.approx(0.5)
    assert hidden_share(car, _boxes()) == 0.0


def test_who_claims_the_same_ground() -> None:
    """Shifted by a third of itself: yes. A van a lane nearer, a bus in front, a neighbour: no."""
    car = _boxes((100, 200, 180, 250))
    others = _boxes(
        (120, 202, 200, 252),
        (90, 200, 220, 280),
        (0, 100, 300, 320),
        (170, 200, 250, 250),
        (100, 205, 140, 250),  # its front half, boxed alone
    )
    assert rivals(car, others).tolist() == [[True, False, False, False, True]]


def _area(*corners: tuple[float, float]) -> Area:
    return Area.of(Zone("z", "no_parking", corners))


def test_ground_share_counts_the_whole_box() -> None:
    """The box 280..500 reaches 20 px into a zone that ends at 300: a share of 1/11, not 1."""
    area = _area((0.0, 0.0), (300 / 640, 0.0), (300 / 640, 1.0), (0.0, 1.0))
    box = (280.0, 200.0, 500.0, 300.0)
    assert area.ground_share(box, 360.0) == pytest.approx(20 / 220)
    assert not area.holds_ground(box, 360.0)


def test_a_box_at_the_picture_edge_still_stands_in_the_zone() -> None:
    """Cut by the right and the lower edge, where the zone ends as well."""
    area = _area((0.0, 0.25), (1.0, 0.25), (1.0, 1.0), (0.0, 1.0))
    assert area.ground_share((600.0, 300.0, 640.0, 360.0), 360.0) == pytest.approx(1.0)
    assert area.holds_ground((600.0, 300.0, 640.0, 360.0), 360.0)


def test_a_crossed_polygon_is_refused() -> None:
    """A bow tie has no inside to speak of."""
    with pytest.raises(ValueError, match="crosses itself"):
        _area((0.0, 0.0), (1.0, 1.0), (1.0, 0.0), (0.0, 1.0))
