"""Ask the host itself why a stream could not be opened: DNS, then TCP, then RTSP.

Used only after FFmpeg failed without saying why. The first request carries no password; one with
credentials follows only when the camera asks for them, because cameras lock accounts.
"""

import base64
import hashlib
import re
import socket
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from streams.errors import Reason
from streams.source import Source
from streams.translation import UNREADABLE

DEFAULT_PORTS: Mapping[str, int] = {"rtsp": 554, "rtsps": 322, "http": 80, "https": 443}
_LARGEST_REPLY = 64 * 1024
_STATUS_LINE = re.compile(rb"RTSP/\d\.\d (\d{3})")
_CHALLENGE = re.compile(r'(\w+)="([^"]*)"')

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


@dataclass(frozen=True, slots=True)
class _Reply:
    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def header(self, name: str) -> tuple[str, ...]:
        return tuple(value for key, value in self.headers if key == name)


def diagnose(source: Source, timeout_s: float) -> Finding:
    """Say why a stream that FFmpeg could not open does not open; blocks about timeout_s at most.

    (A name server that does not answer can block longer; callers keep their own deadline.)
    """
    if source.is_file:
        return Reason.CODEC, UNREADABLE
    deadline_s = time.monotonic() + timeout_s
    try:
        with _connect(source, deadline_s) as connection:
            if source.scheme in ("http", "https"):
                return Reason.CODEC, UNREADABLE
            return _ask(source, connection, deadline_s)
    except OSError as error:
        return next(
            (reason, message) for kind, reason, message in _FAILURES if isinstance(error, kind)
        )


def _connect(source: Source, deadline_s: float) -> socket.socket:
    parts = urlsplit(source.url)
    host, port = parts.hostname or "", parts.port or DEFAULT_PORTS[source.scheme]
    connection = socket.create_connection((host, port), timeout=_left_s(deadline_s))
    if source.scheme not in ("rtsps", "https"):
        return connection
    context = ssl.create_default_context()
    context.check_hostname = False  # cameras sign their own certificates, as FFmpeg accepts here
    context.verify_mode = ssl.CERT_NONE
    return context.wrap_socket(connection, server_hostname=host)


def _ask(source: Source, connection: socket.socket, deadline_s: float) -> Finding:
    """DESCRIBE without credentials, then with them if the camera asks."""
    reply = _describe(source, connection, deadline_s, 1, "")
    if reply is None:
        return Reason.CODEC, "it does not speak RTSP"
    if reply.status == 401 and source.username is not None:
        answer = _authorization(source, reply.header("www-authenticate"))
        reply = _describe(source, connection, deadline_s, 2, answer)
        if reply is None:
            return Reason.CODEC, "it does not speak RTSP"
    return _judge(reply)


def _judge(reply: _Reply) -> Finding:
    if reply.status in (401, 403):
        return Reason.AUTH, "it refuses the user name or password"
    if reply.status >= 500:
        return Reason.REFUSED, f"it answers with server error {reply.status}"
    if reply.status >= 300:
        return Reason.NOT_FOUND, f"it answers {reply.status} for this path"
    if b"m=video" not in reply.body:
        return Reason.CODEC, "it offers no video"
    return Reason.CODEC, "it offers a video that cannot be read"


def _describe(
    source: Source, connection: socket.socket, deadline_s: float, number: int, authorization: str
) -> _Reply | None:
    lines = [
        f"DESCRIBE {source.url} RTSP/1.0",
        f"CSeq: {number}",
        "Accept: application/sdp",
        "User-Agent: streetwarden",
    ]
    if authorization:
        lines.append(f"Authorization: {authorization}")
    connection.settimeout(_left_s(deadline_s))
    connection.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
    return _read_reply(connection, deadline_s)


def _read_reply(connection: socket.socket, deadline_s: float) -> _Reply | None:
    """Read one reply with its body; None when it is none."""
    data = b""
    while b"\r\n\r\n" not in data:
        data += _receive(connection, deadline_s)
        if len(data) > _LARGEST_REPLY or not b"RTSP/".startswith(data[:5]):
            return None
    head, _, body = data.partition(b"\r\n\r\n")
    status = _STATUS_LINE.match(head)
    if status is None:
        return None
    headers = tuple(
        (name.strip().lower(), value.strip())
        for name, colon, value in (
            line.partition(":") for line in head.decode("latin-1").split("\r\n")[1:]
        )
        if colon
    )
    reply = _Reply(int(status[1]), headers, body)
    length = next((int(text) for text in reply.header("content-length") if text.isdigit()), 0)
    while len(body) < min(length, _LARGEST_REPLY):
        body += _receive(connection, deadline_s)
    return _Reply(reply.status, headers, body)


def _receive(connection: socket.socket, deadline_s: float) -> bytes:
    connection.settimeout(_left_s(deadline_s))
    data = connection.recv(4096)
    if not data:
        raise ConnectionResetError
    return data


def _left_s(deadline_s: float) -> float:
    left_s = deadline_s - time.monotonic()
    if left_s <= 0.0:
        raise TimeoutError
    return left_s


def _authorization(source: Source, challenges: tuple[str, ...]) -> str:
    """Answer a challenge: Digest (RFC 2617, MD5 without or with qop=auth) before Basic."""
    username, password = source.username or "", source.password or ""
    for challenge in challenges:
        if challenge.lower().startswith("digest"):
            return _digest(source.url, username, password, dict(_CHALLENGE.findall(challenge)))
    token = base64.b64encode(f"{username}:{password}".encode()).decode()
    return f"Basic {token}"


def _digest(url: str, username: str, password: str, challenge: Mapping[str, str]) -> str:
    realm, nonce = challenge.get("realm", ""), challenge.get("nonce", "")
    secret = _md5(f"{username}:{realm}:{password}")
    request = _md5(f"DESCRIBE:{url}")
    fields = {"username": username, "realm": realm, "nonce": nonce, "uri": url}
    if "auth" in challenge.get("qop", "").split(","):
        count, client_nonce = "00000001", hashlib.sha256(nonce.encode()).hexdigest()[:16]
        response = _md5(f"{secret}:{nonce}:{count}:{client_nonce}:auth:{request}")
        fields |= {"cnonce": client_nonce, "response": response}
        plain = f", qop=auth, nc={count}"  # RFC 2617 3.2.2: these two without quotes
    else:
        fields["response"] = _md5(f"{secret}:{nonce}:{request}")
        plain = ""
    return "Digest " + ", ".join(f'{name}="{value}"' for name, value in fields.items()) + plain


def _md5(text: str) -> str:
    """RTSP's digest authentication knows nothing better (RFC 2326 section D.3)."""
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
