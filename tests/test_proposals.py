"""Proposed zones: kept on disk as lines for the site file, told by `check`, taken over by hand."""

from pathlib import Path

import pytest
import yaml

from configs import Zone, parse_site
from detectors import Proposal
from pipeline.problem import Findings, Gravity, Problem
from pipeline.proposals import ProposalFiles, check_proposals
from tests.site_text import ENVIRON, GOOD

CAMERA = "yingkou-road-01"
KIOSK = Proposal("street_stall", "kerb", ((0.1, 0.6), (0.3, 0.6), (0.3, 0.9), (0.1, 0.9)))
TRICYCLE = Proposal("street_stall", "kerb", ((0.6, 0.6), (0.7, 0.6), (0.7, 0.9), (0.6, 0.9)))


def _check(text: str, folder: Path) -> list[Problem]:
    site = parse_site(text, folder / "site.yaml", ENVIRON)
    findings = Findings(site)
    check_proposals(site, site.cameras[0], "cameras[0]", findings)
    return list(findings)


def test_proposals_are_lines_of_a_site_file(tmp_path: Path) -> None:
    """Each once, with a name of its own, in words that the site file takes."""
    files = ProposalFiles(tmp_path)
    files.keep(CAMERA, [KIOSK])
    files.keep(CAMERA, [TRICYCLE, KIOSK])
    zones = [Zone.model_validate(each) for each in yaml.safe_load(files.file(CAMERA).read_text())]
    assert [(zone.id, zone.kind) for zone in zones] == [
        ("furniture-1", "furniture"),
        ("furniture-2", "furniture"),
    ]
    assert tuple(zones[1].polygon) == TRICYCLE.polygon
    assert files.read(CAMERA) == zones


def test_check_tells_what_is_proposed_until_it_is_drawn(tmp_path: Path) -> None:
    """A warning with the line to write; silent once the site file has it, or the line is gone."""
    files = ProposalFiles(tmp_path / "demo-data")
    assert _check(GOOD, tmp_path) == []
    files.keep(CAMERA, [KIOSK, TRICYCLE])
    first, second = _check(GOOD, tmp_path)
    assert (first.key, first.level) == ("cameras[0].zones", Gravity.WARNING)
    line = first.remedy.removeprefix("write ").partition(", or delete")[0]
    drawn = GOOD.replace("    zones:\n", f"    zones:\n      {line}\n")
    assert _check(drawn, tmp_path) == [second]
    kept = files.file(CAMERA).read_text().splitlines(keepends=True)
    files.file(CAMERA).write_text("".join(kept[:-1]))
    assert _check(drawn, tmp_path) == []


@pytest.mark.parametrize(
    "spoiled", ["- {", "no zone", '- {"id": "a", "kind": "furniture"}', "\xff"]
)
def test_a_spoiled_file_harms_nobody(spoiled: str, tmp_path: Path) -> None:
    """What a person broke is left out, and the next proposal is kept."""
    files = ProposalFiles(tmp_path)
    files.keep(CAMERA, [KIOSK])
    files.file(CAMERA).write_bytes(spoiled.encode("latin-1"))
    assert files.read(CAMERA) == []
    files.keep(CAMERA, [TRICYCLE])
    assert [zone.id for zone in files.read(CAMERA)] == ["furniture-1"]
