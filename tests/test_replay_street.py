"""Real recordings through the rules: the parked car once, the empty road never."""

from pathlib import Path

import pytest

from tests.site import camera, rows, streetwarden, write_site
from tests.street import PARKED, iou, street_site


def replayed(site: Path, video: Path, *more: str) -> str:
    """Replay and return what was printed."""
    done = streetwarden("replay", site, "street", video, "--json", *more, timeout_s=280)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.timeout(300)
def test_replay_of_the_street(tmp_path: Path, shared_data: Path) -> None:
    """The parked car is confirmed, once, where it stands; two runs print the same bytes."""
    video = shared_data / "videos" / "street.mp4"
    site = street_site(tmp_path, "rtsp://127.0.0.1:9/cam0", shared_data)
    text = replayed(site, video)
    confirmed = [row for row in rows(text) if row["event"] == "confirmed"]
    assert len(confirmed) == 1
    assert iou(tuple(confirmed[0]["xyxy"]), PARKED) >= 0.5
    assert replayed(site, video) == text
    thinned = [r for r in rows(replayed(site, video, "--keep", "1/2")) if r["event"] == "confirmed"]
    assert len(thinned) == 1
    assert abs(thinned[0]["time_s"] - confirmed[0]["time_s"]) <= 4 * 4.0


@pytest.mark.timeout(300)
def test_replay_of_an_empty_road(tmp_path: Path, shared_data: Path) -> None:
    """Five looks a second at a road that cars only pass: nothing."""
    model = shared_data / "weights" / "yolo11n_quantized.onnx"
    one = camera("street", "rtsp://127.0.0.1:9/cam0", rule={"dwell_s": 5})
    site = write_site(tmp_path, [one], model, sampling={"interval_s": 0.2})
    video = shared_data / "videos" / "empty_road.mp4"
    assert [row for row in rows(replayed(site, video)) if row["event"] == "confirmed"] == []
