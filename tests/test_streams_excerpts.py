"""Excerpts: stills, clips that independent tools play, and exact copies on disk."""

import dataclasses
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams import (
    CodecParameters,
    Excerpt,
    FixError,
    Packet,
    Reason,
    decode_still,
    load_excerpt,
    mux,
    save_excerpt,
)
from streams.ring import PacketRing
from streams.scaler import Scaler
from tests.clips import clip, read_counter, resized_clip
from tests.packets import excerpt_of, packet, packets_of

SMALL: dict[str, Any] = {"width": 320, "height": 176}
CLIPS: dict[str, dict[str, Any]] = {
    "plain": {},
    "B-frames": {"b_frames": 3},
    "open GOP": {"b_frames": 3, "open_gop": True},
    "H.265": {"codec": "h265", "b_frames": 3, "open_gop": True},
    "MJPEG": {"codec": "mjpeg", "suffix": ".avi"},
}


def numbers_in(path: Path) -> list[tuple[float, int | None]]:
    """Play a file with a decoder of its own: when each picture is shown, and its number."""
    scaler = Scaler()
    with av.open(str(path)) as container:
        return [
            (frame.time, read_counter(scaler.picture(frame)))
            for frame in container.decode(container.streams.video[0])
        ]


@pytest.mark.parametrize("options", CLIPS.values(), ids=CLIPS)
def test_a_clip_plays_as_the_camera_sent_it(options: dict[str, Any], tmp_path: Path) -> None:
    """Remuxed, every picture is there, in order, at its own time, from 0."""
    excerpt = excerpt_of(clip(seconds=5, **options, **SMALL))
    (path,) = mux([excerpt], tmp_path / "clip.mp4")
    found = numbers_in(path)
    assert [number for _, number in found] == list(range(125))
    assert [at_s for at_s, _ in found] == pytest.approx([n / 25 for n in range(125)], abs=1e-4)


def test_an_excerpt_from_the_middle_starts_at_zero(tmp_path: Path) -> None:
    """Times are rebased to the first picture; the encoded bytes are those of the camera."""
    whole = excerpt_of(clip(seconds=5, **SMALL))
    part = dataclasses.replace(whole, packets=whole.packets[50:80])
    (path,) = mux([part], tmp_path / "clip.mp4")
    found = numbers_in(path)
    assert (found[0], len(found), found[-1][1]) == ((0.0, 50), 30, 79)
    muxed = [one.data for one in excerpt_of(path).packets]
    assert muxed == [one.data for one in part.packets]


@pytest.mark.skipif(shutil.which("ffprobe") is None, reason="no ffprobe to ask")
def test_another_player_agrees(tmp_path: Path) -> None:
    """FFmpeg's own program, of another version, finds the pictures and their length."""
    (path,) = mux([excerpt_of(clip(seconds=5, b_frames=3, **SMALL))], tmp_path / "clip.mp4")
    # ffprobe -v error -count_frames -show_entries stream=... -of json clip.mp4
    wanted = "stream=codec_name,width,height,nb_read_frames,duration"
    command = ["ffprobe", "-v", "error", "-count_frames", "-show_entries", wanted, "-of", "json"]
    result = subprocess.run([*command, str(path)], capture_output=True, text=True, check=True)
    assert result.stderr == ""
    (stream,) = json.loads(result.stdout)["streams"]
    assert (stream["codec_name"], stream["width"], stream["height"]) == ("h264", 320, 176)
    assert stream["nb_read_frames"] == "125"
    assert float(stream["duration"]) == pytest.approx(5.0)


def test_one_file_for_each_parameter_set(tmp_path: Path) -> None:
    """Where the picture size changes, a second file begins; both play."""
    packets = packets_of(resized_clip(seconds=1, gop=25, sizes=((320, 176), (176, 144))))
    excerpts = [
        Excerpt("cam", 0, half[0][1], tuple(one for one, _ in half), 1e9)
        for half in (packets[:25], packets[25:])
    ]
    first, second = mux(excerpts, tmp_path / "clip.mp4")
    assert (first.name, second.name) == ("clip.mp4", "clip-2.mp4")
    assert [number for _, number in numbers_in(first)] == list(range(25))
    assert [number for _, number in numbers_in(second)] == list(range(25, 50))


def test_gaps_stay_and_doubles_go(tmp_path: Path) -> None:
    """Excerpts that overlap are written once; a gap between two stays as long as it was."""
    whole = excerpt_of(clip(seconds=6, **SMALL))
    first, again, later = (
        dataclasses.replace(whole, packets=whole.packets[start:end])
        for start, end in ((0, 40), (0, 20), (100, 120))
    )
    (path,) = mux([later, first, again], tmp_path / "clip.mp4")
    found = numbers_in(path)
    assert [number for _, number in found] == [*range(40), *range(100, 120)]
    assert found[40][0] == pytest.approx(4.0, abs=1e-4)


@pytest.mark.parametrize("open_gop", [False, True])
def test_thinned_runs_do_not_spoil_the_clip(tmp_path: Path, open_gop: bool) -> None:
    """Lone key packets before whole runs: every picture that is written is shown, in order.

    With open GOPs players would show the pictures after the lone ones late, or not at all.
    """
    packets = packets_of(clip(seconds=10, b_frames=3, open_gop=open_gop, **SMALL))
    ring = PacketRing("cam", ring_s=2.0, ring_bytes=1 << 24)
    for one, parameters in packets:
        ring.add(one, parameters, 0, 1e9)
    (path,) = mux(ring.excerpts(0.0, 99.0), tmp_path / "clip.mp4")
    whole = range(150, 250)
    expected = [*whole] if open_gop else [0, 50, 100, *whole]
    assert [number for _, number in numbers_in(path)] == expected


