"""The keeper: deadlines, delays and reasons of one camera, on a clock that the test moves."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams import CameraSpec, Frame, Reason, Source, StreamError
from streams.attempt import OPEN_S, STALL_S
from streams.backoff import FIRST_S, LONGEST_S, REST_S, Backoff
from streams.due import DueGrid
from streams.errors import stream_error
from streams.intake import Intake
from streams.keeper import ENTRY_S, STEADY_S, STUCK, Keeper
from streams.ladder import Budget, Ladder
from streams.lane import Lane
from streams.pool import DecodePool

URL = "rtsp://10.0.0.1/main"
SUB_URL = "rtsp://10.0.0.1/sub"


class Line:
    """A connection that the test plays."""

    def __init__(self, source: Source, started_s: float) -> None:
        self.source = source
        self.started_s = started_s
        self.first_packet_s: float | None = None
        self.last_packet_s: float | None = None
        self.error: StreamError | None = None
        self.given_up = False
        self.alive = True

    def start(self) -> None:
        """Nothing to do: the test says what happens."""

    def give_up(self) -> None:
        """Remember it; the thread hangs until the test ends it."""
        self.given_up = True

    def join(self, timeout_s: float) -> None:
        """Nothing to wait for."""

    def packet(self, now_s: float) -> None:
        """Let a packet come."""
        self.last_packet_s = now_s
        self.first_packet_s = self.first_packet_s or now_s

    def fail(self, reason: Reason) -> None:
        """Let the connection end with an error."""
        self.error = stream_error(reason, self.source, "as the test says")
        self.alive = False


class Bench:
    """A keeper with everything around it, and a clock."""

    def __init__(self, *, url: str = URL, sub: bool = False) -> None:
        spec = CameraSpec("cam", Source(url), sub_source=Source(SUB_URL) if sub else None)
        self.frames: list[Frame] = []
        self.lane = Lane("cam", longest_px=640, grid=DueGrid(2.0), on_frame=self.frames.append)
        self.ladder = Ladder(2.0, has_sub=sub, budget=Budget(1))
        self.now_s = 1000.0
        self.intake = Intake(
            spec,
            self.lane,
            DecodePool(1),
            self.ladder,
            started_s=self.now_s,
            wall_s=lambda now_s: now_s,
        )
        self.lines: list[Line] = []
        self.keeper = Keeper(
            spec,
            self.intake,
            self.lane,
            self._connect,
            wall_s=lambda now_s: now_s,
            backoff=Backoff(random.Random(1)),
        )
        self.keeper.tick(self.now_s)

    def _connect(self, source: Source) -> Line:
        self.lines.append(Line(source, self.now_s))
        return self.lines[-1]

    @property
    def line(self) -> Line:
        """The newest connection."""
        return self.lines[-1]

    def said(self) -> tuple[str, Reason | None]:
        """Return what is said about the camera."""
        return self.keeper.state, self.keeper.reason

    def wait(self, seconds: float, *, packets: bool = False) -> None:
        """Let time pass, ten ticks a second; with packets, one comes at each."""
        for _ in range(round(seconds * 10)):
            self.now_s += 0.1
            if packets:
                self.line.packet(self.now_s)
            self.keeper.tick(self.now_s)

    def wait_for_line(self, most_s: float) -> float:
        """Wait for the next connection; return how long it took."""
        count, started_s = len(self.lines), self.now_s
        while len(self.lines) == count:
            assert self.now_s - started_s <= most_s
            self.wait(0.1)
        return self.now_s - started_s


def test_up_with_the_first_packet() -> None:
    """Connecting, then up; the reason is gone."""
    bench = Bench()
    assert bench.said() == ("connecting", None)
    bench.wait(0.1, packets=True)
    assert bench.said() == ("up", None)


def test_a_silent_camera_is_named_while_the_thread_still_hangs() -> None:
    """No packet after opening: timeout, though FFmpeg has not returned; then tried again."""
    bench = Bench()
    bench.wait(OPEN_S - 0.1)
    assert bench.said() == ("connecting", None)
    bench.wait(0.3)
    assert bench.said() == ("down", Reason.TIMEOUT)
    assert bench.line.given_up
    assert bench.wait_for_line(LONGEST_S + 0.5) <= 1.2  # the long wait counts as delay


def test_a_stall_is_named_and_tried_again() -> None:
    """Packets stop: stalled after STALL_S, within 15 s; packets return: up."""
    bench = Bench()
    bench.wait(5.0, packets=True)
    bench.wait(STALL_S + 0.3)
    assert bench.said() == ("down", Reason.STALLED)
    assert STALL_S + 0.3 < 15.0
    assert bench.wait_for_line(2.0) <= 1.2
    bench.wait(0.1, packets=True)
    assert bench.said() == ("up", None)


@pytest.mark.parametrize("reason", [Reason.REFUSED, Reason.UNKNOWN_HOST, Reason.NOT_FOUND])
def test_delays_double_to_eight_seconds(reason: Reason) -> None:
    """1, 2, 4, 8, 8 s, each up to a quarter shorter by chance; always with the same reason."""
    bench = Bench()
    for delay_s in (1.0, 2.0, 4.0, 8.0, 8.0):
        bench.line.fail(reason)
        bench.wait(0.1)
        assert bench.said() == ("down", reason)
        waited_s = bench.wait_for_line(LONGEST_S + 0.5)
        assert 0.75 * delay_s - 0.3 <= waited_s <= delay_s + 0.2


def test_after_a_good_connection_the_delay_is_short_again() -> None:
    """A connection that held for ten seconds was a good one; one that did not was none."""
    bench = Bench()
    for _ in range(4):
        bench.line.fail(Reason.REFUSED)
        bench.wait_for_line(9.0)
    bench.wait(3.0, packets=True)
    bench.line.fail(Reason.ENDED)
    assert bench.wait_for_line(9.0) > 2.0
    bench.wait(STEADY_S + 1.0, packets=True)
    bench.line.fail(Reason.ENDED)
    assert bench.wait_for_line(9.0) <= FIRST_S + 0.3


@given(st.lists(st.sampled_from(["fail", "hang", "stall", "run"]), min_size=1, max_size=8))
def test_a_camera_that_returns_is_back_within_ten_seconds(past: list[str]) -> None:
    """Whatever went before: when it answers again, a connection is made and up in time."""
    bench = Bench()
    for what in past:
        if what == "fail":
            bench.line.fail(Reason.REFUSED)
        elif what == "run":
            bench.wait(12.0, packets=True)
        elif what == "stall":
            bench.wait(0.2, packets=True)
            bench.wait(STALL_S + 0.2)
        else:
            bench.wait(OPEN_S + 0.2)
        for line in bench.lines:
            line.alive = False
        bench.wait(0.2)
    started_s = bench.now_s
    count = len(bench.lines)
    while bench.keeper.state != "up":  # from now on new connections answer within half a second
        bench.wait(0.1)
        if len(bench.lines) > count and bench.now_s - bench.line.started_s > 0.5:
            bench.line.packet(bench.now_s)
        assert bench.now_s - started_s <= 10.0


def test_two_refused_passwords_rest_the_camera() -> None:
    """Cameras lock accounts: after the second refusal in a row, nothing for 30 minutes."""
    bench = Bench()
    bench.line.fail(Reason.AUTH)
    bench.wait(0.1)
    assert bench.said() == ("down", Reason.AUTH)
    bench.wait_for_line(1.5)
    bench.line.fail(Reason.AUTH)
    bench.wait(0.1)
    assert bench.said() == ("resting", Reason.AUTH)
    bench.now_s += REST_S - 2.0
    bench.wait(1.0)
    assert len(bench.lines) == 2
    bench.wait_for_line(3.0)
    assert bench.said() == ("resting", Reason.AUTH)
    bench.wait(0.1, packets=True)
    assert bench.said() == ("up", None)


def test_another_failure_between_two_refusals_does_not_rest() -> None:
    """Only refusals in a row count."""
    bench = Bench()
    for reason in (Reason.AUTH, Reason.TIMEOUT, Reason.AUTH):
        bench.line.fail(reason)
        bench.wait_for_line(9.0)
    assert bench.said() == ("down", Reason.AUTH)


def test_packets_that_give_no_picture_are_named() -> None:
    """Three key packets that do not decode: codec; and down until a picture was seen."""
    bench = Bench()
    bench.wait(1.0, packets=True)
    bench.lane.undecodable_in_a_row = 3
    bench.wait(0.1, packets=True)
    assert bench.said() == ("down", Reason.CODEC)
    bench.wait_for_line(2.0)
    bench.wait(5.0, packets=True)
    assert bench.said() == ("down", Reason.CODEC)
    bench.lane.looks += 1
    bench.wait(0.1, packets=True)
    assert bench.said() == ("up", None)


def test_packets_without_an_entry_point_are_named() -> None:
    """Nothing to start decoding at for half a minute: codec, though packets come."""
    bench = Bench()
    bench.wait(1.0, packets=True)
    bench.intake.entry_s = bench.now_s
    bench.wait(ENTRY_S - 1.0, packets=True)
    assert bench.said() == ("up", None)
    bench.wait(1.5, packets=True)
    assert bench.said() == ("down", Reason.CODEC)


def test_threads_that_hang_do_not_pile_up() -> None:
    """With four given-up connections still hanging, no fifth is made until one is gone."""
    bench = Bench()
    bench.wait(STUCK * (OPEN_S + LONGEST_S + 1.0))
    assert len(bench.lines) == STUCK
    bench.lines[0].alive = False
    bench.wait(2.0)
    assert len(bench.lines) == STUCK + 1


def test_a_file_ends_once() -> None:
    """A file that is over is not read again."""
    bench = Bench(url="file:///videos/a.mp4")
    bench.wait(2.0, packets=True)
    bench.line.fail(Reason.ENDED)
    bench.wait(60.0)
    assert bench.said() == ("ended", Reason.ENDED)
    assert len(bench.lines) == 1


def test_the_second_stream_is_opened_when_the_ladder_says_so() -> None:
    """The connection changes at once, the camera stays up."""
    bench = Bench(sub=True)
    bench.wait(1.0, packets=True)
    bench.ladder.begin(0.0)
    bench.ladder.see(0.0, clean_key=True)
    bench.ladder.see(5.0, clean_key=True)
    bench.wait(0.2, packets=True)
    assert bench.line.source == Source(SUB_URL)
    assert bench.lines[0].given_up
    assert bench.said() == ("up", None)


@pytest.mark.parametrize(("reason", "tries"), [(Reason.NOT_FOUND, 1), (Reason.REFUSED, 3)])
def test_a_second_stream_that_does_not_open_is_given_up(reason: Reason, tries: int) -> None:
    """At once when it does not exist; after three tries when it may come back."""
    bench = Bench(sub=True)
    bench.wait(1.0, packets=True)
    bench.ladder.begin(0.0)
    bench.ladder.see(0.0, clean_key=True)
    bench.ladder.see(5.0, clean_key=True)
    bench.wait(0.2, packets=False)
    for _ in range(tries):
        assert bench.line.source == Source(SUB_URL)
        bench.line.fail(reason)
        bench.wait_for_line(9.0)
    assert bench.line.source == Source(URL)
    assert bench.ladder.mode == "all"


def test_stop_gives_up() -> None:
    """Nothing is tried any more."""
    bench = Bench()
    bench.wait(1.0, packets=True)
    bench.keeper.stop()
    bench.wait(20.0)
    assert bench.line.given_up
    assert len(bench.lines) == 1
