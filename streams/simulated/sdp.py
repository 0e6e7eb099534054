"""The session description of a film (RFC 8866, RFC 6184 section 8, RFC 7798 section 7)."""

import base64
from collections.abc import Sequence

from streams.simulated.nal import H264, CodecSyntax
from streams.simulated.rtp import CLOCK_HZ, PAYLOAD_TYPE

TRACK = "trackID=0"


def describe(
    syntax: CodecSyntax, parameter_sets: Sequence[bytes], *, fps: float, host: str, session: int
) -> bytes:
    """SDP of one video track that is sent live."""
    encoding = "H264" if syntax is H264 else "H265"
    lines = [
        "v=0",
        f"o=- {session} 1 IN IP4 {host}",
        "s=streetwarden simulated camera",
        "c=IN IP4 0.0.0.0",
        "t=0 0",
        "a=control:*",
        "a=range:npt=now-",
        f"m=video 0 RTP/AVP {PAYLOAD_TYPE}",
        f"a=rtpmap:{PAYLOAD_TYPE} {encoding}/{CLOCK_HZ}",
        f"a=fmtp:{PAYLOAD_TYPE} {_format(syntax, parameter_sets)}",
        f"a=framerate:{fps:g}",
        f"a=control:{TRACK}",
    ]
    return ("\r\n".join(lines) + "\r\n").encode()


def _format(syntax: CodecSyntax, parameter_sets: Sequence[bytes]) -> str:
    if syntax is H264:
        sprop = ",".join(map(_base64, parameter_sets))
        profile = parameter_sets[0][1:4].hex().upper()
        return f"packetization-mode=1; profile-level-id={profile}; sprop-parameter-sets={sprop}"
    names = dict(zip(syntax.parameter_sets, ("sprop-vps", "sprop-sps", "sprop-pps"), strict=True))
    by_name: dict[str, list[str]] = {name: [] for name in names.values()}
    for unit in parameter_sets:
        by_name[names[syntax.unit_type(unit)]].append(_base64(unit))
    return "; ".join(f"{name}={','.join(units)}" for name, units in by_name.items())


def _base64(unit: bytes) -> str:
    return base64.b64encode(unit).decode("ascii")
