"""manifest.json: what an evidence folder holds, from where, and what it follows."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cases.evidence.evidence import Evidence, EvidenceFile, FileKind
from cases.evidence.request import EvidenceRequest, Still
from cases.evidence.standing import STANDING_KINDS, standing
from cases.record import canonical_json, case_key, violation_record
from detectors import Moment, Role

MANIFEST_NAME = "manifest.json"
SIGNATURE_NAME = "manifest.sig"
"""Ed25519 over the bytes of the manifest: 64 raw bytes."""
FORMAT = "streetwarden-evidence/1"
"""Changes when a reader of the old form would misunderstand the new one."""


@dataclass(frozen=True, slots=True)
class StillFiles:
    """The files of a still by name, and how much was covered in the annotated one."""

    still: Still
    original: str
    annotated: str
    packets: str | None
    covered: int


@dataclass(frozen=True, slots=True)
class CropFile:
    """The crop by name, and what it shows."""

    name: str
    role: Role
    """Of the still that it was cut from."""
    box: tuple[int, int, int, int]
    """The accused thing in pixels of the full-size picture; the crop has a margin around it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ManifestFacts:
    """What the writer adds to the request."""

    site_id: str
    sequence: int
    previous_sha256: str | None
    key_id: str
    """The key that will sign this manifest."""
    software: str
    written_at: datetime
    stills: Sequence[StillFiles]
    files: Sequence[EvidenceFile]
    """In the folder that the manifest will lie in."""
    crop: CropFile | None
    missing: Mapping[str, str]
    """What could not be made, and why."""
    supplement: Mapping[str, str] | None = None
    """Of what is added later: its `name`, and the `manifest_sha256` that it adds to."""


def manifest_bytes(request: EvidenceRequest, facts: ManifestFacts) -> bytes:
    """Write the manifest as canonical JSON. ValueError, TypeError for facts that JSON lacks."""
    violation = request.violation
    return canonical_json(
        {
            "format": FORMAT,
            "site_id": facts.site_id,
            "sequence": facts.sequence,
            "previous_sha256": facts.previous_sha256,
            "signed_by": facts.key_id,
            "case_key": case_key(violation.violation_id),
            "title": request.title,
            "violation": violation_record(violation),
            "absent": [_absent(moment) for moment in violation.moments if moment.absence],
            "place": request.place.model_dump(mode="json", exclude_none=True),
            "zone": None if request.zone is None else _zone(request),
            "rule": {
                **request.rule,
                "dwell_s": request.rule_dwell_s,
                "version": violation.rule_version,
            },
            "models": [{"name": model.name, "sha256": model.sha256} for model in request.models],
            "clock": dict(request.clock),
            "stills": [_still(files) for files in facts.stills],
            "crop": None if facts.crop is None else _crop(facts.crop),
            "standing": _standing(request),
            "files": [_file(file) for file in facts.files],
            "missing": dict(facts.missing),
            "software": facts.software,
            "written_at": facts.written_at.astimezone(UTC).isoformat(),
            **({} if facts.supplement is None else {"supplement": dict(facts.supplement)}),
        }
    ).encode()


def read_evidence(folder: Path) -> Evidence:
    """Read a finished folder's manifest; files are not opened. OSError; ValueError."""
    data = (folder / MANIFEST_NAME).read_bytes()
    return Evidence(
        folder=folder,
        files=tuple(
            EvidenceFile(
                path=folder / stored["path"],
                sha256=stored["sha256"],
                captured_at=_time(stored["captured_at"]),
                kind=FileKind(stored["kind"]),
            )
            for stored in parse_manifest(data)["files"]
        ),
        manifest_sha256=hashlib.sha256(data).hexdigest(),
    )


def parse_manifest(data: bytes) -> dict[str, Any]:
    """Read a manifest. ValueError when it is not in the one form that we write."""
    stored: Any = json.loads(data)
    if not isinstance(stored, dict) or canonical_json(stored).encode() != data:
        raise ValueError("not in the form that we write")
    if stored.get("format") != FORMAT:
        raise ValueError(f"format {stored.get('format')!r}, expected {FORMAT!r}")
    files = stored.get("files")
    if not isinstance(files, list) or not all(_is_file(file) for file in files):
        raise ValueError("its list of files is not one that we write")
    return stored


def _is_file(stored: Any) -> bool:
    if not isinstance(stored, dict) or {"path", "sha256", "captured_at", "kind"} - set(stored):
        return False
    name = stored["path"]
    # A name, not a way out of the folder.
    return (
        isinstance(name, str)
        and Path(name).name == name
        and name
        not in {
            "",
            MANIFEST_NAME,
            SIGNATURE_NAME,
        }
    )


def _absent(moment: Moment) -> dict[str, Any]:
    return {"role": moment.role.value, "reason": moment.absence.value if moment.absence else ""}


def _zone(request: EvidenceRequest) -> dict[str, Any]:
    zone = request.zone
    if zone is None:
        return {}
    return {
        "zone_id": zone.zone_id,
        "kind": zone.kind,
        "polygon": [list(corner) for corner in zone.polygon],
    }


def _still(files: StillFiles) -> dict[str, Any]:
    still = files.still
    moment = still.moment
    height, width = still.picture.shape[:2]
    return {
        "role": moment.role.value,
        "at_s": moment.at_s,
        "captured_at": None if moment.captured_at is None else moment.captured_at.isoformat(),
        "box": None if moment.box is None else [float(edge) for edge in moment.box],
        "score": None if moment.score is None else float(moment.score),
        "box_picture": [still.width, still.height],
        "picture": [width, height],
        "picture_state": still.state.value,
        "session": None if still.excerpt is None else still.excerpt.session,
        "original": files.original,
        "annotated": files.annotated,
        "packets": files.packets,
        "covered_regions": files.covered,
    }


def _crop(crop: CropFile) -> dict[str, Any]:
    x0, y0, x1, y1 = crop.box
    return {
        "path": crop.name,
        "role": crop.role.value,
        "box": list(crop.box),
        "width_px": x1 - x0,
        "height_px": y1 - y0,
    }


def _standing(request: EvidenceRequest) -> dict[str, Any] | None:
    violation = request.violation
    if violation.kind not in STANDING_KINDS:
        return None
    return standing(violation, request.stills, request.rule_dwell_s)


def _file(file: EvidenceFile) -> dict[str, Any]:
    return {
        "path": file.path.name,
        "kind": file.kind.value,
        "sha256": file.sha256,
        "size": file.path.stat().st_size,
        "captured_at": None if file.captured_at is None else file.captured_at.isoformat(),
    }


def _time(stored: str | None) -> datetime | None:
    return None if stored is None else datetime.fromisoformat(stored)
