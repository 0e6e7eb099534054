"""The last packets of one camera: everything for a while, key packets beyond, bounded in bytes."""

import math
import threading
from collections import deque
from dataclasses import dataclass, field, replace

from streams.packet import CodecParameters, Excerpt, Packet

PACKET_BYTES = 260
"""What a packet costs beside its data (object, times, numbers), measured with tracemalloc."""
CLOCK_STEP_S = 0.5
"""An excerpt has one UTC offset; where the offset was set anew by more than this it is split."""


@dataclass(slots=True)
class _Run:
    """Packets from one entry point to the next, in decoding order."""

    session: int
    parameters: CodecParameters
    utc_offset_s: float
    packets: list[Packet]
    thinned: bool = False
    """Only the key packet is left."""
    bytes: int = field(init=False)

    def __post_init__(self) -> None:
        self.bytes = sum(map(_cost, self.packets))

    @property
    def key(self) -> Packet:
        return self.packets[0]


class PacketRing:
    """Safe for threads: one adds, any may ask."""

    def __init__(self, camera_id: str, *, ring_s: float, ring_bytes: int) -> None:
        self._camera_id = camera_id
        self._ring_s = ring_s
        self._limit = ring_bytes
        self._lock = threading.Lock()
        self._keys: deque[_Run] = deque()
        """Thinned runs, all older than those of _runs."""
        self._runs: deque[_Run] = deque()
        self._bytes = 0
        self._broken = True
        """True while packets are left out until the next entry point."""

    @property
    def newest_at_s(self) -> float:
        """at_s of the newest packet; minus infinity while the ring is empty."""
        with self._lock:
            return self._runs[-1].packets[-1].at_s if self._runs else -math.inf

    @property
    def bytes(self) -> int:
        """Memory held, packets' own overhead included."""
        return self._bytes

    def add(
        self, packet: Packet, parameters: CodecParameters, session: int, utc_offset_s: float
    ) -> None:
        """Take the next packet in decoding order. Those before a first entry point are left out."""
        with self._lock:
            if packet.key:
                self._runs.append(_Run(session, parameters, utc_offset_s, [packet]))
                self._bytes += _cost(packet)
                self._broken = False
                self._thin_old(packet.at_s - self._ring_s)
            elif self._broken or self._runs[-1].session != session:
                return
            else:
                self._runs[-1].packets.append(packet)
                self._runs[-1].bytes += _cost(packet)
                self._bytes += _cost(packet)
            self._keep_limit()

    def open_run(self) -> tuple[tuple[Packet, ...], CodecParameters] | None:
        """Return everything since the last entry point; None when there is nothing to start at."""
        with self._lock:
            if self._broken or not self._runs:
                return None
            return tuple(self._runs[-1].packets), self._runs[-1].parameters

    def excerpts(self, from_s: float, to_s: float) -> tuple[Excerpt, ...]:
        """Return packets that show [from_s, to_s), oldest first, each excerpt from a key packet on.

        Split where the session or the parameter set changes. Where only key packets are left, only
        they are returned.
        """
        with self._lock:
            runs = [replace(run, packets=list(run.packets)) for run in (*self._keys, *self._runs)]
        excerpts: list[Excerpt] = []
        for chain in _chains(_reaching_back(runs, from_s)):
            packets = _before(chain, to_s)
            if packets:
                first = chain[0]
                excerpts.append(
                    Excerpt(
                        self._camera_id,
                        first.session,
                        first.parameters,
                        packets,
                        first.utc_offset_s,
                    )
                )
        return tuple(excerpts)

    def _thin_old(self, horizon_s: float) -> None:
        """Leave only the key packet of runs that ended before the horizon."""
        while len(self._runs) > 1 and self._runs[1].key.at_s <= horizon_s:
            self._thin_oldest()

    def _thin_oldest(self) -> None:
        run = self._runs.popleft()
        self._bytes -= run.bytes
        if run.key.warmup:
            return  # its key packet shows nothing without what follows
        run.packets = run.packets[:1]
        run.bytes = _cost(run.key)
        run.thinned = True
        self._keys.append(run)
        self._bytes += run.bytes

    def _keep_limit(self) -> None:
        while self._bytes > self._limit:
            if self._keys:
                self._bytes -= self._keys.popleft().bytes
            elif len(self._runs) > 1:
                self._thin_oldest()
            else:
                self._bytes -= self._runs.popleft().bytes
                self._broken = True
                return


def _cost(packet: Packet) -> int:
    return len(packet.data) + PACKET_BYTES


def _reaching_back(runs: list[_Run], from_s: float) -> list[_Run]:
    """Leave out the runs before the last one that has a whole picture at from_s."""
    start = 0
    for index, run in enumerate(runs):
        if run.key.at_s > from_s:
            break
        if not run.key.warmup or _shown(runs[index:], from_s) > run.key.warmup:
            start = index
    return runs[start:]


def _shown(runs: list[_Run], until_s: float) -> int:
    return sum(packet.at_s <= until_s for run in runs for packet in run.packets)


def _chains(runs: list[_Run]) -> list[list[_Run]]:
    """Split where one decoder, one file or one UTC offset would not do."""
    chains: list[list[_Run]] = []
    for run in runs:
        if chains and _continues(chains[-1][-1], run):
            chains[-1].append(run)
        else:
            chains.append([run])
    return chains


def _continues(before: _Run, run: _Run) -> bool:
    if before.thinned and run.key.warmup:
        return False  # the picture would be repaired from one that is not there
    return (
        before.session == run.session
        and before.key.parameter_set == run.key.parameter_set
        and before.parameters == run.parameters
        and abs(before.utc_offset_s - run.utc_offset_s) < CLOCK_STEP_S
    )


def _before(chain: list[_Run], to_s: float) -> tuple[Packet, ...]:
    """Join the runs up to the last picture before to_s; leave out what cannot be decoded.

    Pictures that lead a key packet (coded after it, shown before it) lean on the run before; they
    go when that run is not there or only its key packet is.
    """
    packets: list[Packet] = []
    end = 0
    whole_before = False
    for run in chain:
        for packet in run.packets:
            if packet.at_s < run.key.at_s and not whole_before:
                continue
            packets.append(packet)
            if packet.at_s < to_s:
                end = len(packets)
        whole_before = not run.thinned
    return tuple(packets[:end])
