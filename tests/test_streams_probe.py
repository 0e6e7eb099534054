"""Probing: what a stream is, within its deadline."""

import socket
import time
from pathlib import Path
from typing import Any

import pytest

from streams import FixError, Reason, RetryError, Source, StreamError, probe
from tests.clips import clip, read_counter
from tests.rtsp import RtspServer

SMALL: dict[str, Any] = {"width": 320, "height": 176}


def test_a_file_is_described() -> None:
    """Codec, size, rate, key-packet interval, cost and a full-size picture."""
    found = probe(Source.of_file(clip(seconds=6, **SMALL)))
    assert (found.codec, found.width, found.height) == ("h264", 320, 176)
    assert found.fps == pytest.approx(25.0)
    assert found.key_interval_s == pytest.approx(2.0)
    assert not found.b_frames
    assert found.cost_ms_per_key is not None
    assert 0.05 < found.cost_ms_per_key < 200.0
    assert found.still.shape == (176, 320, 3)
    assert read_counter(found.still) == 0
    assert "array" not in repr(found)


@pytest.mark.parametrize(
    ("options", "codec", "key_interval_s"),
    [
        ({"b_frames": 3}, "h264", 2.0),
        ({"codec": "h265", "b_frames": 3}, "hevc", 2.0),
        ({"intra_refresh": True}, "h264", None),  # one clean key packet only
        ({"codec": "mjpeg", "suffix": ".avi"}, "mjpeg", 0.04),
    ],
    ids=str,
)
def test_streams_differ(options: dict[str, Any], codec: str, key_interval_s: float | None) -> None:
    """What decides how a camera is decoded is measured."""
    found = probe(Source.of_file(clip(seconds=6, **options, **SMALL)))
    assert found.codec == codec
    assert found.key_interval_s == pytest.approx(key_interval_s)
    assert found.b_frames == ("b_frames" in options)


def test_a_camera_is_described_within_the_deadline() -> None:
    """A live stream gives its key packets one by one; what came in time is reported."""
    path = clip(seconds=20, gop=25, **SMALL)
    with RtspServer({"/cam0": path}, user="u", password="geheim") as server:
        started_s = time.monotonic()
        found = probe(Source(server.url("/cam0")), timeout_s=8.0)
        assert time.monotonic() - started_s < 8.5
        assert found.key_interval_s == pytest.approx(1.0, abs=0.01)
        assert found.fps == pytest.approx(25.0, rel=0.05)
        with pytest.raises(StreamError) as error:
            probe(Source(server.url("/cam0", login=False), "u", "wrong"))
        assert error.value.reason is Reason.AUTH
        with pytest.raises(FixError) as error:
            probe(Source(server.url("/other")))
        assert error.value.reason is Reason.NOT_FOUND
        assert "geheim" not in str(error.value)


def test_a_silent_camera_is_left_in_time() -> None:
    """Half-open: the deadline holds, the reason is timeout."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        source = Source(f"rtsp://127.0.0.1:{listener.getsockname()[1]}/x")
        started_s = time.monotonic()
        with pytest.raises(RetryError) as error:
            probe(source, timeout_s=1.5)
        assert time.monotonic() - started_s < 3.0
    assert error.value.reason is Reason.TIMEOUT


def test_what_is_no_video_is_named(tmp_path: Path) -> None:
    """A text named .mp4."""
    path = tmp_path / "a.mp4"
    path.write_text("words " * 500)
    with pytest.raises(FixError, match="not a video"):
        probe(Source.of_file(path))
