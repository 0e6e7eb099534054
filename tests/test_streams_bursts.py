"""Pauses between reads: only where nothing waits, never so that a camera falls behind."""

import pytest

from streams.bursts import FRESH_S, GATHERED_BYTES, LEAST_S, MOST_S, STEADY_S, Bursts

PICTURE_S = 0.04
START_S = 100.0


class Camera:
    """A camera and its reader: a packet can be read once it was sent, and not during a pause."""

    def __init__(self, interval_s: float = 2.0, size: int = 2000) -> None:
        self._bursts = Bursts(interval_s)
        self._size = size
        self._number = 0
        self.now_s = START_S
        self.pauses: list[float] = []
        self.lags: list[float] = []

    def run(self, seconds: float, *, delay_s: float = 0.0) -> None:
        """Read on for so long; packets take delay_s to arrive."""
        until_s = self.now_s + seconds
        self.pauses, self.lags = [], []
        while self.now_s < until_s:
            sent_s = START_S + self._number * PICTURE_S
            self._number += 1
            self.now_s = max(self.now_s, sent_s + delay_s)
            self.lags.append(self.now_s - sent_s)
            self.pauses.append(self._bursts.pause_s(sent_s, self.now_s, self._size))
            self.now_s += self.pauses[-1]


def test_packets_gather_and_none_is_later_than_a_pause() -> None:
    """Five or six pictures are read together once it is steady, instead of one by one."""
    camera = Camera()
    camera.run(60.0)
    assert max(camera.lags) <= MOST_S
    pauses = sum(pause_s > 0 for pause_s in camera.pauses)
    assert 0.8 * 50 / (MOST_S + 2 * PICTURE_S) < pauses < 60 / MOST_S


def test_no_pause_while_times_are_settled() -> None:
    """The first seconds decide where a session lies in time."""
    camera = Camera()
    camera.run(STEADY_S)
    assert max(camera.pauses) == 0.0


def test_a_fat_stream_pauses_for_less_than_its_buffer() -> None:
    """4 Mbit/s."""
    camera = Camera(size=20_000)
    camera.run(30.0)
    assert LEAST_S <= max(camera.pauses) <= GATHERED_BYTES / (20_000 / PICTURE_S) * 1.1


def test_a_stream_too_fat_to_gather_is_read_as_it_comes() -> None:
    """40 Mbit/s."""
    camera = Camera(size=200_000)
    camera.run(30.0)
    assert max(camera.pauses) == 0.0


def test_a_reader_that_is_behind_does_not_pause_until_that_is_usual() -> None:
    """A stream that stays later than it was, as after a change of route, may gather again."""
    camera = Camera()
    camera.run(20.0)
    camera.run(4.0, delay_s=0.5)
    assert max(camera.pauses) == 0.0
    camera.run(20.0, delay_s=0.5)
    assert max(camera.pauses) == pytest.approx(MOST_S)


def test_only_a_fresh_packet_allows_a_pause() -> None:
    """One that is late may have others waiting behind it."""
    bursts = Bursts(2.0)
    for number in range(500):
        bursts.pause_s(number * PICTURE_S, START_S + number * PICTURE_S, 2000)
    assert bursts.pause_s(20.0, START_S + 20.0 + 2 * FRESH_S, 2000) == 0.0
    assert bursts.pause_s(20.04, START_S + 20.04, 2000) > 0.0


@pytest.mark.parametrize("interval_s", [0.0, 0.2])
def test_frequent_looks_are_not_kept_waiting(interval_s: float) -> None:
    """A pause is a small share of the interval, or none."""
    camera = Camera(interval_s)
    camera.run(30.0)
    assert max(camera.pauses) == 0.0


def test_a_stream_without_times_is_read_as_it_comes() -> None:
    """Nothing says how late its packets are."""
    bursts = Bursts(2.0)
    assert not any(bursts.pause_s(None, 100 + n * PICTURE_S, 2000) for n in range(1000))
