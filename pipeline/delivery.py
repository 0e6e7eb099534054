"""From a site to its case system, and to what that system calls a violation."""

from cases import CaseSystem
from cases.open311 import AddressRefused, Open311
from configs import DEFAULT_CODES, Code, CodeProfile, ConfigError, Open311System, Site, code_profile

LOCAL_STANDARD = "local"
"""Stands where the city's table has no code for a kind."""


def case_system(site: Site) -> CaseSystem | None:
    """Return the case system that a site delivers to; None when it names none.

    Raises ConfigError when its address is not to be spoken to.
    """
    configured = site.case_system
    if configured is None:
        return None
    if not isinstance(configured, Open311System):
        raise ConfigError(
            site.file, "case_system.kind", f"{configured.kind} cannot deliver yet", "write open311"
        )
    key = configured.api_key.get_secret_value() if configured.api_key else None
    try:
        return Open311(
            configured.url, key, site.allow.case_hosts, media_root=site.data / "evidence"
        )
    except AddressRefused as error:
        raise ConfigError(
            site.file, "case_system.url", str(error), "name the host under allow.case_hosts"
        ) from error


def profile_of(site: Site) -> CodeProfile:
    """Read the code profile in force. Raises ConfigError."""
    name = site.case_system.codes if site.case_system else DEFAULT_CODES
    return code_profile(name, site.file.parent)


def case_code(profile: CodeProfile, kind: str, zone_kind: str) -> Code:
    """Say what a violation is called; kinds without a code carry their own name."""
    name = kind.replace("_", " ")
    return profile.code(kind, zone_kind) or Code(
        standard=LOCAL_STANDARD, entry="event", code=kind, name_zh=name, name_en=name
    )
