"""The procedural street: the same truth from a seed, boxes from the renderer's own mask."""

import json
import subprocess
from argparse import ArgumentTypeError
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conftest import REPOSITORY
from training.annotations import read_scene
from training.example import CLASSES
from training.scenes.cameras import Camera
from training.scenes.lens import draw_lens, shoot
from training.scenes.light import WEATHERS, draw_light
from training.scenes.paint import WHITE
from training.scenes.request import RequestError, count_of, read_request, worker_of
from training.scenes.scene import make_scene, streams_of
from training.scenes.shape import box
from training.scenes.silhouette import silhouette_px
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


def test_scenes_hold_every_class() -> None:
    """Over a few seeds every class of the model's list occurs, and no other."""
    labels: set[str | None] = set()
    for seed in range(60, 100):
        labels |= {thing.label for thing in make_scene(seed, 1, mode="rare").things}
        if labels - {None} >= set(CLASSES):
            break
    assert labels - {None} == set(CLASSES)


def test_look_alike_scenes_hold_no_rare_class() -> None:
    """Such a scene holds common traffic, people and signs, and a good many things with no class."""
    common = {"car", "bus", "truck", "two_wheeler", "person", "sign"}
    for seed in range(60, 68):
        things = make_scene(seed, 1, mode="look-alikes").things
        assert {thing.label for thing in things if thing.label} <= common
        names = {thing.name for thing in things if thing.label is None}
        assert names & {"bin", "planter", "wet patch", "road works", "parasol", "leaves", "duck"}


def test_rare_things_stand_where_the_camera_sees_them() -> None:
    """At least three rare things of a scene lie inside its picture, 14 pixels or more across."""
    rare = set(CLASSES) - {"car", "bus", "truck", "two_wheeler", "person", "sign"}
    counts = []
    for seed in range(60, 72):
        scene = make_scene(seed, 1, mode="rare")
        count = 0
        for thing in scene.things:
            if thing.label not in rare:
                continue
            points = scene.cameras[0].project(thing.in_world().vertices, 512, 288)
            middle, size = points[:, :2].mean(0), np.ptp(points[:, :2], axis=0)
            inside = 0 < middle[0] < 512 and 0 < middle[1] < 288 and points[:, 2].min() > 1
            count += bool(inside and size.max() >= 14)
        counts.append(count)
    assert np.median(counts) >= 3


@pytest.mark.parametrize("weather", WEATHERS)
def test_every_weather_can_be_asked_for(weather: str) -> None:
    """Lamps shine at night, the ground is wet in the rain, the air is thick in haze alone."""
    scene = make_scene(61, 1, weather)
    assert scene.light.weather == weather
    if weather == "night":
        assert scene.lamps
    if weather in {"sun", "cloud"}:
        assert not scene.lamps
        assert not scene.light.wet
        assert scene.light.sight_m == 0
    if weather == "rain":
        assert scene.light.wet
    if weather == "haze":
        assert 0 < scene.light.sight_m <= 90


def test_a_lens_keeps_the_size_and_writes_its_caption() -> None:
    """Haze veils what is far, the caption lies in the upper left corner, the size stays."""
    light = replace(draw_light(np.random.default_rng(1), "haze"), sight_m=30.0)
    lens = replace(
        draw_lens(np.random.default_rng(2), light),
        caption="2026-01-02 03:04:05",
        caption_px=1,
        noise=0.0,
        blur_px=1.0,
    )
    dark = np.zeros((72, 128, 3))
    depth = np.full((72, 128), 1.0, np.float32)
    depth[:, 64:] = 200.0
    seen = shoot(dark, depth, light, lens, np.random.default_rng(3))
    assert seen.shape == dark.shape
    assert seen[40:, 70:].mean() > seen[40:, :58].mean() + 80
    assert seen[6:16, 6:120].max() > 230


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
        ('{"first_seed": 1, "scenes": 1, "mode": "quiet"}', "quiet"),
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


@pytest.mark.parametrize("text", ["x", "1", "2/2", "0/0", "-1/2", "0/1/2", "/"])
def test_a_worker_that_is_none_is_refused(text: str) -> None:
    """Only N/M with N below M says which seeds are a worker's; the tools end in argparse's way."""
    with pytest.raises(ArgumentTypeError, match="as in 0/2"):
        worker_of(text)
    assert worker_of("1/2") == (1, 2)


@pytest.mark.parametrize("text", ["0", "-1", "two", "1.5", ""])
def test_a_count_of_nothing_is_refused(text: str) -> None:
    """No rounds, no threads: the tool would end at once, or hang, without a word."""
    with pytest.raises(ArgumentTypeError, match="from 1 on"):
        count_of(text)
    assert count_of("2") == 2


def test_the_renderers_mask_agrees_with_the_geometry(tmp_path: Path) -> None:
    """Rendered for real: near, fully visible things have the box that their shape projects to."""
    python = REPOSITORY / ".venv-scenes" / "bin" / "python"
    if not python.exists():
        pytest.skip("no .venv-scenes (training/scenes/requirements.txt)")
    request = tmp_path / "request.json"
    request.write_text(
        '{"first_seed": 8, "scenes": 1, "views": 1, "width": 320, "height": 180, "samples": 1}',
        encoding="utf-8",
    )
    command = [str(python), "-m", "training.scenes", str(request), "--out", str(tmp_path / "out")]
    subprocess.run(
        [*command, "--threads", "1"], cwd=REPOSITORY, check=True, timeout=170, capture_output=True
    )
    record = json.loads((tmp_path / "out" / "000008-0.json").read_text(encoding="utf-8"))
    scene = make_scene(8, 1)
    assert read_scene(tmp_path / "out" / "000008-0.json").boxes
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
