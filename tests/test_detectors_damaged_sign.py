"""damaged_sign: each sign against its own reference, over many readings; and its false friends."""

import json
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors import Change, Look, Remark, ViolationEvent
from detectors.appearance import LOOKS_CHANGED
from detectors.place import UNITS
from detectors.sign_views import FIRST_LOOKS, SignViews
from models import Detections
from tests.fronts import (
    BOXES,
    DWELL_S,
    Front,
    Script,
    confirmed,
    front,
    looks,
    make,
    tear,
    told,
    zone,
)
from tests.looks import HEIGHT, INTERVAL_S, VOCABULARY, WIDTH


def torn_from(start_s: float) -> Script:
    """Tear the middle sign at some time."""

    def script(one: Front) -> None:
        if one.at_s >= start_s:
            tear(one)

    return script


@pytest.mark.parametrize("seed", range(4))
def test_a_torn_sign_is_one_violation(seed: int) -> None:
    """Torn at 40 s and missed in every fifth look, it is confirmed once, after the dwell."""
    (event,) = confirmed(told(torn_from(40.0), 300.0, miss=0.2, seed=seed))
    assert event.violation.zone_id == "middle"
    assert event.violation.label == "sign_damaged"
    assert 40.0 + DWELL_S <= event.violation.last_at_s <= 40.0 + DWELL_S + 24.0
    assert event.violation.remarks == ()


def test_damage_from_the_first_look_on_says_so() -> None:
    """There is no earlier picture to compare with, and the violation tells."""
    (event,) = confirmed(told(torn_from(0.0), 160.0))
    assert event.violation.remarks == (Remark.NEVER_SEEN_WHOLE,)


def test_a_sign_that_fell_is_missing_while_its_neighbours_hang() -> None:
    """The wall where it hung, no detection, and the others in place."""

    def script(one: Front) -> None:
        if one.at_s >= 40.0:
            one.repaint("right", np.full((50, 160, 3), 138, np.uint8))
            del one.found["right"]

    (event,) = confirmed(told(script, 240.0))
    assert event.violation.zone_id == "right"
    assert event.violation.remarks == (Remark.SIGN_GONE,)


@pytest.mark.parametrize(("leaves", "gone"), [(False, 1), (True, 0)], ids=["wall", "leaves"])
def test_a_sign_that_fell_in_the_rain_is_missing(*, leaves: bool, gone: int) -> None:
    """Streaks make the bare wall look otherwise at every look; leaves before it might hide it."""

    def script(one: Front) -> None:
        rng = np.random.default_rng(int(one.at_s))
        if one.at_s >= 16.0:
            one.repaint("right", np.full((50, 160, 3), 138, np.uint8))
            del one.found["right"]
            for x, y in rng.integers(0, (150, 44), (60 * leaves, 2)):
                one.crop("right")[y : y + 7, x : x + 12] = (30, 80, 20)
        streaked = rng.random(one.picture.shape[:2]) < 0.03
        one.picture[streaked] = rng.integers(60, 255, (int(streaked.sum()), 1))

    found = confirmed(told(script, 110.0))
    assert [event.violation.remarks for event in found] == [(Remark.SIGN_GONE,)] * gone


def test_a_renovation_wrap_is_no_missing_sign() -> None:
    """All signs go at once: nobody says that they are missing."""

    def script(one: Front) -> None:
        if one.at_s >= 40.0:
            one.picture[40:140] = (40, 120, 60)
            one.found.clear()

    assert confirmed(told(script, 400.0)) == []


def test_leaves_before_a_sign_are_no_damage() -> None:
    """What looks different at every look is in the wind, whatever the model calls it."""

    def script(one: Front) -> None:
        if one.at_s >= 40.0:
            rng = np.random.default_rng(int(one.at_s))
            for x, y in rng.integers(0, (150, 44), (60, 2)):
                one.crop("left")[y : y + 7, x : x + 12] = (30, 80, 20)
            one.found["left"] = ("sign_damaged", 0.6)

    assert confirmed(told(script, 400.0)) == []


def test_a_model_that_errs_on_an_unchanged_sign_accuses_nobody() -> None:
    """A sign that looks as it always did is not damaged, though the model says so."""

    def script(one: Front) -> None:
        if one.at_s >= 40.0:
            one.found["left"] = ("sign_damaged", 0.9)

    assert confirmed(told(script, 300.0)) == []


