"""Cases to deliver, made from violations as the pipeline makes them."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from zoneinfo import ZoneInfo

import cv2
import numpy as np

from cases import CaseEvent, CasePayload, Evidence, EvidenceFile, FileKind, case_payload
from cases.wording import Language
from configs import Code, Place, code_profile
from tests.violations import make_violation

PLACE = Place(
    lat=36.0986,
    lon=120.3719,
    address="市北区营口路",
    grid="370203001001001",
    department="市北区综合行政执法局",
)
SHANGHAI = ZoneInfo("Asia/Shanghai")


def parking_code() -> Code:
    """Return the code of illegal parking in the default profile."""
    code = code_profile("gbt47678-2026").code("illegal_parking")
    assert code is not None
    return code


def make_evidence(folder: Path, stills: int = 1) -> Evidence:
    """Write annotated stills of noise, and an original that has to stay."""
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for number in range(stills):
        for kind in (FileKind.ORIGINAL, FileKind.ANNOTATED):
            noise = np.random.default_rng(number).integers(0, 255, (48, 64, 3), np.uint8)
            path = folder / f"{number}-{kind}.jpg"
            cv2.imwrite(str(path), noise)
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            files.append(EvidenceFile(path, digest, None, kind))
    return Evidence(folder, tuple(files), hashlib.sha256(b"manifest").hexdigest())


def make_case(
    number: int = 0,
    *,
    evidence: Evidence | None = None,
    root: Path | None = None,
    language: Language = "zh-CN",
    place: Place = PLACE,
    event: CaseEvent = "case",
) -> CasePayload:
    """Return the case of `make_violation(number)`."""
    return case_payload(
        make_violation(number),
        evidence,
        evidence_root=root or Path("/nowhere"),
        code=parking_code(),
        place=place,
        language=language,
        timezone=SHANGHAI,
        event=event,
    )


def keys_of(cases: Sequence[CasePayload]) -> list[str]:
    """Return their case keys, sorted."""
    return sorted(case.case_key for case in cases)
