"""From a real RTSP server to the case desk: the whole way of a frame, on real and drawn video."""

import json
import time
from pathlib import Path
from typing import Any

import av
import pytest

from cases.desk import Desk
from tests.block_model import write_block_model
from tests.clips import looped
from tests.rtsp import RtspServer, require_gstreamer
from tests.scenes import scene_clip, stands
from tests.site import Process, camera, health, rows, streetwarden, write_site

PARKED = (600.0, 147.0, 640.0, 189.0)
"""The car that is parked all along in street.mp4, by eye."""
LOWER = [[0.0, 0.25], [1.0, 0.25], [1.0, 1.0], [0.0, 1.0]]


def iou(a: tuple[float, ...], b: tuple[float, ...]) -> float:
    """Intersection over union of two boxes."""
    width = max(0.0, min(a[2], b[2]) - max(a[0], b[0]))
    height = max(0.0, min(a[3], b[3]) - max(a[1], b[1]))
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (a, b)]
    return width * height / (sum(areas) - width * height)


def street_site(folder: Path, url: str, shared_data: Path, **more: Any) -> Path:
    """Write the site of the acceptance run: the lower 75 %, 26 s, a real model."""
    model = shared_data / "weights" / "yolo11n_quantized.onnx"
    one = camera("street", url, polygon=LOWER, rule={"dwell_s": 26})
    return write_site(folder, [one], model, sampling={"interval_s": 2}, **more)


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
    """Every frame of a road that cars only pass: nothing."""
    model = shared_data / "weights" / "yolo11n_quantized.onnx"
    one = camera("street", "rtsp://127.0.0.1:9/cam0", rule={"dwell_s": 5})
    site = write_site(tmp_path, [one], model, sampling={"interval_s": 0})
    video = shared_data / "videos" / "empty_road.mp4"
    assert [row for row in rows(replayed(site, video)) if row["event"] == "confirmed"] == []


def check_evidence(folder: Path) -> None:
    """Evidence verifies, and its clip plays from its first picture to its last."""
    done = streetwarden("evidence", "verify", folder, "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    assert all(row["verdict"] == "ok" for row in rows(done.stdout))
    clips = sorted(folder.rglob("*.mp4"))
    assert clips
    for path in clips:
        with av.open(str(path)) as container:
            pictures = list(container.decode(video=0))
        assert len(pictures) >= 2
        assert pictures[0].pts == 0 or pictures[0].time < 0.2


@pytest.mark.timeout(240)
def test_street_over_rtsp_becomes_one_case(tmp_path: Path, shared_data: Path) -> None:
    """The same clip over RTSP through `run`: the same violation, one case, evidence that stands."""
    require_gstreamer()
    video = looped(shared_data / "videos" / "street.mp4", 2)
    with RtspServer({"/cam0": video}) as server, Desk(host="127.0.0.1", port=0) as desk:
        system = {"kind": "open311", "url": f"{desk.url}/open311/v2"}
        site = street_site(tmp_path, server.url("/cam0"), shared_data, case_system=system)
        with Process("run", site) as run:
            api = run.ready()
            violation = run.wait_for(lambda row: row["event"] == "violation", 60)
            case = run.wait_for(lambda row: row["event"] == "case", 20)
            assert health(api)["street"]["state"] == "up"
            time.sleep(6)
            assert run.stop() == 0
        assert [row["event"] for row in run.rows] == ["ready", "violation", "case"]
        assert iou(tuple(violation["xyxy"]), PARKED) >= 0.5
        assert case["delivered"] is True
        assert case["violation_id"] == violation["violation_id"]
        assert desk_cases(desk) == [case["case_id"]]
    check_evidence(tmp_path / "data" / "evidence")


def desk_cases(desk: Desk) -> list[str]:
    """Return the numbers of the cases on a desk."""
    import httpx  # noqa: PLC0415 - only here

    reply = httpx.get(f"{desk.url}/open311/v2/requests.json", trust_env=False)
    return [str(one["service_request_id"]) for one in reply.json()]


@pytest.mark.timeout(120)
def test_two_things_in_a_row_are_two_cases(tmp_path: Path) -> None:
    """Two blocks that stand one after the other are two cases, each with all its moments."""
    require_gstreamer()
    scene = stands(16, stay_s=6, pause_s=1.5)
    video = scene_clip(tmp_path / "scene.mp4", scene, seconds=24)
    model = write_block_model(tmp_path / "block.onnx")
    with RtspServer({"/cam0": video}) as server, Desk(host="127.0.0.1", port=0) as desk:
        one = camera("drawn", server.url("/cam0"), rule={"dwell_s": 3})
        site = write_site(
            tmp_path,
            [one],
            model,
            sampling={"interval_s": 0.5},
            case_system={"kind": "open311", "url": f"{desk.url}/open311/v2"},
        )
        with Process("run", site) as run:
            run.ready()
            for _ in scene:
                run.wait_for(lambda row: row["event"] == "case", 30)
            assert run.stop() == 0
    found = [row for row in run.rows if row["event"] == "violation"]
    assert len(scene) == len(found) == 2
    for stand, row in zip(scene, found, strict=True):
        assert iou(tuple(row["xyxy"]), stand.box) >= 0.8
    check_evidence(tmp_path / "data" / "evidence")
    for manifest in (tmp_path / "data" / "evidence").rglob("manifest.json"):
        text = json.loads(manifest.read_text(encoding="utf-8"))
        assert len(list(manifest.parent.glob("*.jpg"))) >= 2, text
