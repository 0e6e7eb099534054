"""Minutes watched, blind and away are counted by rule, and health and metrics tell them."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import cast
from zoneinfo import ZoneInfo

import pytest

from api.metrics import exposition
from api.server import ApiServer
from cases import Store
from detectors import PictureState, Schedule, Window
from pipeline import CameraStatus, Runner
from pipeline.condition import Condition
from pipeline.views import VIEWS_FOLDER
from pipeline.watch_time import RuleTime, WatchTime
from tests.block_model import write_block_model
from tests.site import TOKEN, camera, health, rows, streetwarden, write_site
from tests.site_status import site_status
from tests.site_text import GOOD, site_of

SHANGHAI = ZoneInfo("Asia/Shanghai")
NOON = datetime(2026, 1, 5, 4, 0, tzinfo=UTC)


CAMERA = CameraStatus(
    camera_id="c1",
    stream=None,
    since=NOON,
    looks=7,
    failures=0,
    dropped=0,
    staleness_s=None,
)


def watched(rules: dict[str, Schedule], looks: list[tuple[float, bool]]) -> dict[str, RuleTime]:
    """Count looks, given as (at_s, trusted)."""
    time = WatchTime(rules, interval_s=2.0)
    for at_s, trusted in looks:
        time.look(at_s, NOON + timedelta(seconds=at_s), trusted=trusted)
    return {each.rule: each for each in time.times()}


def test_time_is_watched_blind_or_away() -> None:
    """A look vouches for the time since the one before; a long gap is nobody's."""
    looks = [(0.0, True), (2.0, True), (4.0, False), (6.0, False), (8.0, True), (68.0, True)]
    time = watched({"all": Schedule(SHANGHAI)}, looks)["all"]
    assert time.watched_s == pytest.approx(4.0)
    assert time.blind_s == pytest.approx(4.0)
    assert time.away_s == pytest.approx(60.0, abs=0.5)


def test_only_the_hours_of_a_rule_count() -> None:
    """A rule that is computed until half past twelve is not away afterwards."""
    window = Window.parse("mon-sun", "08:00", "12:30")
    rules = {"all": Schedule(SHANGHAI), "morning": Schedule(SHANGHAI, hours=(window,))}
    times = watched(rules, [(2.0 * number, True) for number in range(1801)])
    assert times["all"].watched_s == pytest.approx(3600.0)
    assert times["morning"].watched_s == pytest.approx(1800.0, abs=2.0)


def test_a_restart_goes_on_counting() -> None:
    """The time between is away, within the rule's hours; a new rule begins with its process."""
    window = Window.parse("mon-sun", "08:00", "12:30")
    rules = {"all": Schedule(SHANGHAI), "morning": Schedule(SHANGHAI, hours=(window,))}
    before = WatchTime(rules, interval_s=2.0)
    for at_s in (0.0, 2.0, 4.0):
        before.look(at_s, NOON + timedelta(seconds=at_s), trusted=at_s < 4.0)
    kept = json.loads(json.dumps(before.to_json()))
    after = WatchTime({**rules, "new": Schedule(SHANGHAI)}, interval_s=2.0)
    after.take_up(kept, NOON + timedelta(hours=1))
    times = {each.rule: each for each in after.times()}
    for name, away_s in (("all", 3596.0), ("morning", 1796.0)):
        assert (times[name].watched_s, times[name].blind_s) == (2.0, 2.0)
        assert times[name].away_s == pytest.approx(away_s, abs=0.5)
        assert times[name].since == before.times()[0].since
    assert times["new"].watched_s == 0.0
    assert times["new"].since > times["all"].since
    after.look(0.0, NOON + timedelta(hours=1), trusted=True)
    after.look(2.0, NOON + timedelta(hours=1, seconds=2), trusted=True)
    assert {each.rule: each.watched_s for each in after.times()} == {
        "all": 4.0,
        "morning": 2.0,
        "new": 2.0,
    }


