"""User and password of a simulated camera: Digest (RFC 2617, MD5) and Basic, as cameras offer."""

import base64
import binascii
import hashlib
import hmac
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field

from streams.simulated.message import Request

REALM = "streetwarden simulated camera"

_PARAMETER = re.compile(r'(\w+)=(?:"([^"]*)"|([^",\s]+))')


@dataclass(frozen=True, slots=True)
class Login:
    """The one account of a camera."""

    user: str
    password: str = field(repr=False)

    def admits(self, request: Request, nonce: str) -> bool:
        """Whether the request proves that its sender knows the password."""
        scheme, _, rest = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "basic":
            return self._admits_basic(rest.strip())
        if scheme.lower() == "digest":
            given = {match[1].lower(): match[2] or match[3] or "" for match in _found(rest)}
            return self._admits_digest(request, nonce, given)
        return False

    def _admits_basic(self, text: str) -> bool:
        try:
            given = base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError):
            return False
        return hmac.compare_digest(given, f"{self.user}:{self.password}".encode())

    def _admits_digest(self, request: Request, nonce: str, given: Mapping[str, str]) -> bool:
        if given.get("username") != self.user or given.get("nonce") != nonce:
            return False
        if given.get("realm") != REALM or given.get("uri") != request.uri:
            return False
        secret = _md5(f"{self.user}:{REALM}:{self.password}")
        action = _md5(f"{request.method}:{request.uri}")
        if "qop" in given:
            middle = ":".join((nonce, given.get("nc", ""), given.get("cnonce", ""), given["qop"]))
        else:
            middle = nonce
        expected = _md5(f"{secret}:{middle}:{action}")
        return hmac.compare_digest(given.get("response", "").encode(), expected.encode())


def challenges(nonce: str) -> tuple[tuple[str, str], ...]:
    """Headers of a 401: both schemes, the better one first."""
    return (
        ("WWW-Authenticate", f'Digest realm="{REALM}", nonce="{nonce}", algorithm=MD5'),
        ("WWW-Authenticate", f'Basic realm="{REALM}"'),
    )


def new_nonce() -> str:
    """Return a nonce for one connection."""
    return secrets.token_hex(16)


def _found(text: str) -> list[re.Match[str]]:
    return list(_PARAMETER.finditer(text))


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
