"""Every fault of the simulated camera, as a client sees it."""

import time
from itertools import pairwise

import av
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.simulated import DEFAULT_AFTER_S, Fault, FaultKind, SimulatedCamera
from tests.clips import clip, frame_counter
from tests.rtsp_client import RtspClient

TICKS = 3600  # of the 90 kHz clock, at 25 pictures a second
CLOSED = (EOFError, ConnectionResetError)


def faulty(text: str, **options: object) -> SimulatedCamera:
    """Make a camera with this fault, and by default a very short film."""
    film = clip(**{"seconds": 0.6, "gop": 5} | options)
    return SimulatedCamera(film, fault=Fault.parse(text))


def opened(url: str, timeout_s: float = 5.0) -> av.container.InputContainer:
    """Open as FFmpeg's RTSP client does over TCP, with little probing."""
    options = {"rtsp_transport": "tcp", "analyzeduration": "100000", "fpsprobesize": "1"}
    return av.open(url, options=options, timeout=timeout_s)


def steps(client: RtspClient) -> list[int]:
    """Ticks from each picture to the next, as signed numbers."""
    times = [packet.timestamp for packet in client.rtp if packet.marker]
    return [(b - a + 2**31) % 2**32 - 2**31 for a, b in pairwise(times)]


def test_refuse_from_the_start() -> None:
    """Nothing listens at the URL."""
    with faulty("refuse") as camera, pytest.raises(ConnectionRefusedError):
        opened(camera.url)


def test_refuse_after_a_while() -> None:
    """First it plays; then connections end and new ones are refused."""
    with faulty("refuse:0.5") as camera:
        with RtspClient(camera.port) as client:
            client.play()
            with pytest.raises(CLOSED):
                client.watch(5.0)
            assert client.rtp
        with pytest.raises(ConnectionRefusedError):
            opened(camera.url)


def test_auth_refuses_the_right_password() -> None:
    """Everything is answered 401, whatever is sent."""
    film = clip(seconds=0.6, gop=5)
    fault = Fault.parse("auth")
    with SimulatedCamera(film, user="viewer", password="pw", fault=fault) as camera:
        with pytest.raises(av.error.HTTPUnauthorizedError):
            opened(camera.url.replace("://", "://viewer:pw@"))
        with RtspClient(camera.port) as client:
            assert client.ask("OPTIONS").status == 401


def test_auth_after_a_while() -> None:
    """Changing the password in the middle closes the stream; coming back gives 401."""
    with faulty("auth:0.5") as camera:
        with RtspClient(camera.port) as client:
            client.play()
            with pytest.raises(CLOSED):
                client.watch(5.0)
        with pytest.raises(av.error.HTTPUnauthorizedError):
            opened(camera.url)


def test_half_open_is_silent_but_connected() -> None:
    """No byte comes any more, requests included; TCP stays open, for new clients too."""
    with faulty("half-open:0.5") as camera, RtspClient(camera.port, timeout_s=1.0) as client:
        client.play()
        assert client.watch(0.8)
        assert client.watch(0.5) == []
        with pytest.raises(TimeoutError):
            client.ask("OPTIONS")
        with RtspClient(camera.port, timeout_s=0.5) as late, pytest.raises(TimeoutError):
            late.ask("OPTIONS")


def test_stall_answers_but_shows_nothing() -> None:
    """Requests are answered as ever, PLAY of a new client too, but no RTP comes."""
    with faulty("stall:0.5") as camera, RtspClient(camera.port) as client:
        client.play()
        assert client.watch(0.8)
        assert client.watch(0.5) == []
        assert client.ask("GET_PARAMETER").status == 200
        with RtspClient(camera.port) as late:
            assert late.play().status == 200
            assert late.watch(0.5) == []


def test_drop_closes_every_connection_in_its_time() -> None:
    """Each connection lives for the period, counted from its own beginning."""
    with faulty("drop:0.7") as camera:
        for _ in range(2):
            with RtspClient(camera.port) as client:
                connected_s = time.monotonic()
                client.play()
                with pytest.raises(CLOSED):
                    client.watch(5.0)
                assert client.rtp
                assert time.monotonic() - connected_s == pytest.approx(0.7, abs=0.3)


def test_pts_jump_goes_ahead_and_back() -> None:
    """Timestamps jump a minute ahead and, a period later, a minute back."""
    with faulty("pts-jump:0.6") as camera, RtspClient(camera.port) as client:
        client.play()
        client.watch(1.6)
    minute = 60 * 90_000
    assert set(steps(client)) == {TICKS, TICKS + minute, TICKS - minute}


def test_pts_jump_reaches_ffmpeg() -> None:
    """FFmpeg passes the jump on, so a reader must guard itself."""
    with faulty("pts-jump:1") as camera, opened(camera.url) as container:
        times = []
        for packet in container.demux(video=0):
            times.append(float((packet.pts or 0) * packet.time_base))
            if max(times) - times[0] > 50 and times[-1] < max(times) - 50:
                break
            assert len(times) < 100
    assert any(b - a > 50 for a, b in pairwise(times))


@pytest.mark.parametrize(("text", "step"), [("pts-fast", 4500), ("pts-slow", 2880)])
def test_pts_rate_is_not_the_pace(text: str, step: int) -> None:
    """Timestamps run at 1.25 or 0.8 of the pace at which the pictures come."""
    with faulty(text) as camera, RtspClient(camera.port) as client:
        client.play()
        client.watch(1.2)
    assert set(steps(client)) == {step}
    pictures = [packet for packet in client.rtp if packet.marker]
    pace = (len(pictures) - 1) / (pictures[-1].arrival_s - pictures[0].arrival_s)
    assert pace == pytest.approx(25, rel=0.2)


