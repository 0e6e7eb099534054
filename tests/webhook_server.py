"""A receiver of webhooks as docs/webhook.md asks for one, and one that answers badly on demand.

Real sockets on loopback. A request is kept once per event id, whatever is answered afterwards.
"""

import json
from collections import deque
from collections.abc import Iterable

from cases.webhook import BadSignature, verify_signature
from tests.loopback import LoopbackHandler, LoopbackServer

LOSING = ("503", "429", "drop")
"""The event is not kept."""
STORING = ("answer", "500_stored", "cut", "hang", "huge")
"""The event is kept, and the sender may not hear of it."""


class WebhookServer(LoopbackServer):
    """Context manager; `url` is what a site file names."""

    def __init__(self, key: bytes, behaviours: Iterable[str] = (), *, hang_s: float = 1.5) -> None:
        super().__init__(hang_s=hang_s)
        self.key = key
        self.behaviours = deque(behaviours)
        self.kept: dict[str, bytes] = {}
        self.arrived: list[str] = []
        """Event ids in order of arrival, second posts as well."""
        self.headers: list[dict[str, str]] = []
        self.told: dict[str, tuple[str, str]] = {}
        """State and notes by the id of a case, for whoever asks."""

    @property
    def url(self) -> str:
        """Address to post to."""
        return f"{self.address}/in"

    @property
    def states_url(self) -> str:
        """Address to ask how cases stand."""
        return f"{self.address}/states"

    def next_behaviour(self) -> str:
        """Choose what happens to the post that has just arrived."""
        with self.lock:
            return self.behaviours.popleft() if self.behaviours else "answer"


class _Handler(LoopbackHandler):
    @property
    def receiver(self) -> WebhookServer:
        assert isinstance(self.server.owner, WebhookServer)
        return self.server.owner

    def do_POST(self) -> None:  # noqa: N802  # the library's name
        receiver = self.receiver
        body = self.content()
        headers = {name.lower(): value for name, value in self.headers.items()}
        behaviour = receiver.next_behaviour()
        try:
            name = verify_signature(
                receiver.key, headers, body, now_s=float(headers["webhook-timestamp"])
            )
        except BadSignature:
            self.reply(401)
            return
        if self.path == "/states":
            cases = [
                {"id": name, "state": state, "notes": notes}
                for name, (state, notes) in receiver.told.items()
            ]
            self.reply(200, json.dumps({"cases": cases}).encode())
            return
        with receiver.lock:
            receiver.arrived.append(name)
            receiver.headers.append(headers)
            if behaviour in STORING:
                receiver.kept.setdefault(name, body)
        self.behave(behaviour)

    def behave(self, behaviour: str) -> None:
        """Answer in one of the ways of this receiver."""
        if behaviour in {"drop", "cut", "hang"}:
            if behaviour == "hang":
                self.hang()
            self.cut()
            return
        if behaviour == "huge":
            self.reply(200, b" " * 10_000_000)
            return
        status = {"answer": 204, "500_stored": 500, "redirect": 307}.get(behaviour)
        extra = {"429": {"Retry-After": "1"}, "redirect": {"Location": "http://127.0.0.1:9/"}}
        self.reply(status or int(behaviour), headers=extra.get(behaviour))


WebhookServer.handler = _Handler
