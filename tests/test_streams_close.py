"""A camera looked at closely: from before the request, at the rate asked for, then as before."""

import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

import pytest

from streams import CameraSpec, FileReader, Frame, Group, Source
from streams.due import EARLY, DueGrid
from streams.lane import BEHIND_S, Job, Lane
from streams.pool import DecodePool
from tests.clips import clip, looped, read_counter
from tests.packets import packets_of
from tests.proxy import Proxy
from tests.rtsp import RtspServer

SMALL: dict[str, Any] = {"width": 320, "height": 176}
FPS, GOP = 25, 50
EVERY_S = 0.2
START = datetime(2026, 1, 5, tzinfo=UTC)


class Watched:
    """A running group and what it handed out, with the monotonic time of it."""

    def __init__(self, specs: list[CameraSpec], **options: Any) -> None:
        self.frames: dict[str, list[tuple[float, Frame]]] = defaultdict(list)
        self.group = Group(specs, self._keep, **options)

    def _keep(self, frame: Frame) -> None:
        self.frames[frame.camera_id].append((time.monotonic(), frame))

    def count(self, camera_id: str) -> int:
        """Frames so far."""
        return len(self.frames[camera_id])

    def after(self, camera_id: str, count: int) -> list[Frame]:
        """Return the frames but the first `count`."""
        return [frame for _, frame in self.frames[camera_id][count:]]


@contextmanager
def watched(specs: list[CameraSpec], **options: Any) -> Iterator[Watched]:
    """Run a group for the length of a block."""
    found = Watched(specs, **options)
    found.group.start()
    try:
        yield found
    finally:
        found.group.stop(5.0)


def wait_until(done: Callable[[], bool], most_s: float) -> None:
    """Wait for other threads."""
    until_s = time.monotonic() + most_s
    while not done():
        assert time.monotonic() < until_s, "waited too long"
        time.sleep(0.005)


def jobs_of(**options: Any) -> list[Job]:
    """Make a clip's packets ready for decoding."""
    found = packets_of(clip(**{"seconds": 8, "gop": GOP, **SMALL, **options}))
    return [Job(packet, parameters, 0, 1e9) for packet, parameters in found]


def numbers(frames: list[Frame]) -> list[int | None]:
    """Read the numbers burnt into the pictures."""
    return [read_counter(frame.picture) for frame in frames]


@pytest.mark.timeout(60)
def test_it_starts_before_the_request_and_costs_the_others_nothing() -> None:
    """First picture within 0.5 s and from before the request; every one follows; neighbours go on.

    GOP of 50 at 25 fps: the request comes more than a second after the last key packet.
    """
    path = looped(clip(seconds=20, gop=GOP, **SMALL), 2)
    with RtspServer({f"/cam{number}": path for number in range(3)}) as server:
        specs = [
            CameraSpec(f"c{number}", Source(server.url(f"/cam{number}"))) for number in (0, 1, 2)
        ]
        with watched(specs) as found:
            wait_until(lambda: all(found.count(f"c{number}") >= 2 for number in range(3)), 20.0)
            count, (_, asked) = found.count("c0"), found.frames["c0"][-1]
            time.sleep(max(0.0, asked.arrival_s + 1.4 - time.monotonic()))
            assert found.count("c0") == count
            requested_s = time.monotonic()
            found.group.look_closely("c0", asked.at_s + 4.5, EVERY_S)
            wait_until(lambda: found.count("c0") > count, 0.5)
            assert found.frames["c0"][count][0] - requested_s < 0.5
            assert found.group.states()[0].close_until_s == pytest.approx(asked.at_s + 4.5)
            time.sleep(5.5)
            wait_until(lambda: not found.after("c0", count)[-1].close, 3.0)
            _check_close_looks(asked, found.after("c0", count))
            assert found.group.states()[0].close_until_s is None
            for name in ("c1", "c2"):
                gaps = [b.at_s - a.at_s for a, b in pairwise(found.after(name, 0))]
                assert gaps == pytest.approx([2.0] * len(gaps), abs=0.01)


