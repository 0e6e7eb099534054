"""`check --probe` says what every camera's stream is like, and saves stills to draw zones on."""

import json
import shutil
import socket
from pathlib import Path

import cv2
import numpy as np
import pytest

from configs import ConfigError, Site
from pipeline.probe import probe_site
from streams.grid import draw_grid
from tests.clips import clip
from tests.site_text import site_of

SITE = """\
version: 1
site: {id: probed, timezone: Asia/Shanghai}
cameras:
  - id: good
    url: file:good.mp4
    zones:
      - {id: kerb, kind: no_parking, polygon: [[0.1, 0.5], [0.9, 0.5], [0.9, 0.9], [0.1, 0.9]]}
  - {id: closed, url: "rtsp://127.0.0.1:PORT/cam0", username: viewer, password: hunter2}
  - {id: text, url: file:text.mp4}
  - {id: rare, url: file:rare.mp4, sub_url: file:good.mp4}
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """Return a site with a good file, a closed port, a text and a stream with few key frames."""
    folder = tmp_path_factory.mktemp("probed")
    shutil.copy(clip(seconds=5, gop=25), folder / "good.mp4")
    shutil.copy(clip(seconds=7, gop=125, width=320, height=192), folder / "rare.mp4")
    (folder / "text.mp4").write_text("this is no video")
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    return site_of(SITE.replace("PORT", str(port)), folder)


@pytest.fixture(scope="module")
def answers(
    site: Site, tmp_path_factory: pytest.TempPathFactory
) -> tuple[dict[str, dict[str, object]], str, Path]:
    """Probe the site once: rows by camera, all text, the folder of stills."""
    stills = tmp_path_factory.mktemp("stills") / "new"
    found = list(probe_site(site, stills))
    assert [row["camera"] for row, _ in found] == ["good", "closed", "text", "rare"]
    return {row["camera"]: row for row, _ in found}, "\n".join(text for _, text in found), stills


def test_a_stream_is_described(answers: tuple[dict[str, dict[str, object]], str, Path]) -> None:
    """Codec, size, rate, key-frame gap and cost are measured."""
    row = answers[0]["good"]
    assert (row["codec"], row["width"], row["height"]) == ("h264", 640, 360)
    assert row["fps"] == pytest.approx(25, rel=0.05)
    assert row["key_interval_s"] == pytest.approx(1.0, abs=0.05)
    assert isinstance(row["cost_ms_per_key"], float)
    assert row["notes"] == []
    json.dumps(row)


def test_a_camera_that_fails_does_not_stop_the_others(
    answers: tuple[dict[str, dict[str, object]], str, Path],
) -> None:
    """What cannot be opened is told with its reason; no password is told."""
    rows, text, _ = answers
    assert rows["closed"]["error"] == "refused"
    assert rows["text"]["error"] == "codec"
    assert "hunter2" not in text + repr(rows)


def test_a_sub_stream_is_probed_too(
    answers: tuple[dict[str, dict[str, object]], str, Path],
) -> None:
    """What is looked at is the sub-stream: its key frames count."""
    row = answers[0]["rare"]
    assert row["key_interval_s"] == pytest.approx(5.0, abs=0.2)
    assert isinstance(row["sub"], dict)
    assert row["sub"]["key_interval_s"] == pytest.approx(1.0, abs=0.05)
    assert row["notes"] == []


def test_rare_key_frames_are_told(tmp_path: Path) -> None:
    """A stream with key frames far apart gets a note that says what to do."""
    shutil.copy(clip(seconds=7, gop=125, width=320, height=192), tmp_path / "rare.mp4")
    text = SITE[: SITE.index("  - id: good")] + "  - {id: rare, url: file:rare.mp4}\n"
    [(row, line)] = probe_site(site_of(text, tmp_path))
    assert "key frames come every 5 s" in row["notes"][0]
    assert "sub_url" in row["notes"][0]
    assert "note: " in line
    assert "still" not in row


def test_stills_are_saved(answers: tuple[dict[str, dict[str, object]], str, Path]) -> None:
    """Each camera that gives pictures leaves one, full size, with its zone drawn in."""
    stills = answers[2]
    assert sorted(file.name for file in stills.iterdir()) == ["good.jpg", "rare.jpg"]
    picture = cv2.imread(str(stills / "good.jpg"))
    assert picture is not None
    assert picture.shape == (360, 640, 3)
    left_edge = picture[200:300, 63:66].astype(int)  # a vertical line of the zone, x = 0.1
    assert (left_edge[..., 2] - left_edge[..., 0]).max(axis=1).mean() > 80  # yellow: red, no blue


def test_a_folder_that_cannot_be_made_is_told(site: Site, tmp_path: Path) -> None:
    """The place for stills is checked before any camera is opened."""
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match="choose another folder"):
        next(probe_site(site, tmp_path / "file" / "stills"))


@pytest.mark.parametrize("shape", [(1080, 1920, 3), (352, 640, 3), (7, 9, 3), (1, 1, 3)])
def test_the_grid_fits_every_picture(shape: tuple[int, int, int]) -> None:
    """Lines lie on the tenths, the outline on the zone's edge; the picture itself is untouched."""
    picture = np.full(shape, 128, np.uint8)
    drawn = draw_grid(picture, {"z": [(0.15, 0.35), (0.45, 0.35), (0.45, 0.85), (0.15, 0.85)]})
    assert drawn.shape == shape
    assert (picture == 128).all()
    height, width = shape[:2]
    if height < 100:
        return
    for step in (3, 7):  # away from labels and zone
        row, column = round(height * step / 10), round(width * step / 10)
        assert drawn[row, round(0.55 * width), 0] > 128 > drawn[row - 1, round(0.55 * width), 0]
        assert drawn[round(0.95 * height), column, 0] > 128
    assert tuple(drawn[round(0.45 * height), round(0.15 * width)]) == (255, 210, 0)
    assert (drawn[round(0.45 * height), round(0.55 * width)] == 128).all()
