"""One compressed picture as it was read, before it has a place in time."""

from dataclasses import dataclass

from streams.packet import CodecParameters, Packet


@dataclass(frozen=True, slots=True)
class Unit:
    """One compressed picture as it was read."""

    data: bytes
    pts: int | None
    """In ticks of the demuxer's time_base, as are dts and duration."""
    dts: int | None
    duration: int | None
    warmup: int | None
    """None: decoding cannot start here. Else as Packet.warmup."""
    parameters: CodecParameters
    parameter_set: int
    """Counts up from 0 whenever `parameters` changes."""
    arrival_s: float
    """When it was read, on the monotonic clock."""

    @property
    def pts_s(self) -> float | None:
        """When it is shown, in seconds of the stream's own clock; None if it does not say."""
        if self.pts is None:
            return None
        base = self.parameters.time_base
        return self.pts * base.numerator / base.denominator  # a Fraction's own product costs 3 us

    def placed(self, at_s: float) -> Packet:
        """Return the packet that it is, once its time is known."""
        return Packet(
            data=self.data,
            pts=self.pts,
            dts=self.dts,
            duration=self.duration,
            key=self.warmup is not None,
            arrival_s=self.arrival_s,
            at_s=at_s,
            parameter_set=self.parameter_set,
            warmup=self.warmup or 0,
        )
