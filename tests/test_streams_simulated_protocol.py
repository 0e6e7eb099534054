"""What the simulated camera reads and writes: RTSP messages, NAL units, RTP packets, logins."""

import hashlib
import time
from collections.abc import Iterator
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.simulated import SimulatedCamera
from streams.simulated.conversation import METHODS, Conversation, State
from streams.simulated.login import REALM, Login
from streams.simulated.message import (
    MAX_BODY_BYTES,
    MAX_HEAD_BYTES,
    REASONS,
    BadRequestError,
    Request,
    RequestReader,
)
from streams.simulated.nal import H264, H265, read_extradata, split_lengths, split_start_codes
from streams.simulated.rtp import MAX_PAYLOAD_BYTES, Packetizer, goodbye, sender_report
from tests.clips import clip
from tests.rtsp_client import RtspClient

URL = "rtsp://127.0.0.1/cam0"
TCP = "RTP/AVP/TCP;unicast;interleaved=0-1"


class Programme:
    """A camera with something to see."""

    description: bytes | None = b"v=0\r\n"
    locked = False

    def position(self) -> tuple[int, int]:
        """First packet of a new client."""
        return 7, 3600


def request(method: str, uri: str = URL, **headers: str) -> Request:
    """Make a request with a CSeq."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Request(method, uri, "1.0", {"cseq": "1"} | named)


@pytest.fixture(scope="module")
def camera() -> Iterator[SimulatedCamera]:
    """Run a plain camera."""
    with SimulatedCamera(clip(seconds=0.6, gop=5)) as simulated:
        yield simulated


@given(data=st.binary(max_size=300), cuts=st.lists(st.integers(0, 300), max_size=5))
def test_any_bytes_are_requests_or_a_bad_request(data: bytes, cuts: list[int]) -> None:
    """The reader never fails in another way, and how TCP cuts the bytes does not matter."""

    def read(pieces: list[bytes]) -> tuple[list[Request], int | None]:
        reader, found = RequestReader(), []
        try:
            for piece in pieces:
                reader.feed(piece)
                while (one := reader.next_request()) is not None:
                    found.append(one)
        except BadRequestError as error:
            return found, error.status
        return found, None

    places = [0, *sorted(cuts), len(data)]
    pieces = [data[a:b] for a, b in pairwise(places)]
    assert read(pieces) == read([data])


@given(
    heads=st.lists(
        st.text("OPTIONSPLAY rtsp:/cam0\r\nCSeq: 1$%é\x00", max_size=60), min_size=1, max_size=4
    )
)
def test_texts_that_look_like_requests_never_crash_it(heads: list[str]) -> None:
    """Every request that is read gets an answer with a status that RTSP knows."""
    reader = RequestReader()
    conversation = Conversation(Programme(), None)
    refused = 400
    try:
        for head in heads:
            reader.feed(head.encode() + b"\r\n\r\n")
            while (one := reader.next_request()) is not None:
                response = conversation.respond(one)
                assert response.status in REASONS
                assert response.encode(one.sequence).startswith(b"RTSP/1.0 ")
    except BadRequestError as error:
        refused = error.status
    assert refused in (400, 413)


@given(
    steps=st.lists(
        st.tuples(
            st.sampled_from([*METHODS, "PAUSE", "RECORD", "FOO"]),
            st.sampled_from(["", "right", "wrong"]),
            st.sampled_from([TCP, "", "RTP/AVP;unicast;client_port=5000-5001"]),
            st.sampled_from([URL, f"{URL}/trackID=0", "*", "rtsp://h/other", "rtsp://[bad", ""]),
        ),
        max_size=12,
    )
)
def test_states_follow_the_rules(steps: list[tuple[str, str, str, str]]) -> None:
    """In any order of requests: it plays only after SETUP and PLAY with the right session."""
    conversation = Conversation(Programme(), None)
    session = ""
    for method, which, transport, uri in steps:
        headers = {"transport": transport}
        if which:
            headers["session"] = session if which == "right" and session else "nonsense"
        before = conversation.state
        response = conversation.respond(request(method, uri, **headers))
        if response.status != 200:
            assert conversation.state is before
            continue
        assert method in METHODS
        assert before in METHODS[method]
        if method == "SETUP":
            session = dict(response.headers)["Session"].partition(";")[0]
            assert transport == TCP
        if method == "PLAY":
            assert which == "right"
            assert conversation.state is State.PLAYING
        if method == "TEARDOWN":
            assert response.close


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        (Request("OPTIONS", "*", "1.0", {"cseq": "1"}), 200),
        (Request("OPTIONS", URL, "2.0", {"cseq": "1"}), 505),
        (Request("OPTIONS", URL, "1.0", {}), 400),  # no CSeq
        (Request("OPTIONS", URL, "1.0", {"cseq": "one"}), 400),
        (request("BREW"), 501),
        (request("RECORD"), 405),
        (request("DESCRIBE"), 200),
        (request("DESCRIBE", accept="application/sdp, text/plain"), 200),
        (request("DESCRIBE", accept="text/plain"), 406),
        (request("DESCRIBE", "rtsp://127.0.0.1/cam1"), 404),
        (request("DESCRIBE", "rtsp://127.0.0.1/cam0/"), 200),
        (request("DESCRIBE", "rtsp://127.0.0.1/cam0?subtype=1"), 200),
        (request("DESCRIBE", "http://127.0.0.1/cam0"), 404),
        (request("SETUP"), 461),  # no Transport
        (request("SETUP", transport="RTP/AVP;unicast;client_port=5000-5001"), 461),
        (request("SETUP", transport="RTP/AVP/TCP;unicast;interleaved=255-256"), 461),
        (request("SETUP", transport="RTP/AVP/TCP;unicast;interleaved=x"), 461),
        (request("SETUP", transport=f"RTP/AVP;unicast;client_port=5000-5001,{TCP}"), 200),
        (request("SETUP", transport="RTP/AVP/TCP"), 200),
        (request("PLAY"), 455),
        (request("PLAY", session="nonsense"), 454),
        (request("TEARDOWN"), 455),
        (request("GET_PARAMETER"), 200),
        (request("GET_PARAMETER", session="nonsense"), 454),
    ],
    ids=lambda value: f"{value.method}-{value.uri}" if isinstance(value, Request) else None,
)
def test_answers_to_a_new_client(asked: Request, status: int) -> None:
    """Each request gets the status that RFC 2326 has for it."""
    assert Conversation(Programme(), None).respond(asked).status == status


def test_nothing_to_see_is_not_found() -> None:
    """When the film is over, DESCRIBE and SETUP give 404."""
    programme = Programme()
    programme.description = None
    conversation = Conversation(programme, None)
    assert conversation.respond(request("DESCRIBE")).status == 404
    assert conversation.respond(request("SETUP", transport=TCP)).status == 404


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"\x16\x03\x01\x02\x00\x01", 400),  # TLS
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (b"OPTIONS\r\n\r\n", 400),
        (b"OPTIONS * RTSP/1.0\r\nno colon\r\n\r\n", 400),
        (b"OPTIONS * RTSP/1.0\r\nName: \xff\r\n\r\n", 400),
        (b"OPTIONS * RTSP/1.0\r\nX: " + b"a" * 20_000, 400),
        (b"OPTIONS * RTSP/1.0\r\nContent-Length: -1\r\n\r\n", 400),
        (b"OPTIONS * RTSP/1.0\r\nContent-Length: 99999999\r\n\r\n", 413),
    ],
    ids=lambda value: repr(value[:24]) if isinstance(value, bytes) else str(value),
)
def test_malformed_request_is_answered_and_closed(
    camera: SimulatedCamera, sent: bytes, status: int
) -> None:
    """A client that talks nonsense is told so and dropped; the camera goes on."""
    with RtspClient(camera.port) as client:
        client.send(sent)
        assert client.answer().status == status
        with pytest.raises((EOFError, ConnectionResetError)):
            client.watch(5.0)
    with RtspClient(camera.port) as client:
        client.play()
        assert client.watch(0.3)


def test_request_without_sequence_keeps_the_connection(camera: SimulatedCamera) -> None:
    """A missing CSeq is refused, but the next request is answered."""
    with RtspClient(camera.port) as client:
        client.send(b"OPTIONS * RTSP/1.0\r\n\r\n")
        assert client.answer().status == 400
        assert client.ask("OPTIONS").status == 200


def test_requests_in_one_piece_and_in_many(camera: SimulatedCamera) -> None:
    """Pipelined requests are answered in order, one sent byte by byte is too."""
    with RtspClient(camera.port) as client:
        client.send(b"OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\nOPTIONS * RTSP/1.0\r\nCSeq: 2\r\n\r\n")
        assert [client.answer().headers["cseq"] for _ in range(2)] == ["1", "2"]
        for byte in b"\r\n$\x01\x00\x02abOPTIONS * RTSP/1.0\r\nCSeq: 3\r\n\r\n":
            client.send(bytes((byte,)))
            time.sleep(0.001)
        assert client.answer().headers["cseq"] == "3"


def test_body_is_skipped() -> None:
    """A request's body is not taken for the next request."""
    reader = RequestReader()
    reader.feed(b"GET_PARAMETER * RTSP/1.0\r\nContent-Length: 5\r\n\r\nOPT\r\nOPTIONS * RTSP/1.0")
    first = reader.next_request()
    assert first is not None
    assert first.method == "GET_PARAMETER"
    reader.feed(b"\r\n\r\n")
    second = reader.next_request()
    assert second is not None
    assert second.method == "OPTIONS"


