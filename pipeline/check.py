"""What a site file means: whether its words fit together, and this machine can run it.

Reads the site's models and code profile; touches no network and writes nothing.
"""

import os
from ipaddress import ip_address

from configs import (
    Camera,
    CodeProfile,
    ConfigError,
    Place,
    Site,
    code_profile,
    host_allowed,
    host_of,
)
from detectors import KINDS
from models import Registry
from pipeline.check_delivery import check_delivery
from pipeline.check_evidence import check_evidence, check_store
from pipeline.check_joined import check_joined
from pipeline.check_models import check_models
from pipeline.check_permit_files import check_permit_files
from pipeline.check_permits import check_permits
from pipeline.check_rules import check_rules
from pipeline.problem import Findings, Problem
from pipeline.proposals import check_proposals
from pipeline.routes import route_of

PROVINCES = frozenset(
    {*range(11, 16), *range(21, 24), *range(31, 38), *range(41, 47), *range(50, 55)}
    | {*range(61, 66), 71, 81, 82}
)
"""First two digits of every area code, GB/T 2260."""


def check_site(site: Site, registry: Registry) -> list[Problem]:
    """Find what is wrong with a site: errors first, each group in the order of the file."""
    findings = Findings(site)
    for warning in site.warnings:
        findings.warn(warning.key, warning.problem, warning.remedy)
    _check_data(site, findings)
    _check_api(site, findings)
    check_evidence(site, findings)
    check_store(site, findings)
    profile = _check_case_system(site, findings)
    check_delivery(site, findings)
    check_joined(site, findings)
    check_permit_files(site, findings)
    classes = check_models(site, registry, findings)
    if site.site.area is not None:
        _check_area(site.site.area, "site.area", findings)
    for number, camera in enumerate(site.cameras):
        key = f"cameras[{number}]"
        _check_hosts(site, camera, key, findings)
        _check_places(site, camera, key, findings)
        check_rules(site, camera, key, classes, findings)
        check_permits(site, camera, key, findings)
        check_proposals(site, camera, key, findings)
        if profile is not None:
            _check_codes(site, camera, key, profile, findings)
    return list(findings)


def _check_data(site: Site, findings: Findings) -> None:
    """See whether the data folder can be written, without writing."""
    folder = site.data
    while not os.path.exists(folder):  # noqa: PTH110 - Path.exists raises where it may not look
        folder = folder.parent
    where = f"{site.data}" if folder == site.data else f"{site.data} (in {folder})"
    if not folder.is_dir():
        findings.error("data", f"{folder} is a file, not a folder", "write data: ./another-folder")
    elif not os.access(folder, os.W_OK | os.X_OK, effective_ids=True):
        findings.error(
            "data",
            f"the folder {where} cannot be written",
            "write data: with a folder of your own, or give this user the right to write",
        )


def _check_api(site: Site, findings: Findings) -> None:
    host = site.api.host
    try:
        loopback = ip_address(host).is_loopback
    except ValueError:
        loopback = host == "localhost"
    if not loopback:
        findings.warn(
            "api.listen",
            f"the API can be reached from the network at {site.api.listen}, without encryption",
            'write "127.0.0.1:8310" and put a TLS proxy before it',
        )


def _check_case_system(site: Site, findings: Findings) -> CodeProfile | None:
    """Check where cases go; returns the code profile, if there is one."""
    system = site.case_system
    if system is None:
        return None
    host = host_of(system.url) or ""
    if not host_allowed(host, site.allow.case_hosts):
        _not_allowed("case_system.url", host, "case_hosts", site.allow.case_hosts, findings)
    if system.sends_a_key and system.url.lower().startswith("http:") and not _is_local(host):
        findings.warn(
            "case_system.url", "the key travels unencrypted", "write https:// where it is served"
        )
    try:
        return code_profile(system.codes, base=site.file.parent)
    except ConfigError as error:
        _code_profile_error(system.codes, error, findings)
        return None


