"""RTSP 1.0 messages (RFC 2326): bytes into requests, responses into bytes. No sockets here."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

MAX_HEAD_BYTES = 8192
"""Request line and headers; the limit that nginx and Apache put on them too."""
MAX_BODY_BYTES = 65536
"""Nothing that a client sends to a camera has a body worth more."""

REASONS = {
    200: "OK",
    400: "Bad Request",
    401: "Unauthorized",
    404: "Not Found",
    405: "Method Not Allowed",
    406: "Not Acceptable",
    413: "Request Entity Too Large",
    454: "Session Not Found",
    455: "Method Not Valid In This State",
    461: "Unsupported Transport",
    501: "Not Implemented",
    505: "RTSP Version Not Supported",
}

_INTERLEAVED = 0x24  # "$" starts a binary frame between requests (RFC 2326, 10.12)
_INTERLEAVED_HEAD_BYTES = 4
_END_OF_HEAD = b"\r\n\r\n"
_REQUEST_LINE = re.compile(r"([A-Za-z_]{1,32}) (\S+) RTSP/(\d{1,3}\.\d{1,3})")
_HEADER = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+)[ \t]*:[ \t]*(.*)")
_DECIMAL = re.compile(r"[0-9]{1,9}")


class BadRequestError(ValueError):
    """What came cannot be read as a request; nothing after it can be trusted."""

    def __init__(self, status: int, problem: str) -> None:
        super().__init__(problem)
        self.status = status


@dataclass(frozen=True, slots=True)
class Request:
    """One RTSP request."""

    method: str
    uri: str
    version: str
    headers: Mapping[str, str] = field(default_factory=dict)
    """Names in lower case; of a name that came twice the first counts."""

    @property
    def sequence(self) -> int | None:
        """CSeq; None when it is missing or no number."""
        text = self.headers.get("cseq", "")
        return int(text) if _DECIMAL.fullmatch(text) else None

    @property
    def path(self) -> str | None:
        """Path of the URI without query and without a slash at its end; None for `*` and junk."""
        try:
            parts = urlsplit(self.uri)
        except ValueError:
            return None
        if parts.scheme.lower() != "rtsp":
            return None
        return parts.path.rstrip("/")


@dataclass(frozen=True, slots=True)
class Response:
    """One RTSP response."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    close: bool = False
    """Close the connection once it is sent."""

    def encode(self, sequence: int | None) -> bytes:
        """Bytes to send, with the request's CSeq where it had one."""
        lines = [f"RTSP/1.0 {self.status} {REASONS[self.status]}"]
        if sequence is not None:
            lines.append(f"CSeq: {sequence}")
        lines += [f"{name}: {value}" for name, value in self.headers]
        if self.body:
            lines.append(f"Content-Length: {len(self.body)}")
        return "\r\n".join(lines).encode() + _END_OF_HEAD + self.body


class RequestReader:
    """Takes requests out of a connection's bytes; binary frames between them are skipped."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> None:
        """Add bytes as they came."""
        self._buffer += data

    def next_request(self) -> Request | None:
        """Return the next whole request, None when more bytes are needed.

        Raises BadRequestError; the reader is of no use afterwards.
        """
        if not self._skip_to_request():
            return None
        end = self._buffer.find(_END_OF_HEAD, 0, MAX_HEAD_BYTES + len(_END_OF_HEAD))
        if end < 0:
            if len(self._buffer) > MAX_HEAD_BYTES:
                raise BadRequestError(400, f"no end of headers in {MAX_HEAD_BYTES} bytes")
            self._check_first_bytes()
            return None
        request = _parse_head(bytes(self._buffer[:end]))
        whole = end + len(_END_OF_HEAD) + _body_bytes(request)
        if len(self._buffer) < whole:
            return None
        del self._buffer[:whole]
        return request

    def _skip_to_request(self) -> bool:
        """Drop line ends and binary frames; False when a frame is not complete yet."""
        while self._buffer:
            if self._buffer[0] in b"\r\n":
                del self._buffer[0]
            elif self._buffer[0] == _INTERLEAVED:
                whole = _INTERLEAVED_HEAD_BYTES + int.from_bytes(self._buffer[2:4], "big")
                if len(self._buffer) < whole:
                    return False
                del self._buffer[:whole]
            else:
                return True
        return False

    def _check_first_bytes(self) -> None:
        """Refuse at once what can never become a request line (TLS, HTTP/2, noise)."""
        if not chr(self._buffer[0]).isascii() or not chr(self._buffer[0]).isalpha():
            raise BadRequestError(400, "expected a request line")


def _parse_head(head: bytes) -> Request:
    try:
        lines = head.decode().split("\r\n")
    except UnicodeDecodeError as error:
        raise BadRequestError(400, "headers are not text") from error
    match = _REQUEST_LINE.fullmatch(lines[0])
    if match is None:
        raise BadRequestError(400, "expected METHOD URI RTSP/1.0")
    headers: dict[str, str] = {}
    for line in lines[1:]:
        header = _HEADER.fullmatch(line)
        if header is None:
            raise BadRequestError(400, "expected Name: value")
        headers.setdefault(header[1].lower(), header[2].rstrip())
    return Request(match[1].upper(), match[2], match[3], headers)


def _body_bytes(request: Request) -> int:
    text = request.headers.get("content-length", "0")
    if not _DECIMAL.fullmatch(text):
        raise BadRequestError(400, "Content-Length is no number")
    if int(text) > MAX_BODY_BYTES:
        raise BadRequestError(413, f"body of more than {MAX_BODY_BYTES} bytes")
    return int(text)