def test_limits_are_what_they_say() -> None:
    """A head and a body of exactly the limit are taken."""
    line = b"OPTIONS * RTSP/1.0\r\nX: "
    reader = RequestReader()
    reader.feed(line + b"a" * (MAX_HEAD_BYTES - len(line)) + b"\r\n\r\n")
    assert reader.next_request() is not None
    reader.feed(b"OPTIONS * RTSP/1.0\r\nContent-Length: %d\r\n\r\n" % MAX_BODY_BYTES)
    assert reader.next_request() is None
    reader.feed(bytes(MAX_BODY_BYTES))
    assert reader.next_request() is not None


def md5(text: str) -> str:
    """Hex digest of a text."""
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def digest(login: Login, nonce: str, *, uri: str = URL, qop: bool = False, **wrong: str) -> str:
    """Compute an Authorization header as a client does (RFC 2617, 3.2.2)."""
    ha1, ha2 = md5(f"{login.user}:{REALM}:{login.password}"), md5(f"DESCRIBE:{uri}")
    middle = f"{nonce}:00000001:abc:auth" if qop else nonce
    fields = {
        "username": login.user,
        "realm": REALM,
        "nonce": nonce,
        "uri": uri,
        "response": md5(f"{ha1}:{middle}:{ha2}"),
    } | wrong
    text = ", ".join(f'{name}="{value}"' for name, value in fields.items())
    return f"Digest {text}" + (', qop=auth, nc=00000001, cnonce="abc"' if qop else "")