def test_a_rule_that_was_dropped_and_a_clock_set_back_cost_nothing() -> None:
    """What is kept of a rule that is no more is let go; no time runs backwards."""
    before = WatchTime({"all": Schedule(SHANGHAI), "old": Schedule(SHANGHAI)}, interval_s=2.0)
    before.look(0.0, NOON, trusted=True)
    after = WatchTime({"all": Schedule(SHANGHAI)}, interval_s=2.0)
    after.take_up(before.to_json(), NOON - timedelta(hours=1))
    (time,) = after.times()
    assert time.rule == "all"
    assert time.away_s == pytest.approx(0.0, abs=0.5)


def test_health_tells_the_picture_and_the_time(tmp_path: Path) -> None:
    """Over HTTP: the state and since when, and for each rule the minutes and since when."""
    time = WatchTime({"illegal_parking:kerb": Schedule(SHANGHAI)}, interval_s=2.0)
    looks = [(0, True), (12, True), (24, False), (36, False), (96, False)]
    for at_s, trusted in looks:
        time.look(at_s, NOON + timedelta(seconds=at_s), trusted=trusted)
    picture = Condition(PictureState.COVERED, NOON, PictureState.COVERED, ("day",))
    blind = replace(CAMERA, picture=picture, rules=time.times())
    new = replace(CAMERA, camera_id="c2", picture=Condition())
    status = site_status(blind, new)
    site = site_of(GOOD.replace("./demo-data", str(tmp_path / "data")), tmp_path)
    with Store.open(site.data / "store.sqlite3", site_id=site.site.id) as store:
        running = SimpleNamespace(site=site, store=store, status=lambda: status)
        server = ApiServer(cast("Runner", running), host="127.0.0.1", port=0, token=TOKEN)
        server.start()
        try:
            told = health(server.url)
        finally:
            server.stop()
    assert told["c1"]["picture"] == {
        "state": "covered",
        "since": "2026-01-05T04:00:00.000+00:00",
        "references": ["day"],
        "registrable": False,
    }
    (counted,) = told["c1"]["rules"]
    assert datetime.fromisoformat(counted.pop("since")) <= datetime.now(UTC)
    assert counted == {
        "rule": "illegal_parking:kerb",
        "watched_min": 0.2,
        "blind_min": 0.4,
        "away_min": 1.0,
    }
    assert told["c2"]["picture"] is None  # no look so far
    assert told["c2"]["rules"] == []


def test_metrics_tell_the_picture_and_the_time() -> None:
    """One state of a camera is 1, all others 0; each rule has three counters."""
    one = replace(
        CAMERA,
        picture=Condition(PictureState.MOVED, NOON, PictureState.MOVED),
        rules=(RuleTime("illegal_parking:kerb", 60.0, 120.0, 3.0, NOON),),
    )
    text = exposition(lambda: site_status(one)).decode()
    states = [line for line in text.splitlines() if line.startswith("streetwarden_camera_picture{")]
    assert len(states) == len(PictureState)
    assert [line for line in states if line.endswith(" 1.0")] == [
        'streetwarden_camera_picture{camera="c1",state="moved"} 1.0'
    ]
    for what, seconds in (("watched", 60.0), ("blind", 120.0), ("away", 3.0)):
        name = f'camera="c1",rule="illegal_parking:kerb",what="{what}"'
        assert f"streetwarden_rule_seconds_total{{{name}}} {seconds}" in text


def test_check_accepts_a_view(tmp_path: Path) -> None:
    """The reference is gone afterwards; without one it says so; an unknown camera is refused."""
    model = write_block_model(tmp_path / "block.onnx")
    site = write_site(tmp_path, [camera("c1", "rtsp://127.0.0.1:9/cam0")], model)
    kept = tmp_path / "data" / VIEWS_FOLDER / "c1.npz"
    kept.parent.mkdir(parents=True)
    kept.write_bytes(b"a reference")
    for accepted in (True, False):
        done = streetwarden("check", site, "--accept-view", "c1", "--json")
        assert done.returncode == 0, done.stderr
        assert rows(done.stdout) == [{"camera": "c1", "accepted": accepted}]
        assert not kept.exists()
    done = streetwarden("check", site, "--accept-view", "c2")
    assert done.returncode == 2
    assert "c1" in done.stderr
