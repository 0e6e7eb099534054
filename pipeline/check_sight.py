"""Whether a camera sees what its rules are about: loads from above, people of some size."""

from collections.abc import Sequence
from dataclasses import dataclass

import shapely

from configs import Camera, Rule, Site, Zone
from detectors import CONTEXT_KINDS, KINDS, Identity
from models import ModelError, Registry
from pipeline.plan import model_entry
from pipeline.problem import Findings

OWN_KEYS = {
    # key of a zone: (kinds of zone that it belongs to, what it says)
    "open": (frozenset({"frontage"}), "when the shop is open"),
    "person_height": (frozenset({"gathering"}), "how tall people are"),
    "rail": (
        KINDS["illegal_parking"].zone_kinds | {"lane"},
        "how much of a standing vehicle is hidden",
    ),
}
LEAST_PERSON_PX = 16.0
"""Height in pixels of a person in the picture that a model sees: half of that is a head of two
pixels, and a detector's finest grid has cells of eight."""
LEAST_SHARE_PX2 = 64.0
"""Area of the zone for each of n people: those who stand closer hide one another."""


def check_sight(camera: Camera, rule: Rule, path: str, findings: Findings) -> None:
    """See that a rule about loads has a view that sees them."""
    spec = KINDS.get(rule.kind)
    if spec is None or spec.identity is not Identity.PASS:
        return
    zones = {zone.id: zone for zone in camera.zones}
    blind = [name for name in rule.zones if name in zones and not _sees(camera, zones[name])]
    if not rule.zones and not camera.sees_load:
        where = "the camera"
    elif blind:
        where = f"the zone {blind[0]!r}"
    else:
        return
    findings.error(
        f"{path}.zones" if rule.zones else path,
        f"{rule.kind} needs a view into the bodies of trucks, and {where} does not say it has one",
        f"write sees_load: true at {where} if it looks down on the load, else leave the rule out",
    )


def _sees(camera: Camera, zone: Zone) -> bool:
    return camera.sees_load if zone.sees_load is None else zone.sees_load


def check_zone_keys(zone: Zone, path: str, findings: Findings) -> None:
    """Warn of keys that mean nothing for a zone of this kind."""
    for key, (kinds, meaning) in OWN_KEYS.items():
        if getattr(zone, key) not in (None, ()) and zone.kind not in kinds:
            named = ", ".join(sorted(kinds))
            findings.warn(
                f"{path}.{key}",
                f"{key} says {meaning}, of zones of kind {named}; this is a {zone.kind}",
                f"leave {key} out",
            )


@dataclass(frozen=True, slots=True)
class Seen:
    """The picture that a model gets of a stream."""

    model: str
    width: int
    """Of the stream, in pixels."""
    height: int
    scale: float
    """Pixels of the model's input for one of the stream; at most 1: enlarging shows no more."""

    def __str__(self) -> str:
        """Say where something is seen."""
        return f"in the picture that {self.model} sees of {self.width}x{self.height}"


def seen_by(site: Site, camera: Camera, width: int, height: int) -> list[Seen]:
    """Say how each model of a camera sees a stream; models that are not there are left out."""
    registry = Registry(site.data / "models")
    found = []
    for model in site.models_of(camera):
        try:
            rows, columns = model_entry(site, registry, model).input_size
        except ModelError:
            continue  # `check` says it
        scale = min(columns / width, rows / height, 1.0)
        found.append(Seen(model.name, width, height, scale))
    return found


def too_small(camera: Camera, views: Sequence[Seen]) -> list[str]:
    """Say which rules could not count their people, and what to do; empty where all can.

    Two bounds, both necessary: how tall somebody is at the zone's far edge, where the site file
    says it, and how much of the zone there is for each of n people.
    """
    zones = {zone.id: zone for zone in camera.zones}
    found = []
    for rule in camera.rules:
        if rule.kind != "crowd_density":
            continue
        n = rule.n or KINDS[rule.kind].default_n or 1
        for view in views if not rule.zones else ():
            remedy = "write a smaller n, or give the camera a model with a larger input"
            found += _too_tight("the whole picture", 1.0, n, view, remedy)
        for zone in [zones[name] for name in rule.zones if name in zones]:
            if zone.kind in CONTEXT_KINDS:
                continue  # nobody is counted there
            for view in views:
                found += _too_small(zone, n, view)
    return found


def _too_small(zone: Zone, n: int, view: Seen) -> list[str]:
    remedy = "draw the zone nearer, or give the camera a longer lens or a model with a larger input"
    if zone.person_height is not None:
        tall = zone.person_height * view.height * view.scale
        if tall < LEAST_PERSON_PX:
            what = f"people at the far edge of {zone.id!r} are {tall:.0f} px tall {view}"
            return [f"{what}; under {LEAST_PERSON_PX:.0f} px they cannot be counted: {remedy}"]
    share = float(shapely.Polygon(zone.polygon).area)
    return _too_tight(repr(zone.id), share, n, view, remedy)


def _too_tight(place: str, share: float, n: int, view: Seen, remedy: str) -> list[str]:
    """Say where n people would not have room to be told apart; share: of the picture."""
    area = share * view.width * view.height * view.scale**2
    if area / n < LEAST_SHARE_PX2:
        what = f"{place} has {area / n:.0f} square px for each of {n} people {view}"
        return [f"{what}; under {LEAST_SHARE_PX2:.0f} they cannot be told apart: {remedy}"]
    return []


def unknown_heights(camera: Camera) -> list[str]:
    """Say where only the size of a zone was checked, because nobody said how tall people are."""
    named = {name for rule in camera.rules if rule.kind == "crowd_density" for name in rule.zones}
    return [
        f"how tall people are at the far edge of {zone.id!r} is not known: write person_height:, "
        "their share of the picture's height, so that it can be checked"
        for zone in camera.zones
        if zone.id in named and zone.person_height is None and zone.kind not in CONTEXT_KINDS
    ]
