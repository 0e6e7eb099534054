"""A bad picture through the whole step: judge, watch time, rules and what is kept of them."""

import copy
import functools
import json
import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from detectors import Change, PictureState, Rule, Schedule, ViolationEvent, Zone
from models import Detections
from pipeline.condition import PictureJudge
from pipeline.step import CameraStep
from pipeline.watch_time import RuleTime, WatchTime
from streams import Picture
from tests.faults import FAULTS, frame_of, judged, pictures
from tests.looks import KERB, SHANGHAI, VOCABULARY, rule, watch

DEMO = Path(__file__).parent.parent / "configs" / "demo" / "parked-car.mp4"
RULE = "illegal_parking:kerb"
INTERVAL_S = 2.0
LEARNT = 10
"""Looks before something happens: the reference takes eight."""
BOXES = {
    "car": (300, 250, 400, 310),
    "stall": (40, 230, 120, 300),
    "two_wheeler": (500, 250, 540, 310),
}
PARKED = Detections(
    np.asarray(list(BOXES.values()), np.float32),
    np.full(len(BOXES), 0.8, np.float32),
    np.asarray([VOCABULARY.index(name) for name in BOXES], np.int32),
)
"""What the model says of every picture, whatever is in it."""
PAVEMENT = Zone("pavement", "pavement", KERB.polygon)


@functools.cache
def _learnt() -> tuple[list[Picture], PictureJudge]:
    """Decode the demo, and learn its view: the same for every test."""
    clip, judge = list(pictures(DEMO)), PictureJudge("cam")
    assert set(judged(clip[:LEARNT], judge)) == {PictureState.OK}
    return clip, judge


def _stuck() -> Picture:
    """Give the picture that a camera repeats."""
    return _learnt()[0][-1]


@dataclass
class Chain:
    """A real step over a thing that is parked all the time."""

    step: CameraStep
    every_s: float
    at_s: float
    random: np.random.Generator = field(default_factory=lambda: np.random.default_rng(3))
    states: list[PictureState] = field(default_factory=list)
    """Of every look so far."""
    kept: Mapping[str, Any] | None = None
    """The last snapshot."""

    @classmethod
    def of(cls, *rules: Rule, every_s: float = INTERVAL_S) -> "Chain":
        """Make one whose judge knows the view, and that has seen nothing of the things so far."""
        times = WatchTime({RULE: Schedule(SHANGHAI)}, INTERVAL_S)
        judge = copy.deepcopy(_learnt()[1])
        step = CameraStep(watch(*rules), judge, times, snapshot_every_s=0.0)
        return cls(step, every_s, LEARNT * INTERVAL_S)

    def play(self, shown: Iterable[Picture]) -> list[ViolationEvent]:
        """Look at pictures in turn."""
        events: list[ViolationEvent] = []
        for picture in shown:
            stepped = self.step.step(frame_of(picture, self.at_s), PARKED)
            self.states.append(stepped.look.state)
            self.kept = stepped.snapshot or self.kept
            events += stepped.outcome.events
            self.at_s += self.every_s
        return events

    def good(self, count: int) -> Iterator[Picture]:
        """Give pictures in order, each unlike the one before."""
        clip = _learnt()[0]
        return (clip[number % len(clip)] for number in range(count))

    @property
    def time(self) -> RuleTime:
        """What was counted of the rule."""
        assert self.step.watch_time is not None
        (time,) = self.step.watch_time.times()
        return time

    @property
    def condition(self) -> PictureState:
        """State of the camera."""
        assert self.step.judge is not None
        return self.step.judge.condition.state


