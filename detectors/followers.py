"""Which engine follows which kind."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from detectors.banner import IllegalBanner
from detectors.bikes import BikeDisorder
from detectors.crowd import CrowdDensity
from detectors.damaged_sign import damaged_signs
from detectors.debris import FloatingDebris
from detectors.follower import Follower
from detectors.garbage import ExposedGarbage
from detectors.muck_pile import MuckPile
from detectors.muck_spill import MuckSpill
from detectors.muck_truck import UncoveredMuckTruck
from detectors.parking import IllegalParking
from detectors.passes import Passes
from detectors.rule import Rule
from detectors.schedule import Schedule
from detectors.stalls import Stalls
from detectors.standing import Standing
from detectors.storefront import BeyondStorefront
from detectors.story import Names
from detectors.things import StandingThings
from detectors.zone_presences import Measure, ZonePresences

Maker = Callable[[Names, Schedule, float], Follower]
"""Makes the follower of a rule; the last argument is the usual time between looks in s."""


def _standing(kind: Callable[[Rule], Standing]) -> Maker:
    """Make the maker of rules about standing things of this kind."""

    def make(names: Names, schedule: Schedule, interval_s: float) -> Follower:
        return StandingThings(names, kind(names.rule), schedule, interval_s)

    return make


def _zones(measure: Callable[[Rule], Measure]) -> Maker:
    """Make the maker of rules whose identity is a zone, measured like this."""

    def make(names: Names, schedule: Schedule, interval_s: float) -> Follower:
        return ZonePresences(names, measure(names.rule), schedule, interval_s)

    return make


def _storefront(names: Names, schedule: Schedule, interval_s: float) -> Follower:
    measure = BeyondStorefront(names.rule, schedule.timezone)
    return ZonePresences(names, measure, schedule, interval_s)


def _muck_truck(names: Names, schedule: Schedule, interval_s: float) -> Follower:
    return Passes(names, UncoveredMuckTruck(names.rule), schedule, interval_s)


MAKERS: Mapping[str, Maker] = MappingProxyType(
    {
        "beyond_storefront": _storefront,
        "bike_disorder": _zones(BikeDisorder),
        "crowd_density": _zones(CrowdDensity),
        "damaged_sign": damaged_signs,
        "exposed_garbage": _standing(ExposedGarbage),
        "floating_debris": _zones(FloatingDebris),
        "illegal_banner": _standing(IllegalBanner),
        "illegal_parking": _standing(IllegalParking),
        "muck_pile": _standing(MuckPile),
        "muck_spill": _standing(MuckSpill),
        "street_stall": Stalls,
        "uncovered_muck_truck": _muck_truck,
    }
)
"""By kind; a kind that is not here is not available in this version."""


def follower_of(names: Names, schedule: Schedule, interval_s: float) -> Follower:
    """Make what follows a rule. Raises ValueError for a kind that is not available."""
    maker = MAKERS.get(names.rule.kind)
    if maker is None:
        raise ValueError(f"{names.rule.kind} is not available in this version")
    return maker(names, schedule, interval_s)
