"""Which engine follows which kind."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from detectors.follower import Follower
from detectors.parking import IllegalParking
from detectors.schedule import Schedule
from detectors.story import Names
from detectors.things import StandingThings

Maker = Callable[[Names, Schedule, float], Follower]
"""Makes the follower of a rule; the last argument is the usual time between looks in s."""


def _illegal_parking(names: Names, schedule: Schedule, interval_s: float) -> Follower:
    return StandingThings(names, IllegalParking(names.rule), schedule, interval_s)


MAKERS: Mapping[str, Maker] = MappingProxyType(
    {
        "illegal_parking": _illegal_parking,
    }
)
"""By kind; a kind that is not here is not available in this version."""


def follower_of(names: Names, schedule: Schedule, interval_s: float) -> Follower:
    """Make what follows a rule. Raises ValueError for a kind that is not available."""
    maker = MAKERS.get(names.rule.kind)
    if maker is None:
        raise ValueError(f"{names.rule.kind} is not available in this version")
    return maker(names, schedule, interval_s)
