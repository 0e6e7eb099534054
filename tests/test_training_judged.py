"""What a detector's answers say by weather, size and distance, beside look-alikes and asphalt."""

from pathlib import Path
from types import MappingProxyType

import numpy as np
import pytest

from models import Detections, load
from tests.conftest import REPOSITORY
from training.evaluate import table_of
from training.example import COMMON, Box, DatasetError, Example
from training.judged import Judged
from training.look import look
from training.quiet import judge_quiet, shows_nothing
from training.scoring import NOTHING
from training.sheets import write_sheets
from training.split import is_held_out_seed

NAMES = ["car", "stall", "muck"]
OWN = MappingProxyType({name: name for name in NAMES})


def example(weather: str, boxes: tuple[Box, ...], mode: str = "rare") -> Example:
    """Make a picture of the model's own size."""
    return Example(Path("x"), 512, 288, boxes, "scenes", (weather, 1), weather, mode)


def answers(*rows: tuple[tuple[float, float, float, float], float, int]) -> Detections:
    """Make detections of rows (box, score, label)."""
    return Detections(
        np.array([row[0] for row in rows], np.float32).reshape(-1, 4),
        np.array([row[1] for row in rows], np.float32),
        np.array([row[2] for row in rows], np.int32),
    )


NEAR = (0.0, 0.0, 80.0, 60.0)
FAR = (100.0, 100.0, 112.0, 112.0)
SMALL = (200.0, 100.0, 204.0, 103.0)
JUDGED = Judged(
    [
        example("sun", (Box("car", NEAR, "renderer", 8.0), Box("stall", FAR, "renderer", 40.0))),
        example("night", (Box("stall", NEAR, "renderer", 12.0),)),
        example("sun", (), "look-alikes"),
        example("sun", (), "look-alikes"),
    ],
    [
        answers((NEAR, 0.9, 0)),
        answers((NEAR, 0.8, 2), (NEAR, 0.2, 1)),
        answers((FAR, 0.9, 0), (NEAR, 0.6, 1), (FAR, 0.3, 2)),
        answers(),
    ],
    NAMES,
    OWN,
)


def test_conditions_are_told_apart() -> None:
    """Recall by size, distance and weather at threshold 0.5, counted by hand."""
    table = table_of({"scenes": JUDGED}, 0.5)
    assert table["by"]["size"] == {
        "00 to 16 px": {"asked": 1, "recall": 0.0},
        "64 px and more": {"asked": 2, "recall": 0.5},
    }
    assert table["by"]["distance"] == {
        "00 to 10 m": {"asked": 1, "recall": 1.0},
        "10 to 20 m": {"asked": 1, "recall": 0.0},
        "35 m and more": {"asked": 1, "recall": 0.0},
    }
    assert table["by"]["weather"]["night"]["pictures"] == 1
    assert table["by"]["weather"]["night"]["recall"] == 0.0
    assert table["by"]["weather"]["sun"]["recall"] == 0.5
    assert table["pictures"] == {"scenes": 4}


def test_look_alikes_count_only_what_cannot_be_there() -> None:
    """A stall at 0.6 is one false box in two pictures; muck is below, a car counts apart."""
    assert JUDGED.look_alikes(0.5, COMMON) == {
        "pictures": 2,
        "false_a_picture": 0.5,
        "by_class": {"stall": 1},
        "common_false_a_picture": 0.5,
        "common_by_class": {"car": 1},
    }
    assert Judged([example("sun", ())], [answers()], NAMES, OWN).look_alikes(0.5, COMMON) is None


def test_beside_look_alikes_common_things_may_truly_stand() -> None:
    """A car, one called truck's, and one too small to be asked for fit; a second on one does not.

    A stall made of the same car is false, and does not take it from the box that is right.
    """
    there = (Box("car", NEAR, "renderer"), Box("truck", FAR, "renderer"))
    small = Box("car", SMALL, "renderer")
    picture = Example(
        Path("x"), 512, 288, there, "scenes", ("sun", 1), "sun", "look-alikes", (small,)
    )
    found = answers((NEAR, 0.95, 1), (NEAR, 0.9, 0), (NEAR, 0.8, 0), (FAR, 0.7, 0), (SMALL, 0.7, 0))
    assert Judged([picture], [found], NAMES, OWN).look_alikes(0.5, COMMON) == {
        "pictures": 1,
        "false_a_picture": 1.0,
        "by_class": {"stall": 1},
        "common_false_a_picture": 1.0,
        "common_by_class": {"car": 1},
    }


def test_confusion_says_what_was_taken_for_what() -> None:
    """The stall called muck, the stall missed, the car right, and two boxes about nothing."""
    assert JUDGED.confusion(0.5) == {
        "car": {"car": 1},
        "stall": {NOTHING: 1, "muck": 1},
        NOTHING: {"car": 1, "stall": 1},
    }


def test_precision_at_the_recall_of_another() -> None:
    """At recall 1 the car's precision is 1; a class that never reaches it has none."""
    tallies = JUDGED.scores().tallies
    assert tallies["car"].precision_at(1.0) == 1.0
    assert tallies["stall"].precision_at(0.9) is None


def test_seeds_of_unseen_scenes_only_judge() -> None:
    """Every seed from 900000 on is held out, below it every eighth."""
    assert [seed for seed in (7, 8, 899_999, 900_000, 900_001) if is_held_out_seed(seed)] == [
        7,
        899_999,
        900_000,
        900_001,
    ]


def test_empty_asphalt_is_judged_where_it_is_known(tmp_path: Path) -> None:
    """223 of the 377 frames of empty_road show no car; of another video nobody knows that."""
    video = Path("empty_road.mp4")
    assert sum(shows_nothing(video, number) for number in range(377)) == 223
    street = load(REPOSITORY / "models" / "weights" / "street.onnx", threads=1)
    with pytest.raises(DatasetError, match="known of"):
        judge_quiet(street, tmp_path / "other.mp4", 0.9)


def test_a_look_shows_the_last_third_of_a_video(shared_data: Path, tmp_path: Path) -> None:
    """Twelve frames of a busy road on one sheet, with cars counted."""
    street = load(REPOSITORY / "models" / "weights" / "street.onnx", threads=1)
    tiles, counts = look(street, shared_data / "videos" / "city_road.avi", 0.3)
    assert len(tiles) == 12
    assert counts["car"] > 12
    assert [path.name for path in write_sheets(tiles, tmp_path / "road")] == ["road-00.jpg"]
