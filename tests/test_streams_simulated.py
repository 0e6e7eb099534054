"""The simulated camera seen by real clients: FFmpeg's, GStreamer's and a bare one."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from urllib.parse import quote

import av
import pytest

from streams.simulated import SimulatedCamera, UnservableFileError
from tests.clips import clip, frame_counter, resized_clip
from tests.rtsp import require_gstreamer
from tests.rtsp_client import RtspClient, basic

FRAMES = 15
TICKS = 3600  # of the 90 kHz clock, at 25 pictures a second


def opened(url: str, **options: str) -> av.container.InputContainer:
    """Open as FFmpeg's RTSP client does over TCP."""
    short = {"rtsp_transport": "tcp", "analyzeduration": "100000", "fpsprobesize": "1"}
    return av.open(url, options=short | options, timeout=10.0)


def pictures(url: str, count: int) -> list[tuple[int | None, int | None, int]]:
    """Counter, pts and width of the next pictures that FFmpeg shows."""
    found: list[tuple[int | None, int | None, int]] = []
    with opened(url) as container:
        for frame in container.decode(video=0):
            found.append((frame_counter(frame), frame.pts, frame.width))
            if len(found) == count:
                break
    return found


@pytest.fixture(scope="module")
def camera() -> Iterator[SimulatedCamera]:
    """Run a plain camera that repeats a very short film."""
    with SimulatedCamera(clip(seconds=0.6, gop=5)) as simulated:
        yield simulated


@pytest.mark.parametrize(
    "options",
    [
        {"codec": "h264", "noise": 20},  # many fragments a picture
        {"codec": "h265", "noise": 20},
        {"codec": "h264", "b_frames": 2, "open_gop": True},
        {"codec": "h265", "b_frames": 2, "open_gop": True},
        {"suffix": ".ts"},  # start codes and delimiters instead of lengths
        {"suffix": ".mkv"},
    ],
    ids=lambda options: "-".join(f"{k}={v}" for k, v in options.items() if k != "noise"),
)
def test_every_picture_arrives_once_and_in_order(options: dict[str, object]) -> None:
    """FFmpeg shows each picture of the file, in order, over the loop's seam, one frame apart."""
    with SimulatedCamera(clip(seconds=0.6, gop=5, **options)) as simulated:
        shown = pictures(simulated.url, 2 * FRAMES)
    numbers = [number for number, _, _ in shown]
    assert numbers[0] is not None
    assert numbers == [(numbers[0] + index) % FRAMES for index in range(2 * FRAMES)]
    times = [pts for _, pts, _ in shown if pts is not None]
    assert {later - earlier for earlier, later in pairwise(times)} == {TICKS}


def test_stream_change_inside_the_file_reaches_the_client() -> None:
    """A file whose resolution changes is sent with the parameter sets of each part."""
    with SimulatedCamera(resized_clip(seconds=0.6, gop=5)) as simulated:
        shown = pictures(simulated.url, 60)
    assert {width for _, _, width in shown} == {640, 352}
    assert None not in {number for number, _, _ in shown}


def test_clients_share_the_broadcast(camera: SimulatedCamera) -> None:
    """A client joins where the film is, and every client gets the same packets."""
    with RtspClient(camera.port) as one:
        one.play()
        one.watch(0.5)
        with RtspClient(camera.port) as two:
            two.play()
            shared = {packet.sequence: packet for packet in two.watch(0.5)}
        one.watch(0.5)
        seen = {packet.sequence: packet for packet in one.rtp}
    common = shared.keys() & seen.keys()
    assert len(common) > 5
    assert all(shared[key].payload == seen[key].payload for key in common)
    assert min(packet.arrival_s for packet in shared.values()) > one.rtp[0].arrival_s + 0.4


def test_sequence_and_timestamp_are_announced(camera: SimulatedCamera) -> None:
    """RTP-Info names the first packet that follows, as RFC 2326 asks."""
    with RtspClient(camera.port) as client:
        info = client.play().headers["rtp-info"]
        first = client.watch(0.4)[0]
    assert f"seq={first.sequence};rtptime={first.timestamp}" in info


