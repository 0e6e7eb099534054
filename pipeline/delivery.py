"""From a site to its case system, and to what that system calls a violation."""

from dataclasses import replace

from cases import CaseSystem, Channel, CourierSettings, Limits, Meaning, MediaLinks
from cases.egova import Agreement, Egova
from cases.open311 import AddressRefused, Open311
from cases.webhook import Webhook
from configs import (
    DEFAULT_CODES,
    AlarmReceiver,
    Code,
    CodeProfile,
    ConfigError,
    EgovaSystem,
    Open311System,
    Site,
    WebhookSystem,
    case_states,
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


def alarm_system(site: Site) -> CaseSystem | None:
    """Return the receiver of alarms; None when the site names none. Raises ConfigError."""
    if site.alarms is None:
        return None
    try:
        return _receiver(site.alarms, site)
    except AddressRefused as error:
        raise ConfigError(
            site.file, "alarms.url", str(error), "name the host under allow.case_hosts"
        ) from error


def _receiver(configured: WebhookSystem | AlarmReceiver, site: Site) -> Webhook:
    return Webhook(
        configured.url,
        signing_key(configured.secret.get_secret_value()),
        site.allow.case_hosts,
        site_id=site.site.id,
        media_root=site.data / "evidence",
        events=configured.events,
        states_url=configured.states_url if isinstance(configured, WebhookSystem) else None,
        deadline_s=configured.deadline_s,
    )


def _open(configured: Open311System | WebhookSystem | EgovaSystem, site: Site) -> CaseSystem:
    evidence = site.data / "evidence"
    match configured:
        case Open311System():
            key = configured.api_key.get_secret_value() if configured.api_key else None
            return Open311(
                configured.url,
                key,
                site.allow.case_hosts,
                media="multipart" if configured.media == "multipart" else "none",
                media_root=evidence,
                media_links=media_links(site),
                services=configured.services,
                attributes=configured.attributes,
                deadline_s=configured.deadline_s,
            )
        case WebhookSystem():
            return _receiver(configured, site)
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


def media_links(site: Site) -> MediaLinks | None:
    """Return the addresses of pictures that a site gives out; None where it gives out none."""
    configured = site.case_system
    if not isinstance(configured, Open311System) or configured.media_base is None:
        return None
    return MediaLinks(configured.media_base, site.data / "media-key")


def _agreement(configured: EgovaSystem, site: Site) -> Agreement:
    return Agreement(
        sender_code=configured.sender_code,
        rec_type=(configured.rec_type.id, configured.rec_type.name),
        event_src=(configured.event_src.id, configured.event_src.name),
        timezone=site.site.timezone,
        fields=configured.fields,
        video_type=configured.video_type,
    )


def courier_settings(
    site: Site, deadline_s: float, channel: Channel = Channel.CASE
) -> CourierSettings:
    """Return how fast, and when, a site's messages go out to a system with this deadline."""
    configured = site.case_system if channel is Channel.CASE else site.alarms
    quiet = () if configured is None else configured.quiet
    return replace(
        CourierSettings.for_deadline(
            deadline_s,
            rate_per_minute=None if configured is None else configured.rate_per_minute,
            quiet=tuple(Window(hours.days, hours.start, hours.end) for hours in quiet),
            timezone=site.site.timezone,
        ),
        channel=channel,
        silence_s=site.cases.silence_after_reject_s,
    )


def meaning_of(site: Site) -> Meaning | None:
    """Read what the case system's states mean. Raises ConfigError."""
    configured = site.case_system
    if configured is None:
        return None
    return Meaning(case_states(configured.states or configured.kind, site.file.parent))


def limits_of(site: Site) -> Limits:
    """Return how many cases may go out by themselves."""
    cap = site.cases.cap
    return Limits(camera_kind=cap.camera_kind, site=cap.site, per_s=cap.per_s)


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