def test_a_faint_score_of_damage_is_enough_where_the_sign_has_changed() -> None:
    """A model gives the damage 0.2 where 0.3 is asked: the sign's own reference is the witness."""

    def script(one: Front) -> None:
        if one.at_s >= 40.0:
            tear(one)
            one.found["middle"] = ("sign_damaged", 0.2)

    (event,) = confirmed(told(script, 300.0))
    assert event.violation.label == "sign_damaged"


def test_a_new_board_that_a_model_half_doubts_is_no_damage() -> None:
    """The shop has another board: mostly whole, says the model, and a little damaged."""

    def script(one: Front) -> None:
        if one.at_s >= 40.0:
            one.repaint("middle", np.full((50, 160, 3), (30, 60, 170), np.uint8))
            one.crop("middle")[12:38, 20:140:9] = 230
            one.found["middle"] = ("sign_damaged", 0.25)
            one.extra = (("sign", BOXES["middle"]),)

    assert confirmed(told(script, 300.0)) == []


def test_a_sign_with_a_fraction_of_its_usual_score_is_broken() -> None:
    """Half of it is dark: a model still calls it a sign, with a fifth of its score, and no more."""

    def script(one: Front) -> None:
        if one.at_s >= 40.0:
            one.repaint("right", np.full((50, 160, 3), 138, np.uint8))
            one.found["right"] = ("sign", 0.14)

    (event,) = confirmed(told(script, 240.0))
    assert event.violation.zone_id == "right"
    assert event.violation.label == "sign_damaged"


@pytest.mark.parametrize(
    ("score", "dark", "found"),
    [(0.56, True, 1), (0.66, True, 0), (0.56, False, 0)],
    ids=["less and changed", "a shadow", "less of the same"],
)
def test_a_little_less_is_damage_only_where_much_has_changed(
    score: float, found: int, *, dark: bool
) -> None:
    """Half of a board goes dark and its score falls from 0.70 to 0.56; either alone is nothing."""

    def script(one: Front) -> None:
        if one.at_s >= 40.0:
            if dark:
                one.crop("middle")[:, 70:] = one.crop("middle")[:, 70:] // 5
            one.found["middle"] = ("sign", score)

    assert len(confirmed(told(script, 300.0))) == found


@pytest.mark.parametrize(
    ("since", "torn", "found"),
    [(40.0, True, 1), (0.0, True, 0), (40.0, False, 0)],
    ids=["news", "ever since", "nothing changed"],
)
def test_damage_that_was_never_heard_of_is_news(since: float, found: int, *, torn: bool) -> None:
    """A corner comes off: nearly the same look, a fifth less of "whole", and faint damage, anew."""

    def script(one: Front) -> None:
        one.found["middle"] = ("sign", 1.0)
        if one.at_s >= 40.0 and torn:
            one.crop("middle")[32:, 108:] = 140
        if one.at_s >= since:
            one.found["middle"] = ("sign_damaged", 0.34)
            one.extra = (("sign", BOXES["middle"]),)

    events = confirmed(told(script, 300.0))
    assert len(events) == found


@pytest.mark.parametrize(("since", "found"), [(40.0, 1), (0.0, 0)], ids=["news", "ever since"])
def test_news_of_damage_is_believed_beside_a_sign_that_is_nearly_as_sure(
    since: float, found: int
) -> None:
    """A corner comes off: damaged with 0.7, says the model, and whole with 0.8 as well."""

    def script(one: Front) -> None:
        one.found["middle"] = ("sign", 1.0)
        if one.at_s >= 40.0:
            one.crop("middle")[32:, 108:] = 140
        if one.at_s >= since:
            one.found["middle"] = ("sign_damaged", 0.7)
            one.extra = (("sign", BOXES["middle"]),)

    assert len(confirmed(told(script, 300.0))) == found


@pytest.mark.parametrize("seed", range(4))
def test_what_a_sign_usually_has_is_a_mean(seed: int) -> None:
    """Its first look was lucky, and its score wavers; then the shop gets a board of the like."""

    def script(one: Front) -> None:
        wavering = np.random.default_rng([seed, int(one.at_s)]).normal(0.72, 0.08)
        one.found["middle"] = ("sign", 0.95 if one.at_s == 0 else float(wavering))
        if one.at_s >= 40.0:
            one.repaint("middle", np.full((50, 160, 3), (30, 60, 170), np.uint8))
            one.crop("middle")[12:38, 20:140:9] = 230

    assert confirmed(told(script, 400.0, seed=seed)) == []