def test_time_runs_as_on_the_wall(camera: SimulatedCamera) -> None:
    """Pictures come in real time, and a sender report says which timestamp belongs to now."""
    with RtspClient(camera.port) as client:
        client.play()
        client.watch(2.0)
        first, last, report = client.rtp[0], client.rtp[-1], client.rtcp[0]
    media_s = (last.timestamp - first.timestamp) % 2**32 / 90_000
    assert media_s == pytest.approx(last.arrival_s - first.arrival_s, abs=0.3)
    assert media_s > 1.5
    assert report[1] == 200
    ntp_s = int.from_bytes(report[8:12], "big") - 2_208_988_800
    ahead_s = (last.timestamp - int.from_bytes(report[16:20], "big")) % 2**32 / 90_000
    assert ntp_s + ahead_s == pytest.approx(time.time(), abs=2.0)


def test_many_clients_come_and_go(camera: SimulatedCamera) -> None:
    """Clients that vanish without goodbye leave nothing behind."""
    for _ in range(20):
        with RtspClient(camera.port) as client:
            client.play()
    with RtspClient(camera.port) as client:
        client.play()
        assert client.watch(0.5)
        assert camera.clients == 1
        assert client.ask("TEARDOWN").status == 200
        with pytest.raises(EOFError):
            client.watch(5.0)


def test_client_that_does_not_read_holds_nobody() -> None:
    """Pictures for a client that never reads are left out; the others go on getting all."""
    film = clip(seconds=0.6, gop=5, noise=100, bit_rate=80_000_000)
    with (
        SimulatedCamera(film) as simulated,
        RtspClient(simulated.port, receive_bytes=4096) as deaf,
    ):
        deaf.play()
        until = time.monotonic() + 20
        server = simulated._server
        assert server is not None
        while not [one for one in server._connections if one._congested]:
            assert time.monotonic() < until, "the deaf client was never too slow"
            time.sleep(0.1)
        with RtspClient(simulated.port) as client:
            client.play()
            packets = client.watch(1.0)
    assert {(b.sequence - a.sequence) % 2**16 for a, b in pairwise(packets)} == {1}


def test_login_right_wrong_and_missing() -> None:
    """Digest lets FFmpeg in with the right password only, special characters included."""
    user, password = "viewer", 'p@ss:w"örd/ %'
    with SimulatedCamera(clip(seconds=0.6, gop=5), user=user, password=password) as simulated:
        at = simulated.url.removeprefix("rtsp://")
        good = f"rtsp://{user}:{quote(password, safe='')}@{at}"
        assert len(pictures(good, 10)) == 10
        for bad in (simulated.url, f"rtsp://{user}:wrong@{at}", f"rtsp://root:{quote('x')}@{at}"):
            with pytest.raises(av.error.HTTPUnauthorizedError):
                opened(bad)


def test_basic_login_is_taken_too() -> None:
    """A client that only knows Basic gets in; both schemes are offered."""
    with (
        SimulatedCamera(clip(seconds=0.6, gop=5), user="viewer", password="pw") as simulated,
        RtspClient(simulated.port) as client,
    ):
        assert client.ask("OPTIONS").status == 200
        assert client.ask("DESCRIBE").status == 401
        assert client.ask("DESCRIBE", Authorization=basic("viewer", "no")).status == 401
        assert client.play(Authorization=basic("viewer", "pw")).status == 200
        assert client.watch(0.5)


def test_no_password_in_what_it_says_of_itself() -> None:
    """Neither repr nor URL shows the password."""
    simulated = SimulatedCamera(clip(seconds=0.6, gop=5), user="viewer", password="s3cret")
    assert "s3cret" not in f"{simulated!r} {simulated.url} {simulated._login!r}"


def test_stop_frees_the_port_and_start_takes_it_again() -> None:
    """A camera that is stopped refuses connections; started again, it is at the same URL."""
    simulated = SimulatedCamera(clip(seconds=0.6, gop=5))
    with simulated:
        url = simulated.url
        client = RtspClient(simulated.port)
        client.play()
    with client, pytest.raises((EOFError, ConnectionResetError)):
        client.watch(5.0)
    with pytest.raises(ConnectionRefusedError):
        opened(url)
    simulated.stop()  # once more does no harm
    with simulated:
        assert simulated.url == url
        assert len(pictures(url, 5)) == 5


def test_second_start_is_an_error(camera: SimulatedCamera) -> None:
    """A running camera cannot be started."""
    with pytest.raises(RuntimeError, match="running"):
        camera.start()


