"""What a case says."""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cases import CasePayload, case_key, case_payload
from cases.payload import DESCRIPTION_LIMIT
from cases.record import canonical_json, violation_from_record, violation_record
from cases.wording import WORDS, Language, duration, plain
from configs import Place
from detectors import Passing
from tests.case_payloads import PLACE, SHANGHAI, make_case, make_evidence, parking_code
from tests.violations import make_violation


def test_the_text_says_what_where_when_and_which_in_chinese() -> None:
    """An inspector finds everything in the text, times in the site's own zone."""
    case = make_case()
    assert case.description.splitlines() == [
        "机动车乱停放：市北区营口路",
        f"案件编号：{case.case_key}",
        "事项代码：09009 (GB/T 47678.5-2026)",
        "地点：市北区营口路",
        "坐标（纬度，经度）：36.098600, 120.371900",
        "单元网格：370203001001001",
        "主管部门：市北区综合行政执法局",
        "首次发现：2026-01-05 12:00:00 UTC+08:00（首次观察时已在现场）",
        "确认时间：2026-01-05 12:00:30 UTC+08:00",
        "持续时间：30秒（另有1秒未能观察，不计入）",
        "点位：摄像机 road-01，区域 kerb",
        "本线索由视频巡查自动发现，供工作人员现场核实，不作为处罚依据。",
    ]
    assert case.title == "机动车乱停放：市北区营口路"


def test_the_text_is_english_where_the_site_is() -> None:
    """Every word that is ours is English then."""
    text = make_case(language="en", place=Place(lat=36.0, lon=120.0)).description
    assert text.isascii()
    assert "Motor vehicle parked illegally: road-01" in text
    assert "First seen: 2026-01-05 12:00:00 UTC+08:00" in text


def test_a_case_survives_the_outbox_exactly(tmp_path: Path) -> None:
    """JSON and back gives the same case; only annotated stills are named, below the root."""
    case = make_case(evidence=make_evidence(tmp_path / "a" / "b", stills=2), root=tmp_path)
    assert CasePayload.from_json(json.loads(json.dumps(case.to_json()))) == case
    assert [item.path for item in case.media] == ["a/b/0-annotated.jpg", "a/b/1-annotated.jpg"]
    assert case.manifest_sha256 in case.description


def test_a_stored_case_that_is_something_else_is_refused() -> None:
    """A row that a later release cannot read says so, instead of being posted half."""
    record = make_case().to_json()
    del record["description"]
    with pytest.raises(ValueError, match="description"):
        CasePayload.from_json(record)


def test_a_case_without_any_place_is_refused() -> None:
    """No case system takes it, and the message names what to write."""
    with pytest.raises(ValueError, match="lat and lon, or an address"):
        make_case(place=Place())


LONG_TEXTS = st.builds(lambda text, times: text * times, st.text(max_size=20), st.integers(1, 300))


@settings(max_examples=40, deadline=None)
@given(address=LONG_TEXTS, department=LONG_TEXTS, name=LONG_TEXTS)
def test_no_configured_text_makes_the_description_long_or_dangerous(
    address: str, department: str, name: str
) -> None:
    """At most 4000 characters, no markup, no control characters, the key always in it."""
    code = parking_code().model_copy(update={"name_zh": name, "name_en": name})
    violation = make_violation()
    for language in WORDS:
        case = case_payload(
            violation,
            None,
            evidence_root=Path(),
            code=code,
            place=PLACE.model_copy(update={"address": address, "department": department}),
            language=language,
            timezone=SHANGHAI,
        )
        assert len(case.description) <= DESCRIPTION_LIMIT
        assert not set("<>\x00\r\u202e\u200b") & set(case.description)
        assert case_key(violation.violation_id) in case.description
        assert "\n" not in case.title


def test_lorries_that_passed_are_possible_sources() -> None:
    """Kind and time of the last five, said to be unverified; the record keeps all of them."""
    at = make_violation().opened_at
    lorries = tuple(
        Passing("muck_truck", n, 1.0 * n, at + timedelta(seconds=n - 60), (1.0, 2.0, 3.0, 4.0))
        for n in range(7)
    )
    violation = replace(make_violation(), kind="muck_spill", passing=lorries)
    assert (
        violation_from_record(json.loads(canonical_json(violation_record(violation)))) == violation
    )
    names: dict[Language, str] = {"zh-CN": "渣土车", "en": "muck truck"}
    for language, name in names.items():
        text = case_payload(
            violation,
            None,
            evidence_root=Path("/nowhere"),
            code=parking_code(),
            place=PLACE,
            language=language,
            timezone=SHANGHAI,
        ).description
        (line,) = [each for each in text.splitlines() if name in each]
        assert line.startswith(WORDS[language].passing)
        assert line.count(name) == 5
        assert "11:59:06" in line
        assert "11:59:01" not in line


def test_a_dwell_is_never_rounded_up() -> None:
    """59.9 observed seconds are 59, and an hour has no seconds to speak of."""
    words = WORDS["en"]
    assert duration(59.9, words) == "59 s"
    assert duration(3600.0, words) == "1 h"
    assert duration(3725.0, words) == "1 h 2 min 5 s"
    assert duration(0.2, words) == "0 s"


def test_a_pass_has_no_dwell() -> None:
    """A truck that only drives by is not said to have stayed 0 seconds."""
    passing = replace(make_violation(), dwell_s=0.0)
    case = case_payload(
        passing,
        None,
        evidence_root=Path(),
        code=parking_code(),
        place=PLACE,
        language="en",
        timezone=SHANGHAI,
    )
    assert "Duration" not in case.description


def test_long_text_is_cut_visibly() -> None:
    """What was cut ends in an ellipsis."""
    assert plain("x" * 10, 5) == "xxxx…"
    assert plain(" a\n\tb ", 5) == "a b"
