"""What a stream says about itself while it runs: its parameter sets, and where decoding may start.

H.264 and H.265 bring their parameter sets along; a change of them starts a new set.
"""

from streams import nal
from streams.packet import CodecParameters
from streams.unit import Unit


class Parameters:
    """The parameters in force. Follows one stream, unit by unit."""

    def __init__(self, first: CodecParameters) -> None:
        self.current = first
        """In force after the last unit."""
        self._set = 0
        self._syntax = nal.family(first.codec)

    def unit(
        self,
        data: bytes,
        pts: int | None,
        dts: int | None,
        duration: int | None,
        *,
        key: bool,
        arrival_s: float,
    ) -> Unit:
        """Make the unit of a picture; `key`: decoding may start here, as far as its maker knows."""
        warmup: int | None = 0 if key else None
        if key and self._syntax is not None:
            warmup = nal.warmup(self._syntax, data)
            self._adopt(nal.parameter_sets(self._syntax, data))
        return Unit(data, pts, dts, duration, warmup, self.current, self._set, arrival_s)

    def _adopt(self, in_band: bytes) -> None:
        """Take over parameter sets that the stream itself brings; a change counts up."""
        known = self.current
        if not in_band or in_band == known.extradata:
            return
        if not known.extradata:  # the first ones: the size found on opening belongs to them
            width, height = known.width, known.height
        else:
            width = height = 0
            self._set += 1
        self.current = CodecParameters(known.codec, in_band, width, height, known.time_base)
