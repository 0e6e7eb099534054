"""The procedural street: the same truth from a seed, boxes from the renderer's own mask."""

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conftest import REPOSITORY
from training.annotations import read_scene
from training.example import CLASSES
from training.scenes.cameras import Camera
from training.scenes.paint import WHITE
from training.scenes.population import populate
from training.scenes.request import RequestError, read_request
from training.scenes.scene import make_scene, streams_of
from training.scenes.shape import box
from training.scenes.silhouette import silhouette_px
from training.scenes.street import draw_street
from training.scenes.thing import Thing
from training.scenes.truth import boxes_of

AHEAD = Camera(0.0, 0.0, 5.0, 0.0, float(np.radians(20)), float(np.radians(60)))


def test_a_seed_gives_the_same_scene_twice() -> None:
    """Things, shapes, light and cameras of a seed are equal to the last number."""
    one, two = make_scene(41, 2), make_scene(41, 2)
    assert (one.street, one.light, one.cameras) == (two.street, two.light, two.cameras)
    assert len(one.things) == len(two.things)
    for a, b in zip(one.things, two.things, strict=True):
        assert (a.name, a.x, a.y, a.heading) == (b.name, b.x, b.y, b.heading)
        assert (a.shape.vertices == b.shape.vertices).all()
    assert make_scene(42, 2).street != one.street


def test_subjects_have_numbers_of_their_own() -> None:
    """A new subject's draws change nothing for the others, so old seeds keep their truth."""
    streams = streams_of(7)
    streams("something new").uniform(size=100)
    assert streams("people").uniform() == streams_of(7)("people").uniform()


def test_scenes_hold_every_class_that_is_drawn() -> None:
    """Over a few seeds every class but the two without a drawing occurs, each in the list."""
    signs = [thing.label for thing in make_scene(60, 1).things if thing.label == "sign"]
    labels: set[str | None] = set(signs)
    drawn = set(CLASSES) - {"sign_damaged", "floating_debris"}
    for seed in range(60, 100):
        streams = streams_of(seed)
        labels |= {thing.label for thing in populate(streams, draw_street(streams("street")))}
        if labels >= drawn:
            break
    assert labels - {None} == drawn


def test_no_two_things_stand_in_each_other() -> None:
    """Vehicles and stalls of a scene keep their ground to themselves."""
    for seed in range(3):
        kinds = {"car", "bus", "truck", "muck_truck", "muck_truck_open", "stall"}
        boxes = [
            (*t.in_world().vertices[:, :2].min(0), *t.in_world().vertices[:, :2].max(0))
            for t in make_scene(seed, 1).things
            if t.label in kinds
        ]
        for i, (ax0, ay0, ax1, ay1) in enumerate(boxes):
            for bx0, by0, bx1, by1 in boxes[:i]:
                assert ax1 <= bx0 or bx1 <= ax0 or ay1 <= by0 or by1 <= ay0


def test_a_point_on_the_axis_lands_in_the_middle() -> None:
    """The camera's axis meets the ground at z / tan(pitch), in the picture's centre."""
    ground = 5.0 / np.tan(np.radians(20))
    x, y, depth = AHEAD.project(np.array([[ground, 0.0, 0.0]]), 640, 360)[0]
    assert (x, y) == pytest.approx((320, 180))
    assert depth == pytest.approx(np.hypot(ground, 5.0))


def test_left_is_left_and_up_is_up() -> None:
    """With the camera looking along +x, +y is to the left and +z is up."""
    points = np.array([[20.0, 2.0, 0.0], [20.0, -2.0, 0.0], [20.0, 0.0, 3.0], [20.0, 0.0, 0.0]])
    left, right, high, low = AHEAD.project(points, 640, 360)
    assert left[0] < 320 < right[0]
    assert high[1] < low[1]


@settings(deadline=None, max_examples=20)
@given(st.floats(8, 40), st.floats(-3, 3), st.floats(0.5, 3))
def test_a_silhouette_fills_its_outline(x: float, y: float, side: float) -> None:
    """A cube's silhouette is about its convex outline: between half and all of its bounds."""
    shape = box((-side / 2, -side / 2, 0), (side / 2, side / 2, side), WHITE).placed(x, y)
    points = AHEAD.project(shape.vertices, 640, 360)[:, :2]
    bounds = float((points.max(0) - points.min(0)).prod())
    assert 0.5 * bounds < silhouette_px(shape, AHEAD, 640, 360) < 1.2 * bounds + 40


def test_boxes_frame_exactly_the_masks_pixels() -> None:
    """Boxes are half-open, one an index, and an index without a pixel has none."""
    mask = np.zeros((6, 8), np.int32)
    mask[1:3, 2:5] = 3
    mask[5, 7] = 1
    assert boxes_of(mask, 3) == {1: (7, 5, 8, 6, 1), 3: (2, 1, 5, 3, 6)}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "Expecting"),
        ('{"first_seed": 1}', "first_seed and scenes"),
        ('{"first_seed": 1, "scenes": 2, "wether": "sun"}', "wether"),
        ('{"first_seed": 1, "scenes": 0}', "scenes is 0"),
        ('{"first_seed": 1, "scenes": 1, "weather": "snow"}', "snow"),
    ],
)
def test_a_request_that_cannot_be_rendered_is_refused(
    tmp_path: Path, text: str, message: str
) -> None:
    """The message names what is wrong in the request."""
    path = tmp_path / "request.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(RequestError, match=message):
        read_request(path)


def test_the_renderers_mask_agrees_with_the_geometry(tmp_path: Path) -> None:
    """Rendered for real: near, fully visible things have the box that their shape projects to."""
    python = REPOSITORY / ".venv-scenes" / "bin" / "python"
    if not python.exists():
        pytest.skip("no .venv-scenes (training/scenes/requirements.txt)")
    request = tmp_path / "request.json"
    request.write_text(
        '{"first_seed": 7, "scenes": 1, "views": 1, "width": 320, "height": 180, "samples": 1}',
        encoding="utf-8",
    )
    command = [str(python), "-m", "training.scenes", str(request), "--out", str(tmp_path / "out")]
    subprocess.run(
        [*command, "--threads", "1"], cwd=REPOSITORY, check=True, timeout=170, capture_output=True
    )
    record = json.loads((tmp_path / "out" / "000007-0.json").read_text(encoding="utf-8"))
    scene = make_scene(7, 1)
    assert read_scene(tmp_path / "out" / "000007-0.json").boxes
    compared = 0
    for row in record["things"]:
        thing: Thing = scene.things[row["thing"]]
        assert thing.label == row["label"]
        points = scene.cameras[0].project(thing.in_world().vertices, 320, 180)
        x0, y0 = points[:, :2].min(0)
        x1, y1 = points[:, :2].max(0)
        inside = x0 > 0 and y0 > 0 and x1 < 320 and y1 < 180 and points[:, 2].min() > 1
        if inside and row["visible"] > 0.97 and row["visible_px"] > 150:
            assert np.abs(np.array(row["xyxy"]) - (x0, y0, x1, y1)).max() < 2.5
            compared += 1
    assert compared >= 3
