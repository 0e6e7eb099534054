"""Minutes watched, blind and away are counted by rule, and health and metrics tell them."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from api.metrics import exposition
from detectors import PictureState, Schedule, Window
from pipeline import CameraStatus, SiteStatus
from pipeline.condition import Condition
from pipeline.views import VIEWS_FOLDER
from pipeline.watch_time import RuleTime, WatchTime
from tests.block_model import write_block_model
from tests.site import camera, rows, streetwarden, write_site

SHANGHAI = ZoneInfo("Asia/Shanghai")
NOON = datetime(2026, 1, 5, 4, 0, tzinfo=UTC)


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


def test_metrics_tell_the_picture_and_the_time() -> None:
    """One state of a camera is 1, all others 0; each rule has three counters."""
    one = CameraStatus(
        camera_id="c1",
        stream=None,
        since=NOON,
        looks=7,
        failures=0,
        dropped=0,
        staleness_s=None,
        picture=Condition(PictureState.MOVED, NOON, PictureState.MOVED),
        rules=(RuleTime("illegal_parking:kerb", 60.0, 120.0, 3.0),),
    )
    status = SiteStatus(
        cameras=(one,),
        batches=0,
        staleness_p95_s=None,
        backlog=0,
        disk_reserve=True,
        disk_free_bytes=None,
        worker_restarts=0,
        violations={},
        deliveries={},
        oldest_due_s=None,
    )
    text = exposition(lambda: status).decode()
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
