"""Close looks from pixels to a case: in replay the same bytes twice, in run within the budget."""

import time
from pathlib import Path
from typing import Any

import pytest

from tests.block_model import write_block_model
from tests.clips import clip
from tests.rtsp import RtspServer, require_gstreamer
from tests.site import WHOLE, Process, ask, health, rows, streetwarden, write_site

KIND = "uncovered_muck_truck"
PASS_S = 5.8
"""The block crosses the picture in 580 px at 4 px a picture, 25 pictures a second; then again."""


def truck_site(folder: Path, url: str, **more: Any) -> Path:
    """Write a site with one camera above a carriageway; the model calls the block an open truck."""
    model = write_block_model(folder / "block.onnx", name="muck_truck_open")
    above = {
        "id": "above",
        "url": url,
        "sees_load": True,
        "zones": [{"id": "road", "kind": "carriageway", "polygon": WHOLE}],
        "rules": [{"kind": KIND, "zones": ["road"]}],
    }
    return write_site(folder, [above], model, **more)


def replayed(site: Path, video: Path, *more: str) -> str:
    """Replay a video; return what it prints."""
    found = streetwarden("replay", site, "above", video, "--json", *more)
    assert found.returncode == 0, found.stderr
    return found.stdout


def test_replay_looks_closely_and_prints_the_same_twice(tmp_path: Path) -> None:
    """A pass of six seconds is confirmed from its close looks, which idle looks would miss."""
    video = clip(width=640, height=360, seconds=16, gop=50)
    site = truck_site(tmp_path, "rtsp://127.0.0.1:1/none")
    text = replayed(site, video)
    confirmed = [row for row in rows(text) if row["event"] == "confirmed"]
    assert len(confirmed) >= 2
    assert confirmed[0]["time_s"] < 2.0  # before the second idle look
    assert replayed(site, video) == text


def published(api: str) -> dict[str, str]:
    """Return the metrics once the ring's memory is among the camera's.

    The ring is counted at once, the memory measured every few seconds: the first time perhaps
    before the camera delivered anything.
    """
    until_s = time.monotonic() + 20.0
    while True:
        lines = ask(api, "/metrics").text.splitlines()
        values = dict(line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
        ring = float(values['streetwarden_camera_ring_bytes{camera="above"}'])
        if 0 < ring < float(values['streetwarden_camera_memory_bytes{camera="above"}']):
            return values
        assert time.monotonic() < until_s, f"a ring of {ring:.0f} bytes, and no memory beside it"
        time.sleep(0.3)


@pytest.mark.timeout(120)
def test_run_looks_closely_within_the_budget(tmp_path: Path) -> None:
    """A truck is seen closely, its pass is a case; the budget and the memory can be read."""
    require_gstreamer()
    video = clip(width=640, height=360, seconds=60, gop=50)
    with RtspServer({"/cam0": video}) as server:
        attention = {"close_s_a_minute": 20, "close_at_once": 1}
        site = truck_site(tmp_path, server.url("/cam0"), attention=attention)
        with Process("run", site) as run:
            api = run.ready()
            run.wait_for(lambda row: row["event"] == "violation" and row["kind"] == KIND, 40)
            values = published(api)
            row = health(api)["above"]
            assert run.stop() == 0
    spent_s = float(values['streetwarden_close_seconds_total{camera="above"}'])
    assert 2.0 <= spent_s <= 40.0
    assert float(values["streetwarden_close_budget_seconds"]) <= 20.0
    assert float(values["streetwarden_shedding"]) in {0.0, 1.0}
    assert row["attention"] in {"idle", "watching", "close"}
