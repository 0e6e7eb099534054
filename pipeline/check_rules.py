"""Whether the zones and rules of a camera fit together."""

from collections.abc import Mapping

from configs import Camera, Rule, Site, Zone, suggestion
from detectors import CONTEXT_KINDS, KINDS, ZONE_KINDS, KindSpec
from models import VOCABULARY
from pipeline.check_bays import check_bays
from pipeline.check_fed import check_fed
from pipeline.check_sight import check_sight, check_zone_keys
from pipeline.check_whole import check_whole
from pipeline.problem import Findings


def check_rules(
    site: Site,
    camera: Camera,
    key: str,
    classes: Mapping[str, frozenset[str] | None],
    findings: Findings,
) -> None:
    """Check the camera at `key`; `classes` says what each model of the site can find."""
    _check_zones(camera, key, findings)
    _check_twice(camera, key, findings)
    check_bays(camera, key, findings)
    if not camera.rules:
        findings.warn(f"{key}.rules", "no rule: nothing can be found here", "write rules:")
    zones = {zone.id: zone for zone in camera.zones}
    for number, rule in enumerate(camera.rules):
        path = f"{key}.rules[{number}]"
        spec = _spec(rule, path, findings)
        _check_rule_zones(rule, spec, zones, path, findings)
        check_sight(camera, rule, path, findings)
        _check_classes(rule, path, findings)
        if spec is not None and spec.built:
            check_whole(rule, spec, path, findings)
            check_fed(site, camera, rule, spec, path, classes, findings)
            _check_numbers(site, camera, rule, spec, path, findings)


def _check_zones(camera: Camera, key: str, findings: Findings) -> None:
    named = {name for rule in camera.rules for name in rule.zones}
    kinds = [KINDS[rule.kind] for rule in camera.rules if rule.kind in KINDS]
    excuse = CONTEXT_KINDS.union(*(spec.context_kinds for spec in kinds))
    for number, zone in enumerate(camera.zones):
        path = f"{key}.zones[{number}]"
        check_zone_keys(zone, path, findings)
        if zone.kind not in ZONE_KINDS:
            findings.error(
                f"{path}.kind",
                f"unknown zone kind {zone.kind!r}",
                suggestion(zone.kind, sorted(ZONE_KINDS)),
            )
        elif zone.id not in named and zone.kind not in excuse:
            findings.warn(path, f"no rule uses the zone {zone.id!r}", "name it in a rule's zones:")
        if zone.limit_s is not None and zone.kind != "loading_bay":
            findings.error(
                f"{path}.limit_s",
                f"only a loading_bay has a limit, and {zone.id!r} is a {zone.kind}",
                "write kind: loading_bay, or dwell_s: in the rule",
            )


def _check_twice(camera: Camera, key: str, findings: Findings) -> None:
    """One thing would break two rules of one kind at once, and become two cases."""
    seen: dict[tuple[str, str], int] = {}
    for number, rule in enumerate(camera.rules):
        for zone_id in dict.fromkeys(rule.zones) or ("",):
            first = seen.setdefault((rule.kind, zone_id), number)
            if first != number:
                where = f"in zone {zone_id!r}" if zone_id else "in the whole picture"
                findings.error(
                    f"{key}.rules[{number}]",
                    f"{rule.kind} {where} has a rule already (rules[{first}])",
                    "keep one of the two",
                )


def _spec(rule: Rule, path: str, findings: Findings) -> KindSpec | None:
    spec = KINDS.get(rule.kind)
    built = [kind for kind, each in KINDS.items() if each.built]
    if spec is None:
        findings.error(f"{path}.kind", f"unknown kind {rule.kind!r}", suggestion(rule.kind, KINDS))
    elif not spec.built:
        findings.error(
            f"{path}.kind",
            f"{rule.kind} is not available in this version",
            f"leave the rule out (available: {', '.join(built)})",
        )
    return spec


def _check_rule_zones(
    rule: Rule,
    spec: KindSpec | None,
    zones: Mapping[str, Zone],
    path: str,
    findings: Findings,
) -> None:
    for number, name in enumerate(rule.zones):
        zone = zones.get(name)
        if zone is None:
            findings.error(
                f"{path}.zones[{number}]",
                f"unknown zone {name!r}",
                suggestion(name, zones) if zones else "write the camera's zones: first",
            )
        elif spec is not None and zone.kind in ZONE_KINDS and not spec.accepts(zone.kind):
            findings.error(
                f"{path}.zones[{number}]",
                f"{rule.kind} cannot use the zone {name!r}, which is a {zone.kind}",
                f"name a zone of kind {', '.join(sorted(spec.zone_kinds))}",
            )
    known = [zones[name] for name in rule.zones if name in zones]
    if known and spec is not None and all(zone.kind in CONTEXT_KINDS for zone in known):
        findings.error(
            f"{path}.zones",
            f"zones of kind {', '.join(sorted({zone.kind for zone in known}))} only excuse",
            f"name a zone of kind {', '.join(sorted(spec.zone_kinds))} as well",
        )


def _check_classes(rule: Rule, path: str, findings: Findings) -> None:
    for number, name in enumerate(rule.classes or ()):
        if name not in VOCABULARY:
            findings.error(
                f"{path}.classes[{number}]",
                f"unknown class {name!r}",
                suggestion(name, VOCABULARY.names),
            )


def _check_numbers(
    site: Site, camera: Camera, rule: Rule, spec: KindSpec, path: str, findings: Findings
) -> None:
    interval_s = site.interval_s(camera)
    if rule.dwell_s is not None and rule.dwell_s < 2 * interval_s:
        findings.warn(
            f"{path}.dwell_s",
            f"{rule.dwell_s:g} s is less than two looks, {interval_s:g} s apart",
            f"write at least {2 * interval_s:g}, or a shorter sampling.interval_s",
        )
    if rule.n is not None and spec.default_n is None:
        findings.warn(f"{path}.n", f"{rule.kind} counts nothing", "leave n out")
    if rule.share is not None and spec.default_share is None:
        findings.warn(f"{path}.share", f"{rule.kind} measures no share", "leave share out")
    said = "review" in rule.model_fields_set
    if spec.always_reviewed and said and rule.review != "required":
        findings.warn(
            f"{path}.review",
            f"every {rule.kind} is reviewed, whatever is written here",
            "write review: required, or leave it out",
        )
