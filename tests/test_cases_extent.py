"""What a case says of how many there were, and of what is not known."""

from dataclasses import replace
from pathlib import Path

import pytest

from cases import case_payload
from cases.record import violation_from_record, violation_record
from cases.wording import Language
from detectors import Remark, Violation
from tests.case_payloads import PLACE, SHANGHAI, parking_code
from tests.violations import make_violation


def _text(violation: Violation, language: Language) -> list[str]:
    code = parking_code()
    payload = case_payload(
        violation,
        None,
        evidence_root=Path("/nowhere"),
        code=code,
        place=PLACE,
        language=language,
        timezone=SHANGHAI,
    )
    return payload.description.splitlines()


@pytest.mark.parametrize(
    ("kind", "count", "share", "chinese", "english"),
    [
        ("crowd_density", 32, None, "规模：至少32人", "Extent: at least 32 people"),
        (
            "bike_disorder", 7, 0.318,
            "规模：至少7辆非机动车，约占区域的31%",
            "Extent: at least 7 two-wheelers, about 31 % of the zone",
        ),
        ("floating_debris", 6, 0.004, "规模：至少6处漂浮物", "Extent: at least 6 pieces"),
        ("beyond_storefront", 2, None, "规模：至少2处物品", "Extent: at least 2 displayed outside"),
    ],
)  # fmt: skip
def test_a_case_says_how_many_at_least(
    kind: str, count: int, share: float | None, chinese: str, english: str
) -> None:
    """Counted kinds say so in the language of the case; a share under 1 % is left out."""
    violation = replace(make_violation(), kind=kind, count=count, share=share)
    assert chinese in _text(violation, "zh-CN")
    assert english in _text(violation, "en")


def test_what_was_not_counted_is_not_said() -> None:
    """A parked car has no extent and no note."""
    text = "\n".join(_text(make_violation(), "zh-CN"))
    assert "规模" not in text
    assert "说明" not in text


def test_a_case_says_that_there_is_nothing_to_compare_with() -> None:
    """A shop whose closed hours are not known: one line says so."""
    violation = replace(make_violation(), remarks=(Remark.NO_REFERENCE,))
    assert "说明：未掌握该处非营业时间的情况，无对照画面" in _text(violation, "zh-CN")
    assert any(line.startswith("Note: what stands here") for line in _text(violation, "en"))


def test_extent_and_remarks_survive_the_store() -> None:
    """As a record and back; a record of an earlier version has neither."""
    violation = replace(make_violation(), count=7, share=0.25, remarks=(Remark.NO_REFERENCE,))
    assert violation_from_record(violation_record(violation)) == violation
    old = violation_record(make_violation())
    del old["share"], old["remarks"]
    assert violation_from_record(old) == make_violation()
