"""From demuxed packets to placed ones: the first second, kept pictures, clocks, the ring."""

import threading
from fractions import Fraction

import pytest

from streams import CameraSpec, CodecParameters, Frame, Source
from streams.due import DueGrid
from streams.intake import Intake, Superseded
from streams.ladder import Budget, Ladder
from streams.lane import Lane
from streams.packet import Packet
from streams.pool import DecodePool
from streams.unit import Unit
from tests.clips import clip, read_counter
from tests.packets import packets_of

NOW_S = 5000.0
UTC_S = 1.8e9
TICKS = 90_000
PARAMETERS = CodecParameters("h264", b"\x00\x00\x00\x01g", 640, 360, Fraction(1, TICKS))


class Bench:
    """An intake whose clocks are the arrivals that the test gives."""

    def __init__(self, *, interval_s: float = 2.0, budget: int = 0) -> None:
        spec = CameraSpec("cam", Source("rtsp://10.0.0.1/x"), interval_s=interval_s)
        self.frames: list[Frame] = []
        self.utc_error_s = 0.0
        self.pool = DecodePool(1)
        self.lane = Lane(
            "cam", longest_px=640, grid=DueGrid(interval_s), on_frame=self.frames.append
        )
        self.pool.add(self.lane)
        self.ladder = Ladder(interval_s, has_sub=False, budget=Budget(budget))
        self.intake = Intake(
            spec,
            self.lane,
            self.pool,
            self.ladder,
            started_s=NOW_S,
            wall_s=lambda now_s: UTC_S + now_s - NOW_S + self.utc_error_s,
        )
        self.owner = object()
        self.intake.open_to(self.owner)

    def add(self, pts_s: float | None, arrival_s: float, *, key: bool = False) -> None:
        """Let one made-up packet arrive."""
        ticks = None if pts_s is None else round(pts_s * TICKS)
        unit = Unit(
            b"\x00", ticks, ticks, 3600, 0 if key else None, PARAMETERS, 0, NOW_S + arrival_s
        )
        self.intake.add(self.owner, unit)

    def packets(self) -> list[Packet]:
        """Return what is in the ring."""
        return [one for excerpt in self.intake.ring.excerpts(0.0, 1e12) for one in excerpt.packets]

    def times(self) -> list[float]:
        """Return when the ring's pictures are shown, in seconds since the start."""
        return [one.at_s - UTC_S for one in self.packets()]


def test_kept_pictures_are_as_old_as_they_are() -> None:
    """A server that sends its last two seconds at once: times and captured_at are right."""
    bench = Bench()
    for number in range(50):
        bench.add(number / 25, 1.0, key=number == 0)
    assert bench.packets() == []  # nothing is placed before the first second is known
    for number in range(50, 100):
        bench.add(number / 25, 1.0 + (number - 49) / 25)
    assert bench.times() == pytest.approx(
        [1.0 + (number - 49) / 25 for number in range(100)], abs=1e-5
    )
    (excerpt,) = bench.intake.ring.excerpts(0.0, 1e12)
    assert excerpt.captured_at(excerpt.packets[0].at_s).timestamp() == pytest.approx(
        UTC_S + 1.0 - 49 / 25, abs=1e-3
    )


def test_a_first_packet_without_pts_takes_the_base() -> None:
    """FFmpeg's RTSP gives the first packet none: it lies one picture before the next shown."""
    bench = Bench()
    order = [None, 4, 2, 1, 3, 8, 6, 5, 7]  # B-frames, in decoding order
    for number, shown in enumerate(order):
        bench.add(None if shown is None else 100.0 + shown / 25, 1.0 + number / 25, key=number == 0)
    bench.intake.end(bench.owner)
    times = bench.times()
    assert times[0] == pytest.approx(min(times[1:]) - 1 / 25)


def test_the_end_of_a_short_session_is_kept() -> None:
    """A session of less than the first second is placed when it ends."""
    bench = Bench()
    bench.add(0.0, 1.0, key=True)
    bench.add(0.04, 1.04)
    assert bench.packets() == []
    bench.intake.end(bench.owner)
    assert bench.times() == pytest.approx([1.0, 1.04])