def test_what_may_be_damaged_does_not_become_the_reference() -> None:
    """A model wavers between whole and damaged from the tear on: the reference stays the whole."""

    def script(one: Front) -> None:
        if one.at_s >= 40.0:
            one.crop("middle")[:, 120:] = 140
            sure = one.at_s >= 160.0
            one.found["middle"] = ("sign_damaged", 0.45 if sure else 0.24)
            one.extra = (("sign", BOXES["middle"]),)

    watch, rng = make(), np.random.default_rng(0)
    events: list[ViolationEvent] = []
    for look in looks(script, 400.0, rng):
        found = look.detections
        weak = np.where(found.score == np.float32(0.8), np.float32(0.42), found.score)
        events += watch.step(replace(look, detections=replace(found, score=weak))).events
    (event,) = confirmed(events)
    assert event.violation.zone_id == "middle"


def test_glare_for_a_quarter_of_the_time_is_no_damage() -> None:
    """The sun in the board for 16 s of a dwell of 64 s, every day again."""

    def script(one: Front) -> None:
        if one.at_s >= 40.0 and one.at_s % DWELL_S < 16.0:
            one.crop("middle")[:, 30:110] = 255
            one.found["middle"] = ("sign_damaged", 0.7)

    assert confirmed(told(script, 600.0)) == []


def test_letters_unlit_at_night_are_no_damage() -> None:
    """The night's reference is the lit sign; an evening without light shows a dark, whole board."""

    def script(one: Front) -> None:
        if one.at_s >= 40.0:
            one.picture[:] = one.picture // 5
            dark = one.at_s >= 140.0
            one.crop("left")[:] = one.crop("left") * (1 if dark else 4)
            if dark:
                del one.found["left"]  # nothing can be made out on it

    assert confirmed(told(script, 500.0)) == []


def lit(one: Front, name: str = "middle") -> None:
    """Make it night, with one sign lit: tubes show, of which nothing is seen by day."""
    one.picture[:] = one.picture // 3
    one.repaint(name, np.full((50, 160, 3), 20, np.uint8))
    one.crop(name)[8:14, 10:150] = one.crop(name)[34:42, 30:130] = (230, 60, 40)


def test_a_lit_sign_that_breaks_at_night_is_found_against_its_night() -> None:
    """Its tubes fail, and the board shows dimly as it does by day: by night that is damage."""

    def script(one: Front) -> None:
        if one.at_s >= 64.0:
            one.picture[:] = one.picture // 3
            one.found["middle"] = ("sign_damaged", 0.4)
        elif one.at_s >= 40.0:
            lit(one)

    (event,) = confirmed(told(script, 160.0))
    assert event.violation.zone_id == "middle"
    assert event.violation.remarks == ()


def test_a_lit_sign_that_looks_otherwise_than_by_day_is_no_damage() -> None:
    """A model half doubts the tubes, which by day are not to be seen: the night's view decides."""

    def script(one: Front) -> None:
        if one.at_s >= 40.0:
            lit(one)
        if one.at_s >= 64.0:
            one.found["middle"] = ("sign_damaged", 0.45)
            one.extra = (("sign", BOXES["middle"]),)

    watch = make()
    events: list[ViolationEvent] = []
    for look in looks(script, 160.0, np.random.default_rng(0)):
        found = look.detections
        weak = np.where(found.score == np.float32(0.8), np.float32(0.6), found.score)
        events += watch.step(replace(look, detections=replace(found, score=weak))).events
    assert confirmed(events) == []


def test_day_and_night_have_references_of_their_own() -> None:
    """Learnt apart, with a score each; through JSON too, and neither knows the other's sign."""
    by_day, by_night = front(0.0), front(0.0)
    lit(by_night)
    one = zone("middle")
    units = UNITS / WIDTH
    x0, y0, x1, y1 = one.around
    box = (x0 * UNITS, y0 * HEIGHT * units, x1 * UNITS, y1 * HEIGHT * units)
    views = SignViews()
    for _ in range(FIRST_LOOKS):
        assert not views.is_known(by_day.picture)
        views.learn(by_day.picture, box, 0.7, 0.1)
    assert not views.is_known(by_night.picture)
    for _ in range(FIRST_LOOKS):
        views.learn(by_night.picture, box, 0.4, 0.0)
    views = SignViews.from_json(json.loads(json.dumps(views.to_json())))
    tubes_by_day = front(0.0)
    tubes_by_day.repaint("middle", by_night.crop("middle"))
    alike = [views.likeness(each.picture) or 0.0 for each in (by_day, by_night, tubes_by_day)]
    assert min(alike[:2]) > 0.95
    assert alike[2] < LOOKS_CHANGED
    assert [views.usual_score(each.picture) for each in (by_day, by_night)] == [0.7, 0.4]
    heard = [views.usual_damage(each.picture) for each in (by_day, by_night)]
    assert heard == [pytest.approx(0.1), 0.0]


