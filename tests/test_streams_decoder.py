"""Decoding: the streams that key-frame-only decoding fails on silently, all really encoded."""

import dataclasses
import random
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from streams import CodecParameters, Packet, Picture
from streams.decoder import KeyDecoder, RunDecoder
from streams.scaler import SCALING, Scaler
from tests.clips import clip, read_counter, resized_clip
from tests.packets import packets_of

ROOT = Path(__file__).resolve().parent.parent
SMALL: dict[str, Any] = {"width": 320, "height": 176, "seconds": 5}
CLIPS: dict[str, dict[str, Any]] = {
    "plain": SMALL,
    "B-frames": {"b_frames": 3, **SMALL},
    "open GOP": {"b_frames": 3, "open_gop": True, **SMALL},
    "intra refresh": {"intra_refresh": True, **SMALL},
    "H.265": {"codec": "h265", "b_frames": 3, **SMALL},
    "H.265 open GOP": {"codec": "h265", "b_frames": 3, "open_gop": True, **SMALL},
    "MJPEG": {"codec": "mjpeg", "suffix": ".avi", **SMALL},
}
Packets = list[tuple[Packet, CodecParameters]]


def decode_run(packets: Packets) -> dict[float, Picture]:
    """Decode everything from the first entry point on: pictures by their time, in order shown."""
    decoder, scaler = RunDecoder(packets[0][1]), Scaler()
    shown: dict[float, Picture] = {}
    for packet, parameters in packets:
        shown |= {p.at_s: scaler.picture(frame) for p, frame in decoder.feed(packet, parameters)}
    return shown | {p.at_s: scaler.picture(frame) for p, frame in decoder.drain()}


@pytest.mark.parametrize("options", CLIPS.values(), ids=CLIPS)
def test_a_key_packet_alone_is_its_own_picture(options: dict[str, Any]) -> None:
    """Drained and flushed, each clean key packet gives its picture at once, not two later."""
    keys = [one for one in packets_of(clip(**options)) if one[0].key]
    decoder, scaler = KeyDecoder(), Scaler()
    seen = []
    for packet, parameters in keys[:6]:
        if packet.warmup:
            continue
        frame = decoder.decode(packet, parameters)
        assert frame is not None
        seen.append((read_counter(scaler.picture(frame)), round(packet.at_s * 25)))
    assert seen
    assert all(number == at for number, at in seen)


@pytest.mark.parametrize("options", CLIPS.values(), ids=CLIPS)
def test_a_whole_run_shows_every_picture_in_order(options: dict[str, Any]) -> None:
    """Whatever order pictures are coded in, they come out by the clock and with their own time."""
    shown = decode_run(packets_of(clip(**options)))
    assert [read_counter(picture) for picture in shown.values()] == list(range(125))
    assert list(shown) == pytest.approx([number / 25 for number in range(125)], abs=1e-3)


@pytest.mark.parametrize("name", ["open GOP", "intra refresh"])
def test_from_the_middle_only_whole_pictures_are_shown(name: str) -> None:
    """From the second entry point on, each picture shown is that of the whole run, bit for bit.

    Pictures that lead an open GOP, and those that intra refresh has not yet repaired, are left out.
    """
    packets = packets_of(clip(**CLIPS[name]))
    second = [index for index, (packet, _) in enumerate(packets) if packet.key][1]
    whole, part = decode_run(packets), decode_run(packets[second:])
    assert len(part) >= 20
    assert all(np.array_equal(picture, whole[at_s]) for at_s, picture in part.items())
    entry = packets[second][0]
    assert min(part) >= entry.at_s + entry.warmup / 25 - 1e-6


def test_a_recovery_point_is_never_decoded_alone() -> None:
    """What intra refresh marks as key gives no whole picture; asking for it is a mistake."""
    packets = packets_of(clip(**CLIPS["intra refresh"]))
    entry, parameters = next(one for one in packets if one[0].warmup)
    with pytest.raises(ValueError, match="clean"):
        KeyDecoder().decode(entry, parameters)


def test_after_a_damaged_packet_nothing_is_shown_before_the_next_key() -> None:
    """A run that lost a packet's content goes on at the next entry point."""
    packets = packets_of(clip(**SMALL))
    broken = dataclasses.replace(packets[10][0], data=b"\x00\x00\x00\x01\x41")
    shown = decode_run([*packets[:10], (broken, packets[10][1]), *packets[11:]])
    assert all(at_s < 10 / 25 or at_s >= 2.0 for at_s in shown)
    assert len(shown) == 85


