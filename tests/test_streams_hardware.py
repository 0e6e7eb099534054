"""Decoding on a device: believed only when it proves itself, and never at the cost of a picture."""

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import av
import av.error
import pytest
from av.video.codeccontext import VideoCodecContext

from streams import Frame, Packet
from streams import hardware as module
from streams.decoder import RunDecoder
from streams.due import DueGrid
from streams.hardware import DEVICES, Device, Hardware
from streams.lane import Job, Lane
from streams.pool import DecodePool
from streams.scaler import Scaler
from tests.clips import clip, read_counter
from tests.packets import packets_of

SMALL: dict[str, Any] = {"width": 320, "height": 176, "seconds": 5, "gop": 50}


def software(codec: str, **options: str) -> VideoCodecContext:
    """Open FFmpeg's own decoder, as if a device did it."""
    context = av.CodecContext.create(codec, "r")
    assert isinstance(context, VideoCodecContext)
    context.options = options
    return context


class Failing:
    """A decoder that really decodes, until it does not any more."""

    def __init__(self, codec: str, *, after: int, silently: bool = False) -> None:
        self._context = software(codec)
        self._left = after
        self._silently = silently

    def decode(self, packet: Any) -> list[Any]:
        """Decode a packet; once enough have come, fail as NVDEC does when its device is lost."""
        self._left -= 1
        if self._left < 0 and self._silently:
            return []
        if self._left < 0:
            raise av.error.ExternalError(542398533, "Generic error in an external library")
        return self._context.decode(packet)

    def flush_buffers(self) -> None:
        """Flush."""
        self._context.flush_buffers()


def proven(opens: Callable[[str], Any]) -> Hardware:
    """Return hardware with one device that passed its probe; it then opens what is given."""
    working = [True]

    def choose(codec: str) -> VideoCodecContext:
        return software(codec) if working[0] else cast("VideoCodecContext", opens(codec))

    found = Hardware("auto", [Device("fake", choose)])
    found.probe()
    assert found.found == {"h264": "fake", "hevc": "fake"}
    working[0] = False
    return found


def shown(hardware: Hardware | None, path: Path, damage: int | None = None) -> list[int | None]:
    """Decode a clip; return the numbers burnt into its pictures. `damage`: a packet cut short."""
    packets = packets_of(path)
    decoder, scaler = RunDecoder(packets[0][1], hardware=hardware), Scaler()
    numbers = []
    for index, (packet, parameters) in enumerate(packets):
        if index == damage:
            packet = damaged(packet)  # noqa: PLW2901 - the same packet, damaged
        for _, frame in decoder.feed(packet, parameters):
            numbers.append(read_counter(scaler.picture(frame)))
    numbers += [read_counter(scaler.picture(frame)) for _, frame in decoder.drain()]
    return numbers


def damaged(packet: Packet) -> Packet:
    """Return a packet whose data is noise behind its start code: every decoder refuses it."""
    return replace(packet, data=packet.data[:4] + b"\xff" * 40)


def test_what_does_not_work_here_is_named_and_software_goes_on() -> None:
    """Each device of this machine either proves itself or leaves its reason; pictures come."""
    found = Hardware()
    assert found.open("h264") is None  # nothing is believed before the probe
    found.probe()
    for device in DEVICES:
        assert device.name in found.reasons or device.name in found.found.values()
    expected = list(range(125))
    assert shown(found, clip(**SMALL)) == expected
    assert Hardware("off").found == {}


def test_a_device_that_opens_and_then_refuses_everything_is_found_out() -> None:
    """FFmpeg's QSV decoder opens on any machine; where it decodes nothing it is not taken."""
    found = Hardware("qsv", [Device("qsv", module._qsv)])
    found.probe()
    if found.found:
        pytest.skip("QSV works on this machine")
    assert module._qsv("h264") is not None
    assert "send_packet" in found.reasons["qsv"]


@pytest.mark.parametrize(
    "options", [{"skip_loop_filter": "all"}, {"skip_frame": "noref"}], ids=["other", "fewer"]
)
def test_other_pictures_than_softwares_are_not_believed(options: dict[str, str]) -> None:
    """A decoder whose pictures differ, or that leaves some out, is no candidate."""
    found = Hardware("auto", [Device("wrong", lambda codec: software(codec, **options))])
    found.probe()
    assert "h264" not in found.found
    assert found.reasons["wrong"].endswith("comes out other than in software")


@pytest.mark.parametrize("silently", [False, True])
@pytest.mark.parametrize("options", [{}, {"b_frames": 3}, {"codec": "h265"}])
def test_a_device_that_fails_in_the_middle_costs_no_picture(
    options: dict[str, Any], silently: bool
) -> None:
    """Software decodes again from the last key packet; the device is left alone and says why."""
    found = proven(lambda codec: Failing(codec, after=70, silently=silently))
    numbers = shown(found, clip(**SMALL, **options))
    assert set(numbers) == set(range(125))
    assert numbers[-75:] == list(range(50, 125))  # again from the last key packet on, in order
    assert found.found == {}
    assert found.reasons["fake"]


def test_a_damaged_stream_is_not_the_devices_fault() -> None:
    """Where software fails on the same packet the device stays trusted."""
    found = proven(software)
    path = clip(**SMALL)
    numbers = shown(None, path, damage=60)
    assert numbers == [*range(60), *range(100, 125)]
    assert set(shown(found, path, damage=60)) == set(numbers)
    assert found.found == {"h264": "fake", "hevc": "fake"}


def test_a_camera_shows_each_picture_once_when_its_device_fails() -> None:
    """A lane that is looked at closely goes on at the same rate, in software."""
    frames: list[Frame] = []
    found = proven(lambda codec: Failing(codec, after=60))
    pool = DecodePool(1)
    lane = Lane("cam", longest_px=320, grid=DueGrid(2.0), on_frame=frames.append, hardware=found)
    pool.add(lane)
    jobs = [Job(packet, parameters, 0, 1e9) for packet, parameters in packets_of(clip(**SMALL))]
    lane.look_closely(jobs[0].packet.at_s + 100.0, 0.2)
    for job in jobs[:40]:
        lane.feed(job)
    pool.start()
    pool.ready(lane)
    _wait(lambda: not lane.waiting and not lane.busy)
    assert lane.decoder == "fake"
    for job in jobs[40:]:
        lane.feed(job)
    pool.ready(lane)
    _wait(lambda: not lane.waiting and not lane.busy)
    assert lane.decoder == "software"
    lane.end_feeding()
    pool.ready(lane)
    _wait(lambda: not lane.decoding)
    pool.stop(2.0)
    assert [read_counter(frame.picture) for frame in frames] == list(range(0, 125, 5))
    assert lane.decoder is None


def test_a_device_that_rested_has_to_prove_itself_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """After its rest it is probed, not trusted: one that works again is used again."""
    monkeypatch.setattr(module, "REST_S", 0.05)
    found = Hardware("auto", [Device("fake", software)])
    found.probe()
    found.failed("fake", "gone")
    assert found.open("h264") is None
    time.sleep(0.1)
    assert found.open("h264") is None  # this call began the probe
    _wait(lambda: "h264" in found.found)
    opened = found.open("h264")
    assert opened is not None
    assert opened.device == "fake"


def _wait(done: Callable[[], bool]) -> None:
    until_s = time.monotonic() + 10.0
    while not done():
        assert time.monotonic() < until_s, "waited too long"
        time.sleep(0.005)
