"""Spilled muck and heaps: new, dry, and no trick of light, tar, water or wind."""

import json
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from detectors import Look, Rule, Zone
from tests.looks import Car, Noise, Street, confirmations, merged, told, watch, window

MUCK = (300.0, 250.0, 360.0, 276.0)
ROAD = Zone("road", "carriageway", ((0.0, 0.5), (1.0, 0.5), (1.0, 1.0), (0.0, 1.0)))


def _rule(kind: str = "muck_spill", **fields: object) -> Rule:
    given = {"zones": (ROAD,), "dwell_s": 60.0, **fields}
    return Rule(kind, **given)  # type: ignore[arg-type]  # fields of Rule by name


def _muck(start_s: float = 20.0, end_s: float = float("inf"), **fields: object) -> Car:
    return Car(**{"box": MUCK, "start_s": start_s, "end_s": end_s, "label": "muck", **fields})  # type: ignore[arg-type]


def _passing(first_s: float, label: str = "car", count: int = 1, every_s: float = 8.0) -> list[Car]:
    """Vehicles that cross the road below the muck, each within 6 s."""
    return [
        Car((0.0, 300.0, 90.0, 350.0), start, start + 6.0, label, speed_px_s=110.0)
        for start in (first_s + every_s * number for number in range(count))
    ]


def test_muck_that_stays_while_traffic_passes_is_confirmed() -> None:
    """Bare for 20 s, then muck; cars pass: confirmed when its 60 s are over, cleared when swept."""
    street = Street([_muck(end_s=140.0), *_passing(24.0, count=10)])
    events = told(watch(_rule()), street.looks(240.0))
    assert events[:2] == [("opened", 22.0), ("confirmed", 80.0)]
    assert [change for change, _ in events] == ["opened", "confirmed", "cleared"]


def test_on_a_quiet_road_it_takes_twice_as_long() -> None:
    """Without a vehicle that passed, muck has to lie for two dwells."""
    found = confirmations(watch(_rule()), Street([_muck()]).looks(240.0))
    assert [event.violation.last_at_s for event in found] == [140.0]


def test_lorries_of_the_last_minutes_are_possible_sources() -> None:
    """What passed before is named, with its time and box, and nothing after."""
    lorries = [*_passing(8.0, "muck_truck"), *_passing(60.0, "truck")]
    street = Street([_muck(), *lorries, *_passing(30.0, count=4)])
    (event,) = confirmations(watch(_rule()), street.looks(100.0))
    (lorry,) = event.violation.passing
    assert lorry.label == "muck_truck"
    assert lorry.at_s == 12.0
    assert (event.violation.opened_at - lorry.captured_at).total_seconds() == 8.0
    assert lorry.box[0] == pytest.approx(440.0)


def test_a_lorry_of_six_minutes_before_is_no_source() -> None:
    """Five minutes are gone back over: the one that passed four minutes before is named."""
    lorries = [*_passing(8.0, "muck_truck"), *_passing(128.0, "truck")]
    street = Street([_muck(370.0), *lorries, *_passing(380.0, count=4)])
    (event,) = confirmations(watch(_rule()), street.looks(450.0))
    assert [lorry.label for lorry in event.violation.passing] == ["truck"]


@pytest.mark.parametrize(
    ("other", "start_s", "cases"),
    [
        ((250.0, 270.0, 290.0, 290.0), 20.0, 1),  # beside it, smaller
        ((200.0, 260.0, 290.0, 300.0), 22.0, 1),  # beside it, larger, a look later
        ((40.0, 250.0, 100.0, 276.0), 20.0, 2),  # far along the road
        ((250.0, 270.0, 290.0, 290.0), 40.0, 2),  # beside it, of another lorry
    ],
)
def test_patches_that_come_together_are_one_spill(
    other: tuple[float, float, float, float], start_s: float, cases: int
) -> None:
    """One lorry loses both at a place within a moment: one case; elsewhere or later: another."""
    things = [_muck(), _muck(start_s, box=other), *_passing(24.0, count=24)]
    assert len(confirmations(watch(_rule()), Street(things).looks(240.0))) == cases


