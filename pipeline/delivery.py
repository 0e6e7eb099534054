"""From a site to its case system, and to what that system calls a violation."""

from cases import CaseSystem, CourierSettings
from cases.egova import Agreement, Egova
from cases.open311 import AddressRefused, Open311
from cases.webhook import Webhook
from configs import (
    DEFAULT_CODES,
    Code,
    CodeProfile,
    ConfigError,
    EgovaSystem,
    Open311System,
    Site,
    WebhookSystem,
    code_profile,
    signing_key,
)
from detectors import Window

LOCAL_STANDARD = "local"
"""Stands where the city's table has no code for a kind."""


def case_system(site: Site) -> CaseSystem | None:
    """Return the case system that a site delivers to; None when it names none.

    Raises ConfigError when its address is not to be spoken to.
    """
    configured = site.case_system
    if configured is None:
        return None
    try:
        return _open(configured, site)
    except AddressRefused as error:
        raise ConfigError(
            site.file, "case_system.url", str(error), "name the host under allow.case_hosts"
        ) from error


def _open(configured: Open311System | WebhookSystem | EgovaSystem, site: Site) -> CaseSystem:
    evidence = site.data / "evidence"
    match configured:
        case Open311System():
            key = configured.api_key.get_secret_value() if configured.api_key else None
            return Open311(
                configured.url,
                key,
                site.allow.case_hosts,
                media=configured.media,
                media_root=evidence,
                services=configured.services,
                attributes=configured.attributes,
                deadline_s=configured.deadline_s,
            )
        case WebhookSystem():
            return Webhook(
                configured.url,
                signing_key(configured.secret.get_secret_value()),
                site.allow.case_hosts,
                site_id=site.site.id,
                media_root=evidence,
                deadline_s=configured.deadline_s,
            )
        case EgovaSystem():
            return Egova(
                configured.url,
                configured.client_id,
                configured.client_secret.get_secret_value(),
                _agreement(configured, site),
                site.allow.case_hosts,
                media_root=evidence,
                deadline_s=configured.deadline_s,
            )


def _agreement(configured: EgovaSystem, site: Site) -> Agreement:
    return Agreement(
        sender_code=configured.sender_code,
        rec_type=(configured.rec_type.id, configured.rec_type.name),
        event_src=(configured.event_src.id, configured.event_src.name),
        timezone=site.site.timezone,
        fields=configured.fields,
    )


def courier_settings(site: Site, deadline_s: float) -> CourierSettings:
    """Return how fast, and when, a site's cases go out to a system with this deadline."""
    configured = site.case_system
    if configured is None:
        return CourierSettings.for_deadline(deadline_s)
    return CourierSettings.for_deadline(
        deadline_s,
        rate_per_minute=configured.rate_per_minute,
        quiet=tuple(Window(hours.days, hours.start, hours.end) for hours in configured.quiet),
        timezone=site.site.timezone,
    )


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
