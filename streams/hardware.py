"""Decoding on a graphics processor: which device works here, found out by trying it.

That a device is listed proves nothing: FFmpeg lists what it was built for, and QSV opens without a
processor for it. So each device decodes a small stream, and is believed when its pictures are those
of software. One that fails later is left alone for a while; whoever used it goes on in software.

Sources: FFmpeg's libavutil/hwcontext.h, libavcodec/nvdec.c and qsvdec.c; PyAV's av/codec/hwaccel.
"""

import io
import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal

import av
import av.error
import numpy as np
from av.codec.hwaccel import HWAccel
from av.video.codeccontext import VideoCodecContext
from numpy.typing import NDArray

log = logging.getLogger(__name__)

Wanted = Literal["auto", "off", "cuda", "qsv"]

REST_S = 300.0
"""A device that failed is not used for so long; then it has to prove itself anew."""
SAME_LEVELS = 2
"""Levels by which a device's luma may differ: H.264 and H.265 decode exactly."""
_SIZE = (640, 384)
"""(width, height) of the trial stream; NVDEC decodes nothing smaller than 144 pixels."""
_PICTURES, _GOP = 12, 6
_RENDER_NODES = Path("/dev/dri")
_ENCODERS: dict[str, Literal["libx264", "libx265"]] = {"h264": "libx264", "hevc": "libx265"}
"""Codecs that can be tried, and what makes a stream of them; the others stay in software."""

Open = Callable[[str], VideoCodecContext]
"""A decoder for a codec by FFmpeg's name. Raises FFmpegError, ValueError, RuntimeError."""
_FAILURES = (av.error.FFmpegError, ValueError, RuntimeError)


@dataclass(frozen=True, slots=True)
class Device:
    """A kind of device."""

    name: str
    open: Open


@dataclass(frozen=True, slots=True, eq=False)
class Opened:
    """A decoder on a device."""

    device: str
    context: VideoCodecContext


def _open_cuda(codec: str) -> VideoCodecContext:
    """NVDEC under FFmpeg's own parser; pictures come back as NV12 in main memory."""
    # One CUDA context for all: of its own each decoder would hold some 200 MB of the device.
    device = HWAccel("cuda", allow_software_fallback=False, options={"primary_ctx": "1"})
    context = _video(av.CodecContext.create(codec, "r", hwaccel=device))
    if not context.is_hwaccel:
        raise ValueError(f"{codec} is not decoded by it")
    return context


def _open_qsv(codec: str) -> VideoCodecContext:
    """Quick Sync through its own decoders, which give pictures in main memory."""
    if not any(_RENDER_NODES.glob("renderD*")):
        raise ValueError(f"there is no render node in {_RENDER_NODES}")  # saves the trial
    return _qsv(codec)


def _qsv(codec: str) -> VideoCodecContext:
    context = _video(av.CodecContext.create(f"{codec}_qsv", "r"))
    context.options = {"async_depth": "1"}  # else it keeps four pictures back
    return context


DEVICES = (Device("cuda", _open_cuda), Device("qsv", _open_qsv))
"""In the order tried. VAAPI is not in PyAV's wheels."""


