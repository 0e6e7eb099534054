"""What an RTSP client says and what a camera answers: one connection's states, without sockets."""

import secrets
from collections.abc import Callable
from enum import StrEnum
from typing import Protocol

from streams.simulated.login import Login, challenges, new_nonce
from streams.simulated.message import Request, Response
from streams.simulated.sdp import TRACK

PATH = "/cam0"
TIMEOUT_S = 60
"""Told to clients; a connection that plays nothing for so long is closed."""


class State(StrEnum):
    """States of a session (RFC 2326, appendix A)."""

    INIT = "init"
    READY = "ready"
    PLAYING = "playing"


class Programme(Protocol):
    """What a conversation needs to know about the camera."""

    @property
    def description(self) -> bytes | None:
        """SDP; None when there is nothing to see (any more)."""

    @property
    def locked(self) -> bool:
        """Whether nobody is let in, whatever the password."""

    def position(self) -> tuple[int, int]:
        """RTP sequence number and timestamp of the first packet a new client gets."""


METHODS: dict[str, frozenset[State]] = {
    "OPTIONS": frozenset(State),
    "DESCRIBE": frozenset(State),
    "SETUP": frozenset({State.INIT, State.READY}),
    "PLAY": frozenset({State.READY, State.PLAYING}),
    "GET_PARAMETER": frozenset(State),
    "TEARDOWN": frozenset({State.READY, State.PLAYING}),
}
"""Methods that are answered, and the states in which they are."""
_REFUSED = frozenset({"ANNOUNCE", "PAUSE", "RECORD", "REDIRECT", "SET_PARAMETER"})
_IN_SESSION = frozenset({"PLAY", "TEARDOWN"})
_PUBLIC = ("Public", ", ".join(METHODS))


class Conversation:
    """One client's session. Requests in, responses out; the caller looks at state and channel."""

    def __init__(self, programme: Programme, login: Login | None) -> None:
        self._programme = programme
        self._login = login
        self._nonce = new_nonce()
        self._session = secrets.token_hex(8)
        self._answers: dict[str, Callable[[Request], Response]] = {
            "OPTIONS": self._options,
            "DESCRIBE": self._describe,
            "SETUP": self._setup,
            "PLAY": self._play,
            "GET_PARAMETER": self._get_parameter,
            "TEARDOWN": self._teardown,
        }
        self.state = State.INIT
        self.channel = 0
        """Interleaved channel of the RTP packets; their RTCP goes on the next one."""

    def respond(self, request: Request) -> Response:
        """Answer a request and take its effect on the state."""
        if request.version != "1.0":
            return Response(505)
        if request.sequence is None:
            return Response(400)
        if request.method not in METHODS:
            refused = request.method in _REFUSED
            return Response(405, (("Allow", _PUBLIC[1]),)) if refused else Response(501, (_PUBLIC,))
        if not self._admitted(request):
            return Response(401, challenges(self._nonce))
        return self._checked(request) or self._answers[request.method](request)

    def _admitted(self, request: Request) -> bool:
        if self._programme.locked:
            return False
        # Cameras answer OPTIONS without a password, and clients ask without one.
        if self._login is None or request.method == "OPTIONS":
            return True
        return self._login.admits(request, self._nonce)

    def _checked(self, request: Request) -> Response | None:
        """Refuse what does not fit path, session or state; None when all is well."""
        if request.uri != "*" and request.path not in (PATH, f"{PATH}/{TRACK}"):
            return Response(404)
        session = request.headers.get("session", "").partition(";")[0].strip()
        needed = request.method in _IN_SESSION and self.state is not State.INIT
        if (session or needed) and (session != self._session or self.state is State.INIT):
            return Response(454)
        if self.state not in METHODS[request.method]:
            return Response(455)
        return None

    def _options(self, _request: Request) -> Response:
        return Response(200, (_PUBLIC,))

    def _describe(self, request: Request) -> Response:
        description = self._programme.description
        if description is None:
            return Response(404)
        if not _accepts_sdp(request.headers.get("accept", "")):
            return Response(406)
        base = request.uri.rstrip("/") + "/"
        headers = (("Content-Type", "application/sdp"), ("Content-Base", base))
        return Response(200, headers, description)

    def _setup(self, request: Request) -> Response:
        if self._programme.description is None:
            return Response(404)
        channel = _interleaved_channel(request.headers.get("transport", ""))
        if channel is None:
            return Response(461)
        self.state = State.READY
        self.channel = channel
        transport = f"RTP/AVP/TCP;unicast;interleaved={channel}-{channel + 1}"
        session = f"{self._session};timeout={TIMEOUT_S}"
        return Response(200, (("Transport", transport), ("Session", session)))

    def _play(self, request: Request) -> Response:
        self.state = State.PLAYING
        sequence, timestamp = self._programme.position()
        base = request.uri.removesuffix(f"/{TRACK}").rstrip("/")
        info = f"url={base}/{TRACK};seq={sequence};rtptime={timestamp}"
        headers = (("Session", self._session), ("Range", "npt=now-"), ("RTP-Info", info))
        return Response(200, headers)

    def _get_parameter(self, _request: Request) -> Response:
        if self.state is State.INIT:
            return Response(200)
        return Response(200, (("Session", self._session),))

    def _teardown(self, _request: Request) -> Response:
        self.state = State.INIT
        return Response(200, close=True)


def _accepts_sdp(accept: str) -> bool:
    kinds = {kind.partition(";")[0].strip().lower() for kind in accept.split(",")}
    return bool(kinds & {"", "*/*", "application/*", "application/sdp"})


def _interleaved_channel(transport: str) -> int | None:
    """First RTP channel offered over TCP (RFC 2326, 12.39); None when there is no such offer."""
    for offer in transport.split(","):
        protocol, *parameters = (part.strip().lower() for part in offer.split(";"))
        if protocol != "rtp/avp/tcp" or "multicast" in parameters:
            continue
        for parameter in parameters:
            name, _, channels = parameter.partition("=")
            if name == "interleaved":
                first = channels.partition("-")[0]
                # The next channel carries RTCP and must exist too.
                usable = first.isascii() and first.isdigit() and int(first[:4]) < 255
                return int(first) if usable else None
        return 0
    return None
