"""Following things from look to look."""

from dataclasses import replace

import numpy as np
import pytest

from detectors.scene import Sightings
from detectors.tracker import MOST_TRACKS, Tracker
from models import Detections
from tests.looks import VOCABULARY, Car, Noise, Street, merged


def _ids(
    tracker: Tracker, street: Street, until_s: float, interval_s: float = 2.0
) -> list[list[int]]:
    found = []
    for look in street.looks(until_s, interval_s):
        seen = Sightings.of(look, VOCABULARY, 0.1)
        found.append([track.track_id for track in tracker.update(look.at_s, seen)])
    return found


PARKED = Car((280.0, 230.0, 360.0, 280.0))


def test_a_standing_car_keeps_its_number() -> None:
    """Through jitter and misses."""
    street = Street([PARKED], noise=Noise(1, 0.2, 3.0))
    assert {number for ids in _ids(Tracker(2.0), street, 60.0) for number in ids} == {1}


def test_numbers_count_from_one_in_each_tracker() -> None:
    """Another camera's tracker knows nothing of this one."""
    first, second = Tracker(2.0), Tracker(2.0)
    _ids(first, Street([PARKED, Car((20.0, 230.0, 90.0, 280.0))]), 4.0)
    assert _ids(second, Street([PARKED]), 4.0) == [[1], [1], [1]]


def test_traffic_between_rare_looks_is_many_things() -> None:
    """A car that is far away at the next look is not claimed to be the same."""
    street = Street([Car((0.0, 230.0, 80.0, 280.0), speed_px_s=150.0)])
    assert _ids(Tracker(2.0), street, 4.0) == [[1], [2], [3]]


def test_traffic_between_close_looks_is_followed() -> None:
    """At ten looks a second the same car is one track."""
    street = Street([Car((0.0, 230.0, 80.0, 280.0), speed_px_s=150.0)])
    assert {number for ids in _ids(Tracker(0.1), street, 3.0, 0.1) for number in ids} == {1}


def test_two_cars_that_meet_keep_apart() -> None:
    """A car that passes close to a parked one does not take its number."""
    street = Street([PARKED, Car((100.0, 290.0, 190.0, 350.0), speed_px_s=60.0)])
    found = _ids(Tracker(0.2), street, 6.0, 0.2)
    parked = {ids[1] if len(ids) > 1 else ids[0] for ids in found}
    assert len({number for ids in found for number in ids}) == 2
    assert len(parked) <= 2


def test_standing_is_told_from_moving() -> None:
    """still_since_s stays for the parked car and runs along for the one that drives."""
    street = Street([PARKED, Car((0.0, 290.0, 80.0, 340.0), speed_px_s=20.0)])
    tracker = Tracker(1.0)
    for look in street.looks(20.0, 1.0):
        seen = Sightings.of(look, VOCABULARY, 0.1)
        tracks = tracker.update(look.at_s, seen)
    by_box = {round(track.box[1]): track for track in tracks}
    assert by_box[230].still_since_s == 0.0
    assert by_box[290].still_since_s >= 19.0


def test_second_boxes_share_a_track() -> None:
    """A van boxed as car and truck is one track, named after the better score."""
    van = [Car(PARKED.box, label="truck", score=0.8), Car(PARKED.box, label="car", score=0.5)]
    tracker = Tracker(2.0)
    # in one street the nearer would hide the other
    both = merged([Street([one]).look(0.0, 0) for one in van])
    seen = Sightings.of(both, VOCABULARY, 0.1)
    tracks = tracker.update(0.0, seen)
    assert [track.track_id for track in tracks] == [1, 1]
    assert tracks[0].label == "truck"


def test_memory_is_bounded() -> None:
    """Whatever a model finds, no more tracks are kept than stated."""
    tracker = Tracker(2.0)
    random = np.random.default_rng(5)
    for index in range(4):
        left, top = random.uniform(0, 600, 200), random.uniform(0, 320, 200)
        boxes = np.stack([left, top, left + 9, top + 9], axis=1).astype(np.float32)
        found = Detections(boxes, np.full(200, 0.9, np.float32), np.ones(200, np.int32))
        look = replace(Street([]).look(2.0 * index, index), detections=found)
        tracker.update(look.at_s, Sightings.of(look, VOCABULARY, 0.1))
    assert len(tracker.to_json()["followed"]) == MOST_TRACKS


def test_a_track_knows_how_well_it_was_seen() -> None:
    """On average, whatever the last look says."""
    tracker, scores = Tracker(2.0), [0.5, 0.2, 0.2]
    for index, score in enumerate(scores):
        look = Street([replace(PARKED, score=score)]).look(2.0 * index, index)
        (track,) = tracker.update(look.at_s, Sightings.of(look, VOCABULARY, 0.1))
    assert track.score == pytest.approx(0.2)
    assert track.mean_score == pytest.approx(0.3)
