"""Whether somebody who stays too long in a loading bay would be accused."""

import shapely

from configs import Camera, Zone
from detectors import KINDS
from pipeline.problem import Findings

PARKING = "illegal_parking"
UNDER_SHARE = 0.5
"""Share of a bay under zones of the rule from which its vehicles stand in them: so much of a
vehicle's contact with the ground has to lie in a zone."""


def check_bays(camera: Camera, key: str, findings: Findings) -> None:
    """Warn of bays with a limit that no rule holds: a bay excuses, and accuses nobody itself."""
    rules = [rule for rule in camera.rules if rule.kind == PARKING]
    if any(not rule.zones for rule in rules):
        return  # the whole picture is under every bay
    named = {name for rule in rules for name in rule.zones}
    kinds = KINDS[PARKING].zone_kinds
    forbidden = [zone for zone in camera.zones if zone.id in named and zone.kind in kinds]
    for number, bay in enumerate(camera.zones):
        if bay.kind != "loading_bay" or bay.limit_s is None or _is_under(bay, forbidden):
            continue
        findings.warn(
            f"{key}.zones[{number}].limit_s",
            f"nobody who stays too long in {bay.id!r} is accused: most of it lies in no zone of "
            f"an {PARKING} rule",
            "draw a no_parking zone of the rule over the bay as well, or leave limit_s out",
        )


def _is_under(bay: Zone, zones: list[Zone]) -> bool:
    """Whether zones lie under most of a bay."""
    shape = shapely.Polygon(bay.polygon)
    under = shapely.union_all([shapely.Polygon(zone.polygon) for zone in zones])
    return bool(shape.intersection(under).area >= UNDER_SHARE * shape.area)