@pytest.mark.parametrize("qop", [False, True])
def test_digest_admits_only_the_proof(qop: bool) -> None:
    """The right response is taken; a wrong user, nonce, realm, address or response is not."""
    login = Login("viewer", "pässword")

    def admits(header: str) -> bool:
        return login.admits(request("DESCRIBE", authorization=header), "nonce1")

    assert admits(digest(login, "nonce1", qop=qop))
    assert not admits(digest(login, "nonce2", qop=qop))
    assert not admits(digest(Login("viewer", "other"), "nonce1", qop=qop))
    assert not admits(digest(Login("other", "pässword"), "nonce1", qop=qop))
    assert not admits(digest(login, "nonce1", uri="rtsp://127.0.0.1/else", qop=qop))
    assert not admits(digest(login, "nonce1", qop=qop, response=""))
    assert not admits(digest(login, "nonce1", qop=qop, realm="else"))


@given(
    header=st.one_of(st.text(), st.text().map("Basic ".__add__), st.text().map("Digest ".__add__))
)
def test_no_junk_is_admitted(header: str) -> None:
    """Any Authorization header that proves nothing is refused, without failing."""
    assert not Login("viewer", "pw").admits(request("DESCRIBE", authorization=header), "nonce")


units = st.binary(min_size=1, max_size=50).filter(
    lambda unit: b"\x00\x00" not in unit and unit[-1] != 0
)


