"""Permits in the site file and in CSV files: read, checked, and in force in the rules."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from configs import ConfigError, read_permits
from detectors import Look
from models import VOCABULARY, Detections
from pipeline.check_permit_files import check_permit_files
from pipeline.check_permits import check_permits
from pipeline.plan import watch_of
from pipeline.problem import Findings, Gravity, Problem
from tests.looks import Car, Street, confirmations
from tests.site_text import GOOD, site_of

RULE = "{kind: illegal_parking, zones: [kerb], dwell_s: 300}"
HEADER = "camera,zones,days,from,to,first_day,last_day,season_from,season_to,holder\n"
CAMERA = "yingkou-road-01"
MELONS = "yingkou-road-01,kerb,mon-sun,06:00,20:00,2026-01-01,2026-12-31,06-01,09-30,Wang Mei\n"
MONDAY = date(2026, 1, 5)


def _site_text(allow: str = "", permits: str = "") -> str:
    more = f", allow: [{allow}]" if allow else ""
    more += f", permits: {permits}" if permits else ""
    return GOOD.replace(RULE, f"{RULE[:-1]}{more}}}")


def _found(text: str, folder: Path, today: date = MONDAY) -> list[Problem]:
    site = site_of(text, folder)
    findings = Findings(site)
    check_permit_files(site, findings)
    for number, camera in enumerate(site.cameras):
        check_permits(site, camera, f"cameras[{number}]", findings, today)
    return list(findings)


def test_a_permit_file_is_read(tmp_path: Path) -> None:
    """Line, place, days, hours, season and holder; with the mark that spreadsheets write first."""
    file = tmp_path / "permits.csv"
    file.write_text("\ufeff" + HEADER + MELONS + ",,,,,2026-05-01,2026-05-05,,,\n", "utf-8")
    first, second = read_permits(file)
    assert (first.line, first.camera, first.holder) == (2, "yingkou-road-01", "Wang Mei")
    assert first.permit.zones == ("kerb",)
    assert first.permit.season is not None
    assert (first.permit.season.start, first.permit.season.end) == ((6, 1), (9, 30))
    assert (second.permit.start, second.permit.end) == (second.permit.end, second.permit.start)
    assert second.permit.days == frozenset(range(7))


BAD_FILES = {
    "an unknown column": (HEADER.replace("days", "weekdays"), 1, "unknown column 'weekdays'"),
    "no validity": ("zones,from,to\n", 1, "no column first_day and last_day"),
    "an empty file": ("", 1, "no column first_day and last_day"),
    "an unknown weekday": (HEADER + MELONS.replace("mon-sun", "mon-fry"), 2, "days of the week"),
    "no time of the day": (HEADER + MELONS.replace("20:00", "8 pm"), 2, "'8 pm' is no time"),
    "no day": (HEADER + MELONS.replace("2026-12-31", "31.12.2026"), 2, "no day of the calendar"),
    "no season": (HEADER + MELONS.replace("06-01,", "02-30,"), 2, "'02-30' is no day of the year"),
    "an end before the start": (
        HEADER + MELONS.replace("2026-12-31", "2025-12-31"), 2, "before it begins",
    ),
    "days that never come": (
        HEADER + MELONS.replace("mon-sun", "sat").replace("2026-12-31", "2026-01-02"), 2,
        "holds on no day",
    ),
    "a line too short": (HEADER + MELONS + "yingkou-road-01,kerb\n", 3, "more or fewer values"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD_FILES)
def test_a_bad_permit_file_is_refused(case: str, tmp_path: Path) -> None:
    """The message names the file, the line, what is wrong, and what to write."""
    text, line, problem = BAD_FILES[case]
    file = tmp_path / "permits.csv"
    file.write_text(text, "utf-8")
    with pytest.raises(ConfigError) as caught:
        read_permits(file)
    assert (caught.value.file, caught.value.line) == (file, line)
    assert problem in caught.value.problem
    assert caught.value.remedy
    (told,) = _found(_site_text(permits="permits.csv"), tmp_path)
    assert (told.file, told.line, told.level) == (file, line, Gravity.ERROR)


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    """What an old spreadsheet saves is not UTF-8; a file that is missing is named."""
    (tmp_path / "permits.csv").write_bytes(
        (HEADER + MELONS).replace("Wang", "王").encode("gb18030")
    )
    (told,) = _found(_site_text(permits="permits.csv"), tmp_path)
    assert "UTF-8" in told.problem
    (told,) = _found(_site_text(permits="other.csv"), tmp_path)
    assert (told.file.name, told.problem) == (
        "other.csv",
        "cannot be read: No such file or directory",
    )


SUMMER = 'season: {from: "06-01", to: "09-30"}'

BAD_ENTRIES = {
    "an unknown weekday": ('{days: mon-fry, from: "06:00", to: "08:00"}', "days of the week"),
    "an end before the start": (
        '{from: "06:00", to: "08:00", first_day: "2026-05-02", last_day: "2026-05-01"}',
        "before it begins",
    ),
    "days that never come": (
        '{days: sun, from: "06:00", to: "08:00", first_day: "2026-01-05", last_day: "2026-01-09"}',
        "holds on no day",
    ),
    "a season that never comes": (
        f'{{from: "06:00", to: "08:00", first_day: 2026-01-05, last_day: 2026-02-09, {SUMMER}}}',
        "holds on no day",
    ),
    "no day of the year": (
        '{from: "06:00", to: "08:00", season: {from: "13-01", to: "09-30"}}', "no day of the year",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD_ENTRIES)
def test_an_impossible_permit_is_refused(case: str, tmp_path: Path) -> None:
    """In the site file as well: loading says it, with the key."""
    entry, problem = BAD_ENTRIES[case]
    with pytest.raises(ConfigError) as caught:
        site_of(_site_text(allow=entry), tmp_path)
    assert caught.value.key.startswith("cameras[0].rules[0].allow[0]")
    assert problem in caught.value.problem


def test_a_day_may_stand_without_quotes(tmp_path: Path) -> None:
    """YAML reads 2026-05-01 as a day: so do we."""
    entry = '{from: "06:00", to: "08:00", first_day: 2026-05-01}'
    site = site_of(_site_text(allow=entry), tmp_path)
    assert site.cameras[0].rules[0].allow[0].first_day == date(2026, 5, 1)


def test_an_expired_permit_file_is_a_warning_that_names_it(tmp_path: Path) -> None:
    """On the day after its last permit; not before, and not while one of them holds."""
    file = tmp_path / "permits.csv"
    file.write_text(HEADER + MELONS, "utf-8")
    text = _site_text(permits="permits.csv")
    assert _found(text, tmp_path, date(2026, 12, 31)) == []
    (told,) = _found(text, tmp_path, date(2027, 1, 1))
    assert told.level is Gravity.WARNING
    assert told.key == "cameras[0].rules[0].permits"
    assert "every permit in permits.csv has expired, the last one on 2026-12-31" in told.problem
    file.write_text(HEADER + MELONS + MELONS.replace("2026", "2027"), "utf-8")
    assert _found(text, tmp_path, date(2027, 1, 1)) == []


ODD = {
    "expired": ('{from: "06:00", to: "08:00", last_day: "2025-12-31"}', "", "expired on 2025"),
    "another zone": ('{from: "06:00", to: "08:00", zones: [kreb]}', "", "the zone 'kreb'"),
    "always": ('{from: "00:00", to: "12:00"}, {from: "12:00", to: "24:00"}', "", "find nothing"),
    "no such zone": ("", MELONS.replace("kerb", "kreb"), "has no zone 'kreb'"),
    "no such zone anywhere": ("", MELONS.replace(f"{CAMERA},kerb", ",kreb"), "has a zone 'kreb'"),
    "one misspelt camera of two": (
        "", MELONS + MELONS.replace(CAMERA, "yingkuo-road-01"), "has no camera 'yingkuo-road-01'",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", ODD)
def test_what_cannot_be_meant_is_told(case: str, tmp_path: Path) -> None:
    """Permits that hold nowhere, never, or always."""
    allow, row, problem = ODD[case]
    (tmp_path / "permits.csv").write_text(HEADER + row, "utf-8")
    (told,) = _found(_site_text(allow, "permits.csv" if row else ""), tmp_path)
    assert problem in told.problem


OTHER = """\
  - id: second
    url: "rtsp://127.0.0.1:8554/cam1"
    place: {address: "..."}
    zones:
      - {id: pavement, kind: pavement, polygon: [[0.1, 0.5], [0.9, 0.5], [0.9, 0.9]]}
    rules:
      - {kind: street_stall, zones: [pavement]PERMITS}
