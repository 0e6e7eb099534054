"""Close looks from pixels to a case: in replay the same bytes twice, in run within the budget."""

import json
import time
from pathlib import Path
from typing import Any

import pytest

from tests.block_model import write_block_model
from tests.clips import clip
from tests.rtsp import RtspServer, require_gstreamer
from tests.site import WHOLE, Process, health, metrics, rows, streetwarden, write_site

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


def labelled(values: dict[str, float], name: str) -> dict[str, float]:
    """Return a metric of the one camera by what its other label says."""
    start = f'streetwarden_{name}{{camera="above",'
    return {key.split('"')[-2]: value for key, value in values.items() if key.startswith(start)}


def published(api: str) -> dict[str, float]:
    """Return the metrics of a moment of a close look, with all that there is to know by then.

    The ring is counted at once, the memory measured every few seconds: the first time perhaps
    before the camera delivered anything. A camera's own decoder is told of within a second, the
    time between its key packets after the second of them.
    """
    until_s = time.monotonic() + 20.0
    while True:
        values = metrics(api)
        ring = values['streetwarden_camera_ring_bytes{camera="above"}']
        memory = values['streetwarden_camera_memory_bytes{camera="above"}']
        close = labelled(values, "camera_attention") == {"close": 1.0}
        rest = [labelled(values, name) for name in ("camera_decoder", "key_interval_seconds")]
        if 0 < ring < memory and close and all(rest):
            return values
        told = f"a ring of {ring:.0f} bytes of {memory:.0f}, close: {close}, {rest}"
        assert time.monotonic() < until_s, told
        time.sleep(0.3)


def probed(log: list[str]) -> tuple[str, set[str]]:
    """Return what an ingest worker said it found in hardware, and the devices it cannot use."""
    told = [json.loads(line) for line in log if "decoding in hardware" in line]
    assert len(told) == 1
    return told[0]["event"], set(told[0]["reasons"])


@pytest.mark.timeout(120)
def test_run_looks_closely_within_the_budget(tmp_path: Path) -> None:
    """A truck is seen closely, its pass is a case; what that costs, on what device, can be read."""
    require_gstreamer()
    video = clip(width=640, height=360, seconds=60, gop=50)
    with RtspServer({"/cam0": video}) as server:
        attention = {"close_s_a_minute": 20, "close_at_once": 1}
        url, decoding = server.url("/cam0"), {"hardware": "qsv"}
        site = truck_site(tmp_path, url, attention=attention, decoding=decoding)
        with Process("--log-json", "run", site) as run:
            api = run.ready()
            run.wait_for(lambda row: row["event"] == "violation" and row["kind"] == KIND, 40)
            values = published(api)
            row = health(api)["above"]
            assert run.stop() == 0
    spent_s = values['streetwarden_close_seconds_total{camera="above"}']
    assert 2.0 <= spent_s <= 40.0
    assert values["streetwarden_close_budget_seconds"] <= 20.0
    assert values["streetwarden_close_cameras"] == 1.0
    assert values['streetwarden_close_refused_total{camera="above"}'] <= 1.0  # nobody else asks
    assert values["streetwarden_shedding"] in {0.0, 1.0}
    assert row["attention"] in {"idle", "watching", "close"}
    (interval_s,) = labelled(values, "key_interval_seconds").values()
    assert interval_s == pytest.approx(2.0, abs=0.1)  # gop=50 at 25 pictures a second
    # The device that the site file asks for, and no other, was tried by the ingest worker.
    found, refused = probed(run.log)
    assert refused == {"qsv"} or "on qsv" in found
    (device,) = labelled(values, "camera_decoder")
    assert device == "software" or f"h264 on {device}" in found