@pytest.mark.parametrize(
    ("things", "why"),
    [
        ([_muck(0.0)], "there at the first look: tar, an old stain"),
        ([_muck(4.0)], "there before the road was known without it"),
        ([_muck(20.0, 60.0)], "swept or blown away in time"),
        ([_muck(20.0, box=(300.0, 100.0, 360.0, 126.0))], "not on the carriageway"),
        ([_muck(20.0 + 12 * i, 26.0 + 12 * i) for i in range(14)], "light that comes and goes"),
        (
            [
                _muck(20.0 + 6 * i, 26.0 + 6 * i, box=(40.0 + 37 * i, 250.0, 80.0 + 37 * i, 270.0))
                for i in range(16)
            ],
            "leaves that the wind moves on",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_no_spill(things: list[Car], why: str) -> None:
    """Each of these is a false friend."""
    del why
    street = Street([*things, *_passing(24.0, count=24)])
    assert not confirmations(watch(_rule()), street.looks(220.0))


def test_a_stone_nearer_the_camera_does_not_take_muck_off_the_road() -> None:
    """The lowest part of its box lies outside the zone, most of the box inside."""
    far = Zone("far", "carriageway", ((0.0, 0.5), (1.0, 0.5), (1.0, 0.75), (0.0, 0.75)))
    street = Street([_muck(20.0, box=(300.0, 240.0, 360.0, 278.0)), *_passing(24.0, count=24)])
    near = Street([_muck(20.0, box=(300.0, 258.0, 360.0, 296.0)), *_passing(24.0, count=24)])
    assert confirmations(watch(_rule(zones=(far,))), street.looks(180.0))
    assert not confirmations(watch(_rule(zones=(far,))), near.looks(180.0))


@pytest.mark.parametrize("found", [True, False], ids=["found", "missed in one look"])
def test_a_large_lorry_is_no_rain(*, found: bool) -> None:
    """It hides half of the road in the look in which it loses its load."""
    random = np.random.default_rng(4)
    clean = random.integers(90, 130, (360, 640, 3)).astype(np.uint8)
    lorry = (0.0, 150.0, 420.0, 360.0)
    shown = Street([_muck(20.0), *([Car(lorry, 18.0, 20.0, "truck")] if found else [])])
    looks = []
    for look in shown.looks(160.0):
        picture = clean.copy()
        if look.at_s == 18.0:
            picture[150:360, 0:420] = (150, 30, 30)
        if look.at_s >= 20.0:
            picture[250:276, 300:360] = random.integers(120, 230, (26, 60, 1))
        looks.append(replace(look, picture=picture))
    assert confirmations(watch(_rule()), looks)


def test_what_a_parked_vehicle_hid_is_not_new() -> None:
    """A lorry drives off a stain over which it stood from the first look on."""
    lorry = Car((260.0, 180.0, 420.0, 300.0), 0.0, 40.0, "truck")
    street = Street([_muck(0.0), lorry, *_passing(60.0, count=14)])
    assert not confirmations(watch(_rule()), street.looks(200.0))


@pytest.mark.parametrize(("stood_s", "confirmed"), [(1800.0, True), (3700.0, False)])
def test_what_was_last_seen_bare_an_hour_ago_is_not_new(stood_s: float, *, confirmed: bool) -> None:
    """A lorry drives off muck: within the hour the place is known without it, later it is not."""
    gone_s = 200.0 + stood_s
    lorry = Car((260.0, 180.0, 420.0, 300.0), 200.0, gone_s, "truck")
    looks = Street([_muck(300.0), lorry]).looks(gone_s + 300.0, interval_s=20.0)
    assert bool(confirmations(watch(_rule(), interval_s=20.0), looks)) is confirmed


@pytest.mark.parametrize(("bare_s", "confirmed"), [(1800.0, False), (3700.0, True)])
def test_a_stain_is_forgotten_after_an_hour(bare_s: float, *, confirmed: bool) -> None:
    """An old stain is found again within the hour; muck that comes there later is new."""
    back_s = 100.0 + bare_s
    looks = Street([_muck(0.0, 100.0), _muck(back_s)]).looks(back_s + 300.0, interval_s=20.0)
    assert bool(confirmations(watch(_rule(), interval_s=20.0), looks)) is confirmed


def test_the_load_of_a_lorry_is_no_spill() -> None:
    """A tipper that stands loaded on the road carries its muck."""
    lorry = Car((260.0, 200.0, 420.0, 300.0), 20.0, label="muck_truck_open")
    load = _muck(box=(290.0, 225.0, 380.0, 260.0))
    looks = Street([load]).looks(200.0)
    lorries = Street([lorry]).looks(200.0)
    both = [merged(pair) for pair in zip(looks, lorries, strict=True)]
    assert not told(watch(_rule()), both)


def test_the_light_of_a_waiting_car_is_no_spill() -> None:
    """At night a patch before a car that waits goes with the car; 40 looks of it prove nothing."""
    waiting = Car((190.0, 230.0, 290.0, 285.0), 20.0, 110.0)
    street = Street([_muck(20.0, 110.0), waiting, *_passing(24.0, count=10)])
    assert not confirmations(watch(_rule()), street.looks(140.0))


@pytest.mark.parametrize("seed", range(6))
def test_a_waiting_vehicle_that_is_missed_at_times_still_waits(seed: int) -> None:
    """One look in five misses the car (or the tipper under its load): those looks prove nothing."""
    noise = Noise(seed, 0.2, 3.0)
    traffic = _passing(24.0, count=16)
    waiting = Car((190.0, 230.0, 290.0, 285.0), 20.0, 160.0)
    light = Street([_muck(20.0, 160.0), waiting, *traffic], noise=noise)
    assert not confirmations(watch(_rule()), light.looks(180.0))
    tipper = Street([Car((260.0, 200.0, 420.0, 300.0), 20.0, label="muck_truck_open")], noise=noise)
    load = Street([_muck(box=(290.0, 225.0, 380.0, 260.0))], noise=Noise(seed + 50, 0.2, 3.0))
    looks = [merged(pair) for pair in zip(load.looks(180.0), tipper.looks(180.0), strict=True)]
    assert not confirmations(watch(_rule()), looks)


def test_many_pieces_at_once_all_over_the_road_are_no_spill() -> None:
    """Rain, leaves: the clock stands while the road is strewn; a lorry's trail is a line."""
    spots = [(60, 200), (560, 210), (100, 330), (540, 320), (330, 200), (320, 335), (200, 260)]
    strewn = [
        _muck(20.0 + 2 * i, box=(x - 20.0, y - 12.0, x + 20.0, y + 0.0))
        for i, (x, y) in enumerate(spots)
    ]
    cars = _passing(24.0, count=18)
    assert not confirmations(watch(_rule()), Street([*strewn, *cars]).looks(170.0))
    trail = [
        _muck(20.0, box=(40.0 + 80 * i, 240.0 + 4 * i, 80.0 + 80 * i, 256.0 + 4 * i))
        for i in range(7)
    ]
    assert len(confirmations(watch(_rule()), Street([*trail, *cars]).looks(170.0))) == 7


def test_a_patch_that_dries_is_no_spill() -> None:
    """It shrinks all the time."""
    looks = []
    for index in range(80):
        share = max(0.3, 1.0 - max(0.0, 2.0 * index - 20.0) / 150.0)
        half = 30.0 * share**0.5
        box = (330.0 - half, 276.0 - half, 330.0 + half, 276.0)
        looks.append(Street([_muck(box=box), *_passing(24.0, count=18)]).look(2.0 * index, index))
    assert not confirmations(watch(_rule()), looks)


# With pictures ------------------------------------------------------------------------------

ASPHALT = (104.0, 106.0, 108.0)
SOIL = (128.0, 98.0, 70.0)
WATER = (68.0, 69.0, 71.0)
SHADE = (70.0, 74.0, 80.0)


def _picture(
    patches: Sequence[tuple[tuple[float, ...], tuple[float, ...], float]],
) -> NDArray[np.uint8]:
    """Paint a road and house fronts; patches: box, colour, unevenness in grey levels."""
    random = np.random.default_rng(11)
    picture = np.full((360, 640, 3), 150.0)
    picture[::24] -= 40.0
    picture[180:] = ASPHALT
    for (x0, y0, x1, y1), colour, uneven in patches:
        part = picture[int(y0) : int(y1), int(x0) : int(x1)]
        blocks = random.normal(0.0, uneven, (part.shape[0] // 6 + 1, part.shape[1] // 6 + 1, 1))
        part[:] = colour
        part += np.repeat(np.repeat(blocks, 6, 0), 6, 1)[: part.shape[0], : part.shape[1]]
    picture += random.normal(0.0, 3.0, picture.shape)
    return np.asarray(np.clip(picture, 0, 255), np.uint8)


def _shown(
    street: Street, until_s: float, painted: object, light: float = 1.0, interval_s: float = 2.0
) -> list[Look]:
    """Give the looks of a street pictures: painted(at_s) lists the patches."""
    shown = []
    pictures: dict[str, NDArray[np.uint8]] = {}
    for look in street.looks(until_s, interval_s):
        patches = painted(look.at_s)  # type: ignore[operator]  # a function of the time
        key = repr(patches)
        if key not in pictures:
            pictures[key] = np.clip(_picture(patches) * light, 0, 255).astype(np.uint8)
        shown.append(replace(look, picture=pictures[key]))
    return shown


@pytest.mark.parametrize(
    ("before", "after", "confirmed"),
    [
        ([], [(MUCK, SOIL, 12.0)], True),
        ([], [(MUCK, (150.0, 148.0, 146.0), 14.0)], True),  # lime, gravel: lighter
        ([], [(MUCK, (109.0, 106.0, 103.0), 6.0)], True),  # grey soil: by little, but everywhere
        ([(MUCK, SOIL, 12.0)], [(MUCK, SOIL, 12.0)], False),  # tar: the model found it only now
        ([], [(MUCK, WATER, 1.0)], False),  # a bucket of water
        ([], [(MUCK, SHADE, 1.0)], False),  # the shade of a post
        ([], [((0, 180, 640, 360), WATER, 1.0), (MUCK, (60.0, 60.0, 62.0), 14.0)], False),  # rain
    ],
    ids=["soil", "gravel", "grey soil", "tar", "water", "shade", "wet road"],
)
def test_pixels_tell_muck_from_tar_water_and_shade(
    before: list[object], after: list[object], *, confirmed: bool
) -> None:
    """The place is compared with what the road looked like when it was bare."""
    street = Street([_muck(30.0), *_passing(34.0, count=12)])
    looks = _shown(street, 140.0, lambda at_s: before if at_s < 30.0 else after)
    assert bool(confirmations(watch(_rule()), looks)) is confirmed


WET_ROAD = ((0, 180, 640, 360), WATER, 1.0)


@pytest.mark.parametrize(
    "in_rain", [(82.0, 63.0, 45.0), SOIL], ids=["it darkens too", "it keeps its colour"]
)
def test_a_dry_spill_waits_for_the_rain_to_end(in_rain: tuple[float, ...]) -> None:
    """28 s of 60 before a shower: the clock stands until the road is dry, then goes on.

    The road gets darker around it; that it looks otherwise then makes it no other spill.
    """

    def painted(at_s: float) -> Sequence[object]:
        rain = [WET_ROAD, (MUCK, in_rain, 12.0)]
        spilt = [(MUCK, SOIL, 12.0)] if at_s >= 30.0 else []
        return rain if 60.0 <= at_s < 100.0 else spilt

    street = Street([_muck(30.0), *_passing(34.0, count=4)])
    events = told(watch(_rule()), _shown(street, 450.0, painted))
    assert [change for change, _ in events] == ["opened", "confirmed"]
    # wet for five minutes after it last looked so, and half a minute is left
    assert 420.0 <= events[1][1] <= 440.0


@pytest.mark.parametrize("came_s", [100.0, 110.0], ids=["in the first wet look", "in the rain"])
def test_what_came_with_the_rain_is_believed_half_an_hour_after_it(came_s: float) -> None:
    """What the water left may be water, though the road around it is dry.

    Once it is known that it rains, what comes stays the same thing when the road dries.
    """

    def painted(at_s: float) -> Sequence[object]:
        rain = [WET_ROAD, (MUCK, SOIL, 12.0)]
        return [] if at_s < 100.0 else rain if at_s < 160.0 else [(MUCK, SOIL, 12.0)]

    lorry = Car((0.0, 300.0, 90.0, 350.0), 90.0, 91.0, "truck")
    looks = _shown(Street([_muck(came_s), lorry]), 2300.0, painted, interval_s=10.0)
    (event,) = confirmations(watch(_rule(), interval_s=10.0), looks)
    assert event.violation.last_at_s == pytest.approx(2250.0, abs=20.0)
    if came_s > 100.0:
        assert [passed.label for passed in event.violation.passing] == ["truck"]


def test_a_cloud_changes_nothing_about_a_spill() -> None:
    """All of the picture gets darker by a third while the muck lies there."""
    street = Street([_muck(30.0), *_passing(34.0, count=12)])
    bright = _shown(street, 140.0, lambda at_s: [] if at_s < 30.0 else [(MUCK, SOIL, 12.0)])
    dull = _shown(street, 140.0, lambda _: [(MUCK, SOIL, 12.0)], light=0.66)
    looks = [dark if light.at_s > 50.0 else light for light, dark in zip(bright, dull, strict=True)]
    assert len(confirmations(watch(_rule()), looks)) == 1


def test_the_reference_survives_a_restart() -> None:
    """Tar that the model finds only after a restart was there before it."""
    street = Street([_muck(60.0), *_passing(64.0, count=12)])
    looks = _shown(street, 160.0, lambda _: [(MUCK, SOIL, 12.0)])
    first = watch(_rule())
    assert not told(first, looks[:25])
    second = watch(_rule())
    second.restore(json.loads(json.dumps(first.snapshot())))
    assert not confirmations(second, looks[25:])


# Heaps --------------------------------------------------------------------------------------


def test_a_heap_that_stays_is_confirmed_after_an_hour() -> None:
    """Anywhere, also if it was there at the first look, and though looks miss it at times."""
    street = Street([_muck(0.0)], noise=Noise(2, 0.2, 3.0))
    found = confirmations(watch(_rule("muck_pile", dwell_s=None)), street.looks(3640.0))
    assert len(found) == 1
    assert 3600.0 <= found[0].violation.last_at_s <= 3610.0


@pytest.mark.parametrize(("edge_y", "confirmed"), [(270.0, True), (258.0, False)])
def test_a_heap_lies_where_its_middle_is(edge_y: float, *, confirmed: bool) -> None:
    """Its front edge, at 276, reaches over the kerb; its middle lies a quarter higher, at 264."""
    edge = edge_y / 360.0
    pavement = Zone("pavement", "any", ((0.0, 0.4), (1.0, 0.4), (1.0, edge), (0.0, edge)))
    street = Street([_muck(0.0, box=(290.0, 228.0, 370.0, 276.0))])
    found = confirmations(watch(_rule("muck_pile", zones=(pavement,))), street.looks(100.0))
    assert bool(found) is confirmed


def test_permitted_works_may_have_heaps() -> None:
    """Within a permit nothing is confirmed; when it is over the heap has to go."""
    one = watch(_rule("muck_pile", allow=(window("mon", "08:00", "12:05"),)))
    found = confirmations(one, Street([_muck(0.0)]).looks(500.0))
    assert [event.violation.last_at_s for event in found] == [360.0]


@pytest.mark.parametrize(
    ("colour", "confirmed"),
    [(SOIL, True), ((50.0, 120.0, 60.0), False), ((20.0, 24.0, 20.0), True)],
    ids=["soil", "green net", "too dark to tell"],
)
def test_soil_under_a_green_net_is_covered(colour: tuple[float, ...], *, confirmed: bool) -> None:
    """A net is seen by its green; by night nothing is."""
    looks = _shown(Street([_muck(0.0)]), 100.0, lambda _: [(MUCK, colour, 6.0)])
    assert bool(confirmations(watch(_rule("muck_pile")), looks)) is confirmed


def test_a_heap_that_gets_a_net_in_time_is_covered() -> None:
    """Netted after 30 s of 60: the clock stands."""
    green = (50.0, 120.0, 60.0)
    looks = _shown(
        Street([_muck(0.0)]),
        200.0,
        lambda at_s: [(MUCK, SOIL if at_s < 30.0 else green, 6.0)],
    )
    assert not confirmations(watch(_rule("muck_pile")), looks)


def _wavering(end_s: float = 200.0) -> list[Car]:
    """Rubble that a model takes now for muck, now for garbage, and now and then for both."""
    named = (("muck", "garbage", "both")[number // 2 % 3] for number in range(int(end_s) // 2))
    return [
        _muck(2.0 * number, 2.0 * number + 2.0, label=label)
        for number, name in enumerate(named)
        for label in (("muck", "garbage") if name == "both" else (name,))
    ]


def test_a_heap_that_passes_for_muck_and_for_garbage_is_one() -> None:
    """It is one thing, and its dwell goes on, whatever a model calls it in a look."""
    found = confirmations(watch(_rule("muck_pile")), Street(_wavering()).looks(200.0))
    assert [event.violation.last_at_s for event in found] == [60.0]


def test_garbage_is_accused_once_where_two_rules_watch() -> None:
    """A rule about garbage goes first; elsewhere, or with classes of its own, a heap is a heap."""
    looks = list(Street([_muck(0.0, label="garbage")]).looks(200.0))
    bank = Zone("bank", "any", ((0.0, 0.0), (0.2, 0.0), (0.2, 0.2), (0.0, 0.2)))
    there = _rule("exposed_garbage")
    elsewhere = _rule("exposed_garbage", zones=(bank,))
    named = _rule("muck_pile", classes=frozenset({"muck", "garbage"}))
    for rules, kinds in (
        ((_rule("muck_pile"), there), ["exposed_garbage"]),
        ((_rule("muck_pile"), elsewhere), ["muck_pile"]),
        ((named, elsewhere), ["muck_pile"]),
        ((_rule("muck_pile", classes=frozenset({"muck"})),), []),
    ):
        found = confirmations(watch(*rules), looks)
        assert [event.violation.kind for event in found] == kinds


def test_what_waits_for_its_collection_is_no_heap() -> None:
    """Bags at a collection point that the rule does not name; one that it names is accused."""
    point = Zone("point", "collection_point", ROAD.polygon)
    looks = list(Street([_muck(0.0, label="garbage")]).looks(100.0))
    assert not confirmations(watch(_rule("muck_pile", context=(point,))), looks)
    assert confirmations(watch(_rule("muck_pile", zones=(point,), context=(point,))), looks)


def test_somebody_who_lies_there_is_no_heap() -> None:
    """A box of garbage on a person is that person."""
    lying = [_muck(0.0, label="garbage", score=0.5), _muck(0.0, label="person")]
    assert not confirmations(watch(_rule("muck_pile")), Street(lying).looks(100.0))


@pytest.mark.parametrize(("score", "found"), [(0.2, True), (0.5, False)])
def test_a_lorry_that_barely_shows_covers_no_road(score: float, *, found: bool) -> None:
    """A faint box over the whole road at every look, as models make them, excuses no muck."""
    phantom = Car((0.0, 182.0, 640.0, 358.0), label="truck", score=score)
    street = Street([_muck(), *_passing(24.0, count=10)]).looks(100.0)
    looks = zip(street, Street([phantom]).looks(100.0), strict=True)
    assert bool(confirmations(watch(_rule()), [merged(pair) for pair in looks])) == found
