"""From a site to its case system, and to what that system calls a violation."""

from cases import CaseCode, CaseSystem, Open311
from configs import CodeProfile, Site, code_profile
from configs.site import DEFAULT_CODES
from detectors import KINDS

LOCAL_STANDARD = "local"
"""Stands where the city's table has no code for a kind."""


def case_system(site: Site) -> CaseSystem | None:
    """Return the case system that a site delivers to; None when it names none."""
    configured = site.case_system
    if configured is None:
        return None
    key = configured.api_key.get_secret_value() if configured.api_key else None
    return Open311(
        configured.url,
        key,
        site.allow.case_hosts,
        media_root=site.data / "evidence",
    )


def profile_of(site: Site) -> CodeProfile:
    """Read the code profile in force. Raises ConfigError."""
    name = site.case_system.codes if site.case_system else DEFAULT_CODES
    return code_profile(name, site.file.parent)


def case_code(profile: CodeProfile, kind: str, zone_kind: str, language: str) -> CaseCode:
    """Say what a violation is called; kinds without a code carry their own name."""
    code = profile.code(kind, zone_kind)
    if code is None:
        return CaseCode(standard=LOCAL_STANDARD, code=KINDS[kind].kind, name=kind.replace("_", " "))
    return CaseCode(standard=code.standard, code=code.code, name=code.name(language))
