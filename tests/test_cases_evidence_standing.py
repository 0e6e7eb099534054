"""What the evidence of a parked vehicle shows: that it stood, for how long, and it alone."""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from cases import EvidenceRequest, FileKind, Still, case_payload
from cases.evidence.drafts import CROP_MARGIN
from configs import Code
from detectors import Absence, Box, Moment, Role
from tests.evidence_requests import ACCUSED, PLACE, SHANGHAI, make_request, make_still, make_writer
from tests.violations import make_violation

ELSEWHERE: Box = (20.0, 150.0, 150.0, 240.0)


def request_of(*stills: Still, absent: tuple[Moment, ...] = ()) -> EvidenceRequest:
    """Return a request whose violation has the moments of these stills, and some without."""
    moments = (*absent, *(still.moment for still in stills))
    violation = replace(make_violation(), box=ACCUSED, moments=moments)
    return replace(make_request(stills=stills), violation=violation, entry_clip=())


def manifest_of(request: EvidenceRequest, root: Path) -> dict[str, Any]:
    """Write the evidence and return its manifest."""
    folder = make_writer(root).write(request).folder
    manifest: dict[str, Any] = json.loads((folder / "manifest.json").read_bytes())
    return manifest


def test_three_stills_standing_two_of_them_the_dwell_apart(tmp_path: Path) -> None:
    """Entry, middle and confirmation at one place: complete, nothing missing."""
    stills = (
        make_still(Role.ENTRY, at_s=10.0),
        make_still(Role.MIDDLE, at_s=26.0),
        make_still(Role.CONFIRMATION, at_s=40.0),
    )
    manifest = manifest_of(request_of(*stills), tmp_path)
    assert manifest["standing"] == {
        "wanted_stills": 3,
        "wanted_apart_s": 30.0,
        "stills": ["entry", "middle", "confirmation"],
        "apart_s": 30.0,
        "complete": True,
        "missing": {},
    }


def test_what_does_not_show_it_standing_is_named(tmp_path: Path) -> None:
    """An entry that still rolls, a middle in a gap: each with its reason, and the time short."""
    stills = (
        make_still(Role.ENTRY, at_s=10.0, box=ELSEWHERE),
        make_still(Role.CONFIRMATION, at_s=40.0),
    )
    gap = Moment(Role.MIDDLE, None, None, None, None, Absence.GAP)
    standing = manifest_of(request_of(*stills, absent=(gap,)), tmp_path)["standing"]
    assert not standing["complete"]
    assert standing["stills"] == ["confirmation"]
    assert standing["missing"] == {
        "entry": "it is elsewhere: overlap 0.00 with where it stood",
        "middle": "gap",
        "apart": "0.000 s between the first and the last, 30.000 s wanted",
    }


def test_a_look_whose_packets_are_gone_is_named(tmp_path: Path) -> None:
    """The rules saw it, the picture could not be kept: that is another reason than a gap."""
    entry = make_still(Role.ENTRY, at_s=10.0)
    confirmation = make_still(Role.CONFIRMATION, at_s=40.0)
    request = request_of(confirmation, absent=(entry.moment,))
    missing = manifest_of(request, tmp_path)["standing"]["missing"]
    assert missing["entry"] == "its packets are gone"
    assert missing["middle"] == "no such look"


def test_other_kinds_are_not_asked_to_stand(tmp_path: Path) -> None:
    """A stall may move about."""
    request = request_of(make_still())
    request = replace(request, violation=replace(request.violation, kind="street_stall"))
    assert manifest_of(request, tmp_path)["standing"] is None


def test_the_crop_is_cut_at_full_resolution_where_it_is_widest(tmp_path: Path) -> None:
    """Boxes of a small analysis picture, stills of four times its size; width in real pixels."""
    picture = np.random.default_rng(3).integers(0, 256, (720, 1280, 3), np.uint8)
    smooth = cv2.GaussianBlur(picture, (0, 0), 4).astype(np.uint8)
    small = make_still(Role.ENTRY, at_s=10.0, picture=smooth, box=(60.0, 40.0, 90.0, 60.0))
    wide = make_still(at_s=40.0, picture=smooth, box=(50.0, 37.5, 90.0, 60.0))
    stills = tuple(replace(still, width=320, height=180) for still in (small, wide))
    manifest = manifest_of(request_of(*stills), tmp_path)
    assert manifest["crop"] == {
        "path": "crop.jpg",
        "role": "confirmation",
        "box": [200, 150, 360, 240],
        "width_px": 160,
        "height_px": 90,
    }
    (file,) = tmp_path.rglob("crop.jpg")
    crop = cv2.imread(str(file))
    assert crop is not None
    margin = round(CROP_MARGIN * 160), round(CROP_MARGIN * 90)
    wanted = smooth[150 - margin[1] : 240 + margin[1], 200 - margin[0] : 360 + margin[0], ::-1]
    assert crop.shape == wanted.shape
    assert np.abs(crop.astype(int) - wanted.astype(int)).mean() < 2.0


def test_a_box_outside_the_picture_has_no_crop(tmp_path: Path) -> None:
    """The case is not lost for it; the manifest says why."""
    manifest = manifest_of(request_of(make_still(box=(700.0, 10.0, 800.0, 90.0))), tmp_path)
    assert manifest["crop"] is None
    assert manifest["missing"]["crop"] == "the accused thing lies outside the picture"


def test_the_crop_stays_on_the_box(tmp_path: Path) -> None:
    """Nothing is covered in it: only annotated stills go out with the case."""
    request = request_of(make_still(Role.ENTRY, at_s=10.0), make_still(at_s=40.0))
    evidence = make_writer(tmp_path).write(request)
    payload = case_payload(
        request.violation,
        evidence,
        evidence_root=tmp_path,
        code=Code(standard="s", entry="event", code="1", name_zh="停放", name_en="parking"),
        place=PLACE,
        language="en",
        timezone=SHANGHAI,
    )
    crops = [file for file in evidence.files if file.kind is FileKind.CROP]
    assert [file.captured_at for file in crops] == [
        request.violation.opened_at + timedelta(seconds=40)
    ]
    assert {Path(media.path).name for media in payload.media} == {
        "1-entry-annotated.jpg",
        "2-confirmation-annotated.jpg",
    }
