"""What is said to a camera before its pictures come: requests, replies, passwords (RFC 2326).

A password is sent only when the camera asks for it, and the digest of it where that will do.
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

from streams.source import Source

DEFAULT_PORTS: Mapping[str, int] = {"rtsp": 554, "rtsps": 322, "http": 80, "https": 443}
_LARGEST_REPLY = 64 * 1024
_STATUS_LINE = re.compile(rb"RTSP/\d\.\d (\d{3})")
_CHALLENGE = re.compile(r'(\w+)="([^"]*)"')
_INTERLEAVED = b"$"
_INTERLEAVED_HEAD = 4


@dataclass(frozen=True, slots=True)
class Reply:
    """What a camera answers."""

    status: int
    headers: tuple[tuple[str, str], ...]
    """Names in lower case."""
    body: bytes

    def header(self, name: str) -> tuple[str, ...]:
        """Return the values of a header."""
        return tuple(value for key, value in self.headers if key == name)


def connect(source: Source, deadline_s: float) -> socket.socket:
    """Open a connection to a camera's port. Raises OSError."""
    parts = urlsplit(source.url)
    host, port = parts.hostname or "", parts.port or DEFAULT_PORTS[source.scheme]
    connection = socket.create_connection((host, port), timeout=_left_s(deadline_s))
    if source.scheme not in ("rtsps", "https"):
        return connection
    context = ssl.create_default_context()
    context.check_hostname = False  # cameras sign their own certificates, as FFmpeg accepts here
    context.verify_mode = ssl.CERT_NONE
    return context.wrap_socket(connection, server_hostname=host)


class Talk:
    """Requests over one connection, answered one by one. For one thread."""

    def __init__(self, source: Source, connection: socket.socket) -> None:
        self.rest = b""
        """What came after the last reply."""
        self.session = ""
        """The session's name, once the camera has given one."""
        self._source = source
        self._connection = connection
        self._number = 0
        self._challenges: tuple[str, ...] = ()

    def ask(self, method: str, url: str, deadline_s: float, *headers: str) -> Reply | None:
        """Return the camera's answer, asked again with the password if it wants one.

        None when it does not speak RTSP. Raises OSError.
        """
        reply = self._ask(method, url, deadline_s, headers)
        if reply is None or reply.status != 401 or self._source.username is None:
            return reply
        known, self._challenges = self._challenges, reply.header("www-authenticate")
        return reply if known == self._challenges else self._ask(method, url, deadline_s, headers)

    def request(self, method: str, url: str, *headers: str) -> bytes:
        """Write a request; its answer is for the caller to find."""
        self._number += 1
        lines = [f"{method} {url} RTSP/1.0", f"CSeq: {self._number}", "User-Agent: streetwarden"]
        if self._challenges:
            answer = _authorization(self._source, method, url, self._challenges)
            lines.append(f"Authorization: {answer}")
        if self.session:
            lines.append(f"Session: {self.session}")
        return ("\r\n".join([*lines, *headers]) + "\r\n\r\n").encode()

    def _ask(
        self, method: str, url: str, deadline_s: float, headers: tuple[str, ...]
    ) -> Reply | None:
        self._connection.settimeout(_left_s(deadline_s))
        self._connection.sendall(self.request(method, url, *headers))
        return self._read_reply(deadline_s)

    def _read_reply(self, deadline_s: float) -> Reply | None:
        """Read one reply with its body; None when it is none."""
        data = self.rest
        while b"\r\n\r\n" not in data or data.startswith(_INTERLEAVED):
            whole = _INTERLEAVED_HEAD + int.from_bytes(data[2:4])
            if data.startswith(_INTERLEAVED) and len(data) >= max(whole, _INTERLEAVED_HEAD):
                data = data[whole:]  # pictures that come before the answer
                continue
            data += self._receive(deadline_s)
            speaks = b"RTSP/".startswith(data[:5]) or data.startswith(_INTERLEAVED)
            if len(data) > 2 * _LARGEST_REPLY or not speaks:
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
        reply = Reply(int(status[1]), headers, b"")
        texts = (text for text in reply.header("content-length") if text.isdigit())
        length = min(int(next(texts, "0")), _LARGEST_REPLY)
        while len(body) < length:
            body += self._receive(deadline_s)
        self.rest = body[length:]
        return Reply(reply.status, headers, body[:length])

    def _receive(self, deadline_s: float) -> bytes:
        self._connection.settimeout(_left_s(deadline_s))
        data = self._connection.recv(4096)
        if not data:
            raise ConnectionResetError
        return data


def _left_s(deadline_s: float) -> float:
    left_s = deadline_s - time.monotonic()
    if left_s <= 0.0:
        raise TimeoutError
    return left_s


def _authorization(source: Source, method: str, url: str, challenges: tuple[str, ...]) -> str:
    """Answer a challenge: Digest (RFC 2617, MD5 without or with qop=auth) before Basic."""
    username, password = source.username or "", source.password or ""
    for challenge in challenges:
        if challenge.lower().startswith("digest"):
            given = dict(_CHALLENGE.findall(challenge))
            return _digest((method, url), username, password, given)
    token = base64.b64encode(f"{username}:{password}".encode()).decode()
    return f"Basic {token}"


def _digest(
    asked: tuple[str, str], username: str, password: str, challenge: Mapping[str, str]
) -> str:
    method, url = asked
    realm, nonce = challenge.get("realm", ""), challenge.get("nonce", "")
    secret = _md5(f"{username}:{realm}:{password}")
    request = _md5(f"{method}:{url}")
    fields = {"username": username, "realm": realm, "nonce": nonce, "uri": url}
    if "opaque" in challenge:
        fields["opaque"] = challenge["opaque"]
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
