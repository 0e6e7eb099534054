"""A rule: what is forbidden where, when, and for how long."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Self

from detectors.kinds import KINDS, KindSpec
from detectors.schedule import Window
from detectors.zone import CONTEXT_KINDS, WHOLE_PICTURE, Zone


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of one camera. None means the kind's default (see KINDS)."""

    kind: str
    zones: tuple[Zone, ...] = ()
    """Where it accuses; empty: the whole picture. Zones that only excuse are read as context."""
    dwell_s: float | None = None
    """Forbidden seconds after which a violation is confirmed."""
    classes: frozenset[str] = frozenset()
    """Vocabulary names; empty: the kind's."""
    conf: float | None = None
    allow: tuple[Window, ...] = ()
    """When the thing is permitted."""
    hours: tuple[Window, ...] | None = None
    """When the rule is computed at all; None: always."""
    again_after_s: float | None = None
    version: str = ""
    """Hash of the rule as configured; empty: made from the fields above."""
    n: int | None = None
    share: float | None = None
    """Share 0..1 of the zone that, covered, is a violation as well, for kinds that measure it."""
    context: tuple[Zone, ...] = ()
    """The camera's other zones that excuse or explain: lane, loading_bay, rack, ..."""

    def __post_init__(self) -> None:
        """Refuse an unknown kind and negative times."""
        if self.kind not in KINDS:
            raise ValueError(f"unknown kind {self.kind!r}: expected one of {', '.join(KINDS)}")
        for name in ("dwell_s", "conf", "again_after_s", "share"):
            value = getattr(self, name)
            if value is not None and value < 0:
                raise ValueError(f"rule {self.kind}: {name} must not be negative, got {value}")

    @property
    def spec(self) -> KindSpec:
        """What is fixed about its kind."""
        return KINDS[self.kind]

    @property
    def accused_zones(self) -> tuple[Zone, ...]:
        """Zones in which a thing breaks the rule."""
        zones = tuple(zone for zone in self.zones if zone.kind not in CONTEXT_KINDS)
        return zones if self.zones else (WHOLE_PICTURE,)

    @property
    def context_zones(self) -> tuple[Zone, ...]:
        """Zones that excuse, each once, whether named in zones or in context."""
        excuses = self.spec.context_kinds
        return tuple(
            dict.fromkeys(zone for zone in (*self.zones, *self.context) if zone.kind in excuses)
        )

    @property
    def effective_classes(self) -> frozenset[str]:
        """Vocabulary names that it looks for."""
        return self.classes or self.spec.classes

    @property
    def aliases(self) -> Mapping[str, str]:
        """Vocabulary names that it takes for another one of those that it looks for."""
        looked_for = self.effective_classes
        return {name: other for name, other in self.spec.same.items() if name in looked_for}

    def beside(self, others: Iterable[Self]) -> Self:
        """Return the rule without what another one accuses in the same place: each thing once.

        A rule that names its classes keeps them.
        """
        left = {
            name
            for other in others
            for name in self.spec.leaves.get(other.kind, ())
            if name in other.effective_classes and self._meets(other)
        }
        if self.classes or not left:
            return self
        return replace(self, classes=self.effective_classes - left)

    def _meets(self, other: Self) -> bool:
        """Whether zones of both may have ground in common, by the boxes around them."""
        return any(
            one[0] < two[2] and two[0] < one[2] and one[1] < two[3] and two[1] < one[3]
            for one in (zone.around for zone in self.accused_zones)
            for two in (zone.around for zone in other.accused_zones)
        )

    @property
    def effective_conf(self) -> float:
        """Score at which a thing is taken up."""
        return self.spec.default_conf if self.conf is None else self.conf

    @property
    def effective_again_after_s(self) -> float:
        """Seconds after clearing in which a return belongs to the old case."""
        spec = self.spec
        return spec.default_again_after_s if self.again_after_s is None else self.again_after_s

    @property
    def effective_n(self) -> int:
        """Things at which a count becomes a violation; 1 for kinds that count nothing."""
        return (self.spec.default_n or 1) if self.n is None else self.n

    @property
    def effective_share(self) -> float | None:
        """Share of the zone that is a violation as well; None where none is measured."""
        return self.spec.default_share if self.share is None else self.share

    @property
    def effective_version(self) -> str:
        """The version given, else 16 hex digits of SHA-256 over the rule's fields."""
        return self.version or self._hashed()

    def effective_dwell_s(self, zone: Zone) -> float:
        """Forbidden seconds that confirm a violation in this zone."""
        return self.spec.dwell_s(zone.kind) if self.dwell_s is None else self.dwell_s

    def _hashed(self) -> str:
        def plain(value: object) -> object:
            if isinstance(value, Window):
                weekly = [sorted(value.days), value.start.isoformat(), value.end.isoformat()]
                return [*weekly, *_validity(value)]
            if isinstance(value, Zone):
                limit = [] if value.limit_s is None else [value.limit_s]
                rail = [["rail", value.rail]] if value.rail else []
                said = [*limit, *(plain(window) for window in value.open), *rail]
                return [value.zone_id, value.kind, value.polygon, *said]
            if isinstance(value, tuple):
                return [plain(item) for item in value]
            return sorted(value) if isinstance(value, frozenset) else value

        names = ("kind", "zones", "dwell_s", "classes", "conf", "allow", "hours", "n", "context")
        fields = {name: plain(getattr(self, name)) for name in (*names, "again_after_s")}
        if self.share is not None:
            fields["share"] = self.share
        text = json.dumps(fields, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


def _validity(window: Window) -> list[object]:
    """Say when and where a permit holds; nothing for a plain window of the week."""
    days = [None if day is None else day.isoformat() for day in (window.first_day, window.last_day)]
    if days == [None, None] and window.season is None and not window.zones:
        return []
    return [*days, window.season, sorted(window.zones)]