def _check_close_looks(asked: Frame, frames: list[Frame]) -> None:
    close = [frame for frame in frames if frame.close]
    assert [frame.at_s - asked.at_s for frame in close] == pytest.approx(
        [EVERY_S * step for step in range(1, 23)], abs=0.021
    )
    first = read_counter(asked.picture)
    assert first is not None
    assert numbers(close) == [first + 5 * step for step in range(1, 23)]
    rest = [frame for frame in frames if not frame.close]
    assert all(frame.key for frame in rest)
    assert all(frame.session == asked.session for frame in frames)
    assert rest[0].at_s - asked.at_s == pytest.approx(6.0, abs=0.021)


@pytest.mark.timeout(60)
def test_an_outage_ends_in_nothing_held() -> None:
    """Unplugged while looked at closely: the decoder goes; later it starts at a key packet."""
    path = looped(clip(seconds=20, gop=GOP, **SMALL), 2)
    with (
        RtspServer({"/cam0": path}, always_on=True) as server,
        Proxy(("127.0.0.1", server.port)) as proxy,
    ):
        spec = CameraSpec("c0", Source(f"rtsp://127.0.0.1:{proxy.port}/cam0"))
        with watched([spec]) as found:
            wait_until(lambda: found.count("c0") >= 1, 20.0)
            found.group.look_closely("c0", found.after("c0", 0)[-1].at_s + 30.0, EVERY_S)
            wait_until(lambda: found.count("c0") >= 6, 5.0)
            proxy.cut()
            wait_until(lambda: found.group.states()[0].state == "down", 15.0)
            lane = found.group._cameras["c0"].lane
            wait_until(lambda: not lane.decoding, 2.0)
            count = found.count("c0")
            proxy.restore()
            wait_until(lambda: found.count("c0") > count + 5, 15.0)
            after = found.after("c0", count)
            assert all(frame.close and frame.session == 1 for frame in after)
            assert None not in numbers(after)
            times = [frame.at_s for frame in found.after("c0", 0)]
            assert times == sorted(set(times))


def make_lane(frames: list[Frame], **options: Any) -> Lane:
    """Make a camera's lane with a look every two seconds."""
    return Lane("cam", longest_px=320, grid=DueGrid(2.0), on_frame=frames.append, **options)


def test_b_frames_come_in_order_and_the_decoder_goes() -> None:
    """Reordered pictures are handed out by the clock up to the end, then nothing is held."""
    frames: list[Frame] = []
    pool, lane = DecodePool(1), make_lane(frames)
    pool.add(lane)
    pool.start()
    jobs = jobs_of(b_frames=3)
    lane.look_closely(jobs[0].packet.at_s + 3.0, EVERY_S)
    for job in jobs[:90]:
        lane.feed(job)
    lane.end_feeding()
    pool.ready(lane)
    wait_until(lambda: not lane.decoding and not lane.waiting and not lane.busy, 5.0)
    pool.stop(2.0)
    assert numbers([frame for frame in frames if frame.close]) == list(range(0, 75, 5))


def test_who_falls_behind_goes_on_at_the_newest_entry_point() -> None:
    """What nobody decodes for BEHIND_S is shed undecoded, and counted as pictures."""
    frames: list[Frame] = []
    pool, lane = DecodePool(1), make_lane(frames)
    pool.add(lane)
    jobs = jobs_of()
    lane.look_closely(jobs[0].packet.at_s + 100.0, EVERY_S)
    for job in jobs[:120]:
        lane.feed(job)
    time.sleep(BEHIND_S + 0.1)
    for job in jobs[120:150]:
        lane.feed(job)
    assert lane.dropped == 20  # 100 packets, a look of five each
    lane.end_feeding()
    pool.start()
    pool.ready(lane)
    wait_until(lambda: not lane.waiting and not lane.busy, 5.0)
    pool.stop(2.0)
    assert numbers(frames) == list(range(100, 150, 5))


