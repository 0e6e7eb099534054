"""A power cut in the middle of a dwell: it goes on where it was, and is told once."""

import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from cases import Store
from tests.block_model import write_block_model
from tests.clips import looped
from tests.rtsp import RtspServer, require_gstreamer
from tests.scenes import Stand, scene_clip
from tests.site import WHOLE, Process, camera, health, write_site

DWELL_S = 30.0
BEFORE_S = 17.0
"""Of the dwell, until the process is killed; the state is kept every 10 s."""
WATCHED_MIN = 0.1
"""Of BEFORE_S, what is certainly known to the next process."""
SLACK_S = 15.0
"""A start on a busy machine."""


@pytest.mark.timeout(240)
def test_a_dwell_outlives_kill_9(tmp_path: Path) -> None:
    """A thing (a parked car) and a zone (bikes): each opened before the cut, confirmed once."""
    require_gstreamer()
    scene = (Stand(0.0, 30.0, (220, 200, 300, 260)),)
    path = scene_clip(tmp_path / "scene.mp4", scene, seconds=30)
    names = {"/car": "car", "/bikes": "two_wheeler"}
    models = {
        name: write_block_model(tmp_path / f"{name}.onnx", name=name) for name in names.values()
    }
    with RtspServer({mount: looped(path, 10) for mount in names}, always_on=True) as server:
        car = camera("car", server.url("/car"), rule={"dwell_s": DWELL_S}, models=["car"])
        bikes = {
            **camera("bikes", server.url("/bikes"), models=["two_wheeler"]),
            "zones": [{"id": "walk", "kind": "pavement", "polygon": WHOLE}],
            "rules": [{"kind": "bike_disorder", "zones": ["walk"], "n": 1, "dwell_s": DWELL_S}],
        }
        site = write_site(
            tmp_path,
            [car, bikes],
            models["car"],
            models=[{"name": name, "file": str(file)} for name, file in models.items()],
            sampling={"interval_s": 1},
        )
        with Process("run", site) as run:
            api = run.ready()
            time.sleep(BEFORE_S)
            before = _rules(api)
            killed_at = datetime.now(UTC)
            assert not [row for row in run.rows if row["event"] == "violation"]
            run.kill()
        with Process("run", site) as run:
            after = _rules(run.ready())
            assert [rule["since"] for rule in after] == [rule["since"] for rule in before]
            assert all(rule["watched_min"] >= WATCHED_MIN for rule in after), after
            end_s = time.monotonic() + DWELL_S + SLACK_S
            while _cameras(run) != Counter(car=1, bikes=1) and time.monotonic() < end_s:
                time.sleep(0.2)
            told_at = datetime.now(UTC)
            time.sleep(2.0)
            assert run.stop() == 0
            assert _cameras(run) == Counter(car=1, bikes=1), "".join(run.log[-20:])
            told = {row["violation_id"] for row in run.rows if row["event"] == "violation"}
    with Store.open(tmp_path / "data" / "store.sqlite3", site_id="test") as store:
        for violation_id in sorted(told):
            opened_at = store.case(violation_id).case.violation.opened_at
            assert opened_at < killed_at - timedelta(seconds=10)
    assert told_at - killed_at < timedelta(seconds=DWELL_S + SLACK_S)


def _rules(api: str) -> list[dict[str, Any]]:
    return [rule for row in health(api).values() for rule in row["rules"]]


def _cameras(run: Process) -> Counter[str]:
    return Counter(row["camera"] for row in run.rows if row["event"] == "violation")
