"""Compressed video as it came from a camera: packets, and runs of them to decode or mux."""

from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction


@dataclass(frozen=True, slots=True)
class CodecParameters:
    """What a decoder needs before the first packet; a change starts a new parameter set."""

    codec: str
    """FFmpeg's codec name: h264, hevc, mjpeg, mpeg4."""
    extradata: bytes
    """What goes before the first packet: H.264 and H.265 parameter sets (SPS, PPS, VPS) with
    Annex B start codes, whatever the container used; other codecs' own header, or nothing."""
    width: int
    """Coded picture width in pixels; 0 when the stream does not say until it is decoded."""
    height: int
    time_base: Fraction
    """Seconds per tick of the packets' pts, dts and duration."""


@dataclass(frozen=True, slots=True)
class Packet:
    """One compressed access unit. Immutable: muxing and decoding work on fresh copies."""

    data: bytes
    """H.264 and H.265 with Annex B start codes, whatever the container used."""
    pts: int | None
    dts: int | None
    duration: int | None
    key: bool
    """True at an entry point (IDR or recovery point) where decoding may start; see warmup."""
    arrival_s: float
    """When its last byte was read, on this process's monotonic clock."""
    at_s: float
    """When its picture is shown, on the camera's timeline (see docs/time.md)."""
    parameter_set: int
    """Number of the parameter set in force, counted up from 0 within a session."""
    warmup: int = 0
    """At a key packet: pictures to decode and throw away before one is whole. 0 for a clean entry
    (IDR, or a recovery point that is complete at once); more where intra refresh repairs the
    picture column by column. A clean entry is decoded alone, the others never are."""

    def __repr__(self) -> str:
        """Say what it is without the payload."""
        kind = "key " if self.key else ""
        return (
            f"Packet({kind}at_s={self.at_s:.3f}, {len(self.data)} bytes, set={self.parameter_set})"
        )


@dataclass(frozen=True, slots=True)
class Excerpt:
    """Consecutive packets of one session and one parameter set, starting at a key packet.

    It can cross a process and be kept on disk: everything needed to decode its stills or to mux
    it into a clip is inside.
    """

    camera_id: str
    session: int
    parameters: CodecParameters
    packets: tuple[Packet, ...]
    """In decoding order; the first is a key packet; never empty."""
    utc_offset_s: float
    """Add to a packet's at_s to get its captured_at as seconds since the Unix epoch."""

    def __post_init__(self) -> None:
        """Refuse a run that could not be decoded from its start."""
        if not self.packets or not self.packets[0].key:
            raise ValueError("an excerpt starts at a key packet and holds at least one packet")

    def __repr__(self) -> str:
        """Say which packets, not what is in them."""
        return (
            f"Excerpt({self.camera_id} session={self.session} {self.parameters.codec} "
            f"{len(self.packets)} packets from at_s={self.packets[0].at_s:.3f})"
        )

    def captured_at(self, at_s: float) -> datetime:
        """UTC time of a moment on the camera's timeline."""
        return datetime.fromtimestamp(at_s + self.utc_offset_s, UTC)