def test_a_change_of_size_goes_on() -> None:
    """Key packets and runs follow the stream to another resolution."""
    packets = packets_of(resized_clip(seconds=1, gop=25, sizes=((320, 176), (176, 144))))
    shown = decode_run(packets)
    shapes = [picture.shape[:2] for picture in shown.values()]
    assert shapes == [(176, 320)] * 25 + [(144, 176)] * 25
    decoder = KeyDecoder()
    sizes = []
    for packet, parameters in packets:
        if packet.key:
            frame = decoder.decode(packet, parameters)
            assert frame is not None
            sizes.append((frame.height, frame.width))
    assert sizes == [(176, 320), (144, 176)]


def test_one_decoder_serves_many_cameras() -> None:
    """Key packets of unlike streams through one decoder give the pictures of fresh ones."""
    keys = [
        one
        for options in (*CLIPS.values(), {**SMALL, "noise": 20}, {**SMALL, "bit_rate": 90_000})
        for one in packets_of(clip(**options))[:120]
        if one[0].key and not one[0].warmup
    ]
    chance = random.Random(1)
    shared, scaler = KeyDecoder(), Scaler()
    for packet, parameters in (chance.choice(keys) for _ in range(60)):
        ours, fresh = shared.decode(packet, parameters), KeyDecoder().decode(packet, parameters)
        assert ours is not None
        assert fresh is not None
        assert np.array_equal(scaler.picture(ours), scaler.picture(fresh))


def test_parameter_sets_are_brought_along() -> None:
    """A key packet without its parameter sets in-band (MP4, some cameras) decodes alone."""
    packet, parameters = packets_of(clip())[0]
    assert parameters.extradata
    assert parameters.extradata not in packet.data
    assert KeyDecoder().decode(packet, parameters) is not None
    bare = dataclasses.replace(parameters, extradata=b"")
    assert KeyDecoder().decode(packet, bare) is None


def test_real_key_pictures_are_close_to_full_quality(shared_data: Path) -> None:
    """Without the loop filter a look at a real street differs little from the full decoding."""
    packets = packets_of(shared_data / "videos" / "street.mp4")[:50]
    full = next(iter(decode_run(packets).values()))
    frame = KeyDecoder().decode(*packets[0])
    assert frame is not None
    difference = np.abs(Scaler().picture(frame).astype(int) - full)
    assert float(difference.mean()) < 1.5


def test_a_look_is_asked_for_as_it_was_measured(shared_data: Path) -> None:
    """Without the loop filter, with the fast flag; where swscale scales, bilinearly, said by name.

    So a key frame has the bits of FFmpeg's own command line for that, and of no other
    (benchmarks/key_frame.py says what others cost). PyAV's default filter may change.
    """
    video = shared_data / "videos" / "street.mp4"
    frame = KeyDecoder().decode(*packets_of(video)[0])
    assert frame is not None
    ours = Scaler(SCALING).picture(frame, 320)
    unfiltered = {"skip_loop_filter": "all", "flags2": "+fast"}
    assert np.array_equal(ours, first_picture(video, "bilinear", unfiltered))
    assert not np.array_equal(ours, first_picture(video, "bilinear", {}))
    assert not np.array_equal(ours, first_picture(video, "area", unfiltered))


def first_picture(video: Path, scaling: str, options: dict[str, str]) -> Picture:
    """Decode and scale the first picture of a video to 320 pixels with PyAV alone."""
    with av.open(str(video)) as container:
        stream = container.streams.video[0]
        stream.codec_context.options = options
        frame = next(container.decode(stream))
        picture = frame.to_ndarray(
            width=320, height=176, format="rgb24", interpolation=scaling.upper()
        )
    return np.asarray(picture, np.uint8)


def test_times_out_of_a_run_rise() -> None:
    """Open GOPs must not turn time back: what is shown is in order."""
    shown = list(decode_run(packets_of(clip(**CLIPS["open GOP"]))))
    assert all(after > before for before, after in pairwise(shown))


def test_freeing_a_busy_decoder_does_not_hang() -> None:
    """A hundred decoders with threads of their own, dropped while they work.

    In a process of its own: PyAV's hang keeps the interpreter's lock, and no time-out would strike.
    """
    program = (
        "from tests.clips import clip; from tests.packets import packets_of\n"
        "from streams.decoder import RunDecoder\n"
        "packets = packets_of(clip(seconds=1, noise=10))\n"
        "for _ in range(100):\n"
        "    decoder = RunDecoder(packets[0][1], threads=4)\n"
        "    for one in packets[:20]: list(decoder.feed(*one))\n"
        "    del decoder\n"
    )
    subprocess.run([sys.executable, "-c", program], timeout=100, check=True, cwd=ROOT)
