"""Rendered things on real pictures: they stand on its ground, and its labels stay true."""

import json
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.conftest import REPOSITORY
from training.annotations import read_scene
from training.assemble import Sources, assemble
from training.example import CLASSES, DatasetError
from training.frames import take_frames
from training.plates import main
from training.scenes.compose import foreground_of, lay_over
from training.scenes.plate import Plate, Seen, inside, on_ground, read_view
from training.scenes.plated import FOOT_M, MAKERS, WHERE, set_things
from training.scenes.request import RequestError

VIEWS = REPOSITORY / "training" / "scenes" / "plates"
CAR = Seen("car", (250.0, 200.0, 330.0, 260.0))


def plate(view: str = "street") -> Plate:
    """Make a plate of a committed view with one car in the road."""
    return Plate(Path("none.png"), 640, 352, 0.0, (CAR,), read_view(VIEWS / f"{view}.json", 0.55))


@pytest.mark.parametrize("view", sorted(path.stem for path in VIEWS.glob("*.json")))
def test_things_stand_on_the_ground_of_their_view(view: str) -> None:
    """Every foot lies in an area of the ground; a seed draws the same twice."""
    labels, one = set(), plate(view)
    for seed in range(8):
        mode, things = set_things(np.random.default_rng(seed), one)
        again = set_things(np.random.default_rng(seed), one)[1]
        assert [(t.name, t.x, t.y, t.heading) for t in things] == [
            (t.name, t.x, t.y, t.heading) for t in again
        ]
        labels |= {thing.label for thing in things}
        assert mode == "rare" or {t.label for t in things} <= {None, "two_wheeler", "person"}
        for thing in things:
            foot = thing.in_world().vertices[thing.shape.vertices[:, 2] < FOOT_M]
            pixels = one.view.camera.project(foot, one.width, one.height)
            shares = pixels[:, :2] / (one.width, one.height)
            shares = shares[((shares >= 0) & (shares <= 1)).all(axis=1)]
            assert max(inside(shares, area.polygon).mean() for area in one.view.areas) >= 0.85
    assert len(labels - {None}) >= 4
    assert not labels & one.view.without


def test_every_rare_class_of_a_street_is_set() -> None:
    """All classes but car and floating debris have a maker, and every maker a place."""
    rng = np.random.default_rng(3)
    labels = {MAKERS[name](rng)[1] for name in MAKERS}
    assert labels - {None} == set(CLASSES) - {"car", "floating_debris"}
    assert {name for subjects in WHERE.values() for name in subjects} == set(MAKERS)


def test_a_point_of_the_ground_comes_back() -> None:
    """Projecting a place on the ground and asking what is seen there gives the place."""
    camera = plate().view.camera
    u, v, _ = camera.project(np.array([[12.0, -3.0, 0.0]]), 640, 352)[0]
    assert on_ground(camera, u / 640, v / 352, 0.55) == pytest.approx((12.0, -3.0))
    assert on_ground(camera, 0.5, 0.1, 0.55) is None


def test_a_layer_covers_only_what_it_draws() -> None:
    """Without alpha and under the foreground the picture stays; a shadow darkens it."""
    one = plate()
    real = np.full((352, 640, 3), 0.5)
    alpha = np.zeros((352, 640))
    alpha[:, 300:] = 1.0
    alpha[:, 500:] = 0.5
    layer = np.zeros((352, 640, 3))
    layer[:, 300:500] = 0.9
    shown = lay_over(one, real, layer, alpha, np.random.default_rng(0)) / 255
    assert np.abs(shown[:, :290] - 0.5).max() < 0.01
    assert shown[:200, 320:480].mean() == pytest.approx(0.9, abs=0.01)
    # Half of the light: 0.5 ** (1 / 2.2) of the shown value.
    assert shown[:200, 520:].mean() == pytest.approx(0.5 * 0.5 ** (1 / 2.2), abs=0.01)
    covered = foreground_of(one)
    assert 0.02 < covered.mean() < 0.2
    whole = lay_over(one, real, layer + 0.9, np.ones((352, 640)), np.random.default_rng(0)) / 255
    assert np.abs(whole[covered] - 0.5).max() < 0.02


