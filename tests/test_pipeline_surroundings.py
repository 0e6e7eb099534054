"""Which boxes of a look are handed on to be covered."""

from datetime import UTC, datetime

import numpy as np

from detectors import Look
from models import VOCABULARY, Detections
from pipeline.surroundings import surroundings_of


def look(*boxes: tuple[str, float, tuple[float, float, float, float]]) -> Look:
    """Make a look of (name, score, box)."""
    detections = Detections(
        np.array([box for _, _, box in boxes], np.float32).reshape(-1, 4),
        np.array([score for _, score, _ in boxes], np.float32),
        np.array([VOCABULARY.index(name) for name, _, _ in boxes], np.int32),
    )
    return Look("c", "default", 0, 0.0, datetime(2026, 1, 5, tzinfo=UTC), 640, 360, detections)


def test_echoes_of_a_vehicle_are_not_bystanders() -> None:
    """A weak vehicle box inside a strong one is dropped; people and other vehicles are kept."""
    kept = surroundings_of(
        look(
            ("car", 0.9, (100, 100, 200, 160)),
            ("truck", 0.2, (110, 120, 190, 165)),  # an echo
            ("car", 0.2, (195, 100, 295, 160)),  # beside it, weak, but a car of its own
            ("bus", 0.6, (120, 90, 220, 160)),  # overlapping and sure of itself
            ("person", 0.1, (120, 110, 140, 150)),  # someone in front of the car
        )
    )
    assert [name for name, _ in kept.boxes] == ["car", "car", "bus", "person"]


def test_a_look_without_boxes() -> None:
    """Nothing seen, nothing to cover."""
    assert surroundings_of(look()).boxes == ()