@pytest.mark.parametrize("fault", FAULTS)
def test_a_bad_picture_is_no_evidence(fault: str, caplog: pytest.LogCaptureFixture) -> None:
    """Nothing is told of it, its time is blind and unseen, and then the dwell goes on."""
    caplog.set_level(logging.INFO, "pipeline.condition")
    chain = Chain.of(rule(25.0), every_s=5.0)
    expected, spoil = FAULTS[fault]
    (opened,) = chain.play(chain.good(3))  # 10 s of dwell
    assert opened.change is Change.OPENED
    assert (chain.time.watched_s, chain.time.blind_s) == (10.0, 0.0)

    assert chain.play(spoil(picture, chain.random) for picture in chain.good(3)) == []
    assert chain.states[3:] == [expected] * 3
    assert chain.condition is expected
    assert (chain.time.watched_s, chain.time.blind_s) == (10.0, 15.0)

    (confirmed,) = chain.play(chain.good(4))  # 15 s more
    assert confirmed.change is Change.CONFIRMED
    assert confirmed.violation.last_at_s == chain.at_s - chain.every_s
    assert confirmed.violation.dwell_s == pytest.approx(25.0)
    assert confirmed.violation.unseen_s == pytest.approx(20.0)
    assert chain.condition is PictureState.OK
    assert (chain.time.watched_s, chain.time.blind_s) == (30.0, 15.0)

    told = [(each.levelname, each.getMessage(), vars(each)["state"]) for each in caplog.records]
    assert told == [
        ("WARNING", "picture cannot be trusted", expected.value),
        ("INFO", "picture is in order again", "ok"),
    ]
    assert {vars(each)["camera"] for each in caplog.records} == {"cam"}

    chain.at_s += 55.0
    away_s = chain.time.away_s
    assert chain.play(chain.good(1)) == []
    assert chain.time.away_s - away_s == pytest.approx(60.0)


def test_what_was_counted_while_the_picture_froze_is_taken_back() -> None:
    """The eleventh look shows it; the 18 s until then are unseen, and the rest has to be seen.

    A thing, a vendor and a zone are no different.
    """
    stall = Rule("street_stall", zones=(PAVEMENT,), dwell_s=40.0)
    bikes = Rule("bike_disorder", zones=(PAVEMENT,), dwell_s=40.0, n=1)
    chain = Chain.of(rule(40.0), stall, bikes)
    chain.play(chain.good(3))
    assert chain.play([_stuck()] * 14) == []
    assert chain.states[3:] == [PictureState.OK] * 10 + [PictureState.FROZEN] * 4
    assert chain.condition is PictureState.FROZEN
    assert chain.time.blind_s == pytest.approx(8.0)
    found = chain.play(chain.good(18))
    assert {each.violation.kind for each in found} == {
        "illegal_parking",
        "street_stall",
        "bike_disorder",
    }
    for confirmed in found:
        assert confirmed.change is Change.CONFIRMED
        assert confirmed.violation.last_at_s == chain.at_s - INTERVAL_S
        assert confirmed.violation.dwell_s == pytest.approx(40.0)  # 6 before, 34 after
        assert confirmed.violation.unseen_s == pytest.approx(28.0)


def test_a_picture_that_goes_on_in_time_was_not_frozen() -> None:
    """Ten looks at one picture, then others: nothing is taken back."""
    chain = Chain.of(rule(40.0))
    chain.play(chain.good(3))
    chain.play([_stuck()] * 10)
    (confirmed,) = chain.play(chain.good(8))
    assert set(chain.states) == {PictureState.OK}
    assert confirmed.violation.dwell_s == pytest.approx(40.0)
    assert confirmed.violation.unseen_s == 0.0


def test_a_restart_keeps_the_seconds_and_what_may_be_frozen() -> None:
    """The time between is away; what was counted before it is taken back all the same."""
    chain = Chain.of(rule(40.0))
    chain.play(chain.good(3))
    chain.play([_stuck()] * 5)
    assert chain.kept is not None
    again = Chain.of(rule(40.0))
    again.at_s, again.step.judge = chain.at_s, chain.step.judge
    again.step.restore(json.loads(json.dumps(chain.kept)))
    assert again.time.since == chain.time.since
    assert again.time.watched_s == chain.time.watched_s == pytest.approx(14.0)
    assert again.time.away_s > timedelta(days=1).total_seconds()  # looks are of January 2026
    assert again.play([_stuck()] * 9) == []
    assert again.states[-4:] == [PictureState.FROZEN] * 4
    (confirmed,) = again.play(again.good(18))
    assert confirmed.violation.unseen_s == pytest.approx(28.0)
