"""Why a stream does not open: every answer a camera can give, from real sockets and servers."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from streams import FixError, Reason, RestError, RetryError, Source, StreamError
from streams.demuxer import Demuxer
from streams.diagnosis import diagnose
from tests.clips import clip
from tests.rtsp import RtspServer

PASSWORD = "p@ss:w/rd%#?é"
SDP = b"v=0\r\ns=x\r\nm=audio 0 RTP/AVP 0\r\n"


@contextmanager
def camera(*answers: bytes | None, port_only: bool = False) -> Iterator[Source]:
    """Listen; answer each request in turn; None: say nothing. Then close."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        done = threading.Event()

        def serve() -> None:
            while not done.is_set():
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection:
                    for answer in answers:
                        if not connection.recv(4096):
                            break
                        if answer is None:
                            done.wait(20.0)
                            break
                        connection.sendall(answer)

        thread = threading.Thread(target=serve, daemon=True)
        if not port_only:
            thread.start()
        try:
            yield Source(f"rtsp://127.0.0.1:{port}/cam0", "viewer", PASSWORD)
        finally:
            done.set()
            listener.shutdown(socket.SHUT_RDWR)


def reply(status: str, body: bytes = b"", *headers: str) -> bytes:
    """Write an RTSP reply."""
    lines = [f"RTSP/1.0 {status}", "CSeq: 1", *headers, f"Content-Length: {len(body)}"]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


@pytest.mark.parametrize(
    ("answers", "reason"),
    [
        ([reply("404 Not Found")], Reason.NOT_FOUND),
        ([reply("454 Session Not Found")], Reason.NOT_FOUND),
        ([reply("403 Forbidden")], Reason.AUTH),
        ([reply("503 Service Unavailable")], Reason.REFUSED),
        ([reply("200 OK", SDP)], Reason.CODEC),  # sound only
        ([reply("200 OK", b"m=video 0 RTP/AVP 96\r\n")], Reason.CODEC),  # and FFmpeg failed
        ([b"HTTP/1.0 400 Bad Request\r\n\r\n"], Reason.CODEC),  # no RTSP
        ([bytes(range(256)) * 300], Reason.CODEC),  # garbage
        ([b"RTSP/1.0 tired\r\n\r\n"], Reason.CODEC),
        ([b"RTSP/1.0 200 OK\r\nContent-Length: 99\r\n\r\nshort", None], Reason.TIMEOUT),
        ([None], Reason.TIMEOUT),  # half-open
        ([], Reason.REFUSED),  # closes at once
    ],
    ids=str,
)
def test_what_a_camera_answers(answers: list[bytes | None], reason: Reason) -> None:
    """Each answer has its reason; no wait is longer than it was given."""
    with camera(*answers) as source:
        started_s = time.monotonic()
        assert diagnose(source, 1.0)[0] is reason
        assert time.monotonic() - started_s < 3.0


def test_nobody_listens() -> None:
    """A closed port is refused, at once."""
    with camera(port_only=True) as source:
        pass
    assert diagnose(source, 2.0)[0] is Reason.REFUSED


def test_no_such_host() -> None:
    """A name that does not resolve is an unknown host."""
    assert diagnose(Source("rtsp://no-such-camera.invalid/x"), 2.0)[0] is Reason.UNKNOWN_HOST


@pytest.mark.parametrize("method", ["basic", "digest"])
def test_the_right_password_is_told_from_a_wrong_one(method: str) -> None:
    """GStreamer's server takes our answer to its challenge, and refuses a wrong password."""
    login = {"user": "viewer", "password": PASSWORD, "method": method}
    with RtspServer({"/cam0": clip()}, **login) as server:  # type: ignore[arg-type]  # one of two
        url = server.url("/cam0", login=False)
        reason, message = diagnose(Source(url, "viewer", PASSWORD), 3.0)
        assert (reason, "cannot be read" in message) == (Reason.CODEC, True)
        for source in (Source(url, "viewer", "wrong"), Source(url)):
            assert diagnose(source, 3.0)[0] is Reason.AUTH


def test_digest_with_quality_of_protection() -> None:
    """A challenge with qop gets the longer answer of RFC 2617."""
    challenge = 'WWW-Authenticate: Digest realm="r", nonce="n", qop="auth,auth-int"'
    seen: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                for answer in (reply("401 Unauthorized", b"", challenge), reply("404 Not Found")):
                    seen.append(connection.recv(4096))
                    connection.sendall(answer)

        threading.Thread(target=serve, daemon=True).start()
        url = f"rtsp://127.0.0.1:{listener.getsockname()[1]}/x"
        assert diagnose(Source(url, "u", "p"), 2.0)[0] is Reason.NOT_FOUND
    assert b"Authorization" not in seen[0]  # cameras lock accounts: first without
    answer = seen[1].decode()
    assert "qop=auth, nc=00000001" in answer
    assert 'username="u"' in answer


@pytest.mark.parametrize(
    ("answers", "kind", "reason"),
    [
        ([None], RetryError, Reason.TIMEOUT),
        ([reply("200 OK"), reply("401 Unauthorized"), reply("401 Unauthorized")], RestError, None),
        ([reply("200 OK"), reply("404 Not Found")], FixError, Reason.NOT_FOUND),
        ([b"garbage that is no RTSP at all\r\n\r\n" * 50], FixError, Reason.CODEC),
    ],
    ids=["half-open", "password", "path", "garbage"],
)
def test_opening_gives_one_error_with_a_reason(
    answers: list[bytes | None], kind: type[StreamError], reason: Reason | None
) -> None:
    """Through FFmpeg, with the diagnosis where FFmpeg does not tell; the password is not in it."""
    with camera(*answers) as source, pytest.raises(kind) as caught:
        Demuxer(source, open_timeout_s=1.5, read_timeout_s=1.5)
    assert caught.value.reason is (reason or Reason.AUTH)
    assert "p@ss" not in str(caught.value)
    assert "p%40ss" not in str(caught.value) + str(caught.value.__cause__)
