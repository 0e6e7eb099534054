"""Ask the host itself why a stream could not be opened: DNS, then TCP, then RTSP.

Used only after FFmpeg failed without saying why. The first request carries no password; one with
credentials follows only when the camera asks for them, because cameras lock accounts.
"""

import socket
import ssl
import time

from streams.errors import Reason
from streams.rtsp import Reply, Talk, connect
from streams.source import Source
from streams.translation import UNREADABLE

Finding = tuple[Reason, str]

_CLOSED = "nobody listens on the port, or it closes the connection"
_FAILURES: tuple[tuple[type[OSError], Reason, str], ...] = (
    (socket.gaierror, Reason.UNKNOWN_HOST, "the host name does not resolve"),
    (ConnectionError, Reason.REFUSED, _CLOSED),
    (ssl.SSLError, Reason.REFUSED, "no TLS connection"),
    (TimeoutError, Reason.TIMEOUT, "no answer in time"),
    (OSError, Reason.TIMEOUT, "the host cannot be reached"),
)
"""First match wins. A camera that was unplugged is often "no route to host": nobody answers."""


def diagnose(source: Source, timeout_s: float) -> Finding:
    """Say why a stream that FFmpeg could not open does not open; blocks about timeout_s at most.

    (A name server that does not answer can block longer; callers keep their own deadline.)
    """
    if source.is_file:
        return Reason.CODEC, UNREADABLE
    deadline_s = time.monotonic() + timeout_s
    try:
        with connect(source, deadline_s) as connection:
            if source.scheme in ("http", "https"):
                return Reason.CODEC, UNREADABLE
            return _ask(source, connection, deadline_s)
    except OSError as error:
        return next(
            (reason, message) for kind, reason, message in _FAILURES if isinstance(error, kind)
        )


def _ask(source: Source, connection: socket.socket, deadline_s: float) -> Finding:
    """DESCRIBE without credentials, then with them if the camera asks."""
    talk = Talk(source, connection)
    reply = talk.ask("DESCRIBE", source.url, deadline_s, "Accept: application/sdp")
    if reply is None:
        return Reason.CODEC, "it does not speak RTSP"
    return judge(reply)


def judge(reply: Reply) -> Finding:
    """Say what is wrong where a camera answered a DESCRIBE, whatever it answered."""
    if reply.status in (401, 403):
        return Reason.AUTH, "it refuses the user name or password"
    if reply.status >= 500:
        return Reason.REFUSED, f"it answers with server error {reply.status}"
    if reply.status >= 300:
        return Reason.NOT_FOUND, f"it answers {reply.status} for this path"
    if b"m=video" not in reply.body:
        return Reason.CODEC, "it offers no video"
    return Reason.CODEC, "it offers a video that cannot be read"
