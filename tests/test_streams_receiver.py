"""Pictures received by ourselves are those that FFmpeg receives, from GStreamer's server."""

import itertools
import threading
from pathlib import Path
from typing import Any, Literal

import pytest

from streams import receiver
from streams.access_units import AccessUnits
from streams.demuxer import Demuxer
from streams.errors import Reason, StreamError
from streams.nal import START_CODE
from streams.receiver import Receiver, Unsuitable
from streams.simulated import Fault, FaultKind, SimulatedCamera
from streams.simulated.conversation import TIMEOUT_S, Conversation
from streams.simulated.message import Request, Response
from streams.simulated.nal import H264
from streams.simulated.rtp import Packetizer
from streams.source import Source
from streams.unit import Unit
from tests.clips import clip
from tests.rtsp import RtspServer

FORMS: dict[str, dict[str, Any]] = {
    "h264": {"codec": "h264", "noise": 12},
    "h264-b-frames": {"codec": "h264", "b_frames": 2},
    "h264-intra-refresh": {"codec": "h264", "intra_refresh": True},
    "h265": {"codec": "h265", "noise": 12},
}


def _received(opened: Receiver | Demuxer, count: int) -> list[Unit]:
    return list(itertools.islice(opened.units(), count))


@pytest.mark.parametrize("form", FORMS)
def test_the_same_pictures_as_ffmpeg(form: str) -> None:
    """Bytes, entry points, parameter sets and the times between pictures are the same."""
    recipe = FORMS[form]
    codec: Literal["h264", "h265"] = "h265" if recipe["codec"] == "h265" else "h264"
    file = clip(seconds=6, gop=25, **recipe)
    with RtspServer({"/cam0": file}, codec=codec, always_on=True) as server:
        source = Source(server.url("/cam0"))
        theirs: list[Unit] = []
        with (
            Receiver(source, open_timeout_s=5, read_timeout_s=5) as ours_opened,
            Demuxer(source, open_timeout_s=5, read_timeout_s=5) as theirs_opened,
        ):
            reading = threading.Thread(
                target=lambda: theirs.extend(_received(theirs_opened, 70)), daemon=True
            )
            reading.start()
            ours = _received(ours_opened, 70)
            reading.join(10)
    places = {unit.data: place for place, unit in enumerate(ours)}
    common = [(ours[places[unit.data]], unit) for unit in theirs if unit.data in places]
    first, last = common[0][1], common[-1][0]
    between = theirs[theirs.index(first) : theirs.index(common[-1][1]) + 1]
    assert [each.data for _, each in common] == [each.data for each in between]
    assert len(common) > 40
    assert [mine.warmup for mine, _ in common] == [its.warmup for _, its in common]
    assert last.parameters.extradata == common[-1][1].parameters.extradata
    steps = [
        (after[0].pts_s or 0) - (before[0].pts_s or 0)
        for before, after in itertools.pairwise(common[2:])
    ]
    expected = [
        (after[1].pts_s or 0) - (before[1].pts_s or 0)
        for before, after in itertools.pairwise(common[2:])
    ]
    assert steps == pytest.approx(expected, abs=0.0005)


def test_what_ends_a_stream_is_told() -> None:
    """A goodbye ends it in order; where nothing comes any more it has stalled."""
    with SimulatedCamera(clip(seconds=1), loop=False) as camera:
        source = Source(camera.url)
        with Receiver(source, open_timeout_s=5, read_timeout_s=5) as opened:
            assert len(list(opened.units())) == 25
    with SimulatedCamera(clip(seconds=4), fault=Fault(FaultKind.STALL, after_s=1)) as camera:
        source = Source(camera.url)
        with (
            Receiver(source, open_timeout_s=5, read_timeout_s=1) as opened,
            pytest.raises(StreamError) as found,
        ):
            list(opened.units())
    assert found.value.reason is Reason.STALLED


@pytest.mark.parametrize("method", ["basic", "digest"])
def test_passwords(method: Literal["basic", "digest"]) -> None:
    """GStreamer lets us in with the right password; a wrong one is told at once, without it."""
    login: dict[str, Any] = {"user": "viewer", "password": "se:cret%/", "method": method}
    with RtspServer({"/cam0": clip()}, **login) as server:
        url = server.url("/cam0", login=False)
        good = Source(url, "viewer", "se:cret%/")
        with Receiver(good, open_timeout_s=5, read_timeout_s=5) as opened:
            assert len(_received(opened, 10)) == 10
        for source in (Source(url, "viewer", "wrong-one"), Source(url)):
            with pytest.raises(StreamError) as found:
                Receiver(source, open_timeout_s=5, read_timeout_s=5)
            assert found.value.reason is Reason.AUTH
            assert "wrong-one" not in str(found.value)


