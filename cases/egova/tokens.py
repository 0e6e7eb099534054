"""The token of a client: fetched when it is needed, renewed before it ends."""

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any, Final

from cases.egova.replies import Answer
from cases.egova.seal import BadPublicKey, sealed
from cases.system import Transient

Ask = Callable[[str, dict[str, Any] | None], Answer]
"""Path below the base address, body (None: GET); raises `DeliveryError`."""

_MARGIN_S: Final = 60.0
"""Renewed so long before it ends: a request takes its time."""
_SHORTEST_S: Final = 5.0
_USUAL_S: Final = 600.0
"""Where the platform does not say how long a token holds."""


class Tokens:
    """Keeps one token for all threads."""

    def __init__(self, client_id: str, client_secret: str) -> None:
        self._client_id = client_id
        self._client_secret = client_secret
        self._lock = threading.Lock()
        self._token: str | None = None
        self._secrets = deque[str](maxlen=8)
        self._good_until_s = 0.0

    def token(self, ask: Ask, uid: str) -> str:
        """Return a token that still holds, fetching one where there is none. Raises `Transient`.

        Whatever goes wrong here refuses no case: it was not asked about yet.
        """
        with self._lock:
            if self._token is None or time.monotonic() >= self._good_until_s:
                self._token, holds_s = self._fetch(ask, uid)
                self._secrets.append(self._token)
                margin_s = min(_MARGIN_S, holds_s / 5)
                self._good_until_s = time.monotonic() + max(_SHORTEST_S, holds_s - margin_s)
            return self._token

    def forget(self, token: str) -> None:
        """Fetch a new one next time: the platform does not take this one (any more)."""
        with self._lock:
            if self._token == token:
                self._token = None

    def hide(self, text: str) -> str:
        """Take out of a text what a platform may have echoed."""
        for secret in (self._client_secret, *self._secrets):
            text = text.replace(secret, "***")
        return text

    def _fetch(self, ask: Ask, uid: str) -> tuple[str, float]:
        key = ask("oauth/extras/openapi/pubkey", None)
        try:
            # The key stands in the message, beside code 0, in the versions known.
            secret = sealed(self._client_secret, _key_text(key))
        except BadPublicKey as error:
            raise Transient(f"no token: {error}") from error
        said = ask(
            "oauth/extras/openapi/client",
            {
                "client_id": self._client_id,
                "client_secret": secret,
                "grant_type": "client_credentials",
                "uid": uid,
            },
        )
        token = said.result.get("token") if isinstance(said.result, dict) else None
        access = token.get("access_token") if isinstance(token, dict) else None
        if not isinstance(access, str) or not access.isascii() or not access.isprintable():
            raise Transient(f"no token: {said}")
        holds = token.get("expires_in") if isinstance(token, dict) else None
        known = isinstance(holds, (int, float)) and not isinstance(holds, bool) and holds > 0
        return access, float(holds) if known and holds is not None else _USUAL_S


def _key_text(said: Answer) -> str:
    return said.result if isinstance(said.result, str) and said.result else said.message
