"""Open a stream once and say what it is."""

import queue
import threading
import time
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import median

from streams.attempt import STALL_S
from streams.decoder import KeyDecoder, RunDecoder
from streams.demuxer import Demuxer
from streams.errors import Reason, StreamError, stream_error
from streams.frame import Picture
from streams.packet import CodecParameters, Packet
from streams.reader import RecordingClock
from streams.scaler import Scaler
from streams.source import Source
from streams.unit import Unit

ENOUGH_KEYS = 4
"""Three intervals between them: a median that one extra key frame does not move."""
FILE_S = 60.0
"""Part of a file that is looked at."""
_RUNS = 5
_COST_PX = 640


@dataclass(frozen=True, slots=True, eq=False)
class Probe:
    """What a stream turned out to be."""

    codec: str
    """FFmpeg's codec name."""
    width: int
    height: int
    fps: float | None
    """Pictures a second as counted while probing; None with fewer than two."""
    key_interval_s: float | None
    """Median seconds between clean key packets; None when fewer than two came in time."""
    b_frames: bool
    cost_ms_per_key: float | None
    """CPU milliseconds to decode one key packet as looks do and scale it to 640; None without
    a clean one."""
    still: Picture = field(repr=False)
    """(height, width, 3) uint8 RGB, full size."""
    bit_rate: float | None = None
    """Bits a second while probing."""


def probe(source: Source, *, timeout_s: float = 10.0) -> Probe:
    """Read the stream until its key-packet interval is known, at most timeout_s.

    Raises StreamError.
    """
    found, b_frames = _read(source, time.monotonic() + timeout_s)
    if not found:
        raise stream_error(Reason.TIMEOUT, source, f"no packet within {timeout_s:.0f} s")
    packets = [packet for packet, _ in found]
    keys = [one for one in found if one[0].key and not one[0].warmup]
    still = _still(found)
    if still is None:
        raise stream_error(Reason.CODEC, source, "no picture could be decoded")
    gaps = [after[0].at_s - before[0].at_s for before, after in pairwise(keys)]
    span_s = max(packet.at_s for packet in packets) - min(packet.at_s for packet in packets)
    return Probe(
        codec=found[0][1].codec,
        width=still.shape[1],
        height=still.shape[0],
        fps=(len(packets) - 1) / span_s if span_s > 0 else None,
        key_interval_s=median(gaps) if gaps else None,
        b_frames=b_frames or any(b.at_s < a.at_s for a, b in pairwise(packets)),
        cost_ms_per_key=_cost_ms(*keys[-1]) if keys else None,
        still=still,
        bit_rate=8 * sum(len(packet.data) for packet in packets) / span_s if span_s > 0 else None,
    )


def _read(source: Source, deadline_s: float) -> tuple[list[tuple[Packet, CodecParameters]], bool]:
    """Collect packets until there are enough keys. The deadline holds whatever FFmpeg does."""
    arrived: queue.SimpleQueue[Unit | StreamError | None] = queue.SimpleQueue()
    enough = threading.Event()
    b_frames = threading.Event()

    def read() -> None:
        try:
            left_s = max(0.1, deadline_s - time.monotonic())
            timeouts = (None, None) if source.is_file else (left_s, STALL_S)
            with Demuxer(source, open_timeout_s=timeouts[0], read_timeout_s=timeouts[1]) as opened:
                if opened.has_b_frames:
                    b_frames.set()
                for unit in opened.units():
                    arrived.put(unit)
                    if enough.is_set():
                        return
            arrived.put(None)
        except StreamError as error:
            arrived.put(error)

    threading.Thread(target=read, name="probe", daemon=True).start()
    try:
        return _collect(arrived, deadline_s), b_frames.is_set()
    finally:
        enough.set()


def _collect(
    arrived: "queue.SimpleQueue[Unit | StreamError | None]", deadline_s: float
) -> list[tuple[Packet, CodecParameters]]:
    found: list[tuple[Packet, CodecParameters]] = []
    clock = RecordingClock()
    keys = 0
    while keys < ENOUGH_KEYS:
        try:
            unit = arrived.get(timeout=max(0.0, deadline_s - time.monotonic()))
        except queue.Empty:
            break
        if isinstance(unit, StreamError) and not found:
            raise unit
        if unit is None or isinstance(unit, StreamError):
            break
        at_s = clock.place_s(unit)
        packet = unit.placed(at_s)
        found.append((packet, unit.parameters))
        keys += unit.warmup == 0
        if at_s > FILE_S:
            break
    return found


def _still(found: list[tuple[Packet, CodecParameters]]) -> Picture | None:
    """Decode the first picture that can be decoded, at full quality."""
    decoder = RunDecoder(found[0][1])
    for packet, parameters in found:
        for _, frame in decoder.feed(packet, parameters):
            return Scaler().picture(frame)
    for _, frame in decoder.drain():
        return Scaler().picture(frame)
    return None


def _cost_ms(packet: Packet, parameters: CodecParameters) -> float | None:
    decoder, scaler = KeyDecoder(), Scaler()
    costs: list[float] = []
    for _ in range(_RUNS):
        started_s = time.thread_time()
        frame = decoder.decode(packet, parameters)
        if frame is None:
            return None
        scaler.picture(frame, _COST_PX)
        costs.append(1000.0 * (time.thread_time() - started_s))
    return median(costs)
