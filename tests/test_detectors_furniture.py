"""What a street learns of its furniture: for how long, on how many nights, and until when."""

from datetime import datetime, timedelta

from detectors.furniture import Furniture
from tests.looks import SHANGHAI

KIOSK = (80.0, 230.0, 160.0, 300.0)
STOOD_S = 1800.0
FORTNIGHT = 14
NIGHT = datetime(2026, 1, 6, 3, 10, tzinfo=SHANGHAI)


def _nights(one: Furniture, first: int, count: int, stood_s: float = STOOD_S) -> list[bool]:
    """Let a kiosk stand for some of each of these nights; whether each made it furniture."""
    told = []
    for day in range(first, first + count):
        seen = []
        for passed_s in (0.0, stood_s / 2, stood_s):
            local = NIGHT + timedelta(days=day, seconds=passed_s)
            one.forget(local)
            seen.append(one.see(KIOSK, "pavement", 86_400.0 * day + passed_s, local))
        told.append(any(seen))
    return told


def test_who_packs_up_late_is_no_furniture() -> None:
    """Half an hour of a night, not a minute less, on each of three."""
    vendor, kiosk = Furniture(), Furniture()
    assert _nights(vendor, 0, 6, STOOD_S - 60.0) == [False] * 6
    assert not vendor.holds(KIOSK)
    assert _nights(kiosk, 0, 6) == [False, False, True, False, False, False]
    assert kiosk.holds(KIOSK)


def test_nights_of_long_ago_are_forgotten() -> None:
    """Two nights, then a fortnight without it: what comes back has three nights to stand anew."""
    one = Furniture()
    assert _nights(one, 0, 2) == [False, False]
    assert _nights(one, 1 + FORTNIGHT + 1, 3) == [False, False, True]
    soon = Furniture()
    assert _nights(soon, 0, 2) == [False, False]
    assert _nights(soon, 1 + FORTNIGHT, 1) == [True]


def test_furniture_that_was_carried_off_excuses_nobody() -> None:
    """It is furniture for a fortnight after the last night that showed it, and then no more."""
    one = Furniture()
    _nights(one, 0, 3)
    one.forget(NIGHT + timedelta(days=2 + FORTNIGHT))
    assert one.holds(KIOSK)
    one.forget(NIGHT + timedelta(days=3 + FORTNIGHT))
    assert not one.holds(KIOSK)
