"""SM2 encryption of a client secret (GB/T 32918.4, order C1 C3 C2).

The curve and SM3 are gmssl's. Its own `encrypt` is not used: it draws the nonce from a generator
that is not made for secrets, and strips leading zeros and fours of a public key.
"""

import re
import secrets
from typing import Final

from gmssl import sm2, sm3  # type: ignore[import-untyped]  # the library has no types

_CURVE: Final = sm2.default_ecc_table
_P, _A, _B, _N = (int(_CURVE[name], 16) for name in ("p", "a", "b", "n"))
_COORDINATE: Final = 64
"""Hexadecimal digits."""


class BadPublicKey(ValueError):  # noqa: N818  # named after what it is
    """What the platform gave is no public key of SM2."""


def sealed(secret: str, public_key: str) -> str:
    """Encrypt a secret for the holder of a public key; returns hexadecimal digits.

    `public_key`: 128 hexadecimal digits, or 130 that begin with 04 (an uncompressed point). The
    result begins with an uncompressed point as well, as BouncyCastle reads and writes it. Raises
    `BadPublicKey`.
    """
    point = _point(public_key)
    data = secret.encode()
    curve = sm2.CryptSM2(private_key="", public_key="", mode=1)
    multiple = curve._kg  # noqa: SLF001  # gmssl offers no other way to choose the nonce
    while True:
        nonce = secrets.randbelow(_N - 1) + 1
        shared = multiple(nonce, point)
        mask = bytes.fromhex(sm3.sm3_kdf(shared.encode(), len(data)))
        if any(mask):  # else the text would stand there in the clear
            break
    x, y = bytes.fromhex(shared[:_COORDINATE]), bytes.fromhex(shared[_COORDINATE:])
    digest = sm3.sm3_hash(list(x + data + y))
    masked = bytes(plain ^ key for plain, key in zip(data, mask, strict=True))
    return f"04{multiple(nonce, _CURVE['g'])}{digest}{masked.hex()}"


def _point(public_key: str) -> str:
    text = public_key.strip().lower()
    if len(text) == 2 + 2 * _COORDINATE and text.startswith("04"):
        text = text[2:]
    if not re.fullmatch(rf"[0-9a-f]{{{2 * _COORDINATE}}}", text):
        raise BadPublicKey("the public key has not 128 hexadecimal digits")
    x, y = int(text[:_COORDINATE], 16), int(text[_COORDINATE:], 16)
    if x >= _P or y >= _P or (y * y - (x * x * x + _A * x + _B)) % _P:
        raise BadPublicKey("the public key is no point of the curve")
    return text