def test_taken_port_is_an_error(camera: SimulatedCamera) -> None:
    """A port that somebody else has is reported at start()."""
    with pytest.raises(OSError, match="in use"):
        SimulatedCamera(clip(seconds=0.6, gop=5), port=camera.port).start()


def test_without_loop_the_film_ends() -> None:
    """loop=False plays the whole file to the first client, says goodbye, then answers 404."""
    with SimulatedCamera(clip(seconds=0.6, gop=5), loop=False) as simulated:
        time.sleep(0.5)  # it waits for its first client
        shown = pictures(simulated.url, 1000)
        assert [number for number, _, _ in shown] == list(range(FRAMES))
        with pytest.raises(av.error.HTTPNotFoundError):
            opened(simulated.url)


def test_with_waits_the_film_begins_with_the_first_client() -> None:
    """However late that one comes, it sees the first picture."""
    with SimulatedCamera(clip(seconds=2, gop=5), waits=True) as simulated:
        time.sleep(0.5)
        assert [number for number, _, _ in pictures(simulated.url, 3)] == [0, 1, 2]


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("missing.mp4", None, "No such file"),
        ("text.mp4", b"this is no video\n" * 100, "cannot be read as video"),
        ("empty.mp4", b"", "cannot be read as video"),
    ],
)
def test_file_that_is_no_video_is_refused(
    tmp_path: Path, name: str, content: bytes | None, problem: str
) -> None:
    """start() names the file and what is wrong with it."""
    file = tmp_path / name
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(UnservableFileError, match=problem) as caught:
        SimulatedCamera(file).start()
    assert name in str(caught.value)


def test_other_codecs_are_refused() -> None:
    """An MJPEG file cannot be sent; the message says what can."""
    with pytest.raises(UnservableFileError, match=r"mjpeg.*H\.264 or H\.265"):
        SimulatedCamera(clip(seconds=1, codec="mjpeg")).start()


def test_file_without_timestamps_is_refused() -> None:
    """A raw byte stream has no times, so it cannot be sent at its pace."""
    with pytest.raises(UnservableFileError, match="timestamps"):
        SimulatedCamera(clip(seconds=1, suffix=".h264")).start()


def test_half_a_login_is_refused() -> None:
    """A user without a password is a mistake, not an open camera."""
    with pytest.raises(ValueError, match="both user and password"):
        SimulatedCamera(clip(seconds=0.6, gop=5), user="viewer")


@pytest.mark.parametrize("codec", ["h264", "h265"])
def test_gstreamer_receives_it(codec: str) -> None:
    """GStreamer's RTSP client logs in by Digest and gets whole access units."""
    require_gstreamer()
    script = """
import sys, gi
gi.require_version("Gst", "1.0")
from gi.repository import Gst
Gst.init(None)
url, codec = sys.argv[1:]
pipeline = Gst.parse_launch(
    f"rtspsrc location={url} protocols=tcp latency=0 user-id=viewer user-pw=pw "
    f"! rtp{codec}depay ! {codec}parse ! video/x-{codec},alignment=au "
    "! fakesink num-buffers=30 sync=false")
pipeline.set_state(Gst.State.PLAYING)
message = pipeline.get_bus().timed_pop_filtered(
    20 * Gst.SECOND, Gst.MessageType.EOS | Gst.MessageType.ERROR)
pipeline.set_state(Gst.State.NULL)
sys.exit(0 if message and message.type == Gst.MessageType.EOS else repr(message))
"""
    film = clip(seconds=0.6, gop=5, codec=codec)
    with SimulatedCamera(film, user="viewer", password="pw") as simulated:
        command = ["/usr/bin/python3", "-c", script, simulated.url, codec]
        result = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (result.returncode, result.stderr) == (0, "")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_serve_ends_cleanly_on_a_signal(number: signal.Signals) -> None:
    """In the foreground it says its URL, serves, and ends with status 0 on SIGTERM and SIGINT."""
    script = """
import sys
from pathlib import Path
from streams.simulated import serve
serve(Path(sys.argv[1]), on_ready=lambda url: print(url, flush=True))
print("ended", flush=True)
"""
    command = [sys.executable, "-c", script, str(clip(seconds=0.6, gop=5))]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        assert len(pictures(url, 5)) == 5
        process.send_signal(number)
        assert process.stdout.read() == "ended\n"
        assert process.wait(10) == 0
