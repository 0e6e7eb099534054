"""Recordings in lockstep: the right pictures at the right times, the same every time."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams import CodecParameters, FileReader, FixError, Frame, Reason, Source
from streams.reader import RecordingClock
from streams.unit import Unit
from tests.clips import clip, read_counter, resized_clip
from tests.rtsp import RtspServer

START = datetime(2026, 1, 5, 4, tzinfo=UTC)
SMALL: dict[str, Any] = {"width": 320, "height": 176, "seconds": 6}


def read(
    path: Path | Source, *, interval_s: float, decode: Literal["auto", "all"] = "auto"
) -> list[Frame]:
    """Read a whole recording."""
    return list(FileReader(path, interval_s=interval_s, start=START, decode=decode))


def numbers(frames: Iterable[Frame]) -> list[int | None]:
    """Read the burnt-in numbers."""
    return [read_counter(frame.picture) for frame in frames]


@pytest.mark.parametrize(
    ("options", "decode"),
    [
        ({}, "key"),
        ({"b_frames": 3}, "key"),
        ({"b_frames": 3, "open_gop": True}, "key"),
        ({"codec": "h265", "b_frames": 3, "open_gop": True}, "key"),
        ({"codec": "mjpeg", "suffix": ".avi"}, "key"),
        ({"suffix": ".mkv"}, "key"),
        ({"suffix": ".ts"}, "key"),
        ({"intra_refresh": True}, "all"),
        ({"gop": 250}, "all"),
        ({"gop": 100}, "all"),
    ],
    ids=str,
)
def test_a_look_every_two_seconds(options: dict[str, Any], decode: str) -> None:
    """Whatever the stream is like, there is one picture for each due time, with its own time."""
    reader = FileReader(clip(**(SMALL | options)), interval_s=2.0, start=START)
    frames = list(reader)
    assert reader.info.decode == decode
    assert numbers(frames) == [0, 50, 100]
    assert [frame.at_s for frame in frames] == pytest.approx([0.0, 2.0, 4.0], abs=1e-3)
    assert [frame.captured_at - START for frame in frames] == pytest.approx(
        [timedelta(seconds=frame.at_s) for frame in frames], abs=timedelta(milliseconds=1)
    )
    assert [frame.key for frame in frames] == [decode == "key"] * 3
    assert [frame.seq for frame in frames] == [0, 1, 2]


@pytest.mark.parametrize("options", [{}, {"b_frames": 3, "open_gop": True}], ids=str)
def test_every_picture(options: dict[str, Any]) -> None:
    """interval_s 0: each picture once, in order."""
    assert numbers(read(clip(**SMALL, **options), interval_s=0.0)) == list(range(150))


def test_all_takes_the_first_picture_at_or_after_each_due_time() -> None:
    """Every 0.33 s out of 25 a second: none early, none more than one picture late."""
    frames = read(clip(**SMALL), interval_s=0.33, decode="all")
    for slot, frame in enumerate(frames):
        assert 0.33 * slot - 1e-5 <= frame.at_s < 0.33 * slot + 0.04 + 1e-5
    assert len(frames) == 19


def test_a_change_of_size_is_followed() -> None:
    """Frames say the size of their own source picture."""
    path = resized_clip(seconds=1, gop=25, sizes=((320, 176), (176, 144)))
    frames = read(path, interval_s=1.0)
    assert [(frame.width, frame.height) for frame in frames] == [(320, 176), (176, 144)]


@pytest.mark.parametrize("decode", ["auto", "all"])
def test_two_readings_are_the_same(decode: Literal["auto", "all"]) -> None:
    """Bit for bit, also with several decoding threads."""
    first, second = (read(clip(**SMALL), interval_s=0.5, decode=decode) for _ in range(2))
    assert [frame.at_s for frame in first] == [frame.at_s for frame in second]
    assert all(
        np.array_equal(one.picture, other.picture) for one, other in zip(first, second, strict=True)
    )


def test_the_street_is_looked_at_at_every_key_frame(shared_data: Path) -> None:
    """Key frames every 1.997 s, looks every 2 s: all 19, not every second one."""
    reader = FileReader(shared_data / "videos" / "street.mp4", interval_s=2.0, start=START)
    times = [frame.at_s for frame in reader]
    assert reader.info.decode == "key"
    assert reader.info.key_interval_s == pytest.approx(1.997, abs=0.001)
    assert len(times) == 19
    assert all(1.9 < after - before < 2.1 for before, after in pairwise(times))


@pytest.mark.parametrize(
    ("name", "decode", "looks"),
    [
        ("empty_road.mp4", "all", 16),  # key frames 4.8 s apart
        ("plaza.mp4", "all", 7),
        ("city_road.avi", "key", 10),  # MJPEG
    ],
)
def test_real_recordings(shared_data: Path, name: str, decode: str, looks: int) -> None:
    """Looks every 2 s of recordings that nobody made for us, with sound or without."""
    reader = FileReader(shared_data / "videos" / name, interval_s=2.0, longest_px=320, start=START)
    frames = list(reader)
    assert (reader.info.decode, len(frames)) == (decode, looks)
    assert all(frame.picture.shape[1] == 320 for frame in frames)
    assert [frame.at_s for frame in frames] == pytest.approx(
        [2.0 * number for number in range(looks)], abs=0.09
    )


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"this is a text, though it is named otherwise\n" * 40, Reason.CODEC),
        (b"", Reason.CODEC),
        (bytes(range(256)) * 99, Reason.CODEC),
        (b"ffconcat version 1.0\nfile /etc/passwd\n", Reason.CODEC),  # names other files
        (b"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n/etc/passwd\n", Reason.CODEC),
        (None, Reason.NOT_FOUND),
    ],
    ids=["text", "empty", "random", "concat", "playlist", "missing"],
)
def test_what_is_no_video_is_named(tmp_path: Path, content: bytes | None, reason: Reason) -> None:
    """One clear error with a reason, when opening; other files are never opened."""
    path = tmp_path / "video.mp4"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(
        FixError, match=r"video\.mp4: (codec|not_found): (not a video|no such)"
    ) as error:
        read(path, interval_s=2.0)
    assert error.value.reason is reason


def test_a_truncated_recording_is_named(tmp_path: Path) -> None:
    """An MP4 without its end cannot be read; an AVI or a stream is read as far as it goes."""
    path = tmp_path / "cut.mp4"
    path.write_bytes(clip(**SMALL).read_bytes()[:20_000])
    with pytest.raises(FixError, match="codec"):
        read(path, interval_s=2.0)
    stream = tmp_path / "cut.ts"
    stream.write_bytes(clip(**SMALL, suffix=".ts").read_bytes()[:60_000])
    assert numbers(read(stream, interval_s=2.0))[:2] == [0, 50]


def test_a_recording_without_a_whole_picture_is_named(tmp_path: Path) -> None:
    """Demuxed, but nothing to decode at: an error, not silence."""
    path = tmp_path / "tail.ts"
    content = clip(**SMALL, gop=250, suffix=".ts").read_bytes()
    path.write_bytes(content[len(content) // 2 // 188 * 188 :])
    with pytest.raises(FixError, match="no picture"):
        read(path, interval_s=2.0)


def test_a_camera_is_read_as_it_comes() -> None:
    """An RTSP source works as well: every picture sampled, until the camera ends it."""
    with RtspServer({"/cam0": clip(width=320, height=176, seconds=3)}) as server:
        frames = read(Source(server.url("/cam0")), interval_s=1.0)
    assert numbers(frames) == [0, 25, 50]


def test_start_must_be_aware() -> None:
    """A time without a zone would put evidence hours off."""
    with pytest.raises(ValueError, match="aware"):
        FileReader(clip(**SMALL), start=datetime(2026, 1, 5))  # noqa: DTZ001  # the mistake itself


@given(
    st.lists(st.sampled_from([0.04, 0.04, 0.04, 5.0, -2.0, -90_000.0, None]), max_size=60),
    st.floats(-1e6, 1e6),
)
def test_a_recordings_clock_never_turns_back(steps: list[float | None], start_s: float) -> None:
    """Recordings stuck together, and those without time stamps, go on; gaps stay gaps."""
    clock = RecordingClock()
    parameters = CodecParameters("h264", b"", 0, 0, Fraction(1, 90_000))
    pts_s, placed = start_s, []
    for step_s in (0.0, *steps):
        pts_s += step_s or 0.0
        ticks = None if step_s is None else round(pts_s * 90_000)
        placed.append(clock.place_s(Unit(b"", ticks, None, 3600, None, parameters, 0, 0.0)))
    assert placed[0] == 0.0
    allowed = 1e-4 + 0.04 * sum(step_s is None for step_s in steps)  # a guess may be overtaken
    assert all(after >= before - allowed for before, after in pairwise(placed))
    if all(step_s is not None and step_s > 0 for step_s in steps):
        assert placed[-1] == pytest.approx(sum(step_s or 0.0 for step_s in steps), abs=1e-3)
