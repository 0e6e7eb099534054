"""Debris on the water, from scripted looks to violations: what counts, and what does not."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors import Change, Look, Rule, Watch, Zone
from detectors.current import carried
from tests.gathered import (
    band,
    changes,
    events,
    half,
    in_sessions,
    mirrored,
    mirrored_zone,
    restarted,
    seen,
    things,
    times,
    told,
)
from tests.looks import Car, Noise, Street, watch

RIVER = band("river", "water", 0.4)
DWELL_S = 60.0
FEW = settings(max_examples=6, deadline=None)
NOISY = st.builds(Noise, seed=st.integers(0, 10_000), miss=st.just(0.2), jitter_px=st.just(3.0))


def _rule(dwell_s: float | None = DWELL_S, **fields: object) -> Rule:
    given_fields = {"zones": (RIVER,), "dwell_s": dwell_s, **fields}
    return Rule("floating_debris", **given_fields)  # type: ignore[arg-type]  # fields by name


def _pieces(count: int, start_s: float = 0.0, end_s: float = float("inf")) -> list[Car]:
    """Pieces that lie still on the water, here and there."""
    return things(
        "floating_debris",
        count,
        start_s,
        end_s,
        size=(22.0, 16.0),
        corner=(60.0, 180.0),
        apart=(90.0, 37.0),
        columns=5,
    )


def _drift(speed_px_s: float, until_s: float, lanes: int = 6, seed: int = 1) -> list[Car]:
    """Pieces that come from the left and drift through, all alike, new ones all the time."""
    random = Random(seed)
    gap_s = 120.0 / speed_px_s
    return [
        Car(
            (-30.0, y, -8.0, y + 16.0),
            start_s,
            start_s + 700.0 / speed_px_s,
            "floating_debris",
            speed_px_s=speed_px_s,
        )
        for lane in range(lanes)
        for wave in range(-8, int(until_s / gap_s) + 1)
        for start_s in ((wave + random.random() * 0.7) * gap_s,)
        for y in (160.0 + 28.0 * lane + random.uniform(-3.0, 3.0),)
    ]


STILL = _pieces(8, 6.0)


def test_pieces_that_lie_there_are_confirmed_once_and_cleared() -> None:
    """Eight pieces for 100 s: opened, confirmed, cleared once they are taken out."""
    found = seen(_rule(), _pieces(8, 6.0, 100.0), 160.0)
    assert changes(found) == ["opened", "confirmed", "cleared"]
    assert times(found, "confirmed") == [66.0]


@pytest.mark.parametrize("speed_px_s", [2.0, 6.0, 12.0])
def test_pieces_that_drift_are_the_zones_violation(speed_px_s: float) -> None:
    """No piece stays in view, but there are always many: one violation of the zone."""
    found = events(_rule(), _drift(speed_px_s, 100.0), 100.0)
    assert [event.change for event in found] == [Change.OPENED, Change.CONFIRMED]
    assert (found[-1].violation.count or 0) >= 5
    assert 60.0 <= found[-1].violation.last_at_s <= 76.0


def test_two_large_mats_count_by_the_share_of_the_water() -> None:
    """Two mats of weed cover a tenth of it; four pieces that cover little are no violation."""
    mats = [
        Car((100.0, 200.0, 200.0, 260.0), label="floating_debris"),
        Car((300.0, 220.0, 420.0, 290.0), label="floating_debris"),
    ]
    found = events(_rule(), mats, 80.0)
    assert [event.change for event in found] == [Change.OPENED, Change.CONFIRMED]
    assert found[-1].violation.share == pytest.approx(0.113, abs=0.02)
    assert seen(_rule(), _pieces(4), 120.0) == []
    assert seen(_rule(share=0.3), mats, 80.0) == []


def test_a_boat_is_no_debris() -> None:
    """One large box, moored or under way, is one box."""
    moored = Car((100.0, 180.0, 320.0, 300.0), label="floating_debris")
    under_way = replace(moored, speed_px_s=4.0)
    assert seen(_rule(), [moored], 200.0) == []
    assert seen(_rule(), [under_way], 200.0) == []


def test_glints_flicker_and_do_not_count() -> None:
    """A dozen glints in every look, each somewhere else."""
    random = Random(11)
    glints = [
        Car((x, y, x + 20.0, y + 14.0), 2.0 * look - 0.5, 2.0 * look + 0.5, "floating_debris", 0.6)
        for look in range(150)
        for x, y in ((random.uniform(20.0, 600.0), random.uniform(150.0, 330.0)) for _ in range(12))
    ]
    assert "confirmed" not in changes(seen(_rule(), glints, 300.0))


def test_ducks_swim_their_own_ways() -> None:
    """Seven ducks swim about, in all directions: no current carries all of them."""
    found = told(watch(_rule()), _ducks(300.0))
    assert "confirmed" not in changes(found)


def _ducks(until_s: float) -> list[Look]:
    random = np.random.default_rng(4)
    place = np.stack([random.uniform(80, 560, 7), random.uniform(170, 320, 7)], axis=1)
    heading = random.uniform(0, 2 * np.pi, 7)
    looks = []
    for index in range(int(until_s / 2.0)):
        heading += random.normal(0.0, 0.6, 7)
        place += 16.0 * np.stack([np.cos(heading), np.sin(heading)], axis=1)
        outside = (place < [60, 160]) | (place > [580, 330])  # at the bank they turn round
        heading = np.where(outside.any(axis=1), heading + np.pi, heading)
        place = np.clip(place, [60, 160], [580, 330])
        cars = [Car((x, y, x + 18.0, y + 12.0), label="floating_debris") for x, y in place]
        looks.append(Street(cars).look(2.0 * index, index))
    return looks


def test_foam_that_goes_again_is_discarded() -> None:
    """Foam below a weir for five minutes, where ten are asked for."""
    found = seen(_rule(None), _pieces(12, 10.0, 310.0), 400.0)
    assert changes(found) == ["opened", "discarded"]


def test_once_a_day() -> None:
    """Back in the afternoon: the same case. Back the next morning: another one."""
    start = datetime(2026, 1, 5, 1, 0, tzinfo=UTC)  # 09:00 in Shanghai
    one = watch(_rule())
    found = []
    for hours in (0, 6, 25):
        cars = _pieces(8, hours * 3600.0, hours * 3600.0 + 100.0)
        for index in range(100):
            look = Street(cars).look(hours * 3600.0 + 2.0 * index, index, start)
            found += [
                (str(event.change), event.violation.opened_at) for event in one.step(look).events
            ]
    assert [change for change, _ in found] == [
        *("opened", "confirmed", "cleared", "updated", "cleared"),
        *("opened", "confirmed", "cleared"),
    ]
    assert found[-1][1] - found[0][1] == timedelta(hours=25)


def test_the_current_is_what_most_pieces_agree_on() -> None:
    """Eight of ten went 14 right and 3 down, two swam elsewhere; one alone says nothing."""
    random = np.random.default_rng(2)
    corner = np.stack([random.uniform(0, 500, 10), random.uniform(150, 300, 10)], axis=1)
    before = np.concatenate([corner, corner + 16.0], axis=1)
    way = np.tile([14.0, 3.0], (10, 1))
    way[8:] = [[-30.0, 5.0], [4.0, -25.0]]
    now = before + np.tile(way, (1, 2))
    assert carried(before, now, (0.0, 0.0), 2.0) == pytest.approx((14.0, 3.0), abs=0.1)
    assert carried(before[:1], now[:1], (1.0, 0.0), 2.0) == (2.0, 0.0)


def _make() -> Watch:
    return watch(_rule())


@FEW
@given(NOISY, st.sampled_from([0.0, 6.0]))
def test_noise_delays_by_looks_only(noise: Noise, speed_px_s: float) -> None:
    """One look in five missed, 3 px of jitter, still or drifting: once, a few looks late."""
    cars = STILL if speed_px_s == 0.0 else _drift(speed_px_s, 120.0)
    found = seen(_rule(), cars, 120.0, noise)
    assert changes(found) == ["opened", "confirmed"]
    assert 60.0 <= times(found, "confirmed")[0] <= 84.0


@FEW
@given(NOISY, st.integers(0, 1))
def test_every_second_look_gives_the_same_violation(noise: Noise, offset: int) -> None:
    """Half the looks: the same confirmation, within three of the sparser intervals."""
    looks = Street(STILL, noise=replace(noise, miss=0.0)).looks(120.0)
    found = told(_make(), looks[offset::2])
    assert changes(found) == ["opened", "confirmed"]
    assert abs(times(found, "confirmed")[0] - 66.0) <= 12.0


@FEW
@given(NOISY, st.integers(0, 10_000), st.sampled_from([0.0, 6.0]))
def test_a_random_half_of_the_looks_gives_the_same_violation(
    noise: Noise, seed: int, speed_px_s: float
) -> None:
    """Looks lost at random, no gap over 8 s: the same confirmation, a few gaps late at most."""
    cars = STILL if speed_px_s == 0.0 else _drift(speed_px_s, 140.0)
    looks = Street(cars, noise=replace(noise, miss=0.0)).looks(140.0)
    found = told(_make(), half(looks, Random(seed), 8.0))
    assert changes(found) == ["opened", "confirmed"]
    assert 60.0 <= times(found, "confirmed")[0] <= 96.0


@FEW
@given(NOISY, st.lists(st.integers(1, 59), max_size=5))
def test_sessions_change_nothing(noise: Noise, cuts: list[int]) -> None:
    """A stream that reconnects between two looks gives the same events."""
    looks = Street(STILL, noise=replace(noise, miss=0.05)).looks(120.0)
    assert told(_make(), in_sessions(looks, cuts)) == told(_make(), looks)


@FEW
@given(NOISY, st.integers(1, 59))
def test_a_restart_changes_nothing(noise: Noise, cut: int) -> None:
    """A snapshot through JSON and a new watch: the same events, with a current, too."""
    looks = Street(_drift(6.0, 120.0), noise=noise).looks(120.0)
    assert restarted(_make, looks, cut) == told(_make(), looks)


@FEW
@given(NOISY)
def test_a_mirrored_river_has_the_same_violation(noise: Noise) -> None:
    """Picture and zones mirrored: the same changes at the same times."""
    zone = Zone("river", "water", ((0.05, 0.4), (0.95, 0.45), (0.98, 1.0), (0.0, 1.0)))
    looks = Street(_drift(6.0, 100.0), noise=noise).looks(100.0)
    there = told(watch(_rule(zones=(zone,))), looks)
    back = told(watch(_rule(zones=(mirrored_zone(zone),))), map(mirrored, looks))
    assert there == back
