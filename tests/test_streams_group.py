"""Cameras in a group, against GStreamer's RTSP server: faults, the ladder, recordings."""

import logging
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import pairwise
from typing import Any

import pytest

from streams import CameraSpec, CameraState, Frame, Group, Reason, Source, decode_still
from tests.clips import clip, looped, read_counter
from tests.proxy import Proxy
from tests.rtsp import RtspServer

USER, PASSWORD = "viewer", "Ge-heim#1"
SMALL: dict[str, Any] = {"width": 320, "height": 176}
FPS = 25


class Watcher:
    """A running group, everything it handed out and everything it said."""

    def __init__(self, cameras: Sequence[CameraSpec], **options: Any) -> None:
        self.frames: dict[str, list[Frame]] = defaultdict(list)
        self.said: dict[str, list[CameraState]] = defaultdict(list)
        self.group = Group(
            cameras,
            lambda frame: self.frames[frame.camera_id].append(frame),
            on_state=lambda state: self.said[state.camera_id].append(state),
            **options,
        )

    def state(self, camera_id: str) -> CameraState:
        """Return how a camera is now."""
        return next(one for one in self.group.states() if one.camera_id == camera_id)

    def is_now(self, camera_id: str, state: str, reason: Reason | None) -> bool:
        """Compare state and reason."""
        now = self.state(camera_id)
        return (now.state, now.reason) == (state, reason)

    def numbers(self, camera_id: str) -> list[int]:
        """Read the numbers burnt into the camera's frames; each must be readable."""
        found = [read_counter(frame.picture) for frame in self.frames[camera_id]]
        assert None not in found
        return [number for number in found if number is not None]


@contextmanager
def watching(cameras: Sequence[CameraSpec], **options: Any) -> Iterator[Watcher]:
    """Run a group for the length of a block."""
    watcher = Watcher(cameras, **options)
    watcher.group.start()
    try:
        yield watcher
    finally:
        started_s = time.monotonic()
        watcher.group.stop(5.0)
        assert time.monotonic() - started_s < 6.0


def wait_until(done: Callable[[], bool], most_s: float) -> float:
    """Wait; return how long it took."""
    started_s = time.monotonic()
    while not done():
        assert time.monotonic() - started_s < most_s, "waited too long"
        time.sleep(0.05)
    return time.monotonic() - started_s


def source(port: int, path: str, password: str = PASSWORD) -> Source:
    """Name a mount on this machine."""
    return Source(f"rtsp://127.0.0.1:{port}{path}", USER, password)


def mounts(count: int) -> Mapping[str, Any]:
    """Make as many cameras, each with a key frame a second."""
    path = looped(clip(seconds=40, gop=FPS, **SMALL), 2)
    return {f"/cam{number}": path for number in range(count)}


@pytest.mark.timeout(120)
def test_eight_cameras_of_which_four_fail(caplog: pytest.LogCaptureFixture) -> None:
    """Four lose no look while others are unplugged, half-open, refused and missing.

    Each bad one is named with its reason within 15 s, the unplugged one is back within 10 s of its
    return, and no password is in anything that was said.
    """
    caplog.set_level(logging.DEBUG)
    server = RtspServer(mounts(6), user=USER, password=PASSWORD)
    with (
        server,
        Proxy(("127.0.0.1", server.port)) as pulled,
        Proxy(("127.0.0.1", server.port)) as frozen,
    ):
        addresses = {f"good-{number}": source(server.port, f"/cam{number}") for number in range(4)}
        addresses |= {
            "pulled": source(pulled.port, "/cam4"),
            "frozen": source(frozen.port, "/cam5"),
            "refused": source(server.port, "/cam0", "wrong-" + PASSWORD),
            "missing": source(server.port, "/never"),
        }
        specs = [CameraSpec(name, one, interval_s=1.0) for name, one in addresses.items()]
        with watching(specs) as watcher:
            wait_until(lambda: watcher.is_now("refused", "resting", Reason.AUTH), 15.0)
            wait_until(lambda: watcher.is_now("missing", "down", Reason.NOT_FOUND), 15.0)
            wait_until(
                lambda: all(len(watcher.frames[name]) > 1 for name in list(addresses)[:6]), 15.0
            )
            pulled.cut()
            frozen.freeze()
            wait_until(lambda: watcher.is_now("pulled", "down", Reason.REFUSED), 15.0)
            time.sleep(4.0)
            before = len(watcher.frames["pulled"])
            pulled.restore()
            wait_until(lambda: len(watcher.frames["pulled"]) > before, 10.0)
            assert watcher.state("pulled").session == 1
            wait_until(lambda: watcher.is_now("frozen", "down", Reason.STALLED), 15.0)
            check_good_cameras(watcher)
            said = f"{watcher.said} {watcher.group.states()} {watcher.group.counters()}"
    assert PASSWORD not in said + caplog.text
    assert "heim" not in said + caplog.text
    named = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    for name, reason in (("pulled", "refused"), ("frozen", "stalled"), ("missing", "not_found")):
        assert any(f"camera {name}:" in text and f": {reason}:" in text for text in named)


