"""What waits for a person: what the rule asks, and what its kind always asks."""

from dataclasses import replace
from pathlib import Path

import pytest

from cases import Review
from detectors import Change
from tests.site_text import spoiled
from tests.test_cases_reserve import CAMERA, running
from tests.violations import make_violation


@pytest.mark.parametrize(
    ("kind", "said", "review", "reason"),
    [
        ("illegal_parking", "none", Review.NONE, ""),
        ("illegal_parking", "required", Review.HELD, "the rule asks for a review"),
        ("illegal_banner", "none", Review.HELD, "every illegal_banner is reviewed"),
        ("illegal_banner", "sampled", Review.HELD, "every illegal_banner is reviewed"),
    ],
)
def test_a_banner_is_reviewed_whatever_its_rule_says(
    kind: str, said: str, review: Review, reason: str, tmp_path: Path
) -> None:
    """Other kinds only where their rule asks for it; the case says why it waits."""
    rule = "kind: illegal_parking, zones: [kerb], dwell_s: 300"
    text = spoiled(rule, f"{rule.replace('illegal_parking', kind)}, review: {said}")
    violation = replace(make_violation(camera=CAMERA), kind=kind)
    (tmp_path / "disk").mkdir()
    with running(tmp_path / "disk", text) as parts:
        parts.record(violation, Change.OPENED, Change.CONFIRMED)
        parts.recorder.stop(30)
        case = parts.store.case(violation.violation_id).case
    assert (case.review, case.reason) == (review, reason)