def test_cached_gop_comes_at_once() -> None:
    """A client gets everything since the last key frame in one go, then the live stream."""
    with faulty("cached-gop", seconds=2, gop=50) as camera:
        time.sleep(1.2)
        with RtspClient(camera.port) as client:
            client.play()
            client.watch(0.3)
    assert client.rtp[0].h264_key
    begun_s = client.rtp[0].arrival_s
    at_once = [packet for packet in client.rtp if packet.arrival_s < begun_s + 0.1]
    assert sum(packet.marker for packet in at_once) >= 20  # 0.8 s of film in 0.1 s
    assert set(steps(client)) == {TICKS}


def test_without_the_fault_a_client_joins_in_the_middle() -> None:
    """The plain camera sends from now on, key frame or not."""
    with SimulatedCamera(clip(seconds=2, gop=50)) as camera:
        time.sleep(0.5)
        with RtspClient(camera.port) as client:
            client.play()
            client.watch(0.4)
    assert not client.rtp[0].h264_key
    assert sum(packet.marker for packet in client.rtp) <= 15


@pytest.mark.parametrize("codec", ["h264", "h265"])
def test_resize_changes_the_picture(codec: str) -> None:
    """Size and parameter sets change in mid-stream; the timestamps run on."""
    with faulty("resize:2", codec=codec) as camera, opened(camera.url) as container:
        frames = []
        for frame in container.decode(video=0):
            frames.append((frame.width, frame.height, frame.pts, frame_counter(frame)))
            if frame.width != 640 and frames[0][0] == 640:
                break
            assert len(frames) < 200
    assert {size[:2] for size in frames} == {(640, 360), (426, 240)}
    assert frames[-1][3] == 0
    times = [pts for _, _, pts, _ in frames if pts is not None]
    assert {b - a for a, b in pairwise(times)} == {TICKS}


def test_garbage_damages_some_pictures() -> None:
    """Packets still arrive in order, but some payloads are not those of the file."""
    film = {"seconds": 1, "gop": 25, "noise": 20}
    with faulty("garbage:0", **film) as bad, SimulatedCamera(clip(**film)) as good:
        payloads = []
        for camera in (bad, good):
            with RtspClient(camera.port) as client:
                client.play()
                client.watch(1.3)
            assert {(b.sequence - a.sequence) % 2**16 for a, b in pairwise(client.rtp)} == {1}
            payloads.append([packet.payload for packet in client.rtp])
    whole = set(payloads[1])
    share = sum(payload not in whole for payload in payloads[0]) / len(payloads[0])
    assert 0.02 < share < 0.3


def test_garbage_hurts_decoding() -> None:
    """FFmpeg meets broken pictures and goes on."""
    shown, errors = [], 0
    film = {"seconds": 1, "gop": 5, "noise": 20}
    with faulty("garbage:0.5", **film) as camera, opened(camera.url) as container:
        stream = container.streams.video[0]
        for index, packet in enumerate(container.demux(stream)):
            try:
                frames = packet.decode()
            except av.error.InvalidDataError:
                errors += 1
                continue
            shown += [bool(frame.is_corrupt) or frame_counter(frame) is None for frame in frames]
            if index == 60:
                break
    assert errors or any(shown)
    assert not all(shown)


@pytest.mark.parametrize("kind", FaultKind)
def test_stop_is_quick_in_every_fault(kind: FaultKind) -> None:
    """A broken camera stops as fast as a whole one, with a client on it or not."""
    camera = SimulatedCamera(clip(seconds=0.6, gop=5), fault=Fault(kind, 0.1))
    camera.start()
    time.sleep(0.2)
    begun_s = time.monotonic()
    camera.stop()
    assert not camera.running
    assert time.monotonic() - begun_s < 3


@pytest.mark.parametrize("kind", FaultKind)
def test_parse_knows_every_kind(kind: FaultKind) -> None:
    """KIND takes its usual time, KIND:S the one given."""
    assert Fault.parse(str(kind)) == Fault(kind, DEFAULT_AFTER_S[kind])
    assert Fault.parse(f"{kind}:2.5") == Fault(kind, 2.5)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "is one of: refuse, auth, half-open"),
        ("stal", "is one of: refuse, auth, half-open"),
        ("stall:", "expected seconds"),
        ("stall:soon", "expected seconds"),
        ("stall:-1", "expected 0 to"),
        ("stall:nan", "expected 0 to"),
        ("stall:inf", "expected 0 to"),
        ("drop:0", "more than 0"),
        ("pts-jump:0", "more than 0"),
    ],
)
def test_parse_says_what_is_wrong(text: str, problem: str) -> None:
    """A mistyped fault names the kinds there are, a wrong time what is expected."""
    with pytest.raises(ValueError, match=problem):
        Fault.parse(text)


@given(text=st.text(max_size=20))
def test_parse_only_ever_raises_value_error(text: str) -> None:
    """Any text is a fault or a ValueError."""
    try:
        fault = Fault.parse(text)
    except ValueError:
        return
    assert fault.kind in FaultKind


@given(
    kind=st.sampled_from([FaultKind.PTS_FAST, FaultKind.PTS_SLOW]),
    after_s=st.floats(0, 100),
    at_s=st.floats(-1, 1000),
    step_s=st.floats(0.001, 10),
)
def test_wrong_rates_never_run_backwards(
    kind: FaultKind, after_s: float, at_s: float, step_s: float
) -> None:
    """The claimed time starts right and has no jump; afterwards it only has the wrong rate."""
    fault = Fault(kind, after_s)
    claimed_s = fault.stamp_s(at_s + step_s) - fault.stamp_s(at_s)
    assert 0.79 * step_s < claimed_s < 1.26 * step_s
    assert at_s > after_s or fault.stamp_s(at_s) == at_s
