"""`python -m benchmarks.violations` runs, prints its tables, and ends with its one JSON line."""

import json
import shutil
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest

from benchmarks import violations
from benchmarks.scenarios.counts import Spread
from tests.conftest import REPOSITORY

CLIP = "uncovered_muck_truck-pass-300001"
"""The shortest of a violation."""
ERRORS = {"median_late_s", "p95_late_s", "median_dwell_error_s", "p95_dwell_error_s"}


def _told(capsys: pytest.CaptureFixture[str], kind: str) -> tuple[list[str], dict[str, Any]]:
    """Return the lines before the last, and that as the object it has to be."""
    *lines, last = capsys.readouterr().out.splitlines()
    found: dict[str, Any] = json.loads(last)
    assert found.keys() >= {
        *("precision", "recall", "kinds", "dwell_within_one_look", "false_per_camera_day"),
        *ERRORS,
    }
    assert found["kinds"].keys() == {kind}
    assert found["kinds"][kind].keys() >= {"precision", "recall", "n"}
    return lines, found


def test_scripts_are_scored(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Two violations and what is innocent, with both errors in the table, and a plot."""
    plot = tmp_path / "bars.svg"
    arguments = ["--kind", "crowd_density", "--scenario", "gathered", "--sequences", "2"]
    violations.main([*arguments, "--processes", "1", "--plot", str(plot)])
    lines, found = _told(capsys, "crowd_density")
    assert (found["precision"], found["recall"], found["kinds"]["crowd_density"]["n"]) == (1, 1, 2)
    assert "late s" in lines[0]
    assert "dwell s" in lines[0]
    late = f"{found['median_late_s']:.1f}/{found['p95_late_s']:.1f}"
    dwell = f"{found['median_dwell_error_s']:.1f}/{found['p95_dwell_error_s']:.1f}"
    assert lines[1].split()[-2:] == [late, dwell]
    assert ET.parse(plot).getroot().tag.endswith("svg")  # noqa: S314 - our own


def test_clips_are_scored(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One clip with the shipped model and with the truth's boxes, which are told apart."""
    for path in (REPOSITORY / "tests" / "scenarios").glob(f"{CLIP}.*"):
        shutil.copy(path, tmp_path)
    violations.main(["--clips", str(tmp_path)])
    lines, found = _told(capsys, "uncovered_muck_truck")
    assert found["truth_boxes"]["recall"] == found["truth_boxes"]["precision"] == 1
    assert found["truth_boxes"].keys() >= ERRORS
    assert {"model street", "truth's boxes"} <= set(lines)
    assert sum("late s" in line and "dwell s" in line for line in lines) == 2


def test_errors_are_summed_up() -> None:
    """The median and the 95th percentile; nothing where nothing was found."""
    assert Spread.of([float(number) for number in range(101)]) == Spread(50.0, 95.0)
    assert str(Spread.of([2.0])) == "2.0/2.0"
    assert Spread.of([]) is None
