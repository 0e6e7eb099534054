"""Power cuts: whatever was confirmed before kill -9 reaches the case system exactly once."""

import random
import re
import time
from collections import Counter
from pathlib import Path

import httpx
import pytest

from cases.desk import Desk
from tests.block_model import write_block_model
from tests.clips import looped
from tests.rtsp import RtspServer, require_gstreamer
from tests.scenes import scene_clip, stands
from tests.site import Process, camera, streetwarden, write_site

KILLS = 20
CAMERAS = 3
PATIENCE_S = 20.0
"""How long a run may take to get where it is killed."""
DRAIN_S = 75.0
"""Longer than a lease and the wait before a doubtful post is looked up."""
KEY = re.compile(r"SW-([0-9a-f]{20})")


def arrived(desk: Desk) -> Counter[str]:
    """Count the posts on the desk by violation; the desk stores every post as a new request."""
    reply = httpx.get(f"{desk.url}/open311/v2/requests.json", trust_env=False, timeout=10)
    return Counter(KEY.findall(one["description"])[0] for one in reply.json())


def run_into_the_cut(run: Process, rng: random.Random) -> None:
    """Kill -9 while it starts, before its first violation or around the first two of this run."""
    violations = rng.choice([None, 0, 1, 1, 1, 2])
    end_s = time.monotonic() + PATIENCE_S
    if violations is not None:
        run.ready()
        while sum(row["event"] == "violation" for row in run.rows) < violations:
            if time.monotonic() > end_s:
                break
            time.sleep(0.02)
    time.sleep(rng.uniform(0, 1.2))
    run.kill()


@pytest.mark.timeout(400)
def test_twenty_power_cuts(tmp_path: Path) -> None:
    """Killed at 20 random moments: every confirmed violation arrives, none arrives twice."""
    require_gstreamer()
    mounts = {}
    for number in range(CAMERAS):
        scene = stands(30, stay_s=4, pause_s=1, seed=number)
        path = scene_clip(tmp_path / f"scene-{number}.mp4", scene, seconds=30)
        mounts[f"/cam{number}"] = looped(path, 12)
    model = write_block_model(tmp_path / "block.onnx")
    rng = random.Random(20)
    told: set[str] = set()
    with (
        RtspServer(mounts, always_on=True) as server,
        Desk(host="127.0.0.1", port=0) as desk,
    ):
        site = write_site(
            tmp_path,
            [camera(path[1:], server.url(path), rule={"dwell_s": 1}) for path in mounts],
            model,
            sampling={"interval_s": 0.5},
            case_system={"kind": "open311", "url": f"{desk.url}/open311/v2"},
        )
        for _ in range(KILLS):
            with Process("run", site) as run:
                run_into_the_cut(run, rng)
                told |= {row["violation_id"] for row in run.rows if row["event"] == "violation"}
        with Process("run", site) as run:
            run.ready()
            end_s = time.monotonic() + DRAIN_S
            while not told <= arrived(desk).keys() and time.monotonic() < end_s:
                time.sleep(0.5)
            assert run.stop() == 0
        counts = arrived(desk)
    assert len(told) >= KILLS / 2, "too few violations for the test to mean something"
    assert told <= counts.keys(), told - counts.keys()
    assert set(counts.values()) == {1}, {key: n for key, n in counts.items() if n > 1}
    done = streetwarden("evidence", "verify", tmp_path / "data" / "evidence", "--json")
    assert done.returncode == 0, done.stdout
