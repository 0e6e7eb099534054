"""Which boxes of a look are handed on to be covered."""

from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from cases.evidence.cover import covers
from detectors import Look
from models import VOCABULARY, Detections
from pipeline.spool import Spool
from pipeline.surroundings import surroundings_of
from tests.evidence_requests import make_excerpt


def look(*boxes: tuple[str, float, tuple[float, float, float, float]]) -> Look:
    """Make a look of (name, score, box)."""
    detections = Detections(
        np.array([box for _, _, box in boxes], np.float32).reshape(-1, 4),
        np.array([score for _, score, _ in boxes], np.float32),
        np.array([VOCABULARY.index(name) for name, _, _ in boxes], np.int32),
    )
    return Look("c", "default", 0, 0.0, datetime(2026, 1, 5, tzinfo=UTC), 640, 360, detections)


def test_echoes_of_a_vehicle_are_not_bystanders() -> None:
    """A weak vehicle box inside a strong one is marked; people and other vehicles are not."""
    kept = surroundings_of(
        look(
            ("car", 0.9, (100, 100, 200, 160)),
            ("truck", 0.2, (110, 120, 190, 165)),  # an echo
            ("car", 0.2, (195, 100, 295, 160)),  # beside it, weak, but a car of its own
            ("bus", 0.6, (120, 90, 220, 160)),  # overlapping and sure of itself
            ("person", 0.1, (120, 110, 140, 150)),  # someone in front of the car
        )
    )
    assert [each.label for each in kept.seen if each.echo] == ["truck"]
    assert [each.label for each in kept.seen if not each.echo] == ["car", "car", "bus", "person"]


def test_echoes_are_spared_in_the_accused_alone(tmp_path: Path) -> None:
    """In the accused they stay open; in a bystander they are covered as it is."""
    boxes: list[tuple[str, float, tuple[float, float, float, float]]] = [
        ("car", 0.9, (100, 100, 200, 160)),
        ("truck", 0.2, (110, 120, 190, 165)),
    ]
    spool = Spool(tmp_path)
    path = spool.keep_look("v", 1.0, make_excerpt(), surroundings_of(look(*boxes)))
    _, kept = spool.load_look(path)
    assert covers(kept.seen, (100.0, 100.0, 200.0, 160.0)) == ()
    assert len(covers(kept.seen, (400.0, 100.0, 500.0, 160.0))) == 2


def test_a_look_without_boxes() -> None:
    """Nothing seen, nothing to cover."""
    assert surroundings_of(look()).seen == ()
