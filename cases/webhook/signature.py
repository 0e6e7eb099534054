"""Signatures of webhooks, in the manner of Standard Webhooks 1.0.

HMAC-SHA256 over `id.timestamp.body`, so that neither the body nor its age nor its name can be
changed: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from typing import Final

ID_HEADER: Final = "webhook-id"
TIME_HEADER: Final = "webhook-timestamp"
SIGNATURE_HEADER: Final = "webhook-signature"

WINDOW_S: Final = 300
"""A receiver refuses what was signed longer ago, or further ahead: clocks may differ by so much."""

_VERSION: Final = "v1"


class BadSignature(ValueError):  # noqa: N818  # named after what it is
    """A request that the holder of the key has not signed, or not lately."""


def sign(key: bytes, event_id: str, at_s: int, body: bytes) -> dict[str, str]:
    """Return the headers that prove a body. `at_s`: whole seconds since 1970, UTC."""
    return {
        ID_HEADER: event_id,
        TIME_HEADER: str(at_s),
        SIGNATURE_HEADER: f"{_VERSION},{_signature(key, event_id, str(at_s), body)}",
    }


def verify_signature(
    key: bytes, headers: Mapping[str, str], body: bytes, *, now_s: float, window_s: float = WINDOW_S
) -> str:
    """Check what `sign` made; returns the event's id. Raises `BadSignature`.

    `headers` by names in lower case. A sender may give several signatures, apart by blanks, while
    it changes its key: one that fits is enough.
    """
    event_id, at = headers.get(ID_HEADER, ""), headers.get(TIME_HEADER, "")
    if not event_id or not at.isascii() or not at.isdecimal():
        raise BadSignature("the headers name no event and no time")
    if abs(now_s - int(at)) > window_s:
        raise BadSignature("signed too long ago, or in the future")
    wanted = f"{_VERSION},{_signature(key, event_id, at, body)}".encode()
    given = headers.get(SIGNATURE_HEADER, "").split()
    if not any(hmac.compare_digest(wanted, each.encode()) for each in given):
        raise BadSignature("no signature fits")
    return event_id


def _signature(key: bytes, event_id: str, at: str, body: bytes) -> str:
    signed = f"{event_id}.{at}.".encode() + body
    return base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
