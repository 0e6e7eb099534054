"""Asks a site's case system what its services want, before the first case needs it."""

from cases import CaseSystem, DeliveryError
from cases.open311 import Open311
from configs import Open311System, Site
from pipeline.delivery import case_code, case_system, profile_of
from pipeline.plan import zone_of
from pipeline.problem import Findings, Problem


def probe_case_system(site: Site) -> list[Problem]:
    """Find attributes that services require and the site file does not give: errors.

    A server that cannot be asked is a warning. Raises ConfigError.
    """
    findings = Findings(site)
    system: CaseSystem | None = case_system(site)
    configured = site.case_system
    if not isinstance(configured, Open311System) or not isinstance(system, Open311):
        return []
    profile = profile_of(site)
    asked: dict[str, str] = {}
    for camera in site.cameras:
        for rule in camera.rules:
            for zone_id in rule.zones or ("",):
                code = case_code(profile, rule.kind, zone_of(camera, zone_id).kind)
                asked[configured.services.get(rule.kind, code.code)] = code.name("zh-CN")
    for service, name in asked.items():
        try:
            lacking = system.lacking(service, name)
        except DeliveryError as error:
            findings.warn(
                "case_system.url",
                f"the case system cannot be asked what it wants: {error}",
                "see that it can be reached from here",
            )
            break
        if lacking:
            text, _, remedy = lacking.partition(": ")
            findings.error("case_system.attributes", text, remedy)
    return list(findings)
