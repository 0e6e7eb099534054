"""Rendered clips against their truth: the logic with the truth's boxes, and what is refused."""

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from api.cli import app
from benchmarks.clips import (
    ClipError,
    ClipTally,
    Player,
    bars,
    drawn,
    judge,
    read_clips,
    true_boxes,
    write_site,
)
from benchmarks.clips.clip import Clip
from benchmarks.scenarios import match
from detectors import KINDS
from models import Detections
from pipeline import load_sight
from pipeline.sight import Sight
from streams import Frame
from tests.conftest import REPOSITORY
from tests.violations import make_violation

SCENARIOS = REPOSITORY / "tests" / "scenarios"


def test_every_kind_has_clips_of_both_sorts() -> None:
    """At least four a kind are committed, half of them innocent."""
    clips = read_clips(SCENARIOS)
    for kind in KINDS:
        wrong = [bool(one.wrong) for one in clips if one.kind == kind]
        assert min(wrong.count(True), wrong.count(False)) >= 2, (kind, wrong)


def test_the_logic_finds_what_happens_and_nothing_else() -> None:
    """With the truth's boxes every violation of the clips is confirmed, in time, and no other."""
    clips = read_clips(SCENARIOS)
    total = ClipTally()
    with Player(clips, "street") as player:
        for clip in clips:
            total.add(judge(clip, player.play(clip, truth=True)))
    assert total.found == total.expected > 0, total.wrong
    assert total.false == 0, total.wrong
    assert total.dwell_within_one_look >= 0.95, total.wrong


def test_a_dropped_stream_is_a_new_session() -> None:
    """A clip with a drop has no picture in it, and the dwell goes on after it."""
    clip = next(one for one in read_clips(SCENARIOS) if one.drops and one.wrong)
    start_s, end_s = clip.drops[0]
    assert not [look for look in clip.looks if start_s <= look["at_s"] < end_s]
    with Player([clip], "street") as player:
        tally = judge(clip, player.play(clip, truth=True))
    assert (tally.found, tally.false) == (1, 0)


class _Truth:
    """Stands in for the model where a site's sight is loaded: the truth's boxes of one clip."""

    def __init__(self, sight: Sight, clip: Clip) -> None:
        self._sight, self._clip = sight, clip

    def look(self, frames: list[Frame]) -> list[Detections]:
        return [true_boxes(self._clip, frame) for frame in frames]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sight, name)


def test_replay_shows_every_kind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`streetwarden replay` of a violating clip of each kind prints its confirmation, once."""
    every = [one for one in read_clips(SCENARIOS) if one.wrong and not one.drops]
    clips = {one.kind: one for one in every}
    site = write_site(tmp_path, list(clips.values()), "street")
    shown = {}
    for kind, clip in clips.items():

        def load(*args: Any, clip: Clip = clip, **options: Any) -> _Truth:
            return _Truth(load_sight(*args, **options), clip)

        monkeypatch.setattr("pipeline.replay.load_sight", load)
        arguments = ["replay", str(site), clip.name, str(clip.video), "--json"]
        done = CliRunner().invoke(app, arguments)
        assert done.exit_code == 0, done.output
        rows = [json.loads(line) for line in done.stdout.splitlines()]
        shown[kind] = [row["kind"] for row in rows if row["event"] == "confirmed"]
    assert shown == {kind: [kind] for kind in KINDS if kind in clips}
    assert shown.keys() == KINDS.keys()


def _told(clip: Clip) -> dict[str, Any]:
    truth: dict[str, Any] = json.loads(clip.video.with_suffix(".json").read_text(encoding="utf-8"))
    return truth


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"sha256": "0" * 64}, "not the video"),
        ({"kind": "jaywalking"}, "jaywalking"),
        ({"file": "gone.mp4"}, r"gone\.mp4"),
        ({"looks": None}, "no truth of a clip"),
    ],
)
def test_a_truth_that_does_not_fit_is_refused(
    tmp_path: Path, changes: dict[str, Any], message: str
) -> None:
    """The message names the file and what is wrong with it."""
    clip = read_clips(SCENARIOS)[0]
    shutil.copy(clip.video, tmp_path)
    text = json.dumps(_told(clip) | changes)
    (tmp_path / f"{clip.name}.json").write_text(text, encoding="utf-8")
    with pytest.raises(ClipError, match=message):
        read_clips(tmp_path)


def test_a_folder_without_clips_is_refused(tmp_path: Path) -> None:
    """An empty folder and one that is not there say so."""
    with pytest.raises(ClipError, match="no truth file"):
        read_clips(tmp_path)
    with pytest.raises(ClipError, match="no such folder"):
        read_clips(tmp_path / "none")


def test_figures_are_drawn() -> None:
    """A bar is as long as its figure, on the terminal and in the SVG."""
    lines = bars("model", {"street_stall": (1.0, 0.5)})
    assert lines[1].count("#") == 30
    svg = drawn([("model <x>", {"street_stall": (1.0, 0.5)})])
    assert svg.startswith("<svg")
    assert 'width="420.0"' in svg
    assert 'width="210.0"' in svg
    assert "&lt;x&gt;" in svg


def test_a_stall_that_is_pushed_on_does_not_stand_meanwhile() -> None:
    """The truth's dwell leaves out the seconds between two places; of what stands, none."""
    moves, stands = (
        next(one for one in read_clips(SCENARIOS) if one.name.startswith(name))
        for name in ("street_stall-moves", "street_stall-night")
    )
    assert moves.moved_s(moves.wrong[0], moves.length_s) == 2.0
    assert moves.moved_s(moves.wrong[0], moves.wrong[0].from_s + 2.0) == 0.0
    assert stands.moved_s(stands.wrong[0], stands.length_s) == 0.0


def test_scripts_and_clips_are_matched_alike() -> None:
    """Each truth is found once; a second one like it is false, and what is left was missed."""
    tally = ClipTally()
    told = [replace(make_violation(), zone_id=zone) for zone in ("a", "a", "b")]
    pairs = match(
        tally,
        "clip",
        told,
        ["a", "c"],
        is_same=lambda truth, one: one.zone_id == truth,
        say_told=lambda one: one.zone_id,
        say_missed=str,
    )
    assert [(truth, one.zone_id) for truth, one in pairs] == [("a", "a")]
    assert (tally.expected, tally.found, tally.false, tally.innocent_false) == (2, 1, 2, 0)
    assert tally.wrong == ["clip: false a", "clip: false b", "clip: missed c"]


@pytest.mark.timeout(400)
def test_the_shipped_model_finds_the_violations_of_every_kind() -> None:
    """All clips: what is promised of them (docs/violations.md), over all and kind by kind."""
    clips = read_clips(SCENARIOS)
    total, by_kind = ClipTally(), {kind: ClipTally() for kind in KINDS}
    with Player(clips, "street") as player:
        for clip in clips:
            judged = judge(clip, player.play(clip))
            total.add(judged)
            by_kind[clip.kind].add(judged)
    assert total.expected == 24
    assert total.precision >= 0.95, total.wrong
    assert total.recall >= 0.90, total.wrong
    assert total.dwell_within_one_look >= 0.95, total.wrong
    for kind, tally in by_kind.items():
        assert min(tally.precision, tally.recall) >= 0.80, (kind, tally.wrong)
