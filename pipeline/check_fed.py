"""Whether the models of a camera can find what its rules accuse, and what excuses it."""

from collections.abc import Mapping
from types import MappingProxyType

from configs import Camera, Rule, Site
from detectors import VEHICLES, KindSpec
from models import VOCABULARY
from pipeline.problem import Findings

STANDS_IN: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "muck_truck": frozenset({"truck"}),
        "muck_truck_open": frozenset({"truck", "muck_truck"}),
        "bicycle": frozenset({"two_wheeler"}),
        "motorcycle": frozenset({"two_wheeler"}),
    }
)
"""Classes that a model without this one finds the same things by."""

LOST: Mapping[tuple[str, str], str] = MappingProxyType(
    {
        ("damaged_sign", "sign"): "a whole sign is not recognised, and one that is gone not missed",
        ("damaged_sign", "sign_damaged"): "damage shows only where a sign is recognised less than "
        "it was",
        ("muck_pile", "garbage"): "rubble that a model takes for bags is not found",
        ("muck_pile", "muck"): "heaps of soil and rubble are not found, only bags",
    }
)
"""What a rule of a kind lacks without a class that it accuses; else things of that name."""

PERSON = frozenset({"person"})
TWO_WHEELERS = frozenset({"two_wheeler", "bicycle", "motorcycle"})

EXCUSES: Mapping[str, tuple[tuple[str, frozenset[str], str], ...]] = MappingProxyType(
    {
        "beyond_storefront": (
            ("person", PERSON, "people taken for goods count as goods"),
            ("two_wheeler", TWO_WHEELERS, "customers' bikes taken for goods count as goods"),
            ("truck", frozenset({"truck", "muck_truck"}), "goods that are unloaded count"),
        ),
        "bike_disorder": (
            ("person", PERSON, "bikes with a rider at a light count as left there"),
            ("car", VEHICLES, "bikes behind a vehicle count as gone"),
        ),
        "crowd_density": (("car", VEHICLES, "people behind a vehicle count as gone"),),
        "exposed_garbage": (("person", PERSON, "luggage with its owner counts as left there"),),
        "illegal_banner": (
            ("person", PERSON, "a banner in somebody's hands counts as hung up"),
            ("car", VEHICLES | TWO_WHEELERS, "a banner on a lorry counts as hung up"),
        ),
        "muck_pile": (("person", PERSON, "somebody who lies there may count as a heap"),),
        "muck_spill": (
            ("car", VEHICLES, "a lorry's load counts as spilled, and no traffic proves a spill"),
        ),
        "uncovered_muck_truck": (
            ("muck_truck", frozenset({"muck_truck"}), "nothing speaks for a lid taken for a load"),
        ),
    }
)
"""By kind: a class that excuses, the classes of which any will do, and what is lost without."""


def check_fed(
    site: Site,
    camera: Camera,
    rule: Rule,
    spec: KindSpec,
    path: str,
    classes: Mapping[str, frozenset[str] | None],
    findings: Findings,
) -> None:
    """See that the models of a camera can find a rule's classes; `classes`: what each finds."""
    models = site.models_of(camera)
    if not models or any(classes[model.name] is None for model in models):
        return  # said at the model
    found = frozenset[str]().union(*(classes[model.name] or () for model in models))
    names = ", ".join(model.name for model in models)
    written = sorted(rule.classes or spec.classes)
    if not any(_is_fed(name, found) for name in written):
        findings.error(
            f"{path}.classes" if rule.classes else f"{path}.kind",
            f"no model of this camera ({names}) can find {' or '.join(written)}",
            f"give the camera a model that can, under models: (these find {_listed(found)})",
        )
        return
    for number, name in enumerate(rule.classes or ()):
        if name in VOCABULARY and not _is_fed(name, found):
            findings.warn(
                f"{path}.classes[{number}]",
                f"no model of this camera ({names}) can find {name}",
                "leave it out, or give the camera a model that can",
            )
    for name, lost in _lost(rule, spec, found):
        findings.warn(
            f"{path}.kind",
            f"no model of this camera ({names}) can find {name}: {lost}",
            "give the camera a model that can, under models:",
        )


def _lost(rule: Rule, spec: KindSpec, found: frozenset[str]) -> list[tuple[str, str]]:
    """Name the kind's classes that are not found, and what a rule lacks without each."""
    accused = [] if rule.classes else sorted(spec.classes)
    lacking = [
        (name, LOST.get((rule.kind, name), f"{rule.kind} overlooks it"))
        for name in accused
        if not _is_fed(name, found) and not found & STANDS_IN.get(name, frozenset())
    ]
    return lacking + [
        (name, lost) for name, any_of, lost in EXCUSES.get(rule.kind, ()) if not found & any_of
    ]


def _is_fed(name: str, found: frozenset[str]) -> bool:
    return not found.isdisjoint(VOCABULARY.expand(name))


def _listed(names: frozenset[str]) -> str:
    """Write names, the first few of them."""
    shown = sorted(names)[:12]
    more = len(names) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "") if names else "nothing"