"""


def _two_cameras(permits: str) -> str:
    """Write a site whose first camera has a second zone, which no rule with permits uses."""
    first = _site_text(permits="permits.csv").replace(
        "    rules:",
        "      - {id: back, kind: no_parking, polygon: [[0, 0], [1, 0], [1, 1]]}\n    rules:",
    )
    return first + OTHER.replace("PERMITS", permits)


def test_a_row_that_can_hold_nowhere_is_told_once(tmp_path: Path) -> None:
    """A zone that no rule uses is refused, a camera whose rules read no file is a warning."""
    file = tmp_path / "permits.csv"
    file.write_text(HEADER + MELONS + MELONS.replace("kerb", "back"), "utf-8")
    (told,) = _found(_two_cameras(""), tmp_path)
    assert (told.level, told.line) == (Gravity.ERROR, 3)
    assert "no rule that names this file uses the zone 'back'" in told.problem
    assert "write one of kerb" in told.remedy
    file.write_text(HEADER + MELONS + MELONS.replace(f"{CAMERA},kerb", "second,pavement"), "utf-8")
    (told,) = _found(_two_cameras(""), tmp_path)
    assert (told.level, told.line) == (Gravity.WARNING, 3)
    assert "no rule of the camera 'second' names this file" in told.problem
    assert "write permits: permits.csv" in told.remedy
    assert _found(_two_cameras(", permits: permits.csv"), tmp_path) == []


def test_a_row_of_every_camera_may_name_zones_of_several(tmp_path: Path) -> None:
    """Each zone of it is used by some rule; one that is used by none is refused."""
    file = tmp_path / "permits.csv"
    text = _two_cameras(", permits: permits.csv")
    file.write_text(HEADER + MELONS.replace(f"{CAMERA},kerb", ",kerb pavement"), "utf-8")
    assert _found(text, tmp_path) == []
    file.write_text(HEADER + MELONS.replace(f"{CAMERA},kerb", ",kerb back"), "utf-8")
    (told,) = _found(text, tmp_path)
    assert "uses the zone 'back'" in told.problem


def test_a_file_of_other_cameras_only_says_both(tmp_path: Path) -> None:
    """Whose permits it has, with the likely id, and that this camera has none."""
    strangers = "".join(MELONS.replace(CAMERA, f"yingkou-road-0{n}") for n in range(2, 9))
    (tmp_path / "permits.csv").write_text(HEADER + strangers, "utf-8")
    none, strange = sorted(
        _found(_site_text(permits="permits.csv"), tmp_path), key=lambda each: each.key, reverse=True
    )
    assert {none.level, strange.level} == {Gravity.WARNING}
    assert f"has no permit for '{CAMERA}'" in none.problem
    assert "'yingkou-road-06' and 2 more: such permits hold nowhere" in strange.problem
    assert f"did you mean '{CAMERA}'?" in strange.remedy
    assert strange.line == 2


def test_a_permit_file_is_in_force(tmp_path: Path) -> None:
    """Noon on Monday, 5 January: permitted by a line of the file, found without it."""
    file = tmp_path / "permits.csv"
    text = _site_text(permits="permits.csv").replace("dwell_s: 300", "dwell_s: 30, conf: 0.3")
    text = text.replace("models: [{name: street}]", "models: [{name: x, file: x.onnx}]")
    looks = Street([Car((280.0, 230.0, 360.0, 280.0))]).looks(60.0)
    for row, found in (
        (MELONS, 1),  # in summer
        (MELONS.replace("06-01,09-30", "12-01,02-28"), 0),
        (MELONS.replace("06-01,09-30", ","), 0),
        (MELONS.replace("06-01,09-30", ",").replace("mon-sun", "tue-sun"), 1),
        (MELONS.replace("06-01,09-30", ",").replace("06:00", "13:00"), 1),
        (MELONS.replace("06-01,09-30", ",").replace("yingkou-road-01", "elsewhere"), 1),
    ):
        file.write_text(HEADER + row, "utf-8")
        site = site_of(text, tmp_path)
        watch = watch_of(site, site.cameras[0])
        assert len(confirmations(watch, _in_site_words(looks))) == found, row


@pytest.mark.parametrize(
    ("kind", "zone", "name"),
    [("illegal_parking", "no_parking", "car"), ("street_stall", "pavement", "stall")],
)
def test_a_row_holds_in_the_zones_that_it_names(
    kind: str, zone: str, name: str, tmp_path: Path
) -> None:
    """One of two zones, of three: who stands in the third is found, and nobody else."""
    (tmp_path / "permits.csv").write_text(
        HEADER + MELONS.replace("06-01,09-30", ",").replace("kerb", "left right"), "utf-8"
    )
    thirds = {"left": 0.0, "middle": 0.35, "right": 0.7}
    zones = "".join(
        f"      - {{id: {each}, kind: {zone}, polygon: "
        f"[[{x}, 0.5], [{x + 0.3}, 0.5], [{x + 0.3}, 1], [{x}, 1]]}}\n"
        for each, x in thirds.items()
    )
    text = GOOD.replace("models: [{name: street}]", "models: [{name: x, file: x.onnx}]")
    text = text[: text.index("      - {id: kerb")] + zones + "    rules:\n"
    text += f"      - {{kind: {kind}, zones: [{', '.join(thirds)}], dwell_s: 30, conf: 0.3"
    site = site_of(f"{text}, permits: permits.csv}}\n", tmp_path)
    cars = [Car((640 * x + 50, 230.0, 640 * x + 130, 280.0)) for x in thirds.values()]
    looks = _in_site_words(Street(cars).looks(60.0), name)
    found = confirmations(watch_of(site, site.cameras[0]), looks)
    assert [event.violation.zone_id for event in found] == ["middle"]


def _in_site_words(looks: list[Look], name: str = "car") -> list[Look]:
    """Give the cars of scripted looks a name, as the product's vocabulary numbers it."""
    car = np.int32(VOCABULARY.names.index(name))
    return [
        replace(
            look,
            detections=Detections(
                look.detections.xyxy,
                look.detections.score,
                np.full(len(look.detections), car, np.int32),
            ),
        )
        for look in looks
    ]
