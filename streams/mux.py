"""Excerpts into files that players open, without encoding anything again."""

import io
from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from statistics import median

import av
from av.container import InputContainer

from streams import nal
from streams.decoder import fresh_packet
from streams.errors import Reason, stream_error
from streams.packet import CodecParameters, Excerpt, Packet
from streams.translation import scrub

_TICKS = 90_000
"""A second in the files: what RTP video uses, so that no time is rounded again."""
_RAW_FORMATS = {"h264": "h264", "hevc": "hevc", "mjpeg": "mjpeg", "mpeg4": "m4v"}
"""FFmpeg's demuxer of the bare byte stream of a codec."""


def mux(excerpts: Sequence[Excerpt], path: Path) -> tuple[Path, ...]:
    """Write excerpts as MP4, times rebased to 0, one file for each parameter set.

    The first file is `path`; further ones get `-2`, `-3`, ... before the suffix. A gap between
    excerpts stays a gap: the picture before it stands. Packets that occur twice are written once.
    After a gap, an H.264 stream of open GOPs gets a file of its own: players would make the gap
    good with pictures that never were; of its key packets without the rest only the last is kept.
    Raises ValueError without an excerpt, FixError (codec) for what MP4 cannot hold, OSError.
    """
    if not excerpts:
        raise ValueError("nothing to mux")
    files: dict[CodecParameters, list[Excerpt]] = {}
    for excerpt in excerpts:
        files.setdefault(excerpt.parameters, []).append(excerpt)
    paths: list[Path] = []
    for parameters, parts in files.items():
        for packets in _playable(parameters, _joined(parts)):
            number = len(paths) + 1
            target = path if number == 1 else path.with_stem(f"{path.stem}-{number}")
            _write(parameters, packets, target, parts[0].camera_id)
            paths.append(target)
    return tuple(paths)


def _joined(excerpts: Sequence[Excerpt]) -> list[list[Packet]]:
    """Return each excerpt's packets; each packet once, and none that leans on what is missing."""
    seen: set[tuple[int, float]] = set()
    parts: list[list[Packet]] = []
    for excerpt in sorted(excerpts, key=lambda one: one.packets[0].at_s):
        first_s = excerpt.packets[0].at_s
        part: list[Packet] = []
        for packet in excerpt.packets:
            identity = (excerpt.session, packet.at_s)
            if packet.at_s >= first_s and identity not in seen:
                seen.add(identity)
                part.append(packet)
        parts.append(part)
    return parts


def _playable(parameters: CodecParameters, parts: Sequence[Sequence[Packet]]) -> list[list[Packet]]:
    """Join what can be decoded in one go: a break only where the next entry resets the decoder."""
    syntax = nal.family(parameters.codec)
    runs: list[list[Packet]] = []
    for part in parts:
        before: Packet | None = None
        for packet in part:
            broken = before is None or (packet.key and before.key)
            resets = not packet.key or syntax is None or nal.resets(syntax, packet.data)
            if not runs or (broken and not resets):
                if runs and len(runs[-1]) == 1:
                    runs.pop()
                runs.append([])
            runs[-1].append(packet)
            before = packet
    return runs


def _write(
    parameters: CodecParameters, packets: Sequence[Packet], path: Path, camera_id: str
) -> None:
    try:
        with (
            _template(parameters, packets[0]) as template,
            av.open(str(path), "w", format="mp4", options={"movflags": "+faststart"}) as output,
        ):
            stream = output.add_stream_from_template(template.streams.video[0])
            stream.time_base = Fraction(1, _TICKS)
            for packet, pts, dts, duration in zip(packets, *_times(packets), strict=True):
                fresh = fresh_packet(packet.data)
                fresh.pts, fresh.dts, fresh.duration = pts, dts, duration
                fresh.time_base = Fraction(1, _TICKS)
                fresh.is_keyframe = packet.key and not packet.warmup
                fresh.stream = stream
                output.mux(fresh)
    except (av.error.InvalidDataError, av.error.ArgumentError, KeyError) as error:
        if isinstance(error, av.error.FFmpegError):
            scrub(error)
        raise stream_error(
            Reason.CODEC, camera_id, f"{parameters.codec} cannot be written as MP4"
        ) from error


def _template(parameters: CodecParameters, first: Packet) -> InputContainer:
    """Let FFmpeg read the codec's header and picture size out of the first packet."""
    data = first.data
    syntax = nal.family(parameters.codec)
    if syntax is None or not nal.parameter_sets(syntax, data):
        data = parameters.extradata + data
    return av.open(io.BytesIO(data), "r", format=_RAW_FORMATS[parameters.codec])


def _times(packets: Sequence[Packet]) -> tuple[list[int], list[int], list[int]]:
    """Return pts, dts and durations in ticks, the first picture at 0.

    Cameras rarely send dts, so it is made: the sorted pts, early by as much as the most reordered
    picture needs.
    """
    base_s = min(packet.at_s for packet in packets)
    pts = [round((packet.at_s - base_s) * _TICKS) for packet in packets]
    shown = sorted(pts)
    for index in range(1, len(shown)):
        shown[index] = max(shown[index], shown[index - 1] + 1)
    early = max(time - own for time, own in zip(shown, pts, strict=True))
    dts = [time - early for time in shown]
    steps = [after - before for before, after in pairwise(shown)]
    usual = round(median(steps)) if steps else _TICKS // 25
    following = dict(zip(shown, [*steps, usual], strict=True))
    durations = [following.get(time, usual) for time in pts]
    return pts, dts, durations
