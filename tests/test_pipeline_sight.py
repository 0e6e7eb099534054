"""`check` and `check --probe` refuse rules about what a camera cannot see."""

import shutil
from pathlib import Path

import pytest

from configs import Site
from models import Registry
from pipeline.check import check_site
from pipeline.check_sight import Seen, too_small, unknown_heights
from pipeline.plan import zone_of
from pipeline.probe import probe_site
from pipeline.problem import Gravity, Problem
from tests.clips import clip
from tests.site import in_process, rows
from tests.site_text import site_of

POLYGON = "[[0.1, 0.5], [0.9, 0.5], [0.9, 0.9], [0.1, 0.9]]"


def _text(zone: str, rule: str, camera: str = "") -> str:
    return f"""\
version: 1
site: {{id: sight, timezone: Asia/Shanghai}}
cameras:
  - id: cam
    url: file:square.mp4
    place: {{address: here}}
    {camera}
    zones:
      - {{id: here, polygon: {POLYGON}, {zone}}}
    rules:
      - {{zones: [here], {rule}}}
"""


def _site(zone: str, rule: str, folder: Path, camera: str = "") -> Site:
    return site_of(_text(zone, rule, camera), folder)


def _problems(site: Site) -> list[Problem]:
    return list(check_site(site, Registry(site.data / "models")))


def _about(problems: list[Problem], key: str) -> list[Problem]:
    return [each for each in problems if each.key.endswith(key)]


def test_a_rule_about_loads_needs_a_view_that_sees_them(tmp_path: Path) -> None:
    """Refused with the fix; taken once the zone, or the camera, says that it sees the load."""
    rule = "kind: uncovered_muck_truck"
    (problem,) = _about(_problems(_site("kind: carriageway", rule, tmp_path)), "rules[0].zones")
    assert problem.level is Gravity.ERROR
    assert "does not say it has one" in problem.problem
    assert "write sees_load: true at the zone 'here'" in problem.remedy
    told = _site("kind: carriageway, sees_load: true", rule, tmp_path)
    assert _about(_problems(told), "rules[0].zones") == []
    assert zone_of(told.cameras[0], "here").sees_load
    camera = _site("kind: carriageway", rule, tmp_path, "sees_load: true")
    assert _about(_problems(camera), "rules[0].zones") == []
    zone = _site("kind: carriageway, sees_load: false", rule, tmp_path, "sees_load: true")
    assert len(_about(_problems(zone), "rules[0].zones")) == 1


@pytest.mark.parametrize(
    ("zone", "key", "words"),
    [
        ("kind: pavement, open: [{from: '08:00', to: '22:00'}]", "zones[0].open", "frontage"),
        ("kind: pavement, person_height: 0.2", "zones[0].person_height", "gathering"),
        ("kind: pavement, rail: 0.2", "zones[0].rail", "fire_lane, lane, no_parking"),
    ],
)
def test_keys_of_other_zones_are_warned_of(zone: str, key: str, words: str, tmp_path: Path) -> None:
    """A key that means nothing for a zone of its kind is named, with the kind that it is for."""
    (problem,) = _about(_problems(_site(zone, "kind: bike_disorder", tmp_path)), key)
    assert problem.level is Gravity.WARNING
    assert words in problem.problem


def test_share_is_for_kinds_that_measure_it(tmp_path: Path) -> None:
    """Bikes may cover a share; a crowd is counted."""
    bikes = _site("kind: pavement", "kind: bike_disorder, share: 0.4", tmp_path)
    assert _about(_problems(bikes), "share") == []
    crowd = _site("kind: gathering", "kind: crowd_density, share: 0.4", tmp_path)
    assert "measures no share" in _about(_problems(crowd), "share")[0].problem


def test_a_rail_reaches_the_zone(tmp_path: Path) -> None:
    """`rail` is what is hidden of a vehicle there; nothing where it is not said."""
    for said, hidden in ((", rail: 0.25", 0.25), ("", 0.0)):
        site = _site(f"kind: no_parking{said}", "kind: illegal_parking", tmp_path)
        assert _about(_problems(site), "rail") == []
        assert zone_of(site.cameras[0], "here").rail == hidden


def test_shop_hours_reach_the_zone(tmp_path: Path) -> None:
    """`open` is read as windows of local time."""
    shop = "kind: frontage, open: [{days: mon-sat, from: '08:00', to: '22:00'}]"
    site = _site(shop, "kind: beyond_storefront", tmp_path)
    (window,) = zone_of(site.cameras[0], "here").open
    assert (window.start.hour, window.end.hour, len(window.days)) == (8, 22, 6)


