"""Code profiles are data: every kind is found by its kind and zone, or known to have no code."""

from pathlib import Path

import pytest

from configs import Code, ConfigError, code_profile, code_profiles, matter_code
from detectors import KINDS

GB = "gbt47678-2026"
CJ = "cjt214-2007"

CODES = [
    # kind, kind of zone, GB/T 47678.5-2026, CJ/T 214-2007 (design of the kinds)
    ("illegal_parking", "no_parking", "09009", "0505"),
    ("illegal_parking", "fire_lane", "09012", "0505"),
    ("illegal_parking", "accessible_way", "09019", "0505"),
    ("street_stall", "carriageway", "09006", "0501"),
    ("street_stall", "pavement", "09006", "0501"),
    ("street_stall", "any", "09001", "0501"),
    ("beyond_storefront", "frontage", "09005", "0504"),
    ("muck_spill", "carriageway", "06014", "0112"),
    ("muck_pile", "any", "06011", "0103"),
    ("uncovered_muck_truck", "carriageway", "08011", None),
    ("bike_disorder", "pavement", "09010", "0506"),
    ("damaged_sign", "sign", "03007", "0205"),
    ("illegal_banner", "banner_free", "07007", "0202"),
    ("exposed_garbage", "any", "06010", "0102"),
    ("exposed_garbage", "collection_point", "06042", "0102"),
    ("crowd_density", "gathering", None, None),
    ("floating_debris", "water", "06025", "0105"),
]


@pytest.mark.parametrize(("kind", "zone_kind", "gb", "cj"), CODES)
def test_a_kind_has_its_code(kind: str, zone_kind: str, gb: str | None, cj: str | None) -> None:
    """The bundled tables give the codes of their standards."""
    for name, expected in ((GB, gb), (CJ, cj)):
        code = code_profile(name).code(kind, zone_kind)
        assert (code.code if code else None) == expected


def test_the_table_above_is_complete() -> None:
    """Every kind of violation is looked up above."""
    assert {kind for kind, *_ in CODES} == set(KINDS)


@pytest.mark.parametrize("name", [GB, CJ])
def test_names_are_in_both_languages(name: str) -> None:
    """Every row has a Chinese and an English name, and only kinds that exist."""
    profile = code_profile(name)
    assert set(profile.codes) | set(profile.uncoded) <= set(KINDS)
    for kind in profile.codes:
        code = profile.code(kind, "any") or profile.code(kind, profile.codes[kind][0].zone_kinds[0])
        assert code is not None
        assert not code.name("zh-CN").isascii()
        assert code.name("en").isascii()


def test_the_bundled_profiles_are_listed() -> None:
    """There are two."""
    assert code_profiles() == (CJ, GB)


def test_a_code_says_to_which_table_it_belongs() -> None:
    """Standard and kind of entry go with the digits: they mean nothing without."""
    code = code_profile(GB).code("illegal_parking", "fire_lane")
    assert code is not None
    assert (code.standard, code.entry) == ("GB/T 47678.5-2026", "matter")
    assert code.name("zh-CN") == "占用消防通道"


def test_eleven_digits_are_transmitted() -> None:
    """A matter goes out as six digits of the area and five of the type."""
    code = code_profile(GB).code("illegal_parking", "no_parking")
    assert code is not None
    assert matter_code("370203", code) == "37020309009"
    with pytest.raises(ValueError, match="6 digits"):
        matter_code("3702", code)
    old: Code | None = code_profile(CJ).code("illegal_parking", "no_parking")
    assert old is not None
    with pytest.raises(ValueError, match="code of 5"):
        matter_code("370203", old)


OWN = """\
standard: our city
entry: event
digits: 3
codes:
  illegal_parking:
    - {code: "605", name_zh: 机动车乱停放, name_en: Parking}
"""


def test_a_city_has_its_own_table(tmp_path: Path) -> None:
    """A profile may be a file beside the site file."""
    (tmp_path / "codes.yaml").write_text(OWN, encoding="utf-8")
    code = code_profile("codes.yaml", tmp_path).code("illegal_parking", "fire_lane")
    assert code is not None
    assert code.code == "605"


@pytest.mark.parametrize(
    ("old", "new", "key", "problem"),
    [
        ('"605"', '"0605"', "", "'0605' of illegal_parking has not 3 digits"),
        ('"605"', "605", "codes.illegal_parking[0].code", "expected text"),
        ("name_en: Parking", "name_fr: Parking", "codes.illegal_parking[0].name_en", "missing"),
        ("entry: event", "entry: thing", "entry", "unknown value 'thing'"),
        ("digits: 3", "", "digits", "missing"),
    ],
)
def test_a_faulty_table_is_told(old: str, new: str, key: str, problem: str, tmp_path: Path) -> None:
    """A mistake in a profile is told with its own file and key."""
    file = tmp_path / "codes.yaml"
    file.write_text(OWN.replace(old, new), encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        code_profile("codes.yaml", tmp_path)
    assert caught.value.file == file
    assert key in {caught.value.key, *(other.key for other in caught.value.others)}
    assert problem in " ".join(map(str, (caught.value, *caught.value.others)))


def test_an_unknown_table_is_told() -> None:
    """A name that is none gets a suggestion."""
    with pytest.raises(ConfigError, match=r"unknown code profile; did you mean 'gbt47678-2026'"):
        code_profile("gbt47678-2025")
    with pytest.raises(ConfigError, match="no such file"):
        code_profile("./absent.yaml")