def check_good_cameras(watcher: Watcher) -> None:
    """No look is lost, times are those of the media, stills are of the same picture."""
    for name in ("good-0", "good-1", "good-2", "good-3"):
        frames, numbers = watcher.frames[name], watcher.numbers(name)
        assert len(frames) > 8
        assert numbers == [numbers[0] + FPS * index for index in range(len(frames))]
        assert all(
            after.at_s - before.at_s == pytest.approx(1.0, abs=1e-3)
            for before, after in pairwise(frames)
        )
        assert watcher.state(name).state == "up"
        assert watcher.state(name).dropped == 0
        last = frames[-1]
        (excerpt,) = watcher.group.excerpts(name, last.at_s, last.at_s + 0.01)
        assert read_counter(decode_still(excerpt, last.at_s)) == numbers[-1]
        assert excerpt.captured_at(last.at_s) == last.captured_at
        assert abs(last.captured_at.timestamp() - time.time()) < 5.0


@pytest.mark.timeout(120)
def test_streams_that_key_frames_are_not_enough_for() -> None:
    """Each camera is decoded the cheapest way that works: second stream, everything, long interval.

    And a camera with sound keeps its times (FFmpeg shifts them at the first RTCP report).
    """
    far = looped(clip(seconds=25, gop=125, **SMALL), 2)
    refresh = looped(clip(seconds=25, intra_refresh=True, gop=50, **SMALL), 2)
    near = looped(clip(seconds=25, gop=FPS, **SMALL), 2)
    with RtspServer({"/far": far, "/far2": far, "/far3": far, "/refresh": refresh}) as server:
        server.add("/near", near)
        server.add("/sound", near, audio=True)
        url = server.url
        specs = [
            CameraSpec("sub", Source(url("/far")), Source(url("/near")), interval_s=1.0),
            CameraSpec("all", Source(url("/far2")), interval_s=1.0),
            CameraSpec("refresh", Source(url("/refresh")), interval_s=1.0),
            CameraSpec("sound", Source(url("/sound")), interval_s=1.0),
        ]
        late = CameraSpec("long", Source(url("/far3")), interval_s=1.0)
        with (
            watching(specs, decode_all_budget=2) as watcher,
            watching([late], decode_all_budget=0) as other,
        ):
            wait_until(lambda: watcher.state("sub").mode == "sub", 10.0)
            wait_until(lambda: watcher.state("all").mode == "all", 10.0)
            wait_until(lambda: other.state("long").mode == "long", 10.0)
            wait_until(lambda: watcher.state("refresh").mode == "all", 15.0)
            wait_until(lambda: not watcher.frames["refresh"][-1].key, 5.0)
            wait_until(lambda: bool(watcher.frames["sub"]), 5.0)
            assert [one.state for one in watcher.group.states()] == ["up"] * 4
            frames = {name: list(found) for name, found in watcher.frames.items()}
    for name in ("all", "refresh", "sound"):
        picture_of = {frame.at_s: read_counter(frame.picture) for frame in frames[name]}
        (first_s, first), *_ = picture_of.items()
        assert first is not None
        for at_s, number in picture_of.items():
            assert number == first + round((at_s - first_s) * FPS)
    gaps = [after.at_s - before.at_s for before, after in pairwise(frames["all"])]
    assert sum(gap == pytest.approx(1.0, abs=0.05) for gap in gaps) >= 5
    assert not frames["all"][-1].key
    assert not frames["refresh"][-1].key
    assert frames["sub"][-1].key
    assert [frame.at_s for frame in frames["sound"]] == pytest.approx(
        [frames["sound"][0].at_s + number for number in range(len(frames["sound"]))], abs=1e-3
    )


def test_a_recording_as_a_camera_is_paced_and_ends() -> None:
    """file: runs in real time, hands out its looks, ends with a reason and is not tried again."""
    path = clip(seconds=3, gop=FPS, b_frames=3, **SMALL)
    started_s = time.monotonic()
    specs = [
        CameraSpec("keys", Source.of_file(path), interval_s=1.0),
        CameraSpec("every", Source.of_file(path), interval_s=0.0, longest_px=160),
    ]
    with watching(specs, decode_workers=2) as watcher:
        for name in ("keys", "every"):
            wait_until(lambda name=name: watcher.is_now(name, "ended", Reason.ENDED), 8.0)  # type: ignore[misc]  # bound now
        assert time.monotonic() - started_s > 2.5
        wait_until(lambda: len(watcher.frames["every"]) == 75, 3.0)
        assert watcher.numbers("keys") == [0, 25, 50]
        assert watcher.numbers("every") == list(range(75))
        assert watcher.frames["every"][0].picture.shape == (88, 160, 3)
        time.sleep(1.5)
        assert watcher.group.counters()["keys"]["sessions"] == 1


def test_names_must_differ() -> None:
    """Two cameras of one name would be one."""
    spec = CameraSpec("a", Source("rtsp://h/x"))
    with pytest.raises(ValueError, match="differ"):
        Group([spec, spec], lambda _: None)
    with pytest.raises(ValueError, match="interval_s"):
        CameraSpec("a", Source("rtsp://h/x"), interval_s=-1.0)