@pytest.mark.parametrize(
    ("said", "n", "size", "scale", "words"),
    [
        # 54 px are 17.6 in the model's picture
        (", person_height: 0.05", 30, (1920, 1080), 352 / 1080, None),
        (", person_height: 0.04", 30, (1920, 1080), 352 / 1080, "are 14 px tall"),
        (", person_height: 0.04", 30, (1920, 1080), 1.0, None),
        (", person_height: 0.04", 30, (352, 288), 1.0, "are 12 px tall"),
        ("", 500, (352, 288), 1.0, None),  # 65 square px each
        ("", 600, (352, 288), 1.0, "has 54 square px for each of 600 people"),
    ],
)
def test_people_too_small_to_count_are_refused(
    said: str, n: int, size: tuple[int, int], scale: float, words: str | None, tmp_path: Path
) -> None:
    """The picture that the model sees decides, and what each of n people has of the zone."""
    site = _site(f"kind: gathering{said}", f"kind: crowd_density, n: {n}", tmp_path)
    found = too_small(site.cameras[0], [Seen("street", *size, scale)])
    if words is None:
        assert found == []
    else:
        assert words in found[0]
        assert "draw the zone nearer" in found[0]
    assert bool(unknown_heights(site.cameras[0])) is (not said)


@pytest.mark.parametrize(("n", "refused"), [(1500, False), (1600, True)])
def test_a_crowd_without_zones_is_checked_in_the_whole_picture(
    n: int, *, refused: bool, tmp_path: Path
) -> None:
    """It needs room for each of n people as one in a zone does: 101,376 square px in all."""
    rule = f"kind: crowd_density, n: {n}"
    text = _text("kind: gathering", rule).replace("zones: [here], kind: crowd", "kind: crowd")
    found = too_small(site_of(text, tmp_path).cameras[0], [Seen("street", 352, 288, 1.0)])
    assert len(found) == refused
    for told in found:
        assert "the whole picture has 63 square px for each of 1600 people" in told
        assert "a smaller n" in told


def test_nobody_is_counted_at_a_stop(tmp_path: Path) -> None:
    """A bus_stop may be named by the rule about crowds: it is neither refused nor measured."""
    zones = "kind: gathering, person_height: 0.2}\n      - {id: stop, kind: bus_stop, polygon: "
    site = _site(zones + POLYGON, "kind: crowd_density", tmp_path)
    assert _about(_problems(site), "zones[1]") == []  # excuses without being named
    (camera,) = site.cameras
    rule = camera.rules[0].model_copy(update={"zones": ("here", "stop"), "n": 600})
    named = camera.model_copy(update={"rules": (rule,)})
    both = site.model_copy(update={"cameras": (named,)})
    assert _about(_problems(both), "rules[0].zones[1]") == []
    (told,) = too_small(named, [Seen("street", 352, 288, 1.0)])
    assert told.startswith("'here' has 54 square px")
    assert unknown_heights(named) == []


def test_the_probe_refuses_and_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A real stream of 640 x 360 and the bundled model: people of 3 % are too small.

    The command tells it, too, and ends as for any other mistake in the site file.
    """
    shutil.copy(clip(seconds=3, gop=25), tmp_path / "square.mp4")
    near = _site("kind: gathering, person_height: 0.2", "kind: crowd_density", tmp_path)
    ((row, text),) = probe_site(near)
    assert row["refused"] == []
    assert "refused" not in text
    said = _text("kind: gathering, person_height: 0.03", "kind: crowd_density")
    far = site_of(said, tmp_path)
    ((row, text),) = probe_site(far)
    assert "px tall in the picture that street sees of 640x360" in row["refused"][0]
    assert "  refused: people at the far edge of 'here'" in text
    far.file.write_text(said, encoding="utf-8")
    done = in_process("check", far.file, "--probe", "--json", monkeypatch=monkeypatch)
    assert done.returncode == 2
    assert "1 of 1 cameras show too little for a rule" in done.stderr
    assert rows(done.stdout)[0]["refused"] == row["refused"]
    unsaid = _site("kind: gathering", "kind: crowd_density", tmp_path)
    ((row, _),) = probe_site(unsaid)
    assert "write person_height:" in row["notes"][-1]