def test_a_truck_before_a_sign_hides_it() -> None:
    """A look that shows something else in front says nothing about the sign."""

    def script(one: Front) -> None:
        if one.at_s >= 40.0:
            one.repaint("middle", np.full((50, 160, 3), 90, np.uint8))
            one.found["middle"] = ("sign_damaged", 0.5)
            one.extra = (("truck", (230.0, 40.0, 420.0, 220.0)),)

    assert confirmed(told(script, 300.0)) == []


def test_one_box_around_nothing_does_not_excuse_an_empty_wall() -> None:
    """A sign is gone; once, a model finds somebody before the wall where it hung."""

    def script(one: Front) -> None:
        if one.at_s >= 40.0:
            one.repaint("right", np.full((50, 160, 3), 138, np.uint8))
            del one.found["right"]
        if one.at_s == 60.0:
            one.extra = (("person", (440.0, 50.0, 600.0, 130.0)),)

    (event,) = confirmed(told(script, 240.0))
    assert event.violation.zone_id == "right"


def test_a_lorry_that_a_model_misses_still_hides_the_sign() -> None:
    """It stands before the sign for hours and is found in every second look."""

    def script(one: Front) -> None:
        if one.at_s >= 40.0:
            one.repaint("right", np.full((50, 160, 3), 90, np.uint8))
            del one.found["right"]
            if one.at_s % (2 * INTERVAL_S) == 0.0:
                one.extra = (("truck", (430.0, 40.0, 620.0, 220.0)),)

    assert confirmed(told(script, 300.0)) == []


def test_a_mended_sign_is_cleared() -> None:
    """Readings of the whole sign close the loop."""

    def script(one: Front) -> None:
        if 40.0 <= one.at_s < 200.0:
            tear(one)

    changes = [event.change for event in told(script, 500.0)]
    assert changes == [Change.OPENED, Change.CONFIRMED, Change.CLEARED]


@cache
def torn(seed: int) -> tuple[list[Look], list[ViolationEvent]]:
    """Tear a sign: the looks, and what a watch that is never restarted says of them."""
    shown = list(looks(torn_from(40.0), 200.0, np.random.default_rng(seed), 0.2))
    whole = make()
    return shown, [event for look in shown for event in whole.step(look).events]


@settings(deadline=None, max_examples=5)
@given(st.integers(0, 1), st.integers(10, 90))
def test_a_restart_changes_nothing(seed: int, stop: int) -> None:
    """Snapshot and restore in the middle, through JSON: the same events."""
    shown, expected = torn(seed)
    watch = make()
    found: list[ViolationEvent] = []
    for number, look in enumerate(shown):
        if number == stop:
            kept = json.loads(json.dumps(watch.snapshot()))
            watch = make()
            watch.restore(kept)
        found += watch.step(look).events
    assert [e.violation.violation_id for e in found] == [e.violation.violation_id for e in expected]
    assert [e.change for e in found] == [e.change for e in expected]


def test_every_second_look_is_enough() -> None:
    """Half the looks, the same violation, within two readings."""
    shown = list(looks(torn_from(40.0), 300.0, np.random.default_rng(3)))
    ends = []
    for part in (shown, shown[::2]):
        watch = make()
        (event,) = confirmed([e for look in part for e in watch.step(look).events])
        ends.append(event.violation.last_at_s)
    assert abs(ends[0] - ends[1]) <= 8.0


def test_a_box_over_two_signs_tells_of_neither() -> None:
    """A model finds one wide sign where two hang; the torn one of them is still confirmed."""

    def script(one: Front) -> None:
        torn_from(40.0)(one)
        one.found["left"] = ("sign", 0.5)
        one.extra = (("sign", (40.0, 60.0, 400.0, 110.0)),)

    (event,) = confirmed(told(script, 200.0))
    assert event.violation.zone_id == "middle"


def test_what_barely_shows_covers_no_sign() -> None:
    """A faint box of a bus before the torn sign, at every look, hides nothing."""
    watch, rng = make(), np.random.default_rng(0)
    events: list[ViolationEvent] = []
    for look in looks(torn_from(40.0), 200.0, rng):
        found = look.detections
        bus = VOCABULARY.index("bus")
        faint = Detections(
            np.vstack([found.xyxy, [[200.0, 40.0, 420.0, 300.0]]]).astype(np.float32),
            np.append(found.score, 0.15).astype(np.float32),
            np.append(found.label, bus).astype(np.int32),
        )
        events += watch.step(replace(look, detections=faint)).events
    assert [event.violation.zone_id for event in confirmed(events)] == ["middle"]
