"""The video of a session description (SDP, RFC 8866; RFC 6184 and RFC 7798 section 7)."""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from streams import nal
from streams.nal import START_CODE, Family
from streams.rtsp import Reply

_FAMILIES: dict[str, Family] = {"h264": "h264", "h265": "hevc"}
_SETS = ("sprop-vps", "sprop-sps", "sprop-pps", "sprop-parameter-sets")


@dataclass(frozen=True, slots=True)
class Media:
    """What is asked for, and where."""

    family: Family
    time_base: Fraction
    """Seconds per tick of its time stamps."""
    extradata: bytes
    """Parameter sets with start codes; empty where only the stream has them."""
    url: str
    """Of the video."""
    session_url: str
    """Of all that is described."""


def media_of(described: Reply, url: str) -> Media | None:
    """Read the answer to DESCRIBE; None where its first video is not H.264 or H.265 in order."""
    before, *sections = ("\n" + described.body.decode("utf-8", "replace")).split("\nm=")
    video = next((each.splitlines() for each in sections if each.startswith("video ")), None)
    if video is None:
        return None
    media = video[0].split()
    number = media[3] if len(media) > 3 and media[2] == "RTP/AVP" else ""
    encoding, _, rate = _attribute(video, f"rtpmap:{number} ").lower().partition("/")
    family = _FAMILIES.get(encoding)
    if family is None or not rate.isdigit() or not int(rate):
        return None
    formats = _formats(_attribute(video, f"fmtp:{number} "))
    reordered = formats.get("packetization-mode") == "2"
    reordered = reordered or formats.get("sprop-max-don-diff", "0") != "0"
    if reordered:
        return None
    given = [*described.header("content-base"), *described.header("content-location"), url]
    base = next(each for each in given if each)
    session_url = _joined(base, _attribute(before.splitlines(), "control:"))
    return Media(
        family,
        Fraction(1, int(rate)),
        _extradata(family, formats),
        _joined(base, _attribute(video, "control:")),
        session_url,
    )


def _attribute(lines: Sequence[str], name: str) -> str:
    start = f"a={name}"
    found = (line.strip() for line in lines if line.startswith(start))
    return next((line.removeprefix(start).strip() for line in found), "")


def _formats(text: str) -> dict[str, str]:
    pairs = (each.partition("=") for each in text.split(";"))
    return {name.strip().lower(): value.strip() for name, _, value in pairs}


def _extradata(family: Family, formats: dict[str, str]) -> bytes:
    units = [unit for name in _SETS for unit in formats.get(name, "").split(",") if unit]
    try:
        sets = b"".join(START_CODE + base64.b64decode(unit) for unit in units)
    except binascii.Error:
        return b""
    return nal.parameter_sets(family, sets)


def _joined(base: str, control: str) -> str:
    """Return where a part is controlled (RFC 2326, C.1.1)."""
    if control in ("", "*"):
        return base
    if control.lower().startswith("rtsp://"):
        return control
    return f"{base.rstrip('/')}/{control.lstrip('/')}"