def test_what_mp4_cannot_hold_is_said(tmp_path: Path) -> None:
    """A codec without a place in MP4 is a FixError, not a broken file."""
    odd = dataclasses.replace(excerpt_of(clip(**SMALL)).parameters, codec="rawvideo")
    excerpt = Excerpt("cam", 0, odd, (packet(0.0, key=True),), 0.0)
    with pytest.raises(FixError, match="rawvideo"):
        mux([excerpt], tmp_path / "clip.mp4")
    with pytest.raises(ValueError, match="nothing"):
        mux([], tmp_path / "clip.mp4")


@pytest.mark.parametrize("options", CLIPS.values(), ids=CLIPS)
def test_a_still_is_the_picture_shown_then(options: dict[str, Any]) -> None:
    """The nearest not after the moment; the first for a moment before it; the last after it."""
    excerpt = excerpt_of(clip(seconds=5, **options, **SMALL))
    for moment_s, number in ((-1.0, 0), (0.0, 0), (1.02, 25), (3.98, 99), (4.0, 100), (9.0, 124)):
        assert read_counter(decode_still(excerpt, moment_s)) == number
    assert decode_still(excerpt, 1.0).shape == (176, 320, 3)


def test_a_still_of_a_damaged_excerpt_is_an_earlier_one() -> None:
    """Where the run of the moment does not decode, the run before it stands in."""
    whole = excerpt_of(clip(seconds=5, **SMALL))
    broken = dataclasses.replace(whole.packets[50], data=b"\x00\x00\x00\x01\x65")
    excerpt = dataclasses.replace(
        whole, packets=(*whole.packets[:50], broken, *whole.packets[51:100])
    )
    assert read_counter(decode_still(excerpt, 2.5)) == 49


def test_an_excerpt_of_garbage_says_so() -> None:
    """Nothing decodes: a FixError with the reason codec."""
    excerpt = excerpt_of(clip(**SMALL))
    garbage = dataclasses.replace(excerpt.packets[0], data=b"\x00\x00\x00\x01\x65garbage")
    with pytest.raises(FixError) as caught:
        decode_still(dataclasses.replace(excerpt, packets=(garbage,)), 0.0)
    assert caught.value.reason is Reason.CODEC


numbers = st.integers(-(2**62), 2**62)
moments = st.floats(allow_nan=False, allow_infinity=False)
made_up_packets = st.builds(
    Packet,
    data=st.binary(max_size=50),
    pts=st.none() | numbers,
    dts=st.none() | numbers,
    duration=st.none() | numbers,
    key=st.just(value=True),
    arrival_s=moments,
    at_s=moments,
    parameter_set=st.integers(0, 9),
    warmup=st.integers(0, 99),
)
made_up = st.builds(
    Excerpt,
    camera_id=st.text(),
    session=st.integers(0, 99),
    parameters=st.builds(
        CodecParameters,
        codec=st.text(),
        extradata=st.binary(),
        width=st.integers(0, 9999),
        height=st.integers(0, 9999),
        time_base=st.fractions(),
    ),
    packets=st.lists(made_up_packets, min_size=1, max_size=5).map(tuple),
    utc_offset_s=moments,
)


@settings(max_examples=50)
@given(made_up)
def test_the_spool_gives_back_exactly_what_it_got(
    tmp_path_factory: pytest.TempPathFactory, excerpt: Excerpt
) -> None:
    """Every field, every bit of every float."""
    path = tmp_path_factory.mktemp("spool") / "one.excerpt"
    save_excerpt(excerpt, path)
    assert load_excerpt(path) == excerpt
    assert [one.name for one in path.parent.iterdir()] == ["one.excerpt"]


def test_a_real_excerpt_survives_the_disk(tmp_path: Path) -> None:
    """What was saved decodes to the same picture."""
    excerpt = excerpt_of(clip(b_frames=3, **SMALL))
    save_excerpt(excerpt, tmp_path / "one")
    loaded = load_excerpt(tmp_path / "one")
    assert loaded == excerpt
    assert np.array_equal(decode_still(loaded, 1.5), decode_still(excerpt, 1.5))


@pytest.mark.parametrize("damage", ["cut", "flip", "empty", "other"])
def test_a_damaged_spool_file_is_refused(tmp_path: Path, damage: str) -> None:
    """Cut short, a bit flipped, empty or something else: ValueError, never a wrong picture."""
    path = tmp_path / "one"
    save_excerpt(excerpt_of(clip(**SMALL)), path)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    damaged = {
        "cut": path.read_bytes()[:-100],
        "flip": bytes(content),
        "empty": b"",
        "other": b"{}" * 100,
    }
    path.write_bytes(damaged[damage])
    with pytest.raises(ValueError, match="not a whole excerpt"):
        load_excerpt(path)


def test_an_excerpt_names_the_time_of_its_moments() -> None:
    """captured_at is at_s and the offset, in UTC; repr shows no bytes."""
    excerpt = excerpt_of(clip(**SMALL))
    assert excerpt.captured_at(2.5).isoformat() == "2001-09-09T01:46:42.500000+00:00"
    assert "x00" not in repr(excerpt)
    assert len(repr(excerpt)) < 100
    with pytest.raises(ValueError, match="key packet"):
        dataclasses.replace(excerpt, packets=excerpt.packets[1:])
