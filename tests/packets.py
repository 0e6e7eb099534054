"""Packets of test clips, placed in time; and made-up ones where only their times matter."""

from fractions import Fraction
from pathlib import Path

from streams import CodecParameters, Excerpt, Packet, Source
from streams.demuxer import Demuxer
from streams.reader import RecordingClock

PARAMETERS = CodecParameters("h264", b"\x00\x00\x00\x01g", 640, 360, Fraction(1, 90_000))


def packets_of(path: Path) -> list[tuple[Packet, CodecParameters]]:
    """Demux a file; at_s counts from 0 at its first picture."""
    clock = RecordingClock()
    with Demuxer(Source.of_file(path)) as demuxer:
        return [(unit.placed(clock.place_s(unit)), unit.parameters) for unit in demuxer.units()]


def excerpt_of(path: Path) -> Excerpt:
    """Take a whole file of one parameter set as an excerpt."""
    found = packets_of(path)
    return Excerpt("cam", 0, found[0][1], tuple(packet for packet, _ in found), 1e9)


def packet(
    at_s: float, *, key: bool = False, warmup: int = 0, size: int = 100, parameter_set: int = 0
) -> Packet:
    """Make a packet up."""
    ticks = round(at_s * 90_000)
    return Packet(bytes(size), ticks, ticks, 3600, key, at_s, at_s, parameter_set, warmup)
