"""Zones: the parts of a picture that rules speak about."""

from dataclasses import dataclass

from detectors.schedule import Window

ZONE_KINDS: frozenset[str] = frozenset(
    {
        "accessible_way",
        "any",
        "banner_free",
        "bus_stop",
        "carriageway",
        "collection_point",
        "fire_lane",
        "frontage",
        "furniture",
        "gathering",
        "lane",
        "loading_bay",
        "no_parking",
        "pavement",
        "rack",
        "sign",
        "water",
    }
)
"""Every zone kind a site file may name."""

CONTEXT_KINDS: frozenset[str] = frozenset({"bus_stop", "furniture", "lane", "loading_bay", "rack"})
"""Zone kinds that excuse or explain; a rule takes them as context and never accuses in them."""


@dataclass(frozen=True, slots=True)
class Zone:
    """A polygon in fractions of the picture, x right, y down."""

    zone_id: str
    kind: str
    polygon: tuple[tuple[float, float], ...]
    """At least three corners, without repeating the first."""
    limit_s: float | None = None
    """How long one may stand in a loading_bay; None: as long as one likes."""
    open: tuple[Window, ...] = ()
    """When the shop behind a frontage is open; empty: not known."""
    sees_load: bool = False
    """Whether the camera looks into the bodies of trucks that pass here."""
    rail: float = 0.0
    """Share of a vehicle's height, from below, that a rail or a hedge hides here."""

    def __post_init__(self) -> None:
        """Refuse what cannot be an area; the site's check says it in the user's words first."""
        if self.kind not in ZONE_KINDS:
            raise ValueError(f"zone {self.zone_id!r}: unknown kind {self.kind!r}")
        if len(self.polygon) < 3:
            raise ValueError(
                f"zone {self.zone_id!r}: a polygon needs three corners, got {len(self.polygon)}"
            )
        if not 0.0 <= self.rail < 1.0:
            raise ValueError(f"zone {self.zone_id!r}: a rail hides 0 to 1, got {self.rail}")

    @property
    def around(self) -> tuple[float, float, float, float]:
        """The box around it: x0 y0 x1 y1, in fractions of the picture."""
        xs, ys = zip(*self.polygon, strict=True)
        return (min(xs), min(ys), max(xs), max(ys))


WHOLE_PICTURE = Zone("", "any", ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)))
"""What a rule without zones watches."""
