"""The decode pool: fair, newest first, shed before decoding, and unmoved by what goes wrong."""

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from streams import Frame
from streams.due import EARLY, DueGrid
from streams.lane import MOST_DUE, QUEUE_S, STALE_S, Job, Lane
from streams.pool import DecodePool
from tests.clips import clip, read_counter
from tests.packets import packets_of

SMALL: dict[str, Any] = {"width": 320, "height": 176}


def jobs_of(**options: Any) -> list[Job]:
    """Make a clip's packets ready for decoding."""
    found = packets_of(clip(**{"seconds": 6, "gop": 25, **SMALL, **options}))
    return [Job(packet, parameters, 0, 1e9) for packet, parameters in found]


def make_lane(on_frame: Callable[[Frame], None], *, interval_s: float = 1.0) -> Lane:
    """Make a camera's lane."""
    return Lane("cam", longest_px=320, grid=DueGrid(interval_s), on_frame=on_frame)


def wait_until(done: Callable[[], bool], most_s: float = 10.0) -> None:
    """Wait for other threads."""
    until_s = time.monotonic() + most_s
    while not done():
        assert time.monotonic() < until_s
        time.sleep(0.002)


def test_a_newer_key_packet_wins_over_one_that_waited() -> None:
    """While nobody decodes, older ones are shed and counted; only the newest is decoded."""
    frames: list[Frame] = []
    pool, lane = DecodePool(1), make_lane(frames.append)
    pool.add(lane)
    first, second, third, *_ = (job for job in jobs_of() if job.packet.key)
    for job in (first, second, third):
        assert lane.offer(job, early=EARLY)
        pool.ready(lane)
        time.sleep(STALE_S + 0.05)
    pool.start()
    wait_until(lambda: lane.looks == 1)
    pool.stop(2.0)
    assert [read_counter(frame.picture) for frame in frames] == [50]
    assert lane.dropped == 2


def test_key_packets_offered_together_are_all_decoded() -> None:
    """A session's first second is placed at once: none of its looks is lost, up to a limit."""
    frames: list[Frame] = []
    pool, lane = DecodePool(1), make_lane(frames.append)
    pool.add(lane)
    for job in jobs_of():
        if job.packet.key and lane.offer(job, early=EARLY):
            pool.ready(lane)
    pool.start()
    wait_until(lambda: lane.looks == MOST_DUE)
    pool.stop(2.0)
    assert [read_counter(frame.picture) for frame in frames] == [50, 75, 100, 125]
    assert lane.dropped == 2


def test_everything_of_a_camera_is_decoded_in_order() -> None:
    """B-frames through the queue: due pictures come out by the clock, the last ones at the end."""
    frames: list[Frame] = []
    pool, lane = DecodePool(2), make_lane(frames.append, interval_s=0.4)
    pool.add(lane)
    pool.start()
    for job in jobs_of(b_frames=3, seconds=5, gop=50):
        lane.feed(job)
        pool.ready(lane)
    lane.end_feeding()
    pool.ready(lane)
    wait_until(lambda: lane.looks == 13)
    pool.stop(2.0)
    assert [read_counter(frame.picture) for frame in frames] == list(range(0, 125, 10))
    assert not any(frame.key for frame in frames)


def test_a_slow_camera_does_not_hold_up_the_others() -> None:
    """While one camera's taker blocks one worker, the other worker serves the rest."""
    gate = threading.Event()

    def block(_: Frame) -> None:
        gate.wait()

    others: list[Frame] = []
    pool = DecodePool(2)
    slow, quick = make_lane(block), make_lane(others.append)
    for lane in (slow, quick):
        pool.add(lane)
    pool.start()
    keys = [job for job in jobs_of() if job.packet.key]
    for number, job in enumerate(keys, start=1):
        for lane in (slow, quick):
            lane.offer(job, early=EARLY)
            pool.ready(lane)
        wait_until(lambda count=number: len(others) == count)  # type: ignore[misc]  # bound now
    gate.set()
    pool.stop(2.0)
    assert len(others) == len(keys)
    assert slow.dropped > 0


def test_a_taker_that_fails_changes_nothing(caplog: pytest.LogCaptureFixture) -> None:
    """An exception in on_frame is logged; the next frame is handed out."""
    seen: list[int] = []

    def fail(frame: Frame) -> None:
        seen.append(frame.seq)
        raise RuntimeError("the taker's own")

    pool, lane = DecodePool(1), make_lane(fail)
    pool.add(lane)
    pool.start()
    for job in (job for job in jobs_of() if job.packet.key):
        lane.offer(job, early=EARLY)
        pool.ready(lane)
        wait_until(lambda: not lane.waiting and not lane.busy)
    pool.stop(2.0)
    assert seen == list(range(6))
    assert "the taker's own" in caplog.text


def test_a_camera_that_falls_behind_is_shed_and_goes_on_at_a_key_packet() -> None:
    """More than QUEUE_S of packets: dropped at once; what follows is whole again."""
    frames: list[Frame] = []
    pool, lane = DecodePool(1), make_lane(frames.append, interval_s=0.0)
    pool.add(lane)
    jobs = jobs_of(seconds=25, gop=50, width=160, height=96)
    for job in jobs:
        lane.feed(job)
    assert lane.dropped == 1
    pool.start()
    pool.ready(lane)
    wait_until(lambda: not lane.waiting and not lane.busy)
    pool.stop(2.0)
    numbers = [read_counter(frame.picture) for frame in frames]
    first = int(QUEUE_S * 25) + 50
    assert numbers == list(range(first, 625))


def test_what_does_not_decode_is_counted() -> None:
    """Garbage key packets give no frame and count in a row; a good one ends the row."""
    frames: list[Frame] = []
    pool, lane = DecodePool(1), make_lane(frames.append)
    pool.add(lane)
    pool.start()
    good, second, *_ = (job for job in jobs_of() if job.packet.key)
    bad = replace(good, packet=replace(good.packet, data=b"\x00\x00\x01\x65xx"))
    lane.offer(bad, early=EARLY)
    pool.ready(lane)
    wait_until(lambda: not lane.waiting and not lane.busy)
    assert (lane.undecodable, lane.undecodable_in_a_row, len(frames)) == (1, 1, 0)
    lane.offer(second, early=EARLY)
    pool.ready(lane)
    wait_until(lambda: len(frames) == 1)
    pool.stop(2.0)
    assert (lane.undecodable, lane.undecodable_in_a_row) == (1, 0)


def test_at_least_one_worker() -> None:
    """A pool without threads would never decode."""
    with pytest.raises(ValueError, match="at least one"):
        DecodePool(0)


def test_a_look_taken_before_its_turn_is_over_leaves_its_camera_free() -> None:
    """Whoever takes pictures may be quicker than the thread that hands them out."""
    frames: list[Frame] = []

    def take_at_once(frame: Frame) -> None:
        frames.append(frame)
        pool.more([lane])

    pool, lane = DecodePool(1, room=2), make_lane(take_at_once)
    pool.add(lane)
    pool.start()
    keys = [job for job in jobs_of() if job.packet.key][:4]
    for number, job in enumerate(keys, 1):
        assert lane.offer(job, early=EARLY)
        pool.ready(lane)
        wait_until(lambda number=number: lane.looks == number)  # type: ignore[misc]
    pool.stop(2.0)
    assert lane.dropped == 0
