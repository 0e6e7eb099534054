"""The kinds of violation, as data: what each sees, where it may look, and its defaults."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

VEHICLES = frozenset({"car", "bus", "truck", "muck_truck", "muck_truck_open"})
TRUCKS = frozenset({"truck", "muck_truck", "muck_truck_open"})
TWO_WHEELERS = frozenset({"two_wheeler", "bicycle", "motorcycle"})


class Identity(StrEnum):
    """What a violation is once of."""

    THING = "thing"
    SHOP = "shop"
    ZONE = "zone"
    SIGN = "sign"
    PASS = "pass"  # noqa: S105 - a vehicle passing, no password


@dataclass(frozen=True, slots=True)
class KindSpec:
    """What is fixed about a kind; a site's rule may override classes, conf, n and dwell."""

    kind: str
    zone_kinds: frozenset[str]
    """Zone kinds a rule of this kind may accuse in; holding "any" means every zone kind."""
    classes: frozenset[str]
    """Vocabulary names that feed it; a rule needs at least one of them from a model."""
    default_dwell_s: float
    identity: Identity
    default_conf: float = 0.3
    """Score at which a thing may be taken up; one already taken up is followed below it."""
    default_again_after_s: float = 1800.0
    """A return within this time after clearing belongs to the old case."""
    default_n: int | None = None
    """Things at which a count becomes a violation; None where nothing is counted."""
    default_share: float | None = None
    """Share of the zone that, covered, is a violation as well; None where none is measured."""
    once_a_day: bool = False
    """A return on the local day of the confirmation belongs to the old case, a later one not."""
    zone_dwell_s: Mapping[str, float] = field(default_factory=dict)
    """Default dwell of zone kinds that differ from default_dwell_s."""
    context_kinds: frozenset[str] = frozenset()
    """Zone kinds that excuse: a rule gets every such zone of its camera as context."""
    same: Mapping[str, str] = field(default_factory=dict)
    """Vocabulary names that are another one to this kind: models take the one for the other."""
    leaves: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Vocabulary names that are left to a rule of another kind which watches the same place."""
    always_reviewed: bool = False
    built: bool = False
    """False: named here so that a site file can be checked, not available in this version."""

    def dwell_s(self, zone_kind: str) -> float:
        """Dwell in seconds where the rule says none."""
        return self.zone_dwell_s.get(zone_kind, self.default_dwell_s)

    def accepts(self, zone_kind: str) -> bool:
        """Whether a rule of this kind may name a zone of that kind."""
        return "any" in self.zone_kinds or zone_kind in self.zone_kinds | self.context_kinds


def _table(specs: Iterable[KindSpec]) -> Mapping[str, KindSpec]:
    return MappingProxyType({spec.kind: spec for spec in specs})


DAY_S = 86_400.0

KINDS: Mapping[str, KindSpec] = _table(
    (
        KindSpec(
            "illegal_parking",
            frozenset({"no_parking", "fire_lane", "accessible_way"}),
            VEHICLES,
            300.0,
            Identity.THING,
            zone_dwell_s=MappingProxyType({"fire_lane": 120.0}),
            context_kinds=frozenset({"bus_stop", "lane", "loading_bay"}),
            built=True,
        ),
        KindSpec(
            "street_stall",
            frozenset({"carriageway", "pavement"}),
            frozenset({"stall"}),
            180.0,
            Identity.THING,
            context_kinds=frozenset({"furniture"}),
            built=True,
        ),
        KindSpec(
            "beyond_storefront",
            frozenset({"frontage"}),
            frozenset({"goods"}),
            600.0,
            Identity.SHOP,
            default_again_after_s=DAY_S,
            default_n=1,
            once_a_day=True,
            built=True,
        ),
        KindSpec(
            "muck_spill",
            frozenset({"carriageway"}),
            frozenset({"muck"}),
            60.0,
            Identity.THING,
            context_kinds=frozenset({"furniture"}),
            built=True,
        ),
        KindSpec(
            "muck_pile",
            frozenset({"any"}),
            frozenset({"muck", "garbage"}),
            3600.0,
            Identity.THING,
            context_kinds=frozenset({"collection_point", "furniture"}),
            same=MappingProxyType({"garbage": "muck"}),
            leaves=MappingProxyType({"exposed_garbage": frozenset({"garbage"})}),
            built=True,
        ),
        KindSpec(
            "uncovered_muck_truck",
            frozenset({"carriageway"}),
            frozenset({"muck_truck_open"}),
            0.0,
            Identity.PASS,
            built=True,
        ),
        KindSpec(
            "bike_disorder",
            frozenset({"pavement"}),
            TWO_WHEELERS,
            600.0,
            Identity.ZONE,
            default_n=5,
            default_share=0.5,
            context_kinds=frozenset({"rack"}),
            built=True,
        ),
        KindSpec(
            "damaged_sign",
            frozenset({"sign"}),
            frozenset({"sign_damaged", "sign"}),
            7200.0,
            Identity.SIGN,
            default_again_after_s=DAY_S,
            built=True,
        ),
        KindSpec(
            "illegal_banner",
            frozenset({"banner_free"}),
            frozenset({"banner"}),
            1800.0,
            Identity.SIGN,
            always_reviewed=True,
            built=True,
        ),
        KindSpec(
            "exposed_garbage",
            frozenset({"any"}),
            frozenset({"garbage"}),
            900.0,
            Identity.THING,
            context_kinds=frozenset({"collection_point", "furniture"}),
            built=True,
        ),
        KindSpec(
            "crowd_density",
            frozenset({"gathering"}),
            frozenset({"person"}),
            120.0,
            Identity.ZONE,
            default_n=30,
            context_kinds=frozenset({"bus_stop"}),
            built=True,
        ),
        KindSpec(
            "floating_debris",
            frozenset({"water"}),
            frozenset({"floating_debris"}),
            600.0,
            Identity.ZONE,
            default_again_after_s=DAY_S,
            default_n=5,
            default_share=0.05,
            once_a_day=True,
            built=True,
        ),
    )
)
"""The twelve kinds by name."""
