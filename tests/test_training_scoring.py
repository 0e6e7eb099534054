"""Scores against values worked out by hand."""

import numpy as np
import pytest

from models import Detections
from training.example import Box
from training.scoring import Scores, confuse

GROUP = {"car": "vehicle", "bus": "vehicle", "person": "person"}
NAMES = ["car", "bus", "person", None]


def found(rows: list[tuple[tuple[float, float, float, float], float, int]]) -> Detections:
    """Make detections of rows (box, score, label)."""
    return Detections(
        np.array([row[0] for row in rows], np.float32).reshape(-1, 4),
        np.array([row[1] for row in rows], np.float32),
        np.array([row[2] for row in rows], np.int32),
    )


def test_hits_misses_and_doubles() -> None:
    """One hit, one double, one false box and one missed thing: precision 1/3, recall 1/2."""
    truth = [Box("car", (0.0, 0.0, 10.0, 10.0)), Box("bus", (50.0, 0.0, 90.0, 20.0))]
    scores = Scores()
    scores.add(
        truth,
        found(
            [
                ((0, 0, 10, 9), 0.9, 0),  # the car
                ((0, 1, 10, 10), 0.8, 0),  # the car again
                ((20, 20, 30, 30), 0.7, 1),  # nothing
                ((50, 0, 90, 20), 0.6, 3),  # a class that is not judged
            ]
        ),
        NAMES,
        GROUP,
    )
    row = scores.rows(0.5)["vehicle"]
    # Both boxes about the car overlap it by 0.9: a hit at nine of the ten overlaps of AP50-95.
    assert row == {"asked": 2, "precision": 0.333, "recall": 0.5, "ap50": 0.5, "ap50_95": 0.45}


def test_what_nobody_asked_for_is_neither_hit_nor_false() -> None:
    """A box on a far car is left out of the count; one on a far person is no car all the same."""
    far = [Box("car", (20.0, 20.0, 24.0, 24.0)), Box("person", (30.0, 20.0, 34.0, 24.0))]
    boxes = found([((20, 20, 24, 24), 0.9, 0), ((30, 20, 34, 24), 0.8, 0), ((0, 0, 9, 9), 0.7, 0)])
    truth = [Box("car", (0.0, 0.0, 9.0, 9.0))]
    scores = Scores()
    scores.add(truth, boxes, NAMES, GROUP, far)
    row = scores.rows(0.5)["vehicle"]
    assert (row["asked"], row["precision"], row["recall"]) == (1, 0.5, 1.0)
    table: dict[str, dict[str, int]] = {}
    confuse(table, truth, boxes, NAMES, 0.5, far)
    assert table == {"car": {"car": 1}}


def test_a_class_group_counts_its_members_as_one() -> None:
    """A bus called a car is right when both are vehicles."""
    scores = Scores()
    scores.add(
        [Box("bus", (0.0, 0.0, 40.0, 20.0))], found([((0, 0, 40, 20), 0.9, 0)]), NAMES, GROUP
    )
    assert scores.rows(0.5)["vehicle"]["recall"] == 1.0


def test_average_precision_by_hand() -> None:
    """Hits at ranks 1 and 3 of 4 with 4 asked: 1/4 * 1 + 1/4 * 2/3."""
    boxes = [(float(x), 0.0, float(x) + 10, 10.0) for x in (0, 20, 40, 60)]
    scores = Scores()
    scores.add(
        [Box("person", box) for box in boxes],
        found(
            [
                (boxes[0], 0.9, 2),
                ((100, 100, 110, 110), 0.8, 2),
                (boxes[1], 0.7, 2),
                ((200, 100, 210, 110), 0.6, 2),
            ]
        ),
        NAMES,
        GROUP,
    )
    assert scores.tallies["person"].average_precision() == pytest.approx(0.25 + 0.25 * 2 / 3)


def test_nothing_asked_and_nothing_found_is_no_score() -> None:
    """A class that never occurs has no precision, no recall and no mean precision."""
    scores = Scores()
    scores.add([], found([((0, 0, 9, 9), 0.3, 2)]), NAMES, GROUP)
    row = scores.rows(0.5)["person"]
    assert (row["precision"], row["recall"], row["ap50"]) == (None, None, None)
