"""The tests' own cameras can be trusted: clips, GStreamer's server, the line that fails."""

import time
from itertools import islice, pairwise
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.clips import (
    COUNTER_LIMIT,
    burn_counter,
    clip,
    frame_counter,
    looped,
    read_counter,
    resized_clip,
    synthetic,
)
from tests.proxy import Proxy
from tests.rtsp import RtspServer


def opened(url: str, timeout_s: float = 10.0) -> av.container.InputContainer:
    """Open as FFmpeg's RTSP client does over TCP, with little probing."""
    options = {"rtsp_transport": "tcp", "analyzeduration": "100000", "fpsprobesize": "1"}
    return av.open(url, options=options, timeout=timeout_s)


def numbers(url: str | Path, count: int | None = None) -> list[int | None]:
    """Counters of the pictures, in the order in which they are shown."""
    found: list[int | None] = []
    with opened(str(url)) if isinstance(url, str) else av.open(str(url)) as container:
        for frame in container.decode(video=0):
            found.append(frame_counter(frame))
            if len(found) == count:
                break
    return found


def film() -> Path:
    """Make a small clip that lasts as long as a test needs."""
    return clip(seconds=20, gop=5, width=352, height=288)


@settings(max_examples=30)
@given(
    number=st.integers(0, COUNTER_LIMIT - 1),
    size=st.sampled_from([(640, 360), (352, 288), (1920, 1080)]),
    width=st.sampled_from([200, 416, 640]),
)
def test_number_survives_scaling(number: int, size: tuple[int, int], width: int) -> None:
    """A burnt-in number reads the same at any scale down to 200 px."""
    picture = synthetic(number, *size)
    burn_counter(picture, number)
    assert read_counter(picture) == number
    height = round(width * size[1] / size[0])
    assert read_counter(np.asarray(cv2.resize(picture, (width, height)), np.uint8)) == number


@settings(max_examples=30)
@given(one=st.integers(0, COUNTER_LIMIT - 1), two=st.integers(0, COUNTER_LIMIT - 1))
def test_mixed_pictures_are_not_believed(one: int, two: int) -> None:
    """Half of one picture and half of another never read as a third number."""
    pictures = [synthetic(number, 352, 288) for number in (one, two)]
    for picture, number in zip(pictures, (one, two), strict=True):
        burn_counter(picture, number)
    mixed = cv2.addWeighted(pictures[0], 0.5, pictures[1], 0.5, 0)
    assert read_counter(np.asarray(mixed, np.uint8)) in (None, *({one} & {two}))
    assert read_counter(synthetic(one, 352, 288)) is None


@pytest.mark.parametrize(
    "options",
    [
        {"codec": "h264"},
        {"codec": "h265"},
        {"codec": "mjpeg"},
        {"b_frames": 2},
        {"codec": "h265", "b_frames": 2, "open_gop": True},
        {"intra_refresh": True},
        {"suffix": ".h264"},
    ],
    ids=str,
)
def test_clip_holds_every_number(options: dict[str, object]) -> None:
    """Whatever the codec, decoding gives pictures 0 to n - 1 in order."""
    assert numbers(clip(seconds=1, gop=10, **options)) == list(range(25))


def test_clip_keeps_its_recipe() -> None:
    """Key frames, B-frames, open groups and intra refresh are really there."""

    def keys(**options: object) -> list[int]:
        with av.open(str(clip(seconds=1, gop=10, **options))) as container:
            pictures = list(container.decode(video=0))
        return [index for index, picture in enumerate(pictures) if picture.key_frame]

    assert keys() == [0, 10, 20]
    assert keys(intra_refresh=True) == [0]
    with av.open(str(clip(seconds=1, gop=10, b_frames=2))) as container:
        packets = [packet for packet in container.demux(video=0) if packet.size]
    assert any(later.pts < earlier.pts for earlier, later in pairwise(packets))  # type: ignore[operator]  # pts is set in .mp4
    stream = clip(seconds=1, gop=10, b_frames=2, open_gop=True, suffix=".h264").read_bytes()
    units = [part[0] & 0x1F for part in stream.split(b"\0\0\1")[1:]]
    assert units.index(5) < units.index(1)
    assert units.count(7) == 3  # three key frames, and only the first is an IDR picture
    assert 5 not in units[units.index(1) :]