@given(parts=st.lists(units, max_size=6), code=st.sampled_from([b"\0\0\1", b"\0\0\0\1"]))
def test_start_codes_are_split(parts: list[bytes], code: bytes) -> None:
    """What was joined with start codes comes apart again."""
    assert list(split_start_codes(b"".join(code + part for part in parts))) == parts


@given(parts=st.lists(st.binary(min_size=1, max_size=50), max_size=6), size=st.sampled_from([2, 4]))
def test_lengths_are_split(parts: list[bytes], size: int) -> None:
    """What was joined with lengths comes apart again."""
    joined = b"".join(len(part).to_bytes(size, "big") + part for part in parts)
    assert list(split_lengths(joined, size)) == parts


@given(data=st.binary(max_size=80), size=st.sampled_from([1, 2, 4]))
def test_damaged_lengths_are_a_value_error(data: bytes, size: int) -> None:
    """Any bytes are units or a ValueError."""
    try:
        parts = list(split_lengths(data, size))
    except ValueError:
        return
    assert sum(map(len, parts)) <= len(data)


@given(data=st.binary(max_size=80), syntax=st.sampled_from([H264, H265]))
def test_damaged_extradata_is_a_value_error(data: bytes, syntax: object) -> None:
    """A decoder configuration that is cut short is refused, not half read."""
    assert syntax in (H264, H265)
    try:
        read_extradata(H264 if syntax is H264 else H265, b"\x01" + data)
    except ValueError:
        return


@settings(max_examples=40)
@given(
    sizes=st.lists(st.integers(3, 5000), min_size=1, max_size=4),
    first=st.integers(0, 2**16 - 1),
    codec=st.sampled_from(["h264", "hevc"]),
)
def test_fragments_join_to_the_units(sizes: list[int], first: int, codec: str) -> None:
    """Packets fit the limit, count up through the wrap, mark the end, and carry every byte."""
    syntax, head = (H264, b"\x65") if codec == "h264" else (H265, b"\x26\x01")
    sent = [head + bytes(index % 251 for index in range(size)) for size in sizes]
    packets = Packetizer(syntax, ssrc=1, first_sequence=first).packets(sent, 2**32 + 5)
    assert all(len(packet) <= 12 + MAX_PAYLOAD_BYTES for packet in packets)
    numbers = [int.from_bytes(packet[2:4], "big") for packet in packets]
    assert numbers == [(first + index) % 2**16 for index in range(len(packets))]
    assert [packet[1] >> 7 for packet in packets] == [0] * (len(packets) - 1) + [1]
    assert {packet[4:8] for packet in packets} == {(5).to_bytes(4, "big")}
    assert joined([packet[12:] for packet in packets], codec) == sent


def joined(payloads: list[bytes], codec: str) -> list[bytes]:
    """Units from payloads, written after RFC 6184 (5.8) and RFC 7798 (4.4.3)."""
    found: list[bytes] = []
    for payload in payloads:
        if codec == "h264":
            fragment, size = payload[0] & 0x1F == 28, 1
        else:
            fragment, size = payload[0] >> 1 & 0x3F == 49, 2
        if not fragment:
            found.append(payload)
            continue
        flags, body = payload[size], payload[size + 1 :]
        if flags & 0x80:
            if codec == "h264":
                head = bytes((payload[0] & 0xE0 | flags & 0x1F,))
            else:
                head = bytes((payload[0] & 0x81 | (flags & 0x3F) << 1, payload[1]))
            found.append(head)
        found[-1] += body
    return found


@given(unix_s=st.floats(0, 4e9), name=st.text("abc", min_size=1, max_size=20))
def test_reports_are_whole_words(unix_s: float, name: str) -> None:
    """The lengths in RTCP headers agree with the bytes that are there (RFC 3550, 6.4.1)."""
    report = sender_report(9, unix_s=unix_s, timestamp=1, packets=2, octets=3, name=name)
    position, kinds = 0, []
    while position < len(report):
        kinds.append(report[position + 1])
        position += 4 * (int.from_bytes(report[position + 2 : position + 4], "big") + 1)
    assert position == len(report)
    assert kinds == [200, 202]
    seconds = int.from_bytes(report[8:12], "big") - 2_208_988_800
    assert (seconds - int(unix_s)) % 2**32 == 0
    assert goodbye(9)[1] == 203
