"""Eight cameras, four in trouble: each is named with its reason, the others lose nothing."""

import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.block_model import write_block_model
from tests.clips import clip
from tests.proxy import Proxy
from tests.rtsp import RtspServer, require_gstreamer
from tests.site import Process, ask, camera, health, write_site

PASSWORD = "s3cret-Pa55"
WRONG = "wr0ng-Pa55"
INTERVAL_S = 1.0
GOOD = ("good-1", "good-2", "good-3", "good-4")
NAMED_S = 15.0
BACK_S = 10.0


def through(proxy: Proxy, url: str) -> str:
    """Return a URL that goes through a proxy."""
    return f"rtsp://127.0.0.1:{proxy.port}{urlsplit(url).path}"


def unused_port() -> int:
    """Return a port on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def within(seconds: float, true: Callable[[], bool]) -> float:
    """Wait until something is true; returns after how long, fails when it takes too long."""
    start_s = time.monotonic()
    while not true():
        assert time.monotonic() - start_s < seconds, f"not within {seconds} s"
        time.sleep(0.2)
    return time.monotonic() - start_s


def looks(api: str) -> dict[str, int]:
    """Return how often each good camera was looked at."""
    return {name: row["looks"] for name, row in health(api).items() if name in GOOD}


@pytest.mark.timeout(170)
def test_cameras_in_trouble_are_named_and_harm_no_other(tmp_path: Path) -> None:
    """One unplugged and returned, one half-open, one wrong password, one that never existed."""
    require_gstreamer()
    video = clip(width=640, height=360, fps=12, seconds=170, gop=12)
    mounts = {f"/cam{number}": video for number in range(7)}
    model = write_block_model(tmp_path / "block.onnx")
    with RtspServer(mounts, user="viewer", password=PASSWORD) as server:
        urls = [server.url(path, login=False) for path in mounts]
        target = (str(urlsplit(urls[0]).hostname), int(urlsplit(urls[0]).port or 554))
        with Proxy(target) as pulled, Proxy(target) as frozen:
            login: dict[str, Any] = {"username": "viewer", "password": PASSWORD}
            cameras = [
                *(camera(name, url, **login) for name, url in zip(GOOD, urls, strict=False)),
                camera("pulled", through(pulled, urls[4]), **login),
                camera("frozen", through(frozen, urls[5]), **login),
                camera("locked", urls[6], username="viewer", password=WRONG),
                camera("nobody", f"rtsp://127.0.0.1:{unused_port()}/cam0", **login),
            ]
            site = write_site(tmp_path, cameras, model, sampling={"interval_s": INTERVAL_S})
            with Process("--log-json", "run", site) as run:
                api = run.ready()
                _trouble(api, pulled, frozen)
                metrics = ask(api, "/metrics").text
                assert run.stop() == 0
    text = "".join(run.log) + metrics
    for name, reason in (("frozen", "stalled"), ("locked", "auth"), ("nobody", "refused")):
        assert f'streetwarden_camera_up{{camera="{name}",reason="{reason}"}} 0.0' in metrics
        assert any(name in line and reason in line for line in run.log), name
    assert PASSWORD not in text
    assert WRONG not in text


def _trouble(api: str, pulled: Proxy, frozen: Proxy) -> None:
    up = {*GOOD, "pulled", "frozen"}
    within(25, lambda: all(health(api)[name]["state"] == "up" for name in up))
    within(NAMED_S, lambda: health(api)["locked"]["reason"] == "auth")
    within(NAMED_S, lambda: health(api)["nobody"]["reason"] == "refused")
    within(10, lambda: min(looks(api).values()) >= 2)
    before, start_s = looks(api), time.monotonic()
    pulled.cut()
    frozen.freeze()
    within(NAMED_S, lambda: health(api)["pulled"]["state"] != "up")
    within(NAMED_S, lambda: health(api)["frozen"]["reason"] == "stalled")
    time.sleep(3)
    pulled.restore()
    within(BACK_S, lambda: health(api)["pulled"]["state"] == "up")
    after, took_s = looks(api), time.monotonic() - start_s
    due = int(took_s / INTERVAL_S) - 2
    for name in GOOD:
        assert after[name] - before[name] >= due, (name, after[name] - before[name], took_s)


@pytest.mark.timeout(120)
def test_a_killed_ingest_worker_takes_only_its_cameras(tmp_path: Path) -> None:
    """Killed, one of two ingest workers: the other's cameras lose no look, it is soon back."""
    require_gstreamer()
    video = clip(width=640, height=360, fps=12, seconds=170, gop=12)
    model = write_block_model(tmp_path / "block.onnx")
    with RtspServer({"/cam0": video, "/cam1": video}) as server:
        cameras = [camera(f"c{n}", server.url(f"/cam{n}")) for n in range(2)]
        site = write_site(tmp_path, cameras, model, sampling={"interval_s": INTERVAL_S})
        with Process("run", site, "--workers", "2") as run:
            api = run.ready()
            within(25, lambda: all(row["looks"] >= 3 for row in health(api).values()))
            before, start_s = health(api), time.monotonic()
            kill_first_worker(run.pid)
            within(BACK_S, lambda: health(api)["c0"]["looks"] > before["c0"]["looks"])
            took_s = time.monotonic() - start_s
            seen = health(api)["c1"]["looks"] - before["c1"]["looks"]
            assert seen >= int(took_s / INTERVAL_S) - 1
            assert "streetwarden_ingest_restarts_total 1.0" in ask(api, "/metrics").text
            assert run.stop() == 0


def kill_first_worker(parent: int) -> None:
    """Kill -9 the ingest worker that was started first."""
    import os  # noqa: PLC0415 - only here
    import signal  # noqa: PLC0415 - same

    workers = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            stat = (entry / "stat").read_text().rpartition(")")[2].split()
            command = (entry / "cmdline").read_bytes()
        except OSError:
            continue
        if int(stat[1]) == parent and b"spawn_main" in command:
            workers.append(int(entry.name))
    assert len(workers) == 2
    os.kill(min(workers), signal.SIGKILL)