def test_what_is_left_to_ffmpeg(tmp_path: Path) -> None:
    """Other codecs and schemes, and whatever cannot be reached, are for FFmpeg to explain."""
    with (
        RtspServer({"/cam0": clip(codec="mjpeg")}, codec="mjpeg") as server,
        pytest.raises(Unsuitable),
    ):
        Receiver(Source(server.url("/cam0")), open_timeout_s=5, read_timeout_s=5)
    for source in (Source("rtsp://127.0.0.1:1/x"), Source.of_file(tmp_path / "a.mp4")):
        with pytest.raises(Unsuitable):
            Receiver(source, open_timeout_s=5, read_timeout_s=5)


def test_a_camera_is_told_that_somebody_still_watches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Signs of life go out between pictures, and their answers are skipped."""
    monkeypatch.setattr(receiver, "KEEP_ALIVE_SHARE", 0.2 / TIMEOUT_S)
    asked: list[str] = []
    answered = Conversation.respond

    def respond(self: Conversation, request: Request) -> Response:
        asked.append(request.method)
        return answered(self, request)

    monkeypatch.setattr(Conversation, "respond", respond)
    with (
        SimulatedCamera(clip(seconds=4)) as camera,
        Receiver(Source(camera.url), open_timeout_s=5, read_timeout_s=5) as opened,
    ):
        pictures = _received(opened, 50)
    assert asked[:4] == ["OPTIONS", "DESCRIBE", "SETUP", "PLAY"]
    assert asked.count("GET_PARAMETER") >= 4
    steps = {(after.pts or 0) - (before.pts or 0) for before, after in itertools.pairwise(pictures)}
    assert steps == {3600}


def _packets(units: list[bytes], timestamp: int, packetizer: Packetizer) -> list[memoryview]:
    return [memoryview(packet) for packet in packetizer.packets(units, timestamp)]


def _pictures(*, mark_each: bool = False, lose: frozenset[int] = frozenset()) -> AccessUnits:
    """Give 60 pictures of two slices, the first with a parameter set before it."""
    taken = AccessUnits("h264")
    packetizer = Packetizer(H264, ssrc=7, first_sequence=65530)
    for number in range(60):
        slices = [bytes((0x41, 0x80 | number)) + b"a" * 5000, b"\x41\x01" + b"b" * 100]
        units = [b"\x67sps", *slices] if number == 0 else slices
        for place, packet in enumerate(_packets(units, number * 3600, packetizer)):
            if number in lose and place == 1:
                continue
            given = bytearray(packet)
            given[1] |= 0x80 if mark_each and place == 3 else 0
            taken.add(memoryview(bytes(given)))
    return taken


def test_a_picture_ends_at_its_marker_once_that_was_right() -> None:
    """Before, and where cameras mark each slice, it ends where the next one begins."""
    told = _pictures()
    assert (len(told.whole), told.damaged) == (60, 0)
    assert told.whole[0].data.startswith(START_CODE + b"\x67sps" + START_CODE)
    assert [one.timestamp for one in told.whole] == [number * 3600 for number in range(60)]
    wrong = _pictures(mark_each=True)
    assert (len(wrong.whole), wrong.damaged) == (59, 0)  # the last may go on
    assert all(one.data.count(START_CODE) == 2 for one in wrong.whole[1:])


def test_half_a_picture_is_left_out() -> None:
    """A lost packet costs its picture and no other."""
    told = _pictures(lose=frozenset({5, 40}))
    told.end()
    assert told.damaged == 2
    assert {one.timestamp // 3600 for one in told.whole} == set(range(60)) - {5, 40}


def test_a_marker_that_lied_is_not_believed_again() -> None:
    """A camera that begins to mark each slice costs one picture."""
    taken = AccessUnits("h264")
    packetizer = Packetizer(H264, ssrc=7, first_sequence=0)
    for number in range(60):
        for part in (b"\x41\x80first", b"\x41\x01second"):
            packets = _packets([part], number * 3600, packetizer)
            for packet in packets:
                given = bytearray(packet)
                if number < 30 and part.endswith(b"first"):
                    given[1] &= 0x7F
                taken.add(memoryview(bytes(given)))
    taken.end()
    whole = [one.timestamp // 3600 for one in taken.whole if b"second" in one.data]
    assert whole == [number for number in range(60) if number != 30]
    assert taken.damaged == 1