def test_looped_clip_goes_on() -> None:
    """Repeats follow each other at the clip's pace, also with B-frames."""
    path = looped(clip(seconds=1, gop=10, b_frames=2), 3)
    assert numbers(path) == list(range(25)) * 3
    with av.open(str(path)) as container:
        times = [frame.time or 0.0 for frame in container.decode(video=0)]
    assert all(b - a == pytest.approx(0.04) for a, b in pairwise(times))


def test_resized_clip_changes_its_size() -> None:
    """The size changes once; numbers go on."""
    with av.open(str(resized_clip(seconds=1, gop=10))) as container:
        seen = [(frame.width, frame_counter(frame)) for frame in container.decode(video=0)]
    assert seen == [(640 if index < 25 else 352, index) for index in range(50)]


def test_server_serves_as_a_camera() -> None:
    """always_on: clients join one broadcast in the middle, and none rewinds it for the others."""
    with RtspServer({"/cam0": film()}, always_on=True) as server:
        time.sleep(1.0)
        with opened(server.url()) as container:
            frames = container.decode(video=0)
            first = frame_counter(next(frames))
            assert first is not None
            assert first >= 15
            other = numbers(server.url(), 5)
            following = [frame_counter(next(frames)) for _ in range(50)]
    assert following == list(range(first + 1, first + 51))
    assert other[0] is not None
    assert other[0] > first


def test_server_takes_a_mount_away_and_returns_it() -> None:
    """A removed mount ends its clients and is not found; the others and its return work."""
    with RtspServer({"/cam0": film(), "/cam1": film()}, user="viewer", password="pw") as server:
        with opened(server.url("/cam1")) as staying, opened(server.url()) as leaving:
            stay, leave = staying.decode(video=0), leaving.decode(video=0)
            next(stay), next(leave)
            server.remove("/cam0")
            assert len(list(leave)) < 100
            assert [frame_counter(next(stay)) for _ in range(50)] == list(range(1, 51))
        with pytest.raises(av.error.HTTPNotFoundError):
            opened(server.url())
        with pytest.raises(av.error.HTTPUnauthorizedError):
            opened(server.url("/cam1", login=False))
        server.add("/cam0", film())
        assert numbers(server.url(), 5) == list(range(5))


def opened_again(url: str) -> av.container.InputContainer:
    """Open once the server is ready: it answers 503 while it takes a lost client's media down."""
    for _ in range(40):
        try:
            return opened(url)
        except av.error.HTTPServerError:
            time.sleep(0.25)
    return opened(url)


def test_line_fails_and_returns() -> None:
    """Frozen: silence on an open connection. Cut: closed, then refused. Then it works again."""
    with (
        RtspServer({"/cam0": looped(film(), 10)}, always_on=True) as server,
        Proxy(("127.0.0.1", server.port)) as proxy,
    ):
        url = server.url().replace(str(server.port), str(proxy.port))
        with opened(url, timeout_s=1.0) as container:
            frames = container.decode(video=0)
            next(frames)
            proxy.freeze()
            with pytest.raises(av.error.ExitError):
                list(frames)
        proxy.restore()
        with opened_again(url) as container:
            frames = container.decode(video=0)
            next(frames)
            proxy.cut()
            assert len(list(frames)) < 100
        with pytest.raises(ConnectionRefusedError):
            opened(url)
        proxy.restore()
        with opened_again(url) as container:
            assert len(list(islice(container.decode(video=0), 5))) == 5
