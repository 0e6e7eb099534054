"""Deadlines in working hours: by a table, and against counting minutes."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cases import CasePayload, case_payload
from configs import ConfigError, Place, code_profile
from configs.working_time import due_at
from tests.case_payloads import PLACE, SHANGHAI, make_case
from tests.violations import make_violation


@pytest.mark.parametrize(
    ("start", "hours", "due"),
    [
        ("2026-01-05T09:00", 2, "2026-01-05T11:00"),  # Monday morning
        ("2026-01-05T11:00", 2, "2026-01-05T15:00"),  # over noon
        ("2026-01-05T12:30", 1, "2026-01-05T15:00"),  # at noon
        ("2026-01-05T17:00", 4, "2026-01-06T11:00"),  # over night
        ("2026-01-09T17:00", 2, "2026-01-12T09:00"),  # over the weekend
        ("2026-01-10T03:00", 8, "2026-01-12T18:00"),  # from a Saturday night: all of Monday
        ("2026-01-05T10:00", 2, "2026-01-05T12:00"),  # the end of a shift belongs to it
        ("2026-01-05T08:00", 0.5, "2026-01-05T08:30"),
        ("2026-01-05T00:00", 40, "2026-01-09T18:00"),  # a week
    ],
)
def test_hours_outside_of_work_do_not_count(start: str, hours: float, due: str) -> None:
    """08 to 12 and 14 to 18, Monday to Friday, in the site's zone."""
    begun = datetime.fromisoformat(start).replace(tzinfo=SHANGHAI)
    found = due_at(begun.astimezone(UTC), hours, SHANGHAI)
    assert found == datetime.fromisoformat(due).replace(tzinfo=SHANGHAI)
    assert found.utcoffset() == timedelta(hours=8)


@settings(max_examples=30, deadline=None)
@given(
    st.integers(min_value=0, max_value=14 * 1440),
    st.integers(min_value=1, max_value=60 * 60),
    st.sampled_from(["Asia/Shanghai", "Asia/Kolkata", "UTC"]),
)
def test_it_is_what_counting_minutes_gives(offset: int, minutes: int, zone: str) -> None:
    """Exactly so many working minutes lie between start and deadline."""
    timezone = ZoneInfo(zone)
    start = datetime(2026, 2, 2, tzinfo=timezone) + timedelta(minutes=offset)
    due = due_at(start, minutes / 60, timezone)
    at, counted = start, 0
    while counted < minutes:
        counted += at.weekday() < 5 and at.hour in {8, 9, 10, 11, 14, 15, 16, 17}
        at += timedelta(minutes=1)
    assert abs((due - at).total_seconds()) < 0.01


@pytest.mark.parametrize("hours", [0, -1, float("nan"), 5000])
def test_what_is_no_deadline_is_refused(hours: float) -> None:
    """Nothing, less than nothing, and more than a working year."""
    with pytest.raises(ValueError, match="hours"):
        due_at(datetime(2026, 1, 5, tzinfo=UTC), hours, SHANGHAI)


PROFILE = """\
standard: our city
entry: matter
digits: 5
codes:
  illegal_parking:
    - {code: "09009", name_zh: 停车, name_en: parking, work_hours: 4}
"""


def case_of(folder: Path, text: str, place: Place) -> CasePayload:
    """Word a case by a city's own profile."""
    (folder / "own.yaml").write_text(text, encoding="utf-8")
    code = code_profile("own.yaml", folder).code("illegal_parking")
    assert code is not None
    return case_payload(
        make_violation(0),
        None,
        evidence_root=folder,
        code=code,
        place=place,
        language="zh-CN",
        timezone=SHANGHAI,
    )


def test_a_case_carries_deadline_and_full_code(tmp_path: Path) -> None:
    """From the profile's hours and the grid's area; both survive the outbox."""
    case = case_of(tmp_path, PROFILE, PLACE)
    assert case.due_at == due_at(case.confirmed_at, 4, SHANGHAI)
    assert case.matter_code == "37020309009"
    assert CasePayload.from_json(case.to_json()) == case


def test_a_case_without_them_has_none(tmp_path: Path) -> None:
    """No hours in the profile, no grid, a table of other codes; an older stored case."""
    assert make_case().due_at is None
    assert case_of(tmp_path, PROFILE, Place(address="somewhere")).matter_code == ""
    event = PROFILE.replace("entry: matter", "entry: event")
    assert case_of(tmp_path, event, PLACE).matter_code == ""
    stored = make_case().to_json()
    del stored["due_at"], stored["matter_code"]
    assert CasePayload.from_json(stored).due_at is None


def test_a_profile_with_a_senseless_deadline_is_refused(tmp_path: Path) -> None:
    """Zero hours are no deadline."""
    with pytest.raises(ConfigError, match="work_hours"):
        case_of(tmp_path, PROFILE.replace("work_hours: 4", "work_hours: 0"), PLACE)