def _code_profile_error(codes: str, error: ConfigError, findings: Findings) -> None:
    """Blame the site file for a profile that is not there, a faulty profile for itself."""
    if error.key or error.line:
        findings.add(Problem.of_config_error(error))
    else:
        findings.error("case_system.codes", f"{codes!r}: {error.problem}", error.remedy)


def _is_local(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _check_hosts(site: Site, camera: Camera, key: str, findings: Findings) -> None:
    for name, url in (("url", camera.url), ("sub_url", camera.sub_url)):
        host = host_of(url) if url else None
        if host is not None and not host_allowed(host, site.allow.camera_hosts):
            _not_allowed(f"{key}.{name}", host, "camera_hosts", site.allow.camera_hosts, findings)


def _not_allowed(
    key: str, host: str, name: str, allowed: tuple[str, ...], findings: Findings
) -> None:
    findings.error(
        key,
        f"the host {host} is not on the allow-list ({', '.join(allowed) or 'which is empty'})",
        f"write one of those hosts, or add {host} to allow.{name} "
        "(where STREETWARDEN_ALLOW is set: there)",
    )


def _check_places(site: Site, camera: Camera, key: str, findings: Findings) -> None:
    """See that every case can say where it is, in a district that exists."""
    places = [(f"{key}.place", camera.place)]
    places += [
        (f"{key}.zones[{number}].place", camera.place_of(zone.id))
        for number, zone in enumerate(camera.zones)
        if zone.place is not None
    ]
    for path, place in places:
        if place.area_code is not None:
            _check_area(place.area_code, f"{path}.grid", findings)
    if camera.rules and not all(_says_where(place) for place in _accused_places(camera)):
        note = findings.error if site.case_system else findings.warn
        note(
            f"{key}.place",
            "a case of this camera could not say where it is",
            'write place: {lat: ..., lon: ...} or place: {address: "..."}',
        )


def _accused_places(camera: Camera) -> list[Place]:
    zones = {zone.id for zone in camera.zones}
    named = [name for rule in camera.rules for name in rule.zones if name in zones]
    whole = [None] if any(not rule.zones for rule in camera.rules) else []
    return [camera.place_of(zone_id) for zone_id in (*named, *whole)]


def _says_where(place: Place) -> bool:
    return place.lat is not None or bool(place.address)


def _check_area(area: str, key: str, findings: Findings) -> None:
    if int(area[:2]) not in PROVINCES:
        findings.warn(
            key,
            f"no area code starts with {area[:2]} (GB/T 2260)",
            "write the code of your own district, such as 370203",
        )


def _check_codes(
    site: Site, camera: Camera, key: str, profile: CodeProfile, findings: Findings
) -> None:
    """Every kind that a rule looks for needs a code, else its case could not be filed."""
    kinds = {zone.id: zone.kind for zone in camera.zones}
    for number, rule in enumerate(camera.rules):
        zone_kinds = [kinds[name] for name in rule.zones if name in kinds] or ["any"]
        if rule.kind not in KINDS or all(profile.code(rule.kind, kind) for kind in zone_kinds):
            continue
        path = f"{key}.rules[{number}].kind"
        if rule.kind in profile.uncoded:
            if route_of(site, coded=False).keep:
                findings.warn(
                    path,
                    f"{rule.kind} has no code in {profile.standard}: {profile.uncoded[rule.kind]}; "
                    "its alarms would stay on this machine",
                    'write alarms: {kind: webhook, url: "https://..", secret: "${ALARM_SECRET}"}, '
                    "or a profile of your own with a code for it",
                )
            continue
        codes = site.case_system.codes if site.case_system else ""
        findings.error(
            path,
            f"{rule.kind} has no code in the profile {codes!r}",
            "name another profile under case_system.codes, or a .yaml file of your own with a "
            f"row for {rule.kind}",
        )