def test_without_room_nothing_is_decoded_and_nothing_close_is_lost() -> None:
    """Two pictures are handed out, the rest waits as packets until there is room again."""
    frames: list[Frame] = []
    pool, lane = DecodePool(1, room=2), make_lane(frames)
    pool.add(lane)
    pool.start()
    jobs = jobs_of()
    lane.look_closely(jobs[0].packet.at_s + 100.0, EVERY_S)
    for job in jobs[:100]:
        lane.feed(job)
        pool.ready(lane)
    time.sleep(0.3)
    assert len(frames) == 2
    for count in range(3, 21):
        pool.more([lane])
        wait_until(lambda most=count: len(frames) == most, 2.0)  # type: ignore[misc]  # bound now
    pool.stop(2.0)
    assert numbers(frames) == list(range(0, 100, 5))
    assert lane.dropped == 0


def test_overload_is_shared_by_priority_and_nobody_is_left_out() -> None:
    """Room for a third of the looks: rates follow the priorities, equals get the same."""
    counts: dict[str, int] = defaultdict(int)
    handed_out: list[str] = []
    pool = DecodePool(1, room=1)
    lanes: dict[str, Lane] = {}
    for name, priority in (("a", 1.0), ("b", 1.0), ("c", 1.0), ("d", 1.0), ("high", 3.0)):

        def count(_: Frame, name: str = name) -> None:
            counts[name] += 1
            handed_out.append(name)

        lanes[name] = Lane(
            name, longest_px=160, grid=DueGrid(0.04), on_frame=count, priority=priority
        )
        pool.add(lanes[name])
    pool.start()
    keys = [job for job in jobs_of(seconds=4, gop=1, width=160, height=96) if job.packet.key]
    for number, job in enumerate(keys):
        for lane in lanes.values():
            lane.offer(job, early=EARLY)
            pool.ready(lane)
        time.sleep(0.02)
        if number % 3 != 2 and handed_out:
            pool.more([lanes[handed_out.pop(0)]])
    pool.stop(2.0)
    assert 55 <= sum(counts.values()) <= 70
    equals = [counts[name] for name in "abcd"]
    assert min(equals) >= 0.5 * sum(equals) / 4
    assert max(equals) - min(equals) <= 2
    assert counts["high"] > 2 * max(equals)


def read_asking(path: Path, *, decode: Literal["auto", "all"]) -> list[Frame]:
    """Read a recording; at the look of 2 s ask for a close one until 3.5 s, and again at 3 s."""
    reader = FileReader(path, longest_px=320, start=START, decode=decode)
    frames = []
    for frame in reader:
        frames.append(frame)
        if frame.at_s == 2.0:
            reader.look_closely(3.5, EVERY_S)
        if frame.at_s == 3.0:
            reader.look_closely(4.5, EVERY_S)
    return frames


@pytest.mark.parametrize("decode", ["auto", "all"])
@pytest.mark.parametrize("b_frames", [0, 3])
def test_a_recording_is_looked_at_closely_before_its_next_packet(
    decode: Literal["auto", "all"], b_frames: int
) -> None:
    """Asked for at a look, the next is 0.2 s later; it is the same on every reading."""
    path = clip(seconds=8, gop=GOP, b_frames=b_frames, **SMALL)
    frames = read_asking(path, decode=decode)
    assert [round(frame.at_s, 3) for frame in frames if frame.close] == pytest.approx(
        [2.2 + EVERY_S * step for step in range(12)], abs=1e-6
    )
    assert [frame.at_s for frame in frames if not frame.close] == [0.0, 2.0, 6.0]
    assert numbers(frames) == [round(frame.at_s * FPS) for frame in frames]
    again = read_asking(path, decode=decode)
    assert [frame.at_s for frame in again] == [frame.at_s for frame in frames]
    assert all((a.picture == b.picture).all() for a, b in zip(frames, again, strict=True))
