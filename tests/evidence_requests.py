"""Requests for evidence from clips that the tests make."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cases import (
    EvidenceRequest,
    EvidenceWriter,
    ModelFacts,
    PublicKeys,
    SeenThing,
    SigningKey,
    Still,
)
from configs import Place
from detectors import Box, Moment, Role, Zone
from streams import Excerpt, Picture, decode_still
from tests.clips import clip
from tests.packets import excerpt_of
from tests.violations import make_violation

SHANGHAI = ZoneInfo("Asia/Shanghai")
PLACE = Place(lat=36.0986, lon=120.3719, address="市北区营口路", grid="370203001001001")
KERB = Zone("kerb", "no_parking", ((0.1, 0.4), (0.9, 0.4), (0.9, 0.9), (0.1, 0.9)))
ACCUSED: Box = (200.0, 150.0, 330.0, 240.0)
WRITTEN_AT = datetime(2026, 1, 5, 4, 1, tzinfo=UTC)


KEY = SigningKey(Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
KEYS = PublicKeys({KEY.key_id: KEY.private.public_key()})


def make_writer(root: Path, language: str = "zh-CN") -> EvidenceWriter:
    """Return a writer whose clock stands still."""
    return EvidenceWriter(
        root,
        site_id="site",
        key=KEY,
        language="en" if language == "en" else "zh-CN",
        timezone=SHANGHAI,
        clock=lambda: WRITTEN_AT,
    )


def noise(height: int = 360, width: int = 640, seed: int = 1) -> Picture:
    """Return a picture in which nothing is flat."""
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


def make_excerpt() -> Excerpt:
    """Return four seconds of H.264 with B-frames and two key frames."""
    return excerpt_of(clip(b_frames=2))


def make_still(
    role: Role = Role.CONFIRMATION,
    *,
    at_s: float = 1.0,
    picture: Picture | None = None,
    box: Box = ACCUSED,
    seen: tuple[SeenThing, ...] = (),
    excerpt: Excerpt | None = None,
) -> Still:
    """Return a still of a moment; decoded from the excerpt where no picture is given."""
    if picture is None:
        picture = noise() if excerpt is None else decode_still(excerpt, at_s)
    captured_at = make_violation().opened_at + timedelta(seconds=at_s)
    height, width = picture.shape[:2]
    return Still(
        moment=Moment(role, at_s, captured_at, box, 0.9),
        picture=picture,
        width=width,
        height=height,
        seen=(SeenThing("car", box), *seen),
        excerpt=excerpt,
    )


def make_request(number: int = 0, *, stills: tuple[Still, ...] | None = None) -> EvidenceRequest:
    """Return everything about the violation of this number: two stills and a clip."""
    excerpt = make_excerpt()
    if stills is None:
        entry = make_still(Role.ENTRY, at_s=0.5, excerpt=excerpt)
        stills = (entry, make_still(at_s=3.0, excerpt=excerpt))
    return EvidenceRequest(
        violation=make_violation(number),
        title="机动车乱停放",
        stills=stills,
        entry_clip=(excerpt,),
        place=PLACE,
        zone=KERB,
        rule_dwell_s=30.0,
        rule={"kind": "illegal_parking", "dwell_s": 30.0},
        models=(ModelFacts("street", "ab" * 32),),
        clock={"source": "host"},
    )


def small_request(number: int = 0) -> EvidenceRequest:
    """Return a request that is quick to write: one small still, no packets."""
    still = make_still(picture=noise(90, 160), box=(50.0, 30.0, 90.0, 60.0))
    return replace(make_request(number, stills=(still,)), entry_clip=())


def one_still_request(number: int = 0) -> EvidenceRequest:
    """Return a request with every kind of file, once."""
    return make_request(number, stills=(make_still(excerpt=make_excerpt()),))
