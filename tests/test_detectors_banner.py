"""Illegal banners: only in zones where none may hang, and only those that hang."""

from datetime import UTC, datetime

import pytest

from detectors import KINDS, Rule, Zone
from tests.looks import Car, Noise, Street, confirmations, told, watch, window

BANNER = (200.0, 80.0, 380.0, 110.0)
RAIL = Zone("rail", "banner_free", ((0.0, 0.0), (1.0, 0.0), (1.0, 0.5), (0.0, 0.5)))


def _rule(**fields: object) -> Rule:
    given = {"zones": (RAIL,), "dwell_s": 120.0, **fields}
    return Rule("illegal_banner", **given)  # type: ignore[arg-type]  # fields of Rule by name


def _banner(**fields: object) -> Car:
    return Car(BANNER, label="banner", **fields)  # type: ignore[arg-type]  # fields of Car


def test_a_banner_that_hangs_is_confirmed_and_reviewed() -> None:
    """After its dwell, once; every such case waits for a person."""
    found = confirmations(watch(_rule()), Street([_banner(start_s=4.0)]).looks(300.0))
    assert [event.violation.last_at_s for event in found] == [124.0]
    assert KINDS["illegal_banner"].always_reviewed


def test_the_default_is_half_an_hour() -> None:
    """Without a dwell in the rule: 1800 s."""
    street = Street([_banner()], noise=Noise(1, 0.2, 3.0))
    found = confirmations(watch(_rule(dwell_s=None)), street.looks(1830.0))
    assert len(found) == 1
    assert 1800.0 <= found[0].violation.last_at_s <= 1806.0


@pytest.mark.parametrize(
    ("car", "why"),
    [
        (Car((200.0, 250.0, 380.0, 280.0), label="banner"), "outside the zone"),
        (Car((200.0, 165.0, 380.0, 205.0), label="banner"), "most of it below the zone"),
        (Car(BANNER, label="sign"), "a shop's board is a sign"),
        (Car(BANNER, 0.0, 100.0, label="banner"), "taken down in time"),
        (Car(BANNER, label="banner", speed_px_s=3.0), "carried past"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_no_illegal_banner(car: Car, why: str) -> None:
    """Each of these is a false friend."""
    del why
    assert not confirmations(watch(_rule()), Street([car]).looks(200.0))


def test_advertising_on_a_bus_is_no_banner() -> None:
    """A lettered bus at a terminus is a vehicle, however long it stands."""
    bus = Car((180.0, 40.0, 420.0, 170.0), label="bus")
    assert not confirmations(watch(_rule()), Street([_banner(), bus]).looks(300.0))


def test_a_banner_in_somebodys_hands_does_not_hang() -> None:
    """People who pose with a banner before them."""
    people = [Car((190.0 + 60 * i, 60.0, 270.0 + 60 * i, 109.0), label="person") for i in range(3)]
    assert not confirmations(watch(_rule()), Street([_banner(), *people]).looks(300.0))


def test_traffic_that_passes_before_a_banner_does_not_carry_it() -> None:
    """Buses cover it in one look of four: it hangs."""
    buses = [Car((180.0, 40.0, 420.0, 170.0), 8.0 * i, 8.0 * i + 2.0, "bus") for i in range(60)]
    assert len(confirmations(watch(_rule()), Street([_banner(), *buses]).looks(300.0))) == 1


def test_a_festival_permits_banners() -> None:
    """Inside a permit nothing is confirmed."""
    one = watch(_rule(allow=(window("mon", "11:00", "14:00"),)))
    start = datetime(2026, 1, 5, 4, 0, tzinfo=UTC)
    assert not told(one, Street([_banner()]).looks(600.0, start=start))
