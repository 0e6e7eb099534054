"""From a real RTSP server to the case desk: the whole way of a frame, on real and drawn video."""

import json
import time
from pathlib import Path

import av
import pytest

from cases.desk import Desk
from tests.block_model import write_block_model
from tests.clips import looped
from tests.rtsp import RtspServer, require_gstreamer
from tests.scenes import scene_clip, stands
from tests.site import Process, camera, health, metrics, rows, streetwarden, write_site
from tests.street import PARKED, iou, street_site


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
    """Two blocks that stand one after the other are two cases, each with all its moments.

    Behind a motion gate, which saves looks at what stands, and none that a case needs.
    """
    require_gstreamer()
    scene = stands(16, stay_s=6, pause_s=1.5, seed=9)
    video = scene_clip(tmp_path / "scene.mp4", scene, seconds=24)
    model = write_block_model(tmp_path / "block.onnx")
    with RtspServer({"/cam0": video}) as server, Desk(host="127.0.0.1", port=0) as desk:
        below = [[0.0, 0.5], [1.0, 0.5], [1.0, 1.0], [0.0, 1.0]]  # of the changing number
        one = camera("drawn", server.url("/cam0"), rule={"dwell_s": 3}, polygon=below)
        site = write_site(
            tmp_path,
            [one],
            model,
            sampling={"interval_s": 0.5, "gate": {"forced_s": 2}},
            case_system={"kind": "open311", "url": f"{desk.url}/open311/v2"},
        )
        with Process("run", site) as run:
            api = run.ready()
            for _ in scene:
                run.wait_for(lambda row: row["event"] == "case", 30)
            values = metrics(api)
            assert run.stop() == 0
    gated, forced, network = (
        values[f'streetwarden_gate_looks_total{{basis="{basis}",camera="drawn"}}']
        for basis in ("gated", "forced", "network")
    )
    assert gated > 0
    assert forced > 0
    looks = values['streetwarden_looks_total{camera="drawn"}']
    assert gated + forced + network == pytest.approx(looks, abs=1)  # one may be on its way
    found = [row for row in run.rows if row["event"] == "violation"]
    assert len(scene) == len(found) == 2
    for stand, row in zip(scene, found, strict=True):
        assert iou(tuple(row["xyxy"]), stand.box) >= 0.8
    check_evidence(tmp_path / "data" / "evidence")
    for manifest in (tmp_path / "data" / "evidence").rglob("manifest.json"):
        text = json.loads(manifest.read_text(encoding="utf-8"))
        if "supplement" not in text:  # the clip that follows has no stills
            assert len(list(manifest.parent.glob("*.jpg"))) >= 2, text