def test_a_given_up_connection_brings_nothing() -> None:
    """It wakes late, after another took its place: its packet is refused, its end does nothing."""
    bench = Bench()
    old = bench.owner
    bench.add(0.0, 1.0, key=True)
    bench.owner = object()
    bench.intake.open_to(bench.owner)
    with pytest.raises(Superseded):
        bench.intake.add(old, Unit(b"", 0, 0, 0, 0, PARAMETERS, 0, NOW_S + 2.0))
    bench.intake.end(old)
    bench.intake.note_camera_clock(old, 0.0)
    bench.add(0.0, 3.0, key=True)
    bench.intake.end(bench.owner)
    assert bench.intake.session == 1
    assert [one.session for one in bench.intake.ring.excerpts(0.0, 1e12)] == [0, 1]


def test_a_host_clock_that_is_corrected_is_followed_slowly() -> None:
    """Half a second of correction is slewed; a step of hours is taken at once."""
    bench = Bench()
    for number in range(2000):
        if number == 500:
            bench.utc_error_s = 0.5
        bench.add(number / 25, number / 25, key=number % 50 == 0)
    offset_s = bench.intake.anchor.offset_s
    assert 0.02 < offset_s < 0.04  # 0.0005 s a second, for a minute
    bench.utc_error_s = 7200.0
    bench.add(80.0, 80.0, key=True)
    assert bench.intake.anchor.offset_s == pytest.approx(7200.0)
    assert bench.intake.anchor.steps == 1


def test_captured_at_follows_the_host_though_the_media_is_slow() -> None:
    """Media at 90 %: durations are the media's, captured_at stays within about 3 s of UTC."""
    bench = Bench()
    seconds = 120
    for number in range(seconds * 25):
        bench.add(0.9 * number / 25, number / 25, key=number % 50 == 0)
    last = bench.packets()[-1]
    assert last.at_s - UTC_S == pytest.approx(0.9 * seconds, abs=0.1)
    captured_s = last.at_s + bench.intake.anchor.offset_s - UTC_S
    assert captured_s == pytest.approx(seconds, abs=3.2)
    assert bench.intake.timeline.declared


def test_the_camera_clock_is_recorded_not_obeyed() -> None:
    """RTCP says that the camera is 100 s ahead: noted, and nothing else changes."""
    bench = Bench()
    for number in range(100):
        bench.add(number / 25, number / 25, key=number == 0)
    bench.intake.note_camera_clock(bench.owner, UTC_S + 100.0)
    assert bench.intake.camera_clock_s == pytest.approx(100.0, abs=0.01)
    assert bench.times()[-1] == pytest.approx(99 / 25)


def test_only_due_key_packets_reach_the_pool() -> None:
    """Key packets every second, looks every two: every second one is decoded, and no other."""
    bench = Bench()
    bench.pool.start()
    for packet, parameters in packets_of(clip(seconds=6, gop=25, width=320, height=176)):
        warmup = packet.warmup if packet.key else None
        bench.intake.add(
            bench.owner,
            Unit(
                packet.data,
                packet.pts,
                packet.dts,
                packet.duration,
                warmup,
                parameters,
                packet.parameter_set,
                NOW_S + packet.at_s,
            ),
        )
        while bench.lane.waiting or bench.lane.busy:
            threading.Event().wait(0.001)
    bench.intake.end(bench.owner)
    bench.pool.stop(2.0)
    assert [read_counter(frame.picture) for frame in bench.frames] == [0, 50, 100]
    assert [frame.at_s - UTC_S for frame in bench.frames] == pytest.approx([0.0, 2.0, 4.0])
    assert [(frame.seq, frame.session, frame.key) for frame in bench.frames] == [
        (0, 0, True),
        (1, 0, True),
        (2, 0, True),
    ]
    assert (bench.lane.dropped, bench.intake.counts.packets) == (0, 150)
