"""The bundled demo clip shows what its truth says."""

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from shapely import Point, Polygon

from tests.conftest import REPOSITORY
from tests.small_disk import small_disk
from training.clip import main, read_pictures
from training.example import DatasetError
from training.scenes.clip import (
    FPS,
    LENGTH_S,
    PARKS_S,
    moment_of,
    moving_things,
    write_plan,
    zone,
)

CLIP = REPOSITORY / "configs" / "demo" / "parked-car.mp4"


@pytest.fixture(scope="module")
def truth() -> dict[str, Any]:
    """Read the clip's truth."""
    found: dict[str, Any] = json.loads(CLIP.with_suffix(".json").read_text(encoding="utf-8"))
    return found


@pytest.fixture(scope="module")
def pictures() -> NDArray[np.uint8]:
    """Decode every picture of the clip, (N, H, W, 3) RGB."""
    with av.open(str(CLIP)) as container:
        return np.stack([frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)])


def test_the_clip_is_the_one_its_truth_speaks_of(
    truth: dict[str, Any], pictures: NDArray[np.uint8]
) -> None:
    """Hash, size, rate and length agree, and it is small enough to be bundled."""
    assert hashlib.sha256(CLIP.read_bytes()).hexdigest() == truth["sha256"]
    assert CLIP.stat().st_size < 2_000_000
    assert pictures.shape == (
        round(truth["length_s"] * truth["fps"]),
        truth["height"],
        truth["width"],
        3,
    )


def test_a_key_frame_comes_every_second_and_none_is_late(truth: dict[str, Any]) -> None:
    """H.264 without B-frames: decoding order is showing order, a key packet a second."""
    with av.open(str(CLIP)) as container:
        stream = container.streams.video[0]
        packets = [packet for packet in container.demux(stream) if packet.size]
        assert stream.codec_context.name == "h264"
        assert not stream.codec_context.has_b_frames
    assert all(packet.pts == packet.dts for packet in packets)
    keys = [i for i, packet in enumerate(packets) if packet.is_keyframe]
    assert keys == list(range(0, len(packets), truth["fps"]))


def test_the_parked_car_is_where_the_truth_says(
    truth: dict[str, Any], pictures: NDArray[np.uint8]
) -> None:
    """Against the empty street only the box of the parked car (and its shadow) has changed."""
    before, after = pictures[0].astype(int), pictures[-1].astype(int)
    changed = np.abs(after - before).max(axis=2) > 40
    rows, columns = np.nonzero(changed)
    x0, y0, x1, y1 = truth["parked_xyxy"]
    inside = (columns >= x0 - 25) & (columns < x1 + 25) & (rows >= y0 - 12) & (rows < y1 + 12)
    assert inside.mean() > 0.97
    assert changed[y0:y1, x0:x1].mean() > 0.4


def test_the_car_stands_long_enough_and_nothing_else_stops(truth: dict[str, Any]) -> None:
    """One car stands for at least 35 s in one place; the passing cars never repeat a box."""
    start, stop = truth["parked"]["stands_s"]
    assert stop - start >= 35
    by_second = {row["at_s"]: row["boxes"] for row in truth["seconds"]}
    standing = [by_second[at_s]["parked"] for at_s in by_second if at_s >= start + 1]
    assert len(standing) >= 35
    assert np.ptp(np.array(standing), axis=0).max() <= 2
    for who in ("first", "second"):
        places = [tuple(boxes[who]) for boxes in by_second.values() if who in boxes]
        assert len(places) >= 3
        assert len(set(places)) == len(places)


def test_only_the_parked_car_touches_the_ground_in_the_zone(truth: dict[str, Any]) -> None:
    """The middle of a box's lower edge lies in the zone for the parked car, never for passers."""
    polygon = Polygon([(x * 640, y * 360) for x, y in truth["zone"]["polygon"]])
    x0, _, x1, y1 = truth["parked_xyxy"]
    assert polygon.contains(Point((x0 + x1) / 2, y1))
    for row in truth["seconds"]:
        for who in ("first", "second", "walker"):
            if who in row["boxes"]:
                x0, _, x1, y1 = row["boxes"][who]
                assert not polygon.contains(Point((x0 + x1) / 2, y1)), (row["at_s"], who)


def test_the_clips_seed_is_none_of_training(truth: dict[str, Any]) -> None:
    """The clip's scene has a seed far from those that are rendered for training."""
    assert truth["scene_seed"] > 500_000
    path = REPOSITORY / "models" / "weights" / "manifest.json"
    models = json.loads(path.read_text(encoding="utf-8"))["models"]
    first, last = next(e["made"]["scene_seeds"] for e in models if e["name"] == "street")
    assert not first <= truth["scene_seed"] <= last


def test_the_zone_is_the_strip_beside_the_kerb(truth: dict[str, Any]) -> None:
    """The polygon of the truth is the ground strip seen by the clip's camera."""
    assert truth["zone"]["polygon"] == zone()


def test_still_moments_show_one_picture_and_moving_ones_their_own() -> None:
    """While nothing moves the clip keeps the last picture; while the car drives it does not."""
    last = int(LENGTH_S * FPS) - 1
    assert moment_of(last) < last
    driving = range(int(PARKS_S[0] * FPS) + 1, int(PARKS_S[1] * FPS))
    assert [moment_of(tick) for tick in driving] == list(driving)
    assert moving_things(last)[1].x == pytest.approx(14.0)


def test_a_clip_with_a_missing_picture_is_not_made(tmp_path: Path) -> None:
    """The message says which picture is not rendered yet."""
    with pytest.raises(DatasetError, match="tick 4"):
        read_pictures(tmp_path, {"shows": [4, 4, 5]})


def test_a_clip_that_cannot_be_made_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A plan cut off or of something else ends in exit 2, a full disk in 1; each in one line."""
    words = ["--pictures", str(tmp_path), "--out"]
    for text, message in (('{"shows": [', "cannot be read"), ("{}", "not what training.scenes")):
        (tmp_path / "plan.json").write_text(text)
        assert main([*words, str(tmp_path / "clip")]) == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert f"plan.json: {message}" in line
    if shutil.which("ffmpeg") is None:
        pytest.skip("no ffmpeg")
    write_plan(tmp_path)
    plan = json.loads((tmp_path / "plan.json").read_text())
    (tmp_path / "plan.json").write_text(json.dumps(plan | {"shows": [0, 0]}))
    (tmp_path / "0000.json").write_text("[]")
    noise = np.random.default_rng(0).integers(0, 255, (360, 640, 3)).astype(np.uint8)
    cv2.imwrite(str(tmp_path / "0000.jpg"), noise)
    with small_disk(tmp_path / "small", "16k") as disk:
        assert main([*words, str(disk / "clip")]) == 1
        assert not (disk / "clip.json").exists()
    (line,) = capsys.readouterr().err.splitlines()
    assert "clip.mp4: ffmpeg failed: " in line
    assert "No space left" in line