class Hardware:
    """The devices of this machine. Safe for threads; until a probe has ended nothing is found."""

    def __init__(self, wanted: Wanted = "auto", devices: Sequence[Device] = DEVICES) -> None:
        """wanted: `auto` takes the first that works, `off` none, a name that one or none."""
        self._devices = tuple(one for one in devices if wanted in {"auto", one.name})
        self._lock = threading.Lock()
        self._found: dict[str, Device] = {}
        self._resting_until_s: float | None = None
        self._probing = False
        self.reasons: dict[str, str] = {}
        """Why a device is not used, by its name."""

    def start(self) -> None:
        """Begin to probe, in a thread of its own: a broken driver may take for ever."""
        with self._lock:
            if self._probing or not self._devices:
                return
            self._probing, self._resting_until_s = True, None
        threading.Thread(target=self._probe, name="probe-hardware", daemon=True).start()

    def probe(self) -> None:
        """Find out now what works; returns when that is known."""
        with self._lock:
            self._probing = True
        self._probe()

    @property
    def found(self) -> dict[str, str]:
        """Device by codec (FFmpeg's names); what is not in it is decoded in software."""
        with self._lock:
            return {codec: device.name for codec, device in self._found.items()}

    def open(self, codec: str) -> Opened | None:
        """Open a decoder for a codec; None: software has to do it."""
        with self._lock:
            device = self._found.get(codec)
            rested = self._resting_until_s is not None and time.monotonic() > self._resting_until_s
        if rested:
            self.start()
        if device is None:
            return None
        try:
            return Opened(device.name, device.open(codec))
        except _FAILURES as error:
            self.failed(device.name, str(error))
            return None

    def failed(self, device: str, reason: str) -> None:
        """Leave a device alone for REST_S: it failed in the middle of a stream, or did not open."""
        with self._lock:
            known = [codec for codec, one in self._found.items() if one.name == device]
            for codec in known:
                del self._found[codec]
            self._resting_until_s = time.monotonic() + REST_S
            self.reasons[device] = reason
        if known:
            log.warning(
                "%s failed, decoding goes on in software for %g s", device, REST_S,
                extra={"reason": reason},
            )  # fmt: skip

    def _probe(self) -> None:
        try:
            for codec in _ENCODERS:
                device = next((one for one in self._devices if self._works(one, codec)), None)
                with self._lock:
                    if device is not None:
                        self._found[codec] = device
        finally:
            with self._lock:
                self._probing = False
        told = ", ".join(f"{codec} on {name}" for codec, name in self.found.items())
        log.info("decoding in hardware: %s", told or "none", extra={"reasons": dict(self.reasons)})

    def _works(self, device: Device, codec: str) -> bool:
        try:
            context = device.open(codec)
            packets = _trial(codec)
            expected = _lumas(_video(av.CodecContext.create(codec, "r")), packets)
            shown = _lumas(context, packets)
        except _FAILURES as error:
            self.reasons[device.name] = " ".join(str(error).split())
            return False
        if len(shown) != len(expected) or any(
            one.shape != other.shape or np.abs(one - other).max() > SAME_LEVELS
            for one, other in zip(shown, expected, strict=True)
        ):
            self.reasons[device.name] = f"{codec} comes out other than in software"
            return False
        self.reasons.pop(device.name, None)
        return True


def _trial(codec: str) -> list[bytes]:
    """Encode a short stream with B-frames, a packet a picture, parameter sets in front."""
    random = np.random.default_rng(3)
    width, height = _SIZE
    coarse = random.integers(30, 220, (height // 32, width // 32, 3), dtype=np.uint8)
    still = coarse.repeat(32, axis=0).repeat(32, axis=1)
    packets: list[bytes] = []
    with av.open(io.BytesIO(), "w", format="matroska") as output:
        stream = output.add_stream(_ENCODERS[codec], rate=25)
        context: VideoCodecContext = stream.codec_context
        context.width, context.height, context.pix_fmt = width, height, "yuv420p"
        context.time_base, context.gop_size = Fraction(1, 25), _GOP
        context.options = {"x264-params": "bframes=2", "x265-params": "bframes=2:log-level=none"}
        for number in range(_PICTURES):
            picture = still.copy()
            picture[100:200, 20 * number : 20 * number + 120] = (200, 60, 60)
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            packets += [bytes(packet) for packet in stream.encode(frame)]
        packets += [bytes(packet) for packet in stream.encode(None)]
        head = bytes(context.extradata or b"")
    return [head + packets[0], *packets[1:]]


def _lumas(context: VideoCodecContext, packets: Sequence[bytes]) -> list[NDArray[np.int16]]:
    """Decode; return each picture's luma, (height, width), in the order shown."""
    frames: list[Any] = []
    for number, data in enumerate(packets):
        compressed = av.Packet(len(data))
        compressed.update(data)
        compressed.pts = compressed.dts = number
        frames += context.decode(compressed)
    frames += context.decode(None)
    return [frame.to_ndarray(format="gray").astype(np.int16) for frame in frames]


def _video(context: object) -> VideoCodecContext:
    if not isinstance(context, VideoCodecContext):
        raise ValueError("no video codec")  # noqa: TRY004 - one of the ways in which opening fails
    return context
