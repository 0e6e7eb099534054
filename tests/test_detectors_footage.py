"""Real footage through a real model and the rules: what a person would accept."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from detectors import Box, Change, Look, Rule, ViolationEvent, Watch, Zone
from models import VOCABULARY, load
from streams import FileReader
from tests.looks import NOON, SHANGHAI, replay

PARKED = (600.0, 147.0, 640.0, 189.0)
"""In street.mp4, all along, by eye."""
AT_THE_LIGHT = [
    (350.0, 132.0, 415.0, 165.0),  # until about 20 s
    (309.0, 116.0, 345.0, 143.0),  # behind a sign post, until about 21 s
    (269.0, 105.0, 307.0, 131.0),  # until about 22 s
]
LOWER = Zone("lower", "no_parking", ((0.0, 0.25), (1.0, 0.25), (1.0, 1.0), (0.0, 1.0)))
PARKED_IN_CITY = (417.0, 112.0, 440.0, 131.0)
"""In city_road.avi: a silver car at the kerb before the shops, all along, by eye."""

Looks = Callable[[str], Sequence[Look]]


@pytest.fixture(scope="module")
def looks(shared_data: Path) -> Looks:
    """Look at a video every 2 s with yolo11n_quantized, down to a score of 0.1."""

    @cache
    def seen(video: str) -> Sequence[Look]:
        detector = load(shared_data / "weights" / "yolo11n_quantized.onnx", threads=1)
        adopt = VOCABULARY.adopt(detector.classes)
        found = []
        for frame in FileReader(shared_data / "videos" / video, start=NOON):
            (detections,) = detector.detect([frame.picture], 0.1)
            height, width = frame.picture.shape[:2]
            detections = adopt.relabel(detections).scaled(
                frame.width / width, frame.height / height
            )
            found.append(
                Look(
                    "cam",
                    "default",
                    frame.session,
                    frame.at_s,
                    frame.captured_at,
                    frame.width,
                    frame.height,
                    detections,
                    picture=frame.picture,
                )
            )
        detector.close()
        return found

    return seen


def _confirmed(looks: Sequence[Look], dwell_s: float, *zones: Zone) -> list[ViolationEvent]:
    rule = Rule("illegal_parking", zones, dwell_s=dwell_s)
    one = Watch("site", "cam", [rule], VOCABULARY.names, SHANGHAI, 2.0)
    return [event for _, event in replay(one, looks) if event.change is Change.CONFIRMED]


def _iou(a: Box, b: Box) -> float:
    width = max(0.0, min(a[2], b[2]) - max(a[0], b[0]))
    height = max(0.0, min(a[3], b[3]) - max(a[1], b[1]))
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (a, b)]
    return width * height / (sum(areas) - width * height)


@pytest.mark.parametrize("keep", [1, 2, 3])
@pytest.mark.parametrize("with_pictures", [True, False], ids=["pictures", "boxes"])
def test_the_parked_car_is_the_only_one_after_26_s(
    looks: Looks, keep: int, *, with_pictures: bool
) -> None:
    """Once, where it stands, also with a half or a third of the looks; no queue, no traffic."""
    seen = looks("street.mp4")
    if not with_pictures:
        seen = [replace(look, picture=None) for look in seen]
    found = _confirmed(seen[::keep], 26.0, LOWER)
    assert len(found) == 1
    assert _iou(found[0].violation.box, PARKED) >= 0.5
    assert 26.0 <= found[0].violation.last_at_s <= 26.0 + 3 * 2.0 * keep


def test_five_seconds_find_what_stands_and_nothing_that_passes(looks: Looks) -> None:
    """With a dwell of 5 s the queue at the light stands, too; each car once, no other."""
    found = [event.violation.box for event in _confirmed(looks("street.mp4"), 5.0, LOWER)]
    standing = [PARKED, *AT_THE_LIGHT]
    owners = [max(standing, key=lambda place: _iou(place, box)) for box in found]
    assert all(_iou(owner, box) >= 0.4 for owner, box in zip(owners, found, strict=True))
    assert len(set(owners)) == len(owners)
    assert {PARKED, AT_THE_LIGHT[0]} <= set(owners)


def test_dense_traffic_is_not_parked(looks: Looks) -> None:
    """About 20 moving cars a look, in each other's places: only the car that is parked, if any."""
    found = [event.violation.box for event in _confirmed(looks("city_road.avi"), 5.0)]
    assert len(found) <= 1
    assert all(_iou(PARKED_IN_CITY, box) >= 0.5 for box in found)


def test_a_plaza_full_of_people_has_no_parked_car(looks: Looks) -> None:
    """Nothing on a plaza is a vehicle."""
    assert not _confirmed(looks("plaza.mp4"), 5.0)
