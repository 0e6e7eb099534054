"""SM2 encryption: what we seal, others open."""

import subprocess
from pathlib import Path

import pytest
from gmssl import sm2  # type: ignore[import-untyped]  # the library has no types
from hypothesis import given, settings
from hypothesis import strategies as st

from cases.egova import BadPublicKey, sealed
from tests.egova_server import PRIVATE_KEY, public_key


def opened(text: str, private_key: str = PRIVATE_KEY) -> str:
    """Decrypt with gmssl: C1 without its 04, then C3, then C2."""
    assert text.startswith("04")
    curve = sm2.CryptSM2(private_key=private_key, public_key="", mode=1)
    plain: bytes = curve.decrypt(bytes.fromhex(text[2:]))
    return plain.decode()


@settings(max_examples=8, deadline=None)
@given(st.text(min_size=4, max_size=80))
def test_what_is_sealed_is_opened_by_the_library(secret: str) -> None:
    """Also where the text is Chinese, and longer than one block of the mask."""
    assert opened(sealed(secret, public_key())) == secret


def test_openssl_opens_it(tmp_path: Path) -> None:
    """OpenSSL decrypts what we sealed for a key that it has made.

    openssl genpkey -algorithm SM2; openssl pkeyutl -decrypt (its form is DER, not C1 C3 C2)
    """
    key = tmp_path / "key.pem"
    made = subprocess.run(["openssl", "genpkey", "-algorithm", "SM2", "-out", key], check=False)
    if made.returncode:
        pytest.skip("this OpenSSL has no SM2")
    point = subprocess.run(
        ["openssl", "pkey", "-in", key, "-pubout", "-outform", "DER"],
        check=True,
        capture_output=True,
    ).stdout[-65:]
    text = bytes.fromhex(sealed("e65ee4f21c", point.hex()))
    x, y, digest, masked = text[1:33], text[33:65], text[65:97], text[97:]
    parts = b"".join([_der(2, b"\0" + x), _der(2, b"\0" + y), _der(4, digest), _der(4, masked)])
    done = subprocess.run(
        ["openssl", "pkeyutl", "-decrypt", "-inkey", key],
        input=_der(0x30, parts),
        check=True,
        capture_output=True,
    )
    assert done.stdout == b"e65ee4f21c"


def _der(tag: int, content: bytes) -> bytes:
    if tag == 2:
        content = content.lstrip(b"\0")
        content = b"\0" * (content[0] >> 7) + content
    assert len(content) < 256
    length = bytes([len(content)]) if len(content) < 128 else bytes([0x81, len(content)])
    return bytes([tag]) + length + content


def test_keys_that_begin_with_zeros_and_fours_are_whole() -> None:
    """X of the key may begin with any digits, with or without the 04 of a point before it."""
    curve = sm2.CryptSM2(private_key="", public_key="")
    private = next(
        number
        for number in range(2, 2000)
        if curve._kg(number, curve.ecc_table["g"]).startswith(("04", "40", "00"))
    )
    point = curve._kg(private, curve.ecc_table["g"])
    assert opened(sealed("secret", point), f"{private:064x}") == "secret"
    assert opened(sealed("secret", f"04{point}".upper()), f"{private:064x}") == "secret"


def test_the_same_secret_is_never_sealed_alike() -> None:
    """The nonce is fresh every time."""
    assert len({sealed("secret", public_key()) for _ in range(3)}) == 3


@pytest.mark.parametrize(
    "key", ["", "04", "zz" * 64, "11" * 64, public_key()[:-2], "ff" * 64, public_key() + "00"]
)
def test_what_is_no_key_is_refused(key: str) -> None:
    """Another length, no digits, no point of the curve."""
    with pytest.raises(BadPublicKey):
        sealed("secret", key)