def test_a_view_that_says_nonsense_is_refused(tmp_path: Path) -> None:
    """A missing key and an unknown ground are named, with the file."""
    record = json.loads((VIEWS / "street.json").read_text())
    path = tmp_path / "view.json"
    path.write_text(json.dumps({key: record[key] for key in record if key != "areas"}))
    with pytest.raises(RequestError, match=r"view\.json.*areas"):
        read_view(path, 0.55)
    record["areas"][0]["kind"] = "moon"
    path.write_text(json.dumps(record))
    with pytest.raises(RequestError, match=r"view\.json.*moon"):
        read_view(path, 0.55)


def test_the_video_that_judges_is_never_taken(
    tmp_path: Path, shared_data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """empty_road is refused by name, as plates and as frames; nothing is written."""
    video, teacher = (
        tmp_path / "empty_road.mp4",
        shared_data / "weights" / "picodet_s_416_coco.onnx",
    )
    out = tmp_path / "out"
    assert main([str(video), "--teacher", str(teacher), "--out", str(out)]) == 2
    assert "never trained on" in capsys.readouterr().err
    with pytest.raises(DatasetError, match="never trained on"):
        take_frames(video, out)
    assert not out.exists()


def test_plates_come_from_the_first_two_thirds_and_keep_their_things(
    tmp_path: Path, shared_data: Path
) -> None:
    """Frames of a real street: the car parked all along is labelled in each; the end is left."""
    video = shared_data / "videos" / "street.mp4"
    teacher = shared_data / "weights" / "picodet_s_416_coco.onnx"
    out = tmp_path / "plates"
    arguments = [str(video), "--teacher", str(teacher), "--out", str(out), "--every", "9"]
    assert main(arguments) == 0
    records = [json.loads(path.read_text()) for path in sorted(out.glob("*.json"))]
    assert [record["file"] for record in records] == ["street-000216.png", "street-000432.png"]
    for record in records:
        assert any(
            row["label"] == "car" and row["xyxy"] == pytest.approx([600, 147, 640, 189], abs=6)
            for row in record["seen"]
        )


def test_plates_teach_and_never_judge(tmp_path: Path) -> None:
    """They go into the training split whatever their seed, under their own origin."""
    folder = tmp_path / "plated"
    folder.mkdir()
    for seed in (6, 7):
        cv2.imwrite(str(folder / f"{seed:06d}-0.jpg"), np.zeros((352, 640, 3), np.uint8))
        row = {"label": "car", "xyxy": [10, 10, 60, 50], "visible": 1.0, "visible_px": 900}
        record = {"file": f"{seed:06d}-0.jpg", "width": 640, "height": 352, "weather": "sun"}
        record |= {"seed": seed, "origin": "plates", "things": [row | {"source": "teacher"}]}
        (folder / f"{seed:06d}-0.json").write_text(json.dumps(record))
    example = read_scene(folder / "000007-0.json")
    assert (example.origin, example.boxes[0].source) == ("plates", "teacher")
    counts = assemble(Sources(plates=(folder,)), None, tmp_path / "out")
    assert counts["train"] == {"pictures": {"plates": 2}, "boxes": {"car": 2}}
    assert counts["val"] == {"pictures": {}, "boxes": {}}


def test_a_real_thing_keeps_its_place() -> None:
    """What is set behind a real car does not lie over it."""
    one = replace(plate(), seen=(CAR,))
    x0, y0, x1, y1 = CAR.xyxy
    for seed in range(8):
        for thing in set_things(np.random.default_rng(seed), one)[1]:
            points = thing.in_world().vertices
            pixels = one.view.camera.project(points, one.width, one.height)[:, :2]
            low, high = pixels.min(0), pixels.max(0)
            sides = np.minimum(high, (x1, y1)) - np.maximum(low, (x0, y0))
            shared = float(sides.clip(0).prod())
            assert shared <= max(0.3 * (x1 - x0) * (y1 - y0), 0.05 * float((high - low).prod()))
